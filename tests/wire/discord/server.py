"""A small Discord of the project's own, on this machine's loopback: `async with DiscordServer(now=…) as server`.

What it refuses, it refuses as Discord does, and it keeps the reasons in `violations`, so that a test fails even
where the bot took the refusal in its stride. Nothing leaves the machine and nothing is kept.
"""

from __future__ import annotations

import json
import random
from collections import Counter, deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from aiohttp import web

from tests.waits import until
from tests.wire.discord import errors, rest
from tests.wire.discord.answers import interaction_json
from tests.wire.discord.calls import PREFIX, Called
from tests.wire.discord.faults import Faults, RateLimits
from tests.wire.discord.gateway import Gateway, Session
from tests.wire.discord.interactions import Interaction
from tests.wire.discord.members import Member
from tests.wire.discord.model import (
    BOT_PERMISSIONS,
    FORUM,
    PUBLIC_THREAD,
    TEXT,
    Channel,
    Guild,
    Ids,
    Json,
    Message,
    Now,
    User,
)
from tests.wire.discord.validation import SPEC, Validator

TOKEN = "MTE.local.discord"
PORTS = range(20_000, 32_000)
UPLOAD_MAX = 10 * 1024 * 1024


def real_now() -> datetime:
    return datetime.now(UTC)


class DiscordServer:
    """One application, its bot, and the communities in which the bot is.

    `now` decides when tokens expire and messages are old; rate limits run in real time. `log` gets a line for each
    thing that happens. `validate=False` leaves out the checks of bodies, and `remember` keeps only so many of the last
    calls: both for measuring.
    """

    def __init__(
        self,
        *,
        now: Now = real_now,
        port: int = 0,
        token: str = TOKEN,
        spec: Path | None = SPEC,
        validate: bool = True,
        remember: int | None = None,
        log: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.now = now
        self.log = log
        self.token = token
        self.new_id = Ids(now)
        self.faults = Faults()
        self.rate_limits = RateLimits()
        self.validator = Validator(spec) if validate else None
        self.violations: list[str] = []
        self.calls: deque[Called] = deque(maxlen=remember)
        self.application = self.new_id()
        self.bot = User(self.application, "Parley", bot=True)
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        self.people: dict[str, User] = {self.bot.id: self.bot}
        self.interactions: dict[str, Interaction] = {}
        self.commands: dict[str, list[Json]] = {"": []}
        """By guild's id; those of all guilds under the empty one."""
        self.nonces: dict[tuple[str, str], Message] = {}
        self.uploads: dict[str, bytes] = {}
        self.gateway = Gateway(self)
        self.proposed_shards = 1
        self.upload_max = UPLOAD_MAX
        """Bytes of a file. Larger ones are refused with 413, as a server of Discord's own limits would."""
        self.revoked = False
        self._down = False
        self._port = port
        self._runner: web.AppRunner | None = None
        self.guild = self.add_guild("Tea House")
        self.main = self.add_channel("main")

    # --- its world ---

    def add_guild(self, name: str) -> Guild:
        guild = Guild(self.new_id(), name, self.new_id())
        self.guilds[guild.id] = guild
        self.gateway.dispatch("GUILD_CREATE", guild.json(self.bot, self.now()), guild.id)
        return guild

    def add_channel(self, name: str, guild: Guild | None = None, *, kind: int = TEXT) -> Channel:
        owner = guild or self.guild
        channel = Channel(self.new_id(), name, owner, kind)
        owner.channels[channel.id] = self.channels[channel.id] = channel
        self.gateway.dispatch("CHANNEL_CREATE", channel.json(), owner.id)
        return channel

    def add_forum(self, name: str) -> Channel:
        return self.add_channel(name, kind=FORUM)

    def add_thread(self, name: str, parent: Channel, *, owner: User | None = None) -> Channel:
        """A thread of a channel, or a post of a forum, made by whoever owns it."""
        thread = Channel(self.new_id(), name, parent.guild, PUBLIC_THREAD, parent, owner=owner)
        if parent.kind == FORUM:
            parent.newest = thread.id
        assert parent.guild is not None
        parent.guild.channels[thread.id] = self.channels[thread.id] = thread
        self.gateway.dispatch("THREAD_CREATE", {**thread.json(), "newly_created": True}, parent.guild.id)
        return thread

    def archive(self, thread: Channel, *, archived: bool = True, locked: bool = False) -> None:
        """As Discord does after a while without talk; a moderator can lock it as well."""
        thread.archived, thread.locked = archived, locked
        assert thread.guild is not None
        self.gateway.dispatch("THREAD_UPDATE", thread.json(), thread.guild.id)

    def member(
        self,
        name: str,
        *,
        channel: Channel | None = None,
        roles: Iterable[str] = (),
        moderator: bool = False,
        joined: datetime | None = None,
        locale: str = "en-US",
    ) -> Member:
        """A person who has just come, in the main channel unless another is named."""
        place = channel or self.main
        guild = place.guild or self.guild
        user = User(self.new_id(), name)
        self.people[user.id] = user
        guild.members += 1
        since = joined or self.now() - timedelta(days=30)
        return Member(self, user, guild, place, since, tuple(roles), moderator, locale)

    def forbid(self, channel: Channel, permissions: int = BOT_PERMISSIONS) -> None:
        """Takes permissions of the bot away in a channel: all, unless some are named."""
        channel.permissions &= ~permissions

    def delete_channel(self, channel: Channel) -> None:
        channel.gone = True
        name = "THREAD_DELETE" if channel.kind == PUBLIC_THREAD else "CHANNEL_DELETE"
        self.gateway.dispatch(name, channel.json(), channel.guild.id if channel.guild else None)

    def delete_message(self, message: Message) -> None:
        """As a moderator does by hand."""
        message.deleted = True
        self.tell("DELETE", message)

    def tell(self, what: str, message: Message) -> None:
        """The event about a message, to those who asked for such events."""
        if message.only_for is not None:
            return
        guild = message.channel.guild
        place = {"id": message.id, "channel_id": message.channel.id}
        event = f"MESSAGE_{what}" if guild else f"DIRECT_MESSAGE_{what}"
        body = place if what == "DELETE" else message.json()
        self.gateway.dispatch(event, {**body, **({"guild_id": guild.id} if guild else {})}, guild.id if guild else None)

    # --- what goes wrong ---

    def outage(self) -> None:
        """Discord is down: connections break, and every call ends with 503."""
        self._down = True
        self.gateway.drop()

    def back(self, *, resumable: bool = True) -> None:
        """Discord is up again; the sessions are still known, or not."""
        self._down = False
        if not resumable:
            self.gateway.forget()

    async def revoke_token(self) -> None:
        """The token is worth nothing any more: 401, and the gateway closes with 4004."""
        self.revoked = True
        await self.gateway.close(4004)

    def unreachable(self) -> bool:
        return self._down

    def expire_unanswered(self) -> list[Interaction]:
        """Three seconds have passed for all who wait for a first answer: they are told that it failed."""
        late = [interaction for interaction in self.interactions.values() if interaction.answered is None]
        for interaction in late:
            interaction.give_up()
        return late

    # --- what members do ---

    def offered(self, name: str, kind: int, guild: Guild) -> Json | None:
        """The command that Discord's client shows under this name."""
        shown: list[Json] = [*self.commands.get(guild.id, ()), *self.commands[""]]
        for command in shown:
            if command["name"] == name and command.get("type", 1) == kind:
                return command
        return None

    def interact(self, member: Member, kind: int, data: Json, channel: Channel, origin: Message | None) -> Interaction:
        token = f"{random.getrandbits(160):040x}"
        interaction = Interaction(self.new_id(), token, kind, member, channel, data, self.now(), origin)
        self.interactions[token] = interaction
        self.replay(interaction)
        return interaction

    def replay(self, interaction: Interaction) -> None:
        """Passes it on to the bot: a second time, as after a connection that broke at the wrong moment."""
        guild = interaction.channel.guild.id if interaction.channel.guild else None
        self.gateway.dispatch("INTERACTION_CREATE", interaction_json(self, interaction), guild)

    def forget(self, interaction: Interaction) -> None:
        """Drops an interaction that is over, and what was shown to one person alone: for long runs."""
        self.interactions.pop(interaction.token, None)
        interaction.member.done.clear()
        for message in (interaction.original, *interaction.followups):
            if message is not None and message.only_for is not None:
                message.channel.messages.pop(message.id, None)

    # --- what a test looks at ---

    def posted(self, channel: Channel | None = None) -> list[Message]:
        """What everybody sees in a channel, oldest first."""
        return (channel or self.main).posted()

    def answers(self, status: int | None = None) -> Counter[str]:
        """How many calls there were of each route, of one status or of any."""
        return Counter(f"{c.method} {c.template}" for c in self.calls if status in {None, c.status})

    async def until(self, holds: Callable[[], object], patience: float = 20.0) -> None:
        """Waits for something to be so. Raises TimeoutError where it never is."""
        await until(holds, patience)

    # --- what the gateway asks ---

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}{PREFIX}"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self._port}/gateway/"

    def knows(self, token: str) -> bool:
        return not self.revoked and token == self.token

    def ready(self, session: Session) -> Json:
        return {
            "v": 10,
            "user": self.bot.json(),
            "guilds": [{"id": guild["id"], "unavailable": True} for guild in self.guilds_of(session.shard)],
            "session_id": session.id,
            "resume_gateway_url": self.gateway_url,
            "shard": list(session.shard),
            "application": {"id": self.application, "flags": 0},
        }

    def guilds_of(self, shard: tuple[int, int]) -> Iterable[Json]:
        number, shards = shard
        mine = (guild for guild in self.guilds.values() if (int(guild.id) >> 22) % shards == number)
        return [guild.json(self.bot, self.now()) for guild in mine]

    # --- running ---

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listens on the given port, or on a free one."""
        app = rest.application(self)
        app.router.add_get("/gateway/", self.gateway.serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        for port in [self._port] if self._port else random.sample(PORTS, 50):
            with suppress(OSError):
                await web.TCPSite(self._runner, "127.0.0.1", port).start()
                self._port = port
                return
        raise OSError(f"port {self._port or f'{PORTS.start} to {PORTS.stop}'} is taken")

    async def stop(self) -> None:
        self.gateway.drop()
        if self._runner is not None:
            await self._runner.cleanup()

    def dump(self, body: object) -> bytes:
        return json.dumps(body).encode()

    def check(self, problems: list[str], what: str) -> None:
        """Answers 400 as Discord does, and keeps what was wrong for the test to see."""
        if problems:
            self.violations += [f"{what}: {problem}" for problem in problems]
            self.log(f"refused {what}: {problems}")
            raise errors.invalid_form(problems)
