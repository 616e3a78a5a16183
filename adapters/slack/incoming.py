"""Answer Slack's payloads: commands, controls, shortcuts, forms and events. Acknowledge each at once.

`Incoming` is the first middleware of Bolt's app and leaves nothing for Bolt's listeners;
docs/decisions/0019-slack-is-answered-in-a-middleware.md says why.
"""

from __future__ import annotations

import asyncio
import json
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

from adapters.slack import answers, fields, forms, render
from adapters.slack.answers import Ear
from adapters.slack.decoding import NO_NAMES, Names, decode, decode_line, emoji_in, ids_in
from adapters.slack.home import START_POLL, home
from adapters.slack.payloads import COMMAND, Body, asker_of, is_for_one, is_whole, key_of, kind_of, values_of, view_of
from adapters.slack.people import HURRY
from adapters.slack.places import ChannelFacts, look_up, settled, spot_of
from adapters.slack.plain_words import MENTION, MESSAGE, plain_message
from adapters.slack.texts import CHANNEL, own_words, words_of
from adapters.slack.web import WebApi
from adapters.slack.workspaces import Workspaces
from bot.aio import hold_task, wait_for_event
from bot.chat.vocabulary import Choice, MessageRef, Outcome, Place, Reply, Request, Visibility
from bot.commands.mentions import mention_id
from bot.dispatch.bot import Bot, bug_notice, refusal, title_of
from bot.dispatch.declare import Command
from bot.dispatch.parse import Call, parse
from bot.errors import BotError, NotAllowed, NotFound
from bot.i18n import N_, translator
from bot.telemetry.request_id import request_scope

HELP = "help"
FORM_PATIENCE = 1.8
"""Seconds until Parley acknowledges a form, with or without its answer."""
ACK_PATIENCE = 2.5
"""Seconds until Parley acknowledges any payload: below Slack's 3."""
CHANNELS_MAX = 3
"""Mentioned channels that Parley looks up for one text."""
PLACE_PATIENCE = 5.0
"""Seconds that Slack has to tell the kind of a place."""
ADDRESS_CHECK = "url_verification"
"""Slack's check that the address belongs to the app. Bolt answers it."""
POLL_ON_THIS = "poll-on-this"
OPENS_POLL = "poll create"
POSTING = frozenset({OPENS_POLL, "poll post"})
"""Commands that post a message with the bot's own rights. Shared answers use the command's response_url instead."""

NAMED_ONLY = N_("Type the same command in that private channel. From here, I can't tell whether you're in it.")

logger = logging.getLogger("parley.slack")

Listener = Callable[[Body], Coroutine[Any, Any, None]]
Answering = Callable[[AsyncAck, Body], Coroutine[Any, Any, None]]


class Ack(AsyncAck):
    """Bolt's acknowledgement, with an event to wait for it."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.ready = asyncio.Event()

    async def __call__(self, *args: Any, **more: Any) -> BoltResponse:
        """Acknowledge the payload. Only the first call counts."""
        if self.response is not None:
            return self.response
        self.ready.set()
        return await super().__call__(*args, **more)


class Incoming(AsyncMiddleware):
    """Answers members' payloads and Slack's events. `drain` waits for the running answers."""

    def __init__(self, bot: Bot, workspaces: Workspaces, *, clock: Callable[[], datetime], locale: str) -> None:
        self._bot = bot
        self._workspaces = workspaces
        self._clock = clock
        self._locale = locale
        self._early_words = tuple(
            {
                name.split()[0]
                for name, each in bot.commands.items()
                if each.form_when or name in POSTING or _picks(each)
            }
        )
        self._picks = frozenset(param.name for each in bot.commands.values() for param in each.params if param.picks)
        self.running: set[asyncio.Task[Any]] = set()
        self._listeners: Mapping[str, Listener] = {
            COMMAND: self._on_command,
            "block_actions": self._on_action,
            "shortcut": self._on_shortcut,
            "message_action": self._on_shortcut,
            "tokens_revoked": self._on_removed,
            "app_uninstalled": self._on_removed,
            "app_home_opened": self._on_home,
            MENTION: self._on_message,
            MESSAGE: self._on_message,
        }
        """Listeners by kind, for payloads that are acknowledged before they are handled."""
        self._answering: Mapping[str, Answering] = {
            "view_submission": self._on_form,
            "block_suggestion": self._on_typing,
        }
        """Listeners by kind, for payloads whose acknowledgement is the answer."""

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - Bolt's own name
    ) -> BoltResponse:
        """Return the acknowledgement. Nonsense gets one too, or Slack would send it again."""
        del resp
        body, kind = req.body, kind_of(req.body)
        if kind == ADDRESS_CHECK:
            return await next()
        if not is_whole(kind, body):
            logger.warning("Slack sent a payload that doesn't name its member")
        elif kind in self._listeners:
            hold_task(asyncio.ensure_future(self._listen_to(self._listeners[kind], body)), self.running)
        elif kind in self._answering:
            ack = Ack()
            hold_task(asyncio.ensure_future(self._answered(self._answering[kind], ack, body)), self.running)
            await wait_for_event(ack.ready, ACK_PATIENCE)
            return await ack()
        else:
            logger.warning("Slack sent something of an unknown kind")
        return BoltResponse(status=200)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work in the background and only log its failure. A stop waits for it."""
        hold_task(asyncio.ensure_future(_logged(work)), self.running)

    async def drain(self, seconds: float) -> None:
        """Wait for the running answers, and cancel those that take longer than `seconds`."""
        if self.running:
            _, late = await asyncio.wait(self.running, timeout=seconds)
            for task in late:
                task.cancel()

    async def _listen_to(self, listener: Listener, body: Body) -> None:
        """Run a listener. Nobody awaits it, so the member is told of a failure."""
        with request_scope(self._bot.new_reference):
            try:
                await listener(body)
            except Exception as error:
                await self._tell(error, body)

    async def _answered(self, listener: Answering, ack: Ack, body: Body) -> None:
        """Run a listener whose acknowledgement is its answer, and acknowledge whatever happens."""
        with request_scope(self._bot.new_reference):
            try:
                await listener(ack, body)
            except Exception as error:
                await self._failed(error, body, ack)
            finally:
                await ack()

    # --- listeners ---

    async def _on_command(self, body: Body) -> None:
        """Run a command such as `/parley fact tariffs`. An empty one shows the help."""
        written = str(body.get("text", ""))
        line = decode_line(written, self._picks, await self._names(body, written)) or HELP
        call = self._parsed(line)
        opens_form = call is not None and call.command.opens_form(call.args)
        posts = call is not None and call.command.name in POSTING
        request = await self._request(body, hurry=opens_form, posts=posts)
        if call is not None:
            await self._check_picks(call, request.place)
        outcome = await self._bot.say(request, line)
        await self._show(body, request, outcome)

    async def _on_action(self, body: Body) -> None:
        """Answer a button or a select of any age. Slack also reports buttons that only open an address."""
        used: Body = body["actions"][0]
        pressed = str(used["action_id"])
        if pressed.startswith(render.LINK_ID):
            return
        if pressed == fields.ADD:
            await self._add_field(body)
            return
        if pressed == START_POLL:  # the Home tab is no place for a poll, so the form asks for one
            await self._on_shortcut({**body, "container": {}, "callback_id": START_POLL})
            return
        request = await self._request(body, press=True)
        await self._show(body, request, await self._bot.press(request, pressed, values_of(used)))

    async def _add_field(self, body: Body) -> None:
        """Add a field for an option to an open form."""
        request = await self._request(body, origin=await self._origin(body), hurry=True)
        web = (await self._workspaces.of(request.actor.workspace)).web
        view = forms.with_another_option(body["view"], translator(request.locale))
        await web.call("views_update", view_id=body["view"]["id"], view=view)

    async def _on_shortcut(self, body: Body) -> None:
        """Answer a shortcut from a message's menu or from the composer."""
        name = str(body.get("callback_id", ""))
        request = await self._request(body, hurry=True, posts=name == POLL_ON_THIS)
        message: Body = body.get("message") or {}
        names = await self._names(body, json.dumps(message))
        if name in {START_POLL, POLL_ON_THIS}:
            question = own_words(message, names) or words_of(message, names)
            outcome = await self._bot.invoke(request, OPENS_POLL, {"question": question} if question else {})
        else:
            outcome = await self._bot.look(request, name, words_of(message, names))
        await self._show(body, request, outcome)

    async def _on_form(self, ack: AsyncAck, body: Body) -> None:
        """Submit a form. The acknowledgement carries its errors, or closes it."""
        view: Body = body["view"]
        origin, names = await self._origin(body), await self._names(body, *forms.typed(view))
        filled = forms.answers(view, names)
        request = await self._request(body, origin=origin, hurry=True)
        t = translator(request.locale)
        work = hold_task(asyncio.ensure_future(self._bot.submit(request, origin.action, filled)), self.running)
        await asyncio.wait({work}, timeout=FORM_PATIENCE)
        if not work.done():
            await ack()
        outcome = await work
        if ack.response is not None:
            outcome = answers.late_errors(outcome, filled, t) if outcome.errors else outcome
        elif wrong := answers.beside_fields(outcome, forms.mistake_places(view), t):
            await ack(response_action="errors", errors=wrong)
            return
        await ack()
        await self._show({"response_url": origin.url}, request, outcome)

    async def _on_typing(self, ack: AsyncAck, body: Body) -> None:
        """Suggest options while a member types in a select of a message or a form. Suggest none if it takes too
        long."""
        try:
            async with asyncio.timeout(FORM_PATIENCE):
                choices = await self._suggestions(body)
        except TimeoutError:
            logger.warning("suggestions came too late")
            choices = []
        await ack(options=render.suggested(choices))

    async def _suggestions(self, body: Body) -> list[Choice]:
        view: Body | None = body.get("view")
        query, name = decode(str(body.get("value") or "")), str(body["action_id"])
        if view is None or view.get("type") != "modal":
            return await self._bot.suggest(await self._request(body, types=True), name, query)
        origin = await self._origin(body)
        request = await self._request(body, origin=origin, types=True)
        return await self._bot.suggest(request, origin.action, query, name.partition(fields.PART)[0])

    async def _on_removed(self, body: Body) -> None:
        """Handle the app's removal or its bot token's revocation. Members' tokens don't concern Parley."""
        event: Body = body["event"]
        whole = event["type"] == "app_uninstalled"
        if not whole and not (event.get("tokens") or {}).get("bot"):
            return
        at = datetime.fromtimestamp(int(body.get("event_time") or self._clock().timestamp()), UTC)
        await self._workspaces.removed(str(body.get("team_id") or ""), at, whole=whole)

    async def _on_home(self, body: Body) -> None:
        """Publish the member's Home tab when they open it."""
        event: Body = body["event"]
        if event.get("tab") != "home":
            return
        request = await self._request({"team_id": body.get("team_id"), "user_id": event["user"]})
        web = (await self._workspaces.of(request.actor.workspace)).web
        await web.call("views_publish", user_id=request.actor.id, view=await home(self._bot, request))

    async def _on_message(self, body: Body) -> None:
        """Answer a question to the app: in a thread of a channel, or in the member's conversation with the bot."""
        message = plain_message(body)
        if message is None:
            return
        names = await self._names(message.body, message.written)
        request = await self._request(message.body, types=not message.direct)
        outcome = await self._bot.ask(request, message.words(names))
        answer = outcome.answer
        if outcome.duplicate or answer is None:
            return
        if message.direct:
            answer = replace(answer, visibility=Visibility.PUBLIC)
        ear = Ear((await self._workspaces.of(message.team)).web, request)
        try:
            await answers.show(ear, replace(outcome, answer=answer), self.spawn)
        except (NotAllowed, NotFound) as error:
            logger.warning("a question could not be answered where it was asked: %s", type(error).__name__)
            await answers.show(ear, replace(outcome, answer=replace(answer, visibility=Visibility.PRIVATE)), self.spawn)

    async def _failed(self, error: Exception, body: Body, ack: Ack) -> None:
        """Show a failure beside the form's field if the form is still open, else tell the member."""
        beside = forms.mistake_places(view_of(body)) if body.get("type") == "view_submission" else {}
        if ack.response is None and beside:
            asks_where = forms.WHERE in beside and isinstance(error, NotAllowed | NotFound)
            place = forms.WHERE if asks_where else next(iter(beside.values()))
            await ack(response_action="errors", errors={place: self._explain(error)[0]})
            return
        await ack()
        await self._tell(error, body)

    async def _tell(self, error: Exception, body: Body) -> None:
        """Tell the member of a failure by response_url, or directly if there is none, as for the Home tab or the
        composer."""
        words, reference = self._explain(error)
        if not ("user" in body or "user_id" in body) or body.get("type") == "block_suggestion":
            return
        message = render.messages(refusal(words, translator(self._locale), title_of(error)).answer or Reply())[0]
        try:
            url = str(body.get("response_url") or (await self._origin(body)).url)
            if not (url and await self._answered_at(url, message)):
                team, user, _ = asker_of(body)
                await answers.send((await self._workspaces.of(team)).web, user, "", message)
        except (BotError, SlackApiError, OSError):
            logger.warning("can't show a member the code %s", reference)

    def _explain(self, error: Exception) -> tuple[str, str]:
        """Return the member's text and the log's reference. A bug is logged whole, with a code to quote."""
        t = translator(self._locale)
        if isinstance(error, BotError):
            logger.warning("Slack: can't answer a request: %s", type(error).__name__)
            return t(error.message), type(error).__name__
        reference = self._bot.report("an answer to Slack", error)
        return bug_notice(reference, t), reference

    async def _answered_at(self, url: str, message: render.SlackMessage) -> bool:
        payload = {"text": message.text, "blocks": message.blocks, "response_type": "ephemeral"}
        return await self._workspaces.anyone.respond(url, {**payload, "replace_original": False})

    # --- helpers ---

    async def _names(self, body: Body, *texts: str) -> Names:
        """Look up the members, groups and channels that these texts mention, for a moment."""
        ids = ids_in(texts)
        if not ids:
            return NO_NAMES
        team, _, _ = asker_of(body)
        workspace = await self._workspaces.of(team)
        channels = [each for each in sorted(ids) if CHANNEL.fullmatch(each)][:CHANNELS_MAX]
        people, facts = await asyncio.gather(
            workspace.people.names(team, ids, HURRY),
            asyncio.gather(*(_look_up(workspace.web, channel, HURRY) for channel in channels)),
        )
        return people | {channel: each.name for channel, each in zip(channels, facts, strict=True) if each.name}

    async def _show(self, body: Body, request: Request, outcome: Outcome) -> None:
        if outcome.duplicate:
            return
        workspace = await self._workspaces.of(request.actor.workspace)
        if outcome.answer is not None:
            outcome = replace(outcome, answer=await workspace.people.named(request.actor.workspace, outcome.answer))
        ear = Ear(
            workspace.web,
            request,
            str(body.get("response_url") or ""),
            str(body.get("trigger_id") or ""),
            replaceable=is_for_one(body, request.place),
        )
        await answers.show(ear, outcome, self.spawn)

    async def _origin(self, body: Body) -> forms.FormOrigin:
        """Read a form's origin. A broken seal gives an origin with an unknown action."""
        team, user, _ = asker_of(body)
        origin = forms.FormOrigin.decode(str(view_of(body).get("private_metadata") or ""))
        token = (await self._workspaces.of(team)).installed.bot_token or ""
        return origin if origin.is_sealed(token, user) else forms.FormOrigin("")

    async def _check_picks(self, call: Call, here: Place) -> None:
        """Raise NotAllowed for a private channel that the member names from elsewhere, since Parley can't tell if
        they're in it."""
        for name in _picks(call.command):
            channel = mention_id(str(call.args.get(name) or ""))
            if not channel or channel == here.channel:
                continue
            web = (await self._workspaces.of(here.workspace)).web
            if (await _look_up(web, channel, PLACE_PATIENCE)).private:
                raise NotAllowed(NAMED_ONLY)

    def _parsed(self, line: str) -> Call | None:
        """Parse a command before it runs, if it may open a form, post something or pick a channel."""
        if not line.removeprefix("/").lower().startswith(self._early_words):
            return None
        try:
            return parse(line, self._bot.commands, translator(self._locale))
        except BotError:
            return None

    async def _request(
        self,
        body: Body,
        *,
        origin: forms.FormOrigin | None = None,
        press: bool = False,
        hurry: bool = False,
        types: bool = False,
        posts: bool = False,
    ) -> Request:
        """Build the request: the member, the place and the language.

        Asks Slack about the place if the payload doesn't tell its kind, or if something is about to be posted in a
        private one. While a member `types`, doesn't ask and treats a place of unknown kind as private.

        Raises NotAllowed if the bot can't post what it should.
        """
        team, user, name = asker_of(body)
        workspace, spot = await self._workspaces.of(team), spot_of(body, team, origin)
        asks = posts and spot.place.private and bool(spot.place.channel)
        (actor, person), conversation = await asyncio.gather(
            workspace.people.find(team, user, name, press=press or types, hurry=hurry),
            _look_up(workspace.web, spot.place.channel, HURRY if posts and hurry else PLACE_PATIENCE)
            if asks or not (spot.certain or types)
            else _nothing_told(),
        )
        if posts and conversation.obstacle:
            raise NotAllowed(conversation.obstacle)
        spot = settled(spot, conversation)
        return Request(
            actor=actor,
            place=spot.place,
            now=self._clock(),
            locale=person.locale or self._locale,
            origin=MessageRef(spot.place, spot.message) if spot.message else None,
            may_write=spot.may_write,
            may_post=not conversation.obstacle,
            key=key_of(body),
            emoji=emoji_in(body),
        )


def _picks(command: Command) -> list[str]:
    """Return the parameters that take a channel."""
    return [param.name for param in command.params if param.picks == "channel"]


async def _look_up(web: WebApi, channel: str, seconds: float) -> ChannelFacts:
    """Ask Slack about a place for a bounded time, then treat it as private."""
    try:
        async with asyncio.timeout(seconds):
            return await look_up(web, channel)
    except TimeoutError:
        logger.warning("Slack doesn't name the kind of a conversation in time, so Parley treats it as private")
        return ChannelFacts()


async def _nothing_told() -> ChannelFacts:
    return ChannelFacts()


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except (BotError, OSError, TimeoutError, aiohttp.ClientError) as error:
        logger.warning("can't send to Slack: %s", type(error).__name__)
    except Exception:
        logger.exception("bug after an answer to Slack")
