"""`parley db copy` copies a whole database to the same or the other kind, or copies nothing."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapters.cli import main
from bot.chat.vocabulary import MessageRef, Place
from bot.communities import repository as communities
from bot.errors import NotFound, Refused, Unavailable
from bot.maintenance import copy_database as moving
from bot.polls import outbox as tellings
from bot.polls import posted_messages as messages
from bot.polls.ballot_box import BallotBox
from bot.polls.posted_messages import PostedMessage
from bot.polls.receipts import Receipt
from bot.store import key_value as kept
from bot.store.keys import Keys
from bot.store.open import open_database
from tests.store.conftest import new_database
from tests.store.server import PostgresServer
from tests.store.things import AFTER, KEY, NOW, REFUSED, Raw, findings, poll, vote

VOTERS = 40


async def fill(url: str, voters: int = VOTERS) -> tuple[str, int]:
    """Store polls of every state. Return a receipt's code, and the number of ballots of a poll that keeps them."""
    database = await open_database(url)
    box = BallotBox(database, Keys(KEY))
    for name, secret in (("open", True), ("closed", True), ("named", False), ("gone", True)):
        await box.open(poll(name, secret=secret))
        casts = await asyncio.gather(*(box.cast(vote(n, str(n % 3), name)) for n in range(voters)))
        await asyncio.gather(*(box.cast(vote(n, None, name)) for n in range(0, voters, 10)))
    copy = PostedMessage("closed", MessageRef(Place("slack", "T1", "C1"), "m1"), NOW)
    await database.write(lambda tx: messages.add_copy(tx, copy))
    await database.write(lambda tx: communities.put_settings(tx, "test:demo", {"zone": "Europe/Berlin – ñ"}))
    await database.write(lambda tx: kept.put(tx, "commands", "x" * 1000))
    await box.close("closed", AFTER)
    await box.cancel("gone", AFTER)
    await database.close()
    return casts[1].code, voters - voters // 10


@pytest.fixture
def urls(server: PostgresServer, tmp_path: Path) -> list[str]:
    """Return the addresses of a file, of two databases on a server, and of another file, in the order of the copies."""
    return [
        f"sqlite:///{tmp_path / 'a.db'}", new_database(server), new_database(server), f"sqlite:///{tmp_path / 'b.db'}"
    ]  # fmt: skip


async def test_a_database_goes_round_and_comes_back_the_same(urls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is copied to a server, to another database and back to a file has the same rows and schema.

    In each copy Parley checks receipts, counts votes, closes polls and tells results as before.
    """
    monkeypatch.setattr(moving, "BATCH", 7)
    code, ballots = await fill(urls[0])
    for source, target in pairwise(urls):
        moved = await moving.copy_database(source, target)
        assert (moved.findings, moved.polls) == ({}, 4)
        assert moved.rows["ballots"] == 3 * ballots
        assert min(moved.rows[name] for name in ("links", "choice_counts", "tellings", "kept", "poll_copies")) > 0
    with closing(sqlite3.connect(urls[0][10:])) as one, closing(sqlite3.connect(urls[-1][10:])) as other:
        for table in moving.tables():
            assert sorted(one.execute(table.select)) == sorted(other.execute(table.select)), table.name
        schemas = [sorted(each.execute("SELECT name, sql FROM sqlite_master")) for each in (one, other)]
        assert schemas[0] == schemas[1]
    for url in urls[1:]:
        database = await open_database(url)
        box = BallotBox(database, Keys(KEY))
        assert await box.find_receipt("gone", code) in {Receipt.CANCELLED, Receipt.REPLACED}
        assert (await box.cast(vote(VOTERS + 1, "0", "open"))).ballots == ballots + 1
        assert await box.close("open", AFTER)
        assert await findings(database, "open") == []
        announcement = await database.write(lambda tx: tellings.take(tx, ["slack"], AFTER))
        assert announcement is not None
        assert announcement.poll == "closed"
        await database.close()


@pytest.mark.parametrize("target", [1, 3])
async def test_the_copy_is_guarded_like_the_original(urls: list[str], target: int) -> None:
    """The copy has the triggers of the original, so it refuses a change of a link."""
    await fill(urls[0])
    await moving.copy_database(urls[0], urls[target])
    async with Raw.connect(urls[target]) as raw:
        with pytest.raises(REFUSED, match="append-only"):
            await raw.run("UPDATE links SET hash = before WHERE number = 1")


@pytest.mark.parametrize(("source", "target"), [(0, 1), (1, 3)])
async def test_a_target_that_holds_something_is_refused(urls: list[str], source: int, target: int) -> None:
    """Parley refuses to copy into a database that already holds data."""
    await fill(urls[source])
    await fill(urls[target], 3)
    with pytest.raises(Refused, match="already holds data"):
        await moving.copy_database(urls[source], urls[target])


@pytest.mark.parametrize(("source", "target"), [(0, 1), (1, 3)])
async def test_a_copy_that_reads_otherwise_is_not_kept(
    urls: list[str], source: int, target: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parley reads each table back before the commit, and keeps nothing of a copy that lacks a row."""
    await fill(urls[source])
    side = moving.PostgresSide if target == 1 else moving.SqliteSide
    put = side.put

    async def lose(self: moving.CopySide, table: moving.TableColumns, rows: list[tuple[object, ...]]) -> None:
        await put(self, table, rows[1:] if table.name == "choice_counts" else rows)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(side, "put", lose)
        with pytest.raises(Refused, match="choice_counts reads back differently"):
            await moving.copy_database(urls[source], urls[target])
    moved = await moving.copy_database(urls[source], urls[target])
    assert moved.polls == 4


def databases_in(folder: Path) -> list[Path]:
    return list(folder.glob("*.db"))


@pytest.mark.parametrize("kind", ["file", "server"])
async def test_a_source_with_nothing_of_parleys_is_refused(urls: list[str], kind: str, tmp_path: Path) -> None:
    """Parley refuses to copy from a missing file or from a database without its tables, and creates no file."""
    source = str(tmp_path / "praley.db") if kind == "file" else urls[1]
    with pytest.raises(NotFound, match=r"There's no file|has no data of Parley's"):
        await moving.copy_database(source, urls[3])
    assert databases_in(tmp_path) == []
    with pytest.raises(NotFound):
        await moving.copy_database(source, urls[3])


@pytest.mark.parametrize("which", ["source", "target"])
async def test_a_file_that_is_no_database_is_told_and_left_as_it_is(tmp_path: Path, which: str) -> None:
    """Parley names a source or target that is no database, says what to do, and leaves the file unchanged."""
    good, notes = str(tmp_path / "good.db"), tmp_path / "notes.db"
    await fill(good, 3)
    notes.write_text("my notes, " * 100)
    with pytest.raises(Unavailable, match=r"notes\.db can't be read: file is not a database\. Name a database"):
        await moving.copy_database(*((str(notes), good) if which == "source" else (good, str(notes))))
    assert notes.read_text() == "my notes, " * 100


async def test_a_damaged_source_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a damaged source opens but can't be read, Parley keeps nothing of the copy and advises to restore a backup."""
    bad = tmp_path / "bad.db"
    await fill(str(bad), 200)

    async def ruined(self: moving.SqliteSide, table: moving.TableColumns) -> bool:
        if table.name == "links":
            raise damaged
        return False

    damaged = sqlite3.DatabaseError("database disk image is malformed")
    damaged.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    monkeypatch.setattr(moving.SqliteSide, "holds", ruined)
    with pytest.raises(Unavailable, match=r"nothing of it was kept: .* malformed. Restore a backup"):
        await moving.copy_database(str(bad), str(tmp_path / "good.db"))


async def test_a_full_disk_is_told_and_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk Parley keeps nothing of the copy and says so. Once there is room, the same command works."""
    source, target = str(tmp_path / "a.db"), str(tmp_path / "b.db")
    await fill(source, 200)
    put = moving.SqliteSide.put

    async def full(self: moving.SqliteSide, table: moving.TableColumns, rows: list[Sequence[object]]) -> None:
        self._connection.execute("PRAGMA max_page_count=1")  # no more pages than there are
        await put(self, table, rows)

    with monkeypatch.context() as patch:
        patch.setattr(moving.SqliteSide, "put", full)
        with pytest.raises(Unavailable, match=r"nothing of it was kept: database or disk is full. Free disk"):
            await moving.copy_database(source, target)
    assert (await moving.copy_database(source, target)).polls == 4


@pytest.mark.parametrize(("source", "target"), [(0, 1), (1, 3)])
async def test_a_connection_that_is_cut_is_told_and_nothing_is_kept(
    urls: list[str], source: int, target: int, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the server cuts the connection amid the rows, Parley keeps nothing of the copy and says so.

    Then the same command works.
    """
    await fill(urls[source])
    side = moving.PostgresSide if target == 1 else moving.SqliteSide
    put = side.put

    async def cut(self: moving.CopySide, table: moving.TableColumns, rows: list[Sequence[object]]) -> None:
        if table.name == "ballots":
            server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parley'")
        await put(self, table, rows)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(side, "put", cut)
        with pytest.raises(Unavailable, match=r"nothing of it was kept: \w+: .*\. Check that the server runs"):
            await moving.copy_database(urls[source], urls[target])
    assert (await moving.copy_database(urls[source], urls[target])).polls == 4


@pytest.mark.parametrize(
    ("what", "advice"),
    [("/nosuch", "Create that database"), ("stranger:wrong@", "Correct the user and the password")],
)
async def test_a_server_that_refuses_is_told_with_what_to_do(
    urls: list[str], server: PostgresServer, what: str, advice: str
) -> None:
    """If the server lacks the database or refuses the user, Parley says what to do, and doesn't repeat the password."""
    await fill(urls[0], 3)
    head, _, host = server.url("postgres").partition("postgres@")
    address = f"{head}{what}{host}" if what.endswith("@") else server.url("postgres").rpartition("/")[0] + what
    with pytest.raises(Unavailable, match=advice) as caught:
        await moving.copy_database(urls[0], address)
    assert "wrong" not in caught.value.message


async def test_a_newer_database_is_refused_on_either_side(tmp_path: Path) -> None:
    """Parley refuses to copy from or into a newer database, names its version and says what to install."""
    old, newer = str(tmp_path / "old.db"), str(tmp_path / "newer.db")
    await fill(old, 3)
    await fill(newer, 3)
    with closing(sqlite3.connect(newer)) as connection:
        connection.execute("INSERT INTO migrations SELECT max(number) + 1, 'later', checksum FROM migrations")
        connection.commit()
    for source, target in ((newer, str(tmp_path / "new.db")), (old, newer)):
        with pytest.raises(Refused, match=r"Install a newer Parley.* at version \d+"):
            await moving.copy_database(source, target)


async def test_what_was_tampered_with_is_copied_and_told(urls: list[str]) -> None:
    """`parley db copy` copies a tampered record as it is, names its poll, and ends with 1."""
    await fill(urls[0])
    async with Raw.connect(urls[0]) as raw:
        await raw.disarm("links")
        await raw.run("UPDATE links SET hash = before WHERE poll = 'named' AND number = 2")
    done = await asyncio.to_thread(CliRunner().invoke, main, ["db", "copy", urls[0], urls[1]])
    assert done.exit_code == 1
    assert "named (What to drink?): " in done.output
    assert "links\t" in done.output
