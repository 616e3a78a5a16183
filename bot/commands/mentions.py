"""Roles and channels that a person names. The bot asks the platform about each before relying on it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Iterable, Mapping
from typing import TypeVar

from bot.chat.markup import text
from bot.chat.platform import NamesRoles, Platform
from bot.chat.vocabulary import Card, Place, Reply, Visibility
from bot.communities.model import translator_for
from bot.dispatch.declare import Context
from bot.errors import BotError, NotFound
from bot.i18n import Translator

_T = TypeVar("_T")
_MENTION = re.compile(r"^<(?:@&|#|!subteam\^)([A-Za-z0-9]+)(?:\|[^>]*)?>$")


def mention_id(mention: str) -> str:
    """The id in a platform's mention of a role or a channel, or else the typed text."""
    match = _MENTION.match(mention.strip())
    return match[1] if match else mention.strip()


async def resolve_role(ctx: Context, platforms: Mapping[str, Platform], mention: str) -> str:
    """Return the role's id. Raise NotFound if the community has no such role, Unavailable if the platform can't tell."""
    actor, role = ctx.request.actor, mention_id(mention)
    platform = platforms.get(actor.platform)
    if platform is not None:
        if await _translate_errors(ctx.t, platform.has_role(actor.workspace, role)):
            return role
        name = mention.strip().removeprefix("@").casefold()  # in a form, a mention is plain words
        called = [each for each, other in (await _role_names(ctx, platforms)).items() if other.casefold() == name]
        if len(called) == 1:
            return called[0]
    raise NotFound(
        ctx.t("Pick a role from the list, or mention one with @. Members here can't have “{role}”.", role=mention[:60])
    )


async def role_words(ctx: Context, platforms: Mapping[str, Platform], roles: Iterable[str]) -> str:
    """Return the roles as one types them into a form: by name, or by id if the platform has no names for them."""
    ids = sorted(roles)
    names = await _role_names(ctx, platforms) if ids else {}
    return " ".join(f"@{names[each]}" if each in names else each for each in ids)


async def _role_names(ctx: Context, platforms: Mapping[str, Platform]) -> Mapping[str, str]:
    actor = ctx.request.actor
    platform: object = platforms.get(actor.platform)
    if not isinstance(platform, NamesRoles):
        return {}
    return await _translate_errors(ctx.t, platform.role_names(actor.workspace))


async def resolve_channel(
    ctx: Context, platforms: Mapping[str, Platform], mention: str, title: str = "", sentence: str = ""
) -> str:
    """Return the id of this community's channel, once a first post has named its purpose (moderators' news by default).

    Raise NotFound if the community has no such channel, NotAllowed if the bot may not write in it, and Unavailable if
    the platform can't tell.
    """
    actor, channel = ctx.request.actor, mention_id(mention)
    platform = platforms.get(actor.platform)
    if platform is None or not await _translate_errors(ctx.t, platform.has_channel(actor.workspace, channel)):
        raise NotFound(
            ctx.t(
                "Pick a channel from the list, or mention one with #. I can't write in “{channel}”.",
                channel=mention[:60],
            )
        )
    place = Place(actor.platform, actor.workspace, channel)
    await _translate_errors(
        ctx.t,
        platform.post(place, _first_words(translator_for(ctx.community, platforms), actor.name, title, sentence)),
    )
    return channel


def _first_words(t: Translator, moderator: str, title: str, sentence: str) -> Reply:
    """The first message in a channel: only a post proves that the bot may write there."""
    sentence = sentence or t("I'll post news for moderators here, such as a poll that I can no longer update.")
    return Reply(
        (
            Card(
                title=title or t("The moderators' channel"),
                body=text(sentence),
                footer=t("Chosen by {who}", who=moderator),
            ),
        ),
        visibility=Visibility.PUBLIC,
    )


async def _translate_errors(t: Translator, question: Awaitable[_T]) -> _T:
    """Return the platform's answer, or raise its error in the person's language."""
    try:
        return await question
    except BotError as error:
        raise type(error)(t(error.message)) from error
