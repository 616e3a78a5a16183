"""A web chat that really listens on this machine, for the time of a test."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from adapters.web.server import WebChat
from bot.app import Bot
from bot.commands.help import Help
from bot.commands.lookup import Lookup
from bot.errors import Unavailable
from bot.library.loader import load_library
from bot.library.shelf import Edition, Shelf
from bot.limiter import Limiter
from tests.browser.showcase import Showcase
from tests.world import CONTENT, NOW, references

PORTS = range(20_000, 32_000)
"""Below those that the system hands out to clients, so that nobody else takes one in between."""


@dataclass(frozen=True, slots=True)
class Served:
    chat: WebChat
    bot: Bot
    url: str
    """Ends with a slash."""

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://").rstrip("/")


def make_chat(features: Sequence[object] = (), *, first_id: int = 1, now: datetime = NOW) -> tuple[WebChat, Bot]:
    """The web chat over the tea pack, with the showcase's commands, a clock that stands still and ids that count."""
    helper = Help()
    numbers = references()
    bot = Bot.of(
        (Lookup(Shelf(Edition.of(load_library(CONTENT)))), helper, Showcase(), *features),
        new_reference=lambda: next(numbers),
        limiter=Limiter(burst=10_000, per_minute=600_000),
    )
    helper.commands = bot.commands
    ids = count(first_id)
    return WebChat(bot, clock=lambda: now, ids=lambda: f"id{next(ids)}"), bot


async def start_anywhere(chat: WebChat, tries: int = 50) -> str:
    """Starts on a free port; returns the address."""
    for port in random.sample(PORTS, tries):
        try:
            return await chat.start("127.0.0.1", port)
        except Unavailable:
            continue
    raise AssertionError("no free port was found")


@asynccontextmanager
async def serving(features: Sequence[object] = ()) -> AsyncIterator[Served]:
    chat, bot = make_chat(features)
    url = await start_anywhere(chat)
    try:
        yield Served(chat, bot, url)
    finally:
        await chat.stop()
