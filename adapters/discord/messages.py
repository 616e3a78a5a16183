"""Messages that are posted and redrawn, and what Discord's refusals mean."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import TypeVar

import aiohttp
import discord

from adapters.discord import render
from adapters.discord.requests import NAME
from adapters.discord.uploads import Ready
from bot.chat import Card, MessageRef, Place, Reply
from bot.errors import NotAllowed, NotFound, Unavailable
from bot.fit import fit
from bot.i18n import N_
from bot.markup import ELLIPSIS, paragraph, split, text

TRIES = 3
"""How often a message is sent or changed over connections that break; the library repeats most 5xx itself."""
THREAD_ARCHIVED = 50083
POST_TITLE_MAX = 100
"""https://discord.com/developers/docs/resources/channel#start-thread-in-forum-or-media-channel."""

_T = TypeVar("_T")


async def post(client: discord.Client, place: Place, ready: Sequence[Ready]) -> MessageRef | None:
    """Raises NotAllowed, NotFound or Unavailable."""
    here = int(place.thread or place.channel)
    channel: discord.abc.Messageable = client.get_partial_messageable(here)
    sent: list[str] = []
    forum = client.get_channel(here)
    if isinstance(forum, discord.ForumChannel) and ready:
        first, *ready = ready
        thread, message = await insist(partial(_start, forum, first))
        place, channel, sent = replace(place, thread=str(thread.id)), thread, [str(message.id)]
    for each in ready:
        nonce = secrets.randbits(63)
        sent.append(str((await insist(partial(_send, channel, each, nonce))).id))
    return MessageRef(place, ",".join(sent)) if sent else None


async def _send(channel: discord.abc.Messageable, ready: Ready, nonce: int) -> discord.Message:
    return await channel.send(view=ready.view, files=ready.files(), nonce=nonce)


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
    spare.stop()
    for id_, each in zip(ids, (*ready, *[Ready(spare)] * (len(ids) - len(ready))), strict=True):
        message = channel.get_partial_message(int(id_))
        await insist(partial(_edit, client, message, each))


async def _edit(client: discord.Client, message: discord.PartialMessage, ready: Ready) -> None:
    """A thread that was archived for want of talk is opened again first; one that is locked stays as it is."""
    try:
        await message.edit(view=ready.view, attachments=ready.files())
    except discord.HTTPException as error:
        thread = client.get_channel(message.channel.id) or await _fetched(client, message.channel.id, error)
        if error.code != THREAD_ARCHIVED or not isinstance(thread, discord.Thread):
            raise
        await thread.edit(archived=False)
        await message.edit(view=ready.view, attachments=ready.files())


async def _fetched(client: discord.Client, channel: int, error: discord.HTTPException) -> object:
    """Archived threads are not in the library's cache."""
    return await client.fetch_channel(channel) if error.code == THREAD_ARCHIVED else None


async def tell(client: discord.Client, person: int, ready: Sequence[Ready]) -> None:
    """Raises NotAllowed where the person takes no messages, and what `post` raises."""
    channel = await insist(partial(client.create_dm, discord.Object(person)))
    for each in ready:
        await insist(partial(_send, channel, each, secrets.randbits(63)))


async def insist(send: Callable[[], Awaitable[_T]]) -> _T:
    """Sends again where the connection broke. The message's nonce keeps it from being there twice.

    Raises NotAllowed, NotFound or Unavailable.
    """
    for left in reversed(range(TRIES)):
        try:
            return await send()
        except discord.Forbidden as error:
            raise NotAllowed(
                N_("I may not write in this channel. A moderator can allow me to view it and to send messages in it.")
            ) from error
        except discord.NotFound as error:
            raise NotFound(N_("This channel or message is gone from Discord.")) from error
        except (discord.DiscordServerError, discord.RateLimited, aiohttp.ClientError, OSError) as error:
            if not left:
                raise Unavailable(N_("Discord can't be reached just now. Try again in a minute.")) from error
        except discord.HTTPException as error:
            if error.status != HTTPStatus.TOO_MANY_REQUESTS:
                raise
            raise Unavailable(N_("Discord can't be reached just now. Try again in a minute.")) from error
    raise AssertionError


def fitted(reply: Reply, messages: int) -> Reply:
    """The reply such that it takes at most so many messages: its texts are cut with a visible mark, if they must be.

    A message that was posted can't become two. No control is lost, and nearly always nothing has to be cut.
    """
    for most in (render.LIMITS.body, 2000, 1000, 400, 100):
        cut = replace(reply, cards=tuple(_cut(card, most) for card in reply.cards))
        if len(fit(cut, render.LIMITS)) <= messages:
            return cut
    bare = tuple(replace(card, body=(), fields=(), footer="") for card in reply.cards)
    return replace(reply, cards=bare)


def _cut(card: Card, most: int) -> Card:
    if render.measure(card.body) <= most:
        return card
    first = split(card.body, most, render.measure)[0]
    return replace(card, body=(*first, paragraph(ELLIPSIS)))
