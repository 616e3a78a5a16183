"""The work of a look-up and of a vote as SQLite's and aiosqlite's manuals teach it: a yardstick for Parley's.

    async with open_plain_store(path, library) as store:
        await store.find("insurection act")     the title and the body of the best card
        await store.cast("U1", "green")         the vote is on disk

It has one table of votes and one full-text index, on one connection. It knows no misspelt words and trusts every match;
a later vote replaces an earlier one, and that is all its rules.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiosqlite

from bot.packs.pack import Library

TABLES = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE VIRTUAL TABLE card USING fts5(title, body);
CREATE TABLE vote (voter TEXT PRIMARY KEY, option TEXT NOT NULL) WITHOUT ROWID;
"""


class PlainStore:
    """The votes and the cards of a plain app."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def find(self, question: str) -> tuple[str, str] | None:
        """Return the card that shares most with the question by SQLite's `rank`, or None if it shares no word."""
        words = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", question))
        sql = "SELECT title, body FROM card WHERE card MATCH ? ORDER BY rank LIMIT 1"
        async with self._connection.execute(sql, (words,)) as cursor:
            row = await cursor.fetchone()
        return None if row is None else (row[0], row[1])

    async def cast(self, voter: str, option: str) -> None:
        """Write a vote in a transaction of its own, durably."""
        sql = "INSERT INTO vote VALUES (?, ?) ON CONFLICT DO UPDATE SET option = excluded.option"
        await self._connection.execute(sql, (voter, option))
        await self._connection.commit()


@contextlib.asynccontextmanager
async def open_plain_store(path: Path, library: Library) -> AsyncIterator[PlainStore]:
    """Open a new database with all cards of the library."""
    async with aiosqlite.connect(path) as connection:
        await connection.executescript(TABLES)
        cards = [(entry.title, entry.body) for pack in library.packs.values() for entry in pack.entries.values()]
        await connection.executemany("INSERT INTO card VALUES (?, ?)", cards)
        await connection.commit()
        yield PlainStore(connection)
