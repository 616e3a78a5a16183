"""Bounds of schedules, templates, reminders and objections: their rights, numbers, times and places."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from bot.chat.vocabulary import Place, Request
from bot.communities import digests
from bot.communities.model import Creators
from bot.errors import NotAllowed, NotFound, Refused
from bot.instance import Instance
from bot.polls import objections, schedules, watchers
from bot.polls.counting.ballots import Method
from bot.polls.drafts import as_json, from_json
from bot.polls.model import CastEnd, Poll, PollOption
from bot.polls.objections import consent_options
from bot.polls.previews import Previews
from bot.polls.rules import PollDraft
from bot.polls.schedules import Schedule, opening_after
from bot.polls.scheduling import Schedules
from bot.polls.templates import Template, Templates
from bot.polls.watchers import Nudges, remind_time
from bot.store.sql import Transaction
from tests.polls.test_who_may import AWAY, HOME, MOMENT, OFFICE, T, away, opened, votes, who
from tests.talk import ADA, BEN, CHEN, MO, reply_words, say
from tests.walls import wall_of
from tests.world import NOBODY, NOW, NOWHERE, Clock

DRAFT = PollDraft("Which tea?", (PollOption("Green"), PollOption("Black")), NOW, closes="2h")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OPENS = NOW + DAY
DIRECT = Place("test", "demo", "ada", direct=True)


def schedules_of(here: Instance) -> Schedules:
    numbers = count(1)
    return Schedules(here.database, here.polls, here.platforms, here.communities.get, lambda: f"s{next(numbers)}")


def templates_of(here: Instance) -> Templates:
    numbers = count(1)
    return Templates(here.database, lambda: f"t{next(numbers)}")


async def scheduled(
    all_: Schedules, request: Request = ADA, opens_at: datetime = OPENS, *, weekly: bool = False, **changes: object
) -> Schedule:
    draft = replace(DRAFT, **changes)  # type: ignore[arg-type]
    return await all_.add(draft, opens_at, request, HOME, T, weekly=weekly)


async def saved(all_: Templates, request: Request = ADA, name: str = "Tea round") -> Template:
    return await all_.save(name, DRAFT, request, HOME, T)


async def multiply(tx: Transaction, table: str, number: int, id_: str) -> None:
    """Add this many copies of the only row, under other ids."""
    columns = [row[1] for row in await tx.connection.execute_fetchall(f"PRAGMA table_info({table})")]
    others = ", ".join(column for column in columns if column != "id")
    await tx.connection.execute(
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "  # noqa: S608 - names above
        f"INSERT INTO {table} (id, {others}) SELECT ? || i, {others} FROM n, (SELECT * FROM {table} LIMIT 1)",
        (number, id_),
    )


# --- schedules ---


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        (datetime(2026, 11, 2, 17, 59, tzinfo=UTC), datetime(2026, 11, 2, 18, tzinfo=UTC)),
        (datetime(2026, 11, 2, 18, tzinfo=UTC), datetime(2026, 11, 9, 18, tzinfo=UTC)),
        (datetime(2026, 11, 8, 23, tzinfo=UTC), datetime(2026, 11, 9, 18, tzinfo=UTC)),
        (datetime(2026, 11, 9, 17, 59, 59, tzinfo=UTC), datetime(2026, 11, 9, 18, tzinfo=UTC)),
        (datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 2, 18, tzinfo=UTC)),
        (datetime(2036, 11, 3, 18, tzinfo=UTC), datetime(2036, 11, 10, 18, tzinfo=UTC)),
    ],
)
def test_a_weekly_opening_is_the_first_after_now(now: datetime, opens: datetime) -> None:
    """A weekly poll opens at the first moment after now with its weekday and time, and never before its first day."""
    assert opening_after(datetime(2026, 11, 2, 18), now, UTC, weekly=True) == opens  # noqa: DTZ001 - a wall clock


@pytest.mark.parametrize(
    ("place", "elsewhere"),
    [
        (ADA.place, True),
        (OFFICE, False),
        (DIRECT, False),
        (Place("test", "demo", "main", "thread"), True),
        (Place("test", "demo", "main", "thread", private=True), False),
    ],
)
async def test_a_schedule_is_as_private_as_its_place(here: Instance, place: Place, elsewhere: bool) -> None:
    """A schedule of a private place or a direct conversation is seen only there, a public one in its whole community.

    Another community sees neither.
    """
    all_ = schedules_of(here)
    schedule = await scheduled(all_, replace(ADA, place=place))
    for request, sees in (
        (replace(ADA, place=place), True),
        (replace(ADA, place=Place("test", "demo", "other")), elsewhere),
        (replace(MO, place=Place("test", "demo", "other")), elsewhere),
    ):
        assert bool(await all_.listed(request, HOME)) is sees
        if sees:
            assert (await all_.seen_by(schedule.id, request, HOME, T)).id == schedule.id
        else:
            with pytest.raises(NotFound):
                await all_.seen_by(schedule.id, request, HOME, T)
    assert await all_.listed(away(ADA), AWAY) == []
    with pytest.raises(NotFound):
        await all_.seen_by(schedule.id, away(ADA), AWAY, T)
    with pytest.raises(NotFound):
        await all_.seen_by("s99", ADA, HOME, T)


@pytest.mark.parametrize(("request_", "may"), [(ADA, True), (MO, True), (BEN, False)])
async def test_who_scheduled_a_poll_and_moderators_stop_it(here: Instance, request_: Request, may: bool) -> None:
    """Only the member who scheduled a poll and moderators may stop it.

    A stopped schedule is in no list and can't be stopped again.
    """
    all_ = schedules_of(here)
    schedule = await scheduled(all_)
    assert all_.may_stop(schedule, request_.actor, HOME) is may
    if not may:
        with pytest.raises(NotAllowed):
            await all_.stop(schedule, request_, HOME, T)
        assert len(await all_.listed(ADA, HOME)) == 1
        return
    await all_.stop(schedule, request_, HOME, T)
    assert await all_.listed(ADA, HOME) == []
    with pytest.raises(NotFound):
        await all_.seen_by(schedule.id, ADA, HOME, T)
    assert not await here.database.write(lambda tx: schedules.stop(tx, schedule.id, "again"))


@pytest.mark.parametrize(
    ("many", "request_", "may"),
    [(49, BEN, True), (50, BEN, False), (50, MO, True), (50, CHEN, True), (999, MO, True), (1000, MO, False)],
)
async def test_so_many_polls_are_scheduled_at_most(here: Instance, many: int, request_: Request, may: bool) -> None:
    """A member may have 50 schedules, and a community 1,000; for moderators only the second bound counts."""
    all_ = schedules_of(here)
    await scheduled(all_, request_ if request_ is not CHEN else ADA)
    await here.database.write(lambda tx: multiply(tx, "poll_schedules", many - 1, "more"))
    if may:
        await scheduled(all_, request_)
    else:
        with pytest.raises(Refused, match="Stop "):
            await scheduled(all_, request_)
    assert len(await all_.listed(ADA, HOME)) == many + may


async def test_the_scheduler_hears_of_a_schedule(here: Instance) -> None:
    """A new schedule wakes the scheduler, since it can be the next deadline; a refused one doesn't."""
    heard: list[str] = []
    here.polls.changed = lambda: heard.append("")
    await scheduled(schedules_of(here))
    with pytest.raises(Refused):
        await scheduled(schedules_of(here), options=())
    assert len(heard) == 1


async def test_what_has_stopped_makes_room(here: Instance) -> None:
    """A stopped schedule doesn't count towards a member's 50."""
    all_ = schedules_of(here)
    first = await scheduled(all_)
    await here.database.write(lambda tx: multiply(tx, "poll_schedules", 49, "more"))
    await all_.stop(first, ADA, HOME, T)
    assert (await scheduled(all_)).next_at == OPENS


@pytest.mark.parametrize("weekly", [False, True])
async def test_a_schedule_that_could_not_open_is_refused(here: Instance, weekly: bool) -> None:
    """Parley refuses a schedule with too few options, and a member's where only moderators may open polls."""
    all_ = schedules_of(here)
    with pytest.raises(Refused):
        await scheduled(all_, weekly=weekly, options=(PollOption("Green"),))
    with pytest.raises(NotAllowed):
        await all_.add(DRAFT, OPENS, ADA, replace(HOME, creators=Creators.MODERATORS), T, weekly=weekly)
    assert await all_.listed(ADA, HOME) == []


@pytest.mark.parametrize(("closes", "weekly", "may"), [("2026-11-28", False, True), ("2026-11-28", True, False)])
async def test_a_close_on_a_date_is_for_one_week(here: Instance, closes: str, weekly: bool, may: bool) -> None:
    """A schedule that opens once may close on a date; a weekly one may not, as it would open again after that date."""
    all_ = schedules_of(here)
    if may:
        assert await scheduled(all_, weekly=weekly, closes=closes)
    else:
        with pytest.raises(Refused, match="Pick a later time"):
            await scheduled(all_, weekly=weekly, closes=closes)


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        (datetime(2026, 11, 30, 8, 59, 59, tzinfo=UTC), datetime(2026, 11, 30, 9, tzinfo=UTC)),
        (datetime(2026, 11, 30, 9, tzinfo=UTC), datetime(2026, 12, 7, 9, tzinfo=UTC)),
        (datetime(2026, 11, 30, 9, 0, 1, tzinfo=UTC), datetime(2026, 12, 7, 9, tzinfo=UTC)),
        (datetime(2026, 12, 6, 23, 59, tzinfo=UTC), datetime(2026, 12, 7, 9, tzinfo=UTC)),
    ],
)
async def test_a_digest_comes_on_the_next_monday_at_nine(here: Instance, now: datetime, monday: datetime) -> None:
    """A community's digest is due on the next Monday at 9:00 by its clock, while it has a channel for one.

    One process claims each digest.
    """
    home = await here.communities.change(HOME, {"digest_channel": "news"}, lambda _tx: asyncio.sleep(0))
    assert digests.next_digest(home, now) == monday
    east = replace(home, zone="Asia/Tokyo")
    assert digests.next_digest(east, now - 9 * HOUR) == monday - 9 * HOUR

    async def planned() -> datetime | None:
        return await here.database.read(digests.next_due)

    assert await planned() is None
    await here.communities.plan_digest(home, now)
    assert await planned() == monday
    assert await here.database.read(lambda tx: digests.due(tx, monday - MOMENT)) == []
    assert await here.database.read(lambda tx: digests.due(tx, monday)) == [(HOME.id, monday)]
    later = monday + 7 * DAY
    for claimed in (True, False):
        assert await here.database.write(lambda tx: digests.advance(tx, HOME.id, monday, later)) is claimed
    assert await planned() == later
    for _ in range(2):
        await here.communities.plan_digest(replace(home, digest_channel=""), now)
        assert await planned() is None


async def run(here: Instance, clock: Clock, now: datetime) -> None:
    clock.now = now
    await here.scheduler.run_due()


@pytest.mark.parametrize("weekly", [False, True])
async def test_a_poll_opens_at_its_moment_for_its_host(here: Instance, clock: Clock, weekly: bool) -> None:
    """A scheduled poll opens at its moment and not before, as its host's, and its close counts from then.

    A weekly schedule has its next opening a week later, and any other has none.
    """
    all_ = schedules_of(here)
    schedule = await scheduled(all_, weekly=weekly)
    await run(here, clock, OPENS - MOMENT)
    assert await here.polls.listed("test:demo") == []
    await run(here, clock, OPENS)
    [poll] = await here.polls.listed("test:demo")
    assert (poll.creator, poll.opened_at, poll.closes_at) == ("ada", OPENS, OPENS + 2 * HOUR)
    assert not poll.private
    after = await here.database.read(lambda tx: schedules.find(tx, schedule.id))
    assert after is not None
    assert after.next_at == (OPENS + 7 * DAY if weekly else None)
    assert after.stopped == ""


async def test_without_a_close_a_poll_is_open_for_three_days(here: Instance, clock: Clock) -> None:
    """A scheduled poll without a closing time is open for three days."""
    await scheduled(schedules_of(here), closes="")
    await run(here, clock, OPENS)
    [poll] = await here.polls.listed("test:demo")
    assert poll.closes_at == OPENS + 3 * DAY


async def test_a_poll_for_earlier_members_counts_its_host_in(here: Instance, clock: Clock) -> None:
    """A host whose join date is known can schedule a poll for members who joined before it opens, and vote in it."""
    await scheduled(schedules_of(here), who(ADA, joined=NOW), joined_before=True)
    await run(here, clock, OPENS)
    [poll] = await here.polls.listed("test:demo")
    assert poll.joined_before
    assert await votes(here, poll, who(replace(ADA, now=OPENS), joined=NOW)) == CastEnd.CAST


async def test_an_opening_is_claimed_once(here: Instance) -> None:
    """One process claims each opening; a second claim of it, or a claim of a stopped schedule, gets nothing."""
    schedule = await scheduled(schedules_of(here), weekly=True)
    later = OPENS + 7 * DAY
    assert await here.database.write(lambda tx: schedules.advance(tx, schedule, later))
    assert not await here.database.write(lambda tx: schedules.advance(tx, schedule, later))
    stopped = replace(schedule, next_at=None)
    assert not await here.database.write(lambda tx: schedules.advance(tx, stopped, later))
    assert await here.database.read(schedules.next_due) == later
    assert await here.database.read(lambda tx: schedules.due(tx, later - MOMENT)) == []
    assert len(await here.database.read(lambda tx: schedules.due(tx, later))) == 1


@pytest.mark.parametrize(
    ("place", "roles", "words"),
    [
        (Place("test", "demo", NOWHERE), frozenset(), "Its channel is gone"),
        (ADA.place, frozenset({NOBODY}), "The role that may vote is gone"),
        (ADA.place, frozenset({"board", NOBODY}), "The role that may vote is gone"),
        (ADA.place, frozenset({"board"}), ""),
    ],
)
async def test_what_is_gone_stops_a_schedule(
    here: Instance, clock: Clock, place: Place, roles: frozenset[str], words: str
) -> None:
    """A schedule whose channel or one of whose roles is gone stops, and no poll opens.

    Its host is told why, once.
    """
    all_ = schedules_of(here)
    schedule = await scheduled(all_, replace(ADA, place=place), weekly=True)
    draft = replace(schedule.draft, roles=roles)
    await here.database.write(lambda tx: _rewrite(tx, draft))
    await run(here, clock, OPENS)
    await run(here, clock, OPENS + 7 * DAY)
    after = await here.database.read(lambda tx: schedules.find(tx, schedule.id))
    assert after is not None
    assert (bool(after.stopped), after.next_at is None) == (bool(words), bool(words))
    assert [words in reply_words(reply) for _, reply in wall_of(here).private] == ([True] if words else [])
    assert all("The schedule has stopped" in reply_words(reply) for _, reply in wall_of(here).private)
    assert bool(await here.polls.listed("test:demo")) is not bool(words)


async def _rewrite(tx: Transaction, draft: PollDraft) -> None:
    await tx.connection.execute("UPDATE poll_schedules SET poll = ?", (as_json(draft),))


async def test_an_opening_that_fails_is_told_and_the_next_one_comes(here: Instance, clock: Clock) -> None:
    """If a weekly poll breaks a rule when it should open, its host is told, and the schedule goes on a week later."""
    all_ = schedules_of(here)
    schedule = await scheduled(all_, weekly=True)
    await here.database.write(lambda tx: _rewrite(tx, replace(DRAFT, options=DRAFT.options[:1])))
    await run(here, clock, OPENS)
    [(person, notice)] = wall_of(here).private
    assert person == "ada"
    assert "A scheduled poll didn't open" in reply_words(notice)
    assert "The schedule has stopped" not in reply_words(notice)
    after = await here.database.read(lambda tx: schedules.find(tx, schedule.id))
    assert after is not None
    assert (after.next_at, after.stopped) == (OPENS + 7 * DAY, "")


async def test_a_platform_that_isnt_here_opens_nothing(here: Instance, clock: Clock) -> None:
    """A schedule whose platform doesn't run opens no poll until the platform runs again."""
    await scheduled(schedules_of(here))
    platform = here.platforms.pop("test")
    await run(here, clock, OPENS)
    assert await here.polls.listed("test:demo") == []
    here.platforms["test"] = platform
    await run(here, clock, OPENS + HOUR)
    assert len(await here.polls.listed("test:demo")) == 1


async def test_who_may_open_polls_is_asked_when_a_poll_is_scheduled(here: Instance, clock: Clock) -> None:
    """Parley checks who may open polls when one is scheduled; a schedule from before a new restriction still opens."""
    await scheduled(schedules_of(here))
    await say(here, MO, "/settings polls:moderators")
    await run(here, clock, OPENS)
    assert len(await here.polls.listed("test:demo")) == 1


# --- what is not open yet, and what nobody has voted in ---


async def test_what_is_prepared_makes_its_community_known(here: Instance) -> None:
    """A preview, a template or a schedule can be the first that Parley stores of a community."""
    for name, keep in (
        ("previews", lambda home: Previews(here.database, lambda: "d1").keep(DRAFT, ADA, home)),
        ("templates", lambda home: templates_of(here).save("Tea round", DRAFT, ADA, home, T)),
        ("schedules", lambda home: schedules_of(here).add(DRAFT, OPENS, ADA, home, T, weekly=False)),
    ):
        assert await keep(replace(HOME, id=f"test:{name}"))


async def test_a_preview_waits_a_week_for_its_host_alone(here: Instance) -> None:
    """Only its host sees or drops a preview, for a week.

    After that, the next preview that any member makes deletes it.
    """
    previews, ids = Previews(here.database, lambda: next(ids)), iter(("d1", "d2", "d3"))
    first = await previews.keep(DRAFT, ADA, HOME)
    with pytest.raises(NotFound):
        await previews.get(first.id, BEN, T)
    assert not await previews.drop(first.id, BEN)
    for later, stands in ((7 * DAY, True), (7 * DAY + MOMENT, False)):
        await previews.keep(DRAFT, replace(BEN, now=NOW + later), HOME)
        if stands:
            assert await previews.get(first.id, ADA, T) == first
        else:
            with pytest.raises(NotFound):
                await previews.get(first.id, ADA, T)


@pytest.mark.parametrize("ping", [True, False])
def test_a_draft_of_an_earlier_version_pings_nobody(ping: bool) -> None:
    """A stored draft of an earlier version, which doesn't mention pings, pings nobody.

    A draft of today is read as it was written.
    """
    draft = replace(DRAFT, ping=ping)
    assert from_json(as_json(draft)) == draft
    values = json.loads(as_json(draft))
    del values["ping"]
    assert not from_json(json.dumps(values)).ping


@pytest.mark.parametrize(
    "before", ["nothing", "a vote", "a vote withdrawn", "an extension", "a close", "a cancellation"]
)
async def test_a_poll_is_edited_while_it_is_open_and_nobody_ever_voted(here: Instance, before: str) -> None:
    """A poll can be edited until a vote, even a withdrawn one, an extension or its end.

    A poll that doesn't exist can't be edited.
    """
    poll = await opened(here)
    if "vote" in before:
        await votes(here, poll, BEN)
    if before == "a vote withdrawn":
        await votes(here, poll, BEN, None)
    if before == "an extension":
        await here.polls.extend(poll, ADA.actor, HOME, poll.closes_at + MOMENT, NOW, T)
    if before == "a close":
        await here.polls.close(poll, ADA.actor, HOME, NOW, T)
    if before == "a cancellation":
        await here.polls.cancel(poll, ADA.actor, HOME, NOW, T)
    may = before == "nothing"
    assert await here.polls.box.edit(replace(poll, question="Which cup?")) is may
    assert (await here.polls.get(poll.id, T)).question == ("Which cup?" if may else "Which tea?")
    assert not await here.polls.box.edit(replace(poll, id="p99"))


# --- templates ---


@pytest.mark.parametrize(
    ("name", "may"),
    [("x", True), ("x" * 75, True), ("x" * 76, False), ("", False), ("  ", False), ("\u3164", False)],
)
async def test_a_template_has_a_name_of_75_characters_at_most(here: Instance, name: str, may: bool) -> None:
    """A template's name has 1 to 75 characters, and at least one of them is visible."""
    if may:
        assert (await saved(templates_of(here), name=name)).name == name
    else:
        with pytest.raises(Refused, match="1 to 75"):
            await saved(templates_of(here), name=name)


@pytest.mark.parametrize(("many", "may"), [(99, True), (100, False)])
async def test_a_community_has_a_hundred_templates_at_most(here: Instance, many: int, may: bool) -> None:
    """A community may have 100 templates: the hundredth is saved, and the next is refused."""
    all_ = templates_of(here)
    await saved(all_)
    await here.database.write(lambda tx: multiply(tx, "poll_templates", many - 1, "more"))
    if may:
        await saved(all_, name="One more")
    else:
        with pytest.raises(Refused, match="100 are saved here"):
            await saved(all_, name="One more")


@pytest.mark.parametrize(
    ("place", "elsewhere"),
    [
        (ADA.place, True),
        (OFFICE, False),
        (DIRECT, False),
        (Place("test", "demo", "main", "thread", private=True), False),
    ],
)
async def test_a_template_is_as_private_as_its_place(here: Instance, place: Place, elsewhere: bool) -> None:
    """A template of a private place is seen only there, and a public one in its whole community.

    Another community sees neither.
    """
    all_ = templates_of(here)
    template = await saved(all_, replace(ADA, place=place))
    other = Place("test", "demo", "other")
    for request, sees in ((replace(BEN, place=place), True), (replace(ADA, place=other), elsewhere)):
        assert bool(await all_.listed(request, HOME)) is sees
        if sees:
            assert (await all_.seen_by(template.id, request, HOME, T)) == template
        else:
            with pytest.raises(NotFound):
                await all_.seen_by(template.id, request, HOME, T)
    assert await all_.listed(away(ADA), AWAY) == []
    with pytest.raises(NotFound):
        await all_.seen_by(template.id, away(ADA), AWAY, T)
    with pytest.raises(NotFound):
        await all_.seen_by("t99", ADA, HOME, T)


@pytest.mark.parametrize(("request_", "may"), [(ADA, True), (MO, True), (BEN, False)])
async def test_who_saved_a_template_and_moderators_delete_it(here: Instance, request_: Request, may: bool) -> None:
    """Only the member who saved a template and moderators may delete it.

    Where only moderators may open polls, other members can't save one.
    """
    all_ = templates_of(here)
    template = await saved(all_)
    if may:
        await all_.drop(template, request_, HOME, T)
    else:
        with pytest.raises(NotAllowed):
            await all_.drop(template, request_, HOME, T)
    assert bool(await all_.listed(ADA, HOME)) is not may
    with pytest.raises(NotAllowed):
        await all_.save("Mine", DRAFT, ADA, replace(HOME, creators=Creators.MODERATORS), T)


async def test_an_erased_member_is_nobody_in_a_template(here: Instance) -> None:
    """A template of an erased member stays for the others without a name. Only moderators can delete it then."""
    all_ = templates_of(here)
    await saved(all_)
    await here.privacy.erase(ADA.actor, NOW)
    [template] = await all_.listed(BEN, HOME)
    assert (template.member, template.member_name) == ("", "")
    for person in (ADA, BEN):
        with pytest.raises(NotAllowed):
            await all_.drop(template, person, HOME, T)
    await all_.drop(template, MO, HOME, T)
    assert await all_.listed(BEN, HOME) == []


# --- reminders of a member's own ---


@pytest.mark.parametrize(
    ("closes_in", "minutes", "remind_in"),
    [
        (2 * HOUR, 60, HOUR),
        (2 * HOUR, 30, timedelta(minutes=90)),
        (2 * HOUR, 0, HOUR),
        (HOUR + MOMENT, 60, MOMENT),
        (HOUR, 60, HOUR / 2),
        (HOUR, 0, HOUR / 2),
        (HOUR / 2, 60, HOUR / 4),
    ],
)
def test_a_member_is_reminded_as_the_community_does_or_halfway(
    closes_in: timedelta, minutes: int, remind_in: timedelta
) -> None:
    """A member is reminded as long before the close as the community's setting says, or an hour if the setting is off.

    If that moment has passed, the reminder comes halfway to the close.
    """
    assert remind_time(NOW + closes_in, NOW, minutes) == NOW + remind_in


async def test_a_reminder_is_queued_at_its_moment_once(here: Instance) -> None:
    """A member's reminder of a poll is stored once, moves with an extension, and is queued at its moment.

    Another member's reminder stays.
    """
    poll = await opened(here)
    nudges = Nudges(here.database)
    assert await nudges.next_due() is None
    for member, minutes in (("test:demo:ben", 10), ("test:demo:chen", 20)):
        at = NOW + timedelta(minutes=minutes)
        assert await here.database.write(lambda tx, m=member, at=at: watchers.add(tx, poll.id, m, "demo", at))  # type: ignore[misc]
        assert not await here.database.write(lambda tx, m=member, at=at: watchers.add(tx, poll.id, m, "demo", at))  # type: ignore[misc]
    ten = NOW + timedelta(minutes=10)
    assert await nudges.next_due() == ten
    await nudges.run_due(ten - MOMENT)
    assert await nudges.next_due() == ten
    await here.database.write(lambda tx: watchers.move(tx, poll.id, HOUR))
    assert await nudges.next_due() == ten + HOUR
    await nudges.run_due(ten + HOUR)
    assert await nudges.next_due() == ten + HOUR + timedelta(minutes=10)
    assert not await here.database.write(lambda tx: watchers.drop(tx, poll.id, "test:demo:ben"))
    assert await here.database.write(lambda tx: watchers.drop(tx, poll.id, "test:demo:chen"))
    assert await nudges.next_due() is None


async def test_all_who_are_due_are_reminded_at_once(here: Instance) -> None:
    """One run queues the reminders of all members that are due."""
    poll, nudges = await opened(here), Nudges(here.database)
    for member in ("ben", "chen", "mo"):
        await here.database.write(lambda tx, m=member: watchers.add(tx, poll.id, f"test:demo:{m}", "demo", NOW))  # type: ignore[misc]
    await nudges.run_due(NOW)
    assert await nudges.next_due() is None


async def test_nobody_is_reminded_of_a_poll_that_is_over(here: Instance) -> None:
    """Parley stores no reminder of a poll that has ended."""
    poll = await opened(here)
    await here.polls.close(poll, ADA.actor, HOME, NOW, T)
    assert not await here.database.write(lambda tx: watchers.add(tx, poll.id, "test:demo:ben", "demo", NOW))


# --- objections ---


async def consent_poll(here: Instance) -> Poll:
    return await opened(here, method=Method.CONSENT, options=consent_options(T))


async def objection_of(here: Instance, poll: Poll, request: Request, reason: str) -> str:
    """Return how an objection ends: with the box's word or a refusal."""
    try:
        return (await here.polls.cast(poll, request, "2", T, reason=reason)).end
    except Refused as error:
        return error.message


@pytest.mark.parametrize(
    ("reason", "refusal"), [("x", ""), ("x" * 500, ""), ("x" * 501, "500"), ("", "reason"), ("  ", "reason")]
)
async def test_an_objection_has_a_reason_of_500_characters_at_most(here: Instance, reason: str, refusal: str) -> None:
    """An objection needs a visible reason of up to 500 characters; without one, nothing is stored or counted."""
    poll = await consent_poll(here)
    end = await objection_of(here, poll, BEN, reason)
    assert (refusal in end) if refusal else end == "cast"
    assert len(await here.polls.objections(poll)) == (not refusal)
    assert (await here.polls.result(poll)).cast == (not refusal)


async def test_a_reason_is_no_vote_for_anything_else(here: Instance) -> None:
    """A member who changes an objection to an agreement takes back their own objection and nobody else's."""
    poll = await consent_poll(here)
    await objection_of(here, poll, BEN, "Too dear")
    await objection_of(here, poll, CHEN, "Too loud")
    assert await votes(here, poll, BEN, "0") == "changed"
    standing = [(each.name, each.reason) for each in await here.polls.objections(poll) if each.stands]
    assert standing == [("Chen", "Too loud")]


async def test_an_answer_is_for_a_standing_objection_of_its_number(here: Instance) -> None:
    """An answer goes to the standing objection with its number in its poll, and to no withdrawn one."""
    poll, other = await consent_poll(here), await consent_poll(here)
    await objection_of(here, poll, BEN, "Too dear")
    await objection_of(here, poll, CHEN, "Too loud")
    for poll_id, number, taken in ((poll.id, 2, True), (poll.id, 3, False), (other.id, 1, False)):
        written = await here.database.write(lambda tx, p=poll_id, n=number: objections.answer(tx, p, n, "It lasts"))  # type: ignore[misc]
        assert written is taken
    assert [each.answer for each in await here.polls.objections(poll)] == ["", "It lasts"]
    await votes(here, poll, BEN, None)
    assert not await here.database.write(lambda tx: objections.answer(tx, poll.id, 1, "It lasts"))


@pytest.mark.parametrize(("request_", "may"), [(ADA, True), (MO, True), (BEN, False), (away(ADA), False)])
async def test_the_host_and_moderators_answer_an_objection(here: Instance, request_: Request, may: bool) -> None:
    """The host and moderators may answer an objection.

    Its author may not, nor may a namesake of the host in another community.
    """
    poll = await consent_poll(here)
    await objection_of(here, poll, BEN, "Too dear")
    community = HOME if request_.actor.workspace == "demo" else AWAY
    if may:
        await here.polls.answer_objection(poll, 1, "It lasts", request_.actor, community, T)
    else:
        with pytest.raises(NotAllowed):
            await here.polls.answer_objection(poll, 1, "It lasts", request_.actor, community, T)
    assert [each.answer for each in await here.polls.objections(poll)] == ["It lasts" if may else ""]


async def test_no_objection_is_answered_after_the_close(here: Instance) -> None:
    """Parley refuses to answer an objection after the close, because the result is final."""
    poll = await consent_poll(here)
    await objection_of(here, poll, BEN, "Too dear")
    closed = await here.polls.close(poll, ADA.actor, HOME, NOW, T)
    with pytest.raises(Refused, match="final"):
        await here.polls.answer_objection(closed, 1, "It lasts", ADA.actor, HOME, T)
    assert await here.polls.objections(await opened(here)) == ()


def test_a_changed_proposal_is_bound_to_the_one_before() -> None:
    """The words of a changed proposal's first option name the poll before it and that poll's head.

    A first proposal has no such words.
    """
    assert [option.words for option in consent_options(T)] == ["", "", ""]
    assert [option.words for option in consent_options(T, "p1", "abc")] == ["follows p1 abc", "", ""]
    assert [option.name for option in consent_options(T)] == ["Agree", "Abstain", "Object"]
