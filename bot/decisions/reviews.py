"""Reviews: on the day, ask a decision's owner and the moderators, once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.chat.platform import Platform, Tells
from bot.chat.vocabulary import Place, Reply
from bot.communities.model import Community, CommunityOf, translator_for
from bot.decisions import repository as rows
from bot.decisions.model import Decision
from bot.errors import BotError, Unavailable
from bot.i18n import Translator
from bot.store.database import Database

ASK_AGAIN = timedelta(minutes=10)
"""The wait before another try on a platform that can't be used."""
REST = timedelta(days=1)
"""The wait before another try when nobody can be reached."""

logger = logging.getLogger("parley.decisions")

Question = Callable[[Decision, Community, Translator], Reply]


@dataclass(frozen=True, slots=True)
class Reviews:
    """Asks about decisions whose day has come. A chore of the scheduler."""

    database: Database
    platforms: Mapping[str, Platform]
    community_of: CommunityOf
    question: Question

    async def next_due(self) -> datetime | None:
        return await self.database.read(rows.next_review)

    async def run_due(self, now: datetime) -> None:
        """Ask about every due decision. Take each before asking, so that nobody is asked twice."""
        while (decision := await self.database.write(lambda tx: rows.take_review(tx, now))) is not None:
            again = await self._ask(decision, now)
            if again is not None:
                await self.database.write(
                    lambda tx, decision=decision, again=again: rows.put_back_review(tx, decision.id, again)  # type: ignore[misc]
                )

    async def _ask(self, decision: Decision, now: datetime) -> datetime | None:
        """Ask owner and moderators; return the time to try again, None if somebody was reached."""
        try:
            reached = await self._tell(decision, now)
        except Unavailable as error:
            logger.warning("can't ask about decision %s: %s", decision.id, type(error).__name__)
            return now + ASK_AGAIN
        except BotError as error:
            logger.warning("can't ask about decision %s: %s", decision.id, type(error).__name__)
            reached = False
        except Exception:
            logger.exception("bug while asking about decision %s", decision.id)
            return None
        if not reached:
            logger.warning("can't ask about decision %s: nobody can be reached", decision.id)
        return None if reached else now + REST

    async def _tell(self, decision: Decision, now: datetime) -> bool:
        """Ask in private, and in the moderators' channel unless the decision is private."""
        name, _, workspace = decision.community.partition(":")
        platform = self.platforms.get(name)
        if platform is None:
            raise Unavailable(f"{name} isn't running here")
        community = await self.community_of(decision.community, now)
        reply = self.question(decision, community, translator_for(community, self.platforms))
        messenger: object = platform
        people = [person for person in dict.fromkeys((decision.owner, decision.member)) if person]
        reached = False
        for person in people:
            if isinstance(messenger, Tells) and await messenger.tell(workspace, person, reply):
                reached = True
                break
        channel = community.moderator_channel
        if decision.private or not channel or not await platform.has_channel(workspace, channel):
            return reached
        await platform.post(Place(name, workspace, channel), reply)
        return True
