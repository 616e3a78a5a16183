"""Notices to a poll's host: in private, or else in the moderators' channel."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.chat.platform import Platform, Tells
from bot.chat.vocabulary import Place, Reply
from bot.communities.model import CommunityOf, translator_for
from bot.errors import BotError, Unavailable
from bot.i18n import Translator

logger = logging.getLogger("parley.polls")


class Hosted(Protocol):
    """An object with a host: a poll or a discussion."""

    @property
    def id(self) -> str: ...
    @property
    def community(self) -> str: ...
    @property
    def creator(self) -> str: ...
    @property
    def private(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class MemberNotices:
    """Reaches a member in private, or else the moderators of their community."""

    platforms: Mapping[str, Platform]
    community_of: CommunityOf

    async def tell(
        self,
        community_id: str,
        member: str,
        say: Callable[[Translator], Reply],
        now: datetime,
        *,
        private: bool,
        about: str,
    ) -> bool:
        """Tell the member in the community's language. Return False, and log it, if nobody is reached.

        `about` names the hosted thing in the log. A `private` message is for the member alone: moderators may not be in
        its place. Raise Unavailable if another try may help soon, and nothing else.
        """
        try:
            reached = await self._tell(community_id, member, say, now, private=private)
        except Unavailable:
            raise
        except BotError as error:
            logger.warning("can't message the host of %s: %s", about, type(error).__name__)
            return False
        except Exception:
            logger.exception("bug while messaging the host of %s", about)
            return False
        if not reached:
            logger.warning("can't message the host of %s: nobody can be reached", about)
        return reached

    async def _tell(
        self, community_id: str, member: str, say: Callable[[Translator], Reply], now: datetime, *, private: bool
    ) -> bool:
        name, _, workspace = community_id.partition(":")
        community = await self.community_of(community_id, now)
        platform, channel = self.platforms.get(name), community.moderator_channel
        if platform is None:
            return False
        reply = say(translator_for(community, self.platforms))
        messenger: object = platform
        if member and isinstance(messenger, Tells) and await messenger.tell(workspace, member, reply):
            return True
        if private or not channel or not await platform.has_channel(workspace, channel):
            return False
        await platform.post(Place(name, workspace, channel), reply)
        return True


@dataclass(frozen=True, slots=True)
class Hosts:
    """Reaches the creators of polls and discussions."""

    platforms: Mapping[str, Platform]
    community_of: CommunityOf

    async def tell(self, poll: Hosted, say: Callable[[Translator], Reply], now: datetime) -> bool:
        """Tell the poll's host, as `MemberNotices.tell` does."""
        notices = MemberNotices(self.platforms, self.community_of)
        return await notices.tell(poll.community, poll.creator, say, now, private=poll.private, about=f"poll {poll.id}")
