"""Open the configured database and key for a command, beside a running bot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from bot.errors import BotError, NotFound, Refused
from bot.settings.model import Settings
from bot.settings.sources import load_settings
from bot.store.address import sqlite_path
from bot.store.database import Database
from bot.store.keys import Keys, load_key
from bot.store.open import open_database

T = TypeVar("T")


def with_database(work: Callable[[Database], Coroutine[Any, Any, T]], url: str | None, *, new: bool = False) -> T:
    """Run work with the configured database, beside a running bot if there is one. Raises BotError.

    Creates a missing file only with `new`: a misspelt name must not look like an empty, healthy database.
    """
    address = load_settings(database=url).database
    file = sqlite_path(address)
    if not new and file is not None and not file.exists():
        raise NotFound(f"There's no database {file}. Correct its name, or create it: parley db upgrade")

    async def run() -> T:
        database = await open_database(address, shared=True)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def look_into(work: Callable[[Database], Coroutine[Any, Any, T]], url: str | None, *, any_version: bool = False) -> T:
    """Run work with the configured database without changing anything: no migration, no lock, no file beside it.

    Raises what `open_database` raises, and `Refused` for an older schema unless the work takes `any_version`.
    """
    address = load_settings(database=url).database

    async def run() -> T:
        database = await open_database(address, read_only=True)
        try:
            if not any_version and (pending := await database.version_problems()):
                raise Refused(f"Upgrade the database: parley db upgrade. It is older than this Parley ({pending[0]}).")
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def existing_keys(settings: Settings) -> Keys | None:
    """Load the instance's key for a read-only command. Return None if it's missing or no key."""
    if settings.key is None and not settings.key_file.exists():
        return None
    try:
        return instance_keys(settings)
    except BotError:
        return None


def instance_keys(settings: Settings) -> Keys:
    """Load the instance's key from its setting or its file. Create the file if there is none."""
    return load_key(settings.key.get_secret_value() if settings.key else "", settings.key_file)
