"""What a preview shows: the last good version of each pack, and what is wrong with the files as they are now.

`Desk.of(source)` reads once; `desk.read()` reads again, in whatever thread it is called; `follow(desk, changed)` reads
whenever a file is saved.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from watchfiles import awatch

from bot.library.check import check_packs
from bot.library.loader import DRAFTS, PackReading, Spot, pack_folders, read_pack
from bot.library.model import Library
from bot.library.problems import Problem, Severity
from bot.library.report import Report
from bot.library.shelf import Edition

WAIT_MS, LOOK_MS = 300, 1000
"""Milliseconds in which several saves become one, and after which the files are looked at unasked."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The packs as they were last good, and the files as they were found at `at`.

    `stale` names the packs whose files have errors since, so that an older version of them is shown.
    """

    number: int
    at: datetime
    edition: Edition
    reports: tuple[Report, ...] = ()
    stale: frozenset[str] = frozenset()
    sources: Mapping[str, PackReading] = field(default_factory=dict)
    """Pack's id → how its files were read when they were last good."""

    @property
    def problems(self) -> list[Problem]:
        """Errors first, each kind in the order of the files."""
        found = [problem for report in self.reports for problem in report.problems]
        return sorted(found, key=lambda problem: (problem.severity is not Severity.ERROR, problem))

    def place(self, pack: str, entry: str) -> Spot | None:
        """Where an entry stands in the files as they are now; None if they have changed and can't be read since."""
        source = self.sources.get(pack)
        return source.place(entry) if source and pack not in self.stale and entry in source.raws else None

    @property
    def errors(self) -> int:
        return sum(report.errors for report in self.reports)


@dataclass(slots=True)
class Desk:
    """Reads packs in a folder, and keeps what was good."""

    source: Path
    clock: Callable[[], datetime]
    reading: Reading
    _good: dict[Path, PackReading] = field(default_factory=dict)
    _stamps: Mapping[Path, tuple[int, int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, source: Path, clock: Callable[[], datetime]) -> Desk:
        empty = Edition.of(Library(MappingProxyType({})))
        desk = cls(source, clock, Reading(0, clock(), empty))
        desk.read()
        return desk

    def is_out_of_date(self) -> bool:
        """Whether a file was written, added or deleted since the packs were read."""
        return _stamps(self.source) != self._stamps

    def read(self) -> Reading:
        """Read and check every pack anew. A pack with errors stays as it was."""
        self._stamps = _stamps(self.source)
        folders = list(pack_folders(self.source)) or [self.source]
        now = self.clock()
        reports = tuple(check_packs(folders, None, now.date()))
        stale: set[str] = set()
        for folder in folders:
            reading = read_pack(folder)
            if reading.pack is not None:
                self._good[folder] = reading
            elif folder in self._good:
                stale |= {pack.id for pack in (self._good[folder].pack,) if pack}
        for gone in self._good.keys() - set(folders):
            del self._good[gone]
        sources = {reading.pack.id: reading for reading in self._good.values() if reading.pack}
        packs = {name: reading.pack for name, reading in sources.items() if reading.pack}
        edition = self.reading.edition
        if packs != edition.library.packs:
            edition = Edition.of(Library(MappingProxyType(packs)))
        self.reading = Reading(self.reading.number + 1, now, edition, reports, frozenset(stale), sources)
        return self.reading


async def follow(desk: Desk, changed: Callable[[Reading], Awaitable[None]], stop: asyncio.Event) -> None:
    """Reads again after each save, until it is told to stop.

    The watch tells at once; a look each second finds what it missed: saves before it began, and those on drives that
    tell nothing.
    """
    watched = desk.source if desk.source.is_dir() else desk.source.parent
    changes = awatch(
        watched,
        debounce=WAIT_MS,
        step=50,
        stop_event=stop,
        rust_timeout=LOOK_MS,
        yield_on_timeout=True,
        watch_filter=None,
    )
    async for _ in changes:
        if await asyncio.to_thread(desk.is_out_of_date):
            await changed(await asyncio.to_thread(desk.read))


def _stamps(source: Path) -> Mapping[Path, tuple[int, int, int]]:
    """When each file of a pack was last written, its size and its place on the disk."""
    stamps: dict[Path, tuple[int, int, int]] = {}
    for folder, folders, files in os.walk(source):
        folders[:] = [name for name in folders if name != DRAFTS and not name.startswith(".")]
        for name in files:
            file = Path(folder, name)
            if file.suffix == ".yaml":
                with suppress(OSError):  # it went away just now
                    found = file.stat()
                    stamps[file] = (found.st_mtime_ns, found.st_size, found.st_ino)
    return stamps
