"""Track the servers that have the bot: changes while it runs, and those while it was away."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

import discord

from adapters.discord.client import ParleyClient
from bot.communities import repository as communities
from bot.errors import BotError
from bot.polls.privacy import Privacy
from bot.store.database import Database

NAME = ParleyClient.name

logger = logging.getLogger("parley.discord")


class Presence:
    """Tells the core when a server adds or removes the bot."""

    def __init__(self, privacy: Privacy, database: Database, now: Callable[[], datetime]) -> None:
        self._privacy = privacy
        self._database = database
        self._now = now

    def follow(self, client: discord.Client) -> None:
        """Listen to the client from now on."""

        async def on_guild_join(guild: discord.Guild) -> None:
            await self.join(guild.id)

        async def on_guild_remove(guild: discord.Guild) -> None:
            await self.leave(guild.id)

        client.event(on_guild_join)
        client.event(on_guild_remove)

    async def join(self, guild: int) -> None:
        await self._try(self._privacy.returned, community_of(guild))

    async def leave(self, guild: int) -> None:
        await self._try(self._mark_removed, community_of(guild))

    async def compare(self, client: discord.Client) -> None:
        """Catch up on servers that removed or added the bot while it was away.

        Looks only at servers whose events come to this process. A server with an outage still counts as one that has
        the bot.
        """
        for guild in list(client.guilds):
            if client.get_guild(guild.id) is not None:  # the bot may have been removed since the loop began
                await self._try(self._privacy.returned, community_of(guild.id))
        there = {community_of(guild.id) for guild in client.guilds}
        for community in await self._database.read(communities.all_ids):
            platform, _, workspace = community.partition(":")
            ours = platform == NAME and workspace.isdigit() and is_ours(client, int(workspace))
            if ours and community not in there:
                await self._try(self._mark_removed, community)

    async def _mark_removed(self, community: str) -> None:
        await self._privacy.community_left(community, self._now())

    async def _try(self, update: Callable[[str], Awaitable[None]], community: str) -> None:
        try:
            await update(community)
        except BotError as error:
            logger.warning("can't record the removal of %s: %s", community, type(error).__name__)


def community_of(guild: int) -> str:
    return f"{NAME}:{guild}"


def is_ours(client: discord.Client, guild: int) -> bool:
    """Tell whether this process gets the server's events:
    https://discord.com/developers/docs/events/gateway#sharding."""
    count = client.shard_count or 1
    ids = getattr(client, "shard_ids", None) or range(count)
    return (guild >> 22) % count in ids
