"""The scheduler of deadlines, all from the database: close polls, and announce them again some time before.

Everything that fell due while no process ran happens at the start. Two processes never close a poll twice: the ballot
box tells one of them that it did. A process that runs a place's platform tells it the news, once (docs/decisions/0012).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from bot.aio import wait_for_event
from bot.chat.markup import Bold, paragraph, text
from bot.chat.platform import Platform, Tells, post_below
from bot.chat.vocabulary import Card, Reply, Tone
from bot.communities.model import Community, CommunityOf, translator_for
from bot.errors import BotError, Unavailable
from bot.i18n import Translator
from bot.polls import outbox as tellings
from bot.polls import posted_messages as messages
from bot.polls import repository as poll_rows
from bot.polls.ballot_box import BallotBox
from bot.polls.creator_notices import Hosts
from bot.polls.model import Poll, PollState
from bot.polls.outbox import News, Telling
from bot.polls.redrawing import Copies
from bot.store.database import Database
from bot.store.signals import Signal

LOOK_AGAIN = 30.0
"""Seconds after which deadlines are read again, because another process may have moved them."""

TELL_AGAIN = timedelta(minutes=1)
"""The wait before another try to reach a place."""
GIVE_UP = timedelta(days=1)
"""The time after which a place that can't be reached is given up."""
LATE = timedelta(minutes=5)
"""The delay after which an announcement says that it is late."""
RETRY = 1.0
"""Seconds until another try of a due job that failed."""

logger = logging.getLogger("parley.scheduler")

Say = Callable[[Poll, Community], Awaitable[Reply]]


class Chore(Protocol):
    """Another job with due times, such as the review of a decision. It claims each item, so that others don't take it."""

    async def next_due(self) -> datetime | None:
        """Return the time of the next due item; it may be past. Raises `Unavailable`."""

    async def run_due(self, now: datetime) -> None:
        """Do everything that is due. Raises `Unavailable`."""


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
        opening: Say,
        now: Callable[[], datetime],
        chores: Sequence[Chore] = (),
    ) -> None:
        self._database = database
        self._box = box
        self._copies = copies
        self._platforms = platforms
        self._community_of = community_of
        self._hosts = Hosts(platforms, community_of)
        self._announcement = announcement
        self._reminder = reminder
        self._opening = opening
        self._now = now
        self._chores = tuple(chores)
        self._wake = asyncio.Event()
        self._stopping = False
        self._turn = asyncio.Lock()
        self._untold: list[tuple[Telling, datetime]] = []
        """News that was taken, but neither told nor put back yet, each with its next due time."""
        self._reported: set[str] = set()
        """Polls whose close failed, so that the log reports each once."""
        database.listen(Signal.DEADLINE, lambda _: self.wake())

    def wake(self) -> None:
        """Check at once, because a deadline was added or moved."""
        self._wake.set()

    def stop(self) -> None:
        """Have `run` return once its current announcement is out."""
        self._stopping = True
        self.wake()

    async def run(self) -> None:
        """Run until `stop`. Log a failure, and try again."""
        while not self._stopping:
            self._wake.clear()
            try:
                await self.run_due()
                await self._copies.refresh_stale()
                wait = await self._seconds_to_next()
            except BotError as error:
                logger.warning("can't read the deadlines: %s", type(error).__name__)
                wait = 1.0
            except Exception:
                logger.exception("bug in the scheduler")
                wait = LOOK_AGAIN
            if not self._stopping:
                await wait_for_event(self._wake, wait)

    @property
    def stopping(self) -> bool:
        return self._stopping

    async def run_due(self) -> None:
        """Do everything that is due, once. A second caller waits for the first, and then finds nothing left."""
        async with self._turn:
            now = self._now()
            await self._box.tidy()
            for poll in await self._database.read(lambda tx: poll_rows.due(tx, now)):
                await self._close(poll)
            for poll in await self._database.read(lambda tx: poll_rows.due_reminders(tx, now)):
                await self._database.write(lambda tx, poll=poll: poll_rows.take_reminder(tx, poll, now))  # type: ignore[misc]
            for chore in self._chores:
                await self._run(chore)
            await self._tell_due()

    async def _run(self, chore: Chore) -> None:
        """Run a chore. A bug in one doesn't stop the others or the polls."""
        try:
            await chore.run_due(self._now())
        except BotError:
            raise
        except Exception:
            logger.exception("bug in %s", type(chore).__name__)

    async def _close(self, poll: str) -> None:
        try:
            closed = await self._box.close(poll, self._now())
        except BotError as error:
            if poll not in self._reported:
                self._reported.add(poll)
                logger.warning("can't close poll %s: %s", poll, error.message)
            return
        if closed:
            self._copies.refresh(poll)
            self._database.signal(Signal.DEADLINE)  # other processes may run the platforms of the places to tell

    async def _tell_due(self) -> None:
        """Announce to one place after the other, while any news is due here."""
        await self._put_back()
        late = self._now() - GIVE_UP
        while not self._stopping:
            telling = await self._database.write(lambda tx: tellings.take(tx, self._platforms, self._now()))
            if telling is None:
                break
            if telling.since <= late:
                await self._leave(telling)
            elif not await self._tell(telling):
                self._untold.append((telling, self._now() + TELL_AGAIN))
        await self._put_back()
        await self._database.write(lambda tx: tellings.give_up(tx, late))

    async def _put_back(self) -> None:
        while self._untold:
            telling, due_at = self._untold[0]
            await self._database.write(partial(tellings.put_back, telling=telling, due_at=due_at))
            self._untold.pop(0)

    async def _tell(self, telling: Telling) -> bool:
        """Announce one piece of news. Return False if that isn't possible right now. No other process has it."""
        try:
            poll = await self._database.read(lambda tx: poll_rows.find(tx, telling.poll))
            if poll is None or (telling.news is not News.RESULT and poll.state is not PollState.OPEN):
                return True
            if telling.news is News.NUDGE:
                await self._nudge(telling, poll)
            elif telling.news is News.OPENING:
                await self._post_opening(telling, poll)
            elif telling.for_creator:
                await self._tell_creator(poll)
            elif not await self._tell_place(telling, poll) and telling.news is News.RESULT:
                await self._database.write(lambda tx: tellings.tell_creator(tx, poll, self._now()))
        except Unavailable as error:
            logger.warning("can't post about poll %s: %s", telling.poll, type(error).__name__)
            return False
        except Exception:
            logger.exception("bug while messaging a member about poll %s", telling.poll)
        return True

    async def _tell_place(self, telling: Telling, poll: Poll) -> bool:
        """Announce to a place. Return False if that isn't possible, now or later. Raises Unavailable."""
        place = telling.place
        say = self._announcement if telling.news is News.RESULT else self._reminder
        try:
            community = await self._community_of(f"{place.platform}:{place.workspace}", self._now())
            reply = await say(poll, community)
            planned = poll.closes_at - timedelta(minutes=community.reminder_minutes)
            if telling.news is News.REMINDER and self._now() - planned > LATE:
                reply = replace(reply, cards=(late_card(self._t(community)), *reply.cards))
            first = messages.first_in(place, await self._database.read(lambda tx: messages.copies(tx, poll.id)))
            await post_below(self._platforms[place.platform], place, first, reply)
        except Unavailable:
            raise
        except BotError as error:
            logger.warning("can't post about poll %s: %s", poll.id, type(error).__name__)
            return False
        except Exception:
            logger.exception("bug while posting about poll %s", poll.id)
            return False
        return True

    async def _post_opening(self, telling: Telling, poll: Poll) -> None:
        """Post a scheduled poll. If that fails, cancel it and tell its host."""
        place = telling.place
        try:
            community = await self._community_of(f"{place.platform}:{place.workspace}", self._now())
            reply = await self._opening(poll, community)
            if self._now() - telling.since > LATE:
                reply = replace(reply, cards=(late_card(self._t(community)), *reply.cards))
            ref = await self._platforms[place.platform].post(place, reply)
        except Unavailable:
            raise
        except Exception as error:
            if not isinstance(error, BotError):
                logger.exception("bug while posting scheduled poll %s", poll.id)
            await self._leave(telling)
            return
        if ref is not None:
            await self._database.write(lambda tx: messages.add_first_copy(tx, poll.id, ref, self._now()))

    async def _leave(self, telling: Telling) -> None:
        """Give up news that can't be told. Cancel a poll that nobody could see, and tell its host."""
        if telling.news is not News.OPENING:
            return
        poll = await self._database.read(lambda tx: poll_rows.find(tx, telling.poll))
        if poll is None or not await self._box.cancel(poll.id, self._now()):
            return
        await self._hosts.tell(poll, lambda t: _unposted(t, poll), self._now())

    async def _nudge(self, telling: Telling, poll: Poll) -> None:
        """Remind one member who asked for it, if they haven't voted. Raises Unavailable."""
        place, person = telling.place, telling.place.thread
        voters = {f"{poll.community}:{person}", f"{place.platform}:{place.workspace}:{person}"}
        for voter in voters:
            if await self._box.standing(poll.id, voter) is not None:
                return
        platform: object = self._platforms[place.platform]
        community = await self._community_of(f"{place.platform}:{place.workspace}", self._now())
        if not isinstance(platform, Tells):
            return
        try:
            await platform.tell(place.workspace, person, await self._reminder(poll, community))
        except Unavailable:
            raise
        except BotError as error:
            logger.warning("can't remind a member of poll %s: %s", poll.id, type(error).__name__)

    def _t(self, community: Community) -> Translator:
        return translator_for(community, self._platforms)

    async def _tell_creator(self, poll: Poll) -> None:
        """Tell the poll's host the result. Raises Unavailable."""
        result = await self._announcement(poll, await self._community_of(poll.community, self._now()))
        await self._hosts.tell(poll, lambda t: _unannounced(t, poll, result), self._now())

    async def lag(self) -> float:
        """Return for how many seconds the oldest due item has been due. Raises `Unavailable`."""
        due = await self._next_deadline()
        return 0.0 if due is None else max(0.0, (self._now() - due).total_seconds())

    async def _next_deadline(self) -> datetime | None:
        polls = await self._database.read(lambda tx: poll_rows.next_deadline(tx, self._platforms))
        due = [polls, *[await chore.next_due() for chore in self._chores]]
        return min((moment for moment in due if moment is not None), default=None)

    async def _seconds_to_next(self) -> float:
        due = await self._next_deadline()
        if due is None:
            return LOOK_AGAIN
        wait = (due - self._now()).total_seconds()
        return min(wait if wait > 0 else RETRY, LOOK_AGAIN)


def late_card(t: Translator) -> Card:
    """Say that the following announcement is late."""
    return Card(body=text(t("This comes late, because I wasn't running when it was due.")), tone=Tone.CAUTION)


def _unposted(t: Translator, poll: Poll) -> Reply:
    notice = t("I couldn't post it: the channel is gone, or I can't write there. So I cancelled it.")
    body = text(paragraph(Bold(poll.question)), notice)
    return Reply((Card(title=t("A scheduled poll didn't open"), body=body, tone=Tone.CAUTION),))


def _unannounced(t: Translator, poll: Poll, result: Reply) -> Reply:
    notice = t(
        "The poll is closed, but I couldn't say so everywhere: a channel or message is gone, or I can't write there. "
        "Here's the result. Others can see it with /poll results poll:{id}.",
        id=poll.id,
    )
    card = Card(
        title=t("I couldn't announce a poll's result"),
        body=text(paragraph(Bold(poll.question)), notice),
        tone=Tone.CAUTION,
    )
    return Reply((card, *result.cards))
