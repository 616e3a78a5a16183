"""These tests start and stop Parley's programs as a supervisor does, under load and on an old database."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from asyncio.subprocess import PIPE, STDOUT
from contextlib import closing
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest

from bot.polls import audit
from bot.polls import repository as polls
from bot.polls.poll_secrets import OpenSecrets
from bot.store.keys import load_key
from bot.store.open import open_database
from bot.store.postgres import MIGRATION_LOCK
from tests.faults.crowd import Crowd
from tests.ports import free_port
from tests.programs import program
from tests.store.conftest import server, url
from tests.store.test_upgrade import first_release
from tests.waits import PATIENCE, until
from tests.wire.discord import TOKEN
from tests.wire.discord.interactions import Interaction
from tests.wire.discord_world import new_server

__all__ = ["server", "url"]  # the fixtures of tests/store, which pytest finds by name

STOP_SECONDS = 10
"""Seconds after SIGTERM in which a process must end before its supervisor kills it."""
MEMBERS = 40


def counted(answer: Interaction) -> bool:
    """Return whether Parley told the member that the vote is counted."""
    return any("Your vote is counted" in message.text for message in answer.messages)


def beside_an_open_database(folder: Path) -> list[Path]:
    """Return the files that SQLite keeps beside a database while a process has it open."""
    return list(folder.glob("parley.db-*"))


async def test_sigterm_under_load_loses_nothing(tmp_path: Path, url: str) -> None:
    """Parley ends within ten seconds of SIGTERM, and the record has every vote that it called counted."""
    async with new_server() as discord:
        address = discord.url.removesuffix("/api/v10")
        arguments = ("tests.wire.discord.parley", address, "run", "--port", str(free_port()))
        environment = {"PARLEY_DISCORD_TOKEN": TOKEN, "PARLEY_DATABASE": url}
        async with program(tmp_path, *arguments, **environment) as process:
            await discord.until(lambda: discord.gateway.connected and discord.commands[""], PATIENCE)
            host = discord.member("Host")
            await host.slash("poll create", post=True, question="Which tea?", options="Green | Black", secret=False)
            (posted,) = discord.posted()
            answers = {}
            for number in range(MEMBERS):
                member = discord.member(f"M{number}")
                answers[member.user.id] = member.start_click(posted, "Green" if number % 2 else "Black")
                if number == MEMBERS // 4:
                    await discord.until(lambda: any(counted(each) for each in answers.values()), PATIENCE)
                if number == MEMBERS // 2:
                    process.terminate()
            outputs, _ = await asyncio.wait_for(process.communicate(), STOP_SECONDS)
            assert process.returncode == 0, outputs.decode()
            assert b"Traceback" not in outputs, outputs.decode()
        acknowledged = {member for member, answer in answers.items() if counted(answer)}
    assert len(acknowledged) > MEMBERS // 4
    database = await open_database(url)
    (poll,) = await database.read(polls.all_polls)
    secrets = OpenSecrets(load_key("", tmp_path / "parley.key"))
    record = await database.read(lambda tx: polls.record(tx, poll.id, secrets))
    await database.close()
    assert audit.verify(record) == []
    assert acknowledged <= {row.voter.rpartition(":")[2] for row in record.ballots}


@pytest.mark.parametrize("refused", [{"PARLEY_SLACK_BOT_TOKEN": "xoxb-1"}, {"PARLEY_KEY": "nokey"}])
async def test_a_start_that_is_refused_ends(tmp_path: Path, refused: dict[str, str]) -> None:
    """A process that refuses its settings ends with status 1 and an error in words, and leaves its database closed."""
    environment = {**refused, "PARLEY_DATABASE": f"sqlite:///{tmp_path / 'parley.db'}"}
    async with program(tmp_path, "adapters.cli", "run", "--port", str(free_port()), **environment) as process:
        output, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 1
    assert b"Error: " in output
    assert b"Traceback" not in output
    assert beside_an_open_database(tmp_path) == []


@pytest.mark.slow
async def test_several_starts_upgrade_an_old_database_once(tmp_path: Path, url: str) -> None:
    """If several processes upgrade an old database at once, each succeeds and finds it whole."""
    await first_release(url)
    starts = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "adapters.cli", "db", "upgrade", "--database", url, stdout=PIPE, stderr=STDOUT
        )
        for _ in range(3)
    ]
    outputs = [(await asyncio.wait_for(start.communicate(), PATIENCE))[0].decode() for start in starts]
    assert [start.returncode for start in starts] == [0, 0, 0], outputs
    database = await open_database(url)
    assert await database.check() == []
    await database.close()


async def test_a_start_waits_for_a_migration_on_the_server(crowd: Crowd) -> None:
    """A start waits until another process has finished its migration on the server, and then succeeds."""
    connection = await asyncpg.connect(crowd.url)
    await connection.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
    start = asyncio.create_task(crowd.start("a", members=0))
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    await until(lambda: connection.fetchval(waiting))
    assert not start.done()
    await connection.execute("SELECT pg_advisory_unlock($1)", MIGRATION_LOCK)
    await start
    await connection.close()
    await crowd.stop()


@pytest.mark.slow
async def test_a_start_waits_for_a_migration_of_the_file(tmp_path: Path) -> None:
    """A start waits for a migration of the file, longer than a vote would wait for the lock."""
    url = f"sqlite:///{tmp_path / 'parley.db'}"
    await first_release(url)
    with closing(sqlite3.connect(tmp_path / "parley.db", isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("BEGIN IMMEDIATE")
        start = asyncio.create_task(open_database(url, busy_seconds=0.1))
        await asyncio.sleep(1)
        assert not start.done()
        other.execute("COMMIT")
        database = await start
    assert await database.check() == []
    await database.close()
