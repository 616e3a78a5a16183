"""What Discord tells of a person, a place and a message, in the core's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import discord

from bot.chat import Actor, MessageRef, Place, Request

NAME = "discord"

Interaction = discord.Interaction[Any]


def request_of(interaction: Interaction, now: datetime) -> Request:
    place, message = place_of(interaction), interaction.message
    return Request(
        actor=actor_of(interaction),
        place=place,
        now=now,
        locale=interaction.locale.value,
        origin=MessageRef(place, str(message.id)) if message is not None else None,
    )


def actor_of(interaction: Interaction) -> Actor:
    user = interaction.user
    member = user if isinstance(user, discord.Member) else None
    return Actor(
        platform=NAME,
        workspace=workspace_of(interaction),
        id=str(user.id),
        name=user.display_name,
        roles=_roles(member) if member else frozenset(),
        moderator=member is not None and interaction.permissions.manage_guild,
        joined=member.joined_at if member else None,
        everywhere=True,
    )


def _roles(member: discord.Member) -> frozenset[str]:
    """As the interaction names them: `member.roles` leaves out those that the cache of the server does not hold yet."""
    return frozenset(str(role) for role in member._roles)  # noqa: SLF001


def workspace_of(interaction: Interaction) -> str:
    """The server; a conversation with the bot alone is a community of its own."""
    return str(interaction.guild_id) if interaction.guild_id else f"dm{interaction.channel_id}"


def place_of(interaction: Interaction) -> Place:
    """A thread has its channel's id beside its own; on Discord it is a channel of its own."""
    channel, here = interaction.channel, str(interaction.channel_id or "")
    workspace = workspace_of(interaction)
    if isinstance(channel, discord.Thread):
        return Place(NAME, workspace, str(channel.parent_id), thread=here)
    return Place(NAME, workspace, here, direct=interaction.guild_id is None)


def message_text(message: discord.Message) -> str:
    """All words of a message: what was written, what an embed says, what a layout shows."""
    embeds = (part for embed in message.embeds for part in (embed.title, embed.description))
    shown = (text.content for text in text_displays(message.components))
    return "\n".join(part for part in (message.content, *embeds, *shown) if part)


def text_displays(components: Iterable[Any]) -> Iterator[discord.TextDisplay]:
    """Every text of a layout, in order, however deep it stands."""
    for component in components:
        if isinstance(component, discord.TextDisplay):
            yield component
        yield from text_displays(getattr(component, "children", ()))
