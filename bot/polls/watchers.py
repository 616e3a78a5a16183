"""Members who want a private reminder of a poll, once, if they haven't voted by then.

The list holds members who pressed *Remind me*, never who voted. It is deleted when the poll ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.chat.vocabulary import Place
from bot.polls import outbox as tellings
from bot.polls.outbox import News, Telling
from bot.store.database import Database
from bot.store.sql import Transaction
from bot.store.timestamps import from_stored, to_stored

BEFORE = timedelta(hours=1)
"""The time of the reminder before the close, in a community that reminds of no poll."""


@dataclass(frozen=True, slots=True)
class Nudges:
    """Queues each member's private reminder when it is due. A chore of the scheduler."""

    database: Database

    async def next_due(self) -> datetime | None:
        due_at: int | None = await self.database.read(lambda tx: tx.value("next_watcher"))
        return None if due_at is None else from_stored(due_at)

    async def run_due(self, now: datetime) -> None:
        while await self.database.write(lambda tx: _queue_one(tx, now)):
            pass


def remind_time(closes_at: datetime, now: datetime, minutes: int) -> datetime:
    """Return the time to remind: the community's own, or halfway to a close that is too near for that."""
    moment = closes_at - (timedelta(minutes=minutes) if minutes else BEFORE)
    return moment if moment > now else now + (closes_at - now) / 2


async def add(tx: Transaction, poll: str, member: str, workspace: str, remind_at: datetime) -> bool:
    """Remember a member. Return False if they were there already, or the poll isn't open."""
    return (
        await tx.run("put_watcher", poll=poll, member=member, workspace=workspace, remind_at=to_stored(remind_at)) == 1
    )


async def drop(tx: Transaction, poll: str, member: str) -> bool:
    return await tx.run("drop_watcher", poll=poll, member=member) == 1


async def move(tx: Transaction, poll: str, later: timedelta) -> None:
    """Move the reminders with the close."""
    await tx.run("move_watchers", poll=poll, later=later // timedelta(microseconds=1))


async def _queue_one(tx: Transaction, now: datetime) -> bool:
    row = await tx.one("take_watcher", now=to_stored(now))
    if row is None:
        return False
    platform, _, person = row["member"].split(":", 2)
    place = Place(platform, row["workspace"], "", person)
    await tellings.put_back(tx, Telling(row["poll"], News.NUDGE, place, from_stored(row["remind_at"])), now)
    return True
