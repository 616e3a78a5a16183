"""Answer plain questions on Discord: messages that mention the bot, and direct messages to it.

Without the privileged intent, Discord shows the bot only the words of these messages and of its own:
https://discord.com/developers/docs/events/gateway#message-content-intent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import cast

import discord

from adapters.discord import messages
from adapters.discord.decoding import cached_names, decode, marked
from adapters.discord.interactions import NAME
from adapters.discord.rights import is_hidden, sends
from adapters.discord.uploads import Uploads
from bot.chat.vocabulary import Actor, Outcome, Place, Reply, Request, Visibility
from bot.dispatch.bot import Bot, apology
from bot.dispatch.rights import without_publicity
from bot.errors import BotError, NotAllowed, NotFound
from bot.i18n import translator
from bot.telemetry.request_id import request_scope

_WRITTEN = frozenset({discord.MessageType.default, discord.MessageType.reply})
"""Types of members' messages; Discord's own notices have other types."""

logger = logging.getLogger("parley.discord")


class PlainWords:
    """Answers questions where they are asked. `drain` waits for the running answers."""

    def __init__(self, client: discord.Client, bot: Bot, uploads: Uploads, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._bot = bot
        self._uploads = uploads
        self._clock = clock
        self._running: set[asyncio.Task[None]] = set()
        self._drains = False

    async def answer(self, message: discord.Message) -> None:
        """Answer a message to the bot. Edits never come here; bots, webhooks and notices are ignored."""
        if self._drains or not is_from_member(message):
            return
        words = question_in(message, cast("discord.ClientUser", self._client.user))
        if words is None:
            return
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._running.add(task)
        try:
            with request_scope(self._bot.new_reference):
                await self._answered(message, words)
        finally:
            self._running.discard(task)

    async def drain(self, seconds: float) -> None:
        """Accept nothing new, and wait for the running answers."""
        self._drains = True
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    async def _answered(self, message: discord.Message, words: str) -> None:
        """Answer the question. Log a failed delivery, and a bug whole."""
        request = request_of(message, self._clock())
        try:
            await self._show(message, request, await self._bot.ask(request, words))
        except BotError as error:
            logger.warning("can't answer a question on Discord: %s", type(error).__name__)
        except Exception as bug:
            reference = self._bot.report("an answer to Discord", bug)
            await self._tell(message, apology(reference, translator("en")).answer or Reply())

    async def _show(self, message: discord.Message, request: Request, outcome: Outcome) -> None:
        answer = outcome.answer
        if outcome.duplicate or answer is None:
            return
        if message.guild is not None and answer.visibility is Visibility.PRIVATE:
            await self._tell(message, answer)
            return
        try:
            await messages.answer(self._client, message, await self._uploads.ready(answer, translator("en")))
        except NotAllowed:  # the library's cache was behind
            if message.guild is not None:
                alone = without_publicity(outcome, replace(request, may_post=False), translator("en"))
                await self._tell(message, alone.answer or Reply())

    async def _tell(self, message: discord.Message, reply: Reply) -> None:
        """Answer the member in their conversation with the bot, if they accept its messages."""
        ready = await self._uploads.ready(reply, translator("en"))
        try:
            await messages.tell(self._client, message.author.id, ready)
        except (NotAllowed, NotFound):
            logger.info("can't tell a member why: they take no direct messages")
        except BotError as error:
            logger.warning("can't tell a member why: %s", type(error).__name__)


def is_from_member(message: discord.Message) -> bool:
    """Tell whether a person wrote the message."""
    author = message.author
    return message.type in _WRITTEN and message.webhook_id is None and not (author.bot or author.system)


def question_in(message: discord.Message, bot: discord.ClientUser) -> str | None:
    """Return the words of a message to the bot; None for any other.

    In a server, the words must name the bot: a reply to one of its messages pings it but asks nothing. Members often
    pick the bot's role from the list instead; Discord may then withhold the words.
    """
    if message.guild is None:
        return readable(message)
    role = message.guild.self_role
    marks = [f"<@{bot.id}>", f"<@!{bot.id}>", *([f"<@&{role.id}>"] if role else [])]
    if any(mark in message.content for mark in marks):
        return readable(message, marks)
    return "" if role and not message.content and role in message.role_mentions else None


def readable(message: discord.Message, without: Iterable[str] = ()) -> str:
    """Return the words as their author saw them, with names instead of ids and without these mentions of the bot."""
    names = {f"@{each.id}": each.display_name for each in message.mentions}
    names |= cached_names(message.guild, marked([message.content]))
    return decode(message.content, names, without).strip()


def request_of(message: discord.Message, now: datetime) -> Request:
    """Build the core's request. A question needs no right except to write in its place."""
    guild, author = message.guild, message.author
    workspace = str(guild.id) if guild else f"dm{message.channel.id}"
    roles = author.roles if isinstance(author, discord.Member) else ()
    return Request(
        actor=Actor(
            NAME,
            workspace,
            str(author.id),
            author.display_name,
            roles=frozenset(str(role.id) for role in roles if not role.is_default()),
            joined=author.joined_at if isinstance(author, discord.Member) else None,
            everywhere=True,
        ),
        place=_place_of(message, workspace),
        now=now,
        locale="",
        may_post=_may_post(message),
        key=str(message.id),
    )


def _place_of(message: discord.Message, workspace: str) -> Place:
    guild, channel = message.guild, message.channel
    if guild is None:
        return Place(NAME, workspace, str(channel.id), direct=True, private=True)
    private = is_hidden(guild, channel, channel.id)
    if isinstance(channel, discord.Thread) and not channel.is_private():
        return Place(NAME, workspace, str(channel.parent_id), thread=str(channel.id), private=private)
    return Place(NAME, workspace, str(channel.id), private=private)


def _may_post(message: discord.Message) -> bool:
    """Tell whether the bot may write there, as far as the library's cache knows; Discord has the last word."""
    guild, channel = message.guild, message.channel
    if guild is None or not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return True
    try:
        permissions = channel.permissions_for(guild.me)
    except discord.ClientException:  # a thread whose channel the library doesn't know
        return True
    return sends(permissions, in_thread=isinstance(channel, discord.Thread))
