"""Post and redraw messages."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import cast

import discord
from discord.http import Route, handle_message_parameters

from adapters.discord import render
from adapters.discord.commands import PLACES
from adapters.discord.interactions import NAME, Json
from adapters.discord.pings import mentions_of
from adapters.discord.retries import GONE, THREAD_ARCHIVED, insist, unless_unheard
from adapters.discord.uploads import Ready, uploaded
from bot.chat.markup import ELLIPSIS, text
from bot.chat.vocabulary import Card, MessageRef, Place, Reply
from bot.errors import NotFound, PlaceGone

UNFINISHED_FOR = timedelta(hours=1)
"""Time in which an interrupted sending can be continued. Later, its beginning may be far up in the channel."""
UNFINISHED_MAX = 64
LOOK_AFTER = 0.5
"""Seconds before looking for a forum post whose creation got no response."""
NOT_FOR_MESSAGES = frozenset({50008, 50024})
"""Discord's errors for a channel that takes no messages:
https://discord.com/developers/docs/topics/opcodes-and-status-codes#json"""
NO_HISTORY = 160002
"""Discord's error for a reply where the bot may not read the channel's history:
https://discord.com/developers/docs/topics/opcodes-and-status-codes#json"""
POST_TITLE_MAX = 100
"""https://discord.com/developers/docs/resources/channel#start-thread-in-forum-or-media-channel."""

ID_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Sending:
    """The progress of a reply: its place, its messages' ids so far, and the first one's nonce, which the others follow."""

    place: Place
    nonce: int
    at: datetime
    ids: tuple[str, ...] = ()


class UnfinishedSendings:
    """Interrupted sendings. A second attempt sends only the missing messages.

    Only this process remembers them, for a while.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._unfinished: OrderedDict[tuple[Place, bytes], Sending] = OrderedDict()

    def take(self, place: Place, ready: Sequence[Ready]) -> Sending:
        """Return the sending to continue, or a new one."""
        sending = self._unfinished.pop((place, _digest(ready)), None) if self._unfinished else None
        if sending is None or self._clock() - sending.at > UNFINISHED_FOR:
            return Sending(place, secrets.randbits(62), self._clock())
        return sending

    def keep(self, place: Place, ready: Sequence[Ready], sending: Sending) -> None:
        self._unfinished[place, _digest(ready)] = replace(sending, at=self._clock())
        if len(self._unfinished) > UNFINISHED_MAX:
            self._unfinished.popitem(last=False)


def _digest(ready: Sequence[Ready]) -> bytes:
    digest = hashlib.sha256()
    for each in ready:
        digest.update(json.dumps(each.view.components).encode())
        for name, content, _ in each.uploads:
            digest.update(name.encode() + content)
    return digest.digest()


async def post(
    client: discord.Client, place: Place, ready: Sequence[Ready], unfinished: UnfinishedSendings, to: str = ""
) -> MessageRef | None:
    """Send the messages in order, the first as a reply to the message `to`. Raises NotAllowed, NotFound or Unavailable.

    Works in servers of other processes too, since nothing here asks the library's cache.
    """
    if not _is_id(place.thread or place.channel):
        raise PlaceGone(GONE)
    sending = unfinished.take(place, ready)
    try:
        for each in ready[len(sending.ids) :]:
            sending = await _add(client, sending, each, to)
    finally:
        if len(sending.ids) < len(ready):
            unfinished.keep(place, ready, sending)
    return MessageRef(sending.place, ",".join(sending.ids)) if sending.ids else None


async def _add(client: discord.Client, sending: Sending, ready: Ready, to: str) -> Sending:
    """Send the next message. In a forum, the first message creates a post, and the others go into it."""
    here = int(sending.place.thread or sending.place.channel)
    try:
        nonce = sending.nonce + len(sending.ids)
        channel = client.get_partial_messageable(here)
        replies = to and not sending.ids
        first = channel.get_partial_message(int(to)).to_reference(fail_if_not_exists=False) if replies else None
        message = await _send(channel, ready, nonce, first)
    except discord.HTTPException as error:
        if error.code not in NOT_FOR_MESSAGES:
            raise
        forum = await insist(partial(client.fetch_channel, here))
        if not isinstance(forum, discord.ForumChannel):
            raise
        post_id = str(await _start(client, forum, ready))
        return replace(sending, place=replace(sending.place, thread=post_id), ids=(post_id,))
    return replace(sending, ids=(*sending.ids, str(message.id)))


async def _send(
    channel: discord.abc.Messageable, ready: Ready, nonce: int, to: discord.MessageReference | None = None
) -> discord.Message:
    """Send a message as a reply to another one, or without the reference if replies aren't allowed."""

    async def send(ready: Ready) -> discord.Message:
        pings = mentions_of(ready.reply)
        if to is None:
            return await channel.send(view=ready.view, files=ready.files(), nonce=nonce, allowed_mentions=pings)
        return await channel.send(
            view=ready.view, files=ready.files(), nonce=nonce, allowed_mentions=pings, reference=to
        )

    try:
        return await insist(partial(uploaded, send, ready))
    except discord.HTTPException as error:
        if to is None or error.code != NO_HISTORY:
            raise
    return await _send(channel, ready, nonce)


async def answer(client: discord.Client, message: discord.Message, ready: Sequence[Ready]) -> None:
    """Answer a member's message in its place, in a server as a reply. Raises what `post` raises.

    The nonces come from the message's id, so an answer that two processes send appears once.
    """
    channel = client.get_partial_messageable(message.channel.id)
    to = None if message.guild is None else message.to_reference(fail_if_not_exists=False)
    for number, each in enumerate(ready):
        await _send(channel, each, message.id + number, to)


async def _start(client: discord.Client, forum: discord.ForumChannel, ready: Ready) -> int:
    """Create a forum post from this message and return its id, which is also the message's.

    A post takes no nonce against duplicates, so a second attempt looks for the post first.
    """
    title, attempted = _title(ready.view), False

    async def start(ready: Ready) -> int:
        nonlocal attempted
        if attempted:
            await asyncio.sleep(LOOK_AFTER)
            if there := await _started(client, forum, title):
                return there
        attempted = True
        with handle_message_parameters(
            view=ready.view,
            files=ready.files(),
            allowed_mentions=mentions_of(ready.reply),
            channel_payload={"name": title},
        ) as params:
            body: Json = {"form": params.multipart, "files": params.files} if params.files else {"json": params.payload}
            route = Route("POST", "/channels/{channel_id}/threads", channel_id=forum.id)
            thread = await client.http.request(route, raise_for_status=unless_unheard, **body)
        return int(thread["id"])

    return await insist(partial(uploaded, start, ready))


async def _started(client: discord.Client, forum: discord.ForumChannel, title: str) -> int | None:
    """Return the bot's own post with this title that is newer than the forum's last known one."""
    newest, bot = forum.last_message_id or 0, cast("discord.ClientUser", client.user).id
    posts = [thread for thread in await forum.guild.active_threads() if thread.parent_id == forum.id]
    own = (post.id for post in posts if post.owner_id == bot and post.name == title)
    return max((id_ for id_ in own if id_ > newest), default=None)


def _title(view: render.DiscordMessage) -> str:
    return view.title[:POST_TITLE_MAX] or NAME


async def edit(client: discord.Client, ref: MessageRef, ready: Sequence[Ready]) -> None:
    """Redraw the messages. A message that the reply no longer needs shows only an ellipsis. Raises what `post`
    raises."""
    channel = client.get_partial_messageable(int(ref.place.thread or ref.place.channel))
    ids = ref.id.split(",")
    spare = render.message(Reply((Card(body=text(ELLIPSIS)),)))
    for id_, each in zip(ids, (*ready, *[Ready(spare)] * (len(ids) - len(ready))), strict=True):
        message = channel.get_partial_message(int(id_))
        await insist(partial(uploaded, partial(_edit, client, message), each))


async def _edit(client: discord.Client, message: discord.PartialMessage, ready: Ready) -> None:
    """Edit a message. Reopen a thread that Discord archived, but not a locked one."""
    none = discord.AllowedMentions.none()  # the client's own are only for new messages
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
    """Write to a member. Raises NotAllowed if they accept no messages, and what `post` raises."""
    channel = await insist(partial(client.create_dm, discord.Object(person)))
    for each in ready:
        await _send(channel, each, secrets.randbits(62))


async def has_channel(client: discord.Client, guild: str, channel: str) -> bool:
    """Tell whether this server has the channel or thread and it takes messages. Raises what `post` raises.

    The bot can write in every server that has it, but a member may only choose channels of their own server.
    """
    if not _is_id(channel):
        return False
    try:
        place = await insist(partial(client.fetch_channel, int(channel)))
    except (NotFound, discord.InvalidData):  # InvalidData: a kind of channel that is newer than the library
        return False
    if isinstance(place, discord.abc.PrivateChannel):
        return False
    return str(place.guild.id) == guild and place.type.value in PLACES


def _is_id(written: str) -> bool:
    """Tell whether this can be a Discord id, since members type them into settings."""
    return written.isascii() and written.isdecimal() and len(written) <= len(str(ID_MAX)) and int(written) <= ID_MAX
