"""Wait for an event, hold a background task, watch a folder."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

F = TypeVar("F", bound=asyncio.Future[Any])


async def wait_for_event(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait up to `seconds`, or without limit for None, and return whether the event is set.

    Propagate cancellation: `asyncio.wait_for` on Python 3.11 can swallow it when the event is set at the same moment
    (https://github.com/python/cpython/issues/86296).
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


def hold_task(task: F, among: set[F]) -> F:
    """Keep a reference to a task until it is done, because an event loop holds it weakly and could drop it half-way."""
    among.add(task)
    task.add_done_callback(among.discard)
    return task


async def files_changed(folder: Path, changed: asyncio.Event, debounce: int) -> str:
    """Set the event when the system reports a change below the folder, at most once in `debounce` milliseconds.

    Return the name of the error that ended the watch: the folder is gone, or the system has no more watches to give.
    """
    from watchfiles import awatch  # noqa: PLC0415 - needed only where something is watched

    try:
        async for _ in awatch(folder, debounce=debounce, step=50):
            changed.set()
    except (OSError, RuntimeError) as error:
        return type(error).__name__
    return ""
