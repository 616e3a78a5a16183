"""Repeat calls to Discord, and translate its refusals.

discord.py repeats most calls that end with a 5xx. That is right for edits, first answers and messages with a nonce,
which may arrive twice without harm. It is wrong for the two calls that nothing identifies: a forum's new post and an
interaction's further message. These two end at `unless_unheard`
(docs/decisions/0024-what-discord-cannot-tell-apart.md).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, TypeVar, cast

import aiohttp
import discord

from bot.errors import NotAllowed, NotFound, PlaceGone, Unavailable
from bot.i18n import N_

TRIES = 3
"""Attempts over connections that break; the library itself repeats most 5xx, and what a rate limit refuses."""
BROKEN = (aiohttp.ClientError, OSError)
"""Errors of a connection that broke before a response came."""
FAILED = (*BROKEN, discord.DiscordServerError)
UNHEARD = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT, 524})
"""Statuses by which Discord's gateway reports a server that didn't respond. The server may have done the work."""
UNKNOWN_CHANNEL = 10003
THREAD_ARCHIVED = 50083
THREAD_LOCKED = 160005
"""https://discord.com/developers/docs/topics/opcodes-and-status-codes#json"""

AWAY = N_("I can't reach Discord right now. Try again in a minute.")
GONE = N_("This channel or message is gone from Discord.")

T = TypeVar("T")


async def again(send: Callable[[], Awaitable[T]], *, after: tuple[type[Exception], ...] = FAILED) -> T:
    """Repeat a call if the connection broke, or if Discord failed or was still too busy after the library's tries.

    Only for calls that may arrive twice without harm. Raises what `send` raises.
    """
    for _ in range(TRIES - 1):
        try:
            return await send()
        except after:
            continue
        except discord.HTTPException as error:
            if not _is_limited(error):
                raise
    return await send()


def _is_limited(error: discord.HTTPException) -> bool:
    """Tell whether a rate limit refused a call, so that it had no effect. The library has waited as long as Discord
    told it to, five times.

    A call that Discord's network refuses isn't repeated: it lacks the header `Via`. Neither is an edit that is refused
    because the message is old, with a code of its own.
    """
    return error.status == HTTPStatus.TOO_MANY_REQUESTS and not error.code and "Via" in error.response.headers


async def insist(send: Callable[[], Awaitable[T]]) -> T:
    """Repeat a call if the connection broke. A message's nonce prevents a duplicate.

    Raises NotAllowed, NotFound or Unavailable.
    """
    try:
        return await again(send)
    except discord.Forbidden as error:
        raise _refusal(error) from error
    except discord.NotFound as error:
        gone = PlaceGone if error.code == UNKNOWN_CHANNEL else NotFound
        raise gone(GONE) from error
    except (*FAILED, discord.RateLimited) as error:
        raise Unavailable(AWAY) from error
    except discord.HTTPException as error:
        if error.code in {THREAD_ARCHIVED, THREAD_LOCKED}:
            raise _refusal(error) from error
        if error.status != HTTPStatus.TOO_MANY_REQUESTS:
            raise
        raise Unavailable(AWAY) from error


def _refusal(error: discord.HTTPException) -> NotAllowed:
    if error.code in {THREAD_ARCHIVED, THREAD_LOCKED}:
        return NotAllowed(N_("I can't write in this locked thread. Ask a moderator to unlock it."))
    return NotAllowed(N_("I can't write in this channel. Ask a moderator to let me view it and send messages in it."))


async def unless_unheard(response: aiohttp.ClientResponse) -> None:
    """End a call that the library would repeat although the work may be done; for aiohttp's `raise_for_status`.

    Raises DiscordServerError.
    """
    if response.status in UNHEARD:
        response.release()
        raise discord.DiscordServerError(response, None)


def further(interaction: discord.Interaction) -> discord.Webhook:
    """Return the interaction's follow-up webhook, which never repeats a message by itself."""
    webhook = interaction.followup
    session: object = webhook.session
    if not isinstance(session, _UnrepeatedSession):  # the library makes one webhook per interaction
        webhook.session = cast("aiohttp.ClientSession", _UnrepeatedSession(webhook.session))
    return webhook


class _UnrepeatedSession:
    """The library's session, with `unless_unheard` on every call."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    def request(self, method: str, url: str, **options: Any) -> Any:
        return self._session.request(method, url, raise_for_status=unless_unheard, **options)
