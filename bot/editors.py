"""Who edits the content, and where they are told of it.

The content is shared by all communities of an instance, so it belongs to the people and roles that its configuration
names. Where none are named and the instance serves one community, that community's moderators edit.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.chat import Actor, Place, Platform, Reply
from bot.community import Community, CommunityOf, translator_for
from bot.errors import BotError
from bot.i18n import Translator

DEMONSTRATION = "web"
"""The platform whose people are played. Its community counts as served only where there is no other."""

logger = logging.getLogger("parley.editors")

Edits = Callable[[Actor, Community], Awaitable[bool]]
"""(who, the community they are in) → whether they edit the content."""


async def nobody_edits(_actor: Actor, _community: Community) -> bool:
    """For a bot without a database, where everybody is alone."""
    return False


@dataclass(frozen=True, slots=True)
class Named:
    """A person or a role that edits. On Discord an id alone is enough; elsewhere it belongs to a workspace."""

    platform: str
    workspace: str
    id: str

    def is_(self, actor: Actor) -> bool:
        here = actor.platform == self.platform and self.workspace in {"", actor.workspace}
        return here and (actor.id == self.id or self.id in actor.roles)


_EDITOR = re.compile(r"(discord):()([0-9]{5,20})|(slack):([TE][A-Z0-9]+)/([UWS][A-Z0-9]+)|(web):(demo)/([a-z0-9-]+)")
_CHANNEL = re.compile(
    r"(discord):([0-9]{5,20}):([0-9]{5,20})|(slack):([TE][A-Z0-9]+):([CG][A-Z0-9]+)|(web):(demo):(\w+)"
)


def named_editors(written: str) -> tuple[Named, ...]:
    """The setting `editors`, read. Raises ValueError with what it takes."""
    parts = [part for part in re.split(r"[,\s]+", written) if part]
    return tuple(Named(*_groups(_EDITOR, part, f"“{part}” names no editor")) for part in parts)


def named_channel(written: str) -> Place | None:
    """The setting `editors_channel`, read; None where it is empty. Raises ValueError with what it takes."""
    return Place(*_groups(_CHANNEL, written.strip(), f"“{written}” names no channel")) if written.strip() else None


def _groups(form: re.Pattern[str], written: str, wrong: str) -> tuple[str, str, str]:
    match = form.fullmatch(written)
    if match is None:
        raise ValueError(wrong)
    platform, workspace, name = (group for group in match.groups() if group is not None)
    return platform, workspace, name


@dataclass(frozen=True, slots=True)
class Editors:
    """Every method raises Unavailable when the database can't be read.

    `served` gives the communities that have the bot, or the first three of them.
    """

    named: tuple[Named, ...]
    place: Place | None
    """The channel that the configuration names."""
    served: Callable[[], Awaitable[Sequence[str]]]
    community_of: CommunityOf
    platforms: Mapping[str, Platform]

    async def edits(self, actor: Actor, community: Community) -> bool:
        """Whether this person, who is in this community, edits the content."""
        if self.named:
            return any(named.is_(actor) for named in self.named)
        return community.moderates(actor) and await self._only_community() == community.id

    async def channel(self, now: datetime) -> Place | None:
        """Where editors are told: the channel that was named, or the moderators' where they edit."""
        if self.place is not None or self.named:
            return self.place
        only = await self._only_community()
        channel = (await self.community_of(only, now)).moderator_channel if only else ""
        platform, _, workspace = only.partition(":")
        return Place(platform, workspace, channel) if channel else None

    async def tell(self, say: Callable[[Translator], Reply], now: datetime) -> bool:
        """Says something in the editors' channel, in its community's language. False where it could not be said.

        Never raises: what is told is done already.
        """
        try:
            place = await self.channel(now)
            platform = self.platforms.get(place.platform) if place else None
            if place is None or platform is None:
                return False
            if self.place is None and not await platform.has_channel(place.workspace, place.channel):
                logger.warning("the editors could not be told: the moderators' channel is none of their community")
                return False
            community = await self.community_of(f"{place.platform}:{place.workspace}", now)
            await platform.post(place, say(translator_for(community, self.platforms)))
        except BotError as error:
            logger.warning("the editors could not be told: %s", type(error).__name__)
            return False
        except Exception:
            logger.exception("bug while the editors were told something")
            return False
        return True

    async def _only_community(self) -> str:
        """The community that the instance serves, if it is one; else nothing."""
        served = await self.served()
        real = [community for community in served if not community.startswith(f"{DEMONSTRATION}:")] or served
        return real[0] if len(real) == 1 else ""
