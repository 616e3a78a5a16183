"""How platforms end when the operator stops the process."""

from __future__ import annotations

import asyncio

import pytest

from adapters.cli import serve


async def test_a_platform_that_misses_its_cancellation_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parley cancels a platform again if it misses its cancellation, so that a stop always comes to an end.

    A library on Python 3.11 can miss one.
    """
    monkeypatch.setattr(serve, "END_SECONDS", 0.01)
    cancellations = 0

    async def deaf(times: int) -> None:
        nonlocal cancellations
        while cancellations < times:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancellations += 1

    task = asyncio.create_task(deaf(2))
    await asyncio.sleep(0)
    await serve.end_services([task])
    assert (task.done(), cancellations) == (True, 2)


async def test_how_a_platform_failed_is_raised_once(caplog: pytest.LogCaptureFixture) -> None:
    """Parley raises a platform's failure once, to the caller that waits for it.

    The stop that follows logs nothing, and a stop without any platform works.
    """

    async def fails() -> None:
        raise RuntimeError("the token is refused")

    task = asyncio.create_task(fails())
    with pytest.raises(RuntimeError):
        await serve.until_stopped(asyncio.Event(), [task])
    await serve.end_services([task])
    await serve.end_services([])
    assert caplog.records == []
