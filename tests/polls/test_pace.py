"""How often messages are redrawn and deadlines are read, and how Parley handles failures meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.chat.platform import Platform
from bot.chat.vocabulary import MessageRef, Reply
from bot.errors import BotError, NotAllowed, NotFound, PlaceGone, Unavailable
from bot.instance import Instance
from bot.polls import outbox, redrawing, scheduler
from bot.polls import posted_messages as messages
from bot.polls import repository as poll_rows
from bot.polls.model import Poll, PollState
from bot.polls.outbox import News, Telling
from bot.polls.posted_messages import PostedMessage
from bot.store import leases
from bot.store.signals import Signal
from bot.store.sql import Transaction
from bot.telemetry.meter import Meter
from tests.polls.test_scheduler import Moody, Shy
from tests.polls.test_who_may import CLOSES, HOME, MOMENT, T, opened, votes
from tests.talk import ADA, BEN, MO, reply_words
from tests.waits import until
from tests.walls import TellingWall
from tests.world import NOW, Clock, running

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class Tally(Meter):
    """A meter that records edits and merges."""

    edits: list[str] = field(default_factory=list)
    merges: int = 0

    def edited(self, platform: str, end: str) -> None:
        self.edits.append(end)

    def merged(self) -> None:
        self.merges += 1


@pytest.fixture
def tally() -> Tally:
    return Tally()


@pytest.fixture
async def here(tmp_path: Path, clock: Clock, tally: Tally) -> AsyncIterator[Instance]:
    async with running(tmp_path, clock=clock, meter=tally) as instance:
        instance.platforms["test"] = TellingWall()
        yield instance


def use(here: Instance, platform: Platform) -> None:
    here.platforms["test"] = platform


async def shown(here: Instance) -> tuple[Poll, PostedMessage]:
    """Open a poll with one message, and return both."""
    poll = await opened(here)
    ref = MessageRef(ADA.place, f"m {poll.id}")
    await here.polls.posted(poll.id, ref, NOW)
    return poll, PostedMessage(poll.id, ref, NOW)


# --- edits ---


@pytest.mark.parametrize(
    ("age", "since", "failures", "seconds"),
    [
        (HOUR, timedelta(), 0, 2),
        (HOUR + MOMENT, timedelta(), 0, 60),
        (HOUR, SECOND, 0, 1),
        (HOUR, 2 * SECOND, 0, None),
        (HOUR, 3 * SECOND, 0, None),
        (HOUR, -HOUR, 0, 2),  # the clock was set back
        (HOUR, timedelta(), 1, 4),
        (HOUR, timedelta(), 7, 256),
        (HOUR, timedelta(), 8, 300),
        (HOUR, timedelta(), 99_999, 300),
        (2 * HOUR, timedelta(), 2, 240),
        (2 * HOUR, timedelta(), 3, 300),
    ],
)
async def test_a_message_is_edited_every_two_seconds_or_each_minute_once_it_is_old(
    here: Instance, age: timedelta, since: timedelta, failures: int, seconds: int | None
) -> None:
    """A message is edited at most every two seconds, or once a minute when it is more than an hour old.

    Each failure doubles the pause, up to five minutes. The pause counts from the post, the last edit or the last try,
    whichever came last.
    """
    naps: list[float] = []

    async def nap(span: float) -> None:
        naps.append(span)

    here.copies._sleep = nap
    copy = PostedMessage("p1", MessageRef(ADA.place, "1"), NOW - age, NOW - since)
    await here.copies._wait(copy, NOW - age, failures)
    await here.copies._wait(replace(copy, edited_at=None), NOW - since, failures)
    expected = [] if seconds is None else [seconds]
    assert naps == 2 * expected
    await here.copies._wait(replace(copy, posted_at=NOW, edited_at=None), NOW - DAY, 0)
    assert naps[2 * len(expected) :] == [2]


@pytest.mark.parametrize(
    ("failure", "ends", "notices"),
    [
        (None, ["ok"], 0),
        (Unavailable("down"), ["Unavailable", "ok"], 0),
        (NotAllowed("locked"), ["NotAllowed"], 1),
        (ValueError("a bug"), ["bug"], 0),
        (TimeoutError(), ["Unavailable", "ok"], 0),
        (NotFound("deleted"), ["NotFound"], 0),
        (PlaceGone("gone"), ["PlaceGone"], 1),
    ],
)
async def test_each_edit_is_counted_by_its_end(
    here: Instance, tally: Tally, failure: Exception | None, ends: list[str], notices: int
) -> None:
    """The meter counts each edit by its outcome.

    An edit that takes too long counts as an unavailable platform and is tried again. After a bug the message stays
    stale. The host is told if the message's place is gone or closed to the bot.
    """
    poll, copy = await shown(here)
    shy = Shy()
    shy.edit_failures = [failure] if failure else []
    use(here, shy)
    await votes(here, poll, BEN)
    here.copies.refresh(poll.id)
    await here.copies.drain()
    assert (tally.edits, here.copies.due) == (ends, 0)
    assert len(shy.edited) == ("ok" in ends)
    assert len(shy.notices) == notices
    assert await here.database.write(lambda tx: leases.take(tx, redrawing.lease_of(copy), "another"))
    stale = await here.database.read(messages.stale_copies)
    assert len(stale) == ("bug" in ends)


async def test_each_failure_doubles_the_pause_and_a_success_ends_it(here: Instance) -> None:
    """Each failed edit doubles the pause, which begins at two seconds, and a success ends the doubling."""
    poll, _ = await shown(here)
    use(here, Moody([Unavailable("down")] * 3))
    naps: list[float] = []

    async def nap(span: float) -> None:
        naps.append(span)

    here.copies._sleep = nap
    for voter, pauses in ((BEN, [2, 4, 8, 16]), (ADA, [2])):
        await votes(here, poll, voter)
        here.copies.refresh(poll.id)
        await here.copies.drain()
        assert [span for span in naps if span != 0.25] == pauses
        naps.clear()


async def test_a_platform_that_has_stopped_edits_nothing(here: Instance, tally: Tally) -> None:
    """An edit on a platform that has stopped raises `Unavailable`; a process that runs it draws the message later."""
    poll, copy = await shown(here)
    use(here, Moody())
    await votes(here, poll, BEN)
    here.platforms.clear()
    with pytest.raises(Unavailable, match="isn't running"):
        await here.copies._edit(copy)
    here.copies.refresh(poll.id)
    await here.copies.drain()
    await here.copies.refresh_all()
    assert (tally.edits, here.copies.due) == ([], 0)


async def test_changes_that_come_together_are_one_edit(here: Instance, tally: Tally) -> None:
    """Changes that come together are one edit, and each beyond the first counts as merged.

    Without a change there is no edit.
    """
    poll, _ = await shown(here)
    moody = Moody()
    use(here, moody)
    here.copies.refresh(poll.id)
    await here.copies.drain()
    assert (len(moody.edited), tally.merges) == (0, 0)
    await votes(here, poll, BEN)
    for _ in range(3):
        here.copies.refresh(poll.id)
    await here.copies.drain()
    assert (len(moody.edited), tally.merges) == (1, 2)


async def test_a_process_that_ends_edits_no_more_and_leaves_it_to_others(here: Instance) -> None:
    """A process that stops releases its lease on a message at once, and edits no message any more."""
    poll, copy = await shown(here)
    use(here, Moody())
    name = redrawing.lease_of(copy)
    assert await here.database.write(lambda tx: leases.take(tx, name, here.copies._name))
    assert not await here.database.write(lambda tx: leases.take(tx, name, "another"))
    await here.copies.stop()
    assert await here.database.write(lambda tx: leases.take(tx, name, "another"))
    await votes(here, poll, BEN)
    here.copies.refresh(poll.id)
    await here.copies.refresh_stale()
    assert (here.copies.due, here.copies._changes) == (0, {})


class Slow(Moody):
    """A platform whose edits last until `gate` is set, and then fail with the next of `failures`, if any is left."""

    def __init__(self, failures: list[Exception] | None = None) -> None:
        super().__init__()
        self.gate, self.begun, self.failures = asyncio.Event(), 0, failures or []

    async def edit(self, ref: MessageRef, reply: Reply) -> None:
        self.begun += 1
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.edited.append(reply)


async def edit_begins(here: Instance, poll: Poll, slow: Slow) -> None:
    """Vote, and wait until the platform has begun the edit."""
    use(here, slow)
    await votes(here, poll, BEN)
    await hear(here, poll)
    await until(lambda: slow.begun)


async def hear(here: Instance, poll: Poll) -> None:
    """Have the copies look for changes, and wait until they have looked."""
    here.copies.refresh(poll.id)
    await until(lambda: not here.copies._changes)


async def test_a_change_during_an_edit_is_drawn_by_the_next(here: Instance, tally: Tally) -> None:
    """One further edit draws all changes that come during an edit; a message is never edited twice at a time."""
    poll, _ = await shown(here)
    slow = Slow()
    await edit_begins(here, poll, slow)
    for voter in (ADA, MO):
        await votes(here, poll, voter)
        await hear(here, poll)
    assert (slow.begun, here.copies.due, tally.merges) == (1, 1, 1)
    slow.gate.set()
    await here.copies.drain()
    assert (slow.begun, here.copies.due) == (2, 0)
    assert await here.database.read(messages.stale_copies) == []


@pytest.mark.parametrize(
    ("failure", "begun"), [(ValueError("a bug"), 2), (NotFound("deleted"), 1), (NotAllowed("locked"), 1)]
)
async def test_a_change_during_an_edit_that_fails_is_drawn_unless_the_message_is_gone(
    here: Instance, caplog: pytest.LogCaptureFixture, failure: Exception, begun: int
) -> None:
    """After an edit that met a bug, a change that came meanwhile is drawn by another edit.

    If the message is gone or locked, there is no other edit, and no bug in the log.
    """
    poll, copy = await shown(here)
    slow = Slow([failure])
    await edit_begins(here, poll, slow)
    here.copies._ask(copy)
    [task] = here.copies._tasks
    slow.gate.set()
    await task
    assert (slow.begun, here.copies.due) == (begun, 0)
    assert ("bug" in caplog.text) is isinstance(failure, ValueError)


async def test_a_change_right_after_an_edit_is_drawn(here: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change is drawn even if it comes after the edit was noted and before the edit's task has ended."""
    poll, copy = await shown(here)
    moody, turn, changes = Moody(), here.copies._turn, [ADA]
    use(here, moody)

    async def turn_and_change(copy: PostedMessage) -> PostedMessage | None:
        after = await turn(copy)
        if changes:
            await votes(here, poll, changes.pop())
            here.copies._ask(copy)
        return after

    monkeypatch.setattr(here.copies, "_turn", turn_and_change)
    await votes(here, poll, BEN)
    here.copies._ask(copy)
    await here.copies.drain()
    assert (len(moody.edited), await here.database.read(messages.stale_copies)) == (2, [])


class Busy(Moody):
    """A platform on which `meanwhile` happens during the first edit that succeeds."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def edit(self, ref: MessageRef, reply: Reply) -> None:
        await super().edit(ref, reply)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()


async def test_a_change_that_nobody_told_is_drawn_after_the_edit(here: Instance) -> None:
    """A change during an edit is drawn without any signal, because the database marks the message as stale.

    After a success the pauses are short again.
    """
    poll, _ = await shown(here)
    busy, naps = Busy([Unavailable("down")]), list[float]()
    busy.meanwhile = lambda: votes(here, poll, ADA)
    use(here, busy)

    async def nap(span: float) -> None:
        naps.append(span)

    here.copies._sleep = nap
    await votes(here, poll, BEN)
    here.copies.refresh(poll.id)
    await here.copies.drain()
    assert (len(busy.edited), [span for span in naps if span != redrawing.GATHER]) == (2, [2, 4, 2])
    assert await here.database.read(messages.stale_copies) == []


class Forgetful(Moody):
    """A platform whose messages live in the memory of each process."""

    forgets = True


@pytest.mark.parametrize(("platform", "edits"), [(Forgetful(), 2), (Moody(), 0)])
async def test_a_message_in_memory_is_drawn_by_each_process(here: Instance, platform: Moody, edits: int) -> None:
    """A platform that keeps its messages in memory has each process draw them, at its start and at each change.

    A process does so even if another one holds the lease, which on other platforms keeps it from drawing. A message
    that is gone is drawn nowhere.
    """
    poll, copy = await shown(here)
    use(here, platform)
    await here.database.write(lambda tx: leases.take(tx, redrawing.lease_of(copy), "another"))
    await here.copies.refresh_all()
    await here.copies.drain()
    here.copies.refresh(poll.id)
    await here.copies.drain()
    assert len(platform.edited) == edits
    await here.database.write(lambda tx: messages.forget_copy(tx, poll.id, copy.message))
    assert await here.copies._turn(copy) is None
    assert len(platform.edited) == edits


async def test_all_messages_are_looked_at_when_another_process_ends(here: Instance) -> None:
    """A signal that names no poll, as an ending process sends it, has the stale messages of all polls redrawn."""
    moody = Moody()
    use(here, moody)
    for _ in range(2):
        poll, _ = await shown(here)
        await votes(here, poll, BEN)
    here.database.signal(Signal.POLL)
    await here.copies.drain()
    assert len(moody.edited) == 2
    assert await here.database.read(messages.stale_copies) == []


class Stuck(Slow):
    """A platform whose edits never end by themselves, and write to the database twice when they are cancelled.

    Writes take turns, so a stop that doesn't wait for the edit releases its leases before the second one.
    """

    def __init__(self, here: Instance) -> None:
        super().__init__()
        self._here = here

    async def edit(self, ref: MessageRef, reply: Reply) -> None:
        try:
            await super().edit(ref, reply)
        finally:
            for _ in range(2):
                await self._here.database.write(lambda tx: leases.release_all(tx, "another"))


async def test_an_edit_under_way_holds_up_no_end(here: Instance) -> None:
    """A stop cancels an edit under way, and then signals the other processes that they may take over."""
    poll, _ = await shown(here)
    heard = list[str]()
    await edit_begins(here, poll, Stuck(here))
    assert here.copies.due == 1
    here.database.listen(Signal.POLL, heard.append)
    await here.copies.stop()
    assert (here.copies.due, here.copies._tasks, heard) == (0, set(), [""])


async def test_votes_are_gathered_before_the_next_look(here: Instance) -> None:
    """After each look at a poll's messages, Parley gathers votes for a quarter of a second before the next look."""
    poll, _ = await shown(here)
    use(here, Moody())
    naps: list[float] = []

    async def nap(span: float) -> None:
        naps.append(span)

    here.copies._sleep = nap
    here.copies.refresh(poll.id)
    await here.copies.drain()
    assert naps == [0.25]


async def test_a_message_is_known_by_its_place(here: Instance) -> None:
    """Parley finds the first message of a poll in each place, and none in a place without one."""
    poll = await opened(here)
    there = replace(ADA.place, channel="other")
    assert not PostedMessage(poll.id, MessageRef(there, "m0"), NOW).stale
    for number, place in enumerate((there, ADA.place, ADA.place)):
        ref = MessageRef(place, f"m{number}")
        await here.database.write(lambda tx, ref=ref: messages.add_first_copy(tx, poll.id, ref, NOW))  # type: ignore[misc]
    posted = await here.database.read(lambda tx: messages.copies(tx, poll.id))
    assert len(posted) == 3
    for place, first in ((there, "m0"), (ADA.place, "m1"), (replace(there, channel="third"), None)):
        earliest = messages.first_in(place, sorted(posted, key=lambda each: each.message.id))
        assert (earliest.id if earliest else None) == first


@pytest.mark.parametrize(
    ("news", "channel", "for_creator"),
    [(News.RESULT, "", True), (News.RESULT, "main", False), (News.NUDGE, "", False), (News.REMINDER, "main", False)],
)
def test_a_result_without_a_channel_is_for_the_host(news: News, channel: str, for_creator: bool) -> None:
    """A result without a channel goes to the poll's host; a member's own reminder, which has none either, doesn't."""
    assert Telling("p1", news, replace(ADA.place, channel=channel), NOW).for_creator is for_creator


async def test_of_two_processes_the_one_with_the_lease_edits(here: Instance) -> None:
    """A process edits a message only under its lease, and only if the message is stale and nobody edited it meanwhile.

    Otherwise it releases the lease.
    """
    poll, copy = await shown(here)
    name = redrawing.lease_of(copy)

    async def take(subject: PostedMessage = copy) -> bool:
        _, to_edit = await here.database.write(lambda tx: here.copies._take(tx, subject))
        mine = to_edit is not None
        free = await here.database.write(lambda tx: leases.take(tx, name, "another"))
        if free:
            await here.database.write(lambda tx: leases.release(tx, name, "another"))
        assert free is not mine
        return mine

    assert not await take()
    await votes(here, poll, BEN)
    assert await take()
    assert not await take(replace(copy, edited_at=NOW - SECOND))
    assert not await take(replace(copy, message=MessageRef(ADA.place, "gone")))


# --- deadlines ---


@dataclass
class DueAt:
    """A chore that is due at a given moment, and fails with the given errors."""

    moment: datetime | None = None
    failures: list[Exception] = field(default_factory=list)
    runs: int = 0

    async def next_due(self) -> datetime | None:
        return self.moment

    async def run_due(self, now: datetime) -> None:
        self.runs += 1
        if self.failures:
            raise self.failures.pop(0)


@pytest.mark.parametrize(
    ("due", "wait", "lag"),
    [
        (None, 30, 0),
        (timedelta(seconds=31), 30, 0),
        (timedelta(seconds=29), 29, 0),
        (MOMENT, 0.000001, 0),
        (timedelta(), 1, 0),
        (-SECOND, 1, 1),
        (-DAY, 1, 86_400),
    ],
)
async def test_deadlines_are_read_when_the_next_is_due_or_after_half_a_minute(
    here: Instance, due: timedelta | None, wait: float, lag: float
) -> None:
    """The scheduler waits until the next deadline, but at most 30 seconds, and one second if work is already due.

    `lag` is the time for which work has been due.
    """
    here.scheduler._chores = (DueAt(), DueAt(None if due is None else NOW + due), DueAt(NOW + DAY))
    if due is None:
        here.scheduler._chores = ()
    assert await here.scheduler._seconds_to_next() == wait
    assert await here.scheduler.lag() == lag


@pytest.mark.parametrize(
    ("failures", "waits"),
    [([], [30.0]), ([Unavailable("down")], [1.0, 30.0]), ([ValueError("a bug")], [30.0])],
)
async def test_the_scheduler_goes_on_after_what_fails(
    here: Instance, monkeypatch: pytest.MonkeyPatch, failures: list[Exception], waits: list[float]
) -> None:
    """If the database or a platform is unavailable, the scheduler tries again a second later.

    A bug in a chore keeps no other chore from running. The scheduler clears a wake-up before it waits again.
    """
    first, second = DueAt(failures=failures), DueAt()
    here.scheduler._chores = (first, second)
    waited: list[float] = []
    here.scheduler.wake()

    async def wait(event: asyncio.Event, seconds: float) -> bool:
        assert not event.is_set()
        waited.append(seconds)
        if second.runs:
            here.scheduler.stop()
        return True

    monkeypatch.setattr(scheduler, "wait_for_event", wait)
    await asyncio.wait_for(here.scheduler.run(), 60)
    assert (waited, here.scheduler.stopping) == (waits, True)
    assert (first.runs, second.runs) == (len(waits), 1)


async def test_the_scheduler_finds_what_another_process_left_undrawn(
    here: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each turn, the scheduler redraws messages that another process left stale, though no signal reports them."""
    poll, _ = await shown(here)
    moody = Moody()
    use(here, moody)
    await votes(here, poll, BEN)

    async def wait(_event: asyncio.Event, _seconds: float) -> bool:
        await here.copies.drain()
        here.scheduler.stop()
        return True

    monkeypatch.setattr(scheduler, "wait_for_event", wait)
    await asyncio.wait_for(here.scheduler.run(), 60)
    assert len(moody.edited) == 1


async def test_what_is_to_be_forgotten_is_cleared_from_the_file_until_nothing_is_left(
    here: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scheduler clears deleted data from the file at its first turn, and tries again at each turn until it works.

    The first turn does so because the last process may have died before.
    """
    tried: list[bool] = []

    async def forget(_database: object) -> bool:
        tried.append(len(tried) == 1)
        return tried[-1]

    monkeypatch.setattr(type(here.database), "forget_deleted", forget)
    for turns in (1, 2, 2):
        await here.scheduler.run_due()
        assert len(tried) == turns


async def test_remains_of_an_erasure_are_cleared_later_if_something_is_in_the_way(
    here: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If an erasure can't clear the file, the scheduler does at its next turn, and then leaves the file alone."""
    await here.scheduler.run_due()
    tries: list[bool] = []

    async def forget(_database: object) -> bool:
        tries.append(len(tries) == 1)
        return tries[-1]

    monkeypatch.setattr(type(here.database), "forget_deleted", forget)
    await here.privacy.erase(ADA.actor, here.now())
    assert tries == [False]
    for _ in range(2):
        await here.scheduler.run_due()
    assert tries == [False, True]


async def test_other_processes_hear_that_a_poll_has_closed(here: Instance, clock: Clock) -> None:
    """A close signals the other processes, which may run the platforms of the poll's places.

    A turn that closes no poll sends no signal.
    """
    await opened(here)
    heard: list[str] = []
    here.database.listen(Signal.DEADLINE, heard.append)
    for now, told in ((CLOSES - MOMENT, 0), (CLOSES, 1), (CLOSES + MOMENT, 1)):
        clock.now = now
        await here.scheduler.run_due()
        assert len(heard) == told


async def test_a_bug_in_the_scheduler_itself_makes_it_pause(here: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in the scheduler itself makes it pause for half a minute; once it is stopped, it doesn't pause."""
    waited: list[float] = []

    async def wait(_event: asyncio.Event, seconds: float) -> bool:
        waited.append(seconds)
        return True

    turns = [ValueError("a bug"), ValueError("the last")]

    async def run_due() -> None:
        if len(turns) == 1:
            here.scheduler.stop()
        raise turns.pop(0)

    monkeypatch.setattr(scheduler, "wait_for_event", wait)
    monkeypatch.setattr(type(here.scheduler), "run_due", lambda _self: run_due())
    await asyncio.wait_for(here.scheduler.run(), 60)
    assert waited == [30.0]


async def test_a_close_that_fails_is_in_the_log_once(
    here: Instance, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A close that fails is in the log once and is tried until it works, and other polls close meanwhile."""
    stuck, other = await opened(here), await opened(here)
    close, failures = type(here.box).close, [BotError("broken"), BotError("broken")]

    async def fail(self: object, poll: str, *rest: object, **named: object) -> bool:
        if poll == stuck.id and failures:
            raise failures.pop()
        return await close(self, poll, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(type(here.box), "close", fail)
    clock.now = CLOSES
    for open_left in (2, 1, 1, 0):
        states = [(await here.polls.get(each.id, T)).state for each in (stuck, other)]
        assert states.count(PollState.OPEN) == open_left
        await here.scheduler.run_due()
    assert caplog.text.count(f"can't close poll {stuck.id}: broken") == 1


async def test_the_scheduler_wakes_for_a_deadline_and_for_its_end(here: Instance) -> None:
    """The scheduler wakes for a deadline, which another process may have set, and for a stop."""
    here.scheduler._wake.clear()
    here.database.signal(Signal.DEADLINE)
    await until(here.scheduler._wake.is_set)
    here.scheduler._wake.clear()
    here.scheduler.stop()
    assert (here.scheduler._wake.is_set(), here.scheduler.stopping) == (True, True)


# --- what is told ---


@pytest.mark.parametrize(("late", "told"), [(DAY - MOMENT, 1), (DAY, 0)])
async def test_a_result_is_told_within_a_day(here: Instance, clock: Clock, late: timedelta, told: int) -> None:
    """Parley announces a result until a day after the close, and drops it from then on."""
    poll, _ = await shown(here)
    await here.box.close(poll.id, NOW)
    moody = Moody()
    use(here, moody)
    clock.now = NOW + late
    await here.scheduler.run_due()
    await here.scheduler.run_due()
    assert len(moody.posted) == told


async def test_what_could_not_be_told_is_told_a_minute_later(here: Instance, clock: Clock) -> None:
    """If a place couldn't take a result, Parley tries a minute later, not a moment sooner, and announces it once."""
    poll, _ = await shown(here)
    moody = Moody(post_failures=[Unavailable("down")])
    use(here, moody)
    await here.box.close(poll.id, NOW)
    for later, told in ((timedelta(), 0), (MINUTE - MOMENT, 0), (MINUTE, 1), (2 * MINUTE, 1)):
        clock.now = NOW + later
        await here.scheduler.run_due()
        assert len(moody.posted) == told


async def test_what_could_not_be_put_back_is_put_back_first(
    here: Instance, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If neither the place nor the database can be reached, a result waits in memory.

    The next turn first puts it back into the database, where it waits for any process.
    """
    poll, _ = await shown(here)
    moody = Moody(post_failures=[Unavailable("down"), Unavailable("down")])
    use(here, moody)
    await here.box.close(poll.id, NOW)
    put_back, failures = outbox.put_back, [Unavailable("full")]

    async def fail(tx: Transaction, telling: Telling, due_at: datetime) -> None:
        if failures:
            raise failures.pop()
        await put_back(tx, telling, due_at)

    monkeypatch.setattr(outbox, "put_back", fail)
    with pytest.raises(Unavailable):
        await here.scheduler.run_due()
    for minutes, told in ((1, 0), (2, 1)):
        clock.now = NOW + minutes * MINUTE
        await here.scheduler.run_due()
        assert len(moody.posted) == told
        due = await here.database.read(lambda tx: poll_rows.next_deadline(tx, ["test"]))
        assert due == (None if told else clock.now + MINUTE)


@pytest.mark.parametrize(("late", "says_so"), [(5 * MINUTE, False), (5 * MINUTE + MOMENT, True)])
async def test_a_reminder_says_that_it_is_late_after_five_minutes(
    here: Instance, clock: Clock, late: timedelta, says_so: bool
) -> None:
    """A reminder that is more than five minutes late says so; a late result doesn't."""
    poll, _ = await shown(here)
    moody = Moody()
    use(here, moody)
    clock.now = CLOSES - HOUR + late
    await here.scheduler.run_due()
    clock.now = CLOSES + DAY - MOMENT
    await here.scheduler.run_due()
    reminder, result = map(reply_words, moody.posted)
    assert ("This comes late" in reminder, "Closing soon" in reminder) == (says_so, True)
    assert ("This comes late" in result, poll.question in result) == (False, True)


async def test_no_poll_that_has_ended_is_reminded_of(here: Instance, clock: Clock) -> None:
    """After a poll is cancelled, neither its places nor members who asked for it get a reminder."""
    poll, _ = await shown(here)
    wall = TellingWall()
    use(here, wall)
    await here.polls.watch(poll, BEN, HOME, T)
    await here.polls.remind(poll, ADA.actor, HOME, NOW, T)
    await here.polls.cancel(poll, ADA.actor, HOME, NOW, T)
    clock.now = CLOSES
    await here.scheduler.run_due()
    assert (wall.posted, wall.private) == ([], [])


@pytest.mark.parametrize(
    ("news", "state", "posts"),
    [
        (News.REMINDER, PollState.OPEN, 1),
        (News.REMINDER, PollState.CLOSED, 0),
        (News.REMINDER, PollState.CANCELLED, 0),
        (News.OPENING, PollState.OPEN, 1),
        (News.OPENING, PollState.CANCELLED, 0),
        (News.RESULT, PollState.CLOSED, 1),
    ],
)
async def test_only_a_result_is_told_of_a_poll_that_has_ended(
    here: Instance, news: News, state: PollState, posts: int
) -> None:
    """After a poll's end Parley announces a result that waits, and drops a reminder or an opening that waits."""
    poll, moody = await opened(here), Moody()
    use(here, moody)
    if state is not PollState.OPEN:
        await getattr(here.box, "close" if state is PollState.CLOSED else "cancel")(poll.id, NOW)
    while await here.database.write(lambda tx: outbox.take(tx, ["test"], NOW)):
        pass
    await here.database.write(lambda tx: outbox.put_back(tx, Telling(poll.id, news, ADA.place, NOW), NOW))
    await here.scheduler.run_due()
    assert len(moody.posted) == posts
    assert (await here.polls.get(poll.id, T)).state is state
    assert await here.database.write(lambda tx: outbox.take(tx, ["test"], NOW + HOUR)) is None


@pytest.mark.parametrize("news", News)
async def test_news_of_a_poll_that_was_deleted_meanwhile_is_dropped(
    here: Instance, caplog: pytest.LogCaptureFixture, news: News
) -> None:
    """Parley announces no news of a poll that was deleted meanwhile, and logs no bug."""
    wall = TellingWall()
    use(here, wall)
    telling = Telling("p99", news, ADA.place, NOW)
    assert await here.scheduler._tell(telling)
    await here.scheduler._leave(telling)
    assert (wall.posted, wall.private, "bug" in caplog.text) == ([], [], False)


@pytest.mark.parametrize("failure", [NotAllowed("locked"), ValueError("a bug")])
@pytest.mark.parametrize(("news", "notices"), [(News.RESULT, 1), (News.REMINDER, 0)])
async def test_a_host_hears_of_a_result_that_could_not_be_told(
    here: Instance, failure: Exception, news: News, notices: int
) -> None:
    """A host is told if a refusal or a bug keeps a result from being announced; a lost reminder is not reported."""
    poll, _ = await shown(here)
    wall = TellingWall()
    use(here, wall)
    if news is News.RESULT:
        await here.box.close(poll.id, NOW)
    else:
        await here.polls.remind(poll, ADA.actor, HOME, NOW, T)
    wall.failures = [failure]
    await here.scheduler.run_due()
    assert wall.posted == []
    assert ["couldn't announce" in reply_words(reply) for _, reply in wall.private] == [True] * notices


@pytest.mark.parametrize("failure", [NotAllowed("locked"), ValueError("a bug")])
async def test_a_scheduled_poll_that_cannot_be_posted_is_cancelled(
    here: Instance, caplog: pytest.LogCaptureFixture, failure: Exception
) -> None:
    """A scheduled poll that can't be posted is cancelled, and its host is told; only a bug is logged as one."""
    poll, wall = await opened(here), TellingWall()
    use(here, wall)
    wall.failures = [failure]
    opening = Telling(poll.id, News.OPENING, ADA.place, NOW)
    await here.database.write(lambda tx: outbox.put_back(tx, opening, NOW))
    await here.scheduler.run_due()
    assert (await here.polls.get(poll.id, T)).state is PollState.CANCELLED
    assert ["didn't open" in reply_words(reply) for _, reply in wall.private] == [True]
    assert ("bug while posting scheduled poll" in caplog.text) is isinstance(failure, ValueError)


async def test_a_reminder_that_is_a_day_late_is_dropped(here: Instance, clock: Clock) -> None:
    """A reminder that is a day late is dropped, and its poll stays open."""
    poll, wall = await opened(here, closes_at=NOW + 9 * DAY), TellingWall()
    use(here, wall)
    reminder = Telling(poll.id, News.REMINDER, ADA.place, NOW)
    await here.database.write(lambda tx: outbox.put_back(tx, reminder, NOW))
    clock.now = NOW + DAY
    await here.scheduler.run_due()
    assert (wall.posted, (await here.polls.get(poll.id, T)).state) == ([], PollState.OPEN)


async def test_news_for_a_platform_that_runs_nowhere_waits_for_a_day(here: Instance, clock: Clock) -> None:
    """News for a platform that runs nowhere waits for a day and is then dropped."""
    poll, _ = await shown(here)
    await here.box.close(poll.id, NOW)
    here.platforms.clear()
    for late, waits in ((DAY, True), (DAY + MOMENT, False)):
        clock.now = NOW + late
        await here.scheduler.run_due()
        assert (await here.database.read(lambda tx: poll_rows.next_deadline(tx, ["test"])) is not None) is waits


@pytest.mark.parametrize(("late", "says_so"), [(5 * MINUTE, False), (5 * MINUTE + MOMENT, True)])
async def test_a_poll_that_opens_late_says_so_after_five_minutes(
    here: Instance, clock: Clock, late: timedelta, says_so: bool
) -> None:
    """A scheduled poll that opens more than five minutes late says so.

    If it is a day late, it is cancelled instead, and its host is told.
    """
    poll, moody = await opened(here), Moody()
    use(here, moody)
    opening = Telling(poll.id, News.OPENING, ADA.place, NOW)
    await here.database.write(lambda tx: outbox.put_back(tx, opening, NOW))
    clock.now = NOW + late
    await here.scheduler.run_due()
    assert ["This comes late" in reply_words(reply) for reply in moody.posted] == [says_so]
    wall = TellingWall()
    use(here, wall)
    late_poll = await opened(here, closes_at=NOW + 9 * DAY)
    opening = Telling(late_poll.id, News.OPENING, ADA.place, NOW)
    await here.database.write(lambda tx: outbox.put_back(tx, opening, NOW))
    clock.now = NOW + DAY
    await here.scheduler.run_due()
    assert (await here.polls.get(late_poll.id, T)).state is PollState.CANCELLED
    assert [person for person, _ in wall.private] == ["ada"]


async def test_a_member_is_reminded_where_the_platform_can(
    here: Instance, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A member who asked for a reminder gets it on a platform that can write to people.

    On another platform nobody gets one, and neither does a member who can't be written to. Nothing is tried again, and
    the log has no bug.
    """
    unreachable = TellingWall()
    unreachable.away = {"ben"}
    for platform, told in ((TellingWall(), 1), (unreachable, 0), (Moody(), 0)):
        poll = await opened(here, closes_at=clock() + DAY)
        use(here, platform)
        await here.polls.watch(poll, replace(BEN, now=clock()), HOME, T)
        clock.forward(hours=23)
        await here.scheduler.run_due()
        await here.scheduler.run_due()
        assert len(getattr(platform, "private", ())) == told
        assert getattr(platform, "posted", []) == []
        assert await here.database.write(lambda tx: outbox.take(tx, ["test"], clock() + DAY)) is None
        assert "bug" not in caplog.text
        clock.forward(days=2)
        await here.scheduler.run_due()
