"""The communities' settings, read from the database and kept for a moment."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from bot.community import Community, Creators, is_direct
from bot.errors import Unavailable
from bot.store import communities as rows
from bot.store.database import Database, Unit
from bot.store.signals import Signal
from bot.store.sql import Transaction

REMEMBERED = timedelta(seconds=5)
"""How long settings are kept in memory. Another process's change shows at once, or after so long where it is unheard."""


class Communities:
    """One for the whole process. What is asked for again within a moment is not read again."""

    def __init__(self, database: Database, zone: str = "UTC", language: str = "") -> None:
        self._database = database
        self._defaults = {"zone": zone, "language": language}
        self._kept: dict[str, tuple[datetime, Community]] = {}
        database.listen(Signal.COMMUNITY, self._hear)

    async def get(self, community: str, now: datetime) -> Community:
        """Raises Unavailable when the database can't be read."""
        kept = self._kept.get(community)
        if kept and abs(now - kept[0]) < REMEMBERED:
            return kept[1]
        settings = await self._database.read(lambda tx: rows.settings(tx, community))
        if not settings and kept is None and not is_direct(community):
            await self._remember(community)
        found = _made(community, {**self._defaults, **settings})
        self._kept[community] = (now, found)
        return found

    async def _remember(self, community: str) -> None:
        """Has the database know that this community uses the bot: who edits the content depends on how many do."""
        with suppress(Unavailable):  # it is read-only just now, and answering matters more
            await self._database.write(lambda tx: rows.ensure(tx, community))

    async def change(self, community: Community, changes: Mapping[str, Any], also: Unit[None]) -> Community:
        """Stores the community with these changes, and `also` in the same transaction.

        Raises Unavailable; nothing is changed then.
        """
        changed = replace(community, **changes)
        settings = {name: value for name, value in asdict(changed).items() if name != "id"}

        async def write(tx: Transaction) -> None:
            await rows.put_settings(tx, community.id, settings)
            await also(tx)

        await self._database.write(write)
        self._database.signal(Signal.COMMUNITY, community.id)
        return changed

    def _hear(self, community: str) -> None:
        if community:
            self._kept.pop(community, None)
        else:
            self._kept.clear()


def _made(community: str, settings: Mapping[str, Any]) -> Community:
    known = {name: value for name, value in settings.items() if name in Community.__slots__ and name != "id"}
    made = Community(community, **known)
    return replace(made, creators=Creators(made.creators))
