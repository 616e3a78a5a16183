"""Parley on Slack.

`chat = SlackChat(bot, clock=…, token=…)`, then `await chat.start(app_token)`, and `await chat.stop()` at the end. Pass
`oauth` instead of `token` to let any workspace install the app. This adapter holds no rule of the product.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from slack_sdk.errors import SlackApiError, SlackClientError

from adapters.http.listen import HttpServer, listen
from adapters.http.outgoing_calls import counting
from adapters.slack import answers, files, render
from adapters.slack.http import GuardedApp
from adapters.slack.incoming import Incoming
from adapters.slack.manifest import SCOPES
from adapters.slack.oauth import InstallFlow, OAuth
from adapters.slack.places import BETWEEN_PEOPLE, look_up
from adapters.slack.socket_mode import Pace, SocketMode
from adapters.slack.texts import CHANNEL
from adapters.slack.web import API, DEAD_TOKEN, WebApi, error_of
from adapters.slack.workspaces import NAME, OneToken, TokenSource, Workspaces
from bot.chat.platform import Limits
from bot.chat.vocabulary import Attachment, Image, MessageRef, Place, Reply
from bot.dispatch.bot import Bot
from bot.errors import BotError, NotFound, PlaceGone, UsageError
from bot.polls.privacy import Privacy
from bot.settings.model import Address
from bot.telemetry.meter import Meter

DRAIN = 5.0
"""Seconds that running answers get to finish at a stop."""
ACK_TIME = 0.05
"""Seconds in which requests that were already read are started and acknowledged."""

logger = logging.getLogger("parley.slack")


class SlackChat:
    """The platform `slack`: one namespaced command, which the core parses, and the controls of its answers."""

    name: str = NAME
    limits: Limits = render.LIMITS

    def __init__(
        self,
        bot: Bot,
        *,
        clock: Callable[[], datetime],
        token: str = "",
        oauth: OAuth | None = None,
        signing_secret: str | None = None,
        locale: str = "en",
        base_url: str = API,
        privacy: Privacy | None = None,
        meter: Meter | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._bot = bot
        self._clock = clock
        self._base_url = base_url
        self._anyone = WebApi("", clock, base_url, count=counting(NAME, meter or Meter()))
        self._source: TokenSource = oauth.installations if oauth else OneToken(token, self._anyone)
        self._workspaces = Workspaces(self._source, self._anyone, self._new_web, clock=clock, privacy=privacy)
        site = base_url.removesuffix("api/")
        self._pace = pace or Pace()
        self._socket: SocketMode | None = None
        self._runner: HttpServer | None = None
        self._incoming = Incoming(bot, self._workspaces, clock=clock, locale=locale)
        self.app = GuardedApp(
            client=self._anyone.client,
            signing_secret=signing_secret,
            before_authorize=self._incoming,
            oauth_flow=InstallFlow(oauth, self._anyone.client, site, bot.report) if oauth else None,
            name="bolt",  # its loggers' name too, so not ours; without one, Bolt reads its callers' sources to find one
        )

    @property
    def running(self) -> set[asyncio.Task[Any]]:
        """The running answers and their follow-up work."""
        return self._incoming.running | self._workspaces.tasks

    @property
    def ended(self) -> asyncio.Event:
        """Set when Slack has revoked the token for good."""
        return self._workspaces.ended

    @property
    def last_heard(self) -> datetime | None:
        """Time of the last message from Slack over the socket."""
        return None if self._socket is None else self._socket.last_heard

    async def start(self, app_token: str | None = None) -> None:
        """Listen over Socket Mode. Without an app token, the caller passes incoming payloads to `app`.

        Raises UsageError for a token that Slack refuses. If Slack can't be reached, keeps trying.
        """
        self._anyone.open()
        try:
            await self._learn()
            if app_token:
                await self._connect(app_token)
        except BaseException:
            await self._anyone.close()
            raise
        self._bot.platforms[NAME] = self

    async def listen(self, address: Address) -> None:
        """Listen for Slack's signed requests at this address. Raises Unavailable if the address can't be used."""
        self._runner = await listen(self.app.entrance(), address, "PARLEY_SLACK_BIND")

    def is_connected(self) -> bool:
        """Tell whether Slack and this process can reach each other, as far as this process knows."""
        if self._anyone.resting or self.ended.is_set():
            return False
        if self._socket is None:
            return self._runner is not None
        return self._socket.connected

    async def stop(self) -> None:
        """Stop reading requests and let the running answers finish."""
        if self._socket is not None:
            self._socket.read_no_more()
            await asyncio.sleep(ACK_TIME)
            await self._incoming.drain(DRAIN)
            await self._socket.close()
            self._socket = None
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await self._incoming.drain(DRAIN)
        await self._workspaces.close()
        self._bot.platforms.pop(NAME, None)
        await self._anyone.close()

    async def _connect(self, app_token: str) -> None:
        client = self._anyone.client
        opened = await self._check(
            "the app-level token (PARLEY_SLACK_APP_TOKEN)",
            lambda: client.apps_connections_open(app_token=app_token),
        )
        self._socket = SocketMode(self.app, client, app_token, clock=self._clock, pace=self._pace)
        await self._socket.open(str(opened["url"]) if opened is not None else None)

    async def _learn(self) -> None:
        """Look up the workspace of the single token, and record its return if it had removed the app."""
        if not isinstance(self._source, OneToken):
            return
        identity = await self._check("the bot token (PARLEY_SLACK_BOT_TOKEN)", self._source.ask)
        if identity is not None:
            await self._workspaces.returned(self._source.learn(identity))

    def _new_web(self, token: str, refused: Callable[[], None]) -> WebApi:
        return WebApi(token, self._clock, self._base_url, session=self._anyone.client.session, refused=refused)

    async def _web(self, workspace: str) -> WebApi:
        return (await self._workspaces.of(workspace)).web

    async def _check(self, which: str, call: Callable[..., Any]) -> Any:
        """Return Slack's response, or None if Slack can't be reached. Raises UsageError if Slack refuses the token."""
        try:
            return await call()
        except SlackApiError as error:
            code = error_of(error)
            if code in DEAD_TOKEN or code == "not_allowed_token_type":
                raise UsageError(f"Slack refuses {which}: {code}. Copy it again from the app's page.") from error
            logger.warning("Slack isn't answering properly (%s); trying again", code or "no answer")
        except (SlackClientError, OSError, TimeoutError) as error:
            logger.warning("can't reach Slack (%s); trying again", type(error).__name__)
        return None

    # --- the platform ---

    async def reply(self, first: MessageRef, reply: Reply) -> MessageRef | None:
        """Post in the thread of a message, and show the reply in its channel too; in the channel only if the message is
        gone.

        If the message is in a thread itself, posts only there. Raises what `post` raises.
        """
        place = first.place
        if place.thread:
            return await self.post(place, reply)
        try:
            return await self._post(replace(place, thread=first.id.partition(",")[0]), reply, broadcast=True)
        except PlaceGone:
            raise
        except NotFound:
            return await self.post(place, reply)

    async def post(self, place: Place, reply: Reply) -> MessageRef | None:
        """Post a reply in a channel, a thread or a direct message.

        The returned reference names every message of the reply. For a member, it names the channel of the conversation
        with them.

        Raises NotAllowed where the bot may not write, NotFound if there is no such channel, else Unavailable. If a
        later message fails, deletes those already posted. Pictures follow as separate messages when Slack has processed
        them.
        """
        return await self._post(place, reply)

    async def _post(self, place: Place, reply: Reply, *, broadcast: bool = False) -> MessageRef | None:
        workspace = await self._workspaces.of(place.workspace)
        web, reply = workspace.web, await workspace.people.named(place.workspace, reply)
        stamps: list[str] = []
        there = place
        try:
            for message in render.messages(reply):
                posted = await answers.send(
                    web, place.channel, place.thread, message, broadcast=broadcast and not stamps
                )
                stamps.append(str(posted["ts"]))
                there = replace(place, channel=str(posted["channel"]))
        except (BotError, SlackApiError) as error:
            await self._take_back(web, place, stamps)
            if isinstance(error, PlaceGone) and place.direct:
                raise PlaceGone(BETWEEN_PEOPLE) from error
            raise
        for file in reply.files:
            await self._attach(web, place, file)
        for image in answers.images(reply):
            await self._follow(web, place, image)
        return MessageRef(there, ",".join(stamps)) if stamps else None

    async def edit(self, ref: MessageRef, reply: Reply) -> None:
        """Redraw the posted messages, without changing their number. Raises what `post` raises."""
        workspace, stamps = await self._workspaces.of(ref.place.workspace), ref.id.split(",")
        web, reply = workspace.web, await workspace.people.named(ref.place.workspace, reply)
        for stamp, message in zip(stamps, render.filling(render.messages(reply), len(stamps)), strict=True):
            await web.edit(channel=ref.place.channel, ts=stamp, text=message.text, blocks=message.blocks)

    async def has_channel(self, workspace: str, channel: str) -> bool:  # noqa: ARG002 - a token is its workspace's
        """Tell whether this looks like a channel's id. Slack itself is only asked at the first post."""
        return CHANNEL.fullmatch(channel) is not None

    async def has_role(self, workspace: str, role: str) -> bool:
        """Tell whether the workspace has this user group. Raises what `post` raises."""
        groups = await (await self._web(workspace)).call("usergroups_list")
        return any(group["id"] == role for group in groups.get("usergroups") or ())

    async def role_names(self, workspace: str) -> Mapping[str, str]:
        """Return the user groups' handles by id. Raises what `post` raises."""
        return await (await self._workspaces.of(workspace)).people.handles(workspace)

    async def may_ping(self, place: Place, member: str, role: str) -> bool:
        """Tell whether the member may ping this user group. Raises what `post` raises."""
        people = (await self._workspaces.of(place.workspace)).people
        return await people.may_ping(place.workspace, member, role)

    async def missing_rights(self, place: Place) -> Sequence[str]:
        """Return what keeps the bot from posting in a channel, such as a missing invitation; without a channel, the
        scopes that the token lacks."""
        web = await self._web(place.workspace)
        if place.channel:
            obstacle = (await look_up(web, place.channel)).obstacle
            return [obstacle] if obstacle else []
        headers: Mapping[str, str] = (await web.call("auth_test")).headers
        granted = {scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",")} - {""}
        return [scope for scope in SCOPES if granted and scope not in granted]

    async def tell(self, workspace: str, person: str, reply: Reply) -> bool:
        """Send a direct message. Return False if the member can't be reached."""
        try:
            house = await self._workspaces.of(workspace)
            for message in render.messages(await house.people.named(workspace, reply)):
                await answers.send(house.web, person, "", message)
        except BotError as error:
            logger.warning("can't send a direct message: %s", type(error).__name__)
            return False
        return True

    async def _take_back(self, web: WebApi, place: Place, stamps: list[str]) -> None:
        try:
            for stamp in stamps:
                await web.call("chat_delete", channel=place.channel, ts=stamp)
        except (BotError, SlackApiError) as error:
            logger.warning("can't delete half a post: %s", type(error).__name__)

    async def _attach(self, web: WebApi, place: Place, file: Attachment) -> None:
        try:
            await files.send_file(web, file, place.channel, place.thread)
        except BotError as error:
            logger.warning("can't post a file: %s", type(error).__name__)

    async def _follow(self, web: WebApi, place: Place, image: Image) -> None:
        """Upload a picture and post it in the background when Slack has processed it; the reply already has its
        words."""
        file = await files.upload_picture(web, image)
        if file:
            self._incoming.spawn(self._show_picture(web, place, file, image.alt))

    async def _show_picture(self, web: WebApi, place: Place, file: str, alt: str) -> None:
        if await files.is_ready(web, file):
            await answers.send(web, place.channel, place.thread, render.picture(file, alt))
