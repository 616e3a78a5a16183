"""Register the commands with Discord, only when they have changed: each registration counts against a limit.

The database holds a hash of the last one for each application, and for each server that has commands of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import discord

from adapters.discord.client import ParleyClient
from bot.store import key_value
from bot.store.database import Database

PERMISSIONS = discord.Permissions(
    view_channel=True, send_messages=True, send_messages_in_threads=True, attach_files=True
)
"""The least permissions that Parley works with: it posts polls and facts, in threads too, and results as pictures and
files."""


class SilentClient(ParleyClient):
    """A client that registers no commands when it logs in."""

    async def sync_commands(self) -> None: ...


def digest(commands: Sequence[dict[str, Any]]) -> str:
    """Return the SHA-256 of the payload, in hex."""
    return hashlib.sha256(json.dumps(commands, sort_keys=True).encode()).hexdigest()


async def changed(client: ParleyClient, database: Database, guild: int | None = None) -> bool:
    """Tell whether the commands have changed since the last registration. The client must be logged in."""
    before = await database.read(lambda tx: key_value.get(tx, _name(client, guild)))
    return before != digest(client.declared)


async def sync(client: ParleyClient, database: Database, guild: int | None = None) -> None:
    """Register all commands, for all servers or for one, and store their hash.

    Raises discord.HTTPException.
    """
    await client.tell_commands(guild)
    current = digest(client.declared)
    await database.write(lambda tx: key_value.put(tx, _name(client, guild), current))


async def clear(client: ParleyClient, database: Database, guild: int) -> None:
    """Remove one server's own commands; those for all servers stay.

    Raises discord.HTTPException.
    """
    await client.clear_commands(guild)
    await database.write(lambda tx: key_value.put(tx, _name(client, guild), ""))


async def sync_if_changed(client: ParleyClient, database: Database) -> bool:
    """Register changed commands, and return whether there were any. Raises discord.HTTPException."""
    if not await changed(client, database):
        return False
    await sync(client, database)
    return True


def invitation(application: int) -> str:
    """Return the link for a server's owner to add the bot, with no more permissions than it uses."""
    return discord.utils.oauth_url(application, permissions=PERMISSIONS, scopes=("bot", "applications.commands"))


def personal_invitation(application: int) -> str:
    """Return the link for a member to install the look-ups for themselves, in all their conversations.

    https://discord.com/developers/docs/topics/oauth2#url-generator (`integration_type`)
    """
    return f"{discord.utils.oauth_url(application, scopes=('applications.commands',))}&integration_type=1"


def _name(client: ParleyClient, guild: int | None) -> str:
    return f"discord-commands:{client.application_id}" + (f":{guild}" if guild is not None else "")
