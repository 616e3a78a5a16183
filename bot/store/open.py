"""Open the database that a URL names."""

from __future__ import annotations

from bot.store.address import need_driver, sqlite_path
from bot.store.database import BUSY_SECONDS, Database
from bot.store.sqlite import SqliteDatabase
from bot.telemetry.meter import Meter


async def open_database(
    url: str,
    *,
    shared: bool = False,
    read_only: bool = False,
    busy_seconds: float = BUSY_SECONDS,
    meter: Meter | None = None,
) -> Database:
    """Open the database and bring its schema up to date.

    `url` is `sqlite:///relative.db`, `sqlite:////absolute.db`, a plain path, or `postgresql://…`. `shared` joins an
    SQLite file that another Parley process owns, as the command line does. `read_only` opens it as it is: it migrates,
    locks, creates and writes nothing, and refuses a file or server without a Parley database. `busy_seconds` is how
    long a write waits for another process's lock.

    Raise `NotFound` if it isn't a Parley database, `Unavailable` if the file or server can't be opened or another
    process owns the file, `Refused` if the schema is newer than this program, `UsageError` for a URL of another kind or
    one whose driver isn't installed.
    """
    path = sqlite_path(url)
    if path is not None and read_only:
        return SqliteDatabase.open_read_only(path, busy_seconds=busy_seconds, meter=meter or Meter())
    if path is not None:
        return await SqliteDatabase.open(path, shared=shared, busy_seconds=busy_seconds, meter=meter or Meter())
    need_driver()
    from bot.store.postgres import PostgresDatabase  # noqa: PLC0415 - asyncpg is an extra

    return await PostgresDatabase.open(url, read_only=read_only, busy_seconds=busy_seconds, meter=meter or Meter())
