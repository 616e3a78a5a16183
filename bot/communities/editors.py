"""The editors of the content, and their channel.

All communities of an instance share the content, so its editors are the people and roles that the configuration names.
If it names none and the instance serves one community, that community's moderators edit.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.chat.platform import Platform
from bot.chat.vocabulary import Actor, Place, Reply
from bot.communities.model import Community, CommunityOf, translator_for
from bot.errors import BotError
from bot.i18n import Translator
from bot.settings.editors import EditorName

DEMONSTRATION = "web"
"""The platform whose people are played. Its community counts only on an instance that serves no other."""

logger = logging.getLogger("parley.editors")

Edits = Callable[[Actor, Community], Awaitable[bool]]
"""(person, their community) → whether they edit the content."""


async def nobody_edits(_actor: Actor, _community: Community) -> bool:
    """Let nobody edit, in a bot without a database: there, everybody is alone."""
    return False


@dataclass(frozen=True, slots=True)
class Editors:
    """Knows the editors and tells them news. Its methods raise Unavailable if the database can't be read.

    `served` gives the communities that have the bot, or the first three of them.
    """

    names: tuple[EditorName, ...]
    """The editors that the configuration names."""
    place: Place | None
    """The channel that the configuration names."""
    served: Callable[[], Awaitable[Sequence[str]]]
    community_of: CommunityOf
    platforms: Mapping[str, Platform]

    async def edits(self, actor: Actor, community: Community) -> bool:
        """Whether this member of the community edits the content."""
        if self.names:
            return any(name.is_(actor) for name in self.names)
        return community.moderates(actor) and await self._only_community() == community.id

    async def channel(self, now: datetime) -> Place | None:
        """The editors' channel: the configured one, or the moderators' if moderators edit."""
        if self.place is not None or self.names:
            return self.place
        only = await self._only_community()
        channel = (await self.community_of(only, now)).moderator_channel if only else ""
        platform, _, workspace = only.partition(":")
        return Place(platform, workspace, channel) if channel else None

    async def tell(self, say: Callable[[Translator], Reply], now: datetime) -> bool:
        """Post in the editors' channel, in its community's language. Return False if that failed.

        Never raise: the reported event has already happened.
        """
        try:
            place = await self.channel(now)
            platform = self.platforms.get(place.platform) if place else None
            if place is None or platform is None:
                return False
            if self.place is None and not await platform.has_channel(place.workspace, place.channel):
                logger.warning("can't tell the editors: the moderators' channel isn't in their community")
                return False
            community = await self.community_of(f"{place.platform}:{place.workspace}", now)
            await platform.post(place, say(translator_for(community, self.platforms)))
        except BotError as error:
            logger.warning("can't tell the editors: %s", type(error).__name__)
            return False
        except Exception:
            logger.exception("bug while telling the editors")
            return False
        return True

    async def _only_community(self) -> str:
        """The only community that the instance serves; empty if there are several or none."""
        served = await self.served()
        real = [community for community in served if not community.startswith(f"{DEMONSTRATION}:")] or served
        return real[0] if len(real) == 1 else ""
