"""Copy a whole database into an empty one, of the same or the other kind, row by row.

One snapshot of the source is read in batches and written in one transaction: the target holds all or nothing. Before
the commit, each table is read back and compared; then `audit.verify` recomputes every poll's chain and counts.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.errors import NotFound, Refused, Unavailable
from bot.polls import audit
from bot.polls import repository as polls
from bot.polls.poll_secrets import OpenSecrets
from bot.settings.model import without_password
from bot.store import migrate
from bot.store.address import need_driver, sqlite_path
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.open import open_database
from bot.store.sqlite_file import applied_in

if TYPE_CHECKING:
    from bot.polls.discrepancies import Discrepancy

BATCH = 2_000
"""Rows in memory at a time."""
NOT_COPIED = frozenset({"migrations", "leases", "repeats"})
"""Tables that belong to each database: its migrations, and the work of its processes."""

Progress = Callable[[str, int], None]
"""Called with a table and the number of its rows copied so far."""


@dataclass(frozen=True, slots=True)
class TableColumns:
    """A table's name and columns, the same in both kinds of database."""

    name: str
    columns: tuple[str, ...]

    @property
    def select(self) -> str:
        return f"SELECT {', '.join(self.columns)} FROM {self.name}"  # noqa: S608 - names from the schema


@dataclass(slots=True)
class RowSum:
    """The count and the checksum of rows, in any order."""

    rows: int = 0
    total: int = 0

    def add(self, batch: Sequence[Sequence[object]]) -> None:
        self.rows += len(batch)
        for row in batch:
            digest = hashlib.sha256(json.dumps(list(row)).encode()).digest()
            self.total = (self.total + int.from_bytes(digest, "big")) % 2**256


@dataclass(slots=True)
class CopyReport:
    """The copied rows by table, and the audit's findings by poll (its id and question)."""

    rows: dict[str, int] = field(default_factory=dict)
    polls: int = 0
    without_key: int = 0
    """Open polls whose links could not be recomputed without their instance key."""
    findings: dict[str, list[Discrepancy]] = field(default_factory=dict)


async def copy_database(
    source: str, target: str, progress: Progress = lambda _table, _rows: None, *, keys: Keys | None = None
) -> CopyReport:
    """Copy the database at one URL into the empty one at another, without votes that the source takes in the meantime.

    With `keys`, the links of open polls are recomputed too. A missing schema is created. Raise `NotFound` if the source
    holds no Parley database, `Refused` if the target isn't empty or reads back otherwise, `Unavailable` if one of them
    fails, and what `open_database` raises. Return the audit's findings: even a source whose record doesn't hold is
    copied as it is.
    """
    await _must_be_parleys(source)
    _must_be_free(target)
    from_database = await open_database(source, shared=True)
    try:
        into_database = await open_database(target)
        try:
            rows = await _copy(source, target, progress)
            try:
                return await _verify_polls(into_database, rows, keys)
            except Unavailable:
                raise Unavailable(
                    "Run parley polls verify on the target before you use it: Parley couldn't read it after the copy."
                ) from None
        finally:
            await into_database.close()
    finally:
        await from_database.close()


async def _must_be_parleys(source: str) -> None:
    """Check before opening, which would create a missing file: a wrong name must not copy an empty database."""
    path = sqlite_path(source)
    if path is None:
        need_driver()
        from bot.store.postgres_probe import probe  # noqa: PLC0415 - asyncpg is an extra

        applied = (await probe(source)).applied
    else:
        if not path.exists():
            raise NotFound(f"There's no file {path}. Name the database to copy as PARLEY_DATABASE names it.")
        applied = _applied(path)
    if not applied:
        raise NotFound(
            f"{without_password(source)} has no data of Parley's. Name the database to copy first, then the empty one."
        )


def _must_be_free(target: str) -> None:
    path = sqlite_path(target)
    if path is not None and path.is_file():
        _applied(path)


def _applied(path: Path) -> Mapping[int, str]:
    try:
        return applied_in(path)
    except sqlite3.Error as error:
        raise Unavailable(f"{path} can't be read: {_describe(error)}") from error


async def _copy(source: str, target: str, progress: Progress) -> dict[str, int]:
    sums: dict[str, RowSum] = {}
    async with _snapshot(source) as reading, _transaction(target) as writing:
        for table in tables():
            if await writing.holds(table):
                raise Refused("Name an empty database: the target already holds data.")
        await writing.disarm()
        for table in tables():
            checksum = sums[table.name] = RowSum()
            async for batch in reading.batches(table):
                await writing.put(table, batch)
                checksum.add(batch)
                progress(table.name, checksum.rows)
        await writing.arm()
        for table in tables():
            await _compare(writing, table, sums[table.name])
    return {name: checksum.rows for name, checksum in sums.items()}


async def _compare(writing: CopySide, table: TableColumns, expected: RowSum) -> None:
    actual = RowSum()
    async for batch in writing.batches(table):
        actual.add(batch)
    if actual != expected:
        raise Refused(
            f"Check the target's disk and try again: table {table.name} reads back differently ({actual.rows} of "
            f"{expected.rows} rows). Nothing was kept."
        )


async def _verify_polls(database: Database, rows: Mapping[str, int], keys: Keys | None) -> CopyReport:
    """Verify one poll after the other, since the check needs a whole record in memory."""
    report = CopyReport(dict(rows))
    secrets = None if keys is None else OpenSecrets(keys)
    for poll in await database.read(polls.all_polls):
        record = await database.read(lambda tx, poll=poll: polls.record(tx, poll.id, secrets))  # type: ignore[misc]
        findings = await asyncio.to_thread(audit.verify, record)
        if secrets is None and audit.NO_KEY in findings:
            report.without_key += 1
            findings.remove(audit.NO_KEY)
        if findings:
            report.findings[f"{poll.id} ({poll.question})"] = findings
        report.polls += 1
    return report


def tables() -> list[TableColumns]:
    """All tables of this version with their columns, each after the tables that it refers to."""
    with closing(sqlite3.connect(":memory:")) as schema:
        for migration in migrate.load_migrations("sqlite"):
            schema.executescript(migration.sql)
        names = [row[0] for row in schema.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {name: tuple(row[1] for row in schema.execute(f"PRAGMA table_info({name})")) for name in names}
        parents = {name: {row[2] for row in schema.execute(f"PRAGMA foreign_key_list({name})")} for name in names}
    ordered = _parents_first({name: parents[name] - {name} for name in names if name not in NOT_COPIED})
    return [TableColumns(name, columns[name]) for name in ordered]


def _parents_first(parents: Mapping[str, set[str]]) -> Iterator[str]:
    waiting = dict(parents)
    while waiting:
        free = sorted(name for name, above in waiting.items() if not above & waiting.keys())
        if not free:
            raise ValueError(f"tables refer to each other in a circle: {sorted(waiting)}")
        yield from free
        for name in free:
            del waiting[name]


class CopySide(ABC):
    """One database, in one transaction."""

    @abstractmethod
    def batches(self, table: TableColumns) -> AsyncIterator[list[Sequence[Any]]]:
        """All rows, at most `BATCH` at a time."""

    @abstractmethod
    async def holds(self, table: TableColumns) -> bool:
        """Whether the table has any row."""

    @abstractmethod
    async def put(self, table: TableColumns, rows: list[Sequence[Any]]) -> None: ...

    @abstractmethod
    async def disarm(self) -> None:
        """Disable the triggers: they guard a growing record, and this one arrives whole."""

    @abstractmethod
    async def arm(self) -> None:
        """Enable the triggers. Raise `Refused` if rows don't fit together."""


class SqliteSide(CopySide):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._triggers: list[tuple[str, str]] = []

    async def batches(self, table: TableColumns) -> AsyncIterator[list[Sequence[Any]]]:
        cursor = await asyncio.to_thread(self._connection.execute, table.select)
        while batch := await asyncio.to_thread(cursor.fetchmany, BATCH):
            yield batch

    async def holds(self, table: TableColumns) -> bool:
        return self._connection.execute(f"{table.select} LIMIT 1").fetchone() is not None

    async def put(self, table: TableColumns, rows: list[Sequence[Any]]) -> None:
        marks = ", ".join("?" * len(table.columns))
        insert = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})"  # noqa: S608 - as above
        # the cursor ends in its own thread: another thread may already use the statement again
        await asyncio.to_thread(lambda: self._connection.executemany(insert, rows).close())

    async def disarm(self) -> None:
        triggers = self._connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        self._triggers = triggers.fetchall()
        for name, _ in self._triggers:
            self._connection.execute(f"DROP TRIGGER {name}")

    async def arm(self) -> None:
        for _, sql in self._triggers:
            self._connection.execute(sql)
        if await asyncio.to_thread(self._connection.execute("PRAGMA foreign_key_check").fetchone):
            raise Refused("The source's rows don't fit together (foreign keys). Run parley db check on it.")


class PostgresSide(CopySide):
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def batches(self, table: TableColumns) -> AsyncIterator[list[Sequence[Any]]]:
        cursor = await self._connection.cursor(table.select)
        while batch := await cursor.fetch(BATCH):
            yield [tuple(row) for row in batch]

    async def holds(self, table: TableColumns) -> bool:
        return await self._connection.fetchrow(f"{table.select} LIMIT 1") is not None

    async def put(self, table: TableColumns, rows: list[Sequence[Any]]) -> None:
        await self._connection.copy_records_to_table(table.name, records=rows, columns=table.columns)

    async def disarm(self) -> None:
        await self._all("DISABLE")

    async def arm(self) -> None:
        await self._all("ENABLE")

    async def _all(self, what: str) -> None:
        for table in tables():
            await self._connection.execute(f"ALTER TABLE {table.name} {what} TRIGGER USER")


def _snapshot(url: str) -> AbstractAsyncContextManager[CopySide]:
    path = sqlite_path(url)
    return _postgres(url, isolation="repeatable_read", readonly=True) if path is None else _sqlite(path, "BEGIN")


def _transaction(url: str) -> AbstractAsyncContextManager[CopySide]:
    path = sqlite_path(url)
    return _postgres(url) if path is None else _sqlite(path, "BEGIN IMMEDIATE")


@asynccontextmanager
async def _sqlite(path: Path, begin: str) -> AsyncIterator[CopySide]:
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(begin)
        try:
            connection.execute("SELECT count(*) FROM migrations")  # the snapshot begins with the first read
            yield SqliteSide(connection)
            await asyncio.to_thread(connection.execute, "COMMIT")
        except sqlite3.ProgrammingError:
            raise
        except sqlite3.Error as error:
            raise Unavailable(f"{_NOT_MADE}: {_describe(error)}") from error


_NOT_MADE = "The copy failed, and nothing of it was kept"
_MEND = {
    sqlite3.SQLITE_FULL: "Free disk where the target is, then try again.",
    sqlite3.SQLITE_BUSY: "Stop the other program that uses the file, then try again.",
    sqlite3.SQLITE_NOTADB: "Name a database of Parley's, or a file that doesn't exist yet.",
    sqlite3.SQLITE_CORRUPT: "Restore a backup and copy that: the file is damaged.",
    sqlite3.SQLITE_CONSTRAINT: "The source's rows break a rule of this version: run parley db check and parley polls verify.",
}
"""Primary result code → remedy."""


def _describe(error: sqlite3.Error) -> str:
    mend = _MEND.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, "Fix that, then try again.")
    return f"{error}. {mend}"


@asynccontextmanager
async def _postgres(url: str, **transaction: Any) -> AsyncIterator[CopySide]:
    import asyncpg  # type: ignore[import-untyped]  # noqa: PLC0415 - an extra

    from bot.store.postgres import describe_failure  # noqa: PLC0415 - the same

    try:
        connection = await asyncpg.connect(url, server_settings={"application_name": "parley"})
        try:
            async with connection.transaction(**transaction):
                yield PostgresSide(connection)
        finally:
            await connection.close()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unavailable(f"{_NOT_MADE}: {describe_failure(error)}") from error
