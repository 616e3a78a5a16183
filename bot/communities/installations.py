"""Installations of a platform's app, each with its sealed token, and the install links that were used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.communities import repository as communities
from bot.store.sql import Transaction
from bot.store.timestamps import from_stored, to_stored


@dataclass(frozen=True, slots=True)
class Installation:
    """A community's installation. Only the adapter that stored the sealed token can open it."""

    sealed: str
    installed_at: datetime


async def find(tx: Transaction, community: str) -> Installation | None:
    row = await tx.one("installation", community=community)
    return None if row is None else Installation(row["sealed"], from_stored(row["installed_at"]))


async def put(tx: Transaction, community: str, sealed: str, at: datetime) -> None:
    """Store an installation, in place of an older one, and mark the community as having the bot."""
    await tx.run("put_installation", community=community, sealed=sealed, installed_at=to_stored(at))
    await communities.mark_returned(tx, community)


async def every(tx: Transaction) -> dict[str, Installation]:
    """All installations by community, the oldest first."""
    rows = await tx.rows("every_installation")
    return {row["community"]: Installation(row["sealed"], from_stored(row["installed_at"])) for row in rows}


async def reseal(tx: Transaction, community: str, sealed: str) -> None:
    """Replace the sealed token of an installation."""
    await tx.run("reseal_installation", community=community, sealed=sealed)


async def forget(tx: Transaction, community: str, sealed: str, at: datetime) -> bool:
    """Delete this installation and mark the community as left. Return False if it was already gone or replaced."""
    if not await tx.run("forget_installation", community=community, sealed=sealed):
        return False
    await communities.mark_left(tx, community, at)
    return True


async def spend(tx: Transaction, state: str, expires_at: datetime, now: datetime) -> bool:
    """Use up a state, named by its hash, and forget expired ones. Return False if it was used before."""
    await tx.run("forget_states", now=to_stored(now))
    return await tx.run("spend_state", hash=state, expires_at=to_stored(expires_at)) == 1
