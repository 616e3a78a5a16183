"""Small values by name that an adapter needs after a restart. Nothing about a person."""

from __future__ import annotations

from bot.store.sql import Transaction


async def get(tx: Transaction, name: str) -> str:
    """The value, or nothing where none was kept."""
    stored: str | None = await tx.value("kept_value", name=name)
    return stored or ""


async def put(tx: Transaction, name: str, value: str) -> None:
    """Keeps the value, of at most 1000 characters, in the place of what the name stood for before."""
    await tx.run("keep_value", name=name, value=value)


async def answers(tx: Transaction) -> bool:
    """True, from a database that answers at all."""
    return bool(await tx.value("answers"))


async def turn(tx: Transaction, name: str, value: str) -> bool:
    """Keeps the value, and tells whether it was another before: True for one of all who turn it to the same."""
    changed = await tx.run("change_value", name=name, value=value)
    return bool(changed or await tx.run("begin_value", name=name, value=value))
