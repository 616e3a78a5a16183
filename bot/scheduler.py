"""Deadlines, all from the database: polls close by themselves, and are announced again some time before.

Whatever fell due while no process ran happens at the start. Two processes never close a poll twice: the ballot box
tells one of them that it did.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

from bot.chat import Place, Platform, Reply
from bot.community import Community, CommunityOf
from bot.errors import BotError, Unavailable
from bot.polls.box import BallotBox
from bot.polls.copies import Copies
from bot.polls.model import Poll
from bot.store import messages
from bot.store import polls as poll_rows
from bot.store.database import Database
from bot.store.sql import Transaction

LOOK_AGAIN = 30.0
"""Seconds after which deadlines are read anew, because another process may have moved them."""

CLAIM = timedelta(minutes=1)
"""How long one process has to announce a close before another may."""
GIVE_UP = timedelta(days=1)
"""For how long a place that can't be reached is tried again."""
RETRY = 1.0
"""Seconds until something that was due and failed is tried again."""

logger = logging.getLogger("parley.scheduler")

Say = Callable[[Poll, Community], Awaitable[Reply]]


class Scheduler:
    """One loop over the next deadline."""

    def __init__(
        self,
        database: Database,
        box: BallotBox,
        copies: Copies,
        platforms: dict[str, Platform],
        community_of: CommunityOf,
        *,
        announcement: Say,
        reminder: Say,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._box = box
        self._copies = copies
        self._platforms = platforms
        self._community_of = community_of
        self._announcement = announcement
        self._reminder = reminder
        self._now = now
        self._wake = asyncio.Event()
        self._heard: dict[str, set[Place]] = {}
        """Where a close that is not announced everywhere yet was announced."""
        self._reported: set[str] = set()
        """Polls whose close failed, so that the log says it once."""

    def wake(self) -> None:
        """A deadline was set or moved: look at once."""
        self._wake.set()

    async def run(self) -> None:
        """Runs until it is cancelled. A failure is logged, and what was due is tried again."""
        while True:
            self._wake.clear()
            try:
                await self.run_due()
                wait = await self._seconds_to_next()
            except BotError as error:
                logger.warning("deadlines could not be read: %s", type(error).__name__)
                wait = 1.0
            except Exception:
                logger.exception("bug in the scheduler")
                wait = LOOK_AGAIN
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait)

    async def run_due(self) -> None:
        """Does everything whose time has come, once."""
        now = self._now()
        await self._box.tidy()
        for poll in await self._database.read(lambda tx: poll_rows.due(tx, now)):
            await self._close(poll)
        for poll in await self._database.read(lambda tx: poll_rows.due_announcements(tx, self._now())):
            await self._announce(poll)
        for poll in await self._database.read(lambda tx: poll_rows.due_reminders(tx, now)):
            await self._remind(poll, now)

    async def _remind(self, poll: str, now: datetime) -> None:
        if await self._database.write(lambda tx: poll_rows.take_reminder(tx, poll, now)):
            await self._tell(poll, self._reminder, set())

    async def _close(self, poll: str) -> None:
        try:
            closed = await self._box.close(poll, self._now())
        except BotError as error:
            if poll not in self._reported:
                self._reported.add(poll)
                logger.warning("poll %s could not be closed: %s", poll, error.message)
            return
        if closed:
            await self._copies.refresh(poll)

    async def _announce(self, poll: str) -> None:
        """Says the result. A process that dies in between leaves it to the next, once its claim has run out.

        Places that can't be reached are tried again when the claim has run out, for a day; the others hear it once.
        """
        now = self._now()
        if not await self._database.write(lambda tx: poll_rows.claim_announcement(tx, poll, now, now + CLAIM)):
            return
        late = await self._tell(poll, self._announcement, self._heard.setdefault(poll, set()))
        if late is None or late > GIVE_UP:
            self._heard.pop(poll, None)
            await self._database.write(lambda tx: poll_rows.announced(tx, poll))

    async def _tell(self, poll_id: str, say: Say, heard: set[Place]) -> timedelta | None:
        """Says something in each place where the poll was posted and that has not heard it, once a place.

        None, or, where a place could not be reached just now, for how long the poll has been over.
        """

        async def read(tx: Transaction) -> tuple[Poll, list[messages.Copy]]:
            return await poll_rows.get(tx, poll_id), await messages.copies(tx, poll_id)

        poll, copies = await self._database.read(read)
        late = None
        for place in dict.fromkeys(copy.message.place for copy in copies):
            platform = self._platforms.get(place.platform)
            if platform is None or place in heard:
                continue
            community = await self._community_of(f"{place.platform}:{place.workspace}", self._now())
            try:
                await platform.post(place, await say(poll, community))
                heard.add(place)
            except BotError as error:
                logger.warning("poll %s could not be announced: %s", poll_id, type(error).__name__)
                if isinstance(error, Unavailable):
                    late = self._now() - (poll.closed_at or poll.closes_at)
        return late

    async def _seconds_to_next(self) -> float:
        due = await self._database.read(poll_rows.next_deadline)
        if due is None:
            return LOOK_AGAIN
        wait = (due - self._now()).total_seconds()
        return min(wait if wait > 0 else RETRY, LOOK_AGAIN)
