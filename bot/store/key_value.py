"""Small named values that an adapter needs after a restart. They hold nothing about a person."""

from __future__ import annotations

from bot.store.sql import Transaction


async def get(tx: Transaction, name: str) -> str:
    """The value; empty if none is stored."""
    stored: str | None = await tx.value("kept_value", name=name)
    return stored or ""


async def put(tx: Transaction, name: str, value: str) -> None:
    """Store a value of at most 1000 characters, in place of the old one."""
    await tx.run("keep_value", name=name, value=value)


async def answers(tx: Transaction) -> bool:
    """Whether the database answers at all. True, or it raises."""
    return bool(await tx.value("answers"))


async def turn(tx: Transaction, name: str, value: str) -> bool:
    """Store a value and return whether it changed: True for only one of several callers that store the same."""
    changed = await tx.run("change_value", name=name, value=value)
    return bool(changed or await tx.run("begin_value", name=name, value=value))
