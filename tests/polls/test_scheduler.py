"""Deadlines and posted messages: some work happens once, some is tried again, and some is given up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat.platform import Limits
from bot.chat.vocabulary import MessageRef, Place, Reply
from bot.errors import NotAllowed, NotFound, Unavailable
from bot.instance import Instance
from bot.polls import outbox as tellings
from bot.polls import posted_messages as messages
from bot.polls import redrawing as copies
from bot.store import leases
from tests.talk import ADA, BEN, MO, press, reply_words, say, wall
from tests.waits import until
from tests.walls import wall_of
from tests.world import Clock, Wall, request, running

OPEN = '/poll create post:yes question:"Which tea?" options:"Green | Black"'


@dataclass
class Moody:
    """A platform whose edits and posts fail with the given errors until none is left."""

    edit_failures: list[Exception] = field(default_factory=list)
    post_failures: list[Exception] = field(default_factory=list)
    name: str = "test"
    limits: Limits = field(default_factory=Limits)
    edited: list[Reply] = field(default_factory=list)
    posted: list[Reply] = field(default_factory=list)
    edits_tried: int = 0

    async def post(self, place: Place, reply: Reply) -> MessageRef:
        self._fail(self.post_failures)
        self.posted.append(reply)
        return MessageRef(place, "1")

    async def edit(self, ref: MessageRef, reply: Reply) -> None:
        self._fail(self.edit_failures)
        self.edited.append(reply)

    async def has_channel(self, _workspace: str, _channel: str) -> bool:
        return True

    async def has_role(self, _workspace: str, _role: str) -> bool:
        return True

    def _fail(self, failures: list[Exception]) -> None:
        self.edits_tried += 1
        if failures:
            raise failures.pop(0)


async def test_two_processes_close_and_announce_a_poll_once(tmp_path: Path, clock: Clock) -> None:
    """Two processes that share a database close a poll once and announce its result once."""
    async with running(tmp_path, clock=clock) as one, running(tmp_path, clock=clock, shared=True) as two:
        await say(one, ADA, f"{OPEN} closes:1h")
        await press(two, BEN, "v1:vote:p1:0")
        clock.forward(hours=1)
        await asyncio.gather(one.scheduler.run_due(), two.scheduler.run_due())
        await one.scheduler.run_due()
        await two.scheduler.run_due()
        replies = [reply_words(reply) for instance in (one, two) for _, reply in wall(instance).posted]
        assert sum("Closed: Which tea?" in words for words in replies) == 1


async def test_an_announcement_survives_the_process_that_died_before_it(tmp_path: Path, clock: Clock) -> None:
    """If a process dies after a close and before the announcement, the next process announces the result, once."""
    async with running(tmp_path, clock=clock) as first:
        await say(first, ADA, f"{OPEN} closes:1h")
        clock.forward(hours=1)
        await first.box.close("p1", clock())
    async with running(tmp_path, clock=clock) as second:
        await second.scheduler.run_due()
        await second.scheduler.run_due()
        assert ["Closed: Which tea?" in reply_words(reply) for _, reply in wall(second).posted] == [True]


async def test_a_place_that_may_have_heard_is_not_told_again(tmp_path: Path, clock: Clock) -> None:
    """If a process dies while it tells one place, that place is not told again; the next process tells the others."""
    async with running(tmp_path, clock=clock) as first:
        await say(first, ADA, f"{OPEN} closes:1h")
        await first.polls.posted("p1", MessageRef(replace(ADA.place, channel="other"), "99"), clock())
        await first.box.close("p1", clock())
        telling = await first.database.write(lambda tx: tellings.take(tx, ["test"], clock()))
        assert telling is not None
    async with running(tmp_path, clock=clock) as second:
        await second.scheduler.run_due()
        assert {ref.place for ref, _ in wall(second).posted} == {ADA.place, replace(ADA.place, channel="other")} - {
            telling.place
        }


async def test_a_platform_hears_from_the_process_that_runs_it(tmp_path: Path, clock: Clock) -> None:
    """A process that runs the poll's platform announces the result, even if another process closed the poll."""
    async with running(tmp_path, clock=clock) as one, running(tmp_path, clock=clock, shared=True) as two:
        await say(one, ADA, f"{OPEN} closes:1h")
        one.platforms.clear()
        clock.forward(hours=1)
        await one.scheduler.run_due()
        await two.scheduler.run_due()
        assert ["Closed: Which tea?" in reply_words(reply) for _, reply in wall(two).posted] == [True]


async def test_a_place_that_can_be_reached_by_nobody_is_given_up_after_a_day(here: Instance, clock: Clock) -> None:
    """News for a platform that no process runs is given up after a day."""
    await say(here, ADA, f"{OPEN} closes:1h")
    await here.box.close("p1", clock())
    wall_ = here.platforms.pop("test")
    clock.forward(days=1, minutes=1)
    await here.scheduler.run_due()
    here.platforms["test"] = wall_
    await here.scheduler.run_due()
    assert len(wall(here).posted) == 1


async def test_a_place_that_is_out_of_reach_hears_later_and_the_others_once(here: Instance, clock: Clock) -> None:
    """Parley announces a result later in a place that is unavailable, and not again in places that have it."""
    await say(here, ADA, f"{OPEN} closes:1h")
    await here.polls.posted("p1", MessageRef(replace(ADA.place, channel="other"), "99"), clock())
    here.platforms["test"] = moody = Moody(post_failures=[Unavailable("down")])
    clock.forward(hours=1)
    await here.scheduler.run_due()
    assert len(moody.posted) == 1
    clock.forward(minutes=2)
    await here.scheduler.run_due()
    await here.scheduler.run_due()
    assert len(moody.posted) == 2


@pytest.mark.parametrize("end", ["close", "cancel"])
async def test_a_copy_that_was_not_redrawn_before_a_crash_is_redrawn_at_the_next_start(
    tmp_path: Path, clock: Clock, end: str
) -> None:
    """If a process dies after a poll's end and before the message shows it, the next start redraws it, once."""
    async with running(tmp_path, clock=clock) as first:
        await say(first, ADA, f"{OPEN} closes:1h")
        await getattr(first.box, end)("p1", clock())
    async with running(tmp_path, clock=clock) as second:
        second.platforms["test"] = moody = Moody()
        await second.copies.refresh_all()
        await second.copies.drain()
        await second.copies.refresh_all()
        await second.copies.drain()
        (edit,) = moody.edited
        assert ("This poll is closed" if end == "close" else "This poll was cancelled") in reply_words(edit)


async def test_two_processes_redraw_a_copy_once(tmp_path: Path, clock: Clock) -> None:
    """When two processes hear of a vote, one of them edits the message, at each vote."""
    async with running(tmp_path, clock=clock) as one, running(tmp_path, clock=clock, shared=True) as two:
        await say(one, ADA, f"{OPEN} results:live")
        shared = Moody()
        one.platforms["test"] = two.platforms["test"] = shared
        for turn, choice in enumerate("01"):
            await press(two, BEN, f"v1:vote:p1:{choice}")
            one.copies.refresh("p1")
            await asyncio.gather(one.copies.drain(), two.copies.drain())
            assert len(shared.edited) == turn + 1


async def test_a_copy_in_the_hands_of_a_dead_process_is_taken_over(here: Instance, clock: Clock) -> None:
    """A message under a dead process's lease is left alone until the lease runs out, and is then redrawn."""
    await say(here, ADA, f"{OPEN} results:live")
    here.platforms["test"] = moody = Moody()
    (copy,) = await here.database.read(lambda tx: messages.copies(tx, "p1"))
    await here.database.write(lambda tx: leases.take(tx, copies.lease_of(copy), "the dead"))
    await press(here, BEN, "v1:vote:p1:0")
    await here.copies.drain()
    assert moody.edited == []
    await here.database.write(lambda tx: leases.take(tx, copies.lease_of(copy), "the dead", seconds=0))
    await here.copies.refresh_stale()
    await here.copies.drain()
    assert len(moody.edited) == 1


async def test_a_copy_that_meets_a_bug_is_tried_again_when_its_poll_changes(here: Instance, clock: Clock) -> None:
    """If a bug stops the redrawing of a message, Parley tries again only when the poll changes.

    After that the message is redrawn like any other.
    """
    await say(here, ADA, f"{OPEN} results:live")
    here.platforms["test"] = moody = Moody([RuntimeError("bug")])
    await press(here, BEN, "v1:vote:p1:0")
    await here.copies.drain()
    await here.copies.refresh_stale()
    await here.copies.drain()
    assert moody.edits_tried == 1
    await press(here, BEN, "v1:vote:p1:1")
    await here.copies.drain()
    assert "Black ★ 1 (100%)" in reply_words(moody.edited[-1])
    assert await here.database.read(messages.stale_copies) == []
    await here.database.write(lambda tx: messages.outdate(tx, "p1"))
    await here.copies.refresh_stale()
    await here.copies.drain()
    assert len(moody.edited) == 2


async def test_a_database_that_fails_stops_no_redrawing(here: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the database can't note an edit, Parley repeats the edit until the database has noted it."""
    await say(here, ADA, f"{OPEN} results:live")
    here.platforms["test"] = moody = Moody()
    failures = [Unavailable("full"), Unavailable("full")]
    mark_shown = messages.mark_shown

    async def fail(*arguments: object) -> None:
        if failures:
            raise failures.pop()
        await mark_shown(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(messages, "mark_shown", fail)
    await press(here, BEN, "v1:vote:p1:0")
    await here.copies.drain()
    assert len(moody.edited) == 3
    assert await here.database.read(messages.stale_copies) == []


async def test_what_fell_due_while_nothing_ran_happens_at_the_start(tmp_path: Path, clock: Clock) -> None:
    """A poll whose closing time passed while no process ran is closed and announced at the next start.

    A vote after that time doesn't count, though the poll isn't closed yet.
    """
    async with running(tmp_path, clock=clock) as before:
        await say(before, ADA, f"{OPEN} closes:1h")
        await press(before, BEN, "v1:vote:p1:1")
    clock.forward(days=3)
    async with running(tmp_path, clock=clock) as after:
        late = await press(after, MO, "v1:vote:p1:0")
        assert "no longer open" in reply_words(late.answer or Reply())
        await after.start()
        await until(lambda: wall(after).posted)
        assert "Winner: Black." in reply_words(wall(after).posted[0][1])
        assert (await after.polls.listed("test:demo"))[0].ballots == 1


async def test_a_copy_that_was_deleted_is_forgotten(here: Instance) -> None:
    """Parley tries once to edit a message that was deleted, and then forgets it."""
    await say(here, ADA, f"{OPEN} results:live")
    here.platforms["test"] = gone = Moody([NotFound("no such message")])
    await press(here, BEN, "v1:vote:p1:0")
    await here.copies.drain()
    await press(here, BEN, "v1:vote:p1:1")
    await here.copies.drain()
    assert gone.edits_tried == 1
    assert await here.database.read(lambda tx: messages.copies(tx, "p1")) == []


async def test_an_edit_that_fails_is_tried_again_until_it_is_right(here: Instance) -> None:
    """Parley repeats failed edits, so that the message shows the last vote after an outage."""
    await say(here, ADA, f"{OPEN} results:live")
    here.platforms["test"] = moody = Moody([Unavailable("down"), Unavailable("down"), Unavailable("still down")])
    await press(here, BEN, "v1:vote:p1:0")
    await here.copies.drain()
    assert "Green ★ 1 (100%)" in reply_words(moody.edited[-1])


async def test_pauses_grow_while_a_platform_fails(here: Instance, clock: Clock) -> None:
    """While a platform is down, the pauses between tries grow: six failures take more than a minute."""
    await say(here, ADA, f"{OPEN} results:live")
    here.platforms["test"] = Moody([Unavailable("down")] * 6)
    before = clock()
    await press(here, BEN, "v1:vote:p1:0")
    await here.copies.drain()
    assert clock() - before > timedelta(minutes=1)


async def test_an_old_message_is_edited_once_a_minute(here: Instance, clock: Clock) -> None:
    """A message older than an hour is edited once a minute, because Discord refuses more frequent edits."""
    await say(here, ADA, f"{OPEN} results:live closes:9h")
    clock.forward(hours=2)
    await press(here, BEN, "v1:vote:p1:0")
    await here.copies.drain()
    before = clock()
    await press(here, BEN, "v1:vote:p1:1")
    await here.copies.drain()
    assert clock() - before >= timedelta(seconds=58)


async def test_a_place_where_the_bot_may_not_speak_keeps_nobody_else_from_hearing(here: Instance, clock: Clock) -> None:
    """If one place refuses the announcement of a result, the poll's other places still get it."""
    await say(here, ADA, f"{OPEN} closes:1h")
    other = MessageRef(replace(ADA.place, channel="other"), "99")
    await here.polls.posted("p1", other, clock())
    here.platforms["test"] = moody = Moody(post_failures=[NotAllowed("no access")])
    clock.forward(hours=1)
    await here.scheduler.run_due()
    assert len(moody.posted) == 1


async def test_an_extended_poll_closes_at_its_new_time(here: Instance, clock: Clock) -> None:
    """An extended poll takes votes after its old closing time and closes at the new one."""
    await say(here, ADA, f"{OPEN} closes:1h")
    await say(here, ADA, "/poll extend 3h")
    clock.forward(hours=2)
    await here.scheduler.run_due()
    assert "Your vote is counted" in reply_words((await press(here, BEN, "v1:vote:p1:0")).answer or Reply())
    clock.forward(hours=1)
    await here.scheduler.run_due()
    assert isinstance(here.platforms["test"], Wall)
    assert "Closed" in reply_words(wall(here).posted[-1][1])


# --- what is lost, and the end of the poll ---


class Shy(Moody):
    """A moody platform that can also write to people."""

    def __init__(self) -> None:
        super().__init__()
        self.notices: list[str] = []
        self.tell_failures: list[Exception] = []

    async def tell(self, _workspace: str, _person: str, reply: Reply) -> bool:
        self._fail(self.tell_failures)
        self.notices.append(reply_words(reply))
        return True


async def test_a_copy_that_may_not_be_drawn_is_tried_ever_more_seldom(here: Instance) -> None:
    """A message that the platform refuses to edit is tried again each time the poll has twice as many votes.

    The host is told once. After an edit succeeds, each vote is shown again.
    """
    await say(here, ADA, f"{OPEN} results:live")
    here.platforms["test"] = shy = Shy()
    shy.edit_failures = [NotAllowed("locked")] * 3
    tried = []
    for number in range(10):
        await press(here, request(f"Voter{number}"), "v1:vote:p1:0")
        await here.copies.drain()
        tried.append(shy.edits_tried - len(shy.notices))
    assert tried == [1, 2, 2, 3, 3, 3, 3, 4, 5, 6]
    assert "Green ★ 10" in reply_words(shy.edited[-1])
    assert ["I can't update a poll's message" in words for words in shy.notices] == [True]


async def test_a_poll_whose_copy_was_lost_ends_where_it_was_posted(here: Instance, clock: Clock) -> None:
    """If the platform refused one edit, the message still shows the end, and the result is announced.

    The host gets one notice, about the refused edit.
    """
    await say(here, ADA, f"{OPEN} closes:1h")
    here.platforms["test"] = shy = Shy()
    shy.edit_failures = [NotAllowed("locked")]
    await press(here, BEN, "v1:vote:p1:0")
    await here.copies.drain()
    clock.forward(hours=1)
    await here.scheduler.run_due()
    await here.copies.drain()
    assert ["This poll is closed" in reply_words(reply) for reply in shy.edited] == [True]
    assert ["Closed: Which tea?" in reply_words(reply) for reply in shy.posted] == [True]
    assert len(shy.notices) == 1


async def test_a_result_that_may_be_announced_nowhere_is_told_to_its_creator_once(here: Instance, clock: Clock) -> None:
    """If every place refuses a result, Parley writes it to the host, once.

    If a place or the host is unavailable, Parley tries again later.
    """
    await say(here, ADA, f"{OPEN} closes:1h")
    await here.polls.posted("p1", MessageRef(replace(ADA.place, channel="other"), "99"), clock())
    await press(here, BEN, "v1:vote:p1:0")
    here.platforms["test"] = shy = Shy()
    shy.post_failures = [NotAllowed("locked"), Unavailable("down"), ValueError("a bug")]
    shy.tell_failures = [Unavailable("down")]
    clock.forward(hours=1)
    for _ in range(5):
        await here.scheduler.run_due()
        clock.forward(minutes=2)
    (notices,) = shy.notices
    assert "I couldn't announce a poll's result" in notices
    assert "Winner: Green." in notices
    assert shy.posted == []


async def test_a_poll_whose_messages_were_all_deleted_tells_its_creator_how_it_ended(
    here: Instance, clock: Clock
) -> None:
    """If all messages of a poll were deleted and its host can't be told, the moderators' channel gets the result."""
    wall_of(here).away.add("ada")
    await say(here, MO, "/settings channel:office")
    await say(here, ADA, f"{OPEN} closes:1h")
    (copy,) = await here.database.read(lambda tx: messages.copies(tx, "p1"))
    await here.database.write(lambda tx: messages.forget_copy(tx, "p1", copy.message))
    clock.forward(hours=1)
    await here.scheduler.run_due()
    ref, replies = wall(here).posted[-1]
    assert ref.place.channel == "office"
    assert "I couldn't announce a poll's result" in reply_words(replies)


async def test_a_host_whom_nobody_can_tell_is_in_the_log(
    here: Instance, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """If a bug stops a notice to a host, or no way leads to the host, the log says so."""
    for failures in ([ValueError("a bug")], []):
        here.platforms["test"] = shy = Shy()
        shy.tell_failures = [*failures]
        await say(here, ADA, f"{OPEN} closes:1h")
        (poll, *_) = await here.polls.listed("test:demo", only_open=True)
        shy.post_failures = [NotAllowed("locked")]
        clock.forward(hours=1)
        await here.scheduler.run_due()
        assert (f"bug while messaging the host of poll {poll.id}" in caplog.text) == bool(failures)
    await here.copies.drain()  # the redraws of the closed polls would take the failure
    here.platforms["test"] = Moody([NotAllowed("locked")])
    await say(here, ADA, f"{OPEN} results:live")
    (poll, *_) = await here.polls.listed("test:demo", only_open=True)
    await press(here, BEN, f"v1:vote:{poll.id}:0")
    await here.copies.drain()
    assert f"can't message the host of poll {poll.id}: nobody can be reached" in caplog.text
