"""Read content in a separate process, because reading much of it holds an interpreter for seconds."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import date
from pathlib import Path
from typing import Protocol

from bot.errors import Unavailable
from bot.i18n import N_
from bot.library.edition import Edition
from bot.library.snapshot import Parcel, edition_from, open_edition, pack_up

IDLE = 60.0
"""Seconds without reading after which the process ends."""
SWITCH = 0.001
"""Seconds that the maker of an edition keeps the interpreter when other threads want it."""
THOROUGH = 100
"""Editions between two full garbage collections."""


class Reader(Protocol):
    """Makes editions from a folder."""

    async def read(self, source: Path, today: date) -> Parcel:
        """Read and check the whole folder. Raise Unavailable if that isn't possible now."""

    async def make(self, parcel: Parcel) -> Edition:
        """Make the edition from a parcel without errors."""

    def close(self) -> None:
        """End the reading for good."""


class ReaderHere:
    """Reads in threads of this process: for content of some hundred cards, as in tests."""

    async def read(self, source: Path, today: date) -> Parcel:
        return await asyncio.to_thread(pack_up, source, today)

    async def make(self, parcel: Parcel) -> Edition:
        return await asyncio.to_thread(edition_from, parcel)

    def close(self) -> None: ...


class ReaderProcess:
    """A process that starts for the first read and ends after a minute without one.

    The serving process still makes the editions, but in such a way that requests go on.
    """

    def __init__(self, idle: float = IDLE) -> None:
        self._idle = idle
        self._editions = 0
        self._pool: ProcessPoolExecutor | None = None
        self._ending: asyncio.TimerHandle | None = None

    def open(self, source: Path, today: date) -> Edition:
        """Read the first edition in this process, before anybody waits for answers. Raise ContentError."""
        return _gently(lambda: open_edition(source, today))

    async def read(self, source: Path, today: date) -> Parcel:
        """Raise Unavailable if the process died, for example for lack of memory. The next call starts another."""
        loop = asyncio.get_running_loop()
        if self._ending is not None:
            self._ending.cancel()
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin)
        try:
            # In a thread, because the first request starts the process.
            reading = await asyncio.to_thread(self._pool.submit, pack_up, source, today)
            return await asyncio.wrap_future(reading)
        except BrokenProcessPool:
            self.close()
            raise Unavailable(N_("I couldn't read the content because a process stopped. Try again.")) from None
        finally:
            self._ending = loop.call_later(self._idle, self.close)

    async def make(self, parcel: Parcel) -> Edition:
        self._editions += 1
        return await asyncio.to_thread(_gently, lambda: edition_from(parcel), thorough=self._editions % THOROUGH == 0)

    def close(self) -> None:
        """Let the process end after its current read."""
        if self._ending is not None:
            self._ending.cancel()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _gently(make: Callable[[], Edition], *, thorough: bool = False) -> Edition:
    """Make an edition without pauses for garbage collection.

    Content has no cycles, so the collector never needs to search it; reference counts still free it. Freezing also
    exempts everything else made at the time, so now and then a full collection runs.
    """
    interval = sys.getswitchinterval()
    if thorough:
        gc.unfreeze()
    gc.collect()
    gc.disable()
    sys.setswitchinterval(SWITCH)
    try:
        return make()
    finally:
        gc.freeze()
        gc.enable()
        sys.setswitchinterval(interval)


def _begin() -> None:
    """Set up the reading process: leave Ctrl+C to its parent, and end with the parent, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
