"""Waiting for an event with a limit, and holding background tasks until they end."""

from __future__ import annotations

import asyncio

import pytest

from bot.aio import hold_task, wait_for_event


async def test_a_cancellation_counts_though_the_event_comes_with_it() -> None:
    """A cancellation ends the wait even if the event comes at the same moment."""
    event = asyncio.Event()
    waiting = asyncio.create_task(wait_for_event(event, 60))
    await asyncio.sleep(0)
    event.set()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_it_says_whether_the_event_came() -> None:
    """The wait returns whether the event came within the limit; one that is already set counts even at zero."""
    event = asyncio.Event()
    assert not await wait_for_event(event, 0.001)
    event.set()
    assert await wait_for_event(event, 0)
    assert await wait_for_event(event, None)


@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_task_that_nobody_waits_for_is_held_until_it_is_done(cancelled: bool) -> None:
    """A held task stays referenced until it ends, whether it finishes or is cancelled."""
    event, among = asyncio.Event(), set[asyncio.Task[bool]]()
    task = hold_task(asyncio.create_task(event.wait()), among)
    await asyncio.sleep(0)
    assert among == {task}
    event.set()
    if cancelled:
        task.cancel()
    await asyncio.wait([task])
    assert among == set()
