"""Run Parley as a whole on the local Discord: the real library, the real instance, SQLite, and clocks that stand
still."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from adapters.discord.client import ParleyClient
from adapters.discord.running import DiscordService, RunningClient
from bot.chat.markup import text
from bot.chat.vocabulary import Card, Outcome
from bot.communities import repository as communities
from bot.dispatch.declare import ActionHandler, Command, Context
from bot.instance import Instance
from bot.polls import repository as polls
from bot.settings.model import Shards
from tests.wire.discord import DiscordServer, Interaction, Member, Message, impatient, pointed_at
from tests.world import CONTENT, Clock, running

QUESTION = "Which tea?"
TEAS = ("Green", "Black", "Oolong")
HURRY = 25.0
"""How many times shorter the server's rate-limit windows are than Discord's."""


@dataclass(slots=True)
class World:
    """A community with Parley. The server has its own clock, so that Parley's pauses age no token."""

    server: DiscordServer
    instance: Instance
    client: ParleyClient
    clock: Clock

    def forward(self, **span: float) -> None:
        """Let time pass for Parley and for Discord."""
        self.clock.forward(**span)
        cast("Clock", self.server.now).forward(**span)

    async def poll(self, host: Member, **options: Any) -> Message:
        """Open a poll as the host, and return its public message."""
        before = len(self.server.posted(host.channel))
        await host.slash("poll create", post=True, question=QUESTION, options=" | ".join(TEAS), **options)
        return self.server.posted(host.channel)[before]

    async def quiet(self) -> None:
        """Wait until every copy of every poll is up to date."""
        await self.instance.copies.drain()

    async def answered(self) -> None:
        """Wait until all members have their whole answers. Parley answers nobody after that."""
        await self.client._responder.drain(HURRY)

    async def tally(self, poll: str = "p1") -> dict[str, int]:
        """Return the stored ballots by option."""
        counts = await self.instance.database.read(lambda tx: polls.choice_counts(tx, poll))
        return {TEAS[int(choice)]: count for choice, count in counts.items()}

    def edits(self, message: Message, *, refused: bool = False) -> int:
        """Count the edits of the message; with `refused`, only those that failed."""
        edits = [call for call in self.server.calls if call.method == "PATCH" and call.path.endswith(message.id)]
        return sum(call.status >= 400 or not refused for call in edits)

    @contextmanager
    def slow(self, command: str = "", *, action: str = "") -> Iterator[asyncio.Event]:
        """Let the command's or the action's handler wait for the event before it does anything."""
        registry, gate = self.instance.bot.registry, asyncio.Event()
        declared = cast("dict[str, Command | ActionHandler]", registry.actions if action else registry.commands)
        usual = declared[action or command]

        async def handler(ctx: Context, *args: Any, **options: Any) -> Outcome:
            await gate.wait()
            return await usual.handler(ctx, *args, **options)

        declared[action or command] = replace(usual, handler=handler)
        try:
            yield gate
        finally:
            declared[action or command] = usual

    @contextmanager
    def long(self, command: str) -> Iterator[None]:
        """Make the command's answer so long that it takes two messages."""
        commands = cast("dict[str, Command]", self.instance.bot.registry.commands)
        usual = commands[command]

        async def handler(ctx: Context, *args: Any, **options: Any) -> Outcome:
            outcome = await usual.handler(ctx, *args, **options)
            assert outcome.answer is not None
            cards = (*outcome.answer.cards, Card(title="And on", body=text("tea " * 970)))
            return replace(outcome, answer=replace(outcome.answer, cards=cards))

        commands[command] = replace(usual, handler=handler)
        try:
            yield
        finally:
            commands[command] = usual


def shown_once(answer: Interaction) -> bool:
    """Tell whether the member saw one answer, privately."""
    return len(answer.messages) == 1 and answer.private


def words(message: Message) -> str:
    """Return the message's text without its asterisks."""
    return message.text.replace("*", "")


def direct_messages(server: DiscordServer, member: Member) -> list[Message]:
    """Return the bot's direct messages to one member."""
    return [
        message
        for channel in server.channels.values()
        if channel.recipient is member.user
        for message in channel.posted()
    ]


def bugs(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the messages of logged errors. In these tests, any logged error is a bug."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def invalid(server: DiscordServer) -> int:
    """Count the calls that Discord counts as invalid: 10,000 in 10 minutes ban the address."""
    return sum(server.answers(status).total() for status in (401, 403, 429))


def new_server() -> DiscordServer:
    """Make a server with rate limits that don't slow a test down."""
    server = DiscordServer(now=Clock())
    server.rate_limits.hurry(HURRY)
    return server


@asynccontextmanager
async def discord_world(folder: Path, *, content: Path = CONTENT, patience: float = 1.5) -> AsyncIterator[World]:
    """Run Parley on a server. At the end, check that Discord would have refused nothing.

    `patience` is the real seconds before Parley defers.
    """
    async with new_server() as server:
        async with parley(server, folder, content=content, patience=patience) as world:
            yield world
        assert server.violations == []


@asynccontextmanager
async def parley(
    server: DiscordServer, folder: Path, *, clock: Clock | None = None, content: Path = CONTENT, patience: float = 1.5
) -> AsyncIterator[World]:
    """Run Parley on a running server. To enter it again is to restart Parley."""
    clock = clock or Clock()
    with pointed_at(server.url, server.gateway_url), impatient():
        async with (
            running(folder, clock=clock, content=content) as instance,
            connected(instance, server, clock, patience) as client,
        ):
            await instance.start()
            yield World(server, instance, client, clock)


@asynccontextmanager
async def connected(
    instance: Instance, server: DiscordServer, clock: Clock, patience: float
) -> AsyncIterator[ParleyClient]:
    client = ParleyClient(instance.bot, clock=clock, offered=None, patience=patience)
    client._connection.guild_ready_timeout = 0.05  # the library waits this long after each community that it learns of
    started = asyncio.create_task(client.start(server.token))
    try:
        await server.until(lambda: started.done() or client.is_ready())
        if started.done():
            started.result()
        yield client
    finally:
        await client.close()
        with suppress(asyncio.CancelledError):
            await started


@dataclass(slots=True)
class Served:
    """An instance with Discord as a service, as in `parley run`."""

    instance: Instance
    task: asyncio.Task[None]
    clock: Clock

    @property
    def client(self) -> RunningClient:
        return cast("RunningClient", self.instance.platforms["discord"])

    @property
    def there(self) -> bool:
        client = self.instance.platforms.get("discord")
        return isinstance(client, RunningClient) and client.is_ready()

    async def removals(self) -> list[str]:
        """Return the stored communities that have removed the bot."""
        self.clock.forward(seconds=1)
        return await self.instance.database.read(lambda tx: communities.left_before(tx, self.clock()))

    async def states(self) -> list[str]:
        """Return the state of each poll."""
        return [str(poll.state) for poll in await self.instance.database.read(polls.all_polls)]


@asynccontextmanager
async def served(
    server: DiscordServer,
    folder: Path,
    *,
    shards: str = "",
    wait: bool = True,
    clock: Clock | None = None,
    url: str = "",
    guild_ready_timeout: float = 0.05,
) -> AsyncIterator[Served]:
    """Run Discord as a service. To enter it again is to restart Parley.

    `guild_ready_timeout` is the library's wait for each server, in seconds.
    """
    clock = clock or Clock()
    with pointed_at(server.url, server.gateway_url), impatient():
        async with running(folder, clock=clock, url=url) as instance:
            service = DiscordService(
                instance, server.token, clock, shards=Shards.of(shards), guild_ready_timeout=guild_ready_timeout
            )
            world = Served(instance, asyncio.create_task(service.run()), clock)
            try:
                if wait:
                    await server.until(lambda: world.there)
                    await asyncio.sleep(0.1)  # for the work that follows readiness, since nothing reports its end
                yield world
            finally:
                world.task.cancel()
                await asyncio.gather(world.task, return_exceptions=True)


def count_syncs(server: DiscordServer) -> int:
    """Count the registrations of commands."""
    return sum(call.method == "PUT" and call.path.endswith("/commands") for call in server.calls)
