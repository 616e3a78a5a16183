"""The local Discord's people, servers, channels and messages, with their JSON.

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
TEXT, DIRECT, VOICE, NEWS, NEWS_THREAD, PUBLIC_THREAD, PRIVATE_THREAD, FORUM = 0, 1, 2, 5, 10, 11, 12, 15
THREADS = frozenset({NEWS_THREAD, PUBLIC_THREAD, PRIVATE_THREAD})
"""https://discord.com/developers/docs/resources/channel#channel-object-channel-types"""
OBFUSCATED_NAME, OBFUSCATED = "___hidden___", 1 << 17
"""The gateway's stand-in for a channel that the bot may not view:
https://github.com/discord/discord-api-docs/pull/8454"""
EPHEMERAL, LOADING, COMPONENTS_V2 = 1 << 6, 1 << 7, 1 << 15

ADMINISTRATOR = 1 << 3
MANAGE_GUILD = 1 << 5
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_HISTORY = 1 << 16
MENTION_EVERYONE = 1 << 17
CONNECT = 1 << 20
USE_COMMANDS = 1 << 31
MANAGE_THREADS = 1 << 34
SEND_IN_THREADS = 1 << 38
BOT_PERMISSIONS = VIEW_CHANNEL | SEND_MESSAGES | EMBED_LINKS | ATTACH_FILES | READ_HISTORY | SEND_IN_THREADS
MEMBER_PERMISSIONS = BOT_PERMISSIONS | USE_COMMANDS | CONNECT
"""https://discord.com/developers/docs/topics/permissions"""

ACTION_ROW, BUTTON, SELECT, TEXT_INPUT, CHANNEL_SELECT, TEXT_DISPLAY, LABEL = 1, 2, 3, 4, 8, 10, 18
RADIO_BUTTONS, CHECK_BOXES = 21, 22
"""https://discord.com/developers/docs/components/reference#component-object-component-types"""


WITHOUT_CONTENT: Json = {"content": "", "embeds": [], "attachments": [], "components": []}
"""The fields that need the privileged intent:
https://discord.com/developers/docs/events/gateway#message-content-intent"""

BOT = "bot"
"""The bot, among the members of a private thread."""


class Ids:
    """Makes growing snowflakes that hold their time."""

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
    """A server, in Discord's API a guild."""

    id: str
    name: str
    owner: str
    locale: str = "en-US"
    roles: dict[str, str] = field(default_factory=dict)
    """Role names by id. The role of @everyone has the guild's id."""
    bot_role: str = ""
    """Id of the role that Discord made for the bot."""
    channels: dict[str, Channel] = field(default_factory=dict)
    members: int = 1
    has_bot: bool = True
    """Whether the bot is a member. Discord tells it nothing about other servers."""

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
            "roles": [
                {
                    **role_json(id_, name),
                    **({"managed": True, "tags": {"bot_id": bot.id}} if id_ == self.bot_role else {}),
                }
                for id_, name in {self.id: "@everyone", **self.roles}.items()
            ],
            "channels": [channel.gateway_json() for channel in channels if not channel.is_thread],
            "threads": [
                channel.json()
                for channel in channels
                if channel.is_thread and channel.visible_to_bot and not channel.archived
            ],
            "members": [
                {
                    "user": bot.json(),
                    "roles": [self.bot_role] if self.bot_role else [],
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


@dataclass(frozen=True, slots=True)
class Overwrite:
    """A channel's permissions for one role or member: allowed and denied."""

    allow: int = 0
    deny: int = 0


@dataclass(slots=True, eq=False)
class Channel:
    """A channel, a thread (with a parent) or a conversation with one person (with a recipient)."""

    id: str
    name: str
    guild: Guild | None = None
    kind: int = TEXT
    parent: Channel | None = None
    recipient: User | None = None
    between: tuple[str, ...] = ()
    """The ids of the people in a conversation without the bot."""
    owner: User | None = None
    newest: str | None = None
    """Id of a forum's newest post."""
    permissions: int = BOT_PERMISSIONS
    """The bot's permissions here. In a thread, it has only those that it also has in the channel."""
    overwrites: dict[str, Overwrite] = field(default_factory=dict)
    """Overwrites by the id of a role or a member. The role of @everyone has the guild's id."""
    people: set[str] = field(default_factory=set)
    """The ids of a private thread's members."""
    gone: bool = False
    archived: bool = False
    locked: bool = False
    """For threads. A locked one is only for members who may manage threads."""
    messages: dict[str, Message] = field(default_factory=dict)

    @property
    def is_thread(self) -> bool:
        return self.kind in THREADS

    @property
    def bot_permissions(self) -> int:
        return self.permissions & (self.parent.permissions if self.parent else ~0)

    @property
    def visible_to_bot(self) -> bool:
        """Tell whether the bot can see the channel. A private thread is only for its members and thread managers."""
        if not self.bot_permissions & VIEW_CHANNEL:
            return False
        return self.kind != PRIVATE_THREAD or BOT in self.people or bool(self.bot_permissions & MANAGE_THREADS)

    def posted(self, viewer: User | None = None) -> list[Message]:
        """Return the public messages, oldest first; with a viewer, also those that only they see."""
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
        if self.is_thread:
            return {**shared, **self._thread_json()}
        voice = {"bitrate": 64_000, "user_limit": 0} if self.kind == VOICE else {"topic": None}
        return {**shared, **self._overwrites_json(), **voice, "position": 0, "nsfw": False, "parent_id": None}

    def partial_json(self) -> Json:
        """Return the channel as in an interaction: correct, but without the overwrites that say who sees it."""
        return {key: value for key, value in self.json().items() if key != "permission_overwrites"}

    def gateway_json(self) -> Json:
        """Return the channel as in an event. One that the bot may not view has a false name and a single overwrite."""
        if self.guild is None or self.bot_permissions & VIEW_CHANNEL:
            return self.json()
        overwrite = {"id": self.guild.id, "type": 0, "allow": "0", "deny": str(VIEW_CHANNEL)}
        false: Json = {"name": OBFUSCATED_NAME, "flags": OBFUSCATED, "last_message_id": None}
        return {**self.json(), **false, "permission_overwrites": [overwrite]}

    def _overwrites_json(self) -> Json:
        roles = {self.guild.id, *self.guild.roles} if self.guild else set()
        return {
            "permission_overwrites": [
                {"id": id_, "type": int(id_ not in roles), "allow": str(one.allow), "deny": str(one.deny)}
                for id_, one in self.overwrites.items()
            ]
        }

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
    """A message. With `only_for`, only that person sees it."""

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
    replied_to: Message | None = None
    mentions: tuple[User, ...] = ()
    """The members whose mention Discord recognised."""
    roles: tuple[str, ...] = ()
    """The ids of mentioned roles."""
    webhook: str = ""
    """Id of the webhook that wrote the message."""
    kind: int = 0
    """https://discord.com/developers/docs/resources/message#message-object-message-types"""
    versions: list[str] = field(default_factory=list)
    """The original text, and the text after each edit."""

    @property
    def text(self) -> str:
        """Return all readable text: the content, text displays, embeds."""
        texts = [component["content"] for component in walk(self.components) if component["type"] == TEXT_DISPLAY]
        described = [embed.get(key, "") for embed in self.embeds for key in ("title", "description")]
        return "\n".join(part for part in (self.content, *texts, *described) if part)

    @property
    def controls(self) -> list[Json]:
        """Return the buttons and selects, in order."""
        return [
            component
            for component in walk(self.components)
            if component["type"] in {BUTTON, *range(SELECT, 9)} - {TEXT_INPUT}
        ]

    @property
    def labels(self) -> list[str]:
        """Return the controls' labels."""
        return [str(control.get("label") or control.get("placeholder") or "") for control in self.controls]

    def json(self) -> Json:
        forwarded = [{"message": self.forwarded.json()}] if self.forwarded else []
        return {
            **({"message_snapshots": forwarded} if forwarded else {}),
            **(self._reply_json(self.replied_to) if self.replied_to else {}),
            "id": self.id,
            "channel_id": self.channel.id,
            "type": self.kind,
            "author": self.author.json(),
            "content": self.content,
            "components": self.components,
            "embeds": self.embeds,
            "attachments": self.attachments,
            "flags": self.flags,
            "timestamp": self.created.isoformat(),
            "edited_timestamp": self.edited.isoformat() if self.edited else None,
            "tts": False,
            "mention_everyone": False,  # D-quiet
            "mentions": [person.json() for person in self.mentions],
            "mention_roles": list(self.roles),
            "pinned": False,
            **({"webhook_id": self.webhook} if self.webhook else {}),
        }

    def _reply_json(self, message: Message) -> Json:
        guild = {"guild_id": message.channel.guild.id} if message.channel.guild else {}
        reference = {"type": 0, "message_id": message.id, "channel_id": message.channel.id, **guild}
        original = None if message.deleted else {**message.json(), "referenced_message": None}
        return {"message_reference": reference, "referenced_message": original}

    def event_json(self, bot: User, *, all_content: bool) -> Json:
        """Return the message as in an event. Without the privileged intent, only messages to the bot and its own have
        words.

        https://discord.com/developers/docs/events/gateway#message-content-intent
        """
        event = self.json()
        original = event.get("referenced_message")
        if original and self.replied_to and not (all_content or self.replied_to.is_for(bot)):
            event["referenced_message"] = {**original, **WITHOUT_CONTENT}
        return event if all_content or self.is_for(bot) else {**event, **WITHOUT_CONTENT}

    def is_for(self, bot: User) -> bool:
        """Tell whether the bot wrote the message, is alone with its author, or is mentioned in it."""
        return self.author is bot or self.channel.kind == DIRECT or bot in self.mentions


def walk(components: list[Json]) -> Iterator[Json]:
    """Yield every component, with nested ones and accessories."""
    for component in components:
        yield component
        nested = [*component.get("components", ()), *_one(component, "accessory"), *_one(component, "component")]
        yield from walk(nested)


def _one(component: Mapping[str, Any], key: str) -> list[Json]:
    return [component[key]] if component.get(key) else []
