"""Decide who may ping a role on Discord, and whom a message pings."""

from __future__ import annotations

from functools import partial

import discord

from adapters.discord.retries import insist
from bot.chat.markup import RoleMention
from bot.chat.vocabulary import Place, Reply


async def may_ping(guild: discord.Guild | None, place: Place, member: str, role_id: str) -> bool:
    """Tell whether a member and the bot may both ping a role in a channel. Raises what `post` raises.

    Everybody may ping a mentionable role. Any other role takes the permission to mention everyone, in that channel:
    https://discord.com/developers/docs/topics/permissions. For a server that this process doesn't serve, returns False.
    """
    if guild is None or not (role_id.isdecimal() and member.isdecimal() and place.channel.isdecimal()):
        return False
    role, channel = guild.get_role(int(role_id)), guild.get_channel_or_thread(int(place.channel))
    if role is None or role.is_default() or channel is None:
        return False
    if role.mentionable:
        return True
    host = await insist(partial(guild.fetch_member, int(member)))
    return all(channel.permissions_for(each).mention_everyone for each in (host, guild.me))


def mentions_of(reply: Reply) -> discord.AllowedMentions:
    """Return the allowed pings of a message: the roles that its cards ping, and nobody else.

    https://discord.com/developers/docs/components/reference#text-display
    """
    pieces = (piece for card in reply.cards for block in card.body for piece in block.inlines)
    roles = [discord.Object(int(piece.id)) for piece in pieces if isinstance(piece, RoleMention) and piece.pings]
    if not roles:
        return discord.AllowedMentions.none()
    return discord.AllowedMentions(everyone=False, users=False, roles=roles, replied_user=False)
