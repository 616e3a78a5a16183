"""If another process has locked the database, Parley answers every vote within the time that it may wait."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import Unavailable
from bot.polls.ballot_box import VOTE_SECONDS, BallotBox
from bot.polls.model import CastEnd
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.sql import Transaction
from tests.store.things import KEY, Raw, poll, vote
from tests.waits import until

LOCK = {"sqlite": ("BEGIN IMMEDIATE",), "postgres": ("BEGIN", "SELECT 1 FROM polls FOR UPDATE")}


async def test_a_write_without_patience_is_refused_at_once(database: Database, url: str) -> None:
    """A write without patience fails at once if the database is locked, and succeeds if it isn't."""
    await BallotBox(database, Keys(KEY)).open(poll())

    async def lock(tx: Transaction) -> None:
        await tx.rows("lock_polls", ids='["p1"]')

    async with Raw.connect(url) as other:
        for statement in LOCK[database.dialect]:
            await other.run(statement)
        with pytest.raises(Unavailable):
            await database.write(lock, patience=0.0)
        with pytest.raises(Unavailable):
            await database.write(lock, patience=-1.0)
        await other.run("ROLLBACK")
        await database.write(lock, patience=0.0)
    await database.write(lock)


async def test_votes_that_wait_together_wait_no_longer_than_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vote's time runs from its arrival: after three seconds behind another vote, two of its five are left."""
    now = [100.0]
    box = BallotBox(database, Keys(KEY), clock=lambda: now[0])
    await box.open(poll())
    limits: list[float | None] = []
    gate = asyncio.Event()
    write = database.write

    async def gated(unit: object, **options: float) -> object:
        limits.append(options.get("patience"))
        if len(limits) == 1:
            await gate.wait()
        return await write(unit, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(database, "write", gated)
    first = asyncio.create_task(box.cast(vote(1, "0")))
    await until(lambda: limits)
    second = asyncio.create_task(box.cast(vote(2, "0")))
    await until(lambda: box.waiting)
    now[0] += 3
    gate.set()
    assert [(await each).end for each in (first, second)] == [CastEnd.CAST, CastEnd.CAST]
    assert limits == [None, VOTE_SECONDS - 3]
