"""Commands that only read a database change nothing, and tell a damaged database from a file that isn't Parley's."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.cli import main
from bot.errors import NotFound, Refused
from bot.polls.ballot_box import BallotBox
from bot.store.keys import Keys
from bot.store.open import open_database
from tests.store.conftest import new_database
from tests.store.server import PostgresServer
from tests.store.things import KEY, poll, vote

COMMANDS = (
    ("db", "check"),
    ("db", "backup", "copy.db"),
    ("polls", "list"),
    ("polls", "verify"),
    ("polls", "show", "p1"),
)
each_command = pytest.mark.parametrize("command", COMMANDS, ids=" ".join)


def run(folder: Path, command: tuple[str, ...], database: object) -> Result:
    words = [str(folder / word) if word.endswith(".db") else word for word in command]
    return CliRunner().invoke(main, [*words, "--database", str(database)], env={"PARLEY_KEY": KEY.decode()})


async def look(folder: Path, command: tuple[str, ...], database: object) -> Result:
    return await asyncio.to_thread(run, folder, command, database)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


async def fill(path: Path) -> None:
    """Make a database with a poll and 50 votes, and close it, so that no log is left."""
    database = await open_database(str(path))
    box = BallotBox(database, Keys(KEY))
    await box.open(poll())
    for number in range(50):
        await box.cast(vote(number, "0"))
    await database.close()


def _foreign(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def _without_log(path: Path) -> None:
    """Copy a young database without its log, which still holds everything."""
    original = path.with_name("original")
    with closing(sqlite3.connect(original)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE polls (id)")
        connection.commit()
        shutil.copy(original, path)


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, "There's no database"),
    "a folder": (Path.mkdir, "is a folder"),
    "a pipe": (os.mkfifo, "is a pipe or a device"),
    "empty": (Path.touch, "is empty"),
    "text": (lambda path: path.write_text("poll: tea\n" * 500), "isn't a Parley database"),
    "a few bytes": (lambda path: path.write_bytes(b"SQLite format 3\0" + bytes(20)), "is damaged"),
    "another program's": (lambda path: _foreign(path, "CREATE TABLE mine (x)"), "another program"),
    "another program's polls": (lambda path: _foreign(path, "CREATE TABLE polls (id, question)"), "another program"),
    "another program's migrations": (
        lambda path: _foreign(path, "CREATE TABLE migrations (id, name)", "INSERT INTO migrations VALUES (1, 'start')"),
        "another program",
    ),
    "no table at all": (lambda path: _foreign(path, "PRAGMA user_version=3"), "another program"),
    "a copy without its log": (_without_log, "without its log"),
}


@each_command
@pytest.mark.parametrize(("make", "words"), BAD.values(), ids=BAD)
def test_what_is_no_database_is_told_apart_and_left_as_it_is(
    tmp_path: Path, command: tuple[str, ...], make: Callable[[Path], object], words: str
) -> None:
    """A reading command says in words why a file is no usable database, and ends with 1 and without a traceback.

    It writes nothing, neither into the file nor beside it.
    """
    path = tmp_path / "parley"
    make(path)
    before = files(tmp_path)
    result = run(tmp_path, command, path)
    assert words in result.output
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    assert files(tmp_path) == before


@each_command
async def test_a_cut_file_is_called_damaged(tmp_path: Path, command: tuple[str, ...]) -> None:
    """A reading command calls a file damaged that was cut at a page or within one, and makes no backup of it."""
    await fill(tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    for size in (4096, len(whole) // 2, len(whole) - 4096, len(whole) - 1):
        (tmp_path / "parley").write_bytes(whole[:size])
        result = await look(tmp_path, command, tmp_path / "parley")
        assert (result.exit_code, "is damaged" in result.output) == (1, True), result.output
        assert not (tmp_path / "copy.db").exists()


async def test_a_file_with_overwritten_pages_is_called_damaged(tmp_path: Path) -> None:
    """A reading command ends with 1 for a file with overwritten pages, and doesn't ask to try again."""
    await fill(tmp_path / "parley")
    content = bytearray((tmp_path / "parley").read_bytes())
    content[4096:] = b"x" * (len(content) - 4096)
    (tmp_path / "parley").write_bytes(content)
    for command in COMMANDS:
        result = await look(tmp_path, command, tmp_path / "parley")
        assert result.exit_code == 1
        assert "try again" not in result.output
        assert isinstance(result.exception, SystemExit), command


@each_command
async def test_a_look_writes_nothing(tmp_path: Path, command: tuple[str, ...]) -> None:
    """A reading command writes nothing beside a running process, after a killed one, and if no process has the file."""
    path = tmp_path / "parley"
    database = await open_database(str(path))
    box = BallotBox(database, Keys(KEY))
    await box.open(poll())
    await box.cast(vote(1, "0"))
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in ("parley", "parley-wal", "parley-shm"):
        shutil.copy(tmp_path / name, killed / name)
    for folder in (tmp_path, killed):
        before = files(folder)
        result = await look(tmp_path, command, folder / "parley")
        assert result.exit_code == 0, result.output
        (tmp_path / "copy.db").unlink(missing_ok=True)
        assert files(folder).keys() == before.keys()
        assert {name: data for name, data in files(folder).items() if "shm" not in name} == {
            name: data for name, data in before.items() if "shm" not in name
        }
    await database.close()
    (tmp_path / "parley.lock").unlink()
    before = files(tmp_path)
    result = await look(tmp_path, command, path)
    assert result.exit_code == 0
    (tmp_path / "copy.db").unlink(missing_ok=True)
    assert files(tmp_path) == before


async def test_another_programs_file_is_never_migrated(tmp_path: Path) -> None:
    """Neither a start nor `parley db upgrade` changes another program's database: both refuse it."""
    _foreign(tmp_path / "parley", "CREATE TABLE polls (id, question)")
    with pytest.raises(Refused, match="another program's database"):
        await open_database(str(tmp_path / "parley"))
    result = await look(tmp_path, ("db", "upgrade"), tmp_path / "parley")
    assert (result.exit_code, "another program's database" in result.output) == (1, True)
    with closing(sqlite3.connect(tmp_path / "parley")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("polls",)]


@pytest.mark.parametrize("words", [("upgrade",), ("copy", "parley", "new.db")], ids=" ".join)
def test_nobody_waits_for_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    """`parley db upgrade` and `parley db copy` refuse a pipe at once: opening it would wait for a writer."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("parley")
    result = CliRunner().invoke(main, ["db", *words], env={"PARLEY_KEY": KEY.decode(), "PARLEY_DATABASE": "parley"})
    assert result.exit_code == 1
    assert "is a pipe or a device" in result.output


async def test_a_copy_with_its_log_is_read_whole(tmp_path: Path) -> None:
    """A reading command reads a copied database together with its log, and adds no files to them."""
    database = await open_database(str(tmp_path / "parley"))
    await BallotBox(database, Keys(KEY)).open(poll())
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("parley", "parley-wal"):
        shutil.copy(tmp_path / name, copy / name)
    await database.close()
    listing = await look(tmp_path, ("polls", "list"), copy / "parley")
    assert "What to drink?" in listing.output
    assert {path.name for path in copy.iterdir()} == {"parley", "parley-wal"}


async def test_a_schema_of_another_version_is_named(tmp_path: Path) -> None:
    """A reading command refuses an older schema and names `parley db upgrade`, but a backup copies it.

    It refuses a newer schema and names its version.
    """
    await fill(tmp_path / "parley")
    with closing(sqlite3.connect(tmp_path / "parley")) as connection:
        connection.execute("DELETE FROM migrations WHERE number = (SELECT max(number) FROM migrations)")
        connection.commit()
    result = await look(tmp_path, ("polls", "list"), tmp_path / "parley")
    assert (result.exit_code, "parley db upgrade" in result.output) == (1, True)
    copied = await look(tmp_path, ("db", "backup", "copy.db"), tmp_path / "parley")
    assert copied.exit_code == 0
    with closing(sqlite3.connect(tmp_path / "parley")) as connection:
        connection.execute("INSERT INTO migrations SELECT 900, name, checksum FROM migrations WHERE number = 1")
        connection.commit()
    for command in (("polls", "list"), ("db", "check")):
        result = await look(tmp_path, command, tmp_path / "parley")
        assert (result.exit_code, "version 900" in result.output) == (1, True)


async def test_a_server_is_looked_at_without_a_change(server: PostgresServer) -> None:
    """Opening a PostgreSQL database for reading only makes no tables, and refuses one without Parley's tables."""
    url = new_database(server)
    with pytest.raises(NotFound, match="no Parley database"):
        await open_database(url, read_only=True)
    name = url.rpartition("/")[2]
    assert server.psql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", name).strip() == "0"
    server.psql("CREATE TABLE migrations (id int)", name)
    with pytest.raises(NotFound, match="no Parley database"):
        await open_database(url, read_only=True)
    ours = new_database(server)
    await (await open_database(ours)).close()
    database = await open_database(ours, read_only=True)
    assert await database.check() == []
    await database.close()


async def test_a_database_that_is_open_for_reading_takes_no_write(tmp_path: Path) -> None:
    """A database that is open for reading only refuses every write."""
    await fill(tmp_path / "parley")
    database = await open_database(str(tmp_path / "parley"), read_only=True)
    with pytest.raises(Refused, match="reading only"):
        await database.write(lambda tx: tx.run("clear_leases"))
    await database.close()
