"""Parley checks the database after its start and pauses polls meanwhile, so the start doesn't wait for the check."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.errors import Unavailable
from bot.polls import ballot_box
from bot.polls.ballot_box import BoxState
from bot.polls.model import CastEnd
from tests.store.things import poll, vote
from tests.waits import PATIENCE, until
from tests.world import running


async def test_polls_are_paused_until_the_check_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The start doesn't wait for the check. Until it ends, Parley refuses votes, openings and closes with a message."""
    monkeypatch.setattr(ballot_box, "CHECK_SECONDS", 0.0)
    async with running(tmp_path) as instance:
        await instance.box.open(poll())
        gate = asyncio.Event()
        check = instance.database.check

        async def slow() -> list[str]:
            await gate.wait()
            return await check()

        monkeypatch.setattr(instance.database, "check", slow)
        await instance.start()
        for refused in (
            instance.box.cast(vote(1, "0")),
            instance.box.open(poll("p2")),
            instance.box.close("p1", instance.now()),
        ):
            with pytest.raises(Unavailable, match="still checking the database"):
                await refused
        gate.set()
        await until(lambda: instance.box.state is BoxState.OPEN)
        assert (await instance.box.cast(vote(1, "0"))).end is CastEnd.CAST


@pytest.mark.parametrize("end", [BoxState.OPEN, BoxState.DAMAGED])
async def test_a_vote_during_a_short_check_waits_for_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: BoxState
) -> None:
    """A vote during the check waits for its end. Then it counts, or Parley says that the database is damaged."""
    monkeypatch.setattr(ballot_box, "CHECK_SECONDS", 10 * PATIENCE)
    async with running(tmp_path) as instance:
        await instance.box.open(poll())
        instance.pause_polls()
        voting = asyncio.create_task(instance.box.cast(vote(1, "0")))
        await asyncio.sleep(0)
        assert not voting.done()
        instance.box.state = end
        await until(voting.done)
        if end is BoxState.OPEN:
            assert (await voting).end is CastEnd.CAST
        else:
            with pytest.raises(Unavailable, match="is damaged"):
                await voting


async def test_polls_of_a_damaged_database_stay_paused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """If the check finds damage, Parley refuses votes and closes. It logs the damage, and says to restore a backup."""
    async with running(tmp_path) as instance:
        await instance.box.open(poll())

        async def damaged() -> list[str]:
            return ["row 7 missing from index links_by_receipt"]

        monkeypatch.setattr(instance.database, "check", damaged)
        await instance.start()
        await until(lambda: instance.box.state is BoxState.DAMAGED)
        with pytest.raises(Unavailable, match="is damaged"):
            await instance.box.cast(vote(1, "0"))
        with pytest.raises(Unavailable, match="is damaged"):
            await instance.box.close("p1", instance.now())
    assert "row 7 missing" in caplog.text
    assert "restore a backup" in caplog.text
