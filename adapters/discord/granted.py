"""Name the bot's missing permissions in a place, even in servers of other processes. Ask the library's cache where it
knows the server, else Discord."""

from __future__ import annotations

from functools import partial
from typing import cast

import discord

from adapters.discord.retries import insist
from adapters.discord.rights import missing
from bot.chat.vocabulary import Place
from bot.errors import NotAllowed
from bot.i18n import N_


async def bot_in(client: discord.Client, workspace: str) -> discord.Member:
    """Return the bot as a member of a server. Raises what `retries.insist` raises: NotAllowed if it isn't one."""
    guild = client.get_guild(int(workspace))
    if guild is None:
        guild = await insist(partial(client.fetch_guild, int(workspace), with_counts=False))
    own = cast("discord.ClientUser", client.user).id
    member = guild.get_member(own)
    return await insist(partial(guild.fetch_member, own)) if member is None else member


async def missing_in(bot: discord.Member, place: Place) -> list[str]:
    """Name the bot's missing permissions in a place of its server, untranslated. Raises PlaceGone and Unavailable.

    A thread has its channel's permissions: https://discord.com/developers/docs/topics/threads#permissions
    """
    try:
        channel = await _channel(bot.guild, int(place.channel))
        if isinstance(channel, discord.Thread):
            parent = await _channel(bot.guild, channel.parent_id)
            return missing(parent.permissions_for(bot), in_thread=True)
    except NotAllowed:
        return [N_("View Channel")]
    return missing(channel.permissions_for(bot), in_thread=bool(place.thread))


async def _channel(guild: discord.Guild, id_: int) -> discord.abc.GuildChannel | discord.Thread:
    channel = guild.get_channel_or_thread(id_)
    return await insist(partial(guild.fetch_channel, id_)) if channel is None else channel
