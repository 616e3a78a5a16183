"""The action log: which moderator or editor did what, when, and to which object. It never holds a voter or a choice.

await database.write(log.entry(Deed.RELOAD, now, by=actor))          alone
await box.close(poll, now, also=log.entry(Deed.CLOSE, now, …))       in the same transaction as the action
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.chat.vocabulary import Actor
from bot.communities.model import voter_id
from bot.store.database import Database, Unit
from bot.store.sql import Row, Transaction
from bot.store.timestamps import from_stored, to_stored

PAGE = 10
DETAIL_MAX = 1000
NAME_MAX = 100
ERASED = "erased"
"""The replacement for a member whose data was erased."""


class Deed(StrEnum):
    """The action that an entry reports. The log shows a newer program's word unchanged."""

    RELOAD = "reload"
    REFUSE = "refuse"
    """Parley kept the old content, because the new content has errors."""
    ACCEPT = "accept"
    REJECT = "reject"
    ASK = "ask"
    PUBLISH = "publish"
    CLOSE = "close"
    CANCEL = "cancel"
    EXTEND = "extend"
    SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the action log.

    `deed` is a `Deed`, or a newer program's word. `community` is empty for an action on the content. `actor` is
    `platform:workspace:id` and `name` the member's name at the time; both are empty if Parley acted by itself. `object`
    is the id of the poll, suggestion or entry.
    """

    id: str
    at: datetime
    deed: str
    object: str = ""
    detail: str = ""
    community: str = ""
    actor: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class ActionLog:
    """Writes and reads the log."""

    database: Database
    new_id: Callable[[], str]

    def entry(
        self,
        deed: Deed,
        at: datetime,
        *,
        by: Actor | None = None,
        object_id: str = "",
        detail: str = "",
        community: str = "",
    ) -> Unit[None]:
        """Return the step that adds an entry, for the transaction of the action itself.

        Without `by`, Parley acted by itself; without `community`, the action was on the content.
        """
        entry = LogEntry(
            id=self.new_id(),
            at=at,
            deed=deed.value,
            object=object_id,
            detail=detail[:DETAIL_MAX],
            community=community,
            actor=voter_id(by) if by else "",
            name=by.name[:NAME_MAX] if by else "",
        )

        async def write(tx: Transaction) -> None:
            await add(tx, entry)

        return write

    async def page(self, community: str, before: datetime, entry: str = "") -> tuple[Sequence[LogEntry], bool]:
        """Return up to ten entries, the newest first, and whether there are older ones.

        They are older than `before`, or as old with an id below `entry`; without a community, they are the content's.
        Raises Unavailable.
        """
        entries = await self.database.read(lambda tx: entries_before(tx, community, before, entry, PAGE + 1))
        return entries[:PAGE], len(entries) > PAGE


async def add(tx: Transaction, entry: LogEntry) -> None:
    await tx.run(
        "add_act",
        id=entry.id,
        at=to_stored(entry.at),
        community=entry.community,
        actor=entry.actor,
        name=entry.name,
        did=entry.deed,
        object=entry.object,
        detail=entry.detail,
    )


async def entries_before(tx: Transaction, community: str, at: datetime, entry: str, limit: int) -> list[LogEntry]:
    """Return a community's entries before this moment and id, the newest first; the content's without a community."""
    rows = await tx.rows("acts_before", community=community, at=to_stored(at), id=entry, limit=limit)
    return [_read_entry(row) for row in rows]


async def entries_of(tx: Transaction, actor: str) -> list[LogEntry]:
    """Return every entry about one member, the oldest first."""
    return [_read_entry(row) for row in await tx.rows("acts_of", actor=actor)]


def _read_entry(row: Row) -> LogEntry:
    return LogEntry(
        id=row["id"],
        at=from_stored(row["at"]),
        community=row["community"],
        actor=row["actor"],
        name=row["name"],
        deed=row["did"],
        object=row["object"],
        detail=row["detail"],
    )
