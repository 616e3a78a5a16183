"""Scheduled polls open once each, by the community's clock, and Parley tells the host of a poll that doesn't open."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.chat.vocabulary import Outcome, Place, Request
from bot.errors import NotAllowed
from bot.instance import Instance
from bot.polls.schedules import opening_after
from bot.polls.scheduling import SCHEDULES_MAX
from bot.store.sql import Transaction
from tests.hosting import choices, choose, click, fill, form_of
from tests.polls.test_private_places import inside
from tests.talk import ADA, BEN, MO, press, reply_words, say, wall, words
from tests.walls import TellingWall
from tests.world import NOBODY, NOWHERE, Clock, running

BERLIN = ZoneInfo("Europe/Berlin")
LINE = '/poll create question:"Which tea?" options:"Green | Black" closes:2h'


def at(clock: str) -> datetime:
    """Return a time of a wall clock, without a zone."""
    return datetime.fromisoformat(clock)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


async def schedule(here: Instance, who: Request, opens: str, *, weekly: bool = True, line: str = LINE) -> Outcome:
    preview = await say(here, who, line)
    form = form_of(await click(here, who, preview, "Schedule"))
    return await fill(here, who, form, opens=opens, repeat=("weekly" if weekly else "once",))


@pytest.mark.parametrize(
    ("clock", "now", "opens"),
    [
        (at("2026-10-18T02:30"), utc(2026, 10, 18, 0, 30), utc(2026, 10, 25, 0, 30)),  # shown twice: the first
        (at("2026-10-18T02:30"), utc(2026, 10, 25, 0, 30), utc(2026, 11, 1, 1, 30)),
        (at("2027-03-21T02:30"), utc(2027, 3, 21, 1, 30), utc(2027, 3, 28, 1, 30)),  # skipped: an hour later
        (at("2027-03-21T02:30"), utc(2027, 3, 28, 1, 30), utc(2027, 4, 4, 0, 30)),
        (at("2026-11-01T18:00"), utc(2026, 11, 22, 16, 59, 59), utc(2026, 11, 22, 17, 0)),
        (at("2026-11-01T18:00"), utc(2026, 11, 22, 17, 0), utc(2026, 11, 29, 17, 0)),
    ],
)
def test_a_weekly_poll_keeps_its_wall_clock(clock: datetime, now: datetime, opens: datetime) -> None:
    """A weekly poll opens at the same wall-clock time through both changes of the clock.

    At the moment itself, the next opening is a week later.
    """
    assert opening_after(clock, now, BERLIN, weekly=True) == opens


def test_a_poll_that_opens_once_has_no_next_time() -> None:
    """A poll that opens once has a next opening before its moment, and none from that moment on."""
    clock = at("2026-11-01T18:00")
    assert opening_after(clock, utc(2026, 11, 1, 16, 59), BERLIN, weekly=False) == utc(2026, 11, 1, 17, 0)
    assert opening_after(clock, utc(2026, 11, 1, 17, 0), BERLIN, weekly=False) is None


@pytest.mark.parametrize(
    ("start", "times"),
    [
        (utc(2026, 10, 17, 12), [utc(2026, 10, 18, 0, 30), utc(2026, 10, 25, 0, 30), utc(2026, 11, 1, 1, 30)]),
        (utc(2027, 3, 20, 12), [utc(2027, 3, 21, 1, 30), utc(2027, 3, 28, 1, 30), utc(2027, 4, 4, 0, 30)]),
    ],
    ids=["autumn", "spring"],
)
async def test_over_a_change_of_the_clock_each_poll_opens_once(
    start: datetime, times: list[datetime], tmp_path: Path
) -> None:
    """Two processes open a weekly poll once a week over a change of the clock, each time on time."""
    clock = Clock(start)
    async with running(tmp_path, clock=clock, zone="Europe/Berlin") as one:
        assert "The poll is scheduled" in words(await schedule(one, ADA, "sunday 02:30"))
        async with running(tmp_path, clock=clock, zone="Europe/Berlin", shared=True) as two:
            two.polls.new_id = lambda: "q1"
            openings, known = [], set[str]()
            while clock() < times[-1]:
                clock.now = half_hour(clock()) + timedelta(minutes=30)
                await one.scheduler.run_due()
                await two.scheduler.run_due()
                fresh = [(ref.id, reply) for here in (one, two) for ref, reply in wall(here).posted]
                opened = [each for each, reply in fresh if each not in known and reply.cards[0].title == "Which tea?"]
                openings += [half_hour(clock()) for _ in opened]
                known |= {each for each, _ in fresh}
            assert openings == times
            assert "comes late" not in "".join(reply_words(reply) for _, reply in wall(one).posted)


def half_hour(moment: datetime) -> datetime:
    """Round a moment down to the half hour, as redrawing takes seconds."""
    return moment.replace(minute=moment.minute // 30 * 30, second=0, microsecond=0)


async def test_after_a_stop_a_late_poll_says_so_and_opens_once(tmp_path: Path) -> None:
    """A weekly poll that fell due three times while nothing ran opens once and says that it is late.

    The next one opens in the coming week.
    """
    clock = Clock()
    async with running(tmp_path, clock=clock) as here:
        await schedule(here, ADA, "tomorrow 9:00")
    clock.forward(days=15)
    async with running(tmp_path, clock=clock) as again:
        again.polls.new_id = lambda: "p9"
        await again.scheduler.run_due()
        await again.scheduler.run_due()
        [(_, reply)] = wall(again).posted
        assert "This comes late" in reply_words(reply)
        assert "2026-12-17 09:00" in words(await say(again, BEN, "/poll schedule"))


async def test_a_reminder_that_is_late_says_so(tmp_path: Path) -> None:
    """A reminder comes once, and says that it is late only when it is more than five minutes late."""
    for minutes, late in ((0, False), (5, False), (20, True)):
        clock = Clock()
        (tmp_path / str(minutes)).mkdir()
        async with running(tmp_path / str(minutes), clock=clock) as here:
            await say(here, ADA, f"{LINE} post:yes")
            clock.forward(hours=1, minutes=minutes)
            await here.scheduler.run_due()
            await here.scheduler.run_due()
            reminders = [reply_words(reply) for _, reply in wall(here).posted if "Closing soon" in reply_words(reply)]
            assert ["This comes late" in reminder for reminder in reminders] == [late]


async def test_its_list_says_what_opens_when_and_who_may_stop_it(tmp_path: Path) -> None:
    """The list of scheduled polls has each question, its next opening, its repetition and its host.

    Only the host and moderators may stop one, and a stopped one doesn't open.
    """
    clock = Clock()
    async with running(tmp_path, clock=clock) as here:
        await schedule(here, ADA, "tomorrow 9:00")
        listed = await say(here, BEN, "/poll schedule")
        assert "Which tea? · 2026-11-26 09:00 UTC · every week · Ada" in words(listed)
        refused = await choose(here, BEN, listed, "Stop a scheduled poll", "Which tea?")
        assert "Only the member who scheduled a poll and moderators" in words(refused)
        assert "It won't open any more" in words(await choose(here, MO, listed, "Stop a scheduled poll", "Which tea?"))
        clock.forward(days=30)
        await here.scheduler.run_due()
        assert wall(here).posted == []
        assert "Nothing is scheduled" in words(await say(here, BEN, "/poll schedule"))


@pytest.mark.parametrize(
    ("opens", "refusal"),
    [("whenever", "can't read"), ("yesterday", "Pick a later time"), ("2036-01-01", "Pick an earlier time")],
)
async def test_a_time_that_makes_no_sense_is_told_beside_its_field(opens: str, refusal: str, tmp_path: Path) -> None:
    """The form refuses a time that it can't read, that has passed or that is too far ahead, beside its field.

    Nothing is scheduled then.
    """
    async with running(tmp_path) as here:
        assert refusal in (await schedule(here, ADA, opens)).errors["opens"]
        assert "Nothing is scheduled" in words(await say(here, ADA, "/poll schedule"))


async def test_a_close_that_fits_one_week_only_is_refused_for_every_week(tmp_path: Path) -> None:
    """A weekly poll can't close on a date, but it can close on a weekday or after a span of time."""
    async with running(tmp_path) as here:
        dated = LINE.replace("closes:2h", "closes:2026-11-28")
        assert "Pick a later time" in (await schedule(here, ADA, "tomorrow 9:00", line=dated)).errors["opens"]
        for line in (LINE, LINE.replace("closes:2h", 'closes:"friday 18:00"')):
            assert "The poll is scheduled" in words(await schedule(here, ADA, "tomorrow 9:00", line=line))


async def test_a_channel_that_is_gone_stops_the_schedule_and_its_host_is_told(tmp_path: Path) -> None:
    """If its channel is gone, a schedule stops and neither posts nor opens a poll, and its host is told once."""
    clock = Clock()
    async with running(tmp_path, clock=clock) as here:
        platform = here.platforms["test"] = TellingWall()
        gone = replace(ADA, place=Place("test", "demo", NOWHERE))
        await schedule(here, gone, "tomorrow 9:00")
        clock.forward(days=20)
        await here.scheduler.run_due()
        await here.scheduler.run_due()
        [(person, notice)] = platform.private
        assert person == "ada"
        assert "Its channel is gone" in reply_words(notice)
        assert platform.posted == []
        assert await here.polls.listed("test:demo") == []
        assert "Nothing is scheduled" in words(await say(here, ADA, "/poll schedule"))


async def test_a_post_that_is_refused_cancels_the_poll_and_tells_its_host(tmp_path: Path) -> None:
    """A scheduled poll whose post is refused is cancelled, and its host is told."""
    clock = Clock()
    async with running(tmp_path, clock=clock) as here:
        platform = here.platforms["test"] = LockedWall()
        await schedule(here, ADA, "tomorrow 9:00", weekly=False)
        clock.forward(days=1)
        await here.scheduler.run_due()
        [(_, notice)] = platform.private
        assert "I couldn't post it" in reply_words(notice)
        [poll] = await here.polls.listed("test:demo")
        assert poll.state.value == "cancelled"


class LockedWall(TellingWall):
    """A wall on which the bot may not write."""

    async def post(self, place: Place, reply: object) -> None:  # type: ignore[override]
        raise NotAllowed("locked")


async def test_a_role_that_is_gone_stops_the_schedule(tmp_path: Path) -> None:
    """If the role of a scheduled poll is gone, its host is told, and the poll doesn't open for everybody instead."""
    clock = Clock()
    async with running(tmp_path, clock=clock) as here:
        platform = here.platforms["test"] = TellingWall()
        await schedule(here, ADA, "tomorrow 9:00", line=f"{LINE} role:board")
        await here.database.write(replace_role)
        clock.forward(days=2)
        await here.scheduler.run_due()
        assert "The role that may vote is gone" in reply_words(platform.private[0][1])
        assert platform.posted == []


async def replace_role(tx: Transaction) -> None:
    """Give the scheduled poll a role that the community doesn't have any more."""
    await tx.connection.execute("UPDATE poll_schedules SET poll = replace(poll, 'board', ?)", (NOBODY,))


async def test_a_private_schedule_is_seen_and_stopped_only_in_its_place(tmp_path: Path) -> None:
    """A schedule of a private place is seen and stopped only there, and its poll opens there as a private one."""
    clock = Clock()
    async with running(tmp_path, clock=clock) as here:
        within = inside(ADA)
        await schedule(here, within, "tomorrow 9:00")
        for who in (ADA, MO):
            assert "Nothing is scheduled" in words(await say(here, who, "/poll schedule"))
        listed = await say(here, within, "/poll schedule")
        action, value = choices(listed, "Stop a scheduled poll")["Which tea?"]
        assert "There's no such scheduled poll here." in words(await press(here, MO, action, value))
        clock.forward(days=1)
        await here.scheduler.run_due()
        assert wall(here).posted[-1][0].place.channel == within.place.channel
        assert "Which tea?" not in words(await say(here, MO, "/poll list"))
        assert "Which tea?" in words(await say(here, within, "/poll list"))


async def test_nobody_is_lent_the_right_to_schedule(tmp_path: Path) -> None:
    """A member who may not open polls, or can't write in the place, can't schedule one.

    Nor can a member who didn't make the preview.
    """
    async with running(tmp_path) as here:
        preview = await say(here, ADA, LINE)
        form = form_of(await click(here, ADA, preview, "Schedule"))
        assert "You can't write" in words(await fill(here, replace(ADA, may_write=False), form, opens="monday"))
        assert "This preview is gone" in words(await fill(here, BEN, form, opens="monday"))
        await say(here, MO, "/settings polls:moderators")
        assert "Only moderators can create polls" in words(await fill(here, ADA, form, opens="monday"))


async def test_a_thousand_schedules_are_listed_opened_and_no_more_taken(tmp_path: Path) -> None:
    """A community may have 1,000 schedules, and one more is refused.

    The list counts those it doesn't show, and each schedule opens or its host is told.
    """
    clock = Clock()
    async with running(tmp_path, clock=clock) as here:
        platform = here.platforms["test"] = TellingWall()
        for _ in range(3):
            await schedule(here, MO, "tomorrow 9:00", weekly=False)
        await here.database.write(lambda tx: multiply(tx, SCHEDULES_MAX - 3))
        assert "1000 are scheduled here" in (await schedule(here, MO, "monday")).errors["opens"]
        assert "and 975 more" in words(await say(here, MO, "/poll schedule"))
        clock.forward(days=1)
        for _ in range(SCHEDULES_MAX // 100):
            await here.scheduler.run_due()
        assert "Nothing is scheduled" in words(await say(here, MO, "/poll schedule"))
        assert len(platform.posted) + len(platform.private) == SCHEDULES_MAX


async def multiply(tx: Transaction, number: int) -> None:
    """Add this many copies of the first schedule."""
    await tx.connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
        "INSERT INTO poll_schedules SELECT 's' || i, community, member, member_name, platform, workspace, channel, "
        "thread, private, poll, weekly, clock, next_at, stopped, at FROM n, (SELECT * FROM poll_schedules LIMIT 1)",
        (number,),
    )


async def test_a_schedule_of_an_erased_member_is_gone(tmp_path: Path) -> None:
    """An erasure deletes the member's schedules, so nothing opens in their name."""
    clock = Clock()
    async with running(tmp_path, clock=clock) as here:
        await schedule(here, ADA, "tomorrow 9:00")
        await here.privacy.erase(ADA.actor, clock())
        clock.forward(days=2)
        await here.scheduler.run_due()
        assert wall(here).posted == []
        assert "Nothing is scheduled" in words(await say(here, MO, "/poll schedule"))


async def test_a_template_is_scheduled_by_its_name(tmp_path: Path) -> None:
    """`/poll schedule template:… opens:… weekly:yes` schedules a template in one step."""
    async with running(tmp_path) as here:
        preview = await say(here, ADA, LINE)
        form = form_of(await click(here, ADA, preview, "Save as a template"))
        await fill(here, ADA, form, name="Tea round")
        answer = words(await say(here, BEN, '/poll schedule template:"tea round" opens:"monday 9:00" weekly:yes'))
        assert "Which tea? · 2026-11-30 09:00 UTC · every week · Ben" in answer
