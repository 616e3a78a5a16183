"""The web chat: a page on this machine where one person can be several members and try everything.

`WebChat(bot, clock=…, ids=…)`, then `await chat.start(host, port)`, and `await chat.stop()` at the end.
"""

from __future__ import annotations

import asyncio
import html
import json
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from adapters.listening import listen
from adapters.web import asked, guard, render
from adapters.web.channel import EVERYONE, Channel, Message
from adapters.web.files import STATIC, Files
from adapters.web.pages import PollPages
from adapters.web.poll_routes import add_poll_routes, download
from adapters.web.words import words
from bot.app import Bot
from bot.chat import Actor, Card, Limits, MessageRef, Outcome, Place, Reply, Request, Visibility
from bot.command import Permission
from bot.commands.help import EXAMPLES, usage
from bot.config import Address
from bot.errors import BotError, NotAllowed, NotFound, Unavailable, UsageError
from bot.i18n import Translator, translator
from bot.markup import clean, text
from bot.request_id import request_scope
from bot.typed import Typing

NAME = "web"
WORKSPACE = "demo"
PLACE = Place(NAME, WORKSPACE, "main")
PORT = 8765

LINE_MAX = 20_000
PAGES_MAX = 100
HEARTBEAT = 15.0
"""Seconds of silence after which an open page is told that it is still connected."""

logger = logging.getLogger("parley.web")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Member:
    """A person of the demonstration."""

    id: str
    name: str
    moderator: bool = False


MEMBERS: Sequence[Member] = (
    Member("ada", "Ada"),
    Member("ben", "Ben"),
    Member("chen", "Chen"),
    Member("dina", "Dina"),
    Member("mo", "Mo", moderator=True),
)


VISITOR = Actor(NAME, WORKSPACE, "", "")
"""Whoever looks at a poll's page: it shows what every member of the demonstration may see."""


class WebChat:
    """The platform `web`. Public messages live in memory in this version, and so do each member's private answers."""

    name = NAME
    limits: Limits = render.LIMITS
    forgets = True

    def __init__(
        self,
        bot: Bot,
        *,
        clock: Callable[[], datetime],
        ids: Callable[[], str],
        pages: PollPages | None = None,
        members: Sequence[Member] = MEMBERS,
        token: Callable[[], str] = secrets.token_urlsafe,
    ) -> None:
        self._bot = bot
        self._clock = clock
        self._members = {member.id: member for member in members}
        self._token = token()
        self._channel = Channel(clock, ids)
        self._hinted: set[str] = set()
        self._pages = pages
        self._index = (STATIC / "index.html").read_text(encoding="utf-8")
        self._runner: web.AppRunner | None = None

    # --- the platform ---

    async def post(self, place: Place, reply: Reply) -> MessageRef:
        return MessageRef(place, self._channel.add(audience=self._audience(place), reply=reply).id)

    async def edit(self, ref: MessageRef, reply: Reply) -> None:
        """Redraws the message; one that was forgotten, as after a restart, is said again under the same id."""
        message = self._channel.find(ref.id)
        if message is None:
            self._channel.restore(ref.id, self._audience(ref.place), reply)
        else:
            self._channel.redraw(message, reply)

    async def has_channel(self, workspace: str, channel: str) -> bool:
        return (workspace, channel) == (PLACE.workspace, PLACE.channel)

    async def has_role(self, workspace: str, role: str) -> bool:  # noqa: ARG002 - the demonstration's members have none
        return False

    async def tell(self, workspace: str, person: str, reply: Reply) -> bool:
        """Says it to one member of the demonstration alone."""
        if workspace != WORKSPACE or person not in self._members:
            return False
        self._channel.add(audience=person, reply=reply)
        return True

    def _audience(self, place: Place) -> str:
        return place.channel if place.direct and place.channel in self._members else EVERYONE

    async def start(self, host: str = "127.0.0.1", port: int = PORT) -> str:
        """Serves until `stop`; returns the page's address. Port 0 takes any free one.

        Raises Refused for an address that other machines could reach, Unavailable for a port that is taken.
        """
        self._runner = await listen(self.app(), Address(guard.loopback(host, translator("en")), port), "PARLEY_PORT")
        return f"http://{Address(*self._runner.addresses[0][:2])}/"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def app(self) -> web.Application:
        """The application alone, for a server of one's own."""
        app = web.Application(client_max_size=guard.BODY_MAX, middlewares=[self._middleware])
        app.on_response_prepare.append(guard.protect)
        app.on_startup.append(self._started)
        app.on_shutdown.append(self._stopped)
        app.router.add_get("/", self._page)
        app.router.add_get("/static/{name}", Files(STATIC).answer)
        app.router.add_get("/api/hello", self._hello)
        app.router.add_get("/api/events", self._events, allow_head=False)
        app.router.add_get("/api/file", self._file)
        app.router.add_post("/api/say", self._say)
        app.router.add_post("/api/press", self._press)
        app.router.add_post("/api/submit", self._submit)
        app.router.add_post("/api/complete", self._complete)
        if self._pages is not None:
            add_poll_routes(app, self._pages, VISITOR)
        return app

    async def _started(self, _app: web.Application) -> None:
        self._bot.platforms[NAME] = self

    async def _stopped(self, _app: web.Application) -> None:
        self._bot.platforms.pop(NAME, None)
        self._channel.close()

    @web.middleware
    async def _middleware(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        with request_scope(self._bot.new_reference):
            return await self._let_in(request, handler)

    async def _let_in(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        t = guard.reader(request)
        try:
            return guard.refuse(request, self._token) or await handler(request)
        except (web.HTTPException, BotError) as error:
            return _refusal(error, t)
        except ConnectionError:
            raise
        except Exception as bug:
            reference = self._bot.report(request.path, bug)
            return guard.problem(500, t("Something went wrong on my side. The code is {code}.", code=reference))

    # --- the page ---

    async def _page(self, request: web.Request) -> web.Response:
        t = guard.reader(request)
        sentences = {**words(t.locale), "lang": t.locale}
        filled = re.sub(r"\{\{(\w+)\}\}", lambda match: html.escape(sentences[match[1]]), self._index)
        return web.Response(text=filled, content_type="text/html", headers={"Cache-Control": "no-cache"})

    async def _hello(self, request: web.Request) -> web.Response:
        t = guard.reader(request)
        commands = self._bot.commands
        return _json(
            {
                "token": self._token,
                "members": [
                    {"id": member.id, "name": member.name, "moderator": member.moderator}
                    for member in self._members.values()
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
                "examples": [
                    {"line": t.commands + line, "description": t(commands[name].description)}
                    for name, line in (("help", "help"), *EXAMPLES.items())
                    if name in commands
                ],
                "words": words(t.locale),
            }
        )

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: everything this member may see that changed after Last-Event-ID, then what follows."""
        member = self._member(request.query.get("member", ""), guard.reader(request))
        if self._channel.listeners >= PAGES_MAX:
            return guard.problem(503, guard.reader(request)("Too many pages are open at once. Close some."))
        mark = request.headers.get("Last-Event-ID") or request.query.get("after", "")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        with self._channel.listen(member.id) as listener:
            await response.prepare(request)
            for message in self._channel.seen_by(member.id, int(mark) if re.fullmatch(r"\d{1,20}", mark) else 0):
                await response.write(self._event(message))
            await response.write(f"event: ready\ndata: {json.dumps({'token': self._token})}\n\n".encode())
            with suppress(ConnectionError):
                await self._follow(listener.get, response)
        return response

    async def _follow(self, get: Callable[[], Awaitable[Message | None]], response: web.StreamResponse) -> None:
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

    def _event(self, message: Message) -> bytes:
        return f"id: {message.changed}\nevent: message\ndata: {json.dumps(self._shown(message))}\n\n".encode()

    async def _file(self, request: web.Request) -> web.Response:
        """A file that this member was given with a message."""
        t = guard.reader(request)
        found = self._channel.find(request.query.get("message", ""), self._actor(request, t).id)
        files = found.reply.files if found and found.reply else ()
        index = request.query.get("index", "")
        if not re.fullmatch(r"[0-9]{1,3}", index) or int(index) >= len(files):
            raise NotFound(t("That file is not kept any more. Use the command again for a fresh one."))
        return download(files[int(index)])

    # --- what members do ---

    async def _say(self, http: web.Request) -> web.Response:
        body = await asked.body(http)
        request = self._request(http)
        line = asked.string(body, "line", LINE_MAX, guard.reader(http))
        if not line.lstrip().startswith("/"):
            return self._chat(request, line)
        member = request.actor.id
        echo = self._channel.add(author=member, audience=member, text=clean(line).strip())
        outcome = await self._bot.say(request, line)
        if outcome.answer is not None and outcome.answer.visibility is Visibility.PUBLIC:
            echo = self._channel.publish(echo)
        return self._answered(request, outcome, (echo,))

    def _chat(self, request: Request, line: str) -> web.Response:
        """Words to everyone. The first time, the member learns how to speak to the bot instead."""
        t = translator(request.locale)
        written = clean(line).strip()
        if not written:
            raise UsageError(t("Nothing was typed. Try /help."))
        member = request.actor.id
        said = [self._channel.add(author=member, text=written)]
        if member not in self._hinted:
            self._hinted.add(member)
            said.append(self._channel.add(audience=member, reply=_hint(t)))
        return _json({"messages": [self._shown(message) for message in said]})

    async def _press(self, http: web.Request) -> web.Response:
        body, t = await asked.body(http), guard.reader(http)
        origin, request, action = self._used(http, body, t)
        outcome = await self._bot.press(request, action, asked.strings(body.get("values", []), t))
        return self._answered(request, outcome, origin=origin)

    async def _submit(self, http: web.Request) -> web.Response:
        body, t = await asked.body(http), guard.reader(http)
        origin, request, action = self._used(http, body, t)
        outcome = await self._bot.submit(request, action, asked.answers(body.get("answers"), t))
        return self._answered(request, outcome, origin=origin)

    def _used(self, http: web.Request, body: Json, t: Translator) -> tuple[Message | None, Request, str]:
        """The message with the control that was used, as far as this member sees it, and what the control does."""
        origin = self._channel.find(asked.string(body, "message", 100, t, ""), self._actor(http, t).id)
        return origin, self._request(http, origin), asked.string(body, "action", 200, t)

    async def _complete(self, http: web.Request) -> web.Response:
        body = await asked.body(http)
        line = asked.string(body, "line", LINE_MAX, guard.reader(http))
        if not line.startswith("/"):
            return _json({"suggestions": []})
        typing, choices = await self._bot.complete_line(self._request(http), line)
        suggestions = [{**render.choice_data(choice), "line": _completed(typing, choice.value)} for choice in choices]
        return _json({"suggestions": suggestions, "command": typing.command is None})

    def _answered(
        self, request: Request, outcome: Outcome, said: tuple[Message, ...] = (), origin: Message | None = None
    ) -> web.Response:
        answer = outcome.answer
        if answer is not None and (answer.cards or answer.files):
            said = (*said, self._place(request, answer, origin if outcome.replace else None))
        return _json(
            {
                "messages": [self._shown(message) for message in said],
                "form": render.form_data(answer.form) if answer is not None and answer.form else None,
                "errors": dict(outcome.errors),
            }
        )

    def _place(self, request: Request, answer: Reply, replaced: Message | None) -> Message:
        """Puts the answer into the conversation. What is for one member never replaces what everyone sees."""
        public = answer.visibility is Visibility.PUBLIC
        if replaced is not None and (public or replaced.audience != EVERYONE):
            current = self._channel.find(replaced.id) or replaced
            return self._channel.redraw(current, answer)
        return self._channel.add(audience=EVERYONE if public else request.actor.id, reply=answer)

    def _shown(self, message: Message) -> Json:
        return {
            "id": message.id,
            "order": message.order,
            "changed": message.changed,
            "at": message.at.isoformat(),
            "author": message.author,
            "private": message.audience != EVERYONE,
            "text": message.text,
            "cards": render.reply_cards(message.reply, pages=self._pages is not None) if message.reply else [],
            "files": render.reply_files(message.reply) if message.reply else [],
        }

    # --- who asks ---

    def _request(self, http: web.Request, origin: Message | None = None) -> Request:
        t = guard.reader(http)
        return Request(
            actor=self._actor(http, t),
            place=PLACE,
            now=self._clock(),
            locale=t.locale,
            zone=asked.zone(http.headers.get("X-Parley-Zone", "")),
            origin=MessageRef(PLACE, origin.id) if origin else None,
        )

    def _actor(self, http: web.Request, t: Translator) -> Actor:
        member = self._member(http.headers.get("X-Parley-Member", ""), t)
        return Actor(NAME, WORKSPACE, member.id, member.name, moderator=member.moderator)

    def _member(self, member_id: str, t: Translator) -> Member:
        try:
            return self._members[member_id]
        except KeyError:
            raise NotAllowed(t("Nobody of that name takes part here. Reload the page and choose a member.")) from None


def _refusal(error: web.HTTPException | BotError, t: Translator) -> web.Response:
    match error:
        case web.HTTPRequestEntityTooLarge():
            return guard.problem(413, t("That is too long to be sent at once."))
        case web.HTTPException():
            return guard.problem(error.status, t("There is nothing at this address."))
        case Unavailable():
            return guard.problem(503, t(error.message))
        case NotAllowed():
            return guard.problem(403, error.message)
        case NotFound():
            return guard.problem(404, error.message)
    return guard.problem(400, error.message)


def _hint(t: Translator) -> Reply:
    return Reply((Card(body=text(t("Everyone sees that. To ask me something, begin with a slash: try /help."))),))


def _json(data: Json) -> web.Response:
    return web.json_response(data, headers={"Cache-Control": "no-store"})


def _completed(typing: Typing, value: str) -> str:
    """The line once the suggestion is taken; a value of several words is quoted where it follows a name."""
    quoted = typing.head.endswith(":") and " " in value
    return f'{typing.head}"{value}"' if quoted else f"{typing.head}{value}"
