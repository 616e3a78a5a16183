"""Messages of members and the app, and the events by which Slack tells the app about them.

Slack sends `app_mention` only from channels that the app is in, and `message.im` only from conversations with the app,
even for its own messages. https://docs.slack.dev/reference/events/app_mention and /message.im
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from tests.wire.slack.interactions import Ack
from tests.wire.slack.model import APP, BOT, Channel, Json, Message, Team
from tests.wire.slack.reading import CannotDo

if TYPE_CHECKING:
    from tests.wire.slack.server import SlackServer

SUBSCRIBED = frozenset({"app_home_opened", "app_mention", "app_uninstalled", "message.im", "tokens_revoked"})
"""The events of the app's manifest. Slack sends no others."""
NEEDS = {"app_mention": "app_mentions:read", "message.im": "im:history"}


_ADDRESS = re.compile(r"https?://[^\s|]+|(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:org|com)\b(?:/\S*)?")
_SIGNED = re.compile(r"([@#])([\w-]+)")


def as_slack_writes(text: str, team: Team, *, labels: bool = False) -> str:
    """Encode a member's text as Slack does (S-command): escaped, with marks for people, places and groups.

    A command's marks have labels, except those of private channels; a message's have none.
    https://docs.slack.dev/interactivity/implementing-slash-commands (`should_escape`)
    """
    bare = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    bare = bare.replace(f"&lt;@{BOT}&gt;", f"<@{BOT}>")
    people = {user.name: user for user in team.users.values()}
    groups = {group.handle: group for group in team.groups.values()}
    channels = {channel.name: channel for channel in team.channels.values() if channel.name}

    def mark(match: re.Match[str]) -> str:
        sign, name = match.groups()
        if sign == "#" and name in channels:
            return f"<#{channels[name].id}|{name if labels and channels[name].public else ''}>"
        if sign == "@" and name in people:
            return f"<@{people[name].id}|{name.lower()}>" if labels else f"<@{people[name].id}>"
        if sign == "@" and name in groups:
            return f"<!subteam^{groups[name].id}|@{name}>" if labels else f"<!subteam^{groups[name].id}>"
        return f"<!{name}>" if sign == "@" and name in {"here", "channel", "everyone"} else match[0]

    def link(match: re.Match[str]) -> str:
        return f"<{match[0]}>" if match[0].startswith("http") else f"<http://{match[0]}|{match[0]}>"

    return _SIGNED.sub(mark, _ADDRESS.sub(link, bare))


def keep(server: SlackServer, channel: Channel, author: str, words: str, thread: str = "", **more: Any) -> Message:
    """Put a message into the channel."""
    message = Message(
        server.new_stamp(), channel, as_slack_writes(words, server.team), [], author, thread_ts=thread, **more
    )
    channel.messages.append(message)
    server.happened(f"{author} wrote in {channel.name or channel.id}")
    return message


async def tell(server: SlackServer, team: Team, message: Message, /, *, retry: int = 0, **more: Any) -> list[Ack]:
    """Send a message's events to an app that has subscribed to them and may receive them. With `retry`, they come
    again."""
    acks = []
    for name, event in _events(message, more):
        if name in server.events and NEEDS[name] in server.scopes.split(","):
            acks.append(await server.event(team, event, retry=retry, event_id=f"Ev{message.ts}" if retry else ""))
    return acks


def _events(message: Message, more: Json) -> list[tuple[str, Json]]:
    channel = message.channel
    event: Json = {
        "user": message.author,
        "text": message.text,
        "ts": message.ts,
        "channel": channel.id,
        "event_ts": message.ts,
        "client_msg_id": f"m{message.ts}",
        **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
        **more,
    }
    if channel.direct_with:
        return [("message.im", {"type": "message", "channel_type": "im", **event})]
    if channel.bot_in and not channel.id.startswith("D") and f"<@{BOT}>" in message.text:
        return [("app_mention", {"type": "app_mention", **event})]
    return []


async def edit(server: SlackServer, team: Team, message: Message, words: str) -> list[Ack]:
    """Edit a message as its author. Slack sends a mention again; in a conversation, it sends both texts."""
    before = {"user": message.author, "text": message.text, "ts": message.ts, "type": "message"}
    message.text, edited = as_slack_writes(words, team), {"user": message.author, "ts": f"{message.ts}9"}
    if not message.channel.direct_with:
        return await tell(server, team, message, edited=edited)
    change: Json = {"message": {**before, "text": message.text, "edited": edited}, "previous_message": before}
    return await tell(server, team, message, subtype="message_changed", hidden=True, ts=f"{message.ts}9", **change)


OWN: Json = {"bot_id": "B1", "app_id": APP, "bot_profile": {"id": "B1", "app_id": APP, "name": "Parley"}}


def echo(server: SlackServer, team: Team, message: Message) -> None:
    """Send the app its own message in a conversation with it, as Slack does a moment later."""
    if message.channel.direct_with and not message.only_for and server.is_listened_to:
        server.later(asyncio.ensure_future(tell(server, team, message, **OWN)))


def check_writable(server: SlackServer, channel: Channel) -> None:
    """Raise CannotDo if the app's own tab takes no messages."""
    if channel.direct_with and not server.takes_messages:
        raise CannotDo("the app has no messages tab to write in")
