"""Measure durable votes a second and the voters' waits, with ratios of one run.

    python -m benchmarks.votes              SQLite, and PostgreSQL where its server is installed; about a minute
    python -m benchmarks.votes --quick      fewer votes
    python -m benchmarks.votes --profile    where the time goes with 64 voters on SQLite

A voter votes, waits for the answer and votes again. Each vote is a new ballot, acknowledged after it is synced. The
peers are the same rows with one commit a vote on bare aiosqlite (prepared rows, nothing read, nothing checked), for
PostgreSQL also on bare asyncpg; and all rows by `executemany` in one transaction, which is SQLite's own limit.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import cProfile
import itertools
import pstats
import re
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiosqlite
import asyncpg  # type: ignore[import-untyped]

from bot.polls import repository as rows
from bot.polls.ballot_box import BallotBox
from bot.polls.counting.ballots import Method
from bot.polls.model import Poll, PollOption, Vote
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.open import open_database
from bot.store.sql import ROOMS
from tests.store.server import PostgresServer, programs

VOTERS = (1, 8, 64, 512)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = b"A" * 43 + b"="
WRITES = ("append_link", "put_ballot", "count_more", "advance_poll")


def poll(name: str) -> Poll:
    options = (PollOption("A"), PollOption("B"), PollOption("C"))
    return Poll(name, "bench:1", "ada", "Which?", options, Method.SINGLE, NOW, NOW + timedelta(days=1))


def votes(name: str, count: int) -> Iterator[Vote]:
    return (Vote(name, f"bench:1:{number}", "", str(number % 3), NOW) for number in range(count))


@dataclass(frozen=True, slots=True)
class Pace:
    """Durable votes a second, and the voters' waits in milliseconds."""

    rate: float
    p50: float
    p99: float

    @classmethod
    def of(cls, seconds: float, waits: Sequence[float]) -> Pace:
        hundredths = statistics.quantiles(waits, n=100)
        return cls(len(waits) / seconds, 1000 * hundredths[49], 1000 * hundredths[98])

    @classmethod
    def middle(cls, paces: Sequence[Pace]) -> Pace:
        """Return the median of several runs, figure by figure."""
        return cls(*(statistics.median(getattr(pace, each.name) for pace in paces) for each in fields(cls)))

    def __str__(self) -> str:
        return f"{self.rate:>8,.0f} votes/s, p50 {self.p50:>5.1f} ms, p99 {self.p99:>5.1f} ms"


async def pace(voters: int, act: Callable[[Any], Awaitable[object]], items: Iterator[Any]) -> Pace:
    """Let `voters` voters act, each waiting for an answer before the next."""
    waits: list[float] = []

    async def voter() -> None:
        for item in items:
            start = time.perf_counter()
            await act(item)
            waits.append(time.perf_counter() - start)

    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(voters):
            group.create_task(voter())
    return Pace.of(time.perf_counter() - start, waits)


async def ours(database: Database, name: str, voters: int, count: int) -> Pace:
    box = BallotBox(database, Keys(KEY))
    await box.open(poll(name))
    measured = await pace(voters, box.cast, votes(name, count))
    assert sum((await counted(database, name)).values()) == count
    return measured


async def counted(database: Database, name: str) -> dict[str, int]:
    return {str(choice): n for choice, n in (await database.read(lambda tx: rows.choice_counts(tx, name))).items()}


class Bare:
    """Writes the same rows over bare aiosqlite, with a commit for each vote."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._statements = statements()
        self._turn = asyncio.Lock()

    async def write(self, rows: Sequence[dict[str, object]]) -> None:
        async with self._turn:
            await self._connection.execute("BEGIN IMMEDIATE")
            for statement, row in zip(self._statements, rows, strict=True):
                await self._connection.execute(statement, row)
            await self._connection.execute("COMMIT")


def statements() -> list[str]:
    text = (ROOMS / "polls" / "ballot_box.sql").read_text("utf-8")
    statements = {part.split("*!", 1)[0]: part.split("\n", 1)[1] for part in text.split("-- name: ")[1:]}
    return [statements[name] for name in WRITES]


def rows_of(name: str, count: int) -> list[tuple[dict[str, object], ...]]:
    """Return rows of the same shape and size, with counters for hashes."""
    batches: list[tuple[dict[str, object], ...]] = []
    ballot: dict[str, object]
    for number in range(1, count + 1):
        text = f"{number:064x}"
        choice = str(number % 3)
        link = {"poll": name, "number": number, "step": "cast", "commitment": text, "replaces": 0, "receipt": text}
        link |= {"before": text, "hash": text, "closes_at": None}
        # A voter's key is a hash, so ballots land anywhere in the table. These do too (Knuth's multiplicative hash).
        voter = f"{number * 2654435761 % 2**32:08x}" + text[8:]
        ballot = {"poll": name, "voter": voter, "choice": choice, "name": None, "link": number, "nonce": text[32:]}
        ballot |= {"who": None, "salt": None}
        count_row = {"poll": name, "choice": choice, "change": 1}
        head = {"poll": name, "head": text, "links": number, "ballots": number, "row_seal": text}
        batches.append((link, ballot, count_row, head))
    return batches


PRAGMAS = ("secure_delete=ON", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON", "journal_mode=WAL")


async def bare(path: Path, name: str, voters: int, count: int) -> Pace:
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        for pragma in PRAGMAS:
            await connection.execute(f"PRAGMA {pragma}")
        return await pace(voters, Bare(connection).write, iter(rows_of(name, count)))


async def bare_postgres(url: str, name: str, voters: int, count: int) -> Pace:
    connection = await asyncpg.connect(url)
    queries = [await _prepared(connection, statement) for statement in statements()]
    turn = asyncio.Lock()

    async def write(rows: Sequence[dict[str, object]]) -> None:
        async with turn, connection.transaction():
            for (query, names), row in zip(queries, rows, strict=True):
                await query.fetch(*(row[name] for name in names))

    try:
        return await pace(voters, write, iter(rows_of(name, count)))
    finally:
        await connection.close()


async def _prepared(connection: Any, statement: str) -> tuple[Any, list[str]]:
    names = list(dict.fromkeys(re.findall(r":(\w+)", statement)))
    numbered = re.sub(r":(\w+)", lambda match: f"${names.index(match[1]) + 1}", statement)
    return await connection.prepare(numbered), names


def at_once(path: Path, name: str, count: int) -> float:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        rows = rows_of(name, count)
        start = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        for place, statement in enumerate(statements()):
            connection.executemany(statement, [each[place] for each in rows])
        connection.execute("COMMIT")
        return count / (time.perf_counter() - start)


@contextlib.asynccontextmanager
async def fresh(folder: Path, *names: str) -> AsyncIterator[tuple[Path, Database]]:
    """Open a new SQLite database with these polls."""
    path = Path(tempfile.mkdtemp(dir=folder)) / "parley.db"
    database = await open_database(str(path))
    try:
        for name in names:
            await BallotBox(database, Keys(KEY)).open(poll(name))
        yield path, database
    finally:
        await database.close()
        shutil.rmtree(path.parent)


async def sqlite_row(folder: Path, voters: int, count: int, rounds: int) -> None:
    mine, each, limit = [], [], []
    slow_count = min(count, 3_000)
    for _ in range(rounds):  # alternating, so that a noisy minute hits all
        async with fresh(folder) as (_, database):
            mine.append(await ours(database, "ours", voters, count))
        async with fresh(folder, "bare") as (path, _):
            each.append(await bare(path, "bare", voters, slow_count))
        async with fresh(folder, "once") as (path, _):
            limit.append(at_once(path, "once", count))
    report("SQLite", voters, Pace.middle(mine), aiosqlite=Pace.middle(each), executemany=statistics.median(limit))


def report(where: str, voters: int, mine: Pace, *, executemany: float, **peers: Pace) -> None:
    print(f"{where:<11}{voters:>4} voters {mine}   {mine.rate / executemany:>5.2f} x executemany ({executemany:,.0f})")
    for name, peer in peers.items():
        print(f"{'':<22} {peer} on bare {name}, a commit a vote: {mine.rate / peer.rate:.2f} times as many", flush=True)


async def postgres(folder: Path, count: int, rounds: int) -> None:
    with PostgresServer() as server:
        server.psql("CREATE DATABASE bench")
        database = await open_database(server.url("bench"))
        names = (f"ours-{number}" for number in itertools.count())
        try:
            for voters in VOTERS:
                some = min(count, 400 * voters)
                mine = Pace.middle([await ours(database, next(names), voters, some) for _ in range(rounds)])
                async with fresh(folder, "bare", "once") as (path, _):
                    each = await bare(path, "bare", voters, min(some, 3_000))
                    limit = at_once(path, "once", some)
                await BallotBox(database, Keys(KEY)).open(poll(name := next(names)))
                own = await bare_postgres(server.url("bench"), name, voters, min(some, 2_000))
                report("PostgreSQL", voters, mine, executemany=limit, asyncpg=own, aiosqlite=each)
        finally:
            await database.close()


async def profile(folder: Path) -> None:
    async with fresh(folder) as (_, database):
        unit = BallotBox._settle  # noqa: SLF001 - the profile is about the cost of a group of votes

        profiler = cProfile.Profile()

        async def profiled(box: BallotBox, tx: Any, group: Sequence[Vote]) -> Any:
            profiler.enable()
            try:
                return await unit(box, tx, group)
            finally:
                profiler.disable()

        BallotBox._settle = profiled  # type: ignore[method-assign, assignment]  # noqa: SLF001 - the same
        await ours(database, "ours", 64, 20_000)
        pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--profile", action="store_true")
    chosen = parser.parse_args()
    rounds, count = (1, 4_000) if chosen.quick else (5, 20_000)
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as name:  # a disk, since /tmp may be memory
        folder = Path(name)
        if chosen.profile:
            asyncio.run(profile(folder))
            return
        for voters in VOTERS:
            asyncio.run(sqlite_row(folder, voters, min(count, 2_000 * voters), rounds))
        if programs() is None:
            print("PostgreSQL: no server is installed here")
        else:
            asyncio.run(postgres(folder, count, rounds))


if __name__ == "__main__":
    main()
