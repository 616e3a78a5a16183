"""Decide who can see a place on Discord, and who may write there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import discord

from bot.i18n import N_

THREADS = frozenset(
    kind.value
    for kind in (
        discord.ChannelType.news_thread,
        discord.ChannelType.public_thread,
        discord.ChannelType.private_thread,
    )
)

HIDDEN_NAME = "___hidden___"
"""The gateway's name for a channel that the bot may not view. Such a channel also has a single overwrite that denies
@everyone the view, and the flag 1 << 17, which the library doesn't read for text channels:
https://github.com/discord/discord-api-docs/pull/8454"""

WHILE_TIMED_OUT = discord.Permissions(view_channel=True, read_message_history=True)
"""The permissions that remain during a timeout: https://discord.com/developers/docs/topics/permissions"""


def is_private(interaction: discord.Interaction) -> bool:
    """Tell whether some members of the server can't see the place. An unknown place counts as private.

    The library's cache decides, since an interaction's channel comes without the overwrites that say who sees it.
    """
    guild, channel = interaction.guild, interaction.channel
    if guild is None or channel is None or not interaction.app_permissions.view_channel:
        return True  # a direct message, an unknown kind of channel, or one that the gateway hides from the bot
    return is_hidden(guild, channel, channel.id)  # of a server without the bot, the cache knows no channel


def is_away(interaction: discord.Interaction) -> bool:
    """Tell whether the bot isn't in the place itself, but was installed by a member: in a conversation between people,
    or in a server without the bot.

    There it only answers that member, and promises nothing that it couldn't send, edit or find again.
    https://discord.com/developers/docs/resources/application#installation-context
    """
    if interaction.guild_id is not None:
        return interaction.client.get_guild(interaction.guild_id) is None
    return interaction.context.private_channel is True


def is_hidden(guild: discord.Guild, channel: object, channel_id: int) -> bool:
    """Tell whether some members of the server can't see a channel or a thread, as far as the library's cache knows.

    Threads and forum posts follow their channel, but private threads are only for members who were added:
    https://discord.com/developers/docs/topics/threads#private-threads.
    """
    if isinstance(channel, discord.Thread):
        cached = None if channel.is_private() else guild.get_channel(channel.parent_id)
    else:
        cached = guild.get_channel(channel_id)
    return cached is None or not _is_open(cached)


def _is_open(channel: discord.abc.GuildChannel) -> bool:
    """Tell whether @everyone sees the channel. A channel copies its category's overwrites, so only its own count:
    https://discord.com/developers/docs/topics/permissions#permission-syncing"""
    everyone = channel.permissions_for(channel.guild.default_role)
    if isinstance(channel, discord.VoiceChannel | discord.StageChannel) and not everyone.connect:
        return (
            False  # its messages open to members who may connect: https://github.com/discord/discord-api-docs/pull/5111
        )
    return everyone.view_channel and channel.name != HIDDEN_NAME


def permissions_of(interaction: discord.Interaction, now: datetime) -> discord.Permissions:
    """Return the member's permissions in the place: nearly none during a timeout.

    Administrators can't be timed out. `Interaction.permissions` already includes the place's overwrites:
    https://discord.com/developers/docs/resources/guild#guild-member-object
    """
    permissions, member = interaction.permissions, interaction.user
    until = member.timed_out_until if isinstance(member, discord.Member) else None
    if until is None or until <= now or permissions.administrator:
        return permissions
    return permissions & WHILE_TIMED_OUT


def is_silent(interaction: discord.Interaction, now: datetime) -> bool:
    """Tell whether the member may write nowhere in the server: during a timeout, and before they accept its rules.

    https://support.discord.com/hc/en-us/articles/1500000466882
    """
    member = interaction.user
    if not isinstance(member, discord.Member) or interaction.permissions.administrator:
        return False
    return member.pending or (member.timed_out_until is not None and member.timed_out_until > now)


def may_write(interaction: discord.Interaction, now: datetime) -> bool:
    """Tell whether the member may write messages in the place.

    In a locked thread, only members who manage threads may: https://discord.com/developers/docs/topics/threads.
    """
    if interaction.guild_id is None:
        return True
    if is_silent(interaction, now):
        return False
    permissions = permissions_of(interaction, now)
    thread = interaction.channel if isinstance(interaction.channel, discord.Thread) else None
    if thread is not None and thread.locked and not (permissions.manage_threads or permissions.administrator):
        return False
    return sends(permissions, in_thread=thread is not None)


def may_post(interaction: discord.Interaction) -> bool:
    """Tell whether the bot may write in the place. Discord itself refuses in a locked thread, with its own reason."""
    in_thread = isinstance(interaction.channel, discord.Thread)
    return interaction.guild_id is None or sends(interaction.app_permissions, in_thread=in_thread)


def sends(permissions: discord.Permissions, *, in_thread: bool) -> bool:
    """Tell whether these permissions of a channel, or of a thread's channel, are enough to write in it.

    In threads, only Send Messages in Threads counts, and a forum's posts are threads:
    https://support.discord.com/hc/en-us/articles/4404809613847-Threads-Moderation-FAQ
    """
    write = permissions.send_messages_in_threads if in_thread else permissions.send_messages
    return permissions.administrator or (permissions.view_channel and write)


def missing(permissions: discord.Permissions, *, in_thread: bool) -> list[str]:
    """Name the bot's missing permissions as Discord's settings do, untranslated.

    Without View Channel, the others can't be told; without Send Messages, nothing can be told of files.
    https://discord.com/developers/docs/topics/permissions
    """
    if permissions.administrator:
        return []
    if not permissions.view_channel:
        return [N_("View Channel")]
    writes = sends(permissions, in_thread=in_thread)
    needed = {
        N_("Send Messages in Threads") if in_thread else N_("Send Messages"): writes,
        N_("Attach Files"): permissions.attach_files or not writes,
        N_("Read Message History"): permissions.read_message_history,
    }
    return [name for name, granted in needed.items() if not granted]


def may_write_in(data: Mapping[str, Any], channel: str) -> bool:
    """Tell whether the member may write in a channel that they picked for a command or in a form. Discord's data says
    so:
    https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object-resolved-data-structure"""
    picked = data.get("resolved", {}).get("channels", {}).get(channel, {})
    permissions = discord.Permissions(int(picked.get("permissions", "0")))
    is_locked = bool((picked.get("thread_metadata") or {}).get("locked"))
    if is_locked and not (permissions.manage_threads or permissions.administrator):
        return False
    return sends(permissions, in_thread=picked.get("type") in THREADS)
