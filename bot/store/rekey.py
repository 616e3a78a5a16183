"""A new instance key in the place of the old one: what the old one wrapped is wrapped anew.

At every moment the key's file opens everything: it holds both keys while the database is rewritten, and the new one
alone only after that is committed. So whoever is interrupted starts again, and nothing is lost.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import InvalidToken

from bot.errors import Unavailable
from bot.store import installations, polls
from bot.store.database import Database
from bot.store.keys import Keys, new_key
from bot.store.sql import Transaction


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """How many things the new key opens now."""

    polls: int
    installations: int


async def rekey(database: Database, old: bytes, file: Path, installation_purpose: str) -> Rewrapped:
    """Wraps everything under a new key, which is in `file` afterwards. No other process uses the database meanwhile.

    Raises `Unavailable`, and then nothing has changed, except that the file may hold a new key beside the old ones.
    """
    new = new_key()
    both = b"\n".join((new, *old.split()))
    keys = Keys(both)
    replace_key(file, both)
    done = await database.write(lambda tx: _rewrap(tx, keys, installation_purpose))
    await database.forget_deleted()
    replace_key(file, new)
    return done


async def _rewrap(tx: Transaction, keys: Keys, purpose: str) -> Rewrapped:
    wrapped = await polls.wrapped_secrets(tx)
    for poll, secret in wrapped.items():
        await polls.rewrap(tx, poll, keys.wrap(keys.unwrap(secret)))
    derived = keys.derived(purpose)
    installed = await installations.every(tx)
    for community, kept in installed.items():
        try:
            await installations.reseal(tx, community, derived.rotate(kept.sealed.encode()).decode())
        except InvalidToken:
            raise Unavailable(
                f"What {community} has installed was sealed under another key. Restore that one."
            ) from None
    return Rewrapped(len(wrapped), len(installed))


def replace_key(file: Path, text: bytes) -> None:
    """Never half a file: the old one is there until the new one is whole. Raises `Unavailable`."""
    try:
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)  # readable by its owner alone
    except OSError as error:
        raise Unavailable(f"The key's file can't be written beside {file}: {error.strerror}.") from error
    try:
        with os.fdopen(descriptor, "wb") as written:
            written.write(text + b"\n")
            written.flush()
            os.fsync(written.fileno())
        Path(name).replace(file)
    except OSError as error:
        with suppress(OSError):
            Path(name).unlink()
        raise Unavailable(f"The key's file {file} can't be replaced: {error.strerror}.") from error
