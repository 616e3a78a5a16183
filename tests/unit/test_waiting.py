"""What waits for a signal ends when it is told to; what nobody waits for is held."""

from __future__ import annotations

import asyncio

import pytest

from bot.aio import hold_task, wait_for_event


async def test_a_cancellation_counts_though_the_event_comes_with_it() -> None:
    """As when other processes say something at the very moment of the stop."""
    event = asyncio.Event()
    waiting = asyncio.create_task(wait_for_event(event, 60))
    await asyncio.sleep(0)
    event.set()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_it_says_whether_the_event_came() -> None:
    """One that is set already counts; without a limit it is waited for as long as it takes."""
    event = asyncio.Event()
    assert not await wait_for_event(event, 0.001)
    event.set()
    assert await wait_for_event(event, 0)
    assert await wait_for_event(event, None)


@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_task_that_nobody_waits_for_is_held_until_it_is_done(cancelled: bool) -> None:
    """However it ends."""
    event, among = asyncio.Event(), set[asyncio.Task[bool]]()
    task = hold_task(asyncio.create_task(event.wait()), among)
    await asyncio.sleep(0)
    assert among == {task}
    event.set()
    if cancelled:
        task.cancel()
    await asyncio.wait([task])
    assert among == set()
