"""Messages that are posted and redrawn, and what Discord's refusals mean."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import TypeVar

import aiohttp
import discord

from adapters.discord import render
from adapters.discord.commands import PLACES
from adapters.discord.interactions import NAME
from adapters.discord.uploads import Ready, uploaded
from bot.chat import Card, MessageRef, Place, Reply
from bot.errors import NotAllowed, NotFound, PlaceGone, Unavailable
from bot.i18n import N_
from bot.markup import ELLIPSIS, text

TRIES = 3
"""How often something is sent over connections that break; the library repeats most 5xx itself."""
UNKNOWN_CHANNEL = 10003
NOT_FOR_MESSAGES = frozenset({50008, 50024})
THREAD_ARCHIVED = 50083
THREAD_LOCKED = 160005
"""https://discord.com/developers/docs/topics/opcodes-and-status-codes#json"""
POST_TITLE_MAX = 100
"""https://discord.com/developers/docs/resources/channel#start-thread-in-forum-or-media-channel."""

AWAY = N_("Discord can't be reached just now. Try again in a minute.")
ID_MAX = 2**63 - 1
GONE = N_("This channel or message is gone from Discord.")

_T = TypeVar("_T")


async def post(client: discord.Client, place: Place, ready: Sequence[Ready]) -> MessageRef | None:
    """Raises NotAllowed, NotFound or Unavailable.

    Works in servers of other processes' connections too: nothing here asks the library's cache.
    """
    written = place.thread or place.channel
    if not _is_id(written):
        raise PlaceGone(GONE)
    here = int(written)
    channel: discord.abc.Messageable = client.get_partial_messageable(here)
    sent: list[str] = []
    for each in ready:
        try:
            message = await _sent(channel, each)
        except discord.HTTPException as error:
            if error.code not in NOT_FOR_MESSAGES:
                raise
            forum = await insist(partial(client.fetch_channel, here))
            if not isinstance(forum, discord.ForumChannel):
                raise
            thread, message = await insist(partial(uploaded, partial(_start, forum), each))
            place, channel = replace(place, thread=str(thread.id)), thread
        sent.append(str(message.id))
    return MessageRef(place, ",".join(sent)) if sent else None


async def _sent(channel: discord.abc.Messageable, ready: Ready) -> discord.Message:
    nonce = secrets.randbits(63)

    async def send(ready: Ready) -> discord.Message:
        return await channel.send(view=ready.view, files=ready.files(), nonce=nonce)

    return await insist(partial(uploaded, send, ready))


async def _start(forum: discord.ForumChannel, ready: Ready) -> discord.channel.ThreadWithMessage:
    """A forum takes a message as the first of a new post, which wants a title."""
    return await forum.create_thread(name=_title(ready.view), view=ready.view, files=ready.files())


def _title(view: render.Message) -> str:
    return view.title[:POST_TITLE_MAX] or NAME


async def edit(client: discord.Client, ref: MessageRef, ready: Sequence[Ready]) -> None:
    """Raises what `post` raises. Messages beyond those that the reply takes now are left empty but for a mark."""
    channel = client.get_partial_messageable(int(ref.place.thread or ref.place.channel))
    ids = ref.id.split(",")
    spare = render.message(Reply((Card(body=text(ELLIPSIS)),)))
    for id_, each in zip(ids, (*ready, *[Ready(spare)] * (len(ids) - len(ready))), strict=True):
        message = channel.get_partial_message(int(id_))
        await insist(partial(uploaded, partial(_edit, client, message), each))


async def _edit(client: discord.Client, message: discord.PartialMessage, ready: Ready) -> None:
    """A thread that was archived for want of talk is opened again first; one that is locked stays as it is."""
    try:
        await message.edit(view=ready.view, attachments=ready.files())
    except discord.HTTPException as error:
        if error.code != THREAD_ARCHIVED:
            raise
        thread = await client.fetch_channel(message.channel.id)
        if not isinstance(thread, discord.Thread):
            raise
        await thread.edit(archived=False)
        await message.edit(view=ready.view, attachments=ready.files())


async def tell(client: discord.Client, person: int, ready: Sequence[Ready]) -> None:
    """Raises NotAllowed where the person takes no messages, and what `post` raises."""
    channel = await insist(partial(client.create_dm, discord.Object(person)))
    for each in ready:
        await _sent(channel, each)


async def has_channel(client: discord.Client, guild: str, channel: str) -> bool:
    """Whether the channel or thread is one of this server that takes messages. Raises what `post` raises.

    The bot can write in each server that has it, and whoever names a channel may do so in theirs alone.
    """
    if not _is_id(channel):
        return False
    try:
        found: Mapping[str, object] = await insist(partial(client.http.get_channel, int(channel)))
    except NotFound:
        return False
    return found.get("guild_id") == guild and found.get("type") in PLACES


def _is_id(written: str) -> bool:
    """Whether it can be an id of Discord's: what a community's settings hold may have been typed by somebody."""
    return written.isascii() and written.isdecimal() and len(written) <= len(str(ID_MAX)) and int(written) <= ID_MAX


async def again(send: Callable[[], Awaitable[_T]]) -> _T:
    """Sends again where the connection broke or Discord failed: for what makes no difference when it arrives twice.

    Raises what `send` raises.
    """
    for _ in range(TRIES - 1):
        with suppress(aiohttp.ClientError, OSError, discord.DiscordServerError):
            return await send()
    return await send()


async def insist(send: Callable[[], Awaitable[_T]]) -> _T:
    """Sends again where the connection broke. The message's nonce keeps it from being there twice.

    Raises NotAllowed, NotFound or Unavailable.
    """
    try:
        return await again(send)
    except discord.Forbidden as error:
        raise _refused(error) from error
    except discord.NotFound as error:
        gone = PlaceGone if error.code == UNKNOWN_CHANNEL else NotFound
        raise gone(GONE) from error
    except (discord.DiscordServerError, discord.RateLimited, aiohttp.ClientError, OSError) as error:
        raise Unavailable(AWAY) from error
    except discord.HTTPException as error:
        if error.code in {THREAD_ARCHIVED, THREAD_LOCKED}:
            raise _refused(error) from error
        if error.status != HTTPStatus.TOO_MANY_REQUESTS:
            raise
        raise Unavailable(AWAY) from error


def _refused(error: discord.HTTPException) -> NotAllowed:
    if error.code in {THREAD_ARCHIVED, THREAD_LOCKED}:
        return NotAllowed(N_("This thread is locked, so I can't write in it. A moderator can unlock it."))
    return NotAllowed(
        N_("I may not write in this channel. A moderator can allow me to view it and to send messages in it.")
    )
