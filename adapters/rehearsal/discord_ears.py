"""Listen to Discord during a rehearsal: its own messages, the operator's presses, and each call's response."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from time import monotonic
from typing import Any

import aiohttp
import discord
from discord import app_commands

from adapters.rehearsal.observations import Observations

INTENTS = discord.Intents(guilds=True, guild_messages=True)
_SEGMENTS = frozenset(
    {"channels", "messages", "interactions", "callback", "webhooks", "applications", "guilds", "commands"}
)
"""Path segments that name a call; the others are ids and tokens."""


class RegisteringTree(app_commands.CommandTree):
    """Registers commands and runs none: `RehearsalClient.on_interaction` receives the operator's."""

    async def interaction_check(self, _interaction: discord.Interaction) -> bool:
        return False


class RehearsalClient(discord.Client):
    """Receives its own messages and the operator's presses in one channel, and nothing else."""

    def __init__(self, channel: int, **options: Any) -> None:
        super().__init__(
            intents=INTENTS,
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            **options,
        )
        self.tree = RegisteringTree(self)
        self.echoes: asyncio.Queue[int] = asyncio.Queue()
        """The ids of its own messages, in order of arrival."""
        self.interactions: asyncio.Queue[discord.Interaction | None] = asyncio.Queue()
        """The operator's interactions; None when Discord has closed the connection for good."""
        self.place = channel

    async def on_message(self, message: discord.Message) -> None:
        if message.channel.id == self.place and self.user is not None and message.author.id == self.user.id:
            self.echoes.put_nowait(message.id)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if interaction.channel_id == self.place:
            self.interactions.put_nowait(interaction)


class CallWatch:
    """Reports each call's response to the running step's observations."""

    def __init__(self) -> None:
        self.check: Observations | None = None

    def trace(self) -> aiohttp.TraceConfig:
        """Return the trace for the library's session."""
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(self._start)
        trace.on_request_end.append(self._end)
        return trace

    async def _start(self, _session: Any, context: Any, _request: Any) -> None:
        context.began = monotonic()

    async def _end(self, _session: Any, context: Any, done: aiohttp.TraceRequestEndParams) -> None:
        segments = [segment for segment in done.url.path.split("/") if segment in _SEGMENTS]
        if self.check is None or not segments:
            return
        call, headers = f"{done.method} {'/'.join(segments)}", done.response.headers
        self.check.time(call, monotonic() - context.began)
        if done.response.status == HTTPStatus.TOO_MANY_REQUESTS:
            retry = headers.get("Retry-After")
            self.check.limits.append(f"{call}: 429, wait {retry or '?'} s")
            self.check.expect("D-429", retry, "a 429 has no Retry-After")
        elif segments[0] == "channels" and done.response.ok:
            present = "X-RateLimit-Remaining" in headers and "X-RateLimit-Reset-After" in headers
            self.check.expect("D-headers", present, "an answer lacks the headers of its rate limit")
