"""Waiting for something to happen, or letting it happen while nobody waits."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

F = TypeVar("F", bound=asyncio.Future[Any])


async def heard(event: asyncio.Event, seconds: float | None) -> bool:
    """Whether the event is set, now or within so many seconds; None waits as long as it takes.

    Whoever is cancelled meanwhile ends. `asyncio.wait_for` on Python 3.11 can swallow that where the event is set at the
    same moment: https://github.com/python/cpython/issues/86296.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


def held(task: F, among: set[F]) -> F:
    """Holds a task that nobody waits for until it is done: an event loop holds it weakly, so it could vanish half-way."""
    among.add(task)
    task.add_done_callback(among.discard)
    return task


async def files_changed(folder: Path, changed: asyncio.Event, debounce: int) -> str:
    """Sets the event whenever the system tells that something below the folder changed, at most once in `debounce` ms.

    Returns what kind of error ended it: the folder is gone, or the system has no more watches to give.
    """
    from watchfiles import awatch  # noqa: PLC0415 - needed only where something is watched

    try:
        async for _ in awatch(folder, debounce=debounce, step=50):
            changed.set()
    except (OSError, RuntimeError) as error:
        return type(error).__name__
    return ""
