"""Parley counts its calls to the platforms."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from aiohttp import web

from adapters.http.listen import listen
from adapters.http.outgoing_calls import counted, counting
from bot.settings.model import Address
from bot.telemetry.meter import Meter
from tests.ports import free_port


class Counts(Meter):
    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []

    def called(self, platform: str, status: int) -> None:
        self.calls.append((platform, status))


async def refused(_request: web.Request) -> web.Response:
    return web.Response(status=429)


@pytest.mark.parametrize("way", ["trace", "middleware"])
async def test_each_answer_is_counted_by_its_status_and_each_call_that_got_none(way: str) -> None:
    """Parley counts each call to a platform by its answer's status, and a call without an answer as 0.

    A trace in a library's session and a middleware in Parley's own session count alike.
    """
    counts, app, address = Counts(), web.Application(), Address("127.0.0.1", free_port())
    app.router.add_post("/", refused)
    ways: dict[str, dict[str, Any]] = {
        "trace": {"trace_configs": [counted("slack", counts)]},
        "middleware": {"middlewares": (counting("slack", counts),)},
    }
    runner = await listen(app, address, "PARLEY_BIND")
    async with aiohttp.ClientSession(f"http://{address}", **ways[way]) as session:
        async with session.post("/") as answer:
            assert answer.status == 429
        await runner.cleanup()
        with pytest.raises(aiohttp.ClientError):
            await session.post("/")
    assert counts.calls == [("slack", 429), ("slack", 0)]
