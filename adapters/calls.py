"""Counting what goes out to a platform, whichever library sends it: all of them use aiohttp."""

from __future__ import annotations

from typing import Any

import aiohttp

from bot.meter import Meter


def counting(platform: str, meter: Meter) -> aiohttp.ClientMiddlewareType:
    """The same as `counted`, for a session of our own. Each step of a request tells a trace, even where nobody listens; this costs next to nothing."""

    async def count(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        try:
            answer = await send(request)
        except BaseException:
            meter.called(platform, 0)
            raise
        meter.called(platform, answer.status)
        return answer

    return count


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
