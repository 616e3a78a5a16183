"""Serve a web chat on this machine for a test."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

from adapters.web.pages import PollPages
from adapters.web.public import PublicPages
from adapters.web.server import WebChat
from bot.commands.help import Help
from bot.commands.lookup import lookup_features
from bot.dispatch.bot import Bot
from bot.dispatch.rate_limit import Limiter
from bot.errors import Unavailable
from bot.instance import Instance
from bot.library.edition import Edition, Shelf
from bot.packs.loader import load_library
from bot.settings.model import Address
from tests.browser.showcase import Showcase
from tests.world import CONTENT, NOW, Clock, references, running

PORTS = range(20_000, 32_000)
"""Ports below those that the system assigns to clients, so that no other program takes one in between."""


@dataclass(frozen=True, slots=True)
class Served:
    chat: WebChat
    bot: Bot
    url: str
    """The address, ending with a slash."""

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://").rstrip("/")


def make_chat(features: Sequence[object] = (), *, first_id: int = 1, now: datetime = NOW) -> tuple[WebChat, Bot]:
    """Make the web chat over the tea pack, with the showcase's commands, a clock that stands still and counting ids."""
    helper = Help()
    numbers = references()
    bot = Bot.of(
        (*lookup_features(Shelf(Edition.of(load_library(CONTENT)))), helper, Showcase(), *features),
        new_reference=lambda: next(numbers),
        limiter=Limiter(burst=10_000, per_minute=600_000),
    )
    helper.commands = bot.commands
    ids = count(first_id)
    return WebChat(bot, clock=lambda: now, ids=lambda: f"id{next(ids)}"), bot


async def start_anywhere(chat: WebChat, tries: int = 50) -> str:
    """Start on a free port, and return the address."""
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


@dataclass(frozen=True, slots=True)
class Hall:
    """A web chat over a whole instance with polls, and public pages beside it."""

    chat: WebChat
    instance: Instance
    pages: PollPages
    public: PublicPages
    clock: Clock
    url: str
    public_url: str
    """The public pages' address. Like `url`, it ends with a slash."""

    @property
    def port(self) -> int:
        return int(self.url.rstrip("/").rpartition(":")[2])

    async def close_due(self) -> None:
        """Run what is due, as the scheduler would in a moment."""
        await self.instance.scheduler.run_due()
        await self.instance.copies.drain()


@asynccontextmanager
async def serving_polls(
    folder: Path,
    clock: Clock | None = None,
    *,
    port: int = 0,
    first_id: int = 1,
    content: Path = CONTENT,
    public_url: str = "",
) -> AsyncIterator[Hall]:
    """Run a hall. Entering it again with the same folder, clock and port is a restart."""
    clock = clock or Clock()
    async with running(folder, clock=clock, content=content, public_url=public_url) as instance:
        ids = count(first_id)
        pages = PollPages.of(instance, clock)
        chat = WebChat(instance.bot, clock=clock, ids=lambda: f"id{next(ids)}", pages=pages)
        public = PublicPages(pages)
        url = await (chat.start("127.0.0.1", port) if port else start_anywhere(chat))
        try:
            public_url = await _start_public(public)
            await instance.start()
            yield Hall(chat, instance, pages, public, clock, url, public_url)
        finally:
            await public.stop()
            await chat.stop()


async def _start_public(public: PublicPages, tries: int = 50) -> str:
    for port in random.sample(PORTS, tries):
        try:
            await public.start(Address("127.0.0.1", port))
        except Unavailable:
            continue
        return f"http://127.0.0.1:{port}/"
    raise AssertionError("no free port was found")
