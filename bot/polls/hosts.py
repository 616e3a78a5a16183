"""What whoever opened a poll should know, and nobody else need: told to them, or else in the moderators' channel."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.chat import Place, Platform, Reply, Tells
from bot.community import CommunityOf, translator_for
from bot.errors import BotError, Unavailable
from bot.i18n import Translator
from bot.polls.model import Poll

logger = logging.getLogger("parley.polls")


@dataclass(frozen=True, slots=True)
class Hosts:
    """Reaches the creators of polls."""

    platforms: Mapping[str, Platform]
    community_of: CommunityOf

    async def tell(self, poll: Poll, say: Callable[[Translator], Reply], now: datetime) -> bool:
        """Says it in the language of the poll's community. False, and a line in the log, where nobody can be told.

        Raises Unavailable where that may be otherwise soon, and nothing else.
        """
        try:
            told = await self._tell(poll, say, now)
        except Unavailable:
            raise
        except BotError as error:
            logger.warning("the host of poll %s could not be told something: %s", poll.id, type(error).__name__)
            return False
        except Exception:
            logger.exception("bug while the host of poll %s was told something", poll.id)
            return False
        if not told:
            logger.warning("the host of poll %s could not be told something: nobody can be reached", poll.id)
        return told

    async def _tell(self, poll: Poll, say: Callable[[Translator], Reply], now: datetime) -> bool:
        name, _, workspace = poll.community.partition(":")
        community = await self.community_of(poll.community, now)
        platform, channel = self.platforms.get(name), community.moderator_channel
        if platform is None:
            return False
        reply = say(translator_for(community, self.platforms))
        messenger: object = platform
        if isinstance(messenger, Tells) and await messenger.tell(workspace, poll.creator, reply):
            return True
        if not channel or not await platform.has_channel(workspace, channel):
            return False
        await platform.post(Place(name, workspace, channel), reply)
        return True
