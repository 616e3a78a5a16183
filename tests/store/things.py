"""What the tests of the store share: a poll, a vote, and a connection of one's own."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from bot.polls import audit
from bot.polls.audit import Finding
from bot.polls.ballots import Method
from bot.polls.model import Poll, PollOption, Vote
from bot.store import polls
from bot.store.database import Database

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
CLOSES = NOW + timedelta(days=1)
AFTER = CLOSES + timedelta(minutes=1)
KEY = b"A" * 43 + b"="
COMMUNITY = "test:demo"


def poll(name: str = "p1", **changes: Any) -> Poll:
    options = (PollOption("Tea", "tea-option"), PollOption("Coffee"), PollOption("Water"))
    return replace(Poll(name, COMMUNITY, "ada", "What to drink?", options, Method.SINGLE, NOW, CLOSES), **changes)


def vote(voter: int | str, choice: str | None, on: str = "p1", at: datetime = NOW) -> Vote:
    return Vote(on, f"{COMMUNITY}:{voter}", f"Member {voter}", choice, at)


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


async def findings(database: Database, name: str = "p1") -> list[Finding]:
    return audit.verify(await database.read(lambda tx: polls.record(tx, name)))


class Raw:
    """Plain SQL beside the program, on either database."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str) -> AsyncIterator[Raw]:
        if url.startswith("sqlite"):
            with closing(sqlite3.connect(path_of(url), isolation_level=None)) as connection:
                connection.execute("PRAGMA foreign_keys=ON")
                connection.execute("PRAGMA recursive_triggers=ON")
                yield cls(connection)
            return
        server = await asyncpg.connect(url)
        try:
            yield cls(server)
        finally:
            await server.close()

    @property
    def sqlite(self) -> bool:
        return isinstance(self._connection, sqlite3.Connection)

    async def run(self, sql: str) -> list[tuple[Any, ...]]:
        if isinstance(self._connection, sqlite3.Connection):
            return self._connection.execute(sql).fetchall()
        return [tuple(row) for row in await self._connection.fetch(sql)]

    async def disarm(self, *tables: str) -> None:
        """Takes the triggers off, as whoever owns the file can."""
        for table in tables:
            if self.sqlite:
                found = await self.run(
                    f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'"  # noqa: S608 - the test's own text
                )
                for (name,) in found:
                    await self.run(f"DROP TRIGGER {name}")
            else:
                await self.run(f"ALTER TABLE {table} DISABLE TRIGGER ALL")


REFUSED = (sqlite3.IntegrityError, asyncpg.IntegrityConstraintViolationError)
"""What either driver raises when the schema says no."""
