"""`parley db copy`: everything arrives, in either direction, or nothing does."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapters.cli import main
from bot.chat import MessageRef, Place
from bot.errors import Refused
from bot.polls.box import BallotBox, Receipt
from bot.store import communities, kept, messages, moving, tellings
from bot.store.database import open_database
from bot.store.keys import Keys
from bot.store.messages import Copy
from tests.store.conftest import new_database
from tests.store.server import PostgresServer
from tests.store.things import AFTER, KEY, NOW, REFUSED, Raw, findings, poll, vote

VOTERS = 40


async def fill(url: str, voters: int = VOTERS) -> tuple[str, int]:
    """Polls of every state with all that belongs to them. A receipt's code, and how many ballots there are."""
    database = await open_database(url)
    box = BallotBox(database, Keys(KEY))
    for name, secret in (("open", True), ("closed", True), ("named", False), ("gone", True)):
        await box.open(poll(name, secret=secret))
        casts = await asyncio.gather(*(box.cast(vote(n, str(n % 3), name)) for n in range(voters)))
        await asyncio.gather(*(box.cast(vote(n, None, name)) for n in range(0, voters, 10)))
    copy = Copy("closed", MessageRef(Place("slack", "T1", "C1"), "m1"), NOW)
    await database.write(lambda tx: messages.add_copy(tx, copy))
    await database.write(lambda tx: communities.put_settings(tx, "test:demo", {"zone": "Europe/Berlin – ñ"}))
    await database.write(lambda tx: kept.put(tx, "commands", "x" * 1000))
    await box.close("closed", AFTER)
    await box.cancel("gone", AFTER)
    await database.close()
    return casts[1].code, voters - voters // 10


@pytest.fixture
def urls(server: PostgresServer, tmp_path: Path) -> list[str]:
    """From a file to a server, to a second server's database, and back to a file."""
    return [
        f"sqlite:///{tmp_path / 'a.db'}", new_database(server), new_database(server), f"sqlite:///{tmp_path / 'b.db'}"
    ]  # fmt: skip


async def test_a_database_goes_round_and_comes_back_the_same(urls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row of every table, triggers, chains and receipts; then voting, closing and telling go on there."""
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
        assert await box.find_receipt("gone", code) in {Receipt.INCLUDED, Receipt.REPLACED}
        assert (await box.cast(vote(VOTERS + 1, "0", "open"))).ballots == ballots + 1
        assert await box.close("open", AFTER)
        assert await findings(database, "open") == []
        told = await database.write(lambda tx: tellings.take(tx, ["slack"], AFTER))
        assert told is not None
        assert told.poll == "closed"
        await database.close()


@pytest.mark.parametrize("target", [1, 3])
async def test_the_copy_is_guarded_like_the_original(urls: list[str], target: int) -> None:
    """Its triggers are back: a link can't be changed there either."""
    await fill(urls[0])
    await moving.copy_database(urls[0], urls[target])
    async with Raw.connect(urls[target]) as raw:
        with pytest.raises(REFUSED, match="append-only"):
            await raw.run("UPDATE links SET hash = before WHERE number = 1")


@pytest.mark.parametrize(("source", "target"), [(0, 1), (1, 3)])
async def test_a_target_that_holds_something_is_refused(urls: list[str], source: int, target: int) -> None:
    """Nothing is mixed, nothing overwritten."""
    await fill(urls[source])
    await fill(urls[target], 3)
    with pytest.raises(Refused, match="holds data already"):
        await moving.copy_database(urls[source], urls[target])


@pytest.mark.parametrize(("source", "target"), [(0, 1), (1, 3)])
async def test_a_copy_that_reads_otherwise_is_not_kept(
    urls: list[str], source: int, target: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that loses a row is noticed before anything is committed."""
    await fill(urls[source])
    side = moving._Postgres if target == 1 else moving._Sqlite
    put = side.put

    async def lose(self: moving._Side, table: moving.Table, rows: list[tuple[object, ...]]) -> None:
        await put(self, table, rows[1:] if table.name == "choice_counts" else rows)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(side, "put", lose)
        with pytest.raises(Refused, match="choice_counts reads otherwise"):
            await moving.copy_database(urls[source], urls[target])
    moved = await moving.copy_database(urls[source], urls[target])
    assert moved.polls == 4


async def test_what_was_tampered_with_is_copied_and_told(urls: list[str]) -> None:
    """The copy hides nothing: the record doesn't hold there either, and the command says so and ends with 1."""
    await fill(urls[0])
    async with Raw.connect(urls[0]) as raw:
        await raw.disarm("links")
        await raw.run("UPDATE links SET hash = before WHERE poll = 'named' AND number = 2")
    done = await asyncio.to_thread(CliRunner().invoke, main, ["db", "copy", urls[0], urls[1]])
    assert done.exit_code == 1
    assert "named: " in done.output
    assert "links\t" in done.output
