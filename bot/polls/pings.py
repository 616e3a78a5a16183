"""Whether a poll may ping a role when it opens."""

from __future__ import annotations

from collections.abc import Mapping

from bot.chat.platform import Pings, Platform
from bot.chat.vocabulary import Request
from bot.communities.model import Community
from bot.errors import BotError


async def may_ping(platforms: Mapping[str, Platform], community: Community, request: Request) -> bool:
    """Whether a poll that opens with this request may ping the role that its community has named.

    Host and bot must both have the right. If the platform can't tell right now, nobody is pinged.
    """
    platform: object = platforms.get(request.place.platform)
    if not community.ping_role or not isinstance(platform, Pings):
        return False
    try:
        return await platform.may_ping(request.place, request.actor.id, community.ping_role)
    except BotError:
        return False
