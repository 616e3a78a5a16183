"""A small world for tests: a pack of a few entries, a bot that serves it, a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from bot.app import Bot
from bot.chat import Actor, Limits, MessageRef, Place, Reply, Request
from bot.commands.help import Help
from bot.commands.lookup import Lookup
from bot.library.loader import load_library
from bot.library.shelf import Edition, Shelf
from bot.limiter import Limiter

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
CONTENT = Path(__file__).parent / "content"
SHIPPED = Path(__file__).parent.parent / "content"


def references() -> Iterator[str]:
    return (f"ref-{number}" for number in count(1))


def make_bot(content: Path = CONTENT, limiter: Limiter | None = None) -> Bot:
    """A bot over one folder of packs, with everything injected and nothing running."""
    shelf = Shelf(Edition.of(load_library(content)))
    helper = Help()
    numbers = references()
    bot = Bot.of(
        (Lookup(shelf), helper),
        new_reference=lambda: next(numbers),
        limiter=limiter or Limiter(burst=10_000, per_minute=600_000),
    )
    helper.commands = bot.commands
    return bot


def request(name: str = "Ada", *, platform: str = "test", channel: str = "main", moderator: bool = False) -> Request:
    actor = Actor(platform, "demo", name.lower(), name, moderator=moderator)
    return Request(actor, Place(platform, "demo", channel), NOW)


def at(asked: Request, now: datetime) -> Request:
    return replace(asked, now=now)


class Wall:
    """A platform that keeps what is posted, in order."""

    name = "test"
    limits = Limits()

    def __init__(self) -> None:
        self.posted: list[tuple[MessageRef, Reply]] = []

    async def post(self, place: Place, reply: Reply) -> MessageRef:
        ref = MessageRef(place, str(len(self.posted) + 1))
        self.posted.append((ref, reply))
        return ref

    async def edit(self, ref: MessageRef, reply: Reply) -> None:
        self.posted = [(kept, reply if kept == ref else shown) for kept, shown in self.posted]
