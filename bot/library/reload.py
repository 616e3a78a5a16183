"""Content while the bot runs: notice changes, check the whole, swap it in and tell the editors.

Refuse a change with an error and go on serving the old edition. Several processes over one folder each notice changes
themselves; the database decides which one tells the editors and writes the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from bot.aio import files_changed, hold_task, wait_for_event
from bot.chat.vocabulary import Actor, Reply
from bot.communities.action_log import ActionLog, Deed
from bot.communities.editors import Editors
from bot.errors import BotError, Unavailable
from bot.i18n import N_, Translator
from bot.library.edition import Edition, Shelf
from bot.library.meanings import Meanings
from bot.library.reader_process import Reader
from bot.library.snapshot import Difference, Parcel, differences, let_go, outline, version_of
from bot.packs.problems import Problem
from bot.store import key_value as kept
from bot.store.database import Database
from bot.store.signals import Signal
from bot.store.sql import Transaction
from bot.telemetry.meter import Meter

SETTLE = 0.5
"""Seconds without a change before a change counts as complete."""
SETTLE_MAX = 120
"""Waits of that length, at most, for a folder that keeps changing."""
LINGER = 5.0
"""Seconds to keep a replaced edition for requests that began with it."""
SOON = 1.0
"""Seconds until the next look if the folder is missing, or has just appeared."""
EVENTS_GATHERED = 200
"""Milliseconds within which several of the system's events count as one."""
RETRY = 5.0
"""Seconds until another try to read content that couldn't be read."""
LAST_NEWS = "content-told"
"""The name of the database's record of the last news to editors."""

logger = logging.getLogger("parley.content")


class Watch(StrEnum):
    """The way to notice changes."""

    EVENTS = "events"
    POLL = "poll"
    OFF = "off"

    @property
    def seconds(self) -> float | None:
        """Seconds between two looks; None for never. Some file systems send no events, so it looks even with them."""
        return {Watch.EVENTS: 10.0, Watch.POLL: 2.0}.get(self)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The outcome when new content is served."""

    differences: tuple[Difference, ...]
    warnings: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """The outcome when errors keep the folder's content from being served."""

    version: str
    at: datetime
    errors: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Same:
    """The outcome when the folder's content is served already."""


End = Acceptance | Refusal | Same
_ENDS = {Acceptance: "ok", Refusal: "refused", Same: "unchanged"}
Say = Callable[[Translator, Acceptance | Refusal], Reply]


class Content:
    """The content of the whole process. `say` makes the message to editors."""

    def __init__(
        self,
        shelf: Shelf,
        source: Path,
        reader: Reader,
        database: Database,
        action_log: ActionLog,
        editors: Editors,
        *,
        say: Say,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        watch: Watch = Watch.EVENTS,
        meanings: Meanings | None = None,
        meter: Meter | None = None,
    ) -> None:
        self.shelf = shelf
        self.source = source
        self.watching = watch
        self.loaded_at = now()
        self.refusal: Refusal | None = None
        """The refusal of the folder's present content; None if it is served."""
        self._reader = reader
        self._database = database
        self._action_log = action_log
        self._editors = editors
        self._say = say
        self._now = now
        self._sleep = sleep
        self._meter = meter or Meter()
        self._last_outline = ""
        self._turn = asyncio.Lock()
        self._wake = asyncio.Event()
        self._letting_go: set[asyncio.Task[None]] = set()
        self._meanings = meanings
        self._learning: set[asyncio.Task[None]] = set()
        database.listen(Signal.CONTENT, lambda _version: self._wake.set())

    async def reload(self, by: Actor | None = None) -> End:
        """Read the folder now. Raise Unavailable, and change nothing, if that isn't possible now."""
        end = await self._reload(by)
        self._meter.reloaded(_ENDS[type(end)])
        return end

    async def _reload(self, by: Actor | None) -> End:
        async with self._turn:
            outline_now = await self._outline()
            parcel = await self._reader.read(self.source, self._now().date())
            if not parcel.steady:
                raise Unavailable(N_("Someone is changing the files. Try again in a moment."))
            self._last_outline = outline_now
            if parcel.version == self.shelf.current.version:
                self.refusal = None
                await self._first(parcel.version)
                return Same()
            if parcel.packs is None:
                return await self._refuse(parcel, by)
            return await self._take(parcel, by)

    async def _take(self, parcel: Parcel, by: Actor | None) -> Acceptance:
        old, new = self.shelf.current, await self._reader.make(parcel)
        change = Acceptance(await asyncio.to_thread(differences, old.library, new.library), len(new.warnings))
        self.shelf.current = new
        self._learn(new)
        self.refusal = None
        self.loaded_at = self._now()
        self._let_go([old])
        logger.info("new content is live: version %s", parcel.version[:12])
        if await self._first(parcel.version, Deed.RELOAD, by, _summary(change)):
            self._database.signal(Signal.CONTENT, parcel.version)
            await self._editors.tell(lambda t: self._say(t, change), self._now())
        return change

    async def _refuse(self, parcel: Parcel, by: Actor | None) -> Refusal:
        refusal = self.refusal = Refusal(parcel.version, self._now(), parcel.errors)
        logger.warning("new content has errors, so the old stays live (%s): %s", len(refusal.errors), refusal.errors[0])
        first = refusal.errors[0]
        detail = f"`{first.file}:{first.line}:{first.column}`: {first.message}"
        if await self._first(f"refused {parcel.version}", Deed.REFUSE, by, detail):
            await self._editors.tell(lambda t: self._say(t, refusal), self._now())
        return refusal

    async def _first(self, state: str, deed: Deed | None = None, by: Actor | None = None, detail: str = "") -> bool:
        """Whether this process should report the new state of the content. The log entry is in the same transaction."""
        entry = self._action_log.entry(deed, self._now(), by=by, detail=detail) if deed else None

        async def write(tx: Transaction) -> bool:
            first = await kept.turn(tx, LAST_NEWS, state)
            if first and entry is not None:
                await entry(tx)
            return first

        try:
            return await self._database.write(write)
        except Unavailable:
            logger.warning("can't announce new content: the database can't be written")
            return False

    def _let_go(self, old: list[Edition]) -> None:
        async def later() -> None:
            await self._sleep(LINGER)
            await asyncio.to_thread(let_go, old)

        hold_task(asyncio.create_task(later()), self._letting_go)

    def _learn(self, edition: Edition) -> None:
        """Start learning the meaning of the edition's cards. Until then it answers by words."""
        if self._meanings is not None:
            hold_task(asyncio.create_task(self._meanings.learn(edition)), self._learning)

    # --- watching ---

    async def look(self) -> End | None:
        """Read the folder if it has changed since the last look, once it stops changing."""
        outline_now = await self._outline()
        if outline_now == self._last_outline:
            return None
        for _ in range(SETTLE_MAX):
            await self._sleep(SETTLE)
            before, outline_now = outline_now, await self._outline()
            if outline_now == before and not await asyncio.to_thread(_git_is_at_work, self.source):
                break
        return await self.reload()

    async def begin(self) -> None:
        """Begin from the edition that was read a moment ago: read and report only later changes."""
        version = self.shelf.current.version
        outline_now = await self._outline()
        if version and version == await asyncio.to_thread(version_of, self.source):
            self._last_outline = outline_now
        await self._first(version)

    async def _outline(self) -> str:
        return await asyncio.to_thread(outline, self.source)

    async def run(self) -> None:
        """Watch until cancelled. Log a failure and look at the folder again.

        Even without a watch, take over an edition that another process accepted.
        """
        self._learn(self.shelf.current)
        look, pause = self.begin, self.watching.seconds
        with self._listening() as listen:
            while True:
                self._wake.clear()
                there = await asyncio.to_thread(_identity, self.source)
                fresh = listen(there)
                wait = SOON if pause is not None and (fresh or not there) else pause
                try:
                    await look()
                    look = self._look_again
                except BotError as error:
                    logger.warning("can't read the content: %s", error.message)
                    wait = RETRY
                except Exception:
                    logger.exception("bug while checking the content for changes")
                await wait_for_event(self._wake, wait)

    async def _look_again(self) -> None:
        await self.look()

    @contextmanager
    def _listening(self) -> Iterator[Callable[[_Identity], bool]]:
        """Give a function that lets the system's events wake the watch; called again, it follows a replaced folder.

        It returns whether the folder has just appeared: a change before the events start needs a look soon.
        """
        task: asyncio.Task[None] | None = None
        followed: _Identity = None

        def listen(there: _Identity) -> bool:
            nonlocal task, followed
            hears = there == followed and task is not None and not task.done()
            if self.watching is not Watch.EVENTS or hears:
                return False
            if task is not None:
                task.cancel()
            fresh, followed = there is not None and there != followed, there
            task = asyncio.create_task(self._hear_events(tell=fresh)) if there else None
            return fresh

        try:
            yield listen
        finally:
            if task is not None:
                task.cancel()

    async def _hear_events(self, *, tell: bool) -> None:
        why = await files_changed(self.source, self._wake, EVENTS_GATHERED)
        if why:
            level = logging.WARNING if tell else logging.DEBUG
            logger.log(level, "the system sends no events for the content's folder: %s", why)

    def stop(self) -> None:
        """Stop reading. The instance cancels the loop that it started."""
        for task in (*self._letting_go, *self._learning):
            task.cancel()
        if self._meanings is not None:
            self._meanings.stop()
        self._reader.close()


_Identity = tuple[int, int] | None
"""The device and inode of a folder; None if it is missing."""


def _identity(folder: Path) -> _Identity:
    try:
        stat = folder.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _git_is_at_work(source: Path) -> bool:
    """Whether a git command is changing the files: it holds a lock while it does."""
    return any((folder / ".git" / "index.lock").exists() for folder in (source, *source.absolute().parents))


def _summary(change: Acceptance) -> str:
    """The summary for the log, such as `tea: 2 added, 1 changed`."""
    return "; ".join(f"{each.pack}: {_counts(each)}" for each in change.differences)


def _counts(difference: Difference) -> str:
    counts = {"added": difference.added, "changed": difference.changed, "removed": difference.removed}
    parts = [f"{len(ids)} {what}" for what, ids in counts.items() if ids]
    return ", ".join(parts) or difference.whole
