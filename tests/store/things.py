"""Shared parts of the store's tests: a poll, a vote, a member, and a separate connection to the database."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from bot.chat.vocabulary import Actor
from bot.polls import audit
from bot.polls import repository as polls
from bot.polls.audit import Record
from bot.polls.counting.ballots import Method
from bot.polls.discrepancies import Discrepancy
from bot.polls.model import Poll, PollOption, Vote
from bot.polls.poll_secrets import OpenSecrets
from bot.store.database import Database
from bot.store.keys import Keys

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


def member(number: int) -> Actor:
    """Return the person who casts `vote(number, ...)`."""
    platform, _, workspace = COMMUNITY.partition(":")
    return Actor(platform, workspace, str(number), f"Member {number}")


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


async def findings(database: Database, name: str = "p1") -> list[Discrepancy]:
    """Verify a poll with the instance key, as an operator does."""
    return audit.verify(await record_of(database, name))


async def record_of(database: Database, name: str = "p1") -> Record:
    """Read a poll's record with the keys of an open poll."""
    return await database.read(lambda tx: polls.record(tx, name, OpenSecrets(Keys(KEY))))


class Raw:
    """A connection that runs plain SQL beside the program, on either database."""

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

    async def run(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement, in which `$1` stands for the first value."""
        if isinstance(self._connection, sqlite3.Connection):
            return self._connection.execute(re.sub(r"\$(\d)", r"?\1", sql), values).fetchall()
        return [tuple(row) for row in await self._connection.fetch(sql, *values)]

    async def script(self, sql: str) -> None:
        """Run several statements."""
        if isinstance(self._connection, sqlite3.Connection):
            self._connection.executescript(sql)
        else:
            await self._connection.execute(sql)

    async def disarm(self, *tables: str) -> None:
        """Remove the tables' triggers, as the file's owner can."""
        for table in tables:
            if self.sqlite:
                triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = $1"
                for (name,) in await self.run(triggers, table):
                    await self.run(f"DROP TRIGGER {name}")
            else:
                await self.run(f"ALTER TABLE {table} DISABLE TRIGGER ALL")


REFUSED = (sqlite3.IntegrityError, asyncpg.IntegrityConstraintViolationError)
"""Either driver's error when the schema refuses a row."""
