"""Deadlines and posted copies: what happens once, what is tried again, and what is given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat import Limits, MessageRef, Place, Reply
from bot.errors import NotAllowed, NotFound, Unavailable
from bot.instance import Instance
from bot.store import messages
from tests.polls.test_dialogues import ADA, BEN, press, reply_words, say, wall
from tests.world import Clock, Wall, running

OPEN = '/poll create question:"Which tea?" options:"Green | Black"'


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def here(tmp_path: Path, clock: Clock) -> AsyncIterator[Instance]:
    async with running(tmp_path, clock=clock) as instance:
        yield instance


@dataclass
class Moody:
    """A platform whose edits and posts fail with what they are told to, until there is nothing left to fail with."""

    edit_failures: list[Exception] = field(default_factory=list)
    post_failures: list[Exception] = field(default_factory=list)
    name: str = "test"
    limits: Limits = field(default_factory=Limits)
    edited: list[Reply] = field(default_factory=list)
    posted: list[Reply] = field(default_factory=list)
    asked: int = 0

    async def post(self, place: Place, reply: Reply) -> MessageRef:
        self._fail(self.post_failures)
        self.posted.append(reply)
        return MessageRef(place, "1")

    async def edit(self, ref: MessageRef, reply: Reply) -> None:
        self._fail(self.edit_failures)
        self.edited.append(reply)

    def _fail(self, failures: list[Exception]) -> None:
        self.asked += 1
        if failures:
            raise failures.pop(0)


async def test_two_processes_close_and_announce_a_poll_once(tmp_path: Path, clock: Clock) -> None:
    """Whoever comes first closes it and says so; the other does neither."""
    async with running(tmp_path, clock=clock) as one, running(tmp_path, clock=clock, shared=True) as two:
        await say(one, ADA, f"{OPEN} closes:1h")
        await press(two, BEN, "v1:vote:p1:0")
        clock.forward(hours=1)
        await asyncio.gather(one.scheduler.run_due(), two.scheduler.run_due())
        await one.scheduler.run_due()
        await two.scheduler.run_due()
        said = [reply_words(reply) for instance in (one, two) for _, reply in wall(instance).posted]
        assert sum("Closed: Which tea?" in words for words in said) == 1


async def test_an_announcement_survives_the_process_that_died_before_it(tmp_path: Path, clock: Clock) -> None:
    """The poll was closed, nothing was said: another process says it, once the dead one's claim has run out."""
    async with running(tmp_path, clock=clock) as first:
        await say(first, ADA, f"{OPEN} closes:1h")
        clock.forward(hours=1)
        first.platforms["test"] = Moody(post_failures=[RuntimeError("killed")])
        with pytest.raises(RuntimeError):
            await first.scheduler.run_due()
    async with running(tmp_path, clock=clock) as second:
        await second.scheduler.run_due()
        assert wall(second).posted == []
        clock.forward(minutes=2)
        await second.scheduler.run_due()
        await second.scheduler.run_due()
        assert ["Closed: Which tea?" in reply_words(reply) for _, reply in wall(second).posted] == [True]


async def test_what_fell_due_while_nothing_ran_happens_at_the_start(tmp_path: Path, clock: Clock) -> None:
    """A poll whose time came during a power cut closes at the next start, and votes after its time don't count."""
    async with running(tmp_path, clock=clock) as before:
        await say(before, ADA, f"{OPEN} closes:1h")
        await press(before, BEN, "v1:vote:p1:1")
    clock.forward(days=3)
    async with running(tmp_path, clock=clock) as after:
        await after.start()
        async with asyncio.timeout(10):
            while not wall(after).posted:  # noqa: ASYNC110 - the loop in the background tells nobody
                await asyncio.sleep(0.01)
        assert "Winner: Black." in reply_words(wall(after).posted[0][1])


async def test_a_copy_that_was_deleted_is_forgotten(here: Instance) -> None:
    """Somebody deleted the message: it is tried once and never again."""
    await say(here, ADA, f"{OPEN} results:live")
    here.platforms["test"] = gone = Moody([NotFound("no such message")])
    await press(here, BEN, "v1:vote:p1:0")
    await here.copies.drain()
    await press(here, BEN, "v1:vote:p1:1")
    await here.copies.drain()
    assert gone.asked == 1
    assert await here.database.read(lambda tx: messages.copies(tx, "p1")) == []


async def test_an_edit_that_fails_is_tried_again_until_it_is_right(here: Instance) -> None:
    """An outage of the platform loses no edit: the copy shows the last vote in the end."""
    await say(here, ADA, f"{OPEN} results:live")
    here.platforms["test"] = moody = Moody([Unavailable("down"), Unavailable("down"), Unavailable("still down")])
    await press(here, BEN, "v1:vote:p1:0")
    await here.copies.drain()
    assert "Green ★ 1 (100.0 %)" in reply_words(moody.edited[-1])


async def test_pauses_grow_while_a_platform_fails(here: Instance, clock: Clock) -> None:
    """A platform that is down is asked ever more seldom."""
    await say(here, ADA, f"{OPEN} results:live")
    here.platforms["test"] = Moody([Unavailable("down")] * 6)
    before = clock()
    await press(here, BEN, "v1:vote:p1:0")
    await here.copies.drain()
    assert clock() - before > timedelta(minutes=1)


async def test_an_old_message_is_edited_once_a_minute(here: Instance, clock: Clock) -> None:
    """Discord refuses frequent edits of messages older than an hour, so they are spared."""
    await say(here, ADA, f"{OPEN} results:live closes:9h")
    clock.forward(hours=2)
    await press(here, BEN, "v1:vote:p1:0")
    await here.copies.drain()
    before = clock()
    await press(here, BEN, "v1:vote:p1:1")
    await here.copies.drain()
    assert clock() - before >= timedelta(seconds=58)


async def test_a_place_where_the_bot_may_not_speak_keeps_nobody_else_from_hearing(here: Instance, clock: Clock) -> None:
    """The announcement is for every place of the poll; one that fails is passed over."""
    await say(here, ADA, f"{OPEN} closes:1h")
    other = MessageRef(replace(ADA.place, channel="other"), "99")
    await here.polls.posted("p1", other, clock())
    here.platforms["test"] = moody = Moody(post_failures=[NotAllowed("no access")])
    clock.forward(hours=1)
    await here.scheduler.run_due()
    assert len(moody.posted) == 1


async def test_an_extended_poll_closes_at_its_new_time(here: Instance, clock: Clock) -> None:
    """The deadline is the one in the database, not the one that somebody remembers."""
    await say(here, ADA, f"{OPEN} closes:1h")
    await say(here, ADA, "/poll extend 3h")
    clock.forward(hours=2)
    await here.scheduler.run_due()
    assert "Your vote is counted" in reply_words((await press(here, BEN, "v1:vote:p1:0")).answer or Reply())
    clock.forward(hours=1)
    await here.scheduler.run_due()
    assert isinstance(here.platforms["test"], Wall)
    assert "Closed" in reply_words(wall(here).posted[-1][1])
