"""Checks of the database and of the instance's key. Nothing is changed, and no migration is applied."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from adapters.doctor import machine
from adapters.doctor.finding import Finding, note, ok, wrong
from bot.config import Settings, without_password
from bot.errors import BotError, Refused
from bot.store import migrate, polls
from bot.store.address import INSTALL_DRIVER, NO_DRIVER, has_driver, sqlite_path
from bot.store.database import open_database
from bot.store.keys import Keys

UPGRADE = "parley db upgrade"
RESTORE = "Restore a backup, see docs/operations.md: parley db check says more"


async def database(settings: Settings) -> AsyncIterator[Finding]:
    """Where it is, its version, its integrity, its disk, and whether the key opens its polls."""
    path = sqlite_path(settings.database)
    if path is None and not has_driver():
        yield wrong("database", NO_DRIVER, INSTALL_DRIVER)
        return
    if path is not None:
        size = path.stat().st_size if path.exists() else 0
        for finding in machine.disk(path.parent, size):
            yield finding
        if path.is_dir():
            yield wrong(
                "database", f"{path} is a folder", f"Set PARLEY_DATABASE to a file, such as {path / 'parley.db'}"
            )
            return
        if not path.exists():
            yield ok("database", f"{path} is made at the first start")
            yield _key(settings, {})
            return
    try:
        if path is not None:
            applied = migrate.applied_in(path)
        else:
            from bot.store.postgres import probe  # noqa: PLC0415 - asyncpg is an extra

            probed = await probe(settings.database)
            applied = probed.applied
            yield machine.write_speed(probed.write_seconds)
        waiting = migrate.pending(migrate.load_migrations("sqlite" if path is not None else "postgres"), applied)
    except Refused as error:
        yield wrong("database", error.message, "Install the Parley that this database belongs to, or restore a backup")
        return
    except (BotError, sqlite3.Error, OSError) as error:
        yield wrong("database", f"{without_password(settings.database)} can't be read: {error}", _mend(path))
        return
    if waiting:
        yield note("database", f"{len(waiting)} migrations are still to be applied; the next start does it", UPGRADE)
        if not applied:
            yield _key(settings, {})
        return
    async for finding in _inside(settings):
        yield finding


async def _inside(settings: Settings) -> AsyncIterator[Finding]:
    try:
        opened = await open_database(settings.database, shared=True)
    except BotError as error:
        yield wrong("database", error.message, RESTORE)
        return
    try:
        problems = await opened.check()
        if problems:
            yield wrong("database", f"It is damaged: {problems[0]}", RESTORE)
            return
        yield ok("database", f"{without_password(settings.database)} is whole and up to date")
        yield _key(settings, await opened.read(polls.wrapped_secrets))
    except BotError as error:
        yield wrong("database", error.message, RESTORE)
    finally:
        await opened.close()


def _key(settings: Settings, wrapped: Mapping[str, str]) -> Finding:
    """The key must open what it has wrapped, by poll: without it, open polls take no votes."""
    where = "PARLEY_KEY" if settings.key is not None else str(settings.key_file)
    try:
        if settings.key is None and not settings.key_file.exists():
            if not wrapped:
                return _new_key(settings.key_file)
            return wrong(
                "key",
                f"{where} is missing, and {len(wrapped)} polls are open",
                f"Restore {where} from where you keep it",
            )
        text = settings.key.get_secret_value() if settings.key is not None else settings.key_file.read_text()
        keys = Keys(text.encode())
        for secret in wrapped.values():
            keys.unwrap(secret)
    except (BotError, OSError, ValueError) as error:
        said = error.message if isinstance(error, BotError) else "it holds no key"
        return wrong("key", f"{where}: {said}", f"Restore {where} from where you keep it")
    if settings.key is None and settings.key_file.stat().st_mode & 0o077:
        return note("key", f"{where} can be read by others on this machine", f"chmod 600 {where}")
    return ok("key", f"{where} opens the secrets of {len(wrapped)} polls")


def _new_key(file: Path) -> Finding:
    """Where there is none yet, its folder must take one."""
    if not os.access(file.parent, os.W_OK | os.X_OK):
        folder = file.parent
        return wrong("key", f"{folder} can't be written", f"Make it, and let Parley write there: mkdir -p {folder}")
    return ok("key", f"{file} is made at the first start")


def _mend(path: Path | None) -> str:
    return RESTORE if path is not None else "See that the server runs and PARLEY_DATABASE is right: pg_isready"
