"""The REST side: https://discord.com/developers/docs/reference, version 10."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

from aiohttp import web

from tests.wire.discord import answers, errors, limits, messages
from tests.wire.discord.calls import PREFIX, Call, Called, Handler, find_channel, validate
from tests.wire.discord.errors import ApiError
from tests.wire.discord.model import (
    FORUM,
    MANAGE_THREADS,
    SEND_IN_THREADS,
    SEND_MESSAGES,
    Json,
    User,
)

if TYPE_CHECKING:
    from tests.wire.discord.server import DiscordServer

VIA = {"Via": "1.1 local"}
"""discord.py takes a 429 without this header for a ban by the network."""


def application(server: DiscordServer) -> web.Application:
    app = web.Application(client_max_size=64 * 1024 * 1024)
    for (method, template), handler in ROUTES.items():
        app.router.add_route(method, PREFIX + template, _served(server, method, template, handler))
    app.router.add_get("/uploads/{name}", _upload(server))
    app.router.add_route("*", PREFIX + "/{path:.*}", _unknown(server))
    return app


def _unknown(server: DiscordServer) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def refuse(request: web.Request) -> web.Response:
        server.violations.append(f"{request.method} {request.path.removeprefix(PREFIX)}: no such route is known here")
        return web.json_response({"code": 0, "message": "404: Not Found"}, status=404)

    return refuse


def _upload(server: DiscordServer) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def give(request: web.Request) -> web.Response:
        return web.Response(body=server.uploads[request.match_info["name"]])

    return give


def _served(
    server: DiscordServer, method: str, template: str, handler: Handler
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def serve(request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix(PREFIX)
        call = await _read(server, method, template, request)
        headers: dict[str, str] = {}
        try:
            status, body = await _answer(call, path, request, handler, headers)
        except ApiError as error:
            status, body = error.status, error.body
            if "retry_after" in body:  # D-429
                headers |= {**VIA, "Retry-After": str(error.body["retry_after"])}
        server.calls.append(Called(method, template, path, status, call.body))
        server.log(f"{method} {_readable(call, template)} → {status}")
        if body is None:
            return web.Response(status=204 if status == 200 else status, headers=headers)
        return web.Response(
            status=status, body=server.dump(body), headers={**headers, "Content-Type": "application/json"}
        )

    return serve


def _readable(call: Call, template: str) -> str:
    """Return the path with the ids of channels, messages and servers, and without tokens."""
    for name in ("channel_id", "message_id", "guild_id"):
        template = template.replace(f"{{{name}}}", call.ids.get(name, ""))
    return template.replace("{interaction_id}/{interaction_token}", "…").replace("{webhook_id}/{webhook_token}", "…")


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
            passed, rate_headers = server.rate_limits.take(f"{call.method} {call.template}", _major(call))
            headers |= rate_headers
            if not passed:
                raise errors.too_fast(float(rate_headers["X-RateLimit-Reset-After"]))
        if any(len(content) > server.upload_max for content in call.files.values()):
            raise errors.too_large()
        body = await handler(call)
    if fault is not None and fault.hang_up and request.transport is not None:
        request.transport.abort()
    if fault is not None:
        raise fault.error
    return 200, body


def _token(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bot ")


def _major(call: Call) -> str:
    """Return the id that a bucket counts by. https://discord.com/developers/docs/topics/rate-limits: channels, servers
    and webhooks."""
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
    return {"url": call.server.gateway_url, "shards": call.server.proposed_shards, "session_start_limit": limit}


async def user(call: Call) -> Json:
    person = call.server.people.get(call.ids["user_id"])
    if person is None:
        raise ApiError(404, 10013, "Unknown User")
    return person.json()


async def guild_member(call: Call) -> Json:
    """Return one member. Unlike the list of all members, this needs no privileged intent.

    https://discord.com/developers/docs/resources/guild#get-guild-member
    """
    ids, bot = call.ids, call.server.bot
    guild = call.server.guilds.get(ids["guild_id"])
    if guild is not None and guild.has_bot and ids["user_id"] == bot.id:
        (itself,) = guild.json(bot, call.server.now())["members"]
        return cast("Json", itself)
    for member in call.server.members:
        if member.user.id == ids["user_id"] and member.guild.id == ids["guild_id"]:
            return {**call.server._partial_member(member.user, member.guild), "user": member.user.json()}
    raise ApiError(404, 10007, "Unknown Member")


# --- commands ---


async def put_commands(call: Call) -> list[Json]:
    server, guild = call.server, call.ids.get("guild_id", "")
    validate(call)
    declarations: list[Json] = call.body
    call.check(limits.command_problems(declarations))
    before = {(command["type"], command["name"]): command for command in server.commands.get(guild, ())}
    commands = []
    for command in declarations:
        previous = before.get((command.get("type") or 1, command["name"]), {})
        commands.append(_command(call, command, previous.get("id") or server.new_id()))
    server.commands[guild] = commands
    return commands  # D-register


async def get_commands(call: Call) -> list[Json]:
    return call.server.commands.get(call.ids.get("guild_id", ""), [])


def _command(call: Call, command: Json, id_: str) -> Json:
    guild = {"guild_id": call.ids["guild_id"]} if "guild_id" in call.ids else {}
    usual: Json = {"type": 1, "description": "", "options": [], "default_member_permissions": None, "nsfw": False}
    fields = {key: value for key, value in command.items() if value is not None}
    return {
        **usual,
        "contexts": None,
        "integration_types": [0],
        **fields,
        "id": id_,
        "application_id": call.server.application,
        "version": id_,
        **guild,
    }


# --- the application's emoji: https://docs.discord.com/developers/resources/emoji ---


async def get_emojis(call: Call) -> Json:
    return {"items": call.server.emojis}


async def create_emoji(call: Call) -> Json:
    server = call.server
    validate(call)
    call.check(limits.emoji_problems(call.data, server.emojis))
    emoji = {"id": server.new_id(), "name": call.data["name"], "user": server.bot.json(), "roles": []}
    emoji |= {"require_colons": True, "managed": False, "animated": False, "available": True}
    server.emojis.append(emoji)
    return emoji


# --- channels ---


async def get_channel(call: Call) -> Json:
    return find_channel(call).json()


async def edit_channel(call: Call) -> Json:
    """Open or archive a thread. Writers may open one that isn't locked; all other changes take MANAGE_THREADS."""
    validate(call)
    thread = find_channel(call)
    if not thread.is_thread or set(call.data) - {"archived", "locked"}:
        raise errors.missing_permissions()
    permission = SEND_IN_THREADS if call.data == {"archived": False} and not thread.locked else MANAGE_THREADS
    if not thread.bot_permissions & permission:
        raise errors.missing_permissions()
    archived, locked = (bool(call.data.get(name, getattr(thread, name))) for name in ("archived", "locked"))
    call.server.archive(thread, archived=archived, locked=locked)
    return thread.json()


async def get_guild(call: Call) -> Json:
    guild = call.server.guilds.get(call.ids["guild_id"])
    if guild is None:
        raise ApiError(404, 10004, "Unknown Guild")
    whole = guild.json(call.server.bot, call.server.now())
    return {key: value for key, value in whole.items() if key not in {"channels", "threads", "members"}}


async def open_direct(call: Call) -> Json:
    validate(call)
    server = call.server
    person = server.people.get(str(call.data["recipient_id"]))
    if person is None:
        raise ApiError(400, 50033, "Invalid Recipient(s)")
    return server.direct(person).json()


async def start_thread(call: Call) -> Json:
    """Start a thread. A forum's post must have a first message."""
    parent = find_channel(call)
    if parent.kind == FORUM:
        call.data.pop(
            "type", None
        )  # discord.py sends it and Discord accepts it, though only other threads have it in the specification
    validate(call)
    if not parent.bot_permissions & SEND_MESSAGES:
        raise errors.missing_permissions()
    if parent.kind == FORUM and "message" not in call.data:
        raise errors.invalid_form(["message: a post of a forum begins with one"])
    messages.may_attach(call, parent)
    thread = call.server.add_thread(call.data["name"], parent, owner=call.server.bot)
    if "message" not in call.data:
        return thread.json()
    _, message = messages.compose(call, thread, call.data["message"])
    thread.messages[thread.id] = thread.messages.pop(message.id)
    message.id = thread.id
    return {**thread.json(), "message": message.json()}


async def active_threads(call: Call) -> Json:
    """Return the server's active threads that the bot may see, newest first."""
    guild = call.server.guilds[call.ids["guild_id"]]
    threads = [
        channel for channel in guild.channels.values() if channel.is_thread and not (channel.gone or channel.archived)
    ]
    return {"threads": [thread.json() for thread in reversed(threads) if thread.visible_to_bot], "members": []}


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
    ("GET", "/applications/{application_id}/emojis"): get_emojis,
    ("POST", "/applications/{application_id}/emojis"): create_emoji,
    ("GET", "/guilds/{guild_id}"): get_guild,
    ("GET", "/guilds/{guild_id}/threads/active"): active_threads,
    ("GET", "/guilds/{guild_id}/members/{user_id}"): guild_member,
    ("GET", "/channels/{channel_id}"): get_channel,
    ("PATCH", "/channels/{channel_id}"): edit_channel,
    ("POST", "/users/@me/channels"): open_direct,
    ("POST", "/channels/{channel_id}/threads"): start_thread,
    ("POST", "/channels/{channel_id}/typing"): messages.nothing,
    ("POST", "/channels/{channel_id}/messages"): messages.create_message,
    ("GET", "/channels/{channel_id}/messages"): messages.get_messages,
    ("GET", "/channels/{channel_id}/messages/{message_id}"): messages.get_message,
    ("PATCH", "/channels/{channel_id}/messages/{message_id}"): messages.edit_message,
    ("DELETE", "/channels/{channel_id}/messages/{message_id}"): messages.delete_message,
    ("POST", "/interactions/{interaction_id}/{interaction_token}/callback"): answers.callback,
    ("POST", _WEBHOOK): answers.follow_up,
    ("GET", _WEBHOOK + "/messages/@original"): answers.get_original,
    ("PATCH", _WEBHOOK + "/messages/@original"): answers.edit_original,
    ("DELETE", _WEBHOOK + "/messages/@original"): answers.delete_original,
    ("GET", _WEBHOOK + "/messages/{message_id}"): answers.get_original,
    ("PATCH", _WEBHOOK + "/messages/{message_id}"): answers.edit_original,
    ("DELETE", _WEBHOOK + "/messages/{message_id}"): answers.delete_original,
}
