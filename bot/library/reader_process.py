"""Reads content in a process of its own, because reading much of it holds an interpreter for seconds."""

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
"""Seconds after which the process ends that had nothing to read."""
SWITCH = 0.001
"""Seconds after which the maker of an edition lets other threads have the interpreter, if they want it."""
THOROUGH = 100
"""Editions after which everything is looked through for what nobody uses."""


class Reader(Protocol):
    """Makes editions out of a folder."""

    async def read(self, source: Path, today: date) -> Parcel:
        """What stands in the folder, checked whole. Raises Unavailable where that can't be found out."""

    async def make(self, parcel: Parcel) -> Edition:
        """The edition in a parcel without errors."""

    def close(self) -> None:
        """Nothing will be read any more."""


class ReaderHere:
    """Reads in threads of this process: for content of some hundred cards, as tests have."""

    async def read(self, source: Path, today: date) -> Parcel:
        return await asyncio.to_thread(pack_up, source, today)

    async def make(self, parcel: Parcel) -> Edition:
        return await asyncio.to_thread(edition_from, parcel)

    def close(self) -> None: ...


class ReaderProcess:
    """One process, started when something is to be read, and ended when nothing was for a minute.

    Editions are made here, where they are served, but so that requests go on meanwhile.
    """

    def __init__(self, idle: float = IDLE) -> None:
        self._idle = idle
        self._editions = 0
        self._pool: ProcessPoolExecutor | None = None
        self._ending: asyncio.TimerHandle | None = None

    def open(self, source: Path, today: date) -> Edition:
        """The edition to start with, read here, before there is anybody who would wait. Raises ContentError."""
        return _gently(lambda: open_edition(source, today))

    async def read(self, source: Path, today: date) -> Parcel:
        """Raises Unavailable where the process ended, such as for want of memory. The next call starts another."""
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
        """Lets the process end, once it has read what it reads."""
        if self._ending is not None:
            self._ending.cancel()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _gently(make: Callable[[], Edition], *, thorough: bool = False) -> Edition:
    """Makes an edition without the pauses in which Python looks through all objects for cycles that nobody uses.

    Content has no cycles, so it is taken out of that search for good once it is made; it is freed all the same when
    nobody refers to it. What else was made meanwhile is taken out too, so now and then everything is looked through.
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
    """In the process: Ctrl+C is its parent's business, and it ends with its parent, however that ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
