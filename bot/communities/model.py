"""The settings of a community: who may create polls, who moderates, zone, language, default topic."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.chat.platform import Platform
from bot.chat.vocabulary import Actor
from bot.errors import Refused
from bot.i18n import Translator, translator


class Creators(StrEnum):
    """The members who may create polls."""

    EVERYONE = "everyone"
    MODERATORS = "moderators"


@dataclass(frozen=True, slots=True)
class Community:
    """One server, one workspace, or the demonstration; `id` is `platform:workspace`."""

    id: str
    creators: Creators = Creators.EVERYONE
    moderator_role: str = ""
    zone: str = "UTC"
    language: str = ""
    topic: str = ""
    moderator_channel: str = ""
    digest_channel: str = ""
    """The channel of the weekly digest; empty for none."""
    ping_role: str = ""
    """The role that a host may ping when a poll opens; empty for none."""
    reminder_minutes: int = 60
    """Minutes before a poll's close to announce it again; 0 for never."""
    keep_days: int = 30
    """Days to keep its data after it has removed the bot."""

    @property
    def tz(self) -> tzinfo:
        try:
            return ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            return UTC

    def moderates(self, actor: Actor) -> bool:
        return actor.moderator or (self.moderator_role in actor.roles if self.moderator_role else False)

    def may_create(self, actor: Actor) -> bool:
        return self.creators is Creators.EVERYONE or self.moderates(actor)


def community_id(actor: Actor) -> str:
    return f"{actor.platform}:{actor.workspace}"


def is_direct(community: str) -> bool:
    """Whether it is a person's direct conversation, on a platform that makes each of those a community."""
    return community.partition(":")[2].startswith("dm")


def voter_id(actor: Actor) -> str:
    """A person as a voter: one account of one platform in one workspace. Accounts are not linked."""
    return f"{actor.platform}:{actor.workspace}:{actor.id}"


def voter_in(community: str, actor: Actor) -> str:
    """A person as a voter of this community's polls, wherever the polls are posted and the person votes.

    A person whose id is the same everywhere is one voter, in however many communities they meet the poll.
    """
    return f"{community}:{actor.id}" if actor.everywhere else voter_id(actor)


CommunityOf = Callable[[str, datetime], Awaitable[Community]]
"""(community's id, now) → its settings. Without a database: the defaults."""


def translator_for(community: Community, platforms: Mapping[str, Platform]) -> Translator:
    """The translator for messages to a whole community: its language, with commands as members type them there."""
    platform = platforms.get(community.id.partition(":")[0])
    return translator(community.language, platform.limits.commands if platform else "/")


async def default_community(community: str, _now: datetime) -> Community:
    return Community(community)


def checked_zone(zone: str, t: Translator) -> str:
    """Return the zone's name. Raise Refused if it doesn't exist."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(
            t("Type a time zone such as Europe/Berlin or America/Mexico_City. I don't know “{zone}”.", zone=zone[:60])
        ) from None
    return zone
