"""Check the database and the instance's key, without changing anything or applying a migration."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

from adapters.doctor import machine
from adapters.doctor.check_result import CheckResult, note, ok, wrong
from bot.errors import BotError, Refused
from bot.polls import repository as polls
from bot.settings.model import Settings, without_password
from bot.store import migrate
from bot.store.address import INSTALL_DRIVER, NO_DRIVER, has_driver, sqlite_path
from bot.store.keys import Keys
from bot.store.open import open_database
from bot.store.sqlite_file import applied_in

UPGRADE = "parley db upgrade"
RESTORE = "Restore a backup, see docs/operators.md: parley db check says more"


def key_place(settings: Settings) -> Iterator[CheckResult]:
    """Check that no copy of one folder holds both the database and the key."""
    path = sqlite_path(settings.database)
    if settings.key is None and path is not None and _share_a_folder(path, settings.key_file):
        yield note(
            "key place",
            f"The key is in the database's folder {path.absolute().parent}, so a copy of the folder opens votes in "
            "open polls",
            "Stop Parley, move the key to another disk or volume, and set PARLEY_KEY_FILE to it",
        )


async def database(settings: Settings) -> AsyncIterator[CheckResult]:
    """Check the database's place, version, integrity and disk, and whether the key opens its polls."""
    path = sqlite_path(settings.database)
    if path is None and not has_driver():
        yield wrong("database", NO_DRIVER, INSTALL_DRIVER)
        return
    if path is not None:
        size = path.stat().st_size if path.exists() else 0
        for result in machine.disk(path.parent, size):
            yield result
        if path.is_dir():
            yield wrong(
                "database", f"{path} is a folder", f"Set PARLEY_DATABASE to a file, such as {path / 'parley.db'}"
            )
            return
        if not path.exists():
            yield ok("database", f"Parley creates {path} at the first start")
            yield _key(settings, {})
            return
    try:
        if path is not None:
            applied = applied_in(path)
        else:
            from bot.store.postgres_probe import probe  # noqa: PLC0415 - asyncpg is an extra

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
        yield note("database", f"Migrations to apply at the next start: {len(waiting)}", UPGRADE)
        if not applied:
            yield _key(settings, {})
        return
    async for result in _inside(settings):
        yield result


async def _inside(settings: Settings) -> AsyncIterator[CheckResult]:
    try:
        opened = await open_database(settings.database, read_only=True)
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


def _share_a_folder(database: Path, key: Path) -> bool:
    """Tell whether a copy of one file's folder includes the other."""
    folders = [file.absolute().resolve().parent for file in (database, key)]
    return folders[0].is_relative_to(folders[1]) or folders[1].is_relative_to(folders[0])


def _key(settings: Settings, wrapped: Mapping[str, str]) -> CheckResult:
    """Check that the key opens the secrets that it wrapped, by poll: without it, open polls take no votes."""
    where = "PARLEY_KEY" if settings.key is not None else str(settings.key_file)
    try:
        if settings.key is None and not settings.key_file.exists():
            if not wrapped:
                return _new_key(settings.key_file)
            return wrong(
                "key",
                f"{where} is missing, and polls are open ({len(wrapped)})",
                f"Restore {where} from where you keep it",
            )
        text = settings.key.get_secret_value() if settings.key is not None else settings.key_file.read_text()
        keys = Keys(text.encode())
        for secret in wrapped.values():
            keys.unwrap(secret)
    except (BotError, OSError, ValueError) as error:
        reason = error.message if isinstance(error, BotError) else "it isn't a key"
        return wrong("key", f"{where}: {reason}", f"Restore {where} from where you keep it")
    if settings.key is None and settings.key_file.stat().st_mode & 0o077:
        return note("key", f"Others on this machine can read {where}", f"chmod 600 {where}")
    return ok("key", f"{where} opens the secrets of all open polls ({len(wrapped)})")


def _new_key(file: Path) -> CheckResult:
    """Check that the folder can take the key that doesn't exist yet."""
    if not os.access(file.parent, os.W_OK | os.X_OK):
        folder = file.parent
        return wrong("key", f"{folder} can't be written", f"Create it, and let Parley write there: mkdir -p {folder}")
    return ok("key", f"Parley creates {file} at the first start")


def _mend(path: Path | None) -> str:
    return RESTORE if path is not None else "Check that the server runs and PARLEY_DATABASE is right: pg_isready"
