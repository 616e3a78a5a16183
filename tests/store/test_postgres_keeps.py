"""Parley clears deleted ballots from PostgreSQL's pages or reports that some are left. PostgreSQL logs no voter."""

from __future__ import annotations

import pytest
from asyncpg import IntegrityConstraintViolationError  # type: ignore[import-untyped]

from bot.polls.ballot_box import BallotBox
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.open import open_database
from tests.require import require
from tests.store.conftest import new_database
from tests.store.server import PostgresServer, programs
from tests.store.things import AFTER, KEY, Raw, poll, vote

VOTERS = 40


async def fill(database: Database) -> BallotBox:
    box = BallotBox(database, Keys(KEY))
    await box.open(poll())
    for number in range(VOTERS):
        await box.cast(vote(number, str(number % 3)))
    return box


DEAD_ROWS = """\
SELECT count(*)
FROM generate_series(0, pg_relation_size($1::regclass) / 8192 - 1) AS page,
    heap_page_items(get_raw_page($1::text, page::int))
WHERE t_data IS NOT NULL AND t_xmax::text <> '0'"""


async def _dead_rows(raw: Raw, table: str) -> int:
    """Count the deleted rows in the pages of a table."""
    [(rows,)] = await raw.run(DEAD_ROWS, table)
    return int(rows)


@pytest.mark.parametrize("url", ["postgres"], indirect=True)
async def test_deleted_rows_are_gone_when_it_says_so(url: str, database: Database) -> None:
    """While an old transaction is open, deleted rows stay and `forget_deleted` returns False.

    After its end the next try clears them.
    """
    box = await fill(database)
    async with Raw.connect(url) as raw, Raw.connect(url) as reader:
        await raw.run("CREATE EXTENSION pageinspect")
        await reader.run("BEGIN ISOLATION LEVEL REPEATABLE READ")
        assert await reader.run("SELECT count(*) FROM ballots") == [(VOTERS,)]
        assert await box.close("p1", AFTER)
        assert not await database.forget_deleted()
        assert await _dead_rows(raw, "ballots") >= VOTERS
        assert await _dead_rows(raw, "poll_secrets") == 1
        await reader.run("ROLLBACK")
        await box.tidy()
        assert [await _dead_rows(raw, table) for table in ("ballots", "poll_secrets")] == [0, 0]
        assert await database.forget_deleted()


async def test_whatever_keeps_old_rows_is_noticed() -> None:
    """`forget_deleted` returns False while a prepared transaction keeps old rows, and True after it.

    A replication slot that no standby reads from keeps none.
    """
    require("postgres", programs() is not None, "no PostgreSQL server is installed (Debian: postgresql)")
    with PostgresServer(max_prepared_transactions="2") as server:
        url = new_database(server)
        database = await open_database(url)
        async with Raw.connect(url) as raw:
            await raw.run("SELECT pg_create_physical_replication_slot('standby', true)")
            assert await database.forget_deleted()
            for statement in ("BEGIN", "CREATE TABLE other (x int)", "PREPARE TRANSACTION 'old'"):
                await raw.run(statement)
            assert not await database.forget_deleted()
            await raw.run("ROLLBACK PREPARED 'old'")
            assert await database.forget_deleted()
        await database.close()


async def test_the_servers_log_holds_no_vote(lone_server: PostgresServer) -> None:
    """PostgreSQL's log holds no voter and no question of a failed statement, even if the server logs every statement.

    This holds for a role that may change these settings, as here.
    """
    url = new_database(lone_server)
    lone_server.psql("ALTER SYSTEM SET log_statement = 'all'")
    lone_server.psql("ALTER SYSTEM SET log_min_duration_statement = 0")
    lone_server.psql("ALTER SYSTEM SET log_parameter_max_length_on_error = -1")
    lone_server.psql("SELECT pg_reload_conf()")
    database = await open_database(url)
    box = BallotBox(database, Keys(KEY))
    await box.open(poll(secret=False))
    await box.cast(vote("marked-voter", "0"))
    with pytest.raises(IntegrityConstraintViolationError):  # a poll with this id exists
        await box.open(poll(secret=False, question="A marked-question?"))
    await database.close()
    log = lone_server.log()
    assert "standing_ballots" in log or "ballots" in log, "statements are logged"
    assert "marked" not in log


async def test_a_role_of_little_power_keeps_errors_short(lone_server: PostgresServer) -> None:
    """Parley also works with a role without privileges, and PostgreSQL's log then names no voter."""
    lone_server.psql("CREATE ROLE little LOGIN")
    lone_server.psql("CREATE DATABASE owned OWNER little")
    url = lone_server.url("owned").replace("postgres@", "little@")
    database = await open_database(url)
    box = BallotBox(database, Keys(KEY))
    await box.open(poll(secret=False))
    await box.cast(vote("marked-voter", "0"))
    assert await database.forget_deleted()
    await database.close()
    assert "marked-voter" not in lone_server.log()
