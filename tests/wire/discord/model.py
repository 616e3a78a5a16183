"""What the local Discord knows: people, servers, channels, messages, and how each is written on the wire.

https://discord.com/developers/docs/resources/message, /channel, /guild and /user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

Json = dict[str, Any]
Now = Callable[[], datetime]

EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
TEXT, DIRECT, PUBLIC_THREAD, FORUM = 0, 1, 11, 15
EPHEMERAL, LOADING, COMPONENTS_V2 = 1 << 6, 1 << 7, 1 << 15

MANAGE_GUILD = 1 << 5
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_HISTORY = 1 << 16
USE_COMMANDS = 1 << 31
MANAGE_THREADS = 1 << 34
SEND_IN_THREADS = 1 << 38
BOT_PERMISSIONS = VIEW_CHANNEL | SEND_MESSAGES | EMBED_LINKS | ATTACH_FILES | READ_HISTORY | SEND_IN_THREADS
MEMBER_PERMISSIONS = BOT_PERMISSIONS | USE_COMMANDS
"""https://discord.com/developers/docs/topics/permissions"""

ACTION_ROW, BUTTON, SELECT, TEXT_INPUT, TEXT_DISPLAY, LABEL = 1, 2, 3, 4, 10, 18
"""https://discord.com/developers/docs/components/reference#component-object-component-types"""


class Ids:
    """Snowflakes that grow, and tell the time they were made."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._numbers = count(1)

    def __call__(self) -> str:
        milliseconds = int((self._now() - EPOCH).total_seconds() * 1000)
        return str((milliseconds << 22) + next(self._numbers))


@dataclass(slots=True, eq=False)
class User:
    id: str
    name: str
    bot: bool = False
    takes_direct_messages: bool = True

    def json(self) -> Json:
        return {
            "id": self.id,
            "username": self.name.lower(),
            "global_name": self.name,
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
        }


@dataclass(slots=True, eq=False)
class Guild:
    """A server in Discord's sense: a community."""

    id: str
    name: str
    owner: str
    locale: str = "en-US"
    roles: dict[str, str] = field(default_factory=dict)
    """Id → name. The role of everybody has the guild's id."""
    channels: dict[str, Channel] = field(default_factory=dict)
    members: int = 1

    def json(self, bot: User, joined: datetime) -> Json:
        channels = [channel for channel in self.channels.values() if not channel.gone]
        return {
            "id": self.id,
            "name": self.name,
            "owner_id": self.owner,
            "unavailable": False,
            "large": False,
            "joined_at": joined.isoformat(),
            "member_count": self.members,
            "verification_level": 0,
            "default_message_notifications": 1,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "premium_tier": 0,
            "preferred_locale": self.locale,
            "system_channel_flags": 0,
            "features": [],
            "emojis": [],
            "stickers": [],
            "roles": [role_json(id_, name) for id_, name in {self.id: "@everyone", **self.roles}.items()],
            "channels": [channel.json() for channel in channels if channel.kind != PUBLIC_THREAD],
            "threads": [
                channel.json() for channel in channels if channel.kind == PUBLIC_THREAD and not channel.archived
            ],
            "members": [
                {
                    "user": bot.json(),
                    "roles": [],
                    "joined_at": joined.isoformat(),
                    "deaf": False,
                    "mute": False,
                    "flags": 0,
                }
            ],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }


def role_json(id_: str, name: str) -> Json:
    return {
        "id": id_,
        "name": name,
        "permissions": str(MEMBER_PERMISSIONS),
        "position": 0,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


@dataclass(slots=True, eq=False)
class Channel:
    """A channel, a thread (which has a parent) or a conversation with one person (which has a recipient)."""

    id: str
    name: str
    guild: Guild | None = None
    kind: int = TEXT
    parent: Channel | None = None
    recipient: User | None = None
    owner: User | None = None
    newest: str | None = None
    """The id of a forum's newest post."""
    permissions: int = BOT_PERMISSIONS
    """What the bot may do here."""
    gone: bool = False
    archived: bool = False
    locked: bool = False
    """For threads. What is locked is for those alone who may manage threads."""
    messages: dict[str, Message] = field(default_factory=dict)

    def posted(self, viewer: User | None = None) -> list[Message]:
        """The messages that everybody sees, oldest first; with a viewer, also those that only they see."""
        return [
            message
            for message in self.messages.values()
            if not message.deleted and (message.only_for is None or message.only_for is viewer)
        ]

    def json(self) -> Json:
        shared: Json = {"id": self.id, "type": self.kind, "name": self.name, "flags": 0, "last_message_id": self.newest}
        if self.kind == DIRECT:
            recipients = [self.recipient.json()] if self.recipient else []
            return {"id": self.id, "type": DIRECT, "last_message_id": None, "flags": 0, "recipients": recipients}
        shared["guild_id"] = self.guild.id if self.guild else None
        if self.kind == PUBLIC_THREAD:
            return {**shared, **self._thread_json()}
        return {**shared, "position": 0, "permission_overwrites": [], "nsfw": False, "topic": None, "parent_id": None}

    def _thread_json(self) -> Json:
        return {
            "parent_id": self.parent.id if self.parent else None,
            "owner_id": self.owner.id if self.owner else "1",
            "message_count": len(self.messages),
            "total_message_sent": len(self.messages),
            "member_count": 1,
            "rate_limit_per_user": 0,
            "thread_metadata": {
                "archived": self.archived,
                "auto_archive_duration": 1440,
                "archive_timestamp": EPOCH.isoformat(),
                "locked": self.locked,
                "create_timestamp": EPOCH.isoformat(),
            },
        }


@dataclass(slots=True, eq=False)
class Message:
    """A message. `only_for` makes it one that a single person sees."""

    id: str
    channel: Channel
    author: User
    created: datetime
    content: str = ""
    components: list[Json] = field(default_factory=list)
    embeds: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    flags: int = 0
    only_for: User | None = None
    deleted: bool = False
    edited: datetime | None = None
    forwarded: Message | None = None
    versions: list[str] = field(default_factory=list)
    """The text as it was after each edit, the first included."""

    @property
    def text(self) -> str:
        """All that can be read: the content, text displays, embeds."""
        shown = [found["content"] for found in walk(self.components) if found["type"] == TEXT_DISPLAY]
        described = [embed.get(key, "") for embed in self.embeds for key in ("title", "description")]
        return "\n".join(part for part in (self.content, *shown, *described) if part)

    @property
    def controls(self) -> list[Json]:
        """Buttons and selects, in order."""
        return [found for found in walk(self.components) if found["type"] in {BUTTON, *range(SELECT, 9)} - {TEXT_INPUT}]

    @property
    def labels(self) -> list[str]:
        """What is written on the controls."""
        return [str(control.get("label") or control.get("placeholder") or "") for control in self.controls]

    def json(self) -> Json:
        forwarded = [{"message": self.forwarded.json()}] if self.forwarded else []
        return {
            **({"message_snapshots": forwarded} if forwarded else {}),
            "id": self.id,
            "channel_id": self.channel.id,
            "type": 0,
            "author": self.author.json(),
            "content": self.content,
            "components": self.components,
            "embeds": self.embeds,
            "attachments": self.attachments,
            "flags": self.flags,
            "timestamp": self.created.isoformat(),
            "edited_timestamp": self.edited.isoformat() if self.edited else None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "pinned": False,
            "webhook_id": None,
        }


def walk(components: list[Json]) -> Iterator[Json]:
    """Every component, nested ones and accessories too."""
    for component in components:
        yield component
        nested = [*component.get("components", ()), *_one(component, "accessory"), *_one(component, "component")]
        yield from walk(nested)


def _one(component: Mapping[str, Any], key: str) -> list[Json]:
    return [component[key]] if component.get(key) else []
