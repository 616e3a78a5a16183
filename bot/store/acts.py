"""The log of what editors and moderators did, in the database. Each function is a step of a unit of work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.store.sql import Row, Transaction
from bot.store.times import from_stored, to_stored

ERASED = "erased"
"""Stands in the place of a person whose data was erased."""


@dataclass(frozen=True, slots=True)
class Act:
    """One line of the log.

    `community` is whose business it was, empty for the content. `actor` is `platform:workspace:id` and `name` what the
    person was called then; both are empty where the bot acted by itself. `object` is the id of what it was done to.
    """

    id: str
    at: datetime
    did: str
    object: str = ""
    detail: str = ""
    community: str = ""
    actor: str = ""
    name: str = ""


async def add(tx: Transaction, act: Act) -> None:
    await tx.run(
        "add_act",
        id=act.id,
        at=to_stored(act.at),
        community=act.community,
        actor=act.actor,
        name=act.name,
        did=act.did,
        object=act.object,
        detail=act.detail,
    )


async def before(tx: Transaction, community: str, at: datetime, act: str, limit: int) -> list[Act]:
    """The acts of a community, or of the content where it is empty, before this moment and act; the newest first."""
    return [
        _act(row) for row in await tx.rows("acts_before", community=community, at=to_stored(at), id=act, limit=limit)
    ]


async def of_actor(tx: Transaction, actor: str) -> list[Act]:
    """Everything that the log has of one person, the oldest first."""
    return [_act(row) for row in await tx.rows("acts_of", actor=actor)]


def _act(row: Row) -> Act:
    return Act(
        id=row["id"],
        at=from_stored(row["at"]),
        community=row["community"],
        actor=row["actor"],
        name=row["name"],
        did=row["did"],
        object=row["object"],
        detail=row["detail"],
    )
