"""Wait for work in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable

PATIENCE = 180.0
"""Seconds that a wait may take before it fails: many enough for a machine that is ten times overloaded. Every wait
has this bound, and none a shorter one of its own."""


async def until(holds: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait until `holds`, which may be async, returns a true value. Raises TimeoutError if it never does."""
    async with asyncio.timeout(patience):
        while True:
            state = holds()
            if await state if isawaitable(state) else state:
                return
            await asyncio.sleep(0.01)


async def until_it_is(look: Callable[[], Awaitable[object]], value: object) -> None:
    """Wait until an async look-up, such as of rows in a database, returns the value."""

    async def is_so() -> bool:
        return await look() == value

    await until(is_so)


async def listening(port: int) -> None:
    """Wait until something answers at the port. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return
