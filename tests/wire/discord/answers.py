"""The bot's first answers to interactions, and its follow-ups. https://discord.com/developers/docs/interactions"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.wire.discord import errors, limits
from tests.wire.discord.calls import Call, validate
from tests.wire.discord.interactions import DEFER, DEFER_UPDATE, OPEN, SHOW, SUGGEST, UPDATE, Interaction
from tests.wire.discord.messages import compose, edited, fill, uploaded
from tests.wire.discord.model import COMPONENTS_V2, EPHEMERAL, LOADING, Guild, Json, Message
from tests.wire.discord.rights import member_permissions

if TYPE_CHECKING:
    from tests.wire.discord.server import DiscordServer


def interaction_json(server: DiscordServer, interaction: Interaction) -> Json:
    """Return INTERACTION_CREATE as Discord sends it: D-press."""
    member, channel = interaction.member, interaction.channel
    guild = channel.guild
    event: Json = {
        "id": interaction.id,
        "application_id": server.application,
        "type": interaction.kind,
        "token": interaction.token,
        "version": 1,
        "data": interaction.data,
        "channel_id": channel.id,
        "channel": {**channel.partial_json(), "permissions": str(member_permissions(member, channel))},
        "app_permissions": str(channel.bot_permissions),
        "locale": member.locale,
        "entitlements": [],
        "attachment_size_limit": server.upload_max,
    }
    if interaction.origin:
        event["message"] = interaction.origin.json()
    if guild is None:
        owners = {"1": member.user.id} if channel.between else {"0": "0"}
        context = 2 if channel.between else 1
        return {**event, "user": member.user.json(), "context": context, "authorizing_integration_owners": owners}
    return {**event, **_in_guild(interaction, guild)}


def _in_guild(interaction: Interaction, guild: Guild) -> Json:
    member = interaction.member
    return {
        "guild_id": guild.id,
        "guild": {"id": guild.id, "locale": guild.locale, "features": []},
        "guild_locale": guild.locale,
        "context": 0,
        "authorizing_integration_owners": {"0": guild.id} if guild.has_bot else {"1": member.user.id},
        "member": {
            "user": member.user.json(),
            "roles": list(member.roles),
            "joined_at": member.joined.isoformat(),
            "permissions": str(member_permissions(member, interaction.channel)),
            "communication_disabled_until": member.timed_out.isoformat() if member.timed_out else None,
            "nick": None,
            "avatar": None,
            "deaf": False,
            "mute": False,
            "pending": member.pending,
            "flags": 0,
        },
    }


def _interaction(call: Call, key: str) -> Interaction:
    interaction = call.server.interactions.get(call.ids[key])
    if interaction is None:
        raise errors.unknown_interaction() if key == "interaction_token" else errors.unknown_webhook()
    return interaction


async def callback(call: Call) -> Json | None:
    interaction = _interaction(call, "interaction_token")
    if interaction.channel.archived and interaction.channel.locked:  # discord/discord-api-docs#5517
        raise errors.archived()
    validate(call)
    kind, data = call.data["type"], call.data.get("data") or {}
    _check_callback(call, kind, data, interaction)
    interaction.answer(kind, call.server.now)
    _ANSWERS[kind](call, interaction, data)
    return _callback_json(interaction, kind) if call.query.get("with_response") else None


def _check_callback(call: Call, kind: int, data: Json, interaction: Interaction) -> None:
    """Check a first answer before anything is done, so that the bot can send another after a refusal."""
    if kind == SHOW:
        call.check(limits.message_problems(data, call.files, new=True))
    elif kind == UPDATE and interaction.origin:
        v2 = bool(interaction.origin.flags & COMPONENTS_V2)
        call.check(limits.message_problems(data, uploaded(call, interaction.origin), new=False, was_v2=v2))
    elif kind == OPEN:
        call.check(limits.modal_problems(data))
    elif kind == SUGGEST:
        call.check(limits.choice_problems(data.get("choices") or []))


def _show(call: Call, interaction: Interaction, data: Json) -> None:
    _, interaction.original = compose(call, interaction.channel, data, interaction.visibility(data))
    interaction.settled.set()


def _thinking(call: Call, interaction: Interaction, data: Json) -> None:
    server = call.server
    message = Message(server.new_id(), interaction.channel, server.bot, server.now())
    message.only_for = interaction.visibility(data)
    message.flags = LOADING | int(data.get("flags") or 0)
    interaction.channel.messages[message.id] = interaction.original = message


def _later(_call: Call, _interaction: Interaction, _data: Json) -> None:
    """Leave the message unchanged until the bot edits it."""


def _updated(call: Call, interaction: Interaction, data: Json) -> None:
    if interaction.origin is None or interaction.origin.deleted:
        raise errors.unknown_message()
    edited(call, interaction.origin, data)  # D-update
    interaction.updated = True
    interaction.settled.set()


def _suggested(_call: Call, interaction: Interaction, data: Json) -> None:
    interaction.choices = data.get("choices") or []
    interaction.settled.set()


def _opened(_call: Call, interaction: Interaction, data: Json) -> None:
    interaction.modal = data
    interaction.settled.set()


_ANSWERS: dict[int, Callable[[Call, Interaction, Json], None]] = {
    SHOW: _show,
    DEFER: _thinking,
    DEFER_UPDATE: _later,
    UPDATE: _updated,
    SUGGEST: _suggested,
    OPEN: _opened,
}


def _callback_json(interaction: Interaction, kind: int) -> Json:
    summary: Json = {"id": interaction.id, "type": interaction.kind}
    message = interaction.origin if kind in {UPDATE, DEFER_UPDATE} else interaction.original
    if message is None or kind in {SUGGEST, OPEN}:
        return {"interaction": summary, "resource": {"type": kind}}
    summary |= {
        "response_message_id": message.id,
        "response_message_loading": bool(message.flags & LOADING),
        "response_message_ephemeral": message.only_for is not None,
    }
    return {"interaction": summary, "resource": {"type": kind, "message": message.json()}}


async def follow_up(call: Call) -> Json:
    """Send a follow-up. If the first answer is still «thinking», the follow-up completes it and keeps its visibility.
    D-follow-up"""
    interaction = _interaction(call, "webhook_token")
    interaction.check_open(call.server.now)
    validate(call)
    if interaction.thinking and interaction.original is not None:
        return _complete(call, interaction, interaction.original)
    _, message = compose(call, interaction.channel, call.data, interaction.visibility(call.data))
    interaction.show(message)
    return message.json()


def _complete(call: Call, interaction: Interaction, message: Message) -> Json:
    call.check(limits.message_problems(call.data, call.files, new=True))
    fill(call, message, {**call.data, "flags": int(call.data.get("flags") or 0) & ~EPHEMERAL})
    interaction.changed()
    call.server.tell("CREATE", message)
    return message.json()


def _original(call: Call) -> tuple[Interaction, Message]:
    """Return the first answer, or the message with the control if the answer changes that."""
    interaction = _interaction(call, "webhook_token")
    interaction.check_open(call.server.now)
    id_ = call.ids.get("message_id", "@original")
    message = interaction.original or interaction.origin
    if id_ != "@original":
        message = next((one for one in (message, *interaction.followups) if one and one.id == id_), None)
    if message is None or message.deleted:
        raise errors.unknown_message()
    return interaction, message


async def get_original(call: Call) -> Json:
    return _original(call)[1].json()


async def edit_original(call: Call) -> Json:
    interaction, message = _original(call)
    validate(call)
    if message.flags & LOADING:
        return _complete(call, interaction, message)
    body = edited(call, message, call.data)
    interaction.updated = message is interaction.origin
    interaction.changed()
    return body


async def delete_original(call: Call) -> None:
    interaction, message = _original(call)
    message.deleted = True
    interaction.settled.set()
    call.server.tell("DELETE", message)
