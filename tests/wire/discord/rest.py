"""The REST side: https://discord.com/developers/docs/reference, version 10."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.wire.discord import errors, limits
from tests.wire.discord.errors import ApiError
from tests.wire.discord.interactions import DEFER, DEFER_UPDATE, OPEN, SHOW, SUGGEST, UPDATE, Interaction
from tests.wire.discord.model import (
    ATTACH_FILES,
    COMPONENTS_V2,
    DIRECT,
    EPHEMERAL,
    FORUM,
    LOADING,
    PUBLIC_THREAD,
    SEND_IN_THREADS,
    SEND_MESSAGES,
    VIEW_CHANNEL,
    Channel,
    Guild,
    Json,
    Message,
    User,
    walk,
)

if TYPE_CHECKING:
    from tests.wire.discord.server import DiscordServer

OLD = timedelta(hours=1)
PREFIX = "/api/v10"
VIA = {"Via": "1.1 local"}
"""discord.py takes a 429 without it for a ban by the network."""


@dataclass(slots=True)
class Call:
    """One request, read."""

    server: DiscordServer
    method: str
    template: str
    ids: dict[str, str]
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def data(self) -> Json:
        return self.body or {}

    def check(self, problems: list[str]) -> None:
        self.server.check(problems, f"{self.method} {self.template}")


Handler = Callable[[Call], Awaitable[Any]]


def application(server: DiscordServer) -> web.Application:
    app = web.Application(client_max_size=64 * 1024 * 1024)
    for (method, template), handler in ROUTES.items():
        app.router.add_route(method, PREFIX + template, _served(server, method, template, handler))
    app.router.add_get("/uploads/{name}", _upload(server))
    return app


def _upload(server: DiscordServer) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def give(request: web.Request) -> web.Response:
        return web.Response(body=server.uploads[request.match_info["name"]])

    return give


def _served(
    server: DiscordServer, method: str, template: str, handler: Handler
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def serve(request: web.Request) -> web.StreamResponse:
        from tests.wire.discord.server import Called  # noqa: PLC0415 - the server is made of these routes

        path = request.path.removeprefix(PREFIX)
        call = await _read(server, method, template, request)
        headers: dict[str, str] = {}
        try:
            status, body = await _answer(call, path, request, handler, headers)
        except ApiError as error:
            status, body = error.status, error.body
            if status == 429:
                headers |= {**VIA, "Retry-After": str(error.body["retry_after"])}
        server.calls.append(Called(method, template, path, status, call.body))
        server.log(f"{method} {path} → {status}")
        if body is None:
            return web.Response(status=204 if status == 200 else status, headers=headers)
        return web.Response(
            status=status, body=server.dump(body), headers={**headers, "Content-Type": "application/json"}
        )

    return serve


async def _answer(
    call: Call, path: str, request: web.Request, handler: Handler, headers: dict[str, str]
) -> tuple[int, Any]:
    server = call.server
    if server.unreachable():
        return 503, {"code": 0, "message": "Service Unavailable"}
    if not call.template.startswith(("/interactions", "/webhooks")) and not server.knows(_token(request)):
        raise errors.unauthorized()
    fault = server.faults.take(call.method, path)
    if fault is None or fault.done:
        if not call.template.startswith("/interactions"):
            passed, told = server.rate_limits.take(f"{call.method} {call.template}", _major(call))
            headers |= told
            if not passed:
                raise errors.too_fast(float(told["X-RateLimit-Reset-After"]))
        body = await handler(call)
    if fault is not None and fault.hang_up and request.transport is not None:
        request.transport.abort()
    if fault is not None:
        raise fault.error
    return 200, body


def _token(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bot ")


def _major(call: Call) -> str:
    """https://discord.com/developers/docs/topics/rate-limits: channels, servers and webhooks count each for itself."""
    ids = call.ids
    return ids.get("channel_id") or ids.get("webhook_token") or ids.get("guild_id") or ""


async def _read(server: DiscordServer, method: str, template: str, request: web.Request) -> Call:
    call = Call(server, method, template, dict(request.match_info), dict(request.query))
    if request.content_type == "multipart/form-data":
        form = await request.post()
        call.body = json.loads(str(form["payload_json"])) if "payload_json" in form else {}
        uploaded = [part for part in form.values() if isinstance(part, web.FileField)]
        call.files = {part.filename: part.file.read() for part in uploaded}
    elif request.can_read_body:
        call.body = await request.json()
    return call


def _validate(call: Call) -> None:
    if call.server.validator is not None:
        call.check(call.server.validator.problems(call.method, call.template, call.body))


# --- start-up ---


async def me(call: Call) -> Json:
    return {
        **call.server.bot.json(),
        "verified": True,
        "mfa_enabled": False,
        "flags": 0,
        "email": None,
        "locale": "en-US",
    }


async def my_application(call: Call) -> Json:
    server = call.server
    return {
        "id": server.application,
        "name": server.bot.name,
        "icon": None,
        "description": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "hook": False,
        "team": None,
        "owner": User("1", "Owner").json(),
        "bot": server.bot.json(),
    }


async def gateway(call: Call) -> Json:
    limit = {"total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1}
    return {"url": call.server.gateway_url, "shards": 1, "session_start_limit": limit}


async def user(call: Call) -> Json:
    found = call.server.people.get(call.ids["user_id"])
    if found is None:
        raise ApiError(404, 10013, "Unknown User")
    return found.json()


# --- commands ---


async def put_commands(call: Call) -> list[Json]:
    server, guild = call.server, call.ids.get("guild_id", "")
    _validate(call)
    wanted: list[Json] = call.body
    call.check(limits.command_problems(wanted))
    before = {(command["type"], command["name"]): command for command in server.commands.get(guild, ())}
    made = []
    for command in wanted:
        kept = before.get((command.get("type") or 1, command["name"]), {})
        made.append(_command(call, command, kept.get("id") or server.new_id()))
    server.commands[guild] = made
    return made


async def get_commands(call: Call) -> list[Json]:
    return call.server.commands.get(call.ids.get("guild_id", ""), [])


def _command(call: Call, command: Json, id_: str) -> Json:
    guild = {"guild_id": call.ids["guild_id"]} if "guild_id" in call.ids else {}
    usual: Json = {"type": 1, "description": "", "options": [], "default_member_permissions": None, "nsfw": False}
    given = {key: value for key, value in command.items() if value is not None}
    wanted = given.get("default_member_permissions")
    return {
        **usual,
        "contexts": None,
        "integration_types": [0],
        **given,
        "default_member_permissions": None if wanted is None else str(wanted),
        "id": id_,
        "application_id": call.server.application,
        "version": id_,
        **guild,
    }


# --- channels ---


def _channel(call: Call, key: str = "channel_id") -> Channel:
    channel = call.server.channels.get(call.ids[key])
    if channel is None or channel.gone or (channel.parent and channel.parent.gone):
        raise errors.unknown_channel()
    if channel.kind != DIRECT and not _permissions(channel) & VIEW_CHANNEL:
        raise errors.missing_access()
    return channel


def _permissions(channel: Channel) -> int:
    """A thread has those of its channel."""
    return channel.permissions & (channel.parent.permissions if channel.parent else ~0)


async def get_channel(call: Call) -> Json:
    return _channel(call).json()


async def get_guild(call: Call) -> Json:
    guild = call.server.guilds.get(call.ids["guild_id"])
    if guild is None:
        raise ApiError(404, 10004, "Unknown Guild")
    return guild.json(call.server.bot, call.server.now())


async def open_direct(call: Call) -> Json:
    _validate(call)
    server = call.server
    person = server.people.get(str(call.data["recipient_id"]))
    if person is None:
        raise ApiError(400, 50033, "Invalid Recipient(s)")
    return direct_channel(server, person).json()


def direct_channel(server: DiscordServer, person: User) -> Channel:
    """The one conversation with a person."""
    for channel in server.channels.values():
        if channel.recipient is person:
            return channel
    made = Channel(server.new_id(), "", None, DIRECT, recipient=person)
    server.channels[made.id] = made
    return made


async def start_thread(call: Call) -> Json:
    _validate(call)
    thread = call.server.add_thread(call.data["name"], _channel(call))
    if "message" in call.data:
        thread.messages.update(dict([_compose(call, thread, call.data["message"])]))
    return thread.json()


# --- messages ---


def _compose(
    call: Call, channel: Channel, data: Json, only_for: User | None = None, files: dict[str, bytes] | None = None
) -> tuple[str, Message]:
    server = call.server
    call.check(limits.message_problems(data, call.files if files is None else files, new=True))
    message = Message(server.new_id(), channel, server.bot, server.now(), only_for=only_for)
    _fill(call, message, data)
    channel.messages[message.id] = message
    server.tell("CREATE", message)
    return message.id, message


def _fill(call: Call, message: Message, data: Json) -> None:
    """Sets what the body names, as an edit does too."""
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
    kept = [one for one in message.attachments if "attachments" not in data or one["id"] in described]
    for number, (name, content) in enumerate(call.files.items()):
        id_ = call.server.new_id()
        call.server.uploads[id_] = content
        url = f"{call.server.url.removesuffix(PREFIX)}/uploads/{id_}"
        alt = described.get(str(number), {}).get("description")
        kept.append(
            {"id": id_, "filename": name, "size": len(content), "url": url, "proxy_url": url, "description": alt}
        )
    return kept


def _resolve_media(component: Json, attachments: list[Json]) -> None:
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


def _may_write(channel: Channel) -> None:
    if channel.kind == DIRECT:
        if channel.recipient and not channel.recipient.takes_direct_messages:
            raise errors.no_direct_messages()
        return
    if channel.kind == FORUM:
        raise ApiError(400, 50008, "Cannot send messages in a non-text channel")
    wanted = SEND_IN_THREADS if channel.kind == PUBLIC_THREAD else SEND_MESSAGES
    if not _permissions(channel) & wanted:
        raise errors.missing_permissions()


async def create_message(call: Call) -> Json:
    channel = _channel(call)
    _may_write(channel)
    if call.files and channel.kind != DIRECT and not _permissions(channel) & ATTACH_FILES:
        raise errors.missing_permissions()
    _validate(call)
    if int(call.data.get("flags") or 0) & EPHEMERAL:
        call.check(["flags: only an answer to an interaction can be private"])
    nonce = (channel.id, str(call.data.get("nonce") or ""))
    if call.data.get("enforce_nonce") and nonce in call.server.nonces:
        return call.server.nonces[nonce].json()
    _, message = _compose(call, channel, call.data)
    if nonce[1]:
        call.server.nonces[nonce] = message
    return {**message.json(), "nonce": call.data.get("nonce")}


def _message(call: Call) -> Message:
    """A message in a channel. Those that one person sees are not found this way."""
    message = _channel(call).messages.get(call.ids["message_id"])
    if message is None or message.deleted or message.only_for is not None:
        raise errors.unknown_message()
    return message


async def get_message(call: Call) -> Json:
    return _message(call).json()


async def get_messages(call: Call) -> list[Json]:
    newest = reversed(_channel(call).posted())
    return [message.json() for message in newest][: int(call.query.get("limit", 50))]


async def edit_message(call: Call) -> Json:
    message = _message(call)
    if message.author is not call.server.bot:
        raise errors.not_the_author()
    if call.server.now() - message.created > OLD:
        wait = call.server.rate_limits.take_old_edit(message.channel.id)
        if wait:
            raise errors.old_message(wait)
    _validate(call)
    return _edited(call, message, call.data)


def _edited(call: Call, message: Message, data: Json) -> Json:
    v2 = bool(message.flags & COMPONENTS_V2)
    call.check(limits.message_problems(data, _uploaded(call, message), new=False, was_v2=v2))
    _fill(call, message, data)
    message.edited = call.server.now()
    call.server.tell("UPDATE", message)
    return message.json()


def _uploaded(call: Call, message: Message) -> dict[str, bytes]:
    return {**{one["filename"]: b"" for one in message.attachments}, **call.files}


async def delete_message(call: Call) -> None:
    call.server.delete_message(_message(call))


async def nothing(call: Call) -> None:
    """For what is taken and has no consequence here, such as typing."""
    _channel(call)


# --- interactions ---


def interaction_json(server: DiscordServer, interaction: Interaction) -> Json:
    """INTERACTION_CREATE as Discord sends it."""
    member, channel = interaction.member, interaction.channel
    guild = channel.guild
    sent: Json = {
        "id": interaction.id,
        "application_id": server.application,
        "type": interaction.kind,
        "token": interaction.token,
        "version": 1,
        "data": interaction.data,
        "channel_id": channel.id,
        "channel": {**channel.json(), "permissions": str(member.permissions)},
        "app_permissions": str(_permissions(channel)),
        "locale": member.locale,
        "entitlements": [],
        "attachment_size_limit": limits.FILE_MAX,
    }
    if interaction.origin:
        sent["message"] = interaction.origin.json()
    if guild is None:
        return {**sent, "user": member.user.json(), "context": 1, "authorizing_integration_owners": {"0": "0"}}
    return {**sent, **_in_guild(interaction, guild)}


def _in_guild(interaction: Interaction, guild: Guild) -> Json:
    member = interaction.member
    return {
        "guild_id": guild.id,
        "guild": {"id": guild.id, "locale": guild.locale, "features": []},
        "guild_locale": guild.locale,
        "context": 0,
        "authorizing_integration_owners": {"0": guild.id},
        "member": {
            "user": member.user.json(),
            "roles": list(member.roles),
            "joined_at": member.joined.isoformat(),
            "permissions": str(member.permissions),
            "nick": None,
            "avatar": None,
            "deaf": False,
            "mute": False,
            "pending": False,
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
    _validate(call)
    kind, data = call.data["type"], call.data.get("data") or {}
    _check_callback(call, kind, data, interaction)
    interaction.answer(kind, call.server.now)
    _ANSWERS[kind](call, interaction, data)
    return _callback_json(interaction, kind) if call.query.get("with_response") else None


def _check_callback(call: Call, kind: int, data: Json, interaction: Interaction) -> None:
    """Before anything is done, so that a refused answer can be given again."""
    if kind == SHOW:
        call.check(limits.message_problems(data, call.files, new=True))
    elif kind == UPDATE and interaction.origin:
        v2 = bool(interaction.origin.flags & COMPONENTS_V2)
        call.check(limits.message_problems(data, _uploaded(call, interaction.origin), new=False, was_v2=v2))
    elif kind == OPEN:
        call.check(limits.modal_problems(data))
    elif kind == SUGGEST:
        call.check(limits.choice_problems(data.get("choices") or []))


def _shown(call: Call, interaction: Interaction, data: Json) -> None:
    _, interaction.original = _compose(call, interaction.channel, data, interaction.visibility(data))
    interaction.settled.set()


def _thinking(call: Call, interaction: Interaction, data: Json) -> None:
    server = call.server
    message = Message(server.new_id(), interaction.channel, server.bot, server.now())
    message.only_for = interaction.visibility(data)
    message.flags = LOADING | int(data.get("flags") or 0)
    interaction.channel.messages[message.id] = interaction.original = message


def _later(_call: Call, _interaction: Interaction, _data: Json) -> None:
    """The message stays as it is until it is edited."""


def _updated(call: Call, interaction: Interaction, data: Json) -> None:
    if interaction.origin is None or interaction.origin.deleted:
        raise errors.unknown_message()
    _edited(call, interaction.origin, data)
    interaction.updated = True
    interaction.settled.set()


def _suggested(_call: Call, interaction: Interaction, data: Json) -> None:
    interaction.choices = data.get("choices") or []
    interaction.settled.set()


def _opened(_call: Call, interaction: Interaction, data: Json) -> None:
    interaction.modal = data
    interaction.settled.set()


_ANSWERS: dict[int, Callable[[Call, Interaction, Json], None]] = {
    SHOW: _shown,
    DEFER: _thinking,
    DEFER_UPDATE: _later,
    UPDATE: _updated,
    SUGGEST: _suggested,
    OPEN: _opened,
}


def _callback_json(interaction: Interaction, kind: int) -> Json:
    told: Json = {"id": interaction.id, "type": interaction.kind}
    message = interaction.origin if kind in {UPDATE, DEFER_UPDATE} else interaction.original
    if message is None or kind in {SUGGEST, OPEN}:
        return {"interaction": told, "resource": {"type": kind}}
    told |= {
        "response_message_id": message.id,
        "response_message_loading": bool(message.flags & LOADING),
        "response_message_ephemeral": message.only_for is not None,
    }
    return {"interaction": told, "resource": {"type": kind, "message": message.json()}}


async def follow_up(call: Call) -> Json:
    """While a message is thinking, whatever is sent completes it, and takes its visibility."""
    interaction = _interaction(call, "webhook_token")
    interaction.check_open(call.server.now)
    _validate(call)
    if interaction.thinking and interaction.original is not None:
        return _complete(call, interaction, interaction.original)
    _, message = _compose(call, interaction.channel, call.data, interaction.visibility(call.data))
    interaction.show(message)
    return message.json()


def _complete(call: Call, interaction: Interaction, message: Message) -> Json:
    call.check(limits.message_problems(call.data, call.files, new=True))
    _fill(call, message, {**call.data, "flags": int(call.data.get("flags") or 0) & ~EPHEMERAL})
    interaction.changed()
    call.server.tell("CREATE", message)
    return message.json()


def _original(call: Call) -> tuple[Interaction, Message]:
    """The first answer, or the message whose control was used where that is what the answer changes."""
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
    _validate(call)
    if message.flags & LOADING:
        return _complete(call, interaction, message)
    body = _edited(call, message, call.data)
    interaction.updated = message is interaction.origin
    interaction.changed()
    return body


async def delete_original(call: Call) -> None:
    interaction, message = _original(call)
    message.deleted = True
    interaction.settled.set()
    call.server.tell("DELETE", message)


_WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"
ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "/users/@me"): me,
    ("GET", "/users/{user_id}"): user,
    ("GET", "/oauth2/applications/@me"): my_application,
    ("GET", "/applications/@me"): my_application,
    ("GET", "/gateway"): gateway,
    ("GET", "/gateway/bot"): gateway,
    ("PUT", "/applications/{application_id}/commands"): put_commands,
    ("GET", "/applications/{application_id}/commands"): get_commands,
    ("PUT", "/applications/{application_id}/guilds/{guild_id}/commands"): put_commands,
    ("GET", "/applications/{application_id}/guilds/{guild_id}/commands"): get_commands,
    ("GET", "/guilds/{guild_id}"): get_guild,
    ("GET", "/channels/{channel_id}"): get_channel,
    ("POST", "/users/@me/channels"): open_direct,
    ("POST", "/channels/{channel_id}/threads"): start_thread,
    ("POST", "/channels/{channel_id}/typing"): nothing,
    ("POST", "/channels/{channel_id}/messages"): create_message,
    ("GET", "/channels/{channel_id}/messages"): get_messages,
    ("GET", "/channels/{channel_id}/messages/{message_id}"): get_message,
    ("PATCH", "/channels/{channel_id}/messages/{message_id}"): edit_message,
    ("DELETE", "/channels/{channel_id}/messages/{message_id}"): delete_message,
    ("POST", "/interactions/{interaction_id}/{interaction_token}/callback"): callback,
    ("POST", _WEBHOOK): follow_up,
    ("GET", _WEBHOOK + "/messages/@original"): get_original,
    ("PATCH", _WEBHOOK + "/messages/@original"): edit_original,
    ("DELETE", _WEBHOOK + "/messages/@original"): delete_original,
    ("GET", _WEBHOOK + "/messages/{message_id}"): get_original,
    ("PATCH", _WEBHOOK + "/messages/{message_id}"): edit_original,
    ("DELETE", _WEBHOOK + "/messages/{message_id}"): delete_original,
}
