"""Keeping every posted copy of a poll right, with as few edits as that takes.

At most one edit per message in two seconds, or in a minute once the message is an hour old (Discord refuses more:
error 30046), and always one after the last change.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from bot.chat import Card, MessageRef, Place, Platform, Reply, Tells, Tone
from bot.community import Community, CommunityOf
from bot.errors import BotError, NotAllowed, NotFound
from bot.i18n import Translator, translator
from bot.markup import Bold, paragraph, text
from bot.polls.model import Poll
from bot.store import messages
from bot.store import polls as poll_rows
from bot.store.database import Database
from bot.store.messages import Copy
from bot.store.sql import Transaction

PAUSE = timedelta(seconds=2)
PAUSE_OLD = timedelta(minutes=1)
OLD = timedelta(hours=1)
RETRY_MAX = timedelta(minutes=5)
DOUBLINGS_MAX = 10
"""Beyond so many failures the pause has long been at its longest, and a power of two would outgrow what a time holds."""

logger = logging.getLogger("parley.polls")

Draw = Callable[[Poll, Community], Awaitable[Reply]]
Sleep = Callable[[float], Awaitable[None]]


class Copies:
    """Redraws what was posted. What is pending is lost with the process; `refresh_all` at the start makes up for it."""

    def __init__(
        self,
        database: Database,
        platforms: Mapping[str, Platform],
        draw: Draw,
        community_of: CommunityOf,
        *,
        now: Callable[[], datetime],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._database = database
        self._platforms = platforms
        self._draw = draw
        self._community_of = community_of
        self._now = now
        self._sleep = sleep
        self._due: dict[tuple[str, MessageRef], bool] = {}
        self._edited: dict[MessageRef, datetime] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def refresh(self, poll: str) -> None:
        """Has each copy of the poll redrawn soon. Returns at once but for reading which copies there are."""
        for copy in await self._database.read(lambda tx: messages.copies(tx, poll)):
            self._ask(copy)

    async def refresh_all(self) -> None:
        """For the start: whatever changed while nobody was there to redraw it."""

        async def read(tx: Transaction) -> list[Copy]:
            polls = await poll_rows.open_polls(tx)
            return [copy for poll in polls for copy in await messages.copies(tx, poll.id)]

        for copy in await self._database.read(read):
            self._ask(copy)

    async def drain(self) -> None:
        """Waits until every copy is up to date."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()

    def _ask(self, copy: Copy) -> None:
        key = (copy.poll, copy.message)
        if key in self._due:
            self._due[key] = True
            return
        if copy.message.place.platform not in self._platforms:
            return
        self._due[key] = True
        task = asyncio.create_task(self._keep_right(copy))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep_right(self, copy: Copy) -> None:
        key = (copy.poll, copy.message)
        failures = 0
        try:
            while self._due[key]:
                await self._wait(copy, failures)
                self._due[key] = False
                failures = 0 if await self._redraw(copy) else failures + 1
                self._due[key] = self._due[key] or failures > 0
        finally:
            del self._due[key]

    async def _wait(self, copy: Copy, failures: int) -> None:
        now = self._now()
        pause = PAUSE_OLD if now - copy.posted_at > OLD else PAUSE
        pause = min(pause * 2 ** min(failures, DOUBLINGS_MAX), max(RETRY_MAX, pause))
        last = self._edited.get(copy.message) or copy.edited_at or copy.posted_at
        wait = (last + pause - now).total_seconds()
        if wait > 0:
            await self._sleep(min(wait, pause.total_seconds()))

    async def _redraw(self, copy: Copy) -> bool:
        """Whether it is done with: redrawn, or gone for good."""
        place = copy.message.place
        try:
            poll = await self._database.read(lambda tx: poll_rows.get(tx, copy.poll))
            community = await self._community_of(f"{place.platform}:{place.workspace}", self._now())
            await self._platforms[place.platform].edit(copy.message, await self._draw(poll, community))
        except NotFound:
            await self._forget(copy)
            return True
        except NotAllowed:
            if await self._forget(copy):
                await self._report(copy)
            return True
        except BotError as error:
            logger.warning("a copy of poll %s could not be redrawn: %s", copy.poll, type(error).__name__)
            return False
        except Exception:
            logger.exception("bug while redrawing poll %s", copy.poll)
            return True
        finally:
            self._edited[copy.message] = self._now()
        await self._database.write(lambda tx: messages.mark_edited(tx, copy.poll, copy.message, self._now()))
        return True

    async def _report(self, copy: Copy) -> None:
        """Tells the poll's creator, or else the moderators' channel, once: the copy is forgotten by now."""
        place = copy.message.place
        poll = await self._database.read(lambda tx: poll_rows.get(tx, copy.poll))
        name, _, workspace = poll.community.partition(":")
        platform = self._platforms.get(name)
        messenger: object = platform
        community = await self._community_of(poll.community, self._now())
        reply = _lost(translator(community.language), poll)
        try:
            told = isinstance(messenger, Tells) and await messenger.tell(workspace, poll.creator, reply)
            if not told and platform is not None and community.moderator_channel:
                await platform.post(Place(name, workspace, community.moderator_channel), reply)
        except BotError as error:
            logger.warning("nobody could be told that poll %s can't be redrawn: %s", copy.poll, type(error).__name__)
        logger.warning("the bot may not redraw poll %s in channel %s any more", copy.poll, place.channel)

    async def _forget(self, copy: Copy) -> bool:
        """The message can't be redrawn any more: it was deleted, or its poll was, or the bot may not.

        True once, for whoever notices it first.
        """
        self._edited.pop(copy.message, None)
        return await self._database.write(lambda tx: messages.forget_copy(tx, copy.poll, copy.message))


def _lost(t: Translator, poll: Poll) -> Reply:
    card = Card(
        title=t("A poll can't be updated any more"),
        body=text(
            paragraph(Bold(poll.question)),
            t(
                "I lost the permission to change one of its messages, so that message will not show what happens to the "
                "poll. Votes still count. Once I may view the channel and write there, /poll post poll:{id} shows it again.",
                id=poll.id,
            ),
        ),
        tone=Tone.CAUTION,
    )
    return Reply((card,))
