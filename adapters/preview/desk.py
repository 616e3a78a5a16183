"""Keep the content of a preview: the last good version of each pack, and the files' present errors.

`Desk.of(source)` reads once. `desk.read()` reads again, in the thread that calls it. `follow(desk, changed)` reads
whenever a file is saved.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from bot.aio import files_changed, wait_for_event
from bot.library.edition import Edition
from bot.library.snapshot import outline
from bot.packs.check import read_and_check
from bot.packs.loader import pack_folders
from bot.packs.pack import Library
from bot.packs.problems import Problem, Severity
from bot.packs.reading import PackReading, Spot
from bot.packs.report import Report

WAIT_MS = 300
"""Milliseconds in which several saves count as one."""
LOOK = 1.0
"""Seconds between checks of the files without an event."""

logger = logging.getLogger("parley.preview")


@dataclass(frozen=True, slots=True)
class Reading:
    """The last good packs, and the state of the files at `at`.

    `stale` names the packs whose files now have errors, so an older version of them is shown.
    """

    number: int
    at: datetime
    edition: Edition
    reports: tuple[Report, ...] = ()
    stale: frozenset[str] = frozenset()
    sources: Mapping[str, PackReading] = field(default_factory=dict)
    """The last good reading of each pack, by its id."""

    @property
    def problems(self) -> list[Problem]:
        """Return the problems, errors first, each kind in the order of the files."""
        problems = [problem for report in self.reports for problem in report.problems]
        return sorted(problems, key=lambda problem: (problem.severity is not Severity.ERROR, problem))

    def place(self, pack: str, entry: str) -> Spot | None:
        """Return the entry's place in the files; None if they have changed and can't be read any more."""
        source = self.sources.get(pack)
        return source.place(entry) if source and pack not in self.stale and entry in source.raws else None

    @property
    def errors(self) -> int:
        return sum(report.errors for report in self.reports)


@dataclass(slots=True)
class Desk:
    """Reads the packs in a folder, and keeps the last good ones."""

    source: Path
    clock: Callable[[], datetime]
    reading: Reading
    _good: dict[Path, PackReading] = field(default_factory=dict)
    _outline: str = ""

    @classmethod
    def of(cls, source: Path, clock: Callable[[], datetime]) -> Desk:
        empty = Edition.of(Library(MappingProxyType({})))
        desk = cls(source, clock, Reading(0, clock(), empty))
        desk.read()
        return desk

    def is_out_of_date(self) -> bool:
        """Tell whether a file was written, added or deleted since the packs were read."""
        return outline(self.source) != self._outline

    def read(self) -> Reading:
        """Read and check every pack again. A pack with errors stays as it was."""
        self._outline = outline(self.source)
        folders = list(pack_folders(self.source)) or [self.source]
        now = self.clock()
        checked = read_and_check(folders, None, now.date())
        stale: set[str] = set()
        for folder, (reading, _) in zip(folders, checked, strict=True):
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
        self.reading = Reading(
            self.reading.number + 1, now, edition, tuple(report for _, report in checked), frozenset(stale), sources
        )
        return self.reading


async def follow(desk: Desk, changed: Callable[[Reading], Awaitable[None]]) -> None:
    """Read again after each save, until cancelled. Log a failure and continue.

    The system's events arrive at once. A check each second finds saves without one: before the watch began, and on
    drives that send none.
    """
    saved = asyncio.Event()
    hearing = asyncio.create_task(_hear(desk.source, saved))
    try:
        while True:
            saved.clear()
            try:
                if await asyncio.to_thread(desk.is_out_of_date):
                    await changed(await asyncio.to_thread(desk.read))
            except Exception:
                logger.exception("bug while reading the packs")
            await wait_for_event(saved, LOOK)
    finally:
        hearing.cancel()


async def _hear(source: Path, saved: asyncio.Event) -> None:
    why = await files_changed(source, saved, WAIT_MS)
    if why:
        logger.warning("the system sends no events for %s (%s), so Parley checks it each second", source, why)
