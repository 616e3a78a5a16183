"""Read plain questions on Slack: messages that mention the app, and direct messages to it. Pure functions.

https://docs.slack.dev/reference/events/app_mention and /message.im
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.slack.decoding import NO_NAMES, Names, decode
from adapters.slack.payloads import Body

MENTION, MESSAGE = "app_mention", "message"
"""Event types. Slack sends app_mention from channels that have the app as a member, and never from direct messages."""
_FROM_APPS = ("bot_id", "bot_profile", "app_id", "edited", "hidden")
"""Fields that a member's own new message doesn't have."""
_SUBTYPES = frozenset({"", "file_share", "thread_broadcast"})
"""Subtypes of messages in a member's own words. Every other subtype reports a change, a bot or Slack itself:
https://docs.slack.dev/reference/events/message#subtypes"""
_PERSON = re.compile(r"<@([A-Z0-9]{1,20})(?:\|[^<>]*)?>")
_SLACKBOT = "USLACKBOT"
_DIRECT_KIND = "im"


@dataclass(frozen=True, slots=True)
class PlainMessage:
    """A member's question and its place."""

    team: str
    """The workspace that has the app, which in a shared channel may not be the member's own."""
    user: str
    channel: str
    stamp: str
    thread: str
    written: str
    """The question as Slack encodes it, without the mention of the app."""
    direct: bool

    def words(self, names: Names = NO_NAMES) -> str:
        """Return the question as its author saw it."""
        return decode(self.written, names, addresses=False).strip()

    @property
    def body(self) -> Body:
        """The question as a payload for the rest of the adapter. An answer in a channel goes into a thread."""
        return {
            "team_id": self.team,
            "user_id": self.user,
            "channel_id": self.channel,
            "container": {"thread_ts": self.thread if self.direct else self.thread or self.stamp},
            "message_key": f"{self.channel}:{self.stamp}",
        }


def plain_message(body: Body) -> PlainMessage | None:
    """Read an event. Return None if it isn't a member's new question to the app in a channel or a direct message."""
    event = body.get("event")
    if not isinstance(event, Mapping):
        return None
    user, channel, stamp = (str(event.get(name) or "") for name in ("user", "channel", "ts"))
    if not (user and channel and stamp) or user == _SLACKBOT or str(event.get("subtype") or "") not in _SUBTYPES:
        return None
    if any(event.get(name) for name in _FROM_APPS):
        return None
    direct = channel.startswith("D")
    if direct != (event.get("type") == MESSAGE) or (direct and event.get("channel_type") != _DIRECT_KIND):
        return None
    installed = _installed(body)
    bot = str(installed.get("user_id") or "")
    if user == bot:
        return None
    written = _PERSON.sub(lambda mark: " " if mark[1] == bot else mark[0], str(event.get("text") or ""))
    return PlainMessage(
        str(installed.get("team_id") or body.get("team_id") or ""),
        user,
        channel,
        stamp,
        str(event.get("thread_ts") or ""),
        written,
        direct,
    )


def _installed(body: Body) -> Mapping[str, Any]:
    """Return the installation that Slack sends the event for: https://docs.slack.dev/apis/events-api/#authorizations"""
    entries = body.get("authorizations")
    first = entries[0] if isinstance(entries, list) and entries else {}
    return first if isinstance(first, Mapping) else {}
