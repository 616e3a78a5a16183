"""Find out where a request happens on Slack, who can see that place, and whether the bot may post there.

A command, a press and a shortcut carry the kind of their conversation. A form and the Home tab carry none: a form's
`private_metadata` names the conversation it was opened in, and Slack tells which kind that is now. Slack signs each
request and members never see the metadata, so nobody can forge it. Even so, it only ever names a place and never makes
it public: without proof that every member can see a place, the place is private.
https://docs.slack.dev/reference/methods/conversations.info
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk.errors import SlackApiError

from adapters.slack import forms
from adapters.slack.payloads import Body, asker_of
from adapters.slack.web import ARCHIVED, NOT_SEEN, WebApi
from adapters.slack.workspaces import NAME
from bot.chat.vocabulary import Place
from bot.errors import BotError, PlaceGone
from bot.i18n import N_

_PRIVATE_NAME = re.compile(r"privategroup|directmessage|mpdm-.*")
"""Slack's stand-ins for a private conversation's name, whatever its id begins with. A public channel with such a name
counts as private, which does no harm."""
_PRIVATE_ID = ("G", "D", "U", "W")
"""Prefixes of the ids of older private channels and group conversations, of direct messages, and of members."""
_DIRECT_ID = ("D", "U", "W")

BETWEEN_PEOPLE = N_("I can't post in a conversation between other people. Use a channel, or your conversation with me.")
"""Nobody can be invited into a conversation between two members."""

logger = logging.getLogger("parley.slack")


@dataclass(frozen=True, slots=True)
class RequestSpot:
    """A place, as far as the request itself tells."""

    place: Place
    """Private unless the request proves that it is public."""
    message: str = ""
    """The message whose control was used."""
    certain: bool = True
    """Whether the request tells the kind of the place."""
    may_write: bool = True
    """Whether the request proves that the member can write there: they typed, pressed or opened the form there."""


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """Slack's answer about a conversation. Without an answer, the conversation is private."""

    private: bool = True
    obstacle: str = ""
    """Why the bot can't post there, as the member reads it; empty if it can."""
    name: str = ""
    """The public name; empty for a private conversation."""


def spot_of(body: Body, team: str, origin: forms.FormOrigin | None = None) -> RequestSpot:
    """Read where a request happened: in a conversation, in a form that was opened in one, or in the Home tab."""
    container: Body = body.get("container") or {}
    if origin is not None:
        return _spot_of_form(body, team, origin)
    if container.get("type") == "view":  # a control of the Home tab: its answers come in a direct message
        return RequestSpot(_place(team, asker_of(body)[1], private=True))
    conversation: Body = body.get("channel") or {}
    channel = str(body.get("channel_id") or conversation.get("id") or container.get("channel_id") or "")
    name = str(body.get("channel_name") or conversation.get("name") or "")
    thread = str(container.get("thread_ts") or (body.get("message") or {}).get("thread_ts") or "")
    certain = not channel or bool(name) or channel.startswith(_PRIVATE_ID)
    private = not name or _PRIVATE_NAME.fullmatch(name) is not None or channel.startswith(_PRIVATE_ID)
    place = _place(team, channel, thread, private=private)
    return RequestSpot(place, str(container.get("message_ts") or ""), certain)


def _spot_of_form(body: Body, team: str, origin: forms.FormOrigin) -> RequestSpot:
    channel = origin.channel or forms.channel_of(body["view"])
    proven = bool(origin.channel) or channel in _answerable(body)
    place = _place(team, channel, origin.thread, private=True)
    return RequestSpot(place, certain=channel.startswith(_PRIVATE_ID) or not channel, may_write=proven)


def _answerable(body: Body) -> set[str]:
    """Return the conversations that the member picked in the form and Slack lets the app answer in.

    https://docs.slack.dev/reference/block-kit/block-elements/multi-select-menu-element (`response_url_enabled`)
    """
    urls = body.get("response_urls")
    entries = urls if isinstance(urls, list) else []
    return {str(entry.get("channel_id")) for entry in entries if isinstance(entry, Mapping)}


def _place(team: str, channel: str, thread: str = "", *, private: bool) -> Place:
    return Place(NAME, team, channel, thread=thread, direct=channel.startswith(_DIRECT_ID), private=private)


async def look_up(web: WebApi, channel: str) -> ChannelFacts:
    """Ask Slack about a conversation. It's private if the token can't see it or Slack doesn't answer."""
    try:
        answer: Any = await web.call("conversations_info", channel=channel)
    except PlaceGone:
        return ChannelFacts(obstacle=BETWEEN_PEOPLE if channel.startswith("D") else NOT_SEEN)
    except (BotError, SlackApiError) as error:
        logger.warning(
            "Slack doesn't name the kind of a conversation, so Parley treats it as private: %s", type(error).__name__
        )
        return ChannelFacts()
    return conversation_of(answer["channel"])


def conversation_of(channel: Mapping[str, Any]) -> ChannelFacts:
    """Read the `channel` object of conversations.info. https://docs.slack.dev/reference/objects/conversation-object

    A channel that several organisations share counts as it is in the workspace whose token asks.
    """
    private = channel.get("is_private") is not False or any(channel.get(kind) for kind in ("is_im", "is_mpim"))
    name = "" if private else str(channel.get("name") or "")
    if channel.get("is_archived"):
        return ChannelFacts(private, ARCHIVED, name)
    outside = private and not channel.get("is_im") and channel.get("is_member") is False
    return ChannelFacts(private, NOT_SEEN if outside else "", name)


def settled(spot: RequestSpot, conversation: ChannelFacts) -> RequestSpot:
    """Complete the spot with Slack's answer. In a public channel, every member may write."""
    private = spot.place.private if spot.certain else conversation.private
    may_write = spot.may_write or not private
    return replace(spot, place=replace(spot.place, private=private), certain=True, may_write=may_write)
