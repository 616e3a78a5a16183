"""Create, find, edit and delete messages. https://discord.com/developers/docs/resources/message"""

from __future__ import annotations

import json
from datetime import timedelta

from tests.wire.discord import errors, limits
from tests.wire.discord.calls import PREFIX, Call, check_unlocked, find_channel, validate
from tests.wire.discord.errors import ApiError
from tests.wire.discord.model import (
    ATTACH_FILES,
    COMPONENTS_V2,
    DIRECT,
    EPHEMERAL,
    FORUM,
    READ_HISTORY,
    SEND_IN_THREADS,
    SEND_MESSAGES,
    Channel,
    Json,
    Message,
    User,
    walk,
)

OLD = timedelta(hours=1)
REPLY = 19
REPLIABLE = frozenset({0, REPLY, 20, 23})
"""Types of messages that take replies:
https://discord.com/developers/docs/resources/message#message-object-message-types"""


def compose(
    call: Call,
    channel: Channel,
    data: Json,
    only_for: User | None = None,
    files: dict[str, bytes] | None = None,
    replied_to: Message | None = None,
) -> tuple[str, Message]:
    server = call.server
    call.check(limits.message_problems(data, call.files if files is None else files, new=True))
    message = Message(server.new_id(), channel, server.bot, server.now(), only_for=only_for, replied_to=replied_to)
    if replied_to is not None:
        message.kind = REPLY
    fill(call, message, data)
    channel.messages[message.id] = message
    server.tell("CREATE", message)
    return message.id, message


def fill(call: Call, message: Message, data: Json) -> None:
    """Set the fields that the body of a new message or an edit names. D-text, D-layout"""
    message.attachments = _attachments(call, message, data)
    message.content = data["content"] or "" if "content" in data else message.content
    message.embeds = data["embeds"] or [] if "embeds" in data else message.embeds
    if "components" in data:
        message.components = json.loads(json.dumps(data["components"] or []))
        for number, component in enumerate(walk(message.components), 1):
            component.setdefault("id", number)
            _resolve_media(component, message.attachments)
    message.flags |= int(data.get("flags") or 0)
    message.versions.append(message.text)


def _attachments(call: Call, message: Message, data: Json) -> list[Json]:
    described = {str(one["id"]): one for one in data.get("attachments") or ()}
    attachments = [one for one in message.attachments if "attachments" not in data or one["id"] in described]
    for number, (name, content) in enumerate(call.files.items()):
        id_ = call.server.new_id()
        call.server.uploads[id_] = content
        url = f"{call.server.url.removesuffix(PREFIX)}/uploads/{id_}"
        alt = described.get(str(number), {}).get("description")
        attachments.append(
            {"id": id_, "filename": name, "size": len(content), "url": url, "proxy_url": url, "description": alt}
        )
    return attachments


def _resolve_media(component: Json, attachments: list[Json]) -> None:
    # D-upload
    urls = {f"attachment://{one['filename']}": one["url"] for one in attachments}
    for holder in (component, *component.get("items", ())):
        for key in ("media", "file"):
            if isinstance(holder.get(key), dict):
                url = holder[key]["url"]
                url = urls.get(url, url)
                holder[key] = {
                    "url": url,
                    "proxy_url": url,
                    "width": 1,
                    "height": 1,
                    "content_type": "image/png",
                    "flags": 0,
                }


def may_write(channel: Channel) -> None:
    if channel.kind == DIRECT:
        if channel.recipient and not channel.recipient.takes_direct_messages:
            raise errors.no_direct_messages()
        return
    if channel.kind == FORUM:
        raise ApiError(400, 50008, "Cannot send messages in a non-text channel")
    permission = SEND_IN_THREADS if channel.is_thread else SEND_MESSAGES
    if not channel.bot_permissions & permission:
        raise errors.missing_permissions()
    check_unlocked(channel)


def may_attach(call: Call, channel: Channel) -> None:
    if call.files and channel.kind != DIRECT and not channel.bot_permissions & ATTACH_FILES:
        raise errors.missing_permissions()


async def create_message(call: Call) -> Json:
    channel = find_channel(call)
    may_write(channel)
    may_attach(call, channel)
    validate(call)
    if int(call.data.get("flags") or 0) & EPHEMERAL:
        call.check(["flags: only an answer to an interaction can be private"])
    nonce = (channel.id, str(call.data.get("nonce") or ""))
    if call.data.get("enforce_nonce") and nonce in call.server.nonces:
        return call.server.nonces[nonce].json()  # D-nonce
    replied_to = _replied_to(call, channel)
    _, message = compose(call, channel, call.data, replied_to=replied_to)
    if channel.archived:  # a message reopens an archived thread
        call.server.archive(channel, archived=False)
    if nonce[1]:
        call.server.nonces[nonce] = message
    return {**message.json(), "nonce": call.data.get("nonce")}


def _replied_to(call: Call, channel: Channel) -> Message | None:
    """Return the message that a new one replies to. D-reply:
    https://discord.com/developers/docs/resources/message#message-reference"""
    reference = call.data.get("message_reference")
    if reference is None:
        return None
    if channel.kind != DIRECT and not channel.bot_permissions & READ_HISTORY:
        raise ApiError(400, 160002, "Cannot reply without permission to read message history")
    message = channel.messages.get(str(reference["message_id"]))
    if message is None or message.deleted:
        if reference.get("fail_if_not_exists", True):
            raise errors.invalid_form(["message_reference: Unknown message"])
        return None
    if message.kind not in REPLIABLE:
        raise errors.invalid_form(["message_reference: Cannot reply to a system message"])
    return message


def _message(call: Call) -> Message:
    """Return a channel's message. One that only one member sees can't be found this way."""
    message = find_channel(call).messages.get(call.ids["message_id"])
    if message is None or message.deleted or message.only_for is not None:
        raise errors.unknown_message()
    return message


async def get_message(call: Call) -> Json:
    return _message(call).json()


async def get_messages(call: Call) -> list[Json]:
    newest = reversed(find_channel(call).posted())
    return [message.json() for message in newest][: int(call.query.get("limit", 50))]


async def edit_message(call: Call) -> Json:
    message = _message(call)
    if message.author is not call.server.bot:
        raise errors.not_the_author()
    check_unlocked(message.channel)
    if message.channel.archived:
        raise errors.archived()
    may_attach(call, message.channel)
    if call.server.now() - message.created > OLD:
        wait = call.server.rate_limits.take_old_edit(message.channel.id)
        if wait:
            raise errors.old_message(wait)
    validate(call)
    return edited(call, message, call.data)


def edited(call: Call, message: Message, data: Json) -> Json:
    v2 = bool(message.flags & COMPONENTS_V2)
    call.check(limits.message_problems(data, uploaded(call, message), new=False, was_v2=v2))
    fill(call, message, data)
    message.edited = call.server.now()  # D-edit
    call.server.tell("UPDATE", message)
    return message.json()


def uploaded(call: Call, message: Message) -> dict[str, bytes]:
    return {**{one["filename"]: b"" for one in message.attachments}, **call.files}


async def delete_message(call: Call) -> None:
    call.server.delete_message(_message(call))  # D-delete


async def nothing(call: Call) -> None:
    """Accept a call that has no effect here, such as typing."""
    find_channel(call)
    validate(call)
