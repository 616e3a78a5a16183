"""Parley, whole, on the local Discord: the real library, the real instance, SQLite, and a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.discord.client import ParleyClient
from bot.instance import Instance
from tests.require import require
from tests.wire.discord import DiscordServer, Member, Message, impatient, pointed_at
from tests.wire.discord.validation import SPEC
from tests.world import CONTENT, Clock, running

QUESTION, OPTIONS = "Which tea?", "Green | Black | Oolong"
HURRY = 25.0
"""How many times shorter the server's rate limits are than Discord's."""


@dataclass(slots=True)
class World:
    """A community in which Parley is."""

    server: DiscordServer
    instance: Instance
    client: ParleyClient
    clock: Clock

    async def poll(self, host: Member, **options: Any) -> Message:
        """A poll opened by the host: its message, as everybody sees it."""
        before = len(self.server.posted(host.channel))
        await host.slash("poll create", question=QUESTION, options=OPTIONS, **options)
        return self.server.posted(host.channel)[before]

    async def quiet(self) -> None:
        """Until every copy of every poll is up to date."""
        await self.instance.copies.drain()

    async def tally(self, poll: str = "p1") -> dict[str, int]:
        """Choice → ballots, as they are stored."""
        rows = await self.instance.database.read(lambda tx: tx.rows("choice_counts", poll=poll))
        return {row["choice"]: row["count"] for row in rows if row["count"]}


@asynccontextmanager
async def discord_world(
    folder: Path, *, content: Path = CONTENT, patience: float = 1.5, server: DiscordServer | None = None
) -> AsyncIterator[World]:
    """Parley running on a server, which at the end has seen nothing that Discord would refuse.

    `patience` is how long Parley waits before it defers. A server that is given outlives this, as for a restart.
    """
    require("specs", SPEC.exists(), f"Discord's OpenAPI file is not at {SPEC}")
    clock = server.now if server and isinstance(server.now, Clock) else Clock()
    made = server or DiscordServer(now=clock)
    if server is None:
        made.rate_limits.hurry(HURRY)
        await made.start()
    try:
        with pointed_at(made.url, made.gateway_url), impatient():
            async with (
                running(folder, clock=clock, content=content) as instance,
                connected(instance, made, patience) as client,
            ):
                await instance.start()
                yield World(made, instance, client, clock)
    finally:
        if server is None:
            await made.stop()
    assert made.violations == []


@asynccontextmanager
async def connected(instance: Instance, server: DiscordServer, patience: float) -> AsyncIterator[ParleyClient]:
    client = ParleyClient(instance.bot, clock=server.now, offered=None, patience=patience)
    client._connection.guild_ready_timeout = 0.05  # the library waits so long after each community that it hears of
    running_client = asyncio.create_task(client.start(server.token))
    try:
        await asyncio.wait({running_client, asyncio.ensure_future(_ready(client))}, return_when=asyncio.FIRST_COMPLETED)
        if running_client.done():
            running_client.result()
        yield client
    finally:
        await client.close()
        with suppress(asyncio.CancelledError):
            await running_client


async def _ready(client: ParleyClient) -> None:
    while not client.is_ready():  # before the login there is nothing to wait on  # noqa: ASYNC110
        await asyncio.sleep(0.005)
