"""Compute a member's permissions in a channel:
https://discord.com/developers/docs/topics/permissions#permission-overwrites"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.wire.discord.model import (
    MANAGE_GUILD,
    MANAGE_THREADS,
    MEMBER_PERMISSIONS,
    PRIVATE_THREAD,
    VIEW_CHANNEL,
    Channel,
    Overwrite,
)

if TYPE_CHECKING:
    from tests.wire.discord.members import Member

ALL = (1 << 53) - 1


def member_permissions(member: Member, channel: Channel) -> int:
    """Return the permissions with the overwrites of the channel, or of a thread's channel; none if the member doesn't
    see it.

    A timeout isn't applied: the documentation doesn't say that Discord removes those permissions from an interaction,
    so the bot must do so.
    """
    if member.administrator:
        return ALL
    permissions = MEMBER_PERMISSIONS | (MANAGE_GUILD if member.moderator else 0) | member.extra
    overwrites = (channel.parent or channel).overwrites
    permissions = _changed(permissions, overwrites.get(member.guild.id, Overwrite()))
    of_roles = [overwrites[role] for role in member.roles if role in overwrites]
    for each in (*(Overwrite(deny=one.deny) for one in of_roles), *(Overwrite(allow=one.allow) for one in of_roles)):
        permissions = _changed(permissions, each)
    permissions = _changed(permissions, overwrites.get(member.user.id, Overwrite()))
    hidden = channel.kind == PRIVATE_THREAD and member.user.id not in channel.people
    if not permissions & VIEW_CHANNEL or (hidden and not permissions & MANAGE_THREADS):
        return 0
    return permissions


def _changed(permissions: int, overwrite: Overwrite) -> int:
    return permissions & ~overwrite.deny | overwrite.allow
