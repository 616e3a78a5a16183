"""The due times of communities' weekly digests. Each function is a step of a unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from bot.communities.model import Community
from bot.store.sql import Transaction
from bot.store.timestamps import from_stored, to_stored

CLOCK = time(9)
"""The time on Monday, by the community's clock."""


def next_digest(community: Community, now: datetime) -> datetime:
    """Return the next Monday morning after `now`."""
    local = now.astimezone(community.tz)
    for days in (-local.weekday(), 7 - local.weekday()):
        morning = datetime.combine(local.date() + timedelta(days=days), CLOCK, tzinfo=community.tz)
        if morning > now:
            return morning.astimezone(now.tzinfo)
    raise AssertionError(now)


async def plan(tx: Transaction, community: Community, now: datetime) -> None:
    """Plan the digest for the next Monday; never without a channel."""
    if not community.digest_channel:
        await tx.run("drop_digest", community=community.id)
        return
    await tx.run("put_digest", community=community.id, next_at=to_stored(next_digest(community, now)))


async def due(tx: Transaction, now: datetime) -> Sequence[tuple[str, datetime]]:
    """Return the communities whose digest is due, each with its due time."""
    rows = await tx.rows("due_digests", now=to_stored(now))
    return [(row["community"], from_stored(row["next_at"])) for row in rows]


async def advance(tx: Transaction, community: str, due_at: datetime, next_at: datetime) -> bool:
    """Claim a digest. Return True to one caller alone."""
    values = {"community": community, "due_at": to_stored(due_at), "next_at": to_stored(next_at)}
    return await tx.run("advance_digest", **values) == 1


async def next_due(tx: Transaction) -> datetime | None:
    due_at: int | None = await tx.value("next_digest")
    return None if due_at is None else from_stored(due_at)
