"""Telling Discord which commands there are: only when they have changed, because each telling counts against a limit.

What was told last is kept in the database as a hash, for each application and, where wanted, for each server.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import discord

from adapters.discord.client import ParleyClient
from bot.store import kept
from bot.store.database import Database

PERMISSIONS = discord.Permissions(
    view_channel=True, send_messages=True, send_messages_in_threads=True, attach_files=True
)
"""The least that Parley works with: it posts polls and facts, in threads too, with results as pictures and files."""


class SilentClient(ParleyClient):
    """A client that tells Discord nothing by itself when it logs in."""

    async def sync_commands(self) -> None: ...


def digest(commands: Sequence[dict[str, Any]]) -> str:
    """SHA-256 of the payload, in hex."""
    return hashlib.sha256(json.dumps(commands, sort_keys=True).encode()).hexdigest()


async def changed(client: ParleyClient, database: Database, guild: int | None = None) -> bool:
    """Whether the commands are others than what was told last. The client is logged in."""
    told = await database.read(lambda tx: kept.get(tx, _name(client, guild)))
    return told != digest(client.declared)


async def sync(client: ParleyClient, database: Database, guild: int | None = None) -> None:
    """Tells Discord all commands, for every server or for one alone, and remembers what was told.

    Raises discord.HTTPException.
    """
    await client.tell_commands(guild)
    told = digest(client.declared)
    await database.write(lambda tx: kept.put(tx, _name(client, guild), told))


async def clear(client: ParleyClient, database: Database, guild: int) -> None:
    """Takes away what one server was told for itself, and leaves it those for every server.

    Raises discord.HTTPException.
    """
    await client.clear_commands(guild)
    await database.write(lambda tx: kept.put(tx, _name(client, guild), ""))


async def sync_if_changed(client: ParleyClient, database: Database) -> bool:
    """Returns whether Discord had to be told. Raises discord.HTTPException."""
    if not await changed(client, database):
        return False
    await sync(client, database)
    return True


def invitation(application: int) -> str:
    """The address at which a server's owner adds the bot, with no more permissions than it uses."""
    return discord.utils.oauth_url(application, permissions=PERMISSIONS, scopes=("bot", "applications.commands"))


def _name(client: ParleyClient, guild: int | None) -> str:
    return f"discord-commands:{client.application_id}" + (f":{guild}" if guild is not None else "")
