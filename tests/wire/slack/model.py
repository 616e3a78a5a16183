"""A workspace's people, channels, messages, views and files, with Slack's JSON of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

Json = dict[str, Any]
Now = Callable[[], datetime]


class Ids:
    """Makes ids of each kind in order: C1, C2, …"""

    def __init__(self) -> None:
        self._next: dict[str, count[int]] = defaultdict(lambda: count(1))

    def __call__(self, kind: str) -> str:
        return f"{kind}{next(self._next[kind])}"


@dataclass(slots=True, eq=False)
class User:
    id: str
    name: str
    admin: bool = False
    owner: bool = False
    locale: str = "en-US"
    zone: str = "Etc/UTC"
    guest: bool = False
    home: str = ""
    """The workspace of a person who joins through a shared channel."""

    def json(self, team: str) -> Json:
        return {
            "id": self.id,
            "team_id": self.home or team,
            "name": self.name.lower(),
            "real_name": self.name,
            "deleted": False,
            "is_bot": False,
            "is_admin": self.admin or self.owner,
            "is_owner": self.owner,
            "is_primary_owner": False,
            "is_restricted": self.guest,
            "locale": self.locale,
            "tz": self.zone,
            "profile": {"display_name": self.name, "real_name": self.name},
        }


@dataclass(slots=True, eq=False)
class Message:
    """A message. `only_for` is the person who sees an ephemeral one; `client_msg_id` is the app's own name for a
    post."""

    ts: str
    channel: Channel
    text: str
    blocks: list[Json]
    author: str
    thread_ts: str = ""
    broadcast: bool = False
    """Whether a message of a thread is also in the channel."""
    only_for: str = ""
    files: tuple[str, ...] = ()
    edits: int = 0
    deleted: bool = False
    client_msg_id: str = ""
    attachments: list[Json] = field(default_factory=list)
    """Shared messages, or link previews."""

    def json(self) -> Json:
        content: Json = {
            "type": "message",
            "ts": self.ts,
            "user": self.author,
            "bot_id": "B1",
            "text": self.text,
            "blocks": self.blocks,
        }
        if self.thread_ts:
            content["thread_ts"] = self.thread_ts
        if self.attachments:
            content["attachments"] = self.attachments
        return content


@dataclass(slots=True, eq=False)
class Channel:
    """A channel. An app with chat:write.public can write to a `public` one without being in it.

    `direct_with` is the person in a conversation with the bot; a `group` conversation has several people.
    """

    id: str
    name: str
    public: bool = True
    archived: bool = False
    direct_with: str = ""
    group: bool = False
    shared: bool = False
    """Whether other organisations are in the channel, through Slack Connect."""
    members: set[str] = field(default_factory=set)
    bot_in: bool = True
    messages: list[Message] = field(default_factory=list)

    @property
    def payload_name(self) -> str:
        """The channel's name in payloads: Slack withholds those of private conversations."""
        if self.group:
            return f"mpdm-{'--'.join(sorted(self.members)).lower()}-1"
        if self.id.startswith("D"):
            return "directmessage"
        return self.name if self.public else "privategroup"

    @property
    def kind(self) -> str:
        """The channel's kind in the `filter` of a conversation menu."""
        if self.group:
            return "mpim"
        return "im" if self.id.startswith("D") else "public" if self.public else "private"

    @property
    def scope(self) -> str:
        """The scope that a token needs to see the channel."""
        if self.group:
            return "mpim:read"
        if self.id.startswith("D"):
            return "im:read"
        return "channels:read" if self.public else "groups:read"

    def json(self) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "is_channel": self.id.startswith("C") and not self.group,
            "is_group": not self.public and not self.direct_with and not self.group,
            "is_im": self.id.startswith("D"),
            "is_mpim": self.group,
            "is_private": not self.public,
            "is_ext_shared": self.shared,
            "is_archived": self.archived,
            "is_member": self.bot_in,
            "num_members": len(self.members),
        }

    def find(self, ts: str) -> Message | None:
        """Return a public message: S-private."""
        return next((one for one in self.messages if one.ts == ts and not (one.only_for or one.deleted)), None)


@dataclass(slots=True, eq=False)
class Group:
    """A user group, such as @moderators."""

    id: str
    handle: str
    users: list[str]
    disabled: bool = False

    def json(self, team: str) -> Json:
        return {"id": self.id, "team_id": team, "handle": self.handle, "name": self.handle, "users": self.users}


@dataclass(slots=True, eq=False)
class View:
    """A modal or a Home tab, and the place where it was opened."""

    id: str
    user: str
    content: Json
    hash: str
    root: str
    previous: str = ""

    def json(self, team: str) -> Json:
        shared = {"id": self.id, "team_id": team, "hash": self.hash, "root_view_id": self.root, "app_id": APP}
        return {**self.content, **shared, "previous_view_id": self.previous or None, "bot_id": "B1"}


@dataclass(slots=True, eq=False)
class File:
    """A file. `content` is None until it's uploaded; `ready` is set once Slack has processed it."""

    id: str
    name: str
    length: int
    alt: str = ""
    title: str = ""
    content: bytes | None = None
    completed: bool = False
    ready: bool = False

    def json(self, team: str) -> Json:
        picture = {"mimetype": "image/png", "filetype": "png", "original_w": 1, "original_h": 1} if self.ready else {}
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title or self.name,
            "size": self.length,
            "user_team": team,
            "alt_txt": self.alt,
            "permalink": f"https://example.slack.com/files/{self.id}",
            "mimetype": "",
            "filetype": "",
            **picture,
        }


APP = "A1"
BOT = "U0BOT"


@dataclass(slots=True, eq=False)
class Team:
    """A workspace. `token` is the bot's; empty if the app isn't installed."""

    id: str
    name: str
    token: str
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)
    """Home tabs by their members' ids."""
    files: dict[str, File] = field(default_factory=dict)

    def direct(self, user: str) -> Channel:
        """Return the conversation of the bot and this person."""
        name = f"D{user[1:]}"
        return self.channels.setdefault(
            name, Channel(name, "", public=False, direct_with=user, members={user}, bot_in=True)
        )
