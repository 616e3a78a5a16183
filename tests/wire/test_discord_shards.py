"""Several processes on one PostgreSQL database are one bot, each with some of the connections to Discord."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from bot.chat.vocabulary import Card, Place, Reply
from tests.ports import free_port
from tests.programs import last_words, program
from tests.store.conftest import new_database, server
from tests.store.server import PostgresServer
from tests.waits import PATIENCE
from tests.wire.discord import TOKEN, Channel, DiscordServer, Member, Message
from tests.wire.discord.model import FORUM
from tests.wire.discord_world import QUESTION, TEAS, Served, count_syncs, new_server, served
from tests.world import Clock

__all__ = ["server"]  # the fixture of tests/store, which pytest finds by name

SHARDS = 4
FIRST, SECOND = "0-1/4", "2-3/4"
KEY = base64.urlsafe_b64encode(bytes(32)).decode()
"""The key that both processes share."""


@pytest.fixture
def url(server: PostgresServer) -> str:
    return new_database(server)


@dataclass(frozen=True, slots=True)
class Land:
    """A local Discord with one community for each of four shards."""

    discord: DiscordServer
    squares: list[Channel]
    """The main channel of each community, by its shard."""

    def member(self, name: str, shard: int, **more: Any) -> Member:
        return self.discord.member(name, channel=self.squares[shard], **more)

    async def poll(self, host: Member, **options: Any) -> Message:
        before = len(self.discord.posted(host.channel))
        answer = await host.slash("poll create", post=True, question=QUESTION, options=" | ".join(TEAS), **options)
        assert len(self.discord.posted(host.channel)) > before, answer.text
        return self.discord.posted(host.channel)[before]

    async def spread(self, host: Member, poll: str, *squares: Channel) -> list[Message]:
        """Post the poll in each of these places as its host, who is a moderator there too. Return the copies."""
        copies = []
        for square in squares:
            assert square.guild is not None
            there = Member(self.discord, host.user, square.guild, square, host.joined, moderator=True)
            answer = await there.slash("poll post", poll=poll)
            assert self.discord.posted(square), answer.text
            copies.append(self.discord.posted(square)[-1])
        return copies

    def announced(self) -> list[int]:
        """Return how often Parley announced the result in each community."""
        return [sum("Closed: " in message.text for message in self.discord.posted(square)) for square in self.squares]


@asynccontextmanager
async def land() -> AsyncIterator[Land]:
    async with new_server() as discord:
        discord.guilds.clear()
        squares: dict[int, Channel] = {}
        while len(squares) < SHARDS:
            cast("Clock", discord.now).forward(milliseconds=1)  # a community's shard depends on when it was made
            guild = discord.add_guild(f"Tea House {len(squares)}")
            squares[(int(guild.id) >> 22) % SHARDS] = discord.add_channel("square", guild)
        yield Land(discord, [squares[shard] for shard in range(SHARDS)])
        assert discord.violations == []


def folder(parent: Path, name: str) -> Path:
    """Make a folder for one process, as on a machine of its own. The processes share the database and the key."""
    path = parent / name
    path.mkdir()
    (path / "parley.key").write_text(KEY)
    return path


async def quiet(*processes: Served) -> None:
    for process in processes:
        await process.instance.copies.drain()


async def test_two_processes_are_one_bot(tmp_path: Path, url: str) -> None:
    """Two processes serve one poll: members vote through the process that hears them, and each copy shows the one
    count. Parley announces the close once in each place, and registers its commands once."""
    clock = Clock()
    async with land() as world, AsyncExitStack() as stack:
        first, second = [
            await stack.enter_async_context(
                served(world.discord, folder(tmp_path, name), shards=shards, clock=clock, url=url)
            )
            for name, shards in (("first", FIRST), ("second", SECOND))
        ]
        assert world.discord.gateway.identified == SHARDS
        assert count_syncs(world.discord) == 1
        host = world.member("Host", 0, moderator=True)
        poll = await world.poll(host, results="live", closes="1h")
        copies = [poll, *await world.spread(host, "p1", *world.squares[1:])]
        voters = [world.member(f"V{number}", number % SHARDS) for number in range(24)]
        cast_ = [
            voter.start_click(copies[number % SHARDS], TEAS[number // SHARDS % 3])
            for number, voter in enumerate(voters)
        ]
        for answer in cast_:
            assert "Your vote is counted" in (await answer.member.wait(answer)).text
        await quiet(first, second)
        for copy in copies:
            assert copy.text.replace("*", "").count("8 (33.3%)") == 3
        clock.forward(hours=1)
        await asyncio.gather(*(process.instance.scheduler.run_due() for process in (first, second)))
        await quiet(first, second)
        assert world.announced() == [1] * SHARDS
        assert all("This poll is closed" in copy.text for copy in copies)


async def test_a_process_looks_after_the_places_of_one_that_is_away(tmp_path: Path, url: str) -> None:
    """Posting and editing need no connection to the gateway, so one process serves the places of another that is away:
    channels, an archived thread, a forum. A vote itself says when its member joined."""
    clock = Clock()
    async with land() as world:
        discord = world.discord
        home, away = folder(tmp_path, "first"), folder(tmp_path, "second")
        thread = discord.add_thread("side", world.squares[1])
        forum = discord.add_channel("reports", world.squares[0].guild, kind=FORUM)
        async with served(discord, home, shards=FIRST, clock=clock, url=url):
            host = world.member("Host", 0, moderator=True)
            poll = await world.poll(host, results="live", closes="1h", joined_before=True)
            (in_thread,) = await world.spread(host, "p1", thread)
        discord.archive(thread)
        async with served(discord, away, shards=SECOND, clock=clock, url=url) as second:
            (there,) = await world.spread(host, "p1", world.squares[3])
            assert "Your vote is counted" in (await world.member("V", 3).click(there, "Green")).text
            late = world.member("Late", 3, joined=clock() + timedelta(minutes=1))
            assert "who joined before it opened" in (await late.click(there, "Green")).text
            await quiet(second)
            assert not thread.archived
            assert all("Green ★ 1" in copy.text.replace("*", "") for copy in (poll, in_thread, there))
            clock.forward(hours=1)
            await second.instance.scheduler.run_due()
            await quiet(second)
            assert world.announced() == [1, 0, 0, 1]
            assert "Closed: " in discord.posted(thread)[-1].text
            guild = world.squares[0].guild
            assert guild is not None
            report = await second.client.post(Place("discord", guild.id, forum.id), Reply((Card(title="A report"),)))
            assert report is not None
            await second.client.edit(report, Reply((Card(title="A newer report"),)))
            assert [message.text for message in discord.posted(discord.channels[report.place.thread])] == [
                "### A newer report"
            ]
            assert await second.removals() == []


@pytest.mark.slow
async def test_two_real_processes(tmp_path: Path, url: str) -> None:
    """Two `parley run`, each with its part of `PARLEY_DISCORD_SHARDS`, are one bot until both are terminated."""
    async with land() as world, AsyncExitStack() as stack:
        discord = world.discord
        address = discord.url.removesuffix("/api/v10")
        processes = [
            await stack.enter_async_context(
                program(
                    folder(tmp_path, shards.partition("/")[0]),
                    *("tests.wire.discord.parley", address, "run", "--port", str(free_port())),
                    PARLEY_DISCORD_TOKEN=TOKEN,
                    PARLEY_DISCORD_SHARDS=shards,
                    PARLEY_DATABASE=url,
                    PARLEY_KEY=KEY,
                )
            )
            for shards in (FIRST, SECOND)
        ]
        await discord.until(lambda: discord.gateway.identified == SHARDS and discord.commands[""], PATIENCE)
        host = world.member("Host", 0, moderator=True)
        poll = await world.poll(host, results="live")
        name = next(c["custom_id"].split(":")[2] for c in poll.controls if ":vote:" in c["custom_id"])
        copies = [poll, *await world.spread(host, name, *world.squares[1:])]
        for shard, copy in enumerate(copies):
            assert "Your vote is counted" in (await world.member(f"V{shard}", shard).click(copy, "Green")).text
        await discord.until(lambda: all("4 (100%)" in copy.text for copy in copies), PATIENCE)
        confirmation = await host.slash("poll close", poll=name)
        await host.click(confirmation.message, "Close it and show the result")
        await discord.until(lambda: all(world.announced()), PATIENCE)
        for process in processes:
            process.terminate()
        for process in processes:
            code, output = await last_words(process)
            assert code == 0, output
            assert "Traceback" not in output
        assert world.announced() == [1] * SHARDS
        assert count_syncs(discord) == 1
