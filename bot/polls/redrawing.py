"""Redraw the posted messages of polls, with as few edits as possible.

A message gets at most one edit in two seconds, or in a minute once it is an hour old (Discord refuses more: error
30046), and always one after the last change.

The database marks stale copies: a vote does so in its own transaction. Only one process at a time edits a message,
under a lease; a process that finds the lease taken leaves the copy to its holder, who checks once more after the
release. So a dying process loses nothing: another one, or the next start, finds its stale copies.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from contextvars import Context
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.aio import hold_task
from bot.chat.markup import Bold, paragraph, text
from bot.chat.platform import Forgets, Platform
from bot.chat.vocabulary import Card, MessageRef, Reply, Tone
from bot.communities.model import Community, CommunityOf
from bot.errors import BotError, NotAllowed, NotFound, PlaceGone, Unavailable
from bot.i18n import Translator
from bot.polls import posted_messages as messages
from bot.polls.creator_notices import Hosts
from bot.polls.model import Poll
from bot.polls.posted_messages import PostedMessage
from bot.store import leases
from bot.store.database import Database
from bot.store.signals import Signal
from bot.store.sql import Transaction
from bot.telemetry.meter import Meter

PAUSE = timedelta(seconds=2)
PAUSE_OLD = timedelta(minutes=1)
OLD = timedelta(hours=1)
RETRY_MAX = timedelta(minutes=5)
DOUBLINGS_MAX = 10
"""Failures that double the pause. Beyond them it is at its longest anyway, and the power of two would overflow a time.
"""
GATHER = 0.25
"""Seconds between two checks for stale copies of a poll, however fast votes come in."""
EDIT_SECONDS = leases.LEASE - 5
"""Seconds before an edit is given up, which must be before another process may begin one."""

TOO_SLOW = "The platform takes too long to edit a message."
NOT_RUNNING = "The platform isn't running right now."

logger = logging.getLogger("parley.polls")

Draw = Callable[[Any, Community], Awaitable[Reply]]
"""(poll or discussion, community) → the content of its message."""
Sleep = Callable[[float], Awaitable[None]]


class CopyRows(Protocol):
    """The rows of posted messages, of polls or of discussions: a module of functions over a transaction."""

    async def get(self, tx: Transaction, poll: str, /) -> Any: ...
    async def copies(self, tx: Transaction, poll: str, /) -> list[PostedMessage]: ...
    async def stale_copies(self, tx: Transaction, /) -> list[PostedMessage]: ...
    async def copies_of_open_polls(self, tx: Transaction, /) -> list[PostedMessage]: ...
    async def find_copy(self, tx: Transaction, copy: PostedMessage, /) -> PostedMessage | None: ...
    async def mark_shown(self, tx: Transaction, copy: PostedMessage, poll: Any, at: datetime, /) -> None: ...
    async def lose_copy(self, tx: Transaction, poll: str, message: MessageRef, /) -> bool: ...
    async def forget_copy(self, tx: Transaction, poll: str, message: MessageRef, /) -> None: ...


def _lost(t: Translator, poll: Poll) -> Reply:
    card = Card(
        title=t("I can't update a poll's message"),
        body=text(
            paragraph(Bold(poll.question)),
            t(
                "I can't edit one of its messages: its channel is gone or locked, or I can't write there any more. "
                "Votes still count, and I'll keep trying. To post the poll again, use /poll post poll:{id} in a "
                "channel where I can write.",
                id=poll.id,
            ),
        ),
        tone=Tone.CAUTION,
    )
    return Reply((card,))


class Copies:
    """Redraws posted messages."""

    def __init__(
        self,
        database: Database,
        platforms: Mapping[str, Platform],
        draw: Draw,
        community_of: CommunityOf,
        *,
        now: Callable[[], datetime],
        sleep: Sleep,
        meter: Meter,
        rows: CopyRows = messages,
        signal: Signal = Signal.POLL,
        lost: Callable[[Translator, Any], Reply] = _lost,
    ) -> None:
        self._database = database
        self._rows = rows
        self._signal = signal
        self._lost = lost
        self._platforms = platforms
        self._draw = draw
        self._community_of = community_of
        self._hosts = Hosts(platforms, community_of)
        self._now = now
        self._sleep = sleep
        self._name = secrets.token_hex(8)
        """The name that tells this process from the others that share the database."""
        self._changes: dict[str, bool] = {}
        """Polls under check, each with whether it changed since."""
        self._meter = meter
        self._due: dict[tuple[str, MessageRef], bool] = {}
        """Copies with a running task, each with whether somebody has asked for it since."""
        self._broken: set[tuple[str, MessageRef]] = set()
        """Copies that a bug keeps from being redrawn, left alone until their poll changes again."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = False
        database.listen(signal, self._hear)

    @property
    def due(self) -> int:
        """Count the messages that wait to be redrawn or are being redrawn."""
        return len(self._due)

    def refresh(self, poll: str) -> None:
        """Have each stale message of the poll redrawn soon, by a process that runs its platform."""
        self._database.signal(self._signal, poll)

    async def refresh_all(self) -> None:
        """At the start, redraw what changed while no process ran, and messages that a platform keeps in memory."""
        for copy in await self._database.read(self._rows.copies_of_open_polls):
            if self._in_memory(copy):
                self._ask(copy)
        await self.refresh_stale()

    async def refresh_stale(self) -> None:
        """Redraw copies that changed without a signal, or that another process left stale."""
        for copy in await self._database.read(self._rows.stale_copies):
            if (copy.poll, copy.message) not in self._broken:
                self._ask(copy)

    async def drain(self) -> None:
        """Wait until every message is up to date."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Cancel all work for good. Stale messages stay stale in the database."""
        self._stopped = True
        for task in self._tasks:
            task.cancel()
        await self.drain()
        try:
            await self._database.write(lambda tx: leases.release_all(tx, self._name))
        except Unavailable:
            logger.warning("this process gives up its work for others to take")
        self._database.signal(self._signal)  # so that other processes check at once

    def _hear(self, poll: str) -> None:
        """Check the poll's messages; without a poll, check all stale ones."""
        if self._stopped:
            return
        if poll in self._changes:
            if self._changes[poll]:
                self._meter.merged()
            self._changes[poll] = True
            return
        self._changes[poll] = True
        self._start(self._look(poll))

    async def _look(self, poll: str) -> None:
        try:
            while self._changes[poll]:
                self._changes[poll] = False
                try:
                    copies = await self._database.read(lambda tx: self._asked_for(tx, poll))
                except Unavailable:
                    return  # the regular check finds stale copies
                for copy in copies:
                    if copy.stale or self._in_memory(copy):
                        self._ask(copy)
                await self._sleep(GATHER)
        finally:
            del self._changes[poll]

    def _ask(self, copy: PostedMessage) -> None:
        key = (copy.poll, copy.message)
        if key in self._due:
            if self._due[key]:
                self._meter.merged()
            self._due[key] = True
            return
        if self._stopped or copy.message.place.platform not in self._platforms:
            return
        self._due[key] = True
        self._start(self._keep_right(copy))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        hold_task(asyncio.create_task(work, context=Context()), self._tasks)  # of no single request: many may share it

    def _in_memory(self, copy: PostedMessage) -> bool:
        """Whether each process that runs its platform has the message, and redraws it itself."""
        platform: object = self._platforms.get(copy.message.place.platform)
        return isinstance(platform, Forgets)

    async def _keep_right(self, copy: PostedMessage) -> None:
        key = (copy.poll, copy.message)
        failures, tried = 0, copy.posted_at
        try:
            while self._due[key]:
                await self._wait(copy, tried, failures)
                self._due[key] = False
                self._broken.discard(key)
                try:
                    after = await self._turn(copy)
                except BotError as error:
                    logger.warning("can't redraw a copy of poll %s: %s", copy.poll, type(error).__name__)
                    failures, tried = failures + 1, self._now()
                    self._due[key] = True
                    continue
                except Exception:
                    logger.exception("bug while redrawing poll %s", copy.poll)
                    self._broken.add(key)
                    continue
                if after is None:
                    return
                if after.stale and after.edited_at != copy.edited_at:  # it changed again during the last edit
                    self._due[key] = True
                failures, copy = 0, after
        finally:
            del self._due[key]

    async def _wait(self, copy: PostedMessage, tried: datetime, failures: int) -> None:
        """Wait until the message may be edited again, whichever process edited it last."""
        now = self._now()
        pause = PAUSE_OLD if now - copy.posted_at > OLD else PAUSE
        pause = min(pause * 2 ** min(failures, DOUBLINGS_MAX), max(RETRY_MAX, pause))
        last = max(tried, copy.edited_at or copy.posted_at)
        wait = (last + pause - now).total_seconds()
        if wait > 0:
            await self._sleep(min(wait, pause.total_seconds()))

    async def _turn(self, copy: PostedMessage) -> PostedMessage | None:
        """Make one edit, if it is this process's turn. Raise BotError to have it tried again.

        Return the stored copy afterwards, None once it is forgotten.
        """
        stored, current = await self._database.write(lambda tx: self._take(tx, copy))
        if current is None:
            return stored
        try:
            poll = await self._edit(current)
        except (NotAllowed, PlaceGone):
            if await self._database.write(lambda tx: self._lose(tx, current)):
                await self._report(current)
            return None
        except NotFound:
            await self._database.write(lambda tx: self._forget(tx, current))
            return None
        except Exception:
            with suppress(Unavailable):
                await self._database.write(lambda tx: leases.release(tx, lease_of(current), self._name))
            raise
        return await self._database.write(lambda tx: self._finish(tx, current, poll))

    async def _take(self, tx: Transaction, copy: PostedMessage) -> tuple[PostedMessage | None, PostedMessage | None]:
        """Return the message as it is stored now, and the same for this process to edit, None if it shouldn't."""
        if self._in_memory(copy):
            current = await self._rows.find_copy(tx, copy)
            return current, current
        if not await leases.take(tx, lease_of(copy), self._name):
            return await self._rows.find_copy(tx, copy), None
        current = await self._rows.find_copy(tx, copy)
        if current is not None and current.stale and current.edited_at == copy.edited_at:
            return current, current
        await leases.release(tx, lease_of(copy), self._name)
        return current, None

    async def _edit(self, copy: PostedMessage) -> Any:
        """Draw the poll into its message, and return the poll as drawn. Raise BotError."""
        place = copy.message.place
        poll = await self._database.read(lambda tx: self._rows.get(tx, copy.poll))
        community = await self._community_of(f"{place.platform}:{place.workspace}", self._now())
        platform = self._platforms.get(place.platform)
        if platform is None:
            raise Unavailable(NOT_RUNNING)
        end = "ok"
        try:
            reply = await self._draw(poll, community)
            async with asyncio.timeout(EDIT_SECONDS):
                await platform.edit(copy.message, reply)
        except BotError as error:
            end = type(error).__name__
            raise
        except TimeoutError as error:
            end = Unavailable.__name__
            raise Unavailable(TOO_SLOW) from error
        except Exception:
            end = "bug"
            raise
        finally:
            self._meter.edited(place.platform, end)
        return poll

    async def _finish(self, tx: Transaction, copy: PostedMessage, poll: Any) -> PostedMessage | None:
        """Note the drawn state and release the lease, then look whether more has changed."""
        await self._rows.mark_shown(tx, copy, poll, self._now())
        await leases.release(tx, lease_of(copy), self._name)
        return await self._rows.find_copy(tx, copy)

    async def _report(self, copy: PostedMessage) -> None:
        """Tell the poll's host."""
        logger.warning("can no longer redraw poll %s in channel %s", copy.poll, copy.message.place.channel)
        try:
            poll = await self._database.read(lambda tx: self._rows.get(tx, copy.poll))
            await self._hosts.tell(poll, lambda t: self._lost(t, poll), self._now())
        except BotError as error:
            logger.warning("can't tell anyone that poll %s can't be redrawn: %s", copy.poll, type(error).__name__)

    async def _lose(self, tx: Transaction, copy: PostedMessage) -> bool:
        """Suspend a message whose place is gone or closed to the bot. Return True the first time."""
        await leases.release(tx, lease_of(copy), self._name)
        return await self._rows.lose_copy(tx, copy.poll, copy.message)

    async def _asked_for(self, tx: Transaction, poll: str) -> list[PostedMessage]:
        return await (self._rows.copies(tx, poll) if poll else self._rows.stale_copies(tx))

    async def _forget(self, tx: Transaction, copy: PostedMessage) -> None:
        """Forget a message that is gone, alone or with its poll."""
        await leases.release(tx, lease_of(copy), self._name)
        await self._rows.forget_copy(tx, copy.poll, copy.message)


def lease_of(copy: PostedMessage) -> str:
    place = copy.message.place
    return f"copy {copy.poll} {place.platform} {place.workspace} {place.channel} {copy.message.id}"
