"""Waiting for what happens in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE = 60.0
"""Seconds, so many that only what never happens takes them."""


async def until(holds: Callable[[], object], patience: float = PATIENCE) -> None:
    """Waits for something to be so. Raises TimeoutError where it never is."""
    async with asyncio.timeout(patience):
        while not holds():  # noqa: ASYNC110 - any state is waited for, not one event
            await asyncio.sleep(0.01)


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
