"""Waiting for something, but not for ever."""

from __future__ import annotations

import asyncio
from contextlib import suppress


async def heard(event: asyncio.Event, seconds: float | None) -> bool:
    """Whether the event is set, now or within so many seconds; None waits as long as it takes.

    Whoever is cancelled meanwhile ends. `asyncio.wait_for` on Python 3.11 can swallow that where the event is set at the
    same moment: https://github.com/python/cpython/issues/86296.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
