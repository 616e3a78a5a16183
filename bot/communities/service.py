"""The communities' settings, read from the database and cached for a moment."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from bot.communities import digests
from bot.communities import repository as rows
from bot.communities.model import Community, Creators, is_direct
from bot.errors import Unavailable
from bot.store.database import Database, Unit
from bot.store.signals import Signal
from bot.store.sql import Transaction

REMEMBERED = timedelta(seconds=5)
"""The time that settings stay cached. Another process's change shows at once, or after it if its signal is lost."""


class Communities:
    """Reads and changes settings. A process has one, so that all of it shares the cache."""

    def __init__(self, database: Database, zone: str = "UTC", language: str = "") -> None:
        self._database = database
        self._defaults = {"zone": zone, "language": language}
        self._cache: dict[str, tuple[datetime, Community]] = {}
        database.listen(Signal.COMMUNITY, self._hear)

    async def get(self, community: str, now: datetime) -> Community:
        """Return the community's settings. Raise Unavailable if the database can't be read."""
        cached = self._cache.get(community)
        if cached and abs(now - cached[0]) < REMEMBERED:
            return cached[1]
        settings = await self._database.read(lambda tx: rows.settings(tx, community))
        if not settings and cached is None and not is_direct(community):
            await self._remember(community)
        decided = _community(community, {**self._defaults, **settings})
        self._cache[community] = (now, decided)
        return decided

    async def _remember(self, community: str) -> None:
        """Record that this community uses the bot: the number of such communities decides who edits the content."""
        with suppress(Unavailable):  # the database is read-only right now, and answering matters more
            await self._database.write(lambda tx: rows.ensure(tx, community))

    async def change(self, community: Community, changes: Mapping[str, Any], also: Unit[None]) -> Community:
        """Store the community with these changes, and `also` in the same transaction.

        Raise Unavailable, and change nothing, if the database fails.
        """
        changed = replace(community, **changes)
        settings = {name: value for name, value in asdict(changed).items() if name != "id"}

        async def write(tx: Transaction) -> None:
            await rows.put_settings(tx, community.id, settings)
            await also(tx)

        await self._database.write(write)
        self._database.signal(Signal.COMMUNITY, community.id)
        return changed

    async def plan_digest(self, community: Community, now: datetime) -> None:
        """Plan the weekly digest for the community's channel, or cancel it. Raises Unavailable."""
        await self._database.write(lambda tx: digests.plan(tx, community, now))
        self._database.signal(Signal.DEADLINE)

    def _hear(self, community: str) -> None:
        if community:
            self._cache.pop(community, None)
        else:
            self._cache.clear()


def _community(community: str, settings: Mapping[str, Any]) -> Community:
    fields = {name: value for name, value in settings.items() if name in Community.__slots__ and name != "id"}
    return Community(community, **{**fields, "creators": Creators(fields.get("creators", Creators.EVERYONE))})
