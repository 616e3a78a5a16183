"""Communities in the database: their settings, and the deletion of their data after they leave."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.store.sql import Transaction
from bot.store.timestamps import to_stored


async def ensure(tx: Transaction, community: str) -> None:
    await tx.run("ensure_community", id=community)


async def hold(tx: Transaction, community: str) -> None:
    """Lock the community until the transaction ends, so that counts under the lock stay true."""
    await ensure(tx, community)
    await tx.run("hold_community", id=community)


async def settings(tx: Transaction, community: str) -> dict[str, Any]:
    """The community's settings, as JSON values by name; empty if it changed none."""
    stored: str | None = await tx.value("community_settings", id=community)
    values: dict[str, Any] = {} if stored is None else json.loads(stored)
    return values


async def put_settings(tx: Transaction, community: str, values: Mapping[str, object]) -> None:
    """Replace all settings of the community."""
    await tx.run("put_settings", id=community, settings=json.dumps(values, sort_keys=True))


async def all_ids(tx: Transaction) -> list[str]:
    return await tx.column("community_ids")


async def served(tx: Transaction) -> list[str]:
    """Up to three communities that have the bot, the demonstration last. Conversations with one person don't count."""
    return await tx.column("served_communities")


async def mark_left(tx: Transaction, community: str, at: datetime) -> None:
    """Record the time when a community removed the bot; its data is deleted some time later."""
    await tx.run("mark_left", id=community, left_at=to_stored(at))


async def mark_returned(tx: Transaction, community: str) -> None:
    """Record that a community has the bot, for the first time or again."""
    await ensure(tx, community)
    await tx.run("mark_returned", id=community)


async def is_here(tx: Transaction, community: str) -> bool:
    """Whether it is known and hasn't removed the bot."""
    return bool(await tx.value("community_is_here", id=community))


async def left_before(tx: Transaction, then: datetime) -> list[str]:
    return await tx.column("left_before", then=to_stored(then))


async def open_poll_ids(tx: Transaction, community: str) -> list[str]:
    """Open polls that this community created; they are cancelled when it leaves."""
    return await tx.column("open_polls_of_community", community=community)
