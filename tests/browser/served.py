"""Serve a web chat on this machine for a test."""

from __future__ import annotations

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
from bot.instance import Instance
from bot.library.edition import Edition, Shelf
from bot.packs.loader import load_library
from bot.settings.model import Address
from tests.browser.showcase import Showcase
from tests.ports import free_port
from tests.world import CONTENT, NOW, Clock, references, running


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


@asynccontextmanager
async def serving(features: Sequence[object] = ()) -> AsyncIterator[Served]:
    chat, bot = make_chat(features)
    url = await chat.start("127.0.0.1", free_port())
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
        url = await chat.start("127.0.0.1", port or free_port())
        public_address = Address("127.0.0.1", free_port())
        try:
            await public.start(public_address)
            await instance.start()
            yield Hall(chat, instance, pages, public, clock, url, f"http://{public_address}/")
        finally:
            await public.stop()
            await chat.stop()
