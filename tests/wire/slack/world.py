"""Run Parley as a whole on the local Slack: the real library, the real instance, SQLite, and clocks that stand
still."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from time import monotonic

import pytest
from aiohttp import web

from adapters.slack.app import SlackChat
from adapters.slack.installations import Installations, States
from adapters.slack.oauth import INSTALL, REDIRECT, OAuth
from adapters.slack.socket_mode import Pace
from bot.chat.platform import Platform
from bot.chat.vocabulary import MessageRef, Place, Reply
from bot.instance import Instance
from bot.polls import repository as polls
from tests.ports import serve
from tests.wire.slack.api import Call
from tests.wire.slack.hooks import PATH
from tests.wire.slack.installs import CLIENT_ID, CLIENT_SECRET
from tests.wire.slack.interactions import Interaction
from tests.wire.slack.members import Member
from tests.wire.slack.model import Message
from tests.wire.slack.server import APP_TOKEN, BOT_TOKEN, SECRET, SlackServer
from tests.world import CONTENT, Clock, running

QUESTION = "Which tea?"
TEAS = ("Green", "Black", "Oolong")
MINUTE = 60.0
VOTED = ("Your vote is counted", "Your vote stands as it was")


@dataclass(slots=True)
class World:
    """A workspace with Parley. The server has its own clock, so that Parley's pauses age no trigger."""

    server: SlackServer
    instance: Instance
    chat: SlackChat
    clock: Clock

    async def poll(self, host: Member, **options: str) -> Message:
        """Open a poll as the host, and return its public message."""
        before = len(self.server.posted(host.channel))
        more = " ".join(f"{name}:{value}" for name, value in options.items())
        await host.command(f'/parley poll create post:yes question:"{QUESTION}" options:"{" | ".join(TEAS)}" {more}')
        return self.server.posted(host.channel)[before]

    @property
    def install_page(self) -> str:
        return self.server.hooks.url.removesuffix(PATH) + INSTALL

    async def quiet(self) -> None:
        """Wait until every copy of every poll is up to date."""
        await self.instance.copies.drain()

    async def tally(self, poll: str = "p1") -> dict[str, int]:
        """Return the stored ballots by option."""
        counts = await self.instance.database.read(lambda tx: polls.choice_counts(tx, poll))
        return {TEAS[int(choice)]: count for choice, count in counts.items()}

    def members(self, count: int) -> list[Member]:
        return [self.server.member(f"Voter{number}") for number in range(count)]


class Hurried(Clock):
    """A clock that runs `factor` times faster than the real one, for tests of work that takes minutes."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor
        self._began = monotonic()

    def __call__(self) -> datetime:
        return self.now + timedelta(seconds=(monotonic() - self._began) * self.factor)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.factor)


class Patient(Clock):
    """A clock that wakes its sleepers in the order of time, and stands while a message is being edited.

    So an edit arrives at the second when it was allowed, even on a busy machine.
    """

    def __init__(self) -> None:
        super().__init__()
        self.editing = 0
        self._numbers = count()
        self._sleepers: list[tuple[datetime, int]] = []
        self._changed = asyncio.Condition()

    async def sleep(self, seconds: float) -> None:
        mine = (self.now + timedelta(seconds=seconds), next(self._numbers))
        self._sleepers.append(mine)
        try:
            async with self._changed:
                self._changed.notify_all()
                await self._changed.wait_for(lambda: not self.editing and min(self._sleepers) == mine)
                self.now = max(self.now, mine[0])
        finally:
            self._sleepers.remove(mine)
            await self.look()

    async def look(self) -> None:
        async with self._changed:
            self._changed.notify_all()


class Edited:
    """A platform whose edits stop the clock."""

    def __init__(self, platform: Platform, clock: Patient) -> None:
        self.name, self.limits = platform.name, platform.limits
        self.platform, self.clock = platform, clock

    async def post(self, place: Place, reply: Reply) -> MessageRef | None:
        return await self.platform.post(place, reply)

    async def edit(self, ref: MessageRef, reply: Reply) -> None:
        self.clock.editing += 1
        try:
            await self.platform.edit(ref, reply)
        finally:
            self.clock.editing -= 1
            await self.clock.look()

    async def has_channel(self, workspace: str, channel: str) -> bool:
        return await self.platform.has_channel(workspace, channel)

    async def has_role(self, workspace: str, role: str) -> bool:
        return await self.platform.has_role(workspace, role)


IMPATIENT = Pace(ping=1.5, look=0.05, pause=0.05, longest_pause=0.2)
"""Short intervals for a socket that falls silent: Parley notices the silence after half a ping."""


def counted(answer: Interaction) -> bool:
    """Tell whether the member got one private answer, which says that the vote counts."""
    return len(answer.messages) == 1 and answer.private and answer.text.startswith(VOTED)


def awaits(what: str) -> pytest.MarkDecorator:
    """Mark a rule that Parley on Slack can't keep yet. A test that passes with the mark fails, so that someone removes
    the mark."""
    return pytest.mark.xfail(reason=f"Parley on Slack has no {what} yet", strict=True)


def bugs(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def busiest_minute(calls: Sequence[Call]) -> int:
    """Return the most calls within any 60 seconds of the limits' clock."""
    return max((sum(one.at <= other.at < one.at + MINUTE for other in calls) for one in calls), default=0)


def votes(voters: Sequence[Member], poll: Message) -> list[asyncio.Task[Interaction]]:
    """Let all voters press a button at once: the first votes for Green, the second for Black, …"""
    return [asyncio.create_task(voter.press(poll, TEAS[number % 3])) for number, voter in enumerate(voters)]


def new_server() -> SlackServer:
    """Make a server that waits for acknowledgements as long as a busy machine may take."""
    return SlackServer(now=Clock(), patience=30.0)


@asynccontextmanager
async def slack_world(
    folder: Path,
    *,
    clock: Clock | None = None,
    content: Path = CONTENT,
    http: bool = False,
    several: bool = False,
    pace: Pace | None = None,
) -> AsyncIterator[World]:
    """Run Parley on a server. At the end, check that it broke no rule and acknowledged no unknown envelope."""
    async with new_server() as server:
        async with parley(server, folder, clock=clock, content=content, http=http, several=several, pace=pace) as world:
            yield world
        assert server.violations == []
        assert server.sockets.unknown == []


@asynccontextmanager
async def parley(
    server: SlackServer,
    folder: Path,
    *,
    clock: Clock | None = None,
    content: Path = CONTENT,
    http: bool = False,
    several: bool = False,
    pace: Pace | None = None,
) -> AsyncIterator[World]:
    """Run Parley on a running server. To enter it again is to restart Parley. Rate limits follow Parley's clock.

    With `several`, workspaces install the app, and none has it at first.
    """
    clock = clock or Clock()
    async with (
        running(folder, clock=clock, content=content) as instance,
        connected(instance, server, clock, http=http, several=several, pace=pace) as chat,
    ):
        await instance.start()
        yield World(server, instance, chat, clock)


def installing(instance: Instance, clock: Clock) -> OAuth:
    """Return the app's OAuth, with its id and secret, over the instance's database."""
    stored = Installations(instance.database, instance.keys, clock)
    return OAuth(CLIENT_ID, CLIENT_SECRET, stored, States(instance.database, instance.keys, clock))


@asynccontextmanager
async def connected(
    instance: Instance,
    server: SlackServer,
    clock: Clock,
    *,
    http: bool = False,
    several: bool = False,
    pace: Pace | None = None,
) -> AsyncIterator[SlackChat]:
    """Connect the adapter to the server."""
    server.rate_limits.seconds = lambda: clock().timestamp()
    server.rate_limits.hurry = clock.factor if isinstance(clock, Hurried) else 1.0
    chat = SlackChat(
        instance.bot,
        clock=clock,
        token=BOT_TOKEN,
        oauth=installing(instance, clock) if several else None,
        signing_secret=SECRET if http else None,
        base_url=server.base_url,
        privacy=instance.privacy,
        pace=pace,
    )
    opened = server.sockets.opened
    await chat.start(None if http else APP_TOKEN)
    try:
        async with listening(server, chat, http=http or several):
            if not http:
                await server.sockets.ready(opened + 1)
            yield chat
    finally:
        await chat.stop()


@asynccontextmanager
async def listening(server: SlackServer, chat: SlackChat, *, http: bool) -> AsyncIterator[None]:
    """Serve the app's address, if it has one."""
    if not http:
        yield
        return
    runner = web.AppRunner(chat.app.entrance(), access_log=None)
    await runner.setup()
    port = await serve(runner)
    server.hooks.url = f"http://127.0.0.1:{port}{PATH}"
    server.installs.redirect_url = f"http://127.0.0.1:{port}{REDIRECT}"
    try:
        yield
    finally:
        await runner.cleanup()
