"""PostgreSQL through asyncpg: a small pool, durable commits, reconnection by the pool itself."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import asyncpg  # type: ignore[import-untyped]
from aiosql.adapters.asyncpg import AsyncPGAdapter

from bot.errors import NotFound, Refused, Unavailable
from bot.store import migrate
from bot.store.database import Database, Unit, unavailable
from bot.store.migrate import Migration
from bot.store.postgres_signals import CONNECT_SECONDS, Notices
from bot.store.signals import Hear, Signal
from bot.store.sql import Dialect, Queries, Transaction, load_queries
from bot.telemetry.meter import Meter

T = TypeVar("T")

UNREADABLE = (
    "PostgreSQL's address isn't valid. Write postgresql://user:password@host:port/name. In a name or a password, "
    "write %2F for /, %3A for : and %40 for @."
)
POOL = 4
COMMAND_SECONDS = 30.0
MIGRATION_SECONDS = 3600.0
"""Seconds for one migration of a large database, or for waiting while another process migrates."""
SILENT_SECONDS = 10.0
"""A process that goes silent in the middle of a transaction blocks its polls for the others this long."""
LONG_SECONDS = 600.0
"""The same limit for work that may compute for minutes in between, such as the close of a very large poll."""
CLOSE_SECONDS = 3.0
"""Seconds that a stop waits for running work before it cuts the connections."""
MIGRATION_LOCK = 0x7061726C6579
"""Two processes that migrate at once wait for each other on this advisory lock ("parley" in ASCII)."""
READER_WAITS, READER_PAUSE = 10, 0.1
"""Checks, and seconds between them, for the end of transactions that still read deleted rows."""
KEPT_FOR_OTHERS = """\
SELECT EXISTS (
    SELECT FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND (datname = current_database() OR datname IS NULL)
        AND (age(backend_xmin) > age($1::bigint::text::xid)
             OR age(backend_xid) > age($1::bigint::text::xid))
    UNION ALL
    SELECT FROM pg_prepared_xacts
    WHERE database = current_database() AND age(transaction) > age($1::bigint::text::xid)
    UNION ALL
    SELECT FROM pg_replication_slots WHERE age(xmin) > age($1::bigint::text::xid)
)"""
"""Whether the server still keeps rows for a transaction that is older than this one."""
HIDE_VALUES = """\
DO $$
DECLARE
    setting record;
BEGIN
    FOR setting IN
        SELECT * FROM (VALUES
            ('log_parameter_max_length', '0'),
            ('log_parameter_max_length_on_error', '0'),
            ('log_error_verbosity', 'terse')
        ) AS quiet (name, value)
    LOOP
        BEGIN
            PERFORM set_config(setting.name, setting.value, false);
        EXCEPTION WHEN insufficient_privilege OR undefined_object THEN
            NULL;  -- the operator decides it: docs/security.md says what remains
        END;
    END LOOP;
END $$"""
"""Keep values out of the server's log: the parameters of a statement, and the row that an error quotes."""
OUTSIDE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.LockNotAvailableError,
    asyncpg.TransactionRollbackError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.PostgresIOError,
    asyncpg.InternalServerError,
    asyncpg.InternalClientError,
)
"""Exceptions of asyncpg whose cause lies outside the program."""

logger = logging.getLogger("parley.store")


_MEND: tuple[tuple[type[Exception], str], ...] = (
    (asyncpg.InvalidCatalogNameError, "Create that database (createdb), or correct its name in the address."),
    (asyncpg.InvalidAuthorizationSpecificationError, "Correct the user and the password in the address."),
    (asyncpg.InsufficientPrivilegeError, "Make the user the owner of the database: it makes tables there."),
    (asyncpg.DiskFullError, "Free disk on the server, then try again."),
    (Exception, "Check that the server runs and the address is right, then try again."),
)


def describe_failure(error: Exception) -> str:
    """Describe a failure and its remedy."""
    mend = next(mend for kind, mend in _MEND if isinstance(error, kind))
    return f"{type(error).__name__}: {str(error).removesuffix('.')}. {mend}"


class PostgresAdapter(AsyncPGAdapter):
    """aiosql's adapter, with the count of touched rows as a number."""

    async def insert_update_delete(self, connection: Any, name: str, sql: str, values: Any) -> int:
        status: str = await super().insert_update_delete(connection, name, sql, values)  # type: ignore[no-untyped-call]
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0


class PostgresTransaction(Transaction):
    """A transaction that writes to several tables in one round trip."""

    __slots__ = ()

    async def together(self, writes: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
        """Send one statement of data-modifying parts (https://www.postgresql.org/docs/current/queries-with.html)."""
        filled = {query: json.dumps(values) for query, values in writes.items() if values}
        texts = (self._queries[query].sql.rstrip(" ;\n") for query in filled)  # type: ignore[attr-defined]
        parts = (
            f"{query} AS ({sql.replace('$1', f'${n}')})"
            for n, (query, sql) in enumerate(zip(filled, texts, strict=True), 1)
        )
        if filled:
            await self.connection.execute(f"WITH {', '.join(parts)} SELECT 1", *filled.values())


class PostgresDatabase(Database):
    dialect: Dialect = "postgres"

    def __init__(self, url: str, settings: Mapping[str, str], pool: Any, queries: Queries, meter: Meter) -> None:
        super().__init__()
        self._url = url
        self._settings = settings
        self._pool = pool
        self._meter = meter
        self._queries = queries
        self._notices = Notices(url, pool, self._signals, OUTSIDE)

    def listen(self, signal: Signal, hear: Hear) -> None:
        super().listen(signal, hear)
        self._notices.listen()

    def signal(self, signal: Signal, about: str = "") -> None:
        super().signal(signal, about)
        self._notices.send(signal, about)

    @classmethod
    async def open(cls, url: str, *, read_only: bool, busy_seconds: float, meter: Meter) -> PostgresDatabase:
        """Open the database. Raises what `open_database` raises."""
        settings = {
            "application_name": "parley",
            "synchronous_commit": "on",
            "lock_timeout": str(int(busy_seconds * 1000)),
            "idle_in_transaction_session_timeout": str(int(SILENT_SECONDS * 1000)),
        }
        if read_only:
            settings["default_transaction_read_only"] = "on"
        migrations = migrate.load_migrations("postgres")
        try:
            pool = await asyncpg.create_pool(
                url,
                min_size=0,
                max_size=POOL,
                timeout=CONNECT_SECONDS,
                command_timeout=COMMAND_SECONDS,
                server_settings=settings,
                init=_hide_values,
                reset=_leave_as_it_is,
            )
            database = cls(url, settings, pool, load_queries("postgres", PostgresAdapter), meter)
            try:
                if read_only:
                    await database._must_be_parleys(migrations)
                else:
                    await database._migrate(migrations)
            except BaseException:
                await database.close()
                raise
        except ValueError:  # its message quotes the address, and so may quote the password
            raise Unavailable(UNREADABLE) from None
        except (*OUTSIDE, asyncpg.PostgresError) as error:
            raise Unavailable(f"PostgreSQL can't be reached: {describe_failure(error)}") from error
        return database

    async def _migrate(self, migrations: tuple[Migration, ...]) -> None:
        """Apply the missing migrations; wait while another process does."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("SET LOCAL lock_timeout = 0")
            await connection.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK, timeout=MIGRATION_SECONDS)
            await connection.execute(migrate.for_postgres(migrate.RECORD))
            for migration in migrate.pending(migrations, await checksums(connection)):
                await connection.execute(migration.sql, timeout=MIGRATION_SECONDS)
                record = (migration.number, migration.name, migration.checksum)
                await connection.execute("INSERT INTO migrations (number, name, checksum) VALUES ($1, $2, $3)", *record)

    async def _must_be_parleys(self, migrations: tuple[Migration, ...]) -> None:
        async with self._pool.acquire() as connection:
            columns = await connection.fetch(
                "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('migrations') AND attnum > 0"
            )
            names = {column["attname"] for column in columns}
            applied = await checksums(connection) if {"number", "checksum"} <= names else {}
        if applied.get(1) != migrations[0].checksum:
            raise NotFound(
                "The server has no Parley database of this name. Correct the name, or create the tables: parley db "
                "upgrade"
            )
        migrate.pending(migrations, applied)

    async def read(self, unit: Unit[T], *, long: bool = False) -> T:
        own = self._own_connection() if long else None
        return await self._run(unit, own, isolation="repeatable_read", readonly=True)

    async def write(self, unit: Unit[T], *, long: bool = False, patience: float | None = None) -> T:
        async def patient(tx: Transaction) -> T:
            if patience is not None:
                limit = min(int(patience * 1000), int(self._settings["lock_timeout"]))
                await tx.connection.execute(f"SET LOCAL lock_timeout = {max(1, limit)}")  # 0 would wait for ever
            return await unit(tx)

        return await self._run(patient, self._own_connection() if long else None)

    @asynccontextmanager
    async def _own_connection(self) -> AsyncIterator[Any]:
        """A connection for long work: no time limit on a statement, and a wider one between two of them."""
        settings = {**self._settings, "idle_in_transaction_session_timeout": str(int(LONG_SECONDS * 1000))}
        connection = await asyncpg.connect(self._url, timeout=CONNECT_SECONDS, server_settings=settings)
        try:
            await _hide_values(connection)
            yield connection
        finally:
            connection.terminate()

    async def _run(
        self, unit: Unit[T], own: AbstractAsyncContextManager[Any] | None = None, **transaction: object
    ) -> T:
        try:
            async with own or self._pool.acquire() as connection:
                try:
                    async with connection.transaction(**transaction):
                        return await unit(PostgresTransaction(self._queries, connection))
                except OUTSIDE:
                    with suppress(asyncpg.InterfaceError):  # it is already gone
                        connection.terminate()  # it may be broken, so the pool opens another
                    raise
        except OUTSIDE as error:
            self._report(error)
            raise unavailable() from error

    def _report(self, error: Exception) -> None:
        """Count and log a failure outside the program. It isn't a bug, so the log has no traceback."""
        self._meter.database_failed()
        logger.error("PostgreSQL failed: %s: %s", type(error).__name__, error)

    async def forget_deleted(self) -> bool:
        """Rewrite the tiny tables of secrets, so that no page of them holds an old one, and clear the ballots.

        Return False while an older transaction is open anywhere: PostgreSQL keeps a deleted row until it ends.
        """
        try:
            async with self._pool.acquire() as connection:
                if not await _are_rows_free(connection):
                    logger.warning("can't clear deleted rows yet: an older transaction is open on the server")
                    return False
                await connection.execute("VACUUM (FULL) poll_secrets")
                await connection.execute("VACUUM (FULL) installations")
                await connection.execute("VACUUM (FREEZE, INDEX_CLEANUP ON) ballots", timeout=LONG_SECONDS)
        except (*OUTSIDE, asyncpg.InsufficientPrivilegeError) as error:
            logger.warning("can't clear deleted rows yet: %s", type(error).__name__)
            return False
        return True

    async def check(self) -> list[str]:
        """The server enforces foreign keys and checks, so only the version can be wrong."""
        return await self.version_problems()

    async def version_problems(self) -> list[str]:
        applied = await self.read(lambda tx: checksums(tx.connection))
        try:
            waiting = migrate.pending(migrate.load_migrations("postgres"), applied)
        except Refused as error:
            return [error.message]
        return [f"migration {migration.number:04} isn't applied" for migration in waiting]

    async def backup(self, path: Path) -> None:
        raise Refused(f"PostgreSQL has its own tool: pg_dump --format=custom --file={path} DATABASE.")

    async def close(self) -> None:
        await self._notices.close()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._pool.close()
        except TimeoutError:  # the server no longer answers
            self._pool.terminate()


async def _are_rows_free(connection: Any) -> bool:
    """Whether the deleted rows are invisible to every transaction. Readers get a moment to end."""
    now = await connection.fetchval("SELECT txid_current() % 4294967296")
    for _ in range(READER_WAITS):
        if not await connection.fetchval(KEPT_FOR_OTHERS, now):
            return True
        await asyncio.sleep(READER_PAUSE)
    return False


async def _hide_values(connection: Any) -> None:
    """Keep votes and secrets out of the server's log, as far as the role may decide for its own sessions."""
    await connection.execute(HIDE_VALUES, timeout=COMMAND_SECONDS)


async def _leave_as_it_is(_connection: Any) -> None:
    """Skip the reset: our code changes no session, and asyncpg's reset costs one more round trip."""


async def checksums(connection: Any) -> dict[int, str]:
    return {row["number"]: row["checksum"] for row in await connection.fetch("SELECT number, checksum FROM migrations")}
