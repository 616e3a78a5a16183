"""Counting what goes out to a platform, whichever library sends it: all of them use aiohttp."""

from __future__ import annotations

from typing import Any

import aiohttp

from bot.meter import Meter


def counted(platform: str, meter: Meter) -> aiohttp.TraceConfig:
    """For an aiohttp session: each answer is counted by its status, and each call that got none."""

    async def answered(_session: Any, _context: Any, done: aiohttp.TraceRequestEndParams) -> None:
        meter.called(platform, done.response.status)

    async def failed(_session: Any, _context: Any, _done: aiohttp.TraceRequestExceptionParams) -> None:
        meter.called(platform, 0)

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(answered)
    trace.on_request_exception.append(failed)
    return trace
