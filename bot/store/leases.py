"""Work in hand: one process at a time has a name, and a process that dies holding one loses it when its time has passed.

Time is the database's own, so that processes whose clocks differ agree on it.
"""

from __future__ import annotations

from bot.store.sql import Transaction

LEASE = 30
"""Seconds for which a name is held. What is done under it is given up before they have passed."""


async def take(tx: Transaction, name: str, holder: str, seconds: int = LEASE) -> bool:
    """Whether `holder` has the name now: it was free, its own already, or its holder's time had passed."""
    return await tx.run("take_lease", name=name, holder=holder, span=seconds * 1_000_000) == 1


async def release(tx: Transaction, name: str, holder: str) -> None:
    await tx.run("release_lease", name=name, holder=holder)


async def release_all(tx: Transaction, holder: str) -> None:
    """For a process that ends, so that the others need not wait."""
    await tx.run("release_leases", holder=holder)
