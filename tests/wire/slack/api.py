"""The Web API: https://docs.slack.dev/reference/methods. Each method takes a Call and returns the response's fields
beside `ok`."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.wire.slack import payloads, written
from tests.wire.slack.errors import Refused
from tests.wire.slack.model import APP, BOT, Channel, File, Json, Message, Team, User, View

if TYPE_CHECKING:
    from tests.wire.slack.server import SlackServer

ALT_MAX = 1000
VIEWS_MAX = 3
AS_JSON = ("blocks", "view", "files", "attachments")


@dataclass(slots=True)
class Call:
    """A call and its response. `error` is empty if Slack carried it out."""

    method: str
    args: Json
    token: str
    team: Team
    at: float
    """Seconds on the server's clock."""
    status: int = 200
    error: str = ""
    answer: Json = field(default_factory=dict)

    def need(self, *names: str) -> list[str]:
        """Raise Refused for a missing argument."""
        missing = [name for name in names if not str(self.args.get(name) or "")]
        if missing:
            raise Refused("invalid_arguments", messages=[f"missing required field: {name}" for name in missing])
        return [str(self.args[name]) for name in names]

    def get(self, name: str) -> str:
        return str(self.args.get(name) or "")


def arguments(query: Mapping[str, str], body: Mapping[str, Any]) -> Json:
    """Merge query and body. Structured arguments may be JSON text."""
    merged: Json = {**query, **body}
    for name in AS_JSON:
        if isinstance(merged.get(name), str):
            try:
                merged[name] = json.loads(merged[name])
            except ValueError:
                continue
    return merged


def credentials(header: str, args: Json) -> str:
    """Return the token. An app that is being installed sends its id and secret instead, in the form or by Basic
    authentication."""
    kind, _, credential = header.partition(" ")
    if kind == "Basic":
        client, _, secret = b64decode(credential).decode().partition(":")
        args.update(client_id=client, client_secret=secret)
    return credential if kind == "Bearer" else str(args.pop("token", ""))


NEEDS: Mapping[str, str] = {
    "users.info": "users:read",
    "usergroups.list": "usergroups:read",
    "usergroups.users.list": "usergroups:read",
    "chat.postMessage": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.update": "chat:write",
    "chat.delete": "chat:write",
    "conversations.open": "im:write",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
    "files.info": "files:read",
    "files.delete": "files:write",
}
"""The scope that each method takes. A conversation's scope depends on its kind."""


def check_scope(call: Call, scopes: frozenset[str]) -> None:
    """Raise Refused if the app can't see the conversation, or else if the token lacks the scope."""
    scope = NEEDS.get(call.method, "")
    if call.method == "conversations.info":
        scope = _visible(call).scope
    if scope and scope not in scopes:
        raise Refused("missing_scope")


# --- workspaces, people and conversations ---


def _auth_test(_server: SlackServer, call: Call) -> Json:
    team = call.team
    return {
        "url": f"https://{team.name.lower()}.slack.com/",
        "team": team.name,
        "team_id": team.id,
        "user": "parley",
        "user_id": BOT,
        "bot_id": "B1",
        "app_id": APP,
        "is_enterprise_install": False,
    }


def _users_info(_server: SlackServer, call: Call) -> Json:
    return {"user": _user(call).json(call.team.id)}


def _conversations_info(_server: SlackServer, call: Call) -> Json:
    return {"channel": _visible(call).json()}


def _visible(call: Call) -> Channel:
    """Return the conversation if the app can see it. Raises Refused."""
    channel = call.team.channels.get(call.get("channel"))
    if channel is None or (not channel.public and not channel.bot_in):
        raise Refused("channel_not_found")
    return channel


def _conversations_open(_server: SlackServer, call: Call) -> Json:
    (names,) = call.need("users")
    if names.split(",")[0] not in call.team.users:
        raise Refused("user_not_found")
    return {"channel": call.team.direct(names.split(",")[0]).json()}


def _groups(_server: SlackServer, call: Call) -> Json:
    groups = [group.json(call.team.id) for group in call.team.groups.values() if not group.disabled]
    if not payloads.truth(call.args.get("include_users")):
        groups = [{key: value for key, value in group.items() if key != "users"} for group in groups]
    return {"usergroups": groups}


def _group_users(_server: SlackServer, call: Call) -> Json:
    (name,) = call.need("usergroup")
    if name not in call.team.groups:
        raise Refused("no_such_subteam")
    return {"users": call.team.groups[name].users}


# --- messages ---


def _post_message(server: SlackServer, call: Call) -> Json:
    call.need("channel")
    channel = _writable(_channel(call), joined=False)
    if (thread := call.get("thread_ts")) and channel.find(thread) is None:
        raise Refused("thread_not_found")  # Slack's answer isn't documented, so this is the stricter one
    name = call.get("client_msg_id")
    message = next((one for one in channel.messages if name and one.client_msg_id == name), None)  # S-once
    if message is None:
        message = server.keep(channel, call.args, server.blocks(call, call.args, public=True))
        message.client_msg_id = name
        written.echo(server, call.team, message)
    return {"channel": channel.id, "ts": message.ts, "message": message.json()}


def _post_ephemeral(server: SlackServer, call: Call) -> Json:
    call.need("channel", "user")
    channel, user = _writable(_channel(call), joined=not _channel(call).public), _user(call)
    if user.id not in channel.members:
        raise Refused("user_not_in_channel")
    message = server.keep(channel, call.args, server.blocks(call, call.args), only_for=user.id)
    return {"message_ts": message.ts}


def _update(server: SlackServer, call: Call) -> Json:
    _, ts = call.need("channel", "ts")
    message = _message(_writable(_channel(call), joined=False), ts)
    if len(call.get("text")) > payloads.TEXT_ADVISED:
        raise Refused("msg_too_long")  # S-update-max
    server.change(message, call.args, server.blocks(call, call.args, public=True))
    return {"channel": message.channel.id, "ts": ts, "text": message.text, "message": message.json()}


def _delete(server: SlackServer, call: Call) -> Json:
    _, ts = call.need("channel", "ts")
    message = _message(_channel(call), ts)
    message.deleted = True  # S-delete
    server.happened(f"message {ts} is deleted")
    return {"channel": message.channel.id, "ts": ts}


def _channel(call: Call) -> Channel:
    name = call.get("channel")
    if name.startswith("U") and name in call.team.users:
        return call.team.direct(name)
    if name not in call.team.channels:
        raise Refused("channel_not_found")
    return call.team.channels[name]


def _writable(channel: Channel, *, joined: bool) -> Channel:
    if channel.archived:
        raise Refused("is_archived")
    if not channel.bot_in and not channel.public:
        raise Refused("channel_not_found")
    if not channel.bot_in and joined:
        raise Refused("not_in_channel")
    return channel


def _message(channel: Channel, ts: str) -> Message:
    message = channel.find(ts)
    if message is None:
        raise Refused("message_not_found")  # S-gone
    if message.author != BOT:
        raise Refused("cant_update_message")
    return message


def _user(call: Call) -> User:
    (name,) = call.need("user")
    if name not in call.team.users:
        raise Refused("user_not_found")
    return call.team.users[name]


# --- views ---


def _views_open(server: SlackServer, call: Call) -> Json:
    (trigger,) = call.need("trigger_id")
    source = server.triggers.get(trigger)
    if source is None or source.team is not call.team:
        raise Refused("invalid_trigger_id")
    content = _modal(server, call)
    source.exchange(server.now())
    source.view = server.open_view(call.team, source.user.id, content)
    source.happened.set()
    return {"view": source.view.json(call.team.id)}


def _views_push(server: SlackServer, call: Call) -> Json:
    (trigger,) = call.need("trigger_id")
    source = server.triggers.get(trigger)
    if source is None or source.root is None:
        raise Refused("invalid_trigger_id")
    content = _modal(server, call)
    source.exchange(server.now())
    if len(server.stack(call.team, source.user.id)) >= VIEWS_MAX:
        raise Refused("push_limit_reached")
    source.view = server.open_view(call.team, source.user.id, content, below=source.root)
    source.happened.set()
    return {"view": source.view.json(call.team.id)}


def _views_update(server: SlackServer, call: Call) -> Json:
    view = _known_view(call)
    if call.get("hash") and call.get("hash") != view.hash:
        raise Refused("hash_conflict")
    server.change_view(view, _modal(server, call, view))
    return {"view": view.json(call.team.id)}


def _views_publish(server: SlackServer, call: Call) -> Json:
    (user,) = call.need("user_id")
    if user not in call.team.users:
        raise Refused("invalid_arguments", messages=["user not found [json-pointer:/user_id]"])
    content = server.view(call, call.args.get("view"))
    if content["type"] != "home":
        raise Refused("invalid_arguments", messages=["must be a Home tab [json-pointer:/view/type]"])
    old = call.team.homes.get(user)
    if call.get("hash") and old and call.get("hash") != old.hash:
        raise Refused("hash_conflict")
    return {"view": server.publish(call.team, user, content).json(call.team.id)}


def _modal(server: SlackServer, call: Call, old: View | None = None) -> Json:
    content = server.view(call, call.args.get("view"))
    if content["type"] != "modal":
        raise Refused("invalid_arguments", messages=["must be a modal [json-pointer:/view/type]"])
    name = content.get("external_id")
    if name and any(one.content.get("external_id") == name for one in call.team.views.values() if one is not old):
        raise Refused("duplicate_external_id")
    return content


def _known_view(call: Call) -> View:
    view = call.team.views.get(call.get("view_id"))
    name = call.get("external_id")
    view = view or next((v for v in call.team.views.values() if name and v.content.get("external_id") == name), None)
    if view is None:
        raise Refused("not_found")
    return view


# --- files ---


def _upload_url(server: SlackServer, call: Call) -> Json:
    name, length = call.need("filename", "length")
    if not length.isdecimal():
        raise Refused("invalid_arguments", messages=["length must be a number"])
    if len(call.get("alt_txt")) > ALT_MAX:
        raise Refused("alt_txt_too_large")
    file = File(server.new_id("F"), name, int(length), call.get("alt_txt"))
    call.team.files[file.id] = file
    return {"upload_url": f"{server.url}/upload/{call.team.id}/{file.id}", "file_id": file.id}


def _complete_upload(server: SlackServer, call: Call) -> Json:
    files = [_file(call, str(one.get("id"))) for one in call.args.get("files") or ()]
    if not files:
        raise Refused("invalid_arguments", messages=["missing required field: files"])
    if any(file.content is None for file in files):
        raise Refused("file_not_found")
    place = call.get("channel_id") or call.get("channels").split(",")[0]
    channel = call.team.channels.get(place)
    if place and channel is None:
        raise Refused("channel_not_found")
    if channel is not None and not channel.bot_in:
        raise Refused("not_in_channel")
    for file, entry in zip(files, call.args["files"], strict=True):
        file.title, file.completed = str(entry.get("title") or file.name), True
    server.uploads.process(files, channel, call.args)
    return {"files": [file.json(call.team.id) for file in files]}


def _files_info(_server: SlackServer, call: Call) -> Json:
    (name,) = call.need("file")
    return {"file": _file(call, name).json(call.team.id)}


def _files_delete(_server: SlackServer, call: Call) -> Json:
    (name,) = call.need("file")
    _file(call, name)
    del call.team.files[name]
    return {}


def _file(call: Call, name: str) -> File:
    if name not in call.team.files:
        raise Refused("file_not_found")
    return call.team.files[name]


# --- the app itself ---


def _revoke(server: SlackServer, call: Call) -> Json:
    server.revoked.add(call.token)
    return {"revoked": True}


Method = Callable[["SlackServer", Call], Json]

METHODS: Mapping[str, Method] = {
    "auth.test": _auth_test,
    "auth.revoke": _revoke,
    "users.info": _users_info,
    "conversations.info": _conversations_info,
    "conversations.open": _conversations_open,
    "usergroups.list": _groups,
    "usergroups.users.list": _group_users,
    "chat.postMessage": _post_message,
    "chat.postEphemeral": _post_ephemeral,
    "chat.update": _update,
    "chat.delete": _delete,
    "views.open": _views_open,
    "views.push": _views_push,
    "views.update": _views_update,
    "views.publish": _views_publish,
    "files.getUploadURLExternal": _upload_url,
    "files.completeUploadExternal": _complete_upload,
    "files.info": _files_info,
    "files.delete": _files_delete,
}
