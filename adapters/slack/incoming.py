"""What comes in from Slack: commands, controls, shortcuts, forms and events. Each is acknowledged at once.

Bolt's app hands everything to `Incoming`, its first middleware of ours, which leaves nothing over for listeners: why is in
docs/decisions/0019-slack-is-answered-in-a-middleware.md.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncAck, AsyncBoltRequest
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError

from adapters.slack import answers, forms, render
from adapters.slack.answers import Ear
from adapters.slack.home import home
from adapters.slack.texts import own_words, unescape, words_of
from adapters.slack.workspaces import NAME, Workspaces
from bot.app import Bot, refusal
from bot.chat import Answers, Card, Choice, MessageRef, Outcome, Place, Reply, Request
from bot.errors import BotError
from bot.i18n import Translator, translator
from bot.markup import text
from bot.request_id import request_scope
from bot.typed import parse
from bot.waiting import heard, held

HELP = "help"
FORM_PATIENCE = 1.8
"""Seconds until a form is acknowledged whether or not its answer is there."""
ACK_PATIENCE = 2.5
"""Seconds until anything is acknowledged, whatever it waits for: below Slack's 3."""
ADDRESS_CHECK = "url_verification"
"""Slack's question whether the address is the app's, which Bolt answers."""
COMMAND = "command"
USED_BY_PEOPLE = {
    "block_actions": "action_id",
    "block_suggestion": "action_id",
    "view_submission": "view",
    "shortcut": "callback_id",
    "message_action": "callback_id",
}
"""By kind: what names that which was used."""
START_POLL = "start-poll"
POLL_ON_THIS = "poll-on-this"
OPENS_POLL = "poll create"
ERROR_MAX = 500

logger = logging.getLogger("parley.slack")

Body = Mapping[str, Any]
Listener = Callable[[Body], Coroutine[Any, Any, None]]
Answering = Callable[[AsyncAck, Body], Coroutine[Any, Any, None]]


class Ack(AsyncAck):
    """Bolt's acknowledgement, which can be waited for."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.given = asyncio.Event()

    async def __call__(self, *args: Any, **more: Any) -> BoltResponse:
        """Only the first one counts."""
        if self.response is not None:
            return self.response
        self.given.set()
        return await super().__call__(*args, **more)


class Incoming(AsyncMiddleware):
    """Answers what people do and what Slack tells. `drain` waits for the answers in the making."""

    def __init__(self, bot: Bot, workspaces: Workspaces, *, clock: Callable[[], datetime], locale: str) -> None:
        self._bot = bot
        self._workspaces = workspaces
        self._clock = clock
        self._locale = locale
        self._form_words = tuple({name.split()[0] for name, found in bot.commands.items() if found.form_when})
        self.running: set[asyncio.Task[Any]] = set()
        self._listeners: Mapping[str, Listener] = {
            COMMAND: self._on_command,
            "block_actions": self._on_action,
            "shortcut": self._on_shortcut,
            "message_action": self._on_shortcut,
            "tokens_revoked": self._on_removed,
            "app_uninstalled": self._on_removed,
            "app_home_opened": self._on_home,
        }
        """By kind: what is acknowledged before anything is done about it."""
        self._answering: Mapping[str, Answering] = {
            "view_submission": self._on_form,
            "block_suggestion": self._on_typing,
        }
        """By kind: what is answered with the acknowledgement itself."""

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - Bolt's own name
    ) -> BoltResponse:
        """The acknowledgement. What makes no sense gets one, too: else Slack sends it again."""
        del resp
        body, kind = req.body, kind_of(req.body)
        if kind == ADDRESS_CHECK:
            return await next()
        if not is_whole(kind, body):
            logger.warning("Slack sent a payload that does not say who did what")
        elif kind in self._listeners:
            held(asyncio.ensure_future(self._heard(self._listeners[kind], body)), self.running)
        elif kind in self._answering:
            ack = Ack()
            held(asyncio.ensure_future(self._answered(self._answering[kind], ack, body)), self.running)
            await heard(ack.given, ACK_PATIENCE)
            return await ack()
        else:
            logger.warning("Slack sent something of an unknown kind")
        return BoltResponse(status=200)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs something beside, whose failure is only logged. A stop waits for it."""
        held(asyncio.ensure_future(_logged(work)), self.running)

    async def drain(self, seconds: float) -> None:
        if self.running:
            _, late = await asyncio.wait(self.running, timeout=seconds)
            for task in late:
                task.cancel()

    async def _heard(self, listener: Listener, body: Body) -> None:
        """Begins a request. Nobody waits for its failure, so the person is told."""
        with request_scope(self._bot.new_reference):
            try:
                await listener(body)
            except Exception as error:
                await self._tell(error, body)

    async def _answered(self, listener: Answering, ack: Ack, body: Body) -> None:
        """The same for what is answered with its acknowledgement, which is given whatever happens."""
        with request_scope(self._bot.new_reference):
            try:
                await listener(ack, body)
            except Exception as error:
                await self._failed(error, body, ack)
            finally:
                await ack()

    # --- listeners ---

    async def _on_command(self, body: Body) -> None:
        """`/parley fact tariffs`. Nothing typed asks for help."""
        line = unescape(str(body.get("text", ""))).strip() or HELP
        request = await self._request(body, hurry=self._opens_form(line))
        outcome = await self._bot.say(request, line)
        await self._show(body, request, outcome)

    async def _on_action(self, body: Body) -> None:
        """A button or a select of any age. A button that only opens an address is reported as well."""
        used: Body = body["actions"][0]
        pressed = str(used["action_id"])
        if pressed.startswith(render.LINK_ID):
            return
        request = await self._request(body, press=True)
        await self._show(body, request, await self._bot.press(request, pressed, _values(used)))

    async def _on_shortcut(self, body: Body) -> None:
        """From the menu of a message, or from the composer."""
        name = str(body.get("callback_id", ""))
        request = await self._request(body, hurry=True)
        message: Body = body.get("message") or {}
        if name in {START_POLL, POLL_ON_THIS}:
            question = own_words(message) or words_of(message)
            outcome = await self._bot.invoke(request, OPENS_POLL, {"question": question} if question else {})
        else:
            outcome = await self._bot.look(request, name, words_of(message))
        await self._show(body, request, outcome)

    async def _on_form(self, ack: AsyncAck, body: Body) -> None:
        """A form that was sent: the acknowledgement itself carries what is wrong, or closes it."""
        view: Body = body["view"]
        origin, filled = forms.Origin.decode(str(view.get("private_metadata") or "")), forms.answers(view)
        request = await self._request(body, origin=origin, hurry=True)
        t = translator(request.locale)
        work = held(asyncio.ensure_future(self._bot.submit(request, origin.action, filled)), self.running)
        await asyncio.wait({work}, timeout=FORM_PATIENCE)
        if not work.done():
            await ack()
        outcome = await work
        if ack.response is not None:
            outcome = _told_late(outcome, filled, t) if outcome.errors else outcome
        elif wrong := _beside(outcome, forms.names(view)):
            await ack(response_action="errors", errors=wrong)
            return
        await ack()
        await self._show({"response_url": origin.url}, request, outcome)

    async def _on_typing(self, ack: AsyncAck, body: Body) -> None:
        """Somebody types in a select that asks for its options, in a message or in a form. Too late is nothing."""
        try:
            async with asyncio.timeout(FORM_PATIENCE):
                found = await self._suggestions(body)
        except TimeoutError:
            logger.warning("suggestions were not there in time")
            found = []
        await ack(options=render.suggested(found))

    async def _suggestions(self, body: Body) -> list[Choice]:
        view: Body | None = body.get("view")
        typed, asked = unescape(str(body.get("value") or "")), str(body["action_id"])
        if view is None or view.get("type") != "modal":
            return await self._bot.suggest(await self._request(body, press=True), asked, typed)
        origin = forms.Origin.decode(str(view.get("private_metadata") or ""))
        request = await self._request(body, origin=origin, press=True)
        return await self._bot.suggest(request, origin.action, typed, asked)

    async def _on_removed(self, body: Body) -> None:
        """The workspace has removed the app, or withdrawn its token; tokens of persons are none of Parley's."""
        event: Body = body["event"]
        whole = event["type"] == "app_uninstalled"
        if not whole and not (event.get("tokens") or {}).get("bot"):
            return
        at = datetime.fromtimestamp(int(body.get("event_time") or self._clock().timestamp()), UTC)
        await self._workspaces.removed(str(body.get("team_id") or ""), at, whole=whole)

    async def _on_home(self, body: Body) -> None:
        """Somebody looks at the app's Home tab."""
        event: Body = body["event"]
        if event.get("tab") != "home":
            return
        request = await self._request({"team_id": body.get("team_id"), "user_id": event["user"]})
        web = (await self._workspaces.of(request.actor.workspace)).web
        await web.call("views_publish", user_id=request.actor.id, view=await home(self._bot, request))

    async def _failed(self, error: Exception, body: Body, ack: Ack) -> None:
        """A form that was not answered yet stays open and says itself what can't be."""
        beside = forms.names(_view(body)) if body.get("type") == "view_submission" else []
        if ack.response is None and beside:
            await ack(response_action="errors", errors={beside[0]: self._told(error)[0]})
            return
        await ack()
        await self._tell(error, body)

    async def _tell(self, error: Exception, body: Body) -> None:
        """By the response_url, or directly where there is none: for a control of the Home tab or of the composer."""
        told, reference = self._told(error)
        if not ("user" in body or "user_id" in body) or body.get("type") == "block_suggestion":
            return
        message = render.messages(refusal(told, translator(self._locale)).answer or Reply())[0]
        form = forms.Origin.decode(str(_view(body).get("private_metadata") or ""))
        url = str(body.get("response_url") or form.url)
        try:
            if not (url and await self._answered_at(url, message)):
                team, user, _ = _asker(body)
                await answers.send((await self._workspaces.of(team)).web, user, "", message)
        except (BotError, SlackApiError, OSError):
            logger.warning("the person could not be told of %s", reference)

    def _told(self, error: Exception) -> tuple[str, str]:
        """What the person reads, and what the log has of it: a bug is logged whole, with a code to quote."""
        t = translator(self._locale)
        if isinstance(error, BotError):
            logger.warning("Slack: a request could not be answered: %s", type(error).__name__)
            return t(error.message), type(error).__name__
        reference = self._bot.report("an answer to Slack", error)
        return t("Something went wrong on my side. The code is {code}.", code=reference), reference

    async def _answered_at(self, url: str, message: render.Message) -> bool:
        payload = {"text": message.text, "blocks": message.blocks, "response_type": "ephemeral"}
        return await self._workspaces.anyone.respond(url, {**payload, "replace_original": False})

    # --- helpers ---

    async def _show(self, body: Body, request: Request, outcome: Outcome) -> None:
        web = (await self._workspaces.of(request.actor.workspace)).web
        ear = Ear(
            web,
            request,
            str(body.get("response_url") or ""),
            str(body.get("trigger_id") or ""),
            replaceable=_is_own(body, request.place),
        )
        await answers.show(ear, outcome, self.spawn)

    def _opens_form(self, line: str) -> bool:
        if not line.removeprefix("/").lower().startswith(self._form_words):
            return False
        try:
            call = parse(line, self._bot.commands, translator(self._locale))
        except BotError:
            return False
        return call.command.opens_form(call.args)

    async def _request(
        self, body: Body, *, origin: forms.Origin | None = None, press: bool = False, hurry: bool = False
    ) -> Request:
        """Who asks, where, and in which language."""
        team, user, name = _asker(body)
        place, message = _place(body, team, origin)
        people = (await self._workspaces.of(team)).people
        actor, person = await people.find(team, user, name, press=press, hurry=hurry)
        return Request(
            actor=actor,
            place=place,
            now=self._clock(),
            locale=person.locale or self._locale,
            zone=person.zone,
            origin=MessageRef(place, message) if message else None,
        )


def kind_of(body: Body) -> str:
    """What happened, in Slack's own words: a payload's type, or an event's. A command's has none."""
    if "command" in body:
        return COMMAND
    kind = str(body.get("type"))
    event = body.get("event")
    return str(event.get("type")) if kind == "event_callback" and isinstance(event, Mapping) else kind


def is_whole(kind: str, body: Body) -> bool:
    """Whether what a person did names the person, and what they used."""
    if kind == COMMAND:
        return bool(body.get("user_id"))
    if kind not in USED_BY_PEOPLE:
        return True
    user, used = body.get("user"), body
    if kind == "block_actions":
        actions = body.get("actions")
        used = actions[0] if isinstance(actions, list) and actions else {}
    named = isinstance(used, Mapping) and bool(used.get(USED_BY_PEOPLE[kind]))
    return named and isinstance(user, Mapping) and bool(user.get("id"))


def _view(body: Body) -> Body:
    found = body.get("view")
    return found if isinstance(found, Mapping) else {}


def _asker(body: Body) -> tuple[str, str, str]:
    """Workspace, id and name: a command tells them flat, everything else as objects."""
    if "user_id" in body:
        return str(body.get("team_id") or ""), str(body["user_id"]), str(body.get("user_name") or "")
    user: Body = body["user"]
    # in a channel that several organisations share, a form is sent from whichever is the person's own
    installed = _view(body).get("app_installed_team_id")
    team = installed or (body.get("team") or {}).get("id") or user.get("team_id")
    return str(team or ""), str(user["id"]), str(user.get("name") or user.get("username") or "")


def _place(body: Body, team: str, origin: forms.Origin | None) -> tuple[Place, str]:
    """Where it happened, and the message whose control was used."""
    container: Body = body.get("container") or {}
    channel = str(body.get("channel_id") or (body.get("channel") or {}).get("id") or container.get("channel_id") or "")
    thread = str(container.get("thread_ts") or (body.get("message") or {}).get("thread_ts") or "")
    if origin is not None:
        channel, thread = origin.channel or forms.channel_of(body["view"]), origin.thread
    if container.get("type") == "view":  # a control of the Home tab: its answers come in a direct message
        channel = _asker(body)[1]
    place = Place(NAME, team, channel, thread=thread, direct=channel.startswith(("D", "U", "W")))
    return place, str(container.get("message_ts") or "")


def _is_own(body: Body, place: Place) -> bool:
    """Whether the message whose control was used is seen by this person alone. In a conversation with the bot it is."""
    container: Body = body.get("container") or {}
    return container.get("type") == "message" and (bool(container.get("is_ephemeral")) or place.direct)


def _values(used: Body) -> tuple[str, ...]:
    """What was picked: nothing for a button, one or several values for a select."""
    picked = used.get("selected_options") or [used.get("selected_option")]
    return tuple(str(option["value"]) for option in picked if option)


def _beside(outcome: Outcome, inputs: list[str]) -> dict[str, str]:
    """What to say beside which input: a form that was refused stays open, so that nothing has to be typed again."""
    if not inputs:
        return {}
    if outcome.errors:
        return {name if name in inputs else inputs[0]: error for name, error in outcome.errors.items()}
    if outcome.found or outcome.answer is None:
        return {}
    return {inputs[0]: "\n".join(map(render.as_text, outcome.answer.cards))[:ERROR_MAX]}


def _told_late(outcome: Outcome, filled: Answers, t: Translator) -> Outcome:
    """For errors of a form that is closed already: what is wrong, and what was typed, so that it is not lost."""
    told = refusal(" ".join(outcome.errors.values()), t)
    typed = [value for value in filled.values() if isinstance(value, str) and value.strip()]
    kept = Card(title=t("What you had typed"), body=text(*typed))
    return replace(told, answer=Reply((*(told.answer or Reply()).cards, kept)))


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except (BotError, OSError, TimeoutError, aiohttp.ClientError) as error:
        logger.warning("something could not be sent to Slack: %s", type(error).__name__)
    except Exception:
        logger.exception("bug in what follows an answer to Slack")
