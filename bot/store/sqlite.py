"""SQLite: one thread that writes, a few that read, one process that owns the file.

A unit of work runs whole on the thread of its connection: its coroutine only awaits queries, which are synchronous
there, so it never suspends. A transaction so costs one hop between threads instead of one for each statement.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from contextvars import copy_context
from pathlib import Path
from typing import Any, Final, TypeVar

from bot.errors import Refused, Unavailable
from bot.meter import Meter
from bot.store import migrate
from bot.store.database import Database, Unit, unavailable
from bot.store.sql import Dialect, Queries, SqliteAdapter, Transaction, load_queries

T = TypeVar("T")

READERS = 2
MIGRATION_MILLISECONDS = 3_600_000
SWITCH_PAUSE = 0.02
"""Seconds between two tries to switch a new file to its log, on a thread of our own."""
_OUTSIDE: Final = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
}
"""Primary result codes (https://sqlite.org/rescode.html) whose cause lies outside the program."""
_PASSING: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_LOCKED}
"""Those after which the connection is as good as before."""

logger = logging.getLogger("parley.store")


class SqliteDatabase(Database):
    dialect: Dialect = "sqlite"

    def __init__(self, path: Path, queries: Queries, busy_seconds: float, owner: int | None, meter: Meter) -> None:
        super().__init__()
        self.path = path
        self._queries = queries
        self._owner = owner
        self._writer = _Connections(path, busy_seconds, 1, "parley-write", meter)
        self._reader = _Connections(path, busy_seconds, READERS, "parley-read", meter, "PRAGMA query_only=ON")

    @classmethod
    async def open(cls, path: Path, *, shared: bool, busy_seconds: float, meter: Meter) -> SqliteDatabase:
        """Raises what `open_database` raises."""
        owner = None if shared else _own(path)
        try:
            _create_private(path)
            database = cls(path, load_queries("sqlite", SqliteAdapter), busy_seconds, owner, meter)
        except BaseException:
            _disown(owner)
            raise
        try:
            await database._writer.run(_migrate)
            if owner is not None:  # whoever held something before is gone
                await database.write(lambda tx: tx.run("clear_leases"))
        except BaseException:
            await database.close()
            raise
        return database

    async def read(self, unit: Unit[T], *, long: bool = False) -> T:  # noqa: ARG002 - nothing is cut short here
        return await self._reader.run(lambda connection: self._finish("BEGIN", connection, unit))

    async def write(self, unit: Unit[T], *, long: bool = False) -> T:  # noqa: ARG002 - nothing is cut short here
        return await self._writer.run(lambda connection: self._finish("BEGIN IMMEDIATE", connection, unit))

    def _finish(self, begin: str, connection: sqlite3.Connection, unit: Unit[T]) -> T:
        connection.execute(begin)
        try:
            result = _run_through(unit(Transaction(self._queries, connection)))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return result

    async def forget_deleted(self) -> bool:
        return await self._writer.run(_truncate_log)

    async def check(self) -> list[str]:
        return await self._reader.run(_check)

    async def backup(self, path: Path) -> None:
        """Raises `Refused` when something is at `path`, `Unavailable` when the copy can't be written."""
        await self._reader.run(lambda connection: _copy(connection, path))

    async def close(self) -> None:
        await self._reader.close()
        await self._writer.close()
        owner, self._owner = self._owner, None
        _disown(owner)


class _Connections:
    """Threads, each with its connection, which is opened anew after a failure that may have broken it."""

    def __init__(self, path: Path, busy_seconds: float, threads: int, name: str, meter: Meter, *pragmas: str) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._meter = meter
        self._pragmas = pragmas
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._here = threading.local()
        self._open: set[sqlite3.Connection] = set()

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, copy_context().run, self._run, work)

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return work(self._connection())
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code not in _OUTSIDE:
                raise
            self._meter.database_failed()
            logger.error("SQLite can't use %s: %s", self._path.name, error)  # noqa: TRY400 - no bug, so no trace
            if code not in _PASSING:
                self._drop()
            raise unavailable() from error

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._here, "connection", None)
        if connection is None:
            connection = _connect(self._path, self._busy_seconds)
            for pragma in self._pragmas:
                connection.execute(pragma)
            self._here.connection = connection
            self._open.add(connection)
        return connection

    def _drop(self) -> None:
        connection: sqlite3.Connection | None = getattr(self._here, "connection", None)
        if connection is not None:
            self._here.connection = None
            self._open.discard(connection)
            with suppress(sqlite3.Error):
                connection.close()

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        while self._open:
            self._open.pop().close()


def _connect(path: Path, busy_seconds: float) -> sqlite3.Connection:
    """A connection that is durable (https://sqlite.org/pragma.html#pragma_synchronous) and keeps nothing deleted."""
    if not path.exists():
        missing = sqlite3.OperationalError(f"no file at {path}")
        missing.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
        raise missing
    connection = sqlite3.connect(path, busy_seconds, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA recursive_triggers=ON")  # so that INSERT OR REPLACE can't slip past a trigger
        _keep_log(connection, busy_seconds)
    except BaseException:
        connection.close()
        raise
    return connection


def _keep_log(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Switches to the write-ahead log, which a new file needs once.

    While another process does the same, SQLite says «busy» at once instead of waiting, since two that wait for each
    other here would wait for ever (https://sqlite.org/c3ref/busy_handler.html). So this waits, and tries again.
    """
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(SWITCH_PAUSE)
        else:
            return


def _run_through(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never suspends."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    coroutine.close()
    raise RuntimeError("a unit of work awaits nothing but its transaction")


def _migrate(connection: sqlite3.Connection) -> None:
    known = migrate.load_migrations("sqlite")
    connection.execute("PRAGMA foreign_keys=OFF")  # a table may be rebuilt; checked before the commit
    _begin_alone(connection)
    try:
        connection.execute(migrate.RECORD)
        applied = {row["number"]: row["checksum"] for row in connection.execute("SELECT * FROM migrations")}
        waiting = migrate.pending(known, applied)
        for migration in waiting:
            for statement in migrate.statements(migration.sql):
                connection.execute(statement)
            record = (migration.number, migration.name, migration.checksum)
            connection.execute("INSERT INTO migrations (number, name, checksum) VALUES (?, ?, ?)", record)
        if waiting:
            _refuse_dangling(connection)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    finally:
        connection.execute("PRAGMA foreign_keys=ON")


def _begin_alone(connection: sqlite3.Connection) -> None:
    """Waits as long as another process's migration may take, which is longer than a vote waits for a lock."""
    usual = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    if _waits(connection):
        connection.execute(f"PRAGMA busy_timeout={MIGRATION_MILLISECONDS}")
    try:
        connection.execute("BEGIN IMMEDIATE")
    finally:
        connection.execute(f"PRAGMA busy_timeout={usual}")


def _waits(connection: sqlite3.Connection) -> bool:
    """Whether the schema is behind: else nobody migrates, and a lock that is held is somebody's who must not keep it."""
    known = migrate.load_migrations("sqlite")
    try:
        (newest,) = connection.execute("SELECT max(number) FROM migrations").fetchone()
    except sqlite3.OperationalError:  # a new file
        return True
    return newest is None or newest < len(known)


def _refuse_dangling(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise Refused("The database's rows don't fit together (foreign keys); restore a backup, then upgrade.")


def _truncate_log(connection: sqlite3.Connection) -> bool:
    busy: int = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return not busy


def _check(connection: sqlite3.Connection) -> list[str]:
    try:
        return [*_structure(connection), *_versions(connection)]
    except sqlite3.DatabaseError as error:
        return [f"the file can't be read through: {error}"]


def _structure(connection: sqlite3.Connection) -> Iterator[str]:
    for (line,) in connection.execute("PRAGMA integrity_check"):
        if line != "ok":
            yield line
    for row in connection.execute("PRAGMA foreign_key_check"):
        yield f"a row of {row['table']} points to a row of {row['parent']} that isn't there"


def _versions(connection: sqlite3.Connection) -> Iterator[str]:
    applied = {row["number"]: row["checksum"] for row in connection.execute("SELECT * FROM migrations")}
    try:
        for migration in migrate.pending(migrate.load_migrations("sqlite"), applied):
            yield f"migration {migration.number:04} isn't applied"
    except Refused as error:
        yield error.message


def _copy(connection: sqlite3.Connection, path: Path) -> None:
    """Copies in one step: the source is a snapshot of WAL, so writers go on meanwhile."""
    if path.exists():
        raise Refused(f"{path} exists. Name a file that doesn't, so that no backup overwrites another.")
    _create_private(path)
    try:
        with closing(sqlite3.connect(path)) as target:
            connection.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
        with path.open("rb") as written:
            os.fsync(written.fileno())
    except BaseException:
        path.unlink()
        raise


def _create_private(path: Path) -> None:
    """Makes the file if it isn't there, readable by its owner alone; SQLite gives -wal and -shm the same mode."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise Unavailable(f"The database file {path} can't be opened: {error.strerror}.") from error


def _own(path: Path) -> int:
    """Takes the file for this process until `_disown` or its end."""
    lock_path = path.with_name(path.name + ".lock")
    try:
        lock = os.open(lock_path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Unavailable(f"The database file {path} can't be opened: {error.strerror}.") from error
    try:
        _lock(lock)
    except OSError as error:
        os.close(lock)
        raise Unavailable(
            f"Another Parley uses {path}. Stop it first, or give this one a database of its own."
        ) from error
    return lock


def _disown(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
