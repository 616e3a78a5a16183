"""Connections to one SQLite file, each lent to one unit of work at a time.

A PRAGMA is a query: its rows are fetched, because SQLite refuses to commit while a statement has rows left.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import aiosqlite

from bot.errors import Unavailable
from bot.store.database import unavailable
from bot.store.sqlite_file import RESTORE, FileGuard, MovedFile
from bot.telemetry.meter import Meter

SWITCH_PAUSE = 0.02
"""Seconds between two tries to switch a new file to its log."""
PRAGMAS: Final = ("secure_delete=ON", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON")
"""Settings of each connection: commits are durable (https://sqlite.org/pragma.html#pragma_synchronous), deleted rows
are overwritten, and INSERT OR REPLACE can't slip past a trigger.
"""
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
"""Codes that leave the connection as good as before."""

_DAMAGE: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOTADB}
"""Codes that mean a damaged file if nobody writes it."""

logger = logging.getLogger("parley.store")


class ConnectionPool:
    """Opens a connection at its first use, and again after a failure that may have broken it.

    All pools of a file share one `guard`; a pool for reading only may have none.
    """

    def __init__(
        self, uri: str, busy_seconds: float, meter: Meter, *pragmas: str, guard: FileGuard | None, size: int = 1
    ) -> None:
        self._uri = uri
        self._busy_seconds = busy_seconds
        self._meter = meter
        self._pragmas = pragmas
        self._guard = guard
        self._closed = False
        self._idle: asyncio.LifoQueue[aiosqlite.Connection | None] = asyncio.LifoQueue()
        for _ in range(size):
            self._idle.put_nowait(None)
        self._size = size

    @asynccontextmanager
    async def connection(self, patience: float | None = None) -> AsyncIterator[aiosqlite.Connection]:
        """Lend a connection. When the block raises, roll back its uncommitted writes.

        `patience` is the number of seconds to wait for another process's lock; no more than `busy_seconds`. Raise
        `Unavailable` after `close`, for a failure whose cause lies outside the program, and if the files at the path
        are no longer the open ones, even after a commit: such a commit isn't acknowledged.
        """
        if self._closed:
            raise unavailable()
        connection = await self._idle.get()
        try:
            self._check_files()
            if connection is None:
                connection = await self._connect()
            try:
                async with _waiting_at_most(connection, patience, self._busy_seconds):
                    yield connection
                self._check_files()
            except BaseException:
                await connection.rollback()  # does nothing without an open transaction
                raise
        except MovedFile as error:
            self._report(error)
            if connection is not None:
                await self._save_log(connection)
            raise unavailable() from error
        except aiosqlite.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code not in _OUTSIDE:
                raise
            self._report(error)
            if connection is not None and code not in _PASSING:
                broken, connection = connection, None
                await self._disconnect(broken)
            if self._guard is None and code in _DAMAGE:
                raise Unavailable(f"The database is damaged: {error}. {RESTORE}") from error
            raise unavailable() from error
        finally:
            self._idle.put_nowait(connection)

    async def close(self) -> None:
        """Wait until every connection is given back, and close them."""
        self._closed = True
        for connection in [await self._idle.get() for _ in range(self._size)]:
            if connection is not None:
                await self._disconnect(connection)
            self._idle.put_nowait(None)

    def _report(self, error: Exception) -> None:
        """Count and log a failure outside the program. It isn't a bug, so the log has no traceback."""
        self._meter.database_failed()
        logger.error("SQLite can't use its file: %s", error)

    def _check_files(self) -> None:
        if self._guard is not None:
            self._guard.check()

    async def _save_log(self, connection: aiosqlite.Connection) -> None:
        """Write the content of a deleted log into the database's file, while this process still has that log open."""
        if self._guard is not None and self._guard.has_lost_log:
            with suppress(aiosqlite.Error):
                await connection.execute_fetchall("PRAGMA wal_checkpoint(FULL)")

    async def _connect(self) -> aiosqlite.Connection:
        connection = await aiosqlite.connect(self._uri, uri=True, timeout=self._busy_seconds, isolation_level=None)
        try:
            connection.row_factory = aiosqlite.Row
            for pragma in self._pragmas:
                await connection.execute_fetchall(f"PRAGMA {pragma}")
            if self._guard is not None:
                await _keep_log(connection, self._busy_seconds)
                await connection.execute_fetchall("SELECT count(*) FROM sqlite_master")  # opens the log
                self._guard.opened()
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _disconnect(self, connection: aiosqlite.Connection) -> None:
        with suppress(aiosqlite.Error):
            await connection.close()
        if self._guard is not None:
            self._guard.closed()


@asynccontextmanager
async def _waiting_at_most(
    connection: aiosqlite.Connection, patience: float | None, busy_seconds: float
) -> AsyncIterator[None]:
    if patience is None or patience >= busy_seconds:
        yield
        return
    await connection.execute_fetchall(f"PRAGMA busy_timeout={max(0, int(patience * 1000))}")
    try:
        yield
    finally:
        await connection.rollback()
        await connection.execute_fetchall(f"PRAGMA busy_timeout={int(busy_seconds * 1000)}")


async def _keep_log(connection: aiosqlite.Connection, busy_seconds: float) -> None:
    """Switch to the write-ahead log, which a new file needs once.

    While another process does the same, SQLite reports «busy» at once, because two that wait for each other here would
    never end (https://sqlite.org/c3ref/busy_handler.html). So this waits, and tries again.
    """
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            await connection.execute_fetchall("PRAGMA journal_mode=WAL")
        except aiosqlite.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            await asyncio.sleep(SWITCH_PAUSE)
        else:
            return
