"""The database behind one small face: read, write, check, back up.

    database = await open_database("sqlite:///parley.db")
    poll = await database.read(lambda tx: polls.get(tx, "p1"))
    await database.write(lambda tx: communities.put_settings(tx, "discord:1", {...}))

A unit of work is a coroutine function over a `Transaction`. It is committed when it returns, and undone when it raises.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from bot.errors import Unavailable
from bot.i18n import N_
from bot.store.signals import Hear, Signal, Signals
from bot.store.sql import Dialect, Transaction

T = TypeVar("T")
Unit = Callable[[Transaction], Coroutine[Any, Any, T]]

BUSY_SECONDS = 5.0
"""Seconds that a write waits for another process's lock."""
NOT_WRITTEN = N_("I can't reach the database right now, so nothing has changed. Try again in a moment.")


class Database(ABC):
    """One open database. `read` and `write` raise `Unavailable` when it fails for a reason outside the program
    (a full or read-only disk, a lock held too long, a lost connection); the next call tries anew."""

    dialect: Dialect

    def __init__(self) -> None:
        self._signals = Signals()

    def listen(self, signal: Signal, hear: Hear) -> None:
        """Call `hear` for each such signal from any process that shares the database."""
        self._signals.listen(signal, hear)

    def signal(self, signal: Signal, about: str = "") -> None:
        """Signal a committed change to the listeners: at once in this process, soon in the others."""
        self._signals.spread(signal, about)

    @abstractmethod
    async def read(self, unit: Unit[T], *, long: bool = False) -> T:
        """Run a unit over one snapshot; it can't write. `long`: it may take minutes."""

    @abstractmethod
    async def write(self, unit: Unit[T], *, long: bool = False, patience: float | None = None) -> T:
        """Run a unit in a transaction. When this returns, its writes survive a loss of power.

        `long`: it may take minutes, as the close of a very large poll does. `patience`: seconds to wait for another's
        lock, if less than the database's own limit.
        """

    @abstractmethod
    async def forget_deleted(self) -> bool:
        """Clear the remains of deleted rows from log files and free space. Return False if readers, another writer or
        a full disk were in the way: the remains are there until a later call returns True."""

    @abstractmethod
    async def check(self) -> list[str]:
        """List the faults in the database's own structure, in English; empty if there are none."""

    @abstractmethod
    async def version_problems(self) -> list[str]:
        """List the missing migrations, or report that the schema is newer than this program; empty when it fits."""

    @abstractmethod
    async def backup(self, path: Path) -> None:
        """Write a consistent copy while votes come in. Raise `Refused` if the server has its own tools."""

    @abstractmethod
    async def close(self) -> None:
        """Finish writing and close the database."""


def unavailable() -> Unavailable:
    return Unavailable(NOT_WRITTEN)
