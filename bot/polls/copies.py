"""Keeping every posted copy of a poll right, with as few edits as that takes.

At most one edit per message in two seconds, or in a minute once the message is an hour old (Discord refuses more:
error 30046), and always one after the last change.

The database says which copies are stale: a vote makes them so in its own transaction. Of several processes one at a
time edits a message, under a lease; who finds the lease taken leaves the copy to its holder, who looks once more
after letting go. So nothing is lost with a process: what it leaves stale, another finds, or the next start.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from contextvars import Context
from datetime import datetime, timedelta

from bot.chat import Card, Forgets, MessageRef, Platform, Reply, Tone
from bot.community import Community, CommunityOf
from bot.errors import BotError, NotAllowed, NotFound, PlaceGone, Unavailable
from bot.i18n import Translator
from bot.markup import Bold, paragraph, text
from bot.meter import Meter
from bot.polls.hosts import Hosts
from bot.polls.model import Poll
from bot.store import leases, messages
from bot.store import polls as poll_rows
from bot.store.database import Database
from bot.store.messages import Copy
from bot.store.signals import Signal
from bot.store.sql import Transaction
from bot.waiting import held

PAUSE = timedelta(seconds=2)
PAUSE_OLD = timedelta(minutes=1)
OLD = timedelta(hours=1)
RETRY_MAX = timedelta(minutes=5)
DOUBLINGS_MAX = 10
"""Beyond so many failures the pause has long been at its longest, and a power of two would outgrow what a time holds."""
GATHER = 0.25
"""Seconds between two looks at which copies of a poll are stale, however fast votes come in."""
EDIT_SECONDS = leases.LEASE - 5
"""An edit that takes longer is given up, before another process may begin one."""

TOO_SLOW = "The platform takes too long to change a message."
NOT_RUNNING = "The platform does not run just now."

logger = logging.getLogger("parley.polls")

Draw = Callable[[Poll, Community], Awaitable[Reply]]
Sleep = Callable[[float], Awaitable[None]]


class Copies:
    """Redraws what was posted. `name` tells this process from the others that share the database."""

    def __init__(
        self,
        database: Database,
        platforms: Mapping[str, Platform],
        draw: Draw,
        community_of: CommunityOf,
        *,
        now: Callable[[], datetime],
        sleep: Sleep = asyncio.sleep,
        name: str = "",
        meter: Meter | None = None,
    ) -> None:
        self._database = database
        self._platforms = platforms
        self._draw = draw
        self._community_of = community_of
        self._hosts = Hosts(platforms, community_of)
        self._now = now
        self._sleep = sleep
        self._name = name or secrets.token_hex(8)
        self._asked: dict[str, bool] = {}
        """Polls that are being looked at; whether they changed meanwhile."""
        self._meter = meter or Meter()
        self._due: dict[tuple[str, MessageRef], bool] = {}
        """Copies that are being kept right; whether they were asked for meanwhile."""
        self._broken: set[tuple[str, MessageRef]] = set()
        """Copies that can't be redrawn for a bug, and so are left alone until their poll changes again."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = False
        database.listen(Signal.POLL, self._hear)

    @property
    def due(self) -> int:
        """How many posted copies wait to be redrawn, or are being redrawn."""
        return len(self._due)

    def refresh(self, poll: str) -> None:
        """Has each stale copy of the poll redrawn soon, by whichever process runs its platform."""
        self._database.signal(Signal.POLL, poll)

    async def refresh_all(self) -> None:
        """For the start: whatever changed while nobody was there to redraw it, and what a platform keeps in memory."""
        for copy in await self._database.read(messages.copies_of_open_polls):
            if self._in_memory(copy):
                self._ask(copy)
        await self.refresh_stale()

    async def refresh_stale(self) -> None:
        """Whatever changed unheard, or another process left behind."""
        for copy in await self._database.read(messages.stale_copies):
            if (copy.poll, copy.message) not in self._broken:
                self._ask(copy)

    async def drain(self) -> None:
        """Waits until every copy is up to date."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Lets go of what is in hand for good; what is stale then stays so in the database."""
        self._stopped = True
        for task in self._tasks:
            task.cancel()
        await self.drain()
        try:
            await self._database.write(lambda tx: leases.release_all(tx, self._name))
        except Unavailable:
            logger.warning("what this process had in hand is free for others in a moment")
        self._database.signal(Signal.POLL)  # so that they look at once

    def _hear(self, poll: str) -> None:
        """Looks at the poll's copies; without a poll, at all that are stale."""
        if self._stopped:
            return
        if poll in self._asked:
            if self._asked[poll]:
                self._meter.merged()
            self._asked[poll] = True
            return
        self._asked[poll] = True
        self._start(self._look(poll))

    async def _look(self, poll: str) -> None:
        try:
            while self._asked[poll]:
                self._asked[poll] = False
                try:
                    copies = await self._database.read(lambda tx: _asked_for(tx, poll))
                except Unavailable:
                    return  # what is stale is looked for now and then
                for copy in copies:
                    if copy.stale or self._in_memory(copy):
                        self._ask(copy)
                await self._sleep(GATHER)
        finally:
            del self._asked[poll]

    def _ask(self, copy: Copy) -> None:
        key = (copy.poll, copy.message)
        self._broken.discard(key)
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
        held(asyncio.create_task(work, context=Context()), self._tasks)  # of no request: many may have led to it

    def _in_memory(self, copy: Copy) -> bool:
        """Whether each process that runs its platform has the message, and keeps it right by itself."""
        platform: object = self._platforms.get(copy.message.place.platform)
        return isinstance(platform, Forgets)

    async def _keep_right(self, copy: Copy) -> None:
        key = (copy.poll, copy.message)
        failures, tried = 0, copy.posted_at
        try:
            while self._due[key]:
                await self._wait(copy, tried, failures)
                self._due[key] = False
                try:
                    after, edited = await self._turn(copy)
                except BotError as error:
                    logger.warning("a copy of poll %s could not be redrawn: %s", copy.poll, type(error).__name__)
                    failures, tried = failures + 1, self._now()
                    self._due[key] = True
                    continue
                except Exception:
                    logger.exception("bug while a copy of poll %s was kept right", copy.poll)
                    self._broken.add(key)
                    return
                if after is None:
                    return
                failures, copy = 0, after
                self._due[key] = self._due[key] or (edited and after.stale)
        finally:
            del self._due[key]

    async def _wait(self, copy: Copy, tried: datetime, failures: int) -> None:
        """Until it may be edited again, by whichever process edited it last."""
        now = self._now()
        pause = PAUSE_OLD if now - copy.posted_at > OLD else PAUSE
        pause = min(pause * 2 ** min(failures, DOUBLINGS_MAX), max(RETRY_MAX, pause))
        last = max(tried, copy.edited_at or copy.posted_at)
        wait = (last + pause - now).total_seconds()
        if wait > 0:
            await self._sleep(min(wait, pause.total_seconds()))

    async def _turn(self, copy: Copy) -> tuple[Copy | None, bool]:
        """One edit, if it falls to this process. Raises BotError where it is to be tried again.

        Returns the copy as it is afterwards, None once it is forgotten, and whether somebody has edited it.
        """
        found, mine = await self._database.write(lambda tx: self._take(tx, copy))
        if found is None or not mine:
            return found, found is not None and found.edited_at != copy.edited_at
        try:
            poll = await self._edit(found)
        except (NotAllowed, PlaceGone):
            if await self._database.write(lambda tx: self._lose(tx, found)):
                await self._report(found)
            return None, False
        except NotFound:
            await self._database.write(lambda tx: self._forget(tx, found))
            return None, False
        except BotError:
            with suppress(Unavailable):
                await self._database.write(lambda tx: leases.release(tx, lease_of(found), self._name))
            raise
        except Exception:
            logger.exception("bug while redrawing poll %s", copy.poll)
            self._broken.add((copy.poll, copy.message))
            await self._database.write(lambda tx: leases.release(tx, lease_of(found), self._name))
            return found, False
        return await self._database.write(lambda tx: self._finish(tx, found, poll)), True

    async def _take(self, tx: Transaction, copy: Copy) -> tuple[Copy | None, bool]:
        """The copy as it is now, and whether this process is to edit it."""
        if self._in_memory(copy):
            found = await messages.find_copy(tx, copy)
            return found, found is not None
        if not await leases.take(tx, lease_of(copy), self._name):
            return await messages.find_copy(tx, copy), False
        found = await messages.find_copy(tx, copy)
        mine = found is not None and found.stale and found.edited_at == copy.edited_at
        if not mine:
            await leases.release(tx, lease_of(copy), self._name)
        return found, mine

    async def _edit(self, copy: Copy) -> Poll:
        """Draws the poll into its message, and returns what it drew. Raises BotError."""
        place = copy.message.place
        poll = await self._database.read(lambda tx: poll_rows.get(tx, copy.poll))
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

    async def _finish(self, tx: Transaction, copy: Copy, poll: Poll) -> Copy | None:
        """Notes what was drawn and lets go, then looks whether that is still all."""
        await messages.mark_shown(tx, copy, poll, self._now())
        await leases.release(tx, lease_of(copy), self._name)
        return await messages.find_copy(tx, copy)

    async def _report(self, copy: Copy) -> None:
        """Tells whoever opened the poll."""
        logger.warning("the bot can't redraw poll %s in channel %s any more", copy.poll, copy.message.place.channel)
        try:
            poll = await self._database.read(lambda tx: poll_rows.get(tx, copy.poll))
            await self._hosts.tell(poll, lambda t: _lost(t, poll), self._now())
        except BotError as error:
            logger.warning("nobody could be told that poll %s can't be redrawn: %s", copy.poll, type(error).__name__)

    async def _lose(self, tx: Transaction, copy: Copy) -> bool:
        """The message can't be redrawn just now: its place is gone, or the bot may not. Whether that is news."""
        await leases.release(tx, lease_of(copy), self._name)
        return await messages.lose_copy(tx, copy.poll, copy.message)

    async def _forget(self, tx: Transaction, copy: Copy) -> None:
        """The message is gone: it was deleted, or its poll was."""
        await leases.release(tx, lease_of(copy), self._name)
        await messages.forget_copy(tx, copy.poll, copy.message)


async def _asked_for(tx: Transaction, poll: str) -> list[Copy]:
    return await (messages.copies(tx, poll) if poll else messages.stale_copies(tx))


def lease_of(copy: Copy) -> str:
    place = copy.message.place
    return f"copy {copy.poll} {place.platform} {place.workspace} {place.channel} {copy.message.id}"


def _lost(t: Translator, poll: Poll) -> Reply:
    card = Card(
        title=t("A poll's message can't be updated"),
        body=text(
            paragraph(Bold(poll.question)),
            t(
                "I can't change one of its messages: its channel is gone or locked, or I lost the permission to write "
                "there. Votes still count. I try again now and then, and at the close. Where I may view a channel and "
                "write, /poll post poll:{id} shows the poll once more.",
                id=poll.id,
            ),
        ),
        tone=Tone.CAUTION,
    )
    return Reply((card,))
