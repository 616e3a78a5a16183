"""Messages that are posted and redrawn, and what Discord's refusals mean."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import TypeVar, cast

import aiohttp
import discord
from discord.http import Route, handle_message_parameters

from adapters.discord import render
from adapters.discord.commands import PLACES
from adapters.discord.interactions import NAME, Json, unless_unheard
from adapters.discord.uploads import Ready, uploaded
from bot.chat import Card, MessageRef, Place, Reply
from bot.errors import NotAllowed, NotFound, PlaceGone, Unavailable
from bot.i18n import N_
from bot.markup import ELLIPSIS, text

TRIES = 3
"""How often something is sent over connections that break; the library repeats most 5xx itself."""
BROKEN = (aiohttp.ClientError, OSError)
"""A connection that broke before an answer came."""
FAILED = (*BROKEN, discord.DiscordServerError)
BEGUN_FOR = timedelta(hours=1)
"""For how long what broke off can be gone on with. Longer, and its beginning may be far up in the channel."""
BEGUN_MAX = 64
LOOK_AFTER = 0.5
"""Seconds until a forum's post of which nobody knows whether it was made is looked for."""
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


@dataclass(frozen=True, slots=True)
class Sending:
    """How far something has come: where it goes, the ids of its messages that are there, the first one's nonce (those
    of the others follow), and since when."""

    place: Place
    nonce: int
    at: datetime
    sent: tuple[str, ...] = ()


class Begun:
    """What was not sent to its end: whoever sends it again has what is missing sent, and nothing twice. It is remembered
    for a while and by this process alone."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._begun: OrderedDict[tuple[Place, bytes], Sending] = OrderedDict()

    def take(self, place: Place, ready: Sequence[Ready]) -> Sending:
        """Where to go on."""
        begun = self._begun.pop((place, _digest(ready)), None) if self._begun else None
        if begun is None or self._clock() - begun.at > BEGUN_FOR:
            return Sending(place, secrets.randbits(62), self._clock())
        return begun

    def keep(self, place: Place, ready: Sequence[Ready], begun: Sending) -> None:
        self._begun[place, _digest(ready)] = replace(begun, at=self._clock())
        if len(self._begun) > BEGUN_MAX:
            self._begun.popitem(last=False)


def _digest(ready: Sequence[Ready]) -> bytes:
    digest = hashlib.sha256()
    for each in ready:
        digest.update(json.dumps(each.view.components).encode())
        for name, content, _ in each.uploads:
            digest.update(name.encode() + content)
    return digest.digest()


async def post(client: discord.Client, place: Place, ready: Sequence[Ready], begun: Begun) -> MessageRef | None:
    """Raises NotAllowed, NotFound or Unavailable.

    Works in servers of other processes' connections too: nothing here asks the library's cache.
    """
    if not _is_id(place.thread or place.channel):
        raise PlaceGone(GONE)
    sending = begun.take(place, ready)
    try:
        for each in ready[len(sending.sent) :]:
            sending = await _add(client, sending, each)
    finally:
        if len(sending.sent) < len(ready):
            begun.keep(place, ready, sending)
    return MessageRef(sending.place, ",".join(sending.sent)) if sending.sent else None


async def _add(client: discord.Client, sending: Sending, ready: Ready) -> Sending:
    """Sends the next message. Of what goes to a forum, all but the first go into the post that the first one made."""
    here = int(sending.place.thread or sending.place.channel)
    try:
        nonce = sending.nonce + len(sending.sent)
        message = await _sent(client.get_partial_messageable(here), ready, nonce)
    except discord.HTTPException as error:
        if error.code not in NOT_FOR_MESSAGES:
            raise
        forum = await insist(partial(client.fetch_channel, here))
        if not isinstance(forum, discord.ForumChannel):
            raise
        made = str(await _start(client, forum, ready))
        return replace(sending, place=replace(sending.place, thread=made), sent=(made,))
    return replace(sending, sent=(*sending.sent, str(message.id)))


async def _sent(channel: discord.abc.Messageable, ready: Ready, nonce: int) -> discord.Message:
    async def send(ready: Ready) -> discord.Message:
        return await channel.send(view=ready.view, files=ready.files(), nonce=nonce)

    return await insist(partial(uploaded, send, ready))


async def _start(client: discord.Client, forum: discord.ForumChannel, ready: Ready) -> int:
    """A forum takes a message as the first of a new post, which wants a title. Returns the id that both have.

    No nonce keeps a post from being there twice. So before it is made again, it is looked for.
    """
    title, begun = _title(ready.view), False

    async def start(ready: Ready) -> int:
        nonlocal begun
        if begun:
            await asyncio.sleep(LOOK_AFTER)
            if there := await _started(client, forum, title):
                return there
        begun = True
        with handle_message_parameters(
            view=ready.view,
            files=ready.files(),
            previous_allowed_mentions=client.allowed_mentions,
            channel_payload={"name": title},
        ) as params:
            sent: Json = {"form": params.multipart, "files": params.files} if params.files else {"json": params.payload}
            route = Route("POST", "/channels/{channel_id}/threads", channel_id=forum.id)
            made = await client.http.request(route, raise_for_status=unless_unheard, **sent)
        return int(made["id"])

    return await insist(partial(uploaded, start, ready))


async def _started(client: discord.Client, forum: discord.ForumChannel, title: str) -> int | None:
    """The bot's own post of this title, made since the forum was looked at."""
    newest, ours = forum.last_message_id or 0, str(cast("discord.ClientUser", client.user).id)
    active = await client.http.get_active_threads(forum.guild.id)
    found = (
        int(thread["id"])
        for thread in active["threads"]
        if thread["parent_id"] == str(forum.id) and thread["owner_id"] == ours and thread["name"] == title
    )
    return max((id_ for id_ in found if id_ > newest), default=None)


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
    none = discord.AllowedMentions.none()  # the client's own are for new messages alone
    try:
        await message.edit(view=ready.view, attachments=ready.files(), allowed_mentions=none)
    except discord.HTTPException as error:
        if error.code != THREAD_ARCHIVED:
            raise
        thread = await client.fetch_channel(message.channel.id)
        if not isinstance(thread, discord.Thread):
            raise
        await thread.edit(archived=False)
        await message.edit(view=ready.view, attachments=ready.files(), allowed_mentions=none)


async def tell(client: discord.Client, person: int, ready: Sequence[Ready]) -> None:
    """Raises NotAllowed where the person takes no messages, and what `post` raises."""
    channel = await insist(partial(client.create_dm, discord.Object(person)))
    for each in ready:
        await _sent(channel, each, secrets.randbits(62))


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


async def again(send: Callable[[], Awaitable[_T]], *, after: tuple[type[Exception], ...] = FAILED) -> _T:
    """Sends again where the connection broke or Discord failed: for what makes no difference when it arrives twice.

    Raises what `send` raises.
    """
    for _ in range(TRIES - 1):
        with suppress(*after):
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
    except (*FAILED, discord.RateLimited) as error:
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
