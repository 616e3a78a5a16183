"""Close due discussions and announce their results: a chore of the scheduler (bot/polls/scheduler.py)."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.chat.markup import Bold, paragraph, text
from bot.chat.platform import Platform, post_below
from bot.chat.vocabulary import Card, Reply, Tone
from bot.communities.model import Community, CommunityOf
from bot.deliberation import posted_cards, repository
from bot.deliberation.model import Discussion
from bot.deliberation.service import Discussions
from bot.errors import BotError, Unavailable
from bot.i18n import Translator
from bot.polls.creator_notices import Hosts
from bot.polls.outbox import Telling
from bot.polls.posted_messages import first_in
from bot.polls.redrawing import Copies
from bot.store.database import Database
from bot.store.timestamps import from_stored

TELL_AGAIN = timedelta(minutes=1)
GIVE_UP = timedelta(days=1)

logger = logging.getLogger("parley.discussions")

Say = Callable[[Discussion, Community], Awaitable[Reply]]


@dataclass(slots=True)
class DiscussionDeadlines:
    """Ends due discussions and announces each once per place: it takes a row out of the queue before it posts."""

    discussions: Discussions
    copies: Copies
    platforms: Mapping[str, Platform]
    community_of: CommunityOf
    announcement: Say
    now: Callable[[], datetime]
    _reported: set[str] = field(default_factory=set)

    @property
    def _database(self) -> Database:
        return self.discussions.database

    async def run_due(self, now: datetime) -> None:
        """End and announce all due discussions, once. Raises `Unavailable`."""
        for discussion in await self.discussions.due(now):
            try:
                if await self.discussions.end(discussion, now):
                    self.copies.refresh(discussion)
            except BotError as error:
                if discussion not in self._reported:
                    self._reported.add(discussion)
                    logger.warning("can't close discussion %s: %s", discussion, error.message)
        await self.discussions.tidy()
        await self._tell_due()
        await self.copies.refresh_stale()

    async def next_due(self) -> datetime | None:
        """Return the time of the next close or announcement, possibly in the past; None if there is none."""
        platforms = json.dumps(sorted(self.platforms))
        due: int | None = await self._database.read(
            lambda tx: tx.value("next_discussion_deadline", platforms=platforms)
        )
        return None if due is None else from_stored(due)

    async def _tell_due(self) -> None:
        unsaid: list[Telling] = []
        while True:
            telling = await self._database.write(lambda tx: posted_cards.take(tx, self.platforms, self.now()))
            if telling is None:
                break
            if telling.since > self.now() - GIVE_UP and not await self._tell(telling):
                unsaid.append(telling)
        due_at = self.now() + TELL_AGAIN
        for telling in unsaid:
            await self._database.write(lambda tx, telling=telling: posted_cards.put_back(tx, telling, due_at))  # type: ignore[misc]

    async def _tell(self, telling: Telling) -> bool:
        """Announce a result in one place. Return False if the platform or the database is unavailable."""
        discussion = await self._database.read(lambda tx: repository.find(tx, telling.poll))
        if discussion is None:
            return True
        try:
            if telling.for_creator:
                await self._tell_host(discussion)
                return True
            place = telling.place
            community = await self.community_of(f"{place.platform}:{place.workspace}", self.now())
            result = await self.announcement(discussion, community)
            posted = await self._database.read(lambda tx: posted_cards.copies(tx, discussion.id))
            await post_below(self.platforms[place.platform], place, first_in(place, posted), result)
        except Unavailable as error:
            logger.warning("can't post about discussion %s: %s", telling.poll, type(error).__name__)
            return False
        except Exception as error:
            logger.warning("can't post about discussion %s", telling.poll, exc_info=not isinstance(error, BotError))
            await self._database.write(lambda tx: posted_cards.tell_host(tx, discussion, self.now()))
        return True

    async def _tell_host(self, discussion: Discussion) -> None:
        result = await self.announcement(discussion, await self.community_of(discussion.community, self.now()))
        hosts = Hosts(self.platforms, self.community_of)
        await hosts.tell(discussion, lambda t: _unannounced(t, discussion, result), self.now())


def _unannounced(t: Translator, discussion: Discussion, result: Reply) -> Reply:
    notice = t(
        "The discussion is closed, but I couldn't say so everywhere. Here's the result. Others can see it with "
        "/discuss results discussion:{id}.",
        id=discussion.id,
    )
    body = text(paragraph(Bold(discussion.question)), notice)
    return Reply((Card(title=t("I couldn't announce a result"), body=body, tone=Tone.CAUTION), *result.cards))


def lost_card(t: Translator, discussion: Discussion) -> Reply:
    """Tell the host that Parley can't edit one of the discussion's messages."""
    notice = t("I can't edit one of its messages: its channel is gone or locked. Answers still count.")
    body = text(paragraph(Bold(discussion.question)), notice)
    return Reply((Card(title=t("I can't update a discussion's message"), body=body, tone=Tone.CAUTION),))
