"""Leases: one process at a time holds a name, and a process that dies loses its names when their time is up.

Leases use the database's clock, so that processes whose clocks differ agree.
"""

from __future__ import annotations

from bot.store.sql import Transaction

LEASE = 30
"""Seconds that a process holds a name. It must give up its work before they end."""


async def take(tx: Transaction, name: str, holder: str, seconds: int = LEASE) -> bool:
    """Take the name if it is free, already the holder's own, or expired. Return whether `holder` has it now."""
    return await tx.run("take_lease", name=name, holder=holder, span=seconds * 1_000_000) == 1


async def release(tx: Transaction, name: str, holder: str) -> None:
    await tx.run("release_lease", name=name, holder=holder)


async def release_all(tx: Transaction, holder: str) -> None:
    """Release all names of a process that ends, so that the others need not wait."""
    await tx.run("release_leases", holder=holder)
