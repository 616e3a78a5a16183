"""The log of what editors and moderators did: who, when, what, to which object. Never who voted, or for what.

await database.write(acts.entry(Did.RELOAD, now, by=actor))       by itself
await box.close(poll, now, also=acts.entry(Did.CLOSE, …))         in the transaction of the act
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.chat import Actor
from bot.community import voter_id
from bot.store import acts as rows
from bot.store.acts import Act
from bot.store.database import Database, Unit
from bot.store.sql import Transaction

PAGE = 10
DETAIL_MAX = 1000
NAME_MAX = 100


class Did(StrEnum):
    """What can be done. A word that a newer program wrote is shown as it stands."""

    RELOAD = "reload"
    REFUSE = "refuse"
    """A change of the content was not taken, because it has errors."""
    ACCEPT = "accept"
    REJECT = "reject"
    ASK = "ask"
    PUBLISH = "publish"
    CLOSE = "close"
    CANCEL = "cancel"
    EXTEND = "extend"
    SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Acts:
    """Writes and reads the log."""

    database: Database
    new_id: Callable[[], str]

    def entry(
        self,
        did: Did,
        at: datetime,
        *,
        by: Actor | None = None,
        object_id: str = "",
        detail: str = "",
        community: str = "",
    ) -> Unit[None]:
        """A line of the log, as a step of the transaction that does what it says.

        Without `by` the bot did it by itself; without `community` it was done to the content.
        """
        act = Act(
            id=self.new_id(),
            at=at,
            did=did.value,
            object=object_id,
            detail=detail[:DETAIL_MAX],
            community=community,
            actor=voter_id(by) if by else "",
            name=by.name[:NAME_MAX] if by else "",
        )

        async def write(tx: Transaction) -> None:
            await rows.add(tx, act)

        return write

    async def page(self, community: str, before: datetime, act: str = "") -> tuple[Sequence[Act], bool]:
        """Up to ten acts, the newest first, that were done before this moment and act; and whether there are older ones.

        Of the content's acts where `community` is empty. Raises Unavailable.
        """
        found = await self.database.read(lambda tx: rows.before(tx, community, before, act, PAGE + 1))
        return found[:PAGE], len(found) > PAGE
