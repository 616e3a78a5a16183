"""What waits for a signal ends when it is told to."""

from __future__ import annotations

import asyncio

import pytest

from bot.waiting import heard


async def test_a_cancellation_counts_though_the_event_comes_with_it() -> None:
    """As when other processes say something at the very moment of the stop."""
    event = asyncio.Event()
    waiting = asyncio.create_task(heard(event, 60))
    await asyncio.sleep(0)
    event.set()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_it_says_whether_the_event_came() -> None:
    """One that is set already counts; without a limit it is waited for as long as it takes."""
    event = asyncio.Event()
    assert not await heard(event, 0.001)
    event.set()
    assert await heard(event, 0)
    assert await heard(event, None)
