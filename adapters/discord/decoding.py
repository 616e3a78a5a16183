"""Decode text from Discord as its author saw it: names, #channels, :emoji:, /commands and times.

Every entrance uses `decode`: commands, forms, questions and messages.
https://discord.com/developers/docs/reference#message-formatting
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import discord

from adapters.discord.rights import HIDDEN_NAME

Names = Mapping[str, str]
"""Names by mark, without its brackets: `@1` a member, `@&1` a role, `#1` a channel, `:tea:1` an emoji."""
UNNAMED = "…"
LOOKUPS_MAX = 5
"""Members that Parley looks up for one text."""
LOOKUP_PATIENCE = 0.8
"""Seconds for these look-ups."""
_MARK = re.compile(
    r"<(?:(?P<kind>@[!&]?|#)(?P<id>\d{1,20})"
    r"|a?(?P<emoji>:\w{1,32}:)(?P<emoji_id>\d{1,20})"
    r"|/(?P<command>[^<>:]{1,100}):\d{1,20}"
    r"|t:(?P<seconds>-?\d{1,12})(?::[a-zA-Z])?"
    r"|id:(?P<tab>[a-z-]{1,40})(?::\d{1,20})?)>"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def decode(written: str, names: Names, without: Iterable[str] = ()) -> str:
    """Return the text as its author saw it, without these mentions of the bot."""
    for mention in without:
        written = written.replace(mention, " ")
    return _MARK.sub(lambda mark: _words(mark, names), written)


def _words(mark: re.Match[str], names: Names) -> str:
    if mark["kind"]:
        kind, id_ = mark["kind"].removesuffix("!"), mark["id"]
        return kind[0] + names.get(kind + id_, id_ if kind == "@" else UNNAMED)
    if mark["seconds"]:
        with suppress(OverflowError):
            return f"{_EPOCH + timedelta(seconds=int(mark['seconds'])):%Y-%m-%d %H:%M} UTC"
        return UNNAMED
    if mark["command"]:
        return f"/{mark['command']}"
    if mark["emoji"]:
        return names.get(mark["emoji"] + mark["emoji_id"], mark["emoji"])
    return f"#{mark['tab']}"


def emoji_readings(texts: Iterable[str]) -> dict[str, str]:
    """Return the text of each emoji by its mark. Others of the same name are numbered as in Discord's client: `:tea:`,
    `:tea~1:`."""
    readings: dict[str, str] = {}
    for mark in (mark for written in texts for mark in _MARK.finditer(written) if mark["emoji"]):
        if mark[0] not in readings:
            same = sum(reading.startswith(mark["emoji"][:-1] + end) for reading in readings.values() for end in ":~")
            readings[mark[0]] = f"{mark['emoji'][:-1]}~{same}:" if same else mark["emoji"]
    return readings


def emoji_names(readings: Mapping[str, str]) -> dict[str, str]:
    """Return the readings with the keys of `Names`."""
    return {mark.removeprefix("<").removeprefix("a").removesuffix(">"): reading for mark, reading in readings.items()}


def marked(texts: Iterable[str]) -> frozenset[str]:
    """Return the mentions in these texts, with the keys of `Names`."""
    marks = (mark for written in texts for mark in _MARK.finditer(written) if mark["kind"])
    return frozenset(mark["kind"].removesuffix("!") + mark["id"] for mark in marks)


def resolved_names(resolved: Mapping[str, Any]) -> dict[str, str]:
    """Return the names that an interaction carries.

    https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object-resolved-data-structure
    """
    members, roles, channels = (resolved.get(kind) or {} for kind in ("members", "roles", "channels"))
    people = {f"@{id_}": user_name(user) for id_, user in (resolved.get("users") or {}).items()}
    people |= {f"@{id_}": str(one["nick"]) for id_, one in members.items() if one.get("nick")}
    named = {f"@&{id_}": role.get("name") for id_, role in roles.items()}
    named |= {f"#{id_}": channel.get("name") for id_, channel in channels.items()}
    return people | {key: str(name) for key, name in named.items() if name}


def user_name(user: Mapping[str, Any]) -> str:
    """Return a user's name in a message or an interaction; in a message, the member's nickname first."""
    nick = (user.get("member") or {}).get("nick")
    return str(nick or user.get("global_name") or user.get("username") or UNNAMED)


def cached_names(guild: discord.Guild | None, mentions: Iterable[str]) -> dict[str, str]:
    """Return the names of cached channels and roles. A channel that the bot may not view has none."""
    names: dict[str, str] = {}
    if guild is None:
        return names
    for mention in mentions:
        if mention.startswith("#"):
            named: Any = guild.get_channel_or_thread(int(mention[1:]))
        else:
            named = guild.get_role(int(mention[2:])) if mention.startswith("@&") else None
        if named is not None and named.name != HIDDEN_NAME:
            names[mention] = named.name.removeprefix("@")
    return names


async def names_for(guild: discord.Guild | None, texts: Iterable[str], resolved: Names) -> Names:
    """Return the names of all mentions in these texts, from the interaction or from Discord if it answers in time."""
    mentions = marked(texts) - resolved.keys()
    if not mentions:
        return resolved
    names = {**resolved, **cached_names(guild, mentions)}
    strangers = sorted(each for each in mentions if each[1].isdecimal() and each.startswith("@"))[:LOOKUPS_MAX]
    if guild is not None and strangers:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOKUP_PATIENCE):
                await asyncio.gather(*(_look_up(guild, mention, names) for mention in strangers))
    return names


async def _look_up(guild: discord.Guild, mention: str, names: dict[str, str]) -> None:
    """Add a member's name, which needs no privileged intent."""
    with suppress(discord.HTTPException, OSError):
        names[mention] = (await guild.fetch_member(int(mention[1:]))).display_name
