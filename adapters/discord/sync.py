"""Sends Discord the commands, only when they have changed: each sync counts against a limit.

The database holds a hash of the last sync for each application, and for each server that has commands of its own.
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
"""The least that Parley works with: it posts polls and facts, in threads too, with results as pictures and files."""


class SilentClient(ParleyClient):
    """A client that syncs no commands when it logs in."""

    async def sync_commands(self) -> None: ...


def digest(commands: Sequence[dict[str, Any]]) -> str:
    """SHA-256 of the payload, in hex."""
    return hashlib.sha256(json.dumps(commands, sort_keys=True).encode()).hexdigest()


async def changed(client: ParleyClient, database: Database, guild: int | None = None) -> bool:
    """Tell whether the commands differ from the last sync. The client is logged in."""
    before = await database.read(lambda tx: key_value.get(tx, _name(client, guild)))
    return before != digest(client.declared)


async def sync(client: ParleyClient, database: Database, guild: int | None = None) -> None:
    """Send Discord all commands, for every server or for one, and store their hash.

    Raises discord.HTTPException.
    """
    await client.tell_commands(guild)
    current = digest(client.declared)
    await database.write(lambda tx: key_value.put(tx, _name(client, guild), current))


async def clear(client: ParleyClient, database: Database, guild: int) -> None:
    """Remove the commands that one server has for itself; those for every server stay.

    Raises discord.HTTPException.
    """
    await client.clear_commands(guild)
    await database.write(lambda tx: key_value.put(tx, _name(client, guild), ""))


async def sync_if_changed(client: ParleyClient, database: Database) -> bool:
    """Sync changed commands, and return whether there were any. Raises discord.HTTPException."""
    if not await changed(client, database):
        return False
    await sync(client, database)
    return True


def invitation(application: int) -> str:
    """Return the link with which a server's owner adds the bot, with no more permissions than it uses."""
    return discord.utils.oauth_url(application, permissions=PERMISSIONS, scopes=("bot", "applications.commands"))


def personal_invitation(application: int) -> str:
    """Return the link with which a member installs the look-ups for themselves, in every place where they talk.

    https://discord.com/developers/docs/topics/oauth2#url-generator (`integration_type`)
    """
    return f"{discord.utils.oauth_url(application, scopes=('applications.commands',))}&integration_type=1"


def _name(client: ParleyClient, guild: int | None) -> str:
    return f"discord-commands:{client.application_id}" + (f":{guild}" if guild is not None else "")
