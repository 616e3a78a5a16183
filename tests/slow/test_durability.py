"""The store keeps every acknowledged vote if the process is killed or the power fails."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.errors import NotFound, Unavailable
from bot.polls import audit
from bot.polls.ballot_box import BallotBox
from bot.polls.receipts import receipt_hash
from bot.store import sqlite
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.open import open_database
from bot.telemetry.meter import Meter
from tests.slow.platter import Connection, Platter
from tests.slow.voters import MEMBERS
from tests.store.conftest import server, url
from tests.store.things import KEY, poll, record_of, vote

__all__ = ["server", "url"]  # the fixtures of tests/store, which pytest finds by name

KILLS = {"sqlite": 200, "postgresql": 50}
"""How often the test kills the voters, by the scheme of the database's address."""
LOSSES = 40

logger = logging.getLogger("parley.tests.durability")

pytestmark = pytest.mark.slow


async def test_killed_at_random_moments(url: str) -> None:
    """After `kill -9` under load, the store has every acknowledged vote and no half vote, and the chain verifies."""
    chance = random.Random(50)
    total = 0
    kills = KILLS[url.partition(":")[0]]
    for round_ in range(kills):
        name = f"p{round_}"
        lines = await _vote_until_killed(url, name, chance.uniform(0.0, 0.15))
        total += len(lines)
        database = await open_database(url)
        await _check(database, name, lines)
        await database.close()
    logger.info("%s: killed %d times, %d votes acknowledged, none lost", url.partition(":")[0], kills, total)
    assert total > kills * MEMBERS


async def _vote_until_killed(url: str, name: str, seconds: float) -> list[tuple[int, str, str]]:
    """Return (member, choice, receipt's code) of each acknowledged vote, in order."""
    program = Path(__file__).with_name("voters.py")
    environment = {**os.environ, "PYTHONPATH": str(program.parents[2])}
    process = await asyncio.create_subprocess_exec(
        sys.executable, program, url, name, stdout=asyncio.subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    first = await process.stdout.readline()
    reading = asyncio.create_task(process.stdout.read())
    await asyncio.sleep(seconds)
    process.kill()
    output = (first + await reading).decode().splitlines(keepends=True)
    await process.wait()
    votes = [line.split() for line in output if line.endswith("\n")]
    return [(int(member), choice, code) for member, choice, code in votes]


async def _check(database: Database, name: str, lines: list[tuple[int, str, str]]) -> None:
    record = await record_of(database, name)
    assert audit.verify(record) == []
    receipts = {link.receipt for link in record.links}
    assert {receipt_hash(code) for _, _, code in lines} <= receipts
    assert len(record.links) <= len(lines) + MEMBERS  # at most one vote of each member was unacknowledged
    box = BallotBox(database, Keys(KEY))
    for member, choice in {member: choice for member, choice, _ in lines}.items():
        standing = await box.standing(name, vote(member, None).voter)
        assert standing is not None
        assert standing.choice in {choice, str((int(choice) + 1) % 3)}


@pytest.fixture
def platter() -> Iterator[Platter]:
    disk = Platter()
    yield disk
    disk.unregister()


async def _lost_votes(
    platter: Platter, folder: Path, monkeypatch: pytest.MonkeyPatch, *, synchronous: str
) -> tuple[int, int]:
    """Vote under load on the platter, and copy at random moments the files that a loss of power would leave.

    Return how many votes were acknowledged before a loss and not found after it, and how many losses left a file that
    can't be read or doesn't verify.
    """
    chance = random.Random(7)
    states: list[tuple[set[str], dict[str, bytes]]] = []
    acknowledged: set[str] = set()

    def connect(address: str, **_: object) -> Any:
        return Connection(address, synchronous=synchronous)

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", connect)
        database = await sqlite.SqliteDatabase.open(folder / "parley.db", shared=False, busy_seconds=5.0, meter=Meter())
        box = BallotBox(database, Keys(KEY))
        await box.open(poll())

        async def member(number: int) -> None:
            for turn in range(60):
                acknowledged.add((await box.cast(vote(number, str(turn % 3)))).code)

        voting = asyncio.gather(*(member(number) for number in range(40)))
        while not voting.done():
            await asyncio.sleep(chance.uniform(0.0, 0.01))
            if len(states) < LOSSES:
                before = set(acknowledged)  # first the acknowledged votes, then the disk's content
                states.append((before, platter.after_power_loss(chance if len(states) % 2 else None)))
        await voting
        await database.close()
    assert len(states) > 10
    outcomes = [await _after(folder / f"loss{place}", *loss) for place, loss in enumerate(states)]
    return sum(lost for lost, _ in outcomes), sum(broken for _, broken in outcomes)


def _write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)


async def _after(folder: Path, acknowledged: set[str], files: dict[str, bytes]) -> tuple[int, int]:
    """Open the files that the power loss left, and return (votes lost, 1 if the record is broken)."""
    _write(folder, {name: data for name, data in files.items() if not name.endswith("-shm")})
    try:
        with closing(sqlite3.connect(folder / "parley.db")) as connection:
            receipts = {row[0] for row in connection.execute("SELECT receipt FROM links")}
        database = await open_database(str(folder / "parley.db"))
        try:
            record = await record_of(database)
            problems = await database.check()
        finally:
            await database.close()
    except (sqlite3.Error, LookupError, OSError, NotFound, Unavailable):
        return len(acknowledged), 1
    lost = sum(receipt_hash(code) not in receipts for code in acknowledged)
    return lost, int(bool(problems or audit.verify(record)))


async def test_lost_power(platter: Platter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loss of power loses no acknowledged vote, and the chain verifies.

    The disk keeps the synced writes, and none or any part of the others.
    """
    assert await _lost_votes(platter, tmp_path, monkeypatch, synchronous="FULL") == (0, 0)


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
async def test_lost_power_with_fewer_syncs(
    platter: Platter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, synchronous: str
) -> None:
    """With `synchronous` at OFF or NORMAL, a loss of power loses acknowledged votes, and the tests' disk shows it."""
    lost, _ = await _lost_votes(platter, tmp_path, monkeypatch, synchronous=synchronous)
    assert lost > 0
