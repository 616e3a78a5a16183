"""Run Parley on Discord for the life of the process: wait while Discord is away, and report why it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import aiohttp
import discord

from adapters.discord.client import ParleyClient
from adapters.discord.communities import Presence, is_ours
from adapters.discord.retries import AWAY, BROKEN
from adapters.discord.sync import sync_if_changed
from adapters.discord.verdict_emoji import read_marks, upload_missing
from adapters.http.outgoing_calls import counted
from bot.chat.platform import Limits
from bot.chat.vocabulary import MessageRef, Place, Reply
from bot.errors import Refused, Unavailable
from bot.instance import Instance
from bot.packs.labels import VERDICTS
from bot.settings.model import Shards

NAME = ParleyClient.name
PAUSE_MAX = 60.0
"""Longest pause between two attempts to reach Discord at the start, in seconds. Later, the library reconnects."""

FIRST = 0
"""An id whose events come over the first connection."""

UPLOAD_TIME = 60.0
"""Seconds that another process gets to upload the verdicts' emoji."""

BAD_TOKEN = 4004
"""Discord's close code for a token that is no longer valid."""

logger = logging.getLogger("parley.discord")


class Away:
    """Stands for the platform while Discord can't be reached. The core tries again later."""

    name = NAME
    limits = Limits()

    async def post(self, place: Place, reply: Reply) -> MessageRef | None:  # noqa: ARG002 - the protocol's names
        raise Unavailable(AWAY)

    async def edit(self, ref: MessageRef, reply: Reply) -> None:  # noqa: ARG002 - the protocol's names
        raise Unavailable(AWAY)

    async def has_channel(self, workspace: str, channel: str) -> bool:  # noqa: ARG002 - the protocol's names
        raise Unavailable(AWAY)

    async def has_role(self, workspace: str, role: str) -> bool:  # noqa: ARG002 - the protocol's names
        raise Unavailable(AWAY)


class RunningClient(ParleyClient):
    """The client of a connection, over a whole instance."""

    def __init__(self, instance: Instance, presence: Presence, clock: Callable[[], datetime], **options: Any) -> None:
        super().__init__(instance.bot, clock=clock, **options)
        self._instance = instance
        self._presence = presence
        self._marking: asyncio.Task[None] | None = None
        presence.follow(self)

    async def setup_hook(self) -> None:
        await super().setup_hook()
        self._marking = asyncio.create_task(self._mark_verdicts())  # Discord may limit uploads for many minutes

    async def close(self) -> None:
        if self._marking is not None:
            self._marking.cancel()
        await super().close()

    async def _mark_verdicts(self) -> None:
        """Give the verdicts the application's own emoji. Parley shows a sign without one as text.

        Of several processes, only the one with the first connection uploads them.
        """
        try:
            self._uploads.marks = await read_marks(self)
            if len(self._uploads.marks) < len(VERDICTS):
                if is_ours(self, FIRST):
                    await upload_missing(self, self._uploads.marks)
                else:
                    await self._wait_for_upload()
                self._uploads.marks = await read_marks(self)
        except (discord.HTTPException, *BROKEN) as error:
            logger.warning("can't upload the verdicts' emoji (%s)", type(error).__name__)

    async def _wait_for_upload(self) -> None:
        await asyncio.sleep(UPLOAD_TIME)

    async def sync_commands(self) -> None:
        """Register changed commands, and read their ids. Log a refusal; the old commands still work.

        Of several processes, only the one with the first connection registers them.
        """
        try:
            if not is_ours(self, FIRST) or not await sync_if_changed(self, self._instance.database):
                await self.read_commands()
        except discord.DiscordServerError:
            raise
        except discord.DiscordException:
            logger.exception("Discord refused the commands")

    def is_connected(self) -> bool:
        """Tell whether Discord's events arrive now."""
        return self.is_ready() and self._has_open_socket()

    def _has_open_socket(self) -> bool:
        return self.ws is not None and self.ws.open

    async def on_ready(self) -> None:
        """Catch up on what a new connection missed. A stop waits for it, since it needs the database."""
        try:
            await self._presence.compare(self)
            await self._instance.copies.refresh_all()
            self._instance.scheduler.wake()
        finally:
            await super().on_ready()


class ShardedClient(RunningClient, discord.AutoShardedClient):
    """A client with several connections: as many as Discord proposes, or some of a fixed number."""

    def _has_open_socket(self) -> bool:
        return not any(shard.is_closed() for shard in self.shards.values())


class DiscordService:
    """Discord as one of the platforms of a process."""

    def __init__(
        self,
        instance: Instance,
        token: str,
        clock: Callable[[], datetime],
        *,
        shards: Shards | None = None,
        **options: Any,
    ) -> None:
        """Register the platform, which is `Away` until it connects. `options` are the library's own."""
        self._instance = instance
        self._token = token
        self._clock = clock
        self._shards = shards
        self._options = {"http_trace": counted(NAME, instance.meter), **options}
        self._running: RunningClient | None = None
        self._presence = Presence(instance.privacy, instance.database, clock)
        instance.platforms[NAME] = Away()

    @property
    def name(self) -> str:
        return NAME

    def is_connected(self) -> bool:
        return self._running is not None and self._running.is_connected()

    async def run(self) -> None:
        """Run until cancelled. Raises Refused for a token or a configuration that Discord will never accept."""
        quiet_reconnects()
        pause = 1.0
        while True:
            client = self._running = self._client()
            started = asyncio.create_task(client.start(self._token))  # on Python 3.11 it can swallow a cancellation
            try:
                await asyncio.wait({started})
                started.result()
            except discord.LoginFailure:
                raise Refused(token_refused()) from None
            except discord.ConnectionClosed as error:
                raise Refused(_closed(error.code)) from None
            except (discord.HTTPException, discord.GatewayNotFound, aiohttp.ClientError, OSError) as error:
                logger.warning("can't reach Discord (%s); trying again soon", type(error).__name__)
            finally:
                self._running = None
                await client.close()
                started.cancel()
                await asyncio.gather(started, return_exceptions=True)
                self._instance.platforms[NAME] = Away()
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSE_MAX)

    def _client(self) -> RunningClient:
        if self._shards is None:
            return RunningClient(self._instance, self._presence, self._clock, **self._options)
        count, ids = self._shards.count, list(self._shards.ids) or None
        options = {**self._options, "shard_count": count, "shard_ids": ids}
        return ShardedClient(self._instance, self._presence, self._clock, **options)


def token_refused() -> str:
    return (
        "Discord refuses the bot's token: it was revoked, or is incomplete. Make a new one at "
        "https://discord.com/developers/applications (Bot, Reset Token), and set PARLEY_DISCORD_TOKEN to it."
    )


def _closed(code: int) -> str:
    if code == BAD_TOKEN:
        return token_refused()
    return f"Discord closed the connection for good, with code {code}. The setting discord_shards may be wrong."


class _WithoutTraceback(logging.Filter):
    """Shortens the report of a reconnection to one line, since it's no bug."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and str(record.msg).startswith(("Attempting a reconnect", "Failed to connect for shard")):
            error = record.exc_info[1]
            record.msg = f"{record.msg} ({type(error).__name__})"
            record.exc_info = None
        return True


def quiet_reconnects() -> None:
    """Make the library report a broken connection in one line."""
    for name in ("discord.client", "discord.shard"):
        library_logger = logging.getLogger(name)
        if not any(isinstance(present, _WithoutTraceback) for present in library_logger.filters):
            library_logger.addFilter(_WithoutTraceback())
