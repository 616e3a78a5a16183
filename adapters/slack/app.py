"""Parley on Slack.

`chat = SlackChat(bot, clock=…, token=…)`, then `await chat.start(app_token)`, and `await chat.stop()` at the end.
It knows how to talk and holds no rule of the product.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import render
from adapters.slack.texts import unescape
from bot.app import Bot, refusal
from bot.chat import Actor, Card, Limits, MessageRef, Outcome, Place, Reply, Request, Visibility
from bot.errors import Unavailable
from bot.i18n import N_, Translator, translator
from bot.markup import text

NAME = "slack"
COMMAND = "/parley"
API = "https://slack.com/api/"
TIMEOUT = 30.0
"""Seconds for one call of the Web API."""
RESPONSES_MAX = 5
"""How often one response_url can be used: https://docs.slack.dev/interactivity/handling-user-interaction."""
DRAIN = 5.0
"""Seconds that answers in the making have at a stop."""
OK = 200
NO_ACCESS = frozenset({"not_in_channel", "channel_not_found", "is_archived", "restricted_action", "no_permission"})

logger = logging.getLogger("parley.slack")

Body = Mapping[str, Any]


class SlackChat:
    """The platform `slack`: one namespaced command, whose words the core parses, and the controls of its answers."""

    name: str = NAME
    limits: Limits = render.LIMITS

    def __init__(
        self,
        bot: Bot,
        *,
        clock: Callable[[], datetime],
        token: str,
        signing_secret: str | None = None,
        locale: str = "en",
        base_url: str = API,
    ) -> None:
        self._bot = bot
        self._clock = clock
        self._locale = locale
        self._client = AsyncWebClient(token=token, base_url=base_url)
        self._client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=2))
        self._socket: AsyncSocketModeHandler | None = None
        self._running: set[asyncio.Task[Any]] = set()
        self.app = AsyncApp(
            client=self._client,
            signing_secret=signing_secret,
            request_verification_enabled=signing_secret is not None,
        )
        self.app.command(COMMAND)(self._on_command)
        self.app.action(re.compile(r"."))(self._on_action)
        self.app.error(self._on_error)

    async def start(self, app_token: str | None = None) -> None:
        """Listens over Socket Mode. Without an app token, what comes in is handed to `app` by somebody else."""
        self._client.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
        self._bot.platforms[NAME] = self
        if app_token:
            self._socket = AsyncSocketModeHandler(self.app, app_token)
            await self._socket.connect_async()  # type: ignore[no-untyped-call]

    async def stop(self) -> None:
        """Takes nothing more in, and lets the answers in the making end."""
        if self._socket is not None:
            await self._socket.close_async()  # type: ignore[no-untyped-call]
            self._socket = None
        if self._running:
            await asyncio.wait(self._running, timeout=DRAIN)
        self._bot.platforms.pop(NAME, None)
        if self._client.session is not None:
            await self._client.session.close()
            self._client.session = None

    # --- the platform ---

    async def post(self, place: Place, reply: Reply) -> MessageRef | None:
        """Posts in a channel or a thread. The reference names every message that the reply took.

        Raises Unavailable where the bot may not write.
        """
        sent = [await self._post(place, message) for message in render.messages(reply)]
        return MessageRef(place, ",".join(sent)) if sent else None

    async def edit(self, ref: MessageRef, reply: Reply) -> None:
        """Redraws the messages that were posted. Raises ValueError where the reply now takes more or fewer."""
        for stamp, message in zip(ref.id.split(","), render.messages(reply), strict=True):
            await self._client.chat_update(
                channel=ref.place.channel, ts=stamp, text=message.text, blocks=message.blocks
            )

    async def _post(self, place: Place, message: render.Message) -> str:
        try:
            posted = await self._client.chat_postMessage(
                channel=place.channel,
                thread_ts=place.thread or None,
                text=message.text,
                blocks=message.blocks,
                mrkdwn=False,
                unfurl_links=False,
                unfurl_media=False,
            )
        except SlackApiError as error:
            if error.response["error"] not in NO_ACCESS:
                raise
            raise Unavailable(N_("I may not write in this channel. Invite me with /invite, then try again.")) from error
        return str(posted["ts"])

    # --- what comes in ---

    async def _on_command(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        """`/parley fact tariffs`. Nothing typed asks for help."""
        await ack()
        request = self._request(
            team=str(body.get("team_id", "")),
            user=str(body["user_id"]),
            name=str(body.get("user_name", "")),
            channel=str(body["channel_id"]),
        )
        line = unescape(str(body.get("text", ""))).strip() or "help"
        await self._answer(request, respond, self._bot.say(request, line))

    async def _on_action(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        """A button or a select of any age. A button that only opens an address is reported as well."""
        await ack()
        used: Body = body["actions"][0]
        if str(used["action_id"]).startswith(render.LINK_ID):
            return
        user, container = body["user"], body.get("container", {})
        request = self._request(
            team=str((body.get("team") or user).get("id" if body.get("team") else "team_id", "")),
            user=str(user["id"]),
            name=str(user.get("name") or user.get("username") or ""),
            channel=str((body.get("channel") or {}).get("id") or container.get("channel_id", "")),
            thread=str(container.get("thread_ts") or ""),
            message=str(container.get("message_ts") or ""),
        )
        await self._answer(request, respond, self._bot.press(request, str(used["action_id"]), _values(used)))

    async def _on_error(self, error: Exception, body: Body, respond: AsyncRespond) -> None:
        """Logs a bug of this adapter, whole, and tells the person a code to quote."""
        reference = self._bot.new_reference()
        logger.error("bug in an answer to Slack", exc_info=error, extra={"reference": reference})
        if not body.get("response_url"):
            return
        t = translator(self._locale)
        told = refusal(t("Something went wrong on my side. The code is {code}.", code=reference), t)
        message = render.messages(_shown(told, t))[0]
        sent = await respond(
            text=message.text, blocks=message.blocks, response_type="ephemeral", replace_original=False
        )
        if sent.status_code != OK:
            logger.warning("the person could not be told of %s", reference)

    # --- what goes out ---

    async def _answer(self, request: Request, respond: AsyncRespond, work: Coroutine[Any, Any, Outcome]) -> None:
        """Every call is acknowledged by now, so the answer may take its time. A stop waits for it."""
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        await self._show(request, respond, await work)

    async def _show(self, request: Request, respond: AsyncRespond, outcome: Outcome) -> None:
        reply = _shown(outcome, translator(request.locale))
        private = reply.visibility is Visibility.PRIVATE
        for number, message in enumerate(render.messages(reply)):
            if number >= RESPONSES_MAX:
                await self._beyond(request, message, private=private)
                continue
            sent = await respond(
                text=message.text,
                blocks=message.blocks,
                response_type="ephemeral" if private else "in_channel",
                replace_original=outcome.replace and number == 0,
                unfurl_links=False,
                unfurl_media=False,
                thread_ts=request.place.thread or None,
            )
            if sent.status_code != OK:
                raise ConnectionError(f"Slack answered {sent.status_code}: {sent.body[:200]}")

    async def _beyond(self, request: Request, message: render.Message, *, private: bool) -> None:
        """What the response_url takes no more is sent by the Web API."""
        if not private:
            await self._post(request.place, message)
            return
        await self._client.chat_postEphemeral(
            channel=request.place.channel,
            user=request.actor.id,
            thread_ts=request.place.thread or None,
            text=message.text,
            blocks=message.blocks,
        )

    def _request(
        self, *, team: str, user: str, name: str, channel: str, thread: str = "", message: str = ""
    ) -> Request:
        place = Place(NAME, team, channel, thread=thread, direct=channel.startswith("D"))
        return Request(
            actor=Actor(NAME, team, user, name or user),
            place=place,
            now=self._clock(),
            locale=self._locale,
            origin=MessageRef(place, message) if message else None,
        )


def _values(used: Body) -> tuple[str, ...]:
    """What was picked: nothing for a button, one or several values for a select."""
    picked = used.get("selected_options") or [used.get("selected_option")]
    return tuple(str(option["value"]) for option in picked if option)


def _shown(outcome: Outcome, t: Translator) -> Reply:
    """What the person sees: never nothing."""
    reply = outcome.answer or Reply()
    if reply.form is not None:
        return Reply((Card(body=text(t("This needs a form, and I can't open forms here yet."))),))
    if reply.files:
        names = ", ".join(file.name for file in reply.files)
        missing = Card(body=text(t("I can't send files here yet, so these are missing: {names}.", names=names)))
        return replace(reply, cards=(*reply.cards, missing), files=())
    return reply if reply.cards else Reply((Card(body=text(t("Done."))),))
