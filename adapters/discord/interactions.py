"""Read interactions: the member, the place and the target.

https://discord.com/developers/docs/interactions/receiving-and-responding
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import discord

from adapters.discord.decoding import emoji_readings
from adapters.discord.rights import is_away, is_private, may_post, may_write, permissions_of
from bot.chat.vocabulary import Actor, MessageRef, Place, Request

NAME = "discord"

Json = Mapping[str, Any]

ROLES_WAIT = 10.0
"""Longest wait for a server's roles, in seconds."""

_TEXT = discord.ComponentType.text_display.value


async def request_of(interaction: discord.Interaction, now: datetime) -> Request:
    """Build the core's request, once the member's roles are known."""
    await _wait_for_roles(interaction)
    place, message = _place_of(interaction), interaction.message
    return Request(
        actor=_actor_of(interaction, now),
        place=place,
        now=now,
        locale=locale_of(interaction),
        origin=MessageRef(place, str(message.id)) if message is not None else None,
        may_write=may_write(interaction, now),
        may_post=may_post(interaction) and not is_away(interaction),
        away=is_away(interaction),
        key=str(interaction.id),
        emoji={reading: mark for mark, reading in emoji_readings(typed_texts(interaction.data or {})).items()},
    )


async def _wait_for_roles(interaction: discord.Interaction) -> None:
    """Wait for a server that Discord has named but not described yet, as in the first seconds after a start.

    The library looks up a member's roles in its cache of the server, so until then the member seems to have none.
    """
    guild, member = interaction.client.get_guild(interaction.guild_id or 0), interaction.user
    if guild is None or not guild.unavailable or (isinstance(member, discord.Member) and member.roles):
        return
    with suppress(TimeoutError):
        await interaction.client.wait_for("guild_available", check=lambda it: it.id == guild.id, timeout=ROLES_WAIT)


def locale_of(interaction: discord.Interaction) -> str:
    """Return the member's language, which may be newer than the library."""
    return str(interaction.locale.value)


def _actor_of(interaction: discord.Interaction, now: datetime) -> Actor:
    user = interaction.user
    member = user if isinstance(user, discord.Member) else None
    roles = member.roles if member is not None else ()
    return Actor(
        platform=NAME,
        workspace=_workspace_of(interaction),
        id=str(user.id),
        name=user.display_name,
        roles=frozenset(str(role.id) for role in roles if not role.is_default()),
        moderator=permissions_of(interaction, now).manage_guild,
        joined=member.joined_at if member is not None else None,
        everywhere=True,
    )


def _place_of(interaction: discord.Interaction) -> Place:
    """Return the place by ids only: cached names of hidden channels are wrong.

    A thread is a place inside its channel. A private thread is a separate place, since its channel's members can't see
    into it.
    """
    workspace, channel, private = _workspace_of(interaction), interaction.channel, is_private(interaction)
    here = str(interaction.channel_id or "")
    if isinstance(channel, discord.Thread) and not channel.is_private():
        return Place(NAME, workspace, str(channel.parent_id), thread=here, private=private)
    return Place(
        NAME, workspace, here, direct=interaction.guild_id is None and not is_away(interaction), private=private
    )


def _workspace_of(interaction: discord.Interaction) -> str:
    """Return the server's id. A conversation with the bot is a community of its own."""
    return str(interaction.guild_id or f"dm{interaction.channel_id}")


def is_on_own_message(interaction: discord.Interaction) -> bool:
    """Tell whether the pressed control is on a message that only this member sees.

    That is an ephemeral message, or one in their conversation with the bot. The control's id doesn't tell: an
    interaction can name any control on any message.
    """
    if interaction.type is not discord.InteractionType.component or interaction.message is None:
        return False
    return interaction.message.flags.ephemeral or (interaction.guild_id is None and not is_away(interaction))


def called(data: Json) -> tuple[str, dict[str, object], str]:
    """Return a slash command's full name, its arguments, and the focused argument's name."""
    name, options = data["name"], data.get("options") or ()
    while options and "value" not in options[0]:  # a group or a command in one
        name, options = f"{name} {options[0]['name']}", options[0].get("options") or ()
    focused = next((option["name"] for option in options if option.get("focused")), "")
    return name, {option["name"]: option["value"] for option in options}, focused


def typed_texts(data: Json) -> Iterator[str]:
    """Yield the texts that a member typed into a command or a form, in order."""
    for part in (*data.get("options", ()), *data.get("components", ()), *filter(None, (data.get("component"),))):
        if isinstance(part.get("value"), str):
            yield part["value"]
        yield from typed_texts(part)


def message_text(message: Json) -> str:
    """Return all words of a message: its content, embeds and layout, and the messages that it forwards."""
    embeds = (part for embed in message.get("embeds", ()) for part in _embed_texts(embed))
    layout = (text["content"] for text in text_displays(message.get("components", ())))
    forwarded = (message_text(snapshot["message"]) for snapshot in message.get("message_snapshots", ()))
    return "\n".join(part for part in (message.get("content"), *embeds, *layout, *forwarded) if part)


def _embed_texts(embed: Json) -> Iterator[str | None]:
    """Yield the embed's texts in reading order."""
    yield (embed.get("author") or {}).get("name")
    yield embed.get("title")
    yield embed.get("description")
    for field in embed.get("fields", ()):
        yield field.get("name")
        yield field.get("value")
    yield (embed.get("footer") or {}).get("text")


def text_displays(components: Iterable[Json]) -> Iterator[Json]:
    """Yield every text of a layout, in order and at any depth."""
    for component in components:
        if component.get("type") == _TEXT:
            yield component
        yield from text_displays(component.get("components", ()))
