"""Replace the instance key: rewrap every secret under a new one.

The key's file opens every secret at every moment: it holds both keys during the rewrite, and the new one alone only
after the commit. An interrupted run can start again without loss.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import InvalidToken

from bot.communities import installations
from bot.deliberation import repository as discussions
from bot.errors import Unavailable
from bot.polls import repository as polls
from bot.polls.model import PollState
from bot.polls.poll_secrets import OpenSecrets
from bot.store.database import Database
from bot.store.keys import Keys, new_key
from bot.store.sql import Transaction

NOT_CLEARED = (
    "The database's files still have what the old key opens. Stop every other program that reads the database, make "
    "room on the disk, and run this command again."
)


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """The numbers of secrets that the new key now opens."""

    polls: int
    installations: int


async def rekey(database: Database, old: bytes, file: Path, installation_purpose: str) -> Rewrapped:
    """Rewrap every secret under a new key, which is in `file` afterwards. No other process may use the database.

    Raise `Unavailable`, and change nothing, except that the file may hold a new key beside the old ones; so it does,
    too, if the remains of the old secrets can't be cleared.
    """
    new = new_key()
    both = b"\n".join((new, *old.split()))
    keys = Keys(both)
    replace_key(file, both)
    counts = await database.write(lambda tx: _rewrap(tx, keys, installation_purpose))
    if not await database.forget_deleted():
        raise Unavailable(NOT_CLEARED)
    replace_key(file, new)
    return counts


async def _rewrap(tx: Transaction, keys: Keys, purpose: str) -> Rewrapped:
    wrapped = await polls.wrapped_secrets(tx)
    for name, secret in wrapped.items():
        await polls.rewrap(tx, name, keys.wrap(keys.unwrap(secret)))
    for name, secret in (await discussions.wrapped_secrets(tx)).items():
        await tx.run("rewrap_discussion_secret", discussion=name, wrapped=keys.wrap(keys.unwrap(secret)))
    secrets = OpenSecrets(keys)
    for poll in await polls.all_polls(tx):
        if poll.row_seal and poll.state is not PollState.OPEN and secrets.ended(poll):
            await polls.seal_end(tx, poll.id, secrets.end_seal(poll))
    derived = keys.derived(purpose)
    installed = await installations.every(tx)
    for community, installation in installed.items():
        try:
            await installations.reseal(tx, community, derived.rotate(installation.sealed.encode()).decode())
        except InvalidToken:
            raise Unavailable(f"Restore the old key: it sealed the installation of {community}.") from None
    return Rewrapped(len(wrapped), len(installed))


def replace_key(file: Path, text: bytes) -> None:
    """Replace the key's file whole: the old one stays until the new one is complete. Raise `Unavailable`."""
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
