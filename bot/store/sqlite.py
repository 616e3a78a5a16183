"""SQLite through aiosqlite: one connection writes, two read, one process owns the file.

aiosqlite gives each connection a thread, which runs its statements one after the other. A pool lends a connection to
one unit of work at a time, so two units never mix their statements.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from bot.aio import hold_task
from bot.errors import Refused, Unavailable
from bot.store import migrate
from bot.store.database import Database, Unit
from bot.store.sql import Dialect, Queries, Transaction, load_queries
from bot.store.sqlite_file import (
    FileGuard,
    create_for_backup,
    create_private,
    examine,
    own,
    read_only_uri,
    sync,
    writing_uri,
)
from bot.store.sqlite_pool import PRAGMAS, ConnectionPool
from bot.telemetry.meter import Meter

T = TypeVar("T")

READERS = 2
MIGRATION_MILLISECONDS = 3_600_000


class SqliteDatabase(Database):
    dialect: Dialect = "sqlite"

    def __init__(self, path: Path, queries: Queries, writer: ConnectionPool | None, readers: ConnectionPool) -> None:
        super().__init__()
        self.path = path
        self._queries = queries
        self._writer = writer
        self._readers = readers
        self._under_way: set[asyncio.Task[Any]] = set()
        self._closing = ExitStack()

    @classmethod
    async def open(cls, path: Path, *, shared: bool, busy_seconds: float, meter: Meter) -> SqliteDatabase:
        """Open the database. Raises what `open_database` raises."""
        uri, guard = writing_uri(path), FileGuard(path)
        writer = ConnectionPool(uri, busy_seconds, meter, *PRAGMAS, guard=guard)
        readers = ConnectionPool(uri, busy_seconds, meter, *PRAGMAS, "query_only=ON", guard=guard, size=READERS)
        database = cls(path, load_queries("sqlite", "aiosqlite"), writer, readers)
        if not shared:
            database._closing.callback(os.close, own(path))
        try:
            create_private(path)
            await _bring_up_to_date(uri, guard, busy_seconds, meter)
            if not shared:  # the processes that held a lease are gone
                await database.write(lambda tx: tx.run("clear_leases"))
        except BaseException:
            await database.close()
            raise
        return database

    @classmethod
    def open_read_only(cls, path: Path, *, busy_seconds: float, meter: Meter) -> SqliteDatabase:
        """Open a database as it is: nothing is migrated, locked or created. Raises what `examine` raises."""
        migrate.pending(migrate.load_migrations("sqlite"), examine(path))
        with ExitStack() as closing:
            uri = closing.enter_context(read_only_uri(path))
            readers = ConnectionPool(uri, busy_seconds, meter, "query_only=ON", guard=None, size=READERS)
            database = cls(path, load_queries("sqlite", "aiosqlite"), None, readers)
            database._closing = closing.pop_all()
        return database

    async def read(self, unit: Unit[T], *, long: bool = False) -> T:
        del long  # nothing is cut short here
        return await self._finish(self._transact(self._readers, "BEGIN", unit))

    async def write(self, unit: Unit[T], *, long: bool = False, patience: float | None = None) -> T:
        del long  # nothing is cut short here
        return await self._finish(self._transact(self._writing(), "BEGIN IMMEDIATE", unit, patience))

    async def forget_deleted(self) -> bool:
        try:
            return await self._finish(self._rebuild())
        except Unavailable:  # such as a full disk, which the log names
            return False

    async def check(self) -> list[str]:
        return await self._finish(self._check())

    async def version_problems(self) -> list[str]:
        return await self._finish(self._compare_version())

    async def backup(self, path: Path) -> None:
        """Copy the database. Raise `Refused` if `path` exists, `Unavailable` if the copy can't be written."""
        await self._finish(self._backup(path))

    async def close(self) -> None:
        await self._readers.close()
        if self._writer is not None:
            await self._writer.close()
        self._closing.close()

    def _writing(self) -> ConnectionPool:
        if self._writer is None:
            raise Refused("The database is open for reading only.")
        return self._writer

    async def _finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Finish the work even if the caller is cancelled.

        Its statements run on a thread, which can't be cancelled. So the caller leaves at once, and the connection stays
        with the work until it ends.
        """
        return await asyncio.shield(hold_task(asyncio.create_task(work), self._under_way))

    async def _transact(self, pool: ConnectionPool, begin: str, unit: Unit[T], patience: float | None = None) -> T:
        async with pool.connection(patience) as connection:
            await connection.execute(begin)
            result = await unit(Transaction(self._queries, connection))
            await connection.execute("COMMIT")
        return result

    async def _rebuild(self) -> bool:
        """Write the file anew, then empty the log.

        `secure_delete` overwrites a deleted row, but not the copies that SQLite leaves in the unused parts of pages when
        it moves rows between them (https://sqlite.org/fileformat2.html#b_tree_pages). Other writers wait meanwhile, a
        second for some 200 MB.
        """
        async with self._writing().connection() as connection:
            await connection.execute_fetchall("VACUUM")
            [(busy, *_)] = await connection.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
        return not busy

    async def _check(self) -> list[str]:
        async with self._readers.connection() as connection:
            try:
                return [*await _structure_problems(connection), *await _version_problems(connection)]
            except aiosqlite.DatabaseError as error:
                return [f"the file can't be read through: {error}"]

    async def _compare_version(self) -> list[str]:
        async with self._readers.connection() as connection:
            return await _version_problems(connection)

    async def _backup(self, path: Path) -> None:
        """Copy in one step: the source is a snapshot of the log, so writers go on."""
        create_for_backup(path)
        try:
            async with aiosqlite.connect(path) as target, self._readers.connection() as source:
                await source.backup(target)
                await target.execute_fetchall("PRAGMA journal_mode=DELETE")
            await asyncio.to_thread(sync, path)
        except BaseException:
            await asyncio.to_thread(path.unlink)
            raise


async def _bring_up_to_date(uri: str, guard: FileGuard, busy_seconds: float, meter: Meter) -> None:
    """Migrate on a separate connection: a table may be rebuilt, so foreign keys are checked before the commit."""
    pool = ConnectionPool(uri, busy_seconds, meter, *PRAGMAS, "foreign_keys=OFF", guard=guard)
    try:
        async with pool.connection() as connection:
            await _migrate(connection)
    finally:
        await pool.close()


async def _migrate(connection: aiosqlite.Connection) -> None:
    migrations = migrate.load_migrations("sqlite")
    if await _is_behind(connection, migrations):  # another process's migration may take longer than a vote may wait
        await connection.execute_fetchall(f"PRAGMA busy_timeout={MIGRATION_MILLISECONDS}")
    await connection.execute("BEGIN IMMEDIATE")
    tables = [
        name for (name,) in await connection.execute_fetchall("SELECT name FROM sqlite_master WHERE type = 'table'")
    ]
    if tables and "migrations" not in tables:
        raise Refused("Name a file of Parley's own: this one is another program's database. Nothing was written to it.")
    await connection.execute(migrate.RECORD)
    pending = migrate.pending(migrations, await _checksums(connection))
    for migration in pending:
        for statement in migrate.statements(migration.sql):
            await connection.execute(statement)
        record = (migration.number, migration.name, migration.checksum)
        await connection.execute("INSERT INTO migrations (number, name, checksum) VALUES (?, ?, ?)", record)
    if pending and [*await connection.execute_fetchall("PRAGMA foreign_key_check")]:
        raise Refused("The database's rows don't fit together (foreign keys); restore a backup, then upgrade.")
    await connection.execute("COMMIT")


async def _is_behind(connection: aiosqlite.Connection, migrations: tuple[migrate.Migration, ...]) -> bool:
    """Whether the schema is behind. If it isn't, skip the migration: another process's lock mustn't hold up the start."""
    try:
        return len(await _checksums(connection)) < len(migrations)
    except aiosqlite.OperationalError:  # a new file
        return True


async def _checksums(connection: aiosqlite.Connection) -> dict[int, str]:
    """The checksums of the file's migrations, by number."""
    return dict(await connection.execute_fetchall("SELECT number, checksum FROM migrations"))  # type: ignore[arg-type]


async def _structure_problems(connection: aiosqlite.Connection) -> list[str]:
    pages = [line for (line,) in await connection.execute_fetchall("PRAGMA integrity_check") if line != "ok"]
    dangling = await connection.execute_fetchall("PRAGMA foreign_key_check")
    return pages + [f"a row of {row['table']} points to a row of {row['parent']} that isn't there" for row in dangling]


async def _version_problems(connection: aiosqlite.Connection) -> list[str]:
    try:
        pending = migrate.pending(migrate.load_migrations("sqlite"), await _checksums(connection))
    except Refused as error:
        return [error.message]
    return [f"migration {migration.number:04} isn't applied" for migration in pending]
