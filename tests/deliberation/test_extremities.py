"""Tests of the extremities, the slow part of the draw's priorities: when Parley computes them, that no press waits for
them, and how they end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.deliberation import findings, repository
from bot.deliberation.extremities import GROWTH, GROWTH_MIN
from bot.deliberation.model import Discussion
from bot.deliberation.service import Discussions
from bot.deliberation.vote_matrix import Numbers
from bot.store.database import unavailable
from bot.store.open import open_database
from tests.store.test_discussions import T, discussions_in, started
from tests.store.things import KEY, NOW, member
from tests.waits import until


@pytest.fixture
async def discussions(tmp_path: Path) -> AsyncIterator[Discussions]:
    database = await open_database(str(tmp_path / "parley.db"))
    discussions = discussions_in(database, KEY)
    yield discussions
    await discussions.extremities.stop()
    await database.close()


@pytest.fixture
async def discussion(discussions: Discussions) -> Discussion:
    """Return a discussion in which two camps of four answered five statements, 40 answers in all. It has no
    extremities, as after a restart."""
    discussion = await started(discussions)
    for number in range(8):
        for position in range(5):
            vote = 1 if position == 0 or (number < 4) == (position < 3) else -1
            await discussions.answer(discussion, member(number), position, vote, T)
    await discussions.extremities.drain()
    discussions.extremities.forget(discussion.id)
    return discussion


class Gate:
    """Counts how often extremities are computed, on any thread."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self._compute = findings.extremities
        monkeypatch.setattr(findings, "extremities", self.compute)

    def compute(self, *arguments: object) -> Numbers:
        self.count += 1
        return self._compute(*arguments)  # type: ignore[arg-type]


async def test_extremities_are_those_of_all_answers(discussions: Discussions, discussion: Discussion) -> None:
    """A discussion has no extremities before Parley first computes them from all answers. A statement that divides then
    has a larger one than a statement on which all agree."""
    extremities = discussions.extremities
    assert extremities.of(discussion.id) is None
    extremities.renew(discussion.id, 40)
    await extremities.drain()
    _, statements, ballots = await discussions.database.read(lambda tx: repository.whole(tx, discussion.id))
    latest = extremities.of(discussion.id)
    assert latest is not None
    assert latest.tolist() == findings.extremities(statements, ballots).tolist()
    assert latest[1] > latest[0]


@pytest.mark.parametrize(("first", "then", "times"), [
    (GROWTH_MIN - 1, GROWTH_MIN - 1, 0),
    (GROWTH_MIN, GROWTH_MIN, 1),
    (GROWTH_MIN, 2 * GROWTH_MIN - 1, 1),
    (GROWTH_MIN, 2 * GROWTH_MIN, 2),
    (1000, int(1000 * GROWTH) - 1, 1),
    (1000, int(1000 * GROWTH), 2),
])  # fmt: skip
async def test_extremities_are_renewed_after_a_tenth_more_answers(
    discussions: Discussions,
    discussion: Discussion,
    monkeypatch: pytest.MonkeyPatch,
    first: int,
    then: int,
    times: int,
) -> None:
    """Parley renews the extremities after a tenth more answers and at least 20 more, and not one answer earlier."""
    gate = Gate(monkeypatch)
    for answers in (first, then):
        discussions.extremities.renew(discussion.id, answers)
        await discussions.extremities.drain()
    assert gate.count == times


async def test_many_turns_at_once_compute_once(
    discussions: Discussions, discussion: Discussion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When 30 members ask for a statement at the same moment, each gets one, and Parley computes the extremities
    once."""
    gate = Gate(monkeypatch)
    turns = await asyncio.gather(*(discussions.turn(discussion, member(number)) for number in range(100, 130)))
    await discussions.extremities.drain()
    assert all(turn.statement for turn in turns)
    assert gate.count == 1


async def test_no_press_waits_for_a_computation(
    discussions: Discussions, discussion: Discussion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While Parley computes extremities, members can answer and get their next statement. The earlier values stay until
    then."""

    async def wait_forever(*_: object) -> Numbers:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(asyncio, "to_thread", wait_forever)
    assert (await discussions.turn(discussion, member(50))).statement is not None
    await discussions.answer(discussion, member(50), 0, 1, T)
    assert (await discussions.turn(discussion, member(50))).answered == 1
    assert discussions.extremities.of(discussion.id) is None


@pytest.mark.parametrize("end", ["end", "drop"])
async def test_the_end_of_a_discussion_cancels_its_computation(
    discussions: Discussions, discussion: Discussion, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """When a discussion closes or is cancelled, Parley cancels its computation and forgets its extremities. Another
    discussion's computation goes on."""
    elsewhere = asyncio.to_thread

    async def wait_forever(work: Callable[..., object], *arguments: object) -> object:
        if work is findings.extremities:
            await asyncio.Event().wait()
        return await elsewhere(work, *arguments)

    other = await started(discussions)
    extremities = discussions.extremities
    extremities.renew(discussion.id, 40)
    await extremities.drain()
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "to_thread", wait_forever)
        extremities.renew(discussion.id, 80)
        extremities.renew(other.id, 80)
        await getattr(discussions, end)(discussion.id, NOW)
        await until(lambda: list(extremities._tasks) == [other.id])
    assert extremities.of(discussion.id) is None
    await extremities.stop()
    assert extremities._tasks == {}


async def test_a_database_that_is_gone_is_tried_again(
    discussions: Discussions, discussion: Discussion, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """If the database is unavailable, Parley logs once that it can't renew the priorities, and tries again the next
    time. The member whose turn began the renewal gets a statement all the same."""

    async def fail(*_: object, **__: object) -> None:
        raise unavailable()

    with monkeypatch.context() as patch:
        patch.setattr(repository, "whole", fail)
        assert (await discussions.turn(discussion, member(50))).statement is not None
        await discussions.extremities.drain()
    assert caplog.text.count("can't renew the priorities") == 1
    discussions.extremities.renew(discussion.id, 40)
    await discussions.extremities.drain()
    assert discussions.extremities.of(discussion.id) is not None
