"""Redirect discord.py to a server on this machine, by patching its addresses and pauses from the outside."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import discord
import yarl
from discord import client, http, shard
from discord.gateway import DiscordWebSocket
from discord.webhook import async_


@contextmanager
def pointed_at(api: str, gateway: str) -> Iterator[None]:
    """Redirect all calls of discord.py to these addresses, such as `http://127.0.0.1:20000/api/v10`."""
    before = discord.http.Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    point(api, gateway)
    try:
        yield
    finally:
        discord.http.Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before


def point(api: str, gateway: str) -> None:
    """Redirect all calls of discord.py to these addresses, until something redirects them again."""
    discord.http.Route.BASE = api
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)


class _Impatient:
    """asyncio with short sleeps.

    With `whole_seconds`, it shortens only integers, which are the library's own pauses: the server gives the wait of a
    rate limit in fractions of a second.
    """

    def __init__(self, longest: float, *, whole_seconds: bool) -> None:
        self._longest = longest
        self._whole_seconds = whole_seconds

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        shorten = isinstance(seconds, int) or not self._whole_seconds
        await asyncio.sleep(min(seconds, self._longest) if shorten else seconds)


@contextmanager
def impatient(longest: float = 0.02) -> Iterator[None]:
    """Shorten discord.py's own pauses of 1 to 60 seconds between tries. It still waits as long as rate limits ask."""
    modules: tuple[ModuleType, ...] = (client, shard, async_, http)
    before = {module: module.asyncio for module in modules}
    for module in modules:
        module.asyncio = _Impatient(longest, whole_seconds=module in {async_, http})  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for module, usual in before.items():
            module.asyncio = usual  # type: ignore[attr-defined]
