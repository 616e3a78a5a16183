"""A small world for tests: a pack of a few entries, a bot that serves it, a clock that stands still."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from bot.chat.platform import Limits
from bot.chat.vocabulary import Actor, MessageRef, Place, Reply, Request
from bot.commands.help import Help
from bot.commands.lookup import lookup_features
from bot.dispatch.bot import Bot
from bot.dispatch.rate_limit import Limiter
from bot.instance import Instance, Outside, build
from bot.library.edition import Edition, Shelf
from bot.library.snapshot import open_edition
from bot.packs.loader import load_library
from bot.packs.pack import Library
from bot.store.keys import load_or_create_key
from bot.store.open import open_database
from bot.telemetry.meter import Meter
from tests.databases import begin_database

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
CONTENT = Path(__file__).parent / "content" / "office"
"""A small pack, `tea`. The larger `city-parking`, in the next folder, is for tests that want a whole pack."""
SHIPPED = Path(__file__).parent.parent / "content"
_COMMITTED = (Path(__file__).parent / "content", SHIPPED)


def references() -> Iterator[str]:
    return (f"ref-{number}" for number in count(1))


def make_bot(content: Path | Library = CONTENT, limiter: Limiter | None = None, meter: Meter | None = None) -> Bot:
    """Make a bot over a folder of packs or a library, with everything injected and nothing running."""
    shelf = Shelf(Edition.of(content if isinstance(content, Library) else load_library(content)))
    helper = Help()
    numbers = references()
    bot = Bot.of(
        (*lookup_features(shelf), helper),
        new_reference=lambda: next(numbers),
        limiter=limiter or Limiter(burst=10_000, per_minute=600_000),
        observe=(meter or Meter()).answered,
    )
    helper.commands = bot.commands
    return bot


class Clock:
    """A clock that moves only when told to, or when somebody sleeps on it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)


def edition_of(content: Path) -> Edition:
    """Return a folder's edition. Committed folders don't change, so they are read once for all tests."""
    return _edition_of(content) if any(map(content.is_relative_to, _COMMITTED)) else open_edition(content, NOW.date())


@cache
def _edition_of(content: Path) -> Edition:
    return open_edition(content, NOW.date())


@asynccontextmanager
async def running(
    folder: Path,
    *,
    clock: Clock | None = None,
    content: Path = CONTENT,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    shared: bool = False,
    meter: Meter | None = None,
    url: str = "",
    **settings: Any,
) -> AsyncIterator[Instance]:
    """Run a whole instance over an SQLite file in this folder, with a wall to post on. Entering it again is a restart.

    `shared` joins the file of an instance that is already running; `url` names another database; `settings` are
    arguments of `build`, such as `editors`.
    """
    clock = clock or Clock()
    numbers = references()
    ids = count(1)
    if not url:
        await begin_database(folder / "parley.db")
    database = await open_database(url or str(folder / "parley.db"), shared=shared, meter=meter)
    instance = build(
        Shelf(edition_of(content)),
        database,
        load_or_create_key(folder / "parley.key"),
        Outside(
            now=clock,
            new_reference=lambda: next(numbers),
            new_id=lambda: f"p{next(ids)}",
            random_bytes=random_bytes,
            sleep=clock.sleep,
        ),
        limiter=Limiter(burst=10_000, per_minute=600_000),
        meter=meter,
        source=content,
        **settings,
    )
    instance.platforms["test"] = Wall()
    try:
        yield instance
    finally:
        await instance.stop()


def request(name: str = "Ada", *, platform: str = "test", channel: str = "main", moderator: bool = False) -> Request:
    actor = Actor(platform, "demo", name.lower(), name, moderator=moderator)
    return Request(actor, Place(platform, "demo", channel), NOW)


def at(original: Request, now: datetime) -> Request:
    return replace(original, now=now)


NOWHERE, NOBODY = "nowhere", "nobody"
"""A channel and a role that the wall doesn't have."""


class Wall:
    """A platform that keeps its posts in order. Messages have different ids, even on different walls."""

    name = "test"
    ids = count(1)
    limits = Limits()

    def __init__(self) -> None:
        self.posted: list[tuple[MessageRef, Reply]] = []
        self.edits = 0

    async def post(self, place: Place, reply: Reply) -> MessageRef:
        ref = MessageRef(place, str(next(self.ids)))
        self.posted.append((ref, reply))
        return ref

    async def has_channel(self, _workspace: str, channel: str) -> bool:
        return channel != NOWHERE

    async def has_role(self, _workspace: str, role: str) -> bool:
        return role != NOBODY

    async def edit(self, ref: MessageRef, reply: Reply) -> None:
        self.edits += 1
        self.posted = [(posted_ref, reply if posted_ref == ref else older) for posted_ref, older in self.posted]
