"""Parley opens, migrates, checks and backs up its database, and survives the database's failures."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.communities import repository as communities
from bot.errors import BotError, Refused, Unavailable, UsageError
from bot.polls import audit
from bot.polls import repository as polls
from bot.polls.ballot_box import BallotBox
from bot.polls.model import CastEnd
from bot.store import migrate, postgres
from bot.store.database import Database
from bot.store.keys import Keys, load_or_create_key
from bot.store.open import open_database
from bot.store.sql import Transaction
from tests.store.conftest import new_database
from tests.store.server import PostgresServer
from tests.store.things import AFTER, KEY, Raw, findings, path_of, poll, record_of, vote


async def test_an_address_of_another_kind_is_refused() -> None:
    """Parley refuses a database address of an unknown kind and names the known ones, and refuses one without a file."""
    with pytest.raises(UsageError, match="sqlite:///PATH"):
        await open_database("mysql://root@localhost/parley")
    with pytest.raises(UsageError, match="Name a file"):
        await open_database("sqlite:///")


async def test_a_file_that_can_not_be_opened_is_told(tmp_path: Path) -> None:
    """Parley raises Unavailable if the folder is missing, if the path is a folder, or if the file is no database."""
    for path in (tmp_path / "nowhere" / "parley.db", tmp_path):
        with pytest.raises(Unavailable):
            await open_database(str(path))
    (tmp_path / "notes.db").write_text("not a database, " * 100)
    with pytest.raises(Unavailable):
        await open_database(str(tmp_path / "notes.db"))


async def test_a_server_that_is_not_there_is_told() -> None:
    """If no server answers at the address, Parley raises Unavailable with a message that names PostgreSQL."""
    pytest.importorskip("asyncpg")
    with pytest.raises(Unavailable, match="PostgreSQL"):
        await open_database("postgresql://nobody@127.0.0.1:1/parley")


async def test_sqlite_is_private_and_durable(tmp_path: Path) -> None:
    """Only its owner may read the SQLite file and its log. SQLite syncs every commit, and overwrites deleted data."""
    path = tmp_path / "parley.db"
    path.touch(0o644)
    database = await open_database(f"sqlite:///{path}")
    await database.write(lambda tx: communities.ensure(tx, "test:demo"))
    modes = _modes(tmp_path)
    assert modes == dict.fromkeys(("parley.db", "parley.db-wal", "parley.db-shm", "parley.db.lock"), 0o600)

    async def pragmas(tx: Transaction) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "recursive_triggers")
        return [row[0] for name in names for row in await tx.connection.execute_fetchall(f"PRAGMA {name}")]

    assert await database.write(pragmas) == ["wal", 2, 1, 1, 1]
    await database.close()


def _modes(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


async def test_postgres_is_durable(server: PostgresServer) -> None:
    """Parley's commits on PostgreSQL are synchronous even if the database's default isn't."""
    server.psql("CREATE DATABASE lazy")
    server.psql("ALTER DATABASE lazy SET synchronous_commit = off")
    database = await open_database(server.url("lazy"))

    async def setting(tx: Transaction) -> object:
        return await tx.connection.fetchval("SHOW synchronous_commit")

    assert await database.write(setting) == "on"
    await database.close()


async def test_one_process_owns_a_file(tmp_path: Path) -> None:
    """A second process can't open a database file unless it opens it as shared, like the command line.

    The lock ends when its owner closes the database.
    """
    path = str(tmp_path / "parley.db")
    owner = await open_database(path)
    with pytest.raises(Unavailable, match="Another Parley"):
        await open_database(path)
    joined = await open_database(path, shared=True)
    await joined.write(lambda tx: communities.ensure(tx, "test:demo"))
    await joined.close()
    assert await owner.read(communities.all_ids) == ["test:demo"]
    await owner.close()
    await (await open_database(path)).close()


async def test_opening_again_keeps_everything(url: str) -> None:
    """Opening a database again keeps its data, and applies no migration twice."""
    first = await open_database(url)
    await BallotBox(first, Keys(KEY)).open(poll())
    await first.close()
    again = await open_database(url)
    assert (await again.read(lambda tx: polls.get(tx, "p1"))).question == "What to drink?"
    assert await again.check() == []
    await again.close()


async def test_a_newer_database_is_refused(url: str) -> None:
    """Parley refuses to open a database with a migration that it doesn't know, and names that version."""
    await (await open_database(url)).close()
    async with Raw.connect(url) as raw:
        await raw.run("INSERT INTO migrations (number, name, checksum) VALUES (99, 'later', $1)", "0" * 64)
    with pytest.raises(Refused, match=r"newer Parley.*version 99"):
        await open_database(url)


async def test_an_edited_migration_is_refused(url: str) -> None:
    """Parley refuses to start on a migration that was edited after it was applied, and names it."""
    await (await open_database(url)).close()
    async with Raw.connect(url) as raw:
        await raw.run("UPDATE migrations SET checksum = $1 WHERE number = 1", "0" * 64)
    with pytest.raises(Refused, match="0001"):
        await open_database(url)


async def test_check_names_a_newer_database(database: Database, raw: Raw) -> None:
    """`check` names the version of a database that is newer than Parley."""
    await raw.run("INSERT INTO migrations (number, name, checksum) VALUES (99, 'later', $1)", "0" * 64)
    assert "version 99" in "".join(await database.check())


async def test_two_processes_migrate_at_once(url: str) -> None:
    """If several processes open a new database at once, they apply each migration once, and find a whole schema."""
    databases = await asyncio.gather(*(open_database(url, shared=True) for _ in range(4)))
    for database in databases:
        assert await database.check() == []
        await database.close()
    async with Raw.connect(url) as raw:
        numbers = [number for (number,) in await raw.run("SELECT number FROM migrations ORDER BY number")]
    assert numbers == [migration.number for migration in migrate.load_migrations("sqlite")]


async def test_a_migration_that_fails_leaves_nothing(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed migration leaves the schema unchanged, and opening works once the migrations are right again."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrate.FOLDER, folder)
    (folder / f"{len(migrate.load_migrations('sqlite')) + 1:04}_broken.sql").write_text(
        "CREATE TABLE more (id INTEGER NOT NULL PRIMARY KEY) STRICT;\nINSERT INTO nowhere VALUES (1);\n"
    )
    real = migrate.load_migrations
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "load_migrations", lambda dialect: real(dialect, folder))
        with pytest.raises(Exception, match="nowhere"):
            await open_database(url)
    async with Raw.connect(url) as raw:
        with pytest.raises(Exception, match=r"(?i)polls"):
            await raw.run("SELECT * FROM polls")
    await (await open_database(url)).close()


@pytest.mark.parametrize("name", ["1_short.sql", "0099_gap.sql", "0001_twice.sql", "0001_schema.oracle.sql"])
def test_migrations_are_numbered_without_a_gap(tmp_path: Path, name: str) -> None:
    """Loading the migrations raises ValueError for a misnamed file, a gap in the numbers or a repeated number."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrate.FOLDER, folder)
    (folder / name).write_text("SELECT 1;")
    with pytest.raises(ValueError, match="migration"):
        migrate.load_migrations("sqlite", folder)


def test_both_databases_have_the_same_migrations() -> None:
    """SQLite and PostgreSQL have migrations of the same numbers, and the splitter keeps a trigger in one statement."""
    lite, server = migrate.load_migrations("sqlite"), migrate.load_migrations("postgres")
    assert [each.number for each in lite] == [each.number for each in server]
    assert "STRICT" not in "".join(each.sql.partition("CREATE")[2] for each in server)
    triggers = [text for each in lite for text in migrate.statements(each.sql) if "TRIGGER" in text]
    assert all(text.rstrip().endswith("END;") for text in triggers)


async def test_a_full_disk_costs_only_the_votes_that_are_told(tmp_path: Path) -> None:
    """On a full disk the store refuses the votes that don't fit, and tells their voters.

    It counts votes again once there is room, and the chain is whole.
    """
    database = await open_database(str(tmp_path / "parley.db"))
    box = BallotBox(database, Keys(KEY))
    await box.open(poll())

    async def limit(tx: Transaction) -> None:
        [(pages,)] = await tx.connection.execute_fetchall("PRAGMA page_count")
        await tx.connection.execute(f"PRAGMA max_page_count = {pages + 20}")

    async def no_limit(tx: Transaction) -> None:
        await tx.connection.execute("PRAGMA max_page_count = 1000000")

    await database.write(limit)
    answers = []
    for start in range(0, 2000, 100):
        group = (box.cast(vote(number, "0")) for number in range(start, start + 100))
        answers += await asyncio.gather(*group, return_exceptions=True)
    counted = sum(not isinstance(answer, BaseException) for answer in answers)
    assert 0 < counted < 2000
    assert all(isinstance(answer, Unavailable) for answer in answers if isinstance(answer, BaseException))
    assert (await database.read(lambda tx: polls.get(tx, "p1"))).ballots == counted
    await database.write(no_limit)
    assert (await box.cast(vote(5000, "0"))).ballots == counted + 1
    assert await findings(database) == []
    await database.close()


async def test_a_read_only_database_takes_no_votes_and_lives_on(url: str, database: Database, box: BallotBox) -> None:
    """While the database is read-only, Parley reads polls but takes no votes. Once it is writable, it takes them."""
    await box.open(poll())
    await box.cast(vote(1, "0"))

    async def read_only(tx: Transaction) -> None:
        await tx.connection.execute("PRAGMA query_only = ON")

    if database.dialect == "sqlite":
        await database.write(read_only)
    else:
        async with Raw.connect(url) as raw:
            await raw.run(f"ALTER DATABASE {url.rpartition('/')[2]} SET default_transaction_read_only = on")
            await raw.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parley'")
    with pytest.raises(Unavailable):
        await box.cast(vote(2, "0"))
    assert (await database.read(lambda tx: polls.get(tx, "p1"))).ballots == 1
    if database.dialect == "postgres":
        async with Raw.connect(url) as raw:
            await raw.run("SET default_transaction_read_only = off")
            await raw.run(f"ALTER DATABASE {url.rpartition('/')[2]} RESET default_transaction_read_only")
            await raw.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parley'")
        await _try_until_counted(box, 2)
    assert (await box.cast(vote(2, "0"))).ballots == 2


async def test_a_lost_connection_is_replaced(server: PostgresServer) -> None:
    """If the server drops every connection, a vote may fail with Unavailable, and the store soon counts votes again."""
    server.psql("CREATE DATABASE lost")
    database = await open_database(server.url("lost"))
    box = BallotBox(database, Keys(KEY))
    await box.open(poll())
    for round_ in range(3):
        server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parley'")
        await _try_until_counted(box, round_)
    assert await findings(database) == []
    await database.close()


async def test_a_server_that_crashes_keeps_what_it_acknowledged(lone_server: PostgresServer) -> None:
    """A PostgreSQL server that crashes under load keeps every acknowledged vote, and the chain verifies."""
    lone_server.psql("CREATE DATABASE crash")
    database = await open_database(lone_server.url("crash"))
    box = BallotBox(database, Keys(KEY))
    await box.open(poll())
    acknowledged: set[int] = set()
    failed: set[int] = set()
    enough = asyncio.Event()

    async def member(number: int) -> None:
        try:
            await box.cast(vote(number, "0"))
        except Unavailable:
            failed.add(number)
        else:
            acknowledged.add(number)
            if len(acknowledged) >= 100:
                enough.set()

    async def crowd() -> None:
        for start in range(0, 1500, 10):
            await asyncio.gather(*(member(number) for number in range(start, start + 10)))

    voting = asyncio.create_task(crowd())
    await enough.wait()
    await asyncio.to_thread(lone_server.stop)
    try:
        await voting
    finally:
        lone_server.start()  # from the main thread: the server ends with the thread that started it
    assert failed
    stored = await record_of(database)
    assert len(acknowledged) <= len(stored.ballots) <= len(acknowledged) + 10
    assert audit.verify(stored) == []
    for number in acknowledged:
        assert (await box.cast(vote(number, "0"))).end is CastEnd.UNCHANGED
    await _try_until_counted(box, min(failed))
    await database.close()


async def _try_until_counted(box: BallotBox, number: int) -> None:
    for _ in range(20):
        try:
            await box.cast(vote(number, "0"))
        except Unavailable:
            await asyncio.sleep(0.05)
        else:
            return
    pytest.fail("no vote was counted again")


async def test_a_backup_taken_while_votes_come_in(tmp_path: Path) -> None:
    """A backup under load holds every vote acknowledged before it began, verifies, and only its owner may read it.

    Parley refuses to overwrite an existing file.
    """
    database = await open_database(str(tmp_path / "parley.db"))
    box = BallotBox(database, Keys(KEY))
    await box.open(poll())
    acknowledged = 0
    enough = asyncio.Event()

    async def member(number: int) -> None:
        nonlocal acknowledged
        for turn in range(10):
            await box.cast(vote(number * 10 + turn, "0"))
            acknowledged += 1
            if acknowledged == 200:
                enough.set()

    voting = asyncio.gather(*(member(number) for number in range(100)))
    await enough.wait()
    before = acknowledged
    copy = tmp_path / "backup.db"
    await database.backup(copy)
    await voting
    with pytest.raises(Refused, match="exists"):
        await database.backup(copy)
    await database.close()
    assert _modes(tmp_path)["backup.db"] == 0o600
    assert not any(name.startswith("backup.db-") for name in _modes(tmp_path))
    restored = await open_database(str(copy))
    assert await restored.check() == []
    stored = await record_of(restored)
    assert before <= len(stored.ballots) <= 1000
    assert audit.verify(stored) == []
    assert await BallotBox(restored, Keys(KEY)).close("p1", AFTER)
    await restored.close()


async def test_a_backup_that_can_not_be_written_is_told(database: Database, tmp_path: Path) -> None:
    """A backup into a missing folder fails with a message, which names the server's `pg_dump` on PostgreSQL."""
    with pytest.raises(BotError, match="pg_dump" if database.dialect == "postgres" else "can't be opened"):
        await database.backup(tmp_path / "nowhere" / "backup.db")


async def test_a_backup_that_fails_leaves_no_file(tmp_path: Path) -> None:
    """A backup that fails after its file was created deletes that file, so nobody takes it for a whole copy."""
    database = await open_database(str(tmp_path / "parley.db"))
    (tmp_path / "backup.db-journal").mkdir()  # SQLite can't create the copy's journal
    with pytest.raises(Unavailable):
        await database.backup(tmp_path / "backup.db")
    assert not (tmp_path / "backup.db").exists()
    await database.close()


async def test_check_finds_a_broken_file(tmp_path: Path) -> None:
    """`check` reports a row that points to a missing poll, and a page that was overwritten on disk."""
    path = tmp_path / "parley.db"
    database = await open_database(str(path))
    await BallotBox(database, Keys(KEY)).open(poll())
    await database.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO choice_counts (poll, choice, count) VALUES ('p9', '0', 1)")
        [page] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'poll_options'").fetchone()
    database = await open_database(str(path))
    assert any("polls" in line for line in await database.check())
    await database.close()
    _overwrite(path, (page - 1) * 4096)
    database = await open_database(str(path))
    assert await database.check() != []
    await database.close()


def _overwrite(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * 4096)


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    """Parley makes the instance key once, and makes its file readable for its owner only, again at each start."""
    path = tmp_path / "instance.key"
    wrapped = load_or_create_key(path).wrap(b"s" * 32)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    assert load_or_create_key(path).unwrap(wrapped) == b"s" * 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["instance.key"]
    assert "s" * 32 not in repr(load_or_create_key(path))


def test_a_key_that_can_not_be_used_is_told(tmp_path: Path) -> None:
    """A key file without a key, which Parley leaves unchanged, and a missing folder raise Unavailable."""
    path = tmp_path / "instance.key"
    path.write_text("not a key")
    with pytest.raises(Unavailable, match="isn't an instance key"):
        load_or_create_key(path)
    assert path.read_text() == "not a key"
    with pytest.raises(Unavailable, match="can't be used"):
        load_or_create_key(tmp_path / "nowhere" / "instance.key")


def test_two_processes_make_one_key(tmp_path: Path) -> None:
    """If several processes make the key at once, all of them use the same one."""
    code = (
        "import sys; from pathlib import Path; from bot.store.keys import load_or_create_key as k;"
        "sys.stdin.readline(); k(Path(sys.argv[1])); print(Path(sys.argv[1]).read_text())"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "instance.key")]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(4)
    ]
    keys = {process.communicate("go\n")[0] for process in started}
    assert len(keys) == 1
    assert len(keys.pop().strip()) == 44


def test_no_driver_is_imported_before_it_is_needed() -> None:
    """The SQLite store never imports asyncpg, and the ballot box imports neither driver."""
    code = (
        "import sys; import bot.polls.ballot_box, bot.store.database; assert 'asyncpg' not in sys.modules;"
        "assert 'bot.store.sqlite' not in sys.modules; import bot.store.sqlite; assert 'asyncpg' not in sys.modules"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr


def test_paths_of_addresses() -> None:
    """The tests' helper `path_of` returns the path in an SQLite address."""
    assert path_of("sqlite:////tmp/x.db") == Path("/tmp/x.db")


async def test_what_takes_long_is_not_cut_short(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parley cuts off a write on PostgreSQL that takes too long, unless the caller asks for a long one."""
    monkeypatch.setattr(postgres, "COMMAND_SECONDS", 1.0)
    monkeypatch.setattr(postgres, "SILENT_SECONDS", 1.0)
    database = await open_database(new_database(server))

    async def slow(tx: Transaction) -> None:
        await tx.connection.execute("SELECT pg_sleep(1.3)")
        await asyncio.sleep(1.3)
        await tx.connection.execute("SELECT 1")

    with pytest.raises(Unavailable):
        await database.write(slow)
    await database.write(slow, long=True)
    await database.close()
