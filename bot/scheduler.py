"""Deadlines, all from the database: polls close by themselves, and are announced again some time before.

Whatever fell due while no process ran happens at the start. Two processes never close a poll twice: the ballot box
tells one of them that it did. What is to be told is told by a process that runs the place's platform, once a place
(docs/decisions/0012).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.chat import Card, Platform, Reply, Tone
from bot.community import Community, CommunityOf
from bot.errors import BotError, Unavailable
from bot.i18n import Translator
from bot.markup import Bold, paragraph, text
from bot.polls.box import BallotBox
from bot.polls.copies import Copies
from bot.polls.hosts import Hosts
from bot.polls.model import Poll, State
from bot.store import polls as poll_rows
from bot.store import tellings
from bot.store.database import Database
from bot.store.signals import Signal
from bot.store.tellings import News, Telling
from bot.waiting import heard

LOOK_AGAIN = 30.0
"""Seconds after which deadlines are read anew, because another process may have moved them."""

TELL_AGAIN = timedelta(minutes=1)
"""Pause until a place that can't be reached is tried again."""
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
        self._hosts = Hosts(platforms, community_of)
        self._announcement = announcement
        self._reminder = reminder
        self._now = now
        self._wake = asyncio.Event()
        self._stopping = False
        self._turn = asyncio.Lock()
        self._untold: list[tuple[Telling, datetime]] = []
        """What was taken, could not be told and not be put back yet; and when it is due again."""
        self._reported: set[str] = set()
        """Polls whose close failed, so that the log says it once."""
        database.listen(Signal.DEADLINE, lambda _: self.wake())

    def wake(self) -> None:
        """A deadline was set or moved: look at once."""
        self._wake.set()

    def stop(self) -> None:
        """Has `run` return once what it is at is done, so that a place which is being told has heard."""
        self._stopping = True
        self.wake()

    async def run(self) -> None:
        """Runs until `stop`. A failure is logged, and what was due is tried again."""
        while not self._stopping:
            self._wake.clear()
            try:
                await self.run_due()
                await self._copies.refresh_stale()
                wait = await self._seconds_to_next()
            except BotError as error:
                logger.warning("deadlines could not be read: %s", type(error).__name__)
                wait = 1.0
            except Exception:
                logger.exception("bug in the scheduler")
                wait = LOOK_AGAIN
            if not self._stopping:
                await heard(self._wake, wait)

    async def run_due(self) -> None:
        """Does everything whose time has come, once. Whoever asks meanwhile waits, and finds it done."""
        async with self._turn:
            now = self._now()
            await self._box.tidy()
            for poll in await self._database.read(lambda tx: poll_rows.due(tx, now)):
                await self._close(poll)
            for poll in await self._database.read(lambda tx: poll_rows.due_reminders(tx, now)):
                await self._database.write(lambda tx, poll=poll: poll_rows.take_reminder(tx, poll, now))  # type: ignore[misc]
            await self._tell_due()

    async def _close(self, poll: str) -> None:
        try:
            closed = await self._box.close(poll, self._now())
        except BotError as error:
            if poll not in self._reported:
                self._reported.add(poll)
                logger.warning("poll %s could not be closed: %s", poll, error.message)
            return
        if closed:
            self._copies.refresh(poll)
            self._database.signal(Signal.DEADLINE)  # other processes may have platforms of places that are to hear

    async def _tell_due(self) -> None:
        """Tells places what they are to hear, one after the other, for as long as any is due here."""
        await self._put_back()
        late = self._now() - GIVE_UP
        while not self._stopping:
            telling = await self._database.write(lambda tx: tellings.take(tx, self._platforms, self._now()))
            if telling is None:
                break
            if telling.since > late and not await self._tell(telling):
                self._untold.append((telling, self._now() + TELL_AGAIN))
        await self._put_back()
        await self._database.write(lambda tx: tellings.give_up(tx, late))

    async def _put_back(self) -> None:
        while self._untold:
            telling, due_at = self._untold[0]
            await self._database.write(lambda tx: tellings.put_back(tx, telling, due_at))  # noqa: B023 - run at once
            self._untold.pop(0)

    async def _tell(self, telling: Telling) -> bool:
        """False where it can't be told just now. It has been taken out, so nobody else tells it."""
        try:
            poll = await self._database.read(lambda tx: poll_rows.find(tx, telling.poll))
            if poll is None or (telling.news is News.REMINDER and poll.state is not State.OPEN):
                return True
            if telling.for_creator:
                await self._tell_creator(poll)
            elif not await self._tell_place(telling, poll) and telling.news is News.RESULT:
                await self._database.write(lambda tx: tellings.tell_creator(tx, poll, self._now()))
        except Unavailable as error:
            logger.warning("a place could not be told of poll %s: %s", telling.poll, type(error).__name__)
            return False
        except Exception:
            logger.exception("bug while somebody was told of poll %s", telling.poll)
        return True

    async def _tell_place(self, telling: Telling, poll: Poll) -> bool:
        """False where the place can't be told, now or later. Raises Unavailable."""
        place = telling.place
        say = self._announcement if telling.news is News.RESULT else self._reminder
        try:
            community = await self._community_of(f"{place.platform}:{place.workspace}", self._now())
            await self._platforms[place.platform].post(place, await say(poll, community))
        except Unavailable:
            raise
        except BotError as error:
            logger.warning("a place could not be told of poll %s: %s", poll.id, type(error).__name__)
            return False
        except Exception:
            logger.exception("bug while a place was told of poll %s", poll.id)
            return False
        return True

    async def _tell_creator(self, poll: Poll) -> None:
        """The result, for whoever opened the poll. Raises Unavailable."""
        result = await self._announcement(poll, await self._community_of(poll.community, self._now()))
        await self._hosts.tell(poll, lambda t: _unannounced(t, poll, result), self._now())

    async def lag(self) -> float:
        """For how many seconds the oldest thing that is due has been so. Raises `Unavailable`."""
        due = await self._next_deadline()
        return 0.0 if due is None else max(0.0, (self._now() - due).total_seconds())

    async def _next_deadline(self) -> datetime | None:
        return await self._database.read(lambda tx: poll_rows.next_deadline(tx, self._platforms))

    async def _seconds_to_next(self) -> float:
        due = await self._next_deadline()
        if due is None:
            return LOOK_AGAIN
        wait = (due - self._now()).total_seconds()
        return min(wait if wait > 0 else RETRY, LOOK_AGAIN)


def _unannounced(t: Translator, poll: Poll, result: Reply) -> Reply:
    said = t(
        "The poll is closed. Somewhere that it was posted I could not say so: I may not write there, the channel is gone, "
        "or the poll's message was deleted. This is its result; /poll results poll:{id} shows it to others as well.",
        id=poll.id,
    )
    card = Card(
        title=t("A poll's result could not be announced"),
        body=text(paragraph(Bold(poll.question)), said),
        tone=Tone.CAUTION,
    )
    return Reply((card, *result.cards))
