"""A small Slack of the project's own, on this machine's loopback: `async with SlackServer(now=…) as server`.

It refuses calls with Slack's error codes and keeps the reasons in `violations`, so that a test fails even if the app
handles the refusal. Nothing leaves the machine, and nothing is stored.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from time import monotonic, time
from typing import Any, Self

from aiohttp import web

from tests.ports import serve
from tests.waits import PATIENCE
from tests.wire.slack import api, body_rules, payloads, written
from tests.wire.slack.api import Call
from tests.wire.slack.errors import SUSPICIOUS, Refused, Violation
from tests.wire.slack.faults import Fault, Faults
from tests.wire.slack.hooks import Hooks, sign
from tests.wire.slack.installs import Installs
from tests.wire.slack.interactions import Ack, Interaction
from tests.wire.slack.limits import RateLimits
from tests.wire.slack.members import Member
from tests.wire.slack.model import APP, BOT, Channel, Ids, Json, Message, Now, Team, User, View
from tests.wire.slack.sockets import Sockets
from tests.wire.slack.uploads import Uploads, is_ready

BOT_TOKEN, APP_TOKEN = "xoxb-local-1", "xapp-local-1"
SECRET = "local-signing-secret"
SCOPES = (
    "commands",
    "app_mentions:read",
    "im:history",
    "chat:write",
    "chat:write.public",
    "channels:read",
    "groups:read",
    "im:read",
    "mpim:read",
    "files:write",
    "files:read",
    "users:read",
    "usergroups:read",
)
UPLOAD_MAX = 10 * 1024 * 1024
OWN_TOKENS = {"apps.connections.open", "oauth.v2.access"}
"""Methods that are called without a workspace's token."""


def real_now() -> datetime:
    return datetime.now(UTC)


class SlackServer:
    """An app, and the workspaces that have installed it.

    `now` decides when triggers and response_urls expire and how many calls fit in a minute; `hurry` says how many times
    faster it runs than the real clock. `patience` is the longest wait for an acknowledgement in real seconds: Slack
    gives 3. `log` gets a line for each event.
    """

    def __init__(
        self,
        *,
        now: Now = real_now,
        port: int = 0,
        hurry: float = 1.0,
        patience: float = 3.0,
        log: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.now = now
        self.log = log
        self.patience = patience
        self.url = ""
        self.new_id = Ids()
        self.faults = Faults()
        self.rate_limits = RateLimits(lambda: now().timestamp(), hurry)
        self.violations: list[Violation] = []
        self.calls: list[Call] = []
        self.sockets = Sockets(log)
        self.uploads = Uploads(self)
        self.hooks = Hooks(time, SECRET, patience=patience)
        self.triggers: dict[str, Interaction] = {}
        self.response_urls: dict[str, Interaction] = {}
        self.installs = Installs(self)
        self.revoked: set[str] = set()
        self.scopes = ",".join(SCOPES)
        """The scopes of the app's tokens, which each response names."""
        self.events = written.SUBSCRIBED
        self.takes_messages = True
        """Whether members can write to the app: its manifest's `messages_tab_read_only_enabled` is false."""
        self.pinged: set[str] = set()
        """The ids of the user groups that the test lets the app ping."""
        self._told_later: set[asyncio.Future[Any]] = set()
        self.teams: dict[str, Team] = {}
        self._barred: dict[tuple[str, str], float] = {}
        self._stamps = count(1)
        self._changed = asyncio.Event()
        self._port = port
        self._runner: web.AppRunner | None = None
        self.team = self.add_team("Tea House", BOT_TOKEN)
        self.main = self.add_channel("main")

    # --- workspaces, channels and people ---

    def add_team(self, name: str, token: str = "") -> Team:
        team = Team(self.new_id("T"), name, token)
        self.teams[team.id] = team
        return team

    def add_channel(self, name: str, team: Team | None = None, *, public: bool = True, bot_in: bool = True) -> Channel:
        """Add a channel, with the bot by default. Everybody is in a public one, and nobody yet in a private one."""
        owner = team or self.team
        members = set(owner.users) if public else set[str]()
        channel = Channel(self.new_id("C"), name, public=public, bot_in=bot_in, members=members)
        owner.channels[channel.id] = channel
        return channel

    def add_conversation(self, kind: str, *people: Member, bot_in: bool = False) -> Channel:
        """Add a conversation of these people: `D` of two, `G` of several. The bot may be in it too."""
        channel = Channel(self.new_id(kind + "9"), "", public=False, bot_in=bot_in, group=kind == "G")
        channel.members.update(one.id for one in people)
        self.team.channels[channel.id] = channel
        return channel

    def member(self, name: str, team: Team | None = None, *, admin: bool = False, owner: bool = False) -> Member:
        """Return the person with this name or id, who is in every public channel. Create them the first time."""
        where = team or self.team
        user = next((user for user in where.users.values() if name in {user.id, user.name}), None)
        if user is None:
            user = User(self.new_id("U"), name, admin, owner)
            where.users[user.id] = user
            for channel in where.channels.values():
                if channel.public:
                    channel.members.add(user.id)
        return Member(self, where, user, next(iter(where.channels.values()), None))

    def convert(self, channel: Channel, *, public: bool) -> None:
        """Make a channel private or public, as an owner does. Its id stays."""
        channel.public = public

    def posted(self, channel: Channel | None = None) -> list[Message]:
        """Return the channel's public messages."""
        place = channel or self.main
        return [message for message in place.messages if not (message.only_for or message.deleted)]

    # --- start and stop ---

    async def start(self) -> None:
        app = web.Application(client_max_size=UPLOAD_MAX)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/respond/{name}", self._respond)
        app.router.add_post("/upload/{team}/{file}", self.uploads.serve)
        app.router.add_get("/link", self.sockets.serve)
        app.router.add_get("/oauth/v2/authorize", self.installs.ask)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        self.url = f"http://127.0.0.1:{await serve(self._runner, self._port)}"

    async def stop(self) -> None:
        self.uploads.stop()
        for telling in self._told_later:
            telling.cancel()
        await self.sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_raised: object) -> None:
        await self.stop()

    @property
    def base_url(self) -> str:
        """The address for AsyncWebClient."""
        return f"{self.url}/api/"

    # --- observations for tests ---

    def happened(self, line: str) -> None:
        self.log(line)
        self._changed.set()

    async def until(self, there: Callable[[], bool], *, patience: float = PATIENCE) -> None:
        """Wait until `there` is true, checking again whenever something happens. Raises TimeoutError."""
        async with asyncio.timeout(patience):
            while not there():
                self._changed.clear()
                await self._changed.wait()

    def forgive(self, error: str) -> list[Violation]:
        """Remove and return the violations with this error, for a test that intends them."""
        matches = [violation for violation in self.violations if violation.error == error]
        self.violations = [violation for violation in self.violations if violation.error != error]
        return matches

    def called(self, method: str, error: str | None = "") -> list[Call]:
        """Return the calls of a method with this error; with None, all of them."""
        return [call for call in self.calls if call.method == method and error in {None, call.error}]

    def violated(self, method: str, error: str, detail: str = "") -> None:
        self.violations.append(Violation(method, error, detail))
        self.log(f"! {self.violations[-1]}")

    # --- the Web API ---

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        body = await request.json() if request.content_type == "application/json" else dict(await request.post())
        args = api.arguments(request.query, body)
        token = api.credentials(request.headers.get("Authorization", ""), args)
        call = Call(method, args, token, self.team, self.now().timestamp())
        self.calls.append(call)
        fault = self.faults.take(method)
        if fault is not None and fault.hang:
            self._changed.set()
            await asyncio.Event().wait()
        try:
            call.answer = {"ok": True, **self._answer(call, fault)}
        except Refused as refused:
            self._note(call, refused, fault)
        if fault is not None and fault.hang_up and request.transport is not None:
            request.transport.abort()
        elif fault is not None and fault.status >= 500:
            call.status, call.error = fault.status, call.error or "lost"
            return web.Response(status=fault.status, text="upstream error")
        headers = {"x-oauth-scopes": self.scopes} if call.answer["ok"] else {}
        if "retry_after" in call.answer:  # S-429
            headers["Retry-After"] = str(call.answer.pop("retry_after"))
        self._changed.set()
        return web.json_response(call.answer, status=call.status, headers=headers)

    def _answer(self, call: Call, fault: Fault | None) -> Json:
        self._heed_retry_after(call)
        if fault is not None and fault.error:
            raise fault.refused
        if fault is not None and not fault.done:
            return {}
        if call.method in api.METHODS or call.method in OWN_TOKENS:
            self._hold(call)
        if call.method in OWN_TOKENS:
            self._count(call)
            return self._open_socket(call) if call.method == "apps.connections.open" else self.installs.exchange(call)
        handler = api.METHODS.get(call.method)
        if handler is None:
            raise Refused("unknown_method")
        call.team = self._authorised(call.token)
        self._count(call)
        api.check_scope(call, frozenset(self.scopes.split(",")))
        return handler(self, call)

    def _hold(self, call: Call) -> None:
        """Check the arguments against the rules. Raises Refused."""
        problems = body_rules.problems(call.method, call.args)
        if problems:
            raise Refused("invalid_arguments", messages=problems)

    def _note(self, call: Call, refused: Refused, fault: Fault | None) -> None:
        call.error, call.answer = refused.name, refused.body
        if refused.retry_after:
            call.status = 429
            call.answer["retry_after"] = refused.retry_after
            self._barred[call.method, repr(sorted(call.args.items()))] = monotonic() + refused.retry_after
        if fault is None:
            self.violated(call.method, refused.name, "; ".join(refused.messages))

    def _heed_retry_after(self, call: Call) -> None:
        """Record a violation if the app repeats a call before Retry-After has passed."""
        until = self._barred.pop((call.method, repr(sorted(call.args.items()))), 0.0)
        if monotonic() < until - 0.05:
            self.violated(call.method, SUSPICIOUS, "called again before Retry-After had passed")

    def _count(self, call: Call) -> None:
        wait = self.rate_limits.wait(call.method, call.team.id, call.get("channel"))
        if wait:
            raise Refused("ratelimited", retry_after=wait)

    def _authorised(self, token: str) -> Team:
        if token in self.revoked:
            raise Refused("token_revoked")
        for team in self.teams.values():
            if token and team.token == token:
                return team
        raise Refused("invalid_auth" if token else "not_authed")

    def _open_socket(self, call: Call) -> Json:
        if call.token in self.revoked or call.token != APP_TOKEN:
            raise Refused("token_revoked" if call.token in self.revoked else "invalid_auth")
        return {"url": f"ws{self.url.removeprefix('http')}/link?ticket={self.sockets.ticket()}&app_id={APP}"}

    # --- messages and views ---

    def blocks(self, call: Call, body: Json, *, public: bool = False) -> list[Json]:
        """Return the blocks of a call if Slack accepts them."""
        blocks = payloads.message(body, lambda file_id: is_ready(call.team, file_id))
        for suspicion in payloads.suspicions(body, public=public, method=call.method, pinged=self.pinged):
            self.violated(call.method, SUSPICIOUS, suspicion)
        return blocks

    def view(self, call: Call, content: Any) -> Json:
        return payloads.view(content, lambda file_id: is_ready(call.team, file_id))

    def new_stamp(self) -> str:
        """Return a new, larger stamp: S-order."""
        return f"{int(self.now().timestamp())}.{next(self._stamps):06d}"

    @property
    def is_listened_to(self) -> bool:
        """Tell whether the app can be reached."""
        return self.sockets.connected or bool(self.hooks.url)

    def later(self, work: asyncio.Future[Any]) -> None:
        """Keep the task that sends an event of Slack's own, until it ends or the server stops."""
        self._told_later.add(work)
        work.add_done_callback(self._told_later.discard)

    def keep(self, channel: Channel, body: Json, blocks: Sequence[Json], *, only_for: str = "") -> Message:
        """Store text and blocks unchanged: S-text, S-blocks, S-verbatim."""
        ts = self.new_stamp()
        message = Message(
            ts,
            channel,
            str(body.get("text") or ""),
            self._with_ids(blocks),
            author=BOT,
            thread_ts=str(body.get("thread_ts") or ""),  # S-thread
            broadcast=payloads.truth(body.get("reply_broadcast")),
            only_for=only_for,
        )
        channel.messages.append(message)
        self.happened(f"message {ts} in {channel.name or channel.id}{f' for {only_for}' if only_for else ''}")
        return message

    def forget(self, interaction: Interaction) -> None:
        """Drop a finished interaction and its private messages, for long runs."""
        for message in interaction.messages:
            if message.only_for:
                message.channel.messages.remove(message)
        self.triggers.pop(interaction.trigger, None)
        self.response_urls.pop(interaction.response_url.rpartition("/")[2], None)

    def say(self, member: Member, text: str, thread_ts: str = "") -> Message:
        """Write a person's message."""
        message = self.keep(member.channel, {"text": text, "thread_ts": thread_ts}, [])
        message.author = member.id
        return message

    def change(self, message: Message, body: Json, blocks: Sequence[Json]) -> None:
        """Edit a message, which keeps its ts. A text without blocks removes the blocks. S-edit, S-edit-bare"""
        if "blocks" in body or "text" in body:
            message.blocks = self._with_ids(blocks)
        message.text = str(body.get("text") or message.text)
        message.edits += 1
        self.happened(f"message {message.ts} is changed")

    def _with_ids(self, blocks: Sequence[Json]) -> list[Json]:
        """Name each unnamed block, as Slack does."""
        return [{"block_id": f"b{number}", **block} for number, block in enumerate(blocks)]

    def open_view(self, team: Team, user: str, content: Json, below: View | None = None) -> View:
        name = self.new_id("V")
        view = View(
            name, user, {**content, "blocks": self._with_ids(content["blocks"])}, "h1", below.root if below else name
        )
        if below is None:
            self.close_views(team, user)
        else:
            view.previous = below.id
        team.views[name] = view
        self.happened(f"view {name} is open for {user}")
        return view

    def change_view(self, view: View, content: Json) -> None:
        view.content = {**content, "blocks": self._with_ids(content["blocks"])}
        view.hash = f"h{int(view.hash[1:]) + 1}"
        self.happened(f"view {view.id} is changed")

    def publish(self, team: Team, user: str, content: Json) -> View:
        old = team.homes.get(user)
        if old is None:
            name = self.new_id("V")
            old = team.homes[user] = View(name, user, {}, "h0", name)
        self.change_view(old, content)
        return old

    def stack(self, team: Team, user: str) -> list[View]:
        """Return this person's open modals, the topmost last."""
        return [view for view in team.views.values() if view.user == user]

    def close_views(self, team: Team, user: str) -> None:
        for view in self.stack(team, user):
            del team.views[view.id]

    # --- effects of actions ---

    async def _respond(self, request: web.Request) -> web.Response:
        """Answer a response_url. It needs no token, and its errors have status 404 (java-slack-sdk#1349)."""
        body = await request.json()
        source = self.response_urls.get(request.match_info["name"])
        call = Call("respond", body, "", source.team if source else self.team, self.now().timestamp())
        self.calls.append(call)
        fault = self.faults.take("respond")
        try:
            if fault is None or fault.done:
                self._deliver_response(call, source)
            if fault is not None:
                raise fault.refused
        except Refused as refused:
            self._note(call, refused, fault)
            if fault is not None and fault.hang_up and request.transport is not None:
                request.transport.abort()
            status = fault.status if fault and fault.status >= 400 else 404
            return web.json_response(refused.body, status=status)
        return web.Response(text="ok")

    def _deliver_response(self, call: Call, source: Interaction | None) -> None:
        if source is None or source.channel is None:
            raise Refused("invalid_url")
        source.use_url(self.now())
        self._hold(call)
        body, origin = call.args, source.origin
        public = body.get("response_type") == "in_channel"
        if origin is not None and body.get("delete_original"):
            origin.deleted = True
        elif origin is not None and body.get("replace_original"):  # S-replace
            self.change(origin, body, self._responded(call, public=not origin.only_for))
            source.messages.append(origin)
        else:
            blocks = self._responded(call, public=public)
            source.messages.append(self.keep(source.channel, body, blocks, only_for="" if public else source.user.id))
        source.happened.set()

    def _responded(self, call: Call, *, public: bool) -> list[Json]:
        """Apply the limits of a post, except that of all text together (bolt-js#2867)."""
        try:
            return self.blocks(call, call.args, public=public)
        except Refused as refused:
            if refused.name != "msg_blocks_too_long":
                raise
            return list(call.args["blocks"])

    def interaction(self, kind: str, member: Member, channel: Channel | None, **more: Any) -> Interaction:
        trigger, name = self.new_id("1.2.t"), secrets.token_hex(6)
        made_at, url = self.now() - self.faults.under_way, f"{self.url}/respond/{name}"
        interaction = Interaction(kind, member.team, member.user, channel, made_at, trigger, url, **more)
        self.triggers[trigger] = self.response_urls[name] = interaction
        return interaction

    async def deliver(self, kind: str, payload: Json, *, answerable: bool = True, more: Json | None = None) -> Ack:
        """Deliver over a socket if one is open, else to the app's address.

        Records a violation if the app doesn't acknowledge in time, unless the connection broke meanwhile.
        """
        self.log(f"→ {kind} {payload.get('type') or payload.get('command')}")
        try:
            ack = await self._hand_over(kind, payload, answerable=answerable, more=more)
        except ConnectionError as error:
            return Ack(0, str(error))
        except TimeoutError:
            ack = Ack(0)
        if not ack.ok:
            self.violated(kind, "not_acknowledged", f"{ack.status} {ack.payload or ''}")
        elif problems := body_rules.ack_problems(ack.payload):
            self.violated(kind, "invalid_acknowledgement", "; ".join(problems))
        return ack

    async def _hand_over(self, kind: str, payload: Json, *, answerable: bool, more: Json | None) -> Ack:
        if self.faults.is_lost(kind):
            raise ConnectionResetError("lost on the way")
        if not self.sockets.connected and self.hooks.url:
            return await self.hooks.deliver(kind, payload, retry=(more or {}).get("retry_attempt", 0))
        acknowledged = await self.sockets.send(kind, payload, answerable=answerable, more=more)
        return await asyncio.wait_for(acknowledged, self.patience)

    def signature(self, body: str) -> str:
        """Sign the body at the current time."""
        return sign(SECRET, int(self.hooks.seconds()), body)

    # --- events ---

    async def event(self, team: Team, event: Json, *, retry: int = 0, event_id: str = "") -> Ack:
        """Send an event that the app has subscribed to. `retry` numbers a repetition, which has its old `event_id`."""
        seconds = int(self.now().timestamp())
        payload = {
            "token": "verification",
            "team_id": team.id,
            "api_app_id": APP,
            "type": "event_callback",
            "event_id": event_id or self.new_id("Ev"),
            "event_time": seconds,
            "event": {"event_ts": f"{seconds}.000000", **event},
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": team.id,
                    "user_id": BOT,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
        }
        more = {"retry_attempt": retry, "retry_reason": "timeout" if retry else ""}
        return await self.deliver("events_api", payload, answerable=False, more=more)

    async def uninstall(self, team: Team | None = None) -> Ack:
        """Remove the app, as an admin does. Slack revokes its token before it tells the app."""
        gone = team or self.team
        tokens = {"tokens": {"oauth": [], "bot": [BOT]}}
        self.revoked.add(gone.token)
        await self.event(gone, {"type": "tokens_revoked", **tokens})
        return await self.event(gone, {"type": "app_uninstalled"})

    def allow(self, team: Team) -> str:
        """Approve the app for the workspace, and return the code that the browser takes to it."""
        return self.installs.allow(team)
