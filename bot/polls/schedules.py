"""Schedules of polls: open once, or every week until somebody stops it. Each function is a step of a unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from bot.chat.vocabulary import Place
from bot.polls.closing_time import local_moment
from bot.polls.drafts import as_json, from_json
from bot.polls.places import places_around, poll_place
from bot.polls.rules import PollDraft
from bot.store.sql import Row, Transaction
from bot.store.timestamps import from_stored, to_stored

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule. `clock` is the community's wall clock without a zone: six o'clock stays six o'clock.

    `member` is the id of the member who scheduled it. `next_at` is None once it has stopped, and `stopped` says why.
    """

    id: str
    community: str
    member: str
    member_name: str
    place: Place
    draft: PollDraft
    weekly: bool
    clock: datetime
    next_at: datetime | None
    at: datetime
    stopped: str = ""

    def answers(self, community: str, place: Place) -> bool:
        """Whether a member of this community may see it from this place."""
        at_home = poll_place(self.place) in places_around(place)
        return community == self.community and (not self.place.private or at_home)


def opening_after(clock: datetime, now: datetime, zone: tzinfo, *, weekly: bool) -> datetime | None:
    """Return the next opening of a schedule with this wall clock after `now`; None if it opened its only time.

    A time that the clock skips counts as an hour later; of one that it shows twice, the first counts.
    """
    day = clock.date()
    moment = _first_showing(day, clock, zone)
    while weekly and moment <= now:
        day += WEEK
        moment = _first_showing(day, clock, zone)
    return moment if moment > now else None


def _first_showing(day: date, clock: datetime, zone: tzinfo) -> datetime:
    long_ago = datetime.fromtimestamp(0, zone)
    return local_moment(day, clock.time(), zone, long_ago)


async def put(tx: Transaction, schedule: Schedule) -> None:
    place = schedule.place
    await tx.run(
        "put_schedule",
        id=schedule.id,
        community=schedule.community,
        member=schedule.member,
        member_name=schedule.member_name,
        platform=place.platform,
        workspace=place.workspace,
        channel=place.channel,
        thread=place.thread,
        private=int(place.private),
        poll=as_json(schedule.draft),
        weekly=int(schedule.weekly),
        clock=schedule.clock.isoformat(timespec="minutes"),
        next_at=None if schedule.next_at is None else to_stored(schedule.next_at),
        at=to_stored(schedule.at),
    )


async def counts(tx: Transaction, community: str, member: str) -> tuple[int, int]:
    """Count a community's schedules with an opening to come, and this member's among them."""
    [row] = await tx.rows("schedule_counts", community=community, member=member)
    return row["here"], row["own"]


async def find(tx: Transaction, schedule: str) -> Schedule | None:
    row = await tx.one("find_schedule", id=schedule)
    return None if row is None else _schedule(row)


async def of_community(tx: Transaction, community: str) -> Sequence[Schedule]:
    """Return a community's schedules with an opening to come, the next first."""
    return [_schedule(row) for row in await tx.rows("schedules_of", community=community)]


async def due(tx: Transaction, now: datetime) -> Sequence[Schedule]:
    return [_schedule(row) for row in await tx.rows("due_schedules", now=to_stored(now))]


async def advance(tx: Transaction, schedule: Schedule, next_at: datetime | None) -> bool:
    """Claim an opening. Return True to one caller alone, who opens the poll in the same transaction."""
    if schedule.next_at is None:
        return False
    later = None if next_at is None else to_stored(next_at)
    return await tx.run("advance_schedule", id=schedule.id, due_at=to_stored(schedule.next_at), next_at=later) == 1


async def stop(tx: Transaction, schedule: str, why: str) -> bool:
    """Stop a schedule. Return True to one caller alone."""
    return await tx.run("stop_schedule", id=schedule, stopped=why) == 1


async def next_due(tx: Transaction) -> datetime | None:
    due_at: int | None = await tx.value("next_schedule")
    return None if due_at is None else from_stored(due_at)


def _schedule(row: Row) -> Schedule:
    private = bool(row["private"])
    place = Place(row["platform"], row["workspace"], row["channel"], row["thread"], private=private)
    return Schedule(
        row["id"],
        row["community"],
        row["member"],
        row["member_name"],
        place,
        from_json(row["poll"]),
        bool(row["weekly"]),
        datetime.fromisoformat(row["clock"]),
        None if row["next_at"] is None else from_stored(row["next_at"]),
        from_stored(row["at"]),
        row["stopped"],
    )
