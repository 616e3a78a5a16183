"""Ask in a form for the place, if something should be posted outside the form's own channel.

https://discord.com/developers/docs/components/reference#channel-select
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import discord
from discord import ui

from adapters.discord.commands import PLACES
from adapters.discord.rights import THREADS, is_hidden, is_silent, may_write_in, sends
from bot.chat.vocabulary import Request
from bot.i18n import Translator

WHERE = "where"
"""Id of the input that asks for the place."""
_PRIVATE_THREAD = discord.ChannelType.private_thread.value


def where_label(t: Translator) -> ui.Label[ui.Modal]:
    """Return the input. Discord lists the channels that the member sees."""
    kinds = [discord.ChannelType(kind) for kind in sorted(PLACES)]
    picker = ui.ChannelSelect[ui.Modal](custom_id=WHERE, channel_types=kinds)
    return ui.Label(text=t("Where to post it"), component=picker)


def at_picked_place(request: Request, interaction: discord.Interaction, channel: str, now: datetime) -> Request:
    """Move the request to the channel that the member picked, with the member's and the bot's rights there.

    Discord's data holds the member's rights. The library's cache tells the bot's rights and whether the place is
    private.
    """
    data: Mapping[str, Any] = interaction.data or {}
    picked = data.get("resolved", {}).get("channels", {}).get(channel, {})
    guild, kind = interaction.client.get_guild(interaction.guild_id or 0), picked.get("type")
    in_thread, apart = kind in THREADS, kind == _PRIVATE_THREAD
    holder = int(picked.get("parent_id") or 0) if in_thread else int(channel)
    cached = guild.get_channel(holder) if guild else None
    place = replace(
        request.place,
        channel=str(holder) if in_thread and not apart else channel,
        thread=channel if in_thread and not apart else "",
        private=apart or guild is None or is_hidden(guild, None, holder),
    )
    bot_may = guild is not None and cached is not None and sends(cached.permissions_for(guild.me), in_thread=in_thread)
    member_may = may_write_in(data, channel) and not is_silent(interaction, now)
    return replace(request, place=place, may_write=member_may, may_post=bot_may)
