"""The bot notices as votes come in that a record was changed outside it: short ones at once, long ones soon, on both databases."""

from __future__ import annotations

import asyncio
import logging
import random

import pytest

from bot.polls import record_guard
from bot.polls.ballot_box import BallotBox
from bot.polls.discrepancies import RecordRule, Tampered
from bot.polls.model import CastEnd
from bot.store.database import Database
from bot.store.keys import Keys
from tests.store.things import AFTER, KEY, Raw, poll, vote
from tests.waits import until_it_is

FLIP = "UPDATE ballots SET choice = '2' WHERE link = 1"
MEND = "UPDATE ballots SET choice = '0' WHERE link = 1"


async def open_poll(box: BallotBox, votes: int) -> None:
    await box.open(poll())
    await asyncio.gather(*(box.cast(vote(number, str(number % 2))) for number in range(votes)))


async def test_a_short_record_is_recomputed_before_each_vote(
    box: BallotBox, raw: Raw, caplog: pytest.LogCaptureFixture
) -> None:
    """The vote isn't counted, the log names the poll and no voter, and other polls go on; once mended, so does this one."""
    await open_poll(box, 5)
    await box.open(poll("p2"))
    await raw.run(FLIP)
    with caplog.at_level(logging.ERROR):
        broken, other = await asyncio.gather(
            box.cast(vote(9, "0")), box.cast(vote(9, "0", "p2")), return_exceptions=True
        )
    assert isinstance(broken, Tampered)
    assert RecordRule.BALLOT_CHANGED in {finding.rule for finding in broken.findings}
    assert not isinstance(other, BaseException)
    assert other.end is CastEnd.CAST
    assert "the record of poll p1 was changed outside Parley (ballot-changed, counts)" in caplog.text
    await raw.run(MEND)
    assert (await box.cast(vote(9, "0"))).end is CastEnd.CAST


@pytest.mark.parametrize("links", [record_guard.LINKS_AT_ONCE - 1, record_guard.LINKS_AT_ONCE])
async def test_how_long_a_short_record_is(box: BallotBox, raw: Raw, links: int) -> None:
    """With as many links as are recomputed at once, the opening counted, the vote is refused; with one more it counts."""
    await open_poll(box, links)
    await raw.run(FLIP)
    if links < record_guard.LINKS_AT_ONCE:
        with pytest.raises(Tampered):
            await box.cast(vote(999, "0"))
    else:
        assert (await box.cast(vote(999, "0"))).end is CastEnd.CAST
    await box.aclose()


async def test_a_long_record_is_recomputed_after_a_vote(
    box: BallotBox, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Soon no vote is counted; a mended record takes votes again."""
    monkeypatch.setattr(record_guard, "PAUSE", 0.0)
    monkeypatch.setattr(record_guard, "REST", 0)
    await open_poll(box, record_guard.LINKS_AT_ONCE + 10)
    await raw.run(FLIP)
    numbers = iter(range(1_000, 100_000))

    async def is_refused() -> bool:
        try:
            await box.cast(vote(next(numbers), "0"))
        except Tampered:
            return True
        return False

    await until_it_is(is_refused, True)
    await raw.run(MEND)
    await until_it_is(is_refused, False)
    await box.aclose()


async def test_votes_of_another_process_are_no_attack(box: BallotBox, database: Database) -> None:
    """Each process finds the head that it saw last under the links that the other added."""
    await box.open(poll())
    other = BallotBox(database, Keys(KEY), random_bytes=random.Random(3).randbytes)
    for turn in range(6):
        assert (await (box if turn % 2 else other).cast(vote(turn, "0"))).end is CastEnd.CAST
    assert await box.close("p1", AFTER)
    assert (await other.cast(vote(1, "1"))).end is CastEnd.CLOSED


async def test_a_chain_that_lost_its_last_links_is_noticed(box: BallotBox, database: Database, raw: Raw) -> None:
    """By the process that saw them; the close is refused as well."""
    await open_poll(box, 3)
    kept = await raw.run("SELECT head, row_seal FROM polls")
    await box.cast(vote(7, "1"))
    await raw.disarm("links", "polls")
    await raw.run("DELETE FROM ballots WHERE link = 4")
    await raw.run("DELETE FROM links WHERE number = 4")
    await raw.run("UPDATE choice_counts SET count = count - 1 WHERE choice = '1'")
    await raw.run("UPDATE polls SET links = 3, ballots = 3, head = $1, row_seal = $2", *kept[0])
    with pytest.raises(Tampered) as caught:
        await box.cast(vote(8, "0"))
    assert [finding.rule for finding in caught.value.findings] == [RecordRule.HEAD]
    with pytest.raises(Tampered):
        await box.close("p1", AFTER)
    assert (await BallotBox(database, Keys(KEY)).cast(vote(8, "0"))).end is CastEnd.CAST
