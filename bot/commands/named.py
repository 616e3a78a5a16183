"""Roles and channels that a person names. The platform is asked about each before anything rests on it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping

from bot.chat import Card, Place, Platform, Reply, Visibility
from bot.command import Context
from bot.community import translator_for
from bot.errors import BotError, NotFound
from bot.i18n import Translator
from bot.markup import text

_MENTION = re.compile(r"^<(?:@&|#|!subteam\^)([A-Za-z0-9]+)(?:\|[^>]*)?>$")


def named_id(typed: str) -> str:
    """The id in a role or a channel as platforms write a mention of it, or what was typed."""
    match = _MENTION.match(typed.strip())
    return match[1] if match else typed.strip()


async def named_role(ctx: Context, platforms: Mapping[str, Platform], typed: str) -> str:
    """The role's id. Raises NotFound where the community has no such role, Unavailable where that can't be said."""
    actor, role = ctx.request.actor, named_id(typed)
    platform = platforms.get(actor.platform)
    if platform is None or not await _told(ctx.t, platform.has_role(actor.workspace, role)):
        raise NotFound(
            ctx.t(
                "“{role}” is no role here that members could have. Pick one from the list, or mention one that exists, "
                "with @.",
                role=typed[:60],
            )
        )
    return role


async def named_channel(ctx: Context, platforms: Mapping[str, Platform], typed: str) -> str:
    """The id of a channel of this community, in which moderators were told what it is for.

    Raises NotFound where the community has no such channel, NotAllowed where the bot may not write in it, and
    Unavailable where that can't be said.
    """
    actor, channel = ctx.request.actor, named_id(typed)
    platform = platforms.get(actor.platform)
    if platform is None or not await _told(ctx.t, platform.has_channel(actor.workspace, channel)):
        raise NotFound(
            ctx.t(
                "“{channel}” is no channel here that I can write in. Pick one from the list, or mention one that exists, "
                "with #.",
                channel=typed[:60],
            )
        )
    place = Place(actor.platform, actor.workspace, channel)
    await _told(ctx.t, platform.post(place, _first_words(translator_for(ctx.community, platforms))))
    return channel


def _first_words(t: Translator) -> Reply:
    """Whether the bot may write somewhere is known for certain only once it has."""
    said = t("From now on I tell you here what moderators should know, such as a poll that I can't update any more.")
    return Reply((Card(title=t("The moderators' channel"), body=text(said)),), visibility=Visibility.PUBLIC)


async def _told(t: Translator, asked: Awaitable[object]) -> object:
    """What the platform answered. What it raises is said in the person's language."""
    try:
        return await asked
    except BotError as error:
        raise type(error)(t(error.message)) from error
