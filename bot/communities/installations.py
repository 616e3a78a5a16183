"""Where a platform's app is installed, each with its sealed token, and which installs have been used up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.communities import repository as communities
from bot.store.sql import Transaction
from bot.store.timestamps import from_stored, to_stored


@dataclass(frozen=True, slots=True)
class Installation:
    """One community's. What is sealed, only the adapter that stored it can open."""

    sealed: str
    installed_at: datetime


async def find(tx: Transaction, community: str) -> Installation | None:
    row = await tx.one("installation", community=community)
    return None if row is None else Installation(row["sealed"], from_stored(row["installed_at"]))


async def put(tx: Transaction, community: str, sealed: str, at: datetime) -> None:
    """In the place of an older one. The community has the bot, again if it had left."""
    await tx.run("put_installation", community=community, sealed=sealed, installed_at=to_stored(at))
    await communities.mark_returned(tx, community)


async def every(tx: Transaction) -> dict[str, Installation]:
    """By its community, the oldest first."""
    rows = await tx.rows("every_installation")
    return {row["community"]: Installation(row["sealed"], from_stored(row["installed_at"])) for row in rows}


async def reseal(tx: Transaction, community: str, sealed: str) -> None:
    """The same installation, sealed anew."""
    await tx.run("reseal_installation", community=community, sealed=sealed)


async def forget(tx: Transaction, community: str, sealed: str, at: datetime) -> bool:
    """Deletes this one, and marks the community as left; False where it was gone, or replaced, already."""
    if not await tx.run("forget_installation", community=community, sealed=sealed):
        return False
    await communities.mark_left(tx, community, at)
    return True


async def spend(tx: Transaction, state: str, expires_at: datetime, now: datetime) -> bool:
    """Uses a state up, given as its hash. False where it was used before; what has expired by now is forgotten."""
    await tx.run("forget_states", now=to_stored(now))
    return await tx.run("spend_state", hash=state, expires_at=to_stored(expires_at)) == 1
