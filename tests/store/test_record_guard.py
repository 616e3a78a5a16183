"""As votes come in, Parley notices that a record was changed outside it: at once in a short one, soon in a long one."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Mapping
from typing import Any

import pytest

from bot.polls import record_guard
from bot.polls.ballot_box import BallotBox
from bot.polls.discrepancies import NOT_WHOLE, RecordRule, Tampered
from bot.polls.model import CastEnd
from bot.polls.poll_secrets import OpenSecrets
from bot.polls.record_guard import RecordGuard
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.sql import Transaction
from tests.store.things import AFTER, KEY, Raw, poll, vote
from tests.waits import until, until_it_is

FLIP = "UPDATE ballots SET choice = '2' WHERE link = 1"
MEND = "UPDATE ballots SET choice = '0' WHERE link = 1"


async def open_poll(box: BallotBox, votes: int) -> None:
    await box.open(poll())
    await asyncio.gather(*(box.cast(vote(number, str(number % 2))) for number in range(votes)))


async def test_a_short_record_is_recomputed_before_each_vote(
    box: BallotBox, raw: Raw, caplog: pytest.LogCaptureFixture
) -> None:
    """Parley recomputes a short record before each vote, and refuses the vote if the record was changed.

    The log then names the poll and no voter. Votes in other polls count. Once the record is mended, votes in this poll count again.
    """
    await open_poll(box, 5)
    await box.open(poll("p2"))
    await raw.run(FLIP)
    with caplog.at_level(logging.ERROR):
        broken, other = await asyncio.gather(
            box.cast(vote(9, "0")), box.cast(vote(9, "0", "p2")), return_exceptions=True
        )
    assert isinstance(broken, Tampered)
    assert broken.message == NOT_WHOLE
    assert RecordRule.BALLOT_CHANGED in {finding.rule for finding in broken.findings}
    assert not isinstance(other, BaseException)
    assert other.end is CastEnd.CAST
    assert "the record of poll p1 was changed outside Parley (ballot-changed, counts)" in caplog.text
    assert not any(who in caplog.text for who in (vote(9, "0").voter, vote(9, "0").name))
    await raw.run(MEND)
    assert (await box.cast(vote(9, "0"))).end is CastEnd.CAST


NO_DATABASE: Any = None
"""A transaction for a check that reads nothing."""


def ended(links: int, head: str, name: str = "p1") -> Any:
    """Return a row of `lock_polls` for a poll that has ended. The guard checks only the head of such a poll."""
    return {"id": name, "state": "closed", "links": links, "head": head}


async def refused(guard: RecordGuard, *rows: Any) -> set[str]:
    tampered = await guard.check(NO_DATABASE, rows)
    assert all([finding.rule for finding in each.findings] == [RecordRule.HEAD] for each in tampered.values())
    return set(tampered)


@pytest.fixture
def guard(database: Database) -> RecordGuard:
    return RecordGuard(database, OpenSecrets(Keys(KEY)))


async def test_the_last_head_must_still_be_there(guard: RecordGuard) -> None:
    """A chain is refused if it has fewer links than this process saw, or as many links with another head.

    The guard knows only the heads that it remembers.
    """
    assert await refused(guard, ended(0, "z")) == set()
    guard.remember({"p1": (3, "c"), "p2": (0, "a")})
    assert await refused(guard, ended(3, "c"), ended(0, "a", "p2"), ended(3, "z", "p3")) == set()
    for links, head in ((3, "b"), (2, "c"), (2, "b"), (0, "c")):
        assert await refused(guard, ended(links, head), ended(0, "a", "p2")) == {"p1"}
    assert await refused(guard, ended(0, "b", "p2")) == {"p2"}
    assert await refused(guard, ended(1, "b", "p2")) == set()
    guard.forget("p1")
    guard.forget("no such poll")
    assert await refused(guard, ended(2, "b"), ended(0, "b", "p2")) == {"p2"}


async def test_so_many_heads_are_remembered(guard: RecordGuard, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard remembers at most `HEADS_MAX` heads. One more makes it forget all but the newest."""
    monkeypatch.setattr(record_guard, "HEADS_MAX", 2)
    rows = [ended(1, "lost", name) for name in ("p1", "p2", "p3")]
    for name, noticed in (("p1", {"p1"}), ("p2", {"p1", "p2"}), ("p3", {"p3"})):
        guard.remember({name: (1, "a")})
        assert await refused(guard, *rows) == noticed


class Rest:
    """A replacement for the guard's sleep: it notes the seconds, and ends when the test says so."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.go_on = asyncio.Event()
        self.seconds = iter((0.0, 2.0, 10.0, 10.1, 20.0, 20.0))
        """The times at which checks begin and end."""

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await self.go_on.wait()
        self.go_on.clear()

    async def paused(self, times: int) -> None:
        await until(lambda: len(self.pauses) == times)


async def test_a_long_record_is_checked_by_one_task_at_a_time(database: Database, box: BallotBox) -> None:
    """One task checks a long record, and then rests for twenty times the check's duration, for ten seconds at least.

    It checks once more only if a vote came in meanwhile. A short record has no task, and closing the guard ends all.
    """
    await box.open(poll())
    rest = Rest()
    guard = RecordGuard(database, OpenSecrets(Keys(KEY)), sleep=rest.sleep, clock=lambda: next(rest.seconds))
    alone = asyncio.all_tasks()
    guard.remember({"p1": (record_guard.LINKS_AT_ONCE - 1, "")})
    assert asyncio.all_tasks() == alone
    for _ in range(3):
        guard.remember({"p1": (record_guard.LINKS_AT_ONCE, "")})
    await rest.paused(1)
    guard.remember({"p1": (record_guard.LINKS_AT_ONCE + 1, "")})
    assert len(asyncio.all_tasks() - alone) == 1
    rest.go_on.set()
    await rest.paused(2)
    rest.go_on.set()
    await until(lambda: asyncio.all_tasks() == alone)
    guard.remember({"p1": (record_guard.LINKS_AT_ONCE, "")})
    await rest.paused(3)
    assert rest.pauses == [40.0, 10.0, 10.0]
    await guard.aclose()
    assert asyncio.all_tasks() == alone


async def test_a_long_record_whose_keys_are_away_is_not_called_changed(database: Database, box: BallotBox) -> None:
    """If the instance key doesn't open a long record, the guard doesn't call the record changed."""
    await box.open(poll())
    rest = Rest()
    stranger = RecordGuard(
        database, OpenSecrets(Keys(b"B" * 43 + b"=")), sleep=rest.sleep, clock=lambda: next(rest.seconds)
    )
    stranger.remember({"p1": (record_guard.LINKS_AT_ONCE, "")})
    await rest.paused(1)
    stranger.forget("p1")
    ids = json.dumps(["p1"])

    async def check(tx: Transaction) -> Mapping[str, Tampered]:
        return await stranger.check(tx, await tx.rows("lock_polls", ids=ids))

    assert await database.write(check) == {}
    await stranger.aclose()


@pytest.mark.parametrize("links", [record_guard.LINKS_AT_ONCE - 1, record_guard.LINKS_AT_ONCE])
async def test_how_long_a_short_record_is(box: BallotBox, raw: Raw, links: int) -> None:
    """A record with fewer than `LINKS_AT_ONCE` links is short: a vote in a changed one is refused.

    With `LINKS_AT_ONCE` links the record is long, and the next vote counts.
    """
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
    """Parley recomputes a long record after a vote, and soon refuses votes in a changed one until it is mended."""
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
    """Links that another process added don't make a record look changed."""
    await box.open(poll())
    other = BallotBox(database, Keys(KEY), random_bytes=random.Random(3).randbytes)
    for turn in range(6):
        assert (await (box if turn % 2 else other).cast(vote(turn, "0"))).end is CastEnd.CAST
    assert await box.close("p1", AFTER)
    assert (await other.cast(vote(1, "1"))).end is CastEnd.CLOSED


async def test_a_chain_that_lost_its_last_links_is_noticed(box: BallotBox, database: Database, raw: Raw) -> None:
    """A process that saw a chain's last links refuses votes and the close once they are gone.

    A process that never saw them takes the vote.
    """
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
