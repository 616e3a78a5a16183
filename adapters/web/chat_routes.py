"""Answer the chat page's requests: its start, its events, and members' messages, presses and forms."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from adapters.http import guard
from adapters.web import render, request_body
from adapters.web.conversation import EVERYONE, ChatMessage, Conversation
from adapters.web.members import NAME, PLACE, WORKSPACE, Member
from adapters.web.poll_routes import download
from adapters.web.words import words
from bot.chat.markup import clean, text
from bot.chat.vocabulary import Actor, Card, MessageRef, Outcome, Reply, Request, Visibility
from bot.commands.help import usage
from bot.dispatch.bot import Bot
from bot.dispatch.declare import Permission
from bot.dispatch.parse import Typing, question_of
from bot.errors import NotAllowed, NotFound, UsageError
from bot.i18n import Translator, translator

LINE_MAX = 20_000
ASK = "ask"
QUESTION_MARKS = ("?", "？", "؟")
"""Endings of a line that asks the bot, as the input box suggests. The bot answers only the member."""
PAGES_MAX = 100
HEARTBEAT = 15.0
"""Seconds of silence after which an open page gets a sign that it's still connected."""

Json = dict[str, Any]

_KEY = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class ChatRoutes:
    """Turns the page's requests into the core's, and outcomes into messages of the conversation."""

    bot: Bot
    conversation: Conversation
    members: Mapping[str, Member]
    clock: Callable[[], datetime]
    token: str
    has_poll_pages: bool
    _welcomed: set[str] = field(default_factory=set)

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/hello", self._hello)
        app.router.add_get("/api/welcome", self._welcome)
        app.router.add_get("/api/events", self._events, allow_head=False)
        app.router.add_get("/api/file", self._file)
        app.router.add_post("/api/say", self._say)
        app.router.add_post("/api/press", self._press)
        app.router.add_post("/api/submit", self._submit)
        app.router.add_post("/api/complete", self._complete)

    def message_data(self, message: ChatMessage) -> Json:
        """Return a message as the page draws it."""
        reply = message.reply
        return {
            "id": message.id,
            "order": message.order,
            "changed": message.changed,
            "at": message.at.isoformat(),
            "author": message.author,
            "private": message.audience != EVERYONE,
            "text": message.text,
            "cards": render.reply_cards(reply, pages=self.has_poll_pages) if reply else [],
            "files": render.reply_files(reply) if reply else [],
        }

    # --- reading ---

    async def _hello(self, request: web.Request) -> web.Response:
        t = guard.reader(request)
        commands = self.bot.commands
        return _json(
            {
                "token": self.token,
                "members": [
                    {"id": member.id, "name": member.name, "moderator": member.moderator}
                    for member in self.members.values()
                ],
                "commands": [
                    {
                        "name": command.name,
                        "usage": usage(command),
                        "description": t(command.description),
                        "members": command.permission is Permission.MEMBER,
                    }
                    for command in commands.values()
                ],
                "words": words(t.locale),
            }
        )

    async def _welcome(self, http: web.Request) -> web.Response:
        """Return a member's first screen. It isn't a message, since nobody asked for it."""
        outcome = await self.bot.press(self._request(http), "v1:welcome")
        cards = outcome.answer.cards if outcome.success and outcome.answer else ()
        return _json({"cards": [render.card_data(card) for card in cards]})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Stream this member's messages: first the changes after Last-Event-ID, then each new one."""
        member = self._member(request.query.get("member", ""), guard.reader(request))
        if self.conversation.listeners >= PAGES_MAX:
            return guard.problem(503, guard.reader(request)("Too many pages are open at once. Close some."))
        mark = request.headers.get("Last-Event-ID") or request.query.get("after", "")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        with self.conversation.listen(member.id) as listener:
            await response.prepare(request)
            for message in self.conversation.changes_for(
                member.id, int(mark) if re.fullmatch(r"\d{1,20}", mark) else 0
            ):
                await response.write(self._event(message))
            await response.write(f"event: ready\ndata: {json.dumps({'token': self.token})}\n\n".encode())
            with suppress(ConnectionError):
                await self._follow(listener.get, response)
        return response

    async def _follow(self, get: Callable[[], Awaitable[ChatMessage | None]], response: web.StreamResponse) -> None:
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT):
                    message = await get()
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            if message is None:
                return
            await response.write(self._event(message))

    def _event(self, message: ChatMessage) -> bytes:
        return f"id: {message.changed}\nevent: message\ndata: {json.dumps(self.message_data(message))}\n\n".encode()

    async def _file(self, request: web.Request) -> web.Response:
        """Serve a file of a message that this member may see."""
        t = guard.reader(request)
        message = self.conversation.find(request.query.get("message", ""), self._actor(request, t).id)
        files = message.reply.files if message and message.reply else ()
        index = request.query.get("index", "")
        if not re.fullmatch(r"[0-9]{1,3}", index) or int(index) >= len(files):
            raise NotFound(t("I no longer have that file. Use the command again to get a new one."))
        return download(files[int(index)])

    # --- acting ---

    async def _say(self, http: web.Request) -> web.Response:
        body = await request_body.body(http)
        request = self._request(http)
        line = clean(request_body.string(body, "line", LINE_MAX, guard.reader(http))).strip()
        question = question_of(line)
        if question is not None:
            return await self._ask(request, line, question)
        typed = line.startswith("/")
        if not typed and not line.endswith(QUESTION_MARKS):
            return self._chat(request, line)
        member = request.actor.id
        echo = self.conversation.add(author=member, audience=member, text=line)
        outcome = await (self.bot.say(request, line) if typed else self.bot.invoke(request, ASK, {"question": line}))
        if outcome.answer is not None and outcome.answer.visibility is Visibility.PUBLIC:
            echo = self.conversation.publish(echo)
        return self._respond(request, outcome, (echo,))

    async def _ask(self, request: Request, line: str, question: str) -> web.Response:
        """Post a line that mentions the bot to everyone, and the answer below it."""
        outcome = await self.bot.ask(request, question)
        line_shown = () if outcome.duplicate else (self.conversation.add(author=request.actor.id, text=line),)
        return self._respond(request, outcome, line_shown)

    def _chat(self, request: Request, line: str) -> web.Response:
        """Post words to everyone. The first time, tell the member how to ask the bot instead."""
        t = translator(request.locale)
        if not line:
            raise UsageError(t("Type a question or a command. Try /help."))
        member = request.actor.id
        messages = [self.conversation.add(author=member, text=line)]
        if member not in self._welcomed:
            self._welcomed.add(member)
            messages.append(self.conversation.add(audience=member, reply=_hint(t)))
        shown = [self.message_data(message) for message in messages]
        return _json({"messages": shown, "form": None, "errors": {}})

    async def _press(self, http: web.Request) -> web.Response:
        body, t = await request_body.body(http), guard.reader(http)
        origin, request, action = self._read_use(http, body, t)
        outcome = await self.bot.press(request, action, request_body.strings(body.get("values", []), t))
        return self._respond(request, outcome, origin=origin)

    async def _submit(self, http: web.Request) -> web.Response:
        body, t = await request_body.body(http), guard.reader(http)
        origin, request, action = self._read_use(http, body, t)
        outcome = await self.bot.submit(request, action, request_body.answers(body.get("answers"), t))
        return self._respond(request, outcome, origin=origin)

    def _read_use(self, http: web.Request, body: Json, t: Translator) -> tuple[ChatMessage | None, Request, str]:
        """Return the message with the used control, if this member may see it, and the control's action."""
        origin = self.conversation.find(request_body.string(body, "message", 100, t, ""), self._actor(http, t).id)
        return origin, self._request(http, origin), request_body.string(body, "action", 200, t)

    async def _complete(self, http: web.Request) -> web.Response:
        body = await request_body.body(http)
        line = request_body.string(body, "line", LINE_MAX, guard.reader(http))
        if not line.startswith("/"):
            return _json({"suggestions": []})
        typing, choices = await self.bot.complete_line(self._request(http), line)
        suggestions = [
            {**render.choice_data(choice), "line": _complete_line(typing, choice.value)} for choice in choices
        ]
        return _json({"suggestions": suggestions, "command": typing.command is None})

    def _respond(
        self,
        request: Request,
        outcome: Outcome,
        messages: tuple[ChatMessage, ...] = (),
        origin: ChatMessage | None = None,
    ) -> web.Response:
        answer = outcome.answer
        if answer is not None and (answer.cards or answer.files):
            messages = (*messages, self._place(request, answer, origin if outcome.replace else None))
        return _json(
            {
                "messages": [self.message_data(message) for message in messages],
                "form": render.form_data(answer.form) if answer is not None and answer.form else None,
                "errors": dict(outcome.errors),
            }
        )

    def _place(self, request: Request, answer: Reply, replaced: ChatMessage | None) -> ChatMessage:
        """Put the answer into the conversation. A private answer never replaces a public message."""
        public = answer.visibility is Visibility.PUBLIC
        if replaced is not None and (public or replaced.audience != EVERYONE):
            return self.conversation.redraw(replaced, answer)
        return self.conversation.add(audience=EVERYONE if public else request.actor.id, reply=answer)

    # --- the member ---

    def _request(self, http: web.Request, origin: ChatMessage | None = None) -> Request:
        t = guard.reader(http)
        actor = self._actor(http, t)
        return Request(
            actor=actor,
            place=PLACE,
            now=self.clock(),
            locale=t.locale,
            origin=MessageRef(PLACE, origin.id) if origin else None,
            key=_key(http.headers.get("X-Parley-Key", ""), actor),
        )

    def _actor(self, http: web.Request, t: Translator) -> Actor:
        member = self._member(http.headers.get("X-Parley-Member", ""), t)
        return Actor(NAME, WORKSPACE, member.id, member.name, moderator=member.moderator)

    def _member(self, member_id: str, t: Translator) -> Member:
        try:
            return self.members[member_id]
        except KeyError:
            raise NotAllowed(t("There's no member of that name here. Reload the page and choose one.")) from None


def _key(name: str, actor: Actor) -> str:
    """Return the identity of a page's action, the same for each repeat; "" if the page sends none."""
    return f"{actor.id}:{name}" if _KEY.fullmatch(name) else ""


def _hint(t: Translator) -> Reply:
    sentence = t(
        "Everyone sees that. To ask me, end with a question mark or begin with @Parley. /help lists the commands."
    )
    return Reply((Card(body=text(sentence)),))


def _json(data: Json) -> web.Response:
    return web.json_response(data, headers={"Cache-Control": "no-store"})


def _complete_line(typing: Typing, value: str) -> str:
    """Return the line with the suggestion inserted. A value of several words after a parameter's name is quoted."""
    quoted = typing.head.endswith(":") and " " in value
    return f'{typing.head}"{value}"' if quoted else f"{typing.head}{value}"
