"""Waiting for what happens in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable

PATIENCE = 180.0
"""Seconds, so many that only what never happens takes them, even on a machine with ten times more to do than it can.
Each wait has this bound, and none a shorter one of its own."""


async def until(holds: Callable[[], object], patience: float = PATIENCE) -> None:
    """Waits for something to be so; it may be awaitable. Raises TimeoutError where it never is."""
    async with asyncio.timeout(patience):
        while True:
            state = holds()
            if await state if isawaitable(state) else state:
                return
            await asyncio.sleep(0.01)


async def until_it_is(look: Callable[[], Awaitable[object]], value: object) -> None:
    """The same for what has to be asked for, such as rows of a database."""

    async def is_so() -> bool:
        return await look() == value

    await until(is_so)


async def listening(port: int) -> None:
    """Until something answers there. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return
