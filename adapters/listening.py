"""Putting an application on an address."""

from __future__ import annotations

import os
import socket

from aiohttp import web

from bot.config import Address
from bot.errors import Unavailable

IDLE = 30.0
"""Seconds for which a silent connection is kept."""


async def listen(app: web.Application, address: Address, setting: str) -> web.AppRunner:
    """Serves until the runner is cleaned up, and says in each answer whose it is. Port 0 takes any free one.

    Raises Unavailable, which names the setting, for an address that is taken or isn't this machine's.
    """
    app.on_response_prepare.append(_signed)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2, keepalive_timeout=IDLE)
    await runner.setup()
    try:
        await web.TCPSite(runner, *address).start()
    except OSError as error:
        await runner.cleanup()
        raise Unavailable(f"{address} can't be used: {why_not(error)}. Set {setting} to another.") from error
    return runner


def why_not(error: OSError) -> str:
    """Why an address can't be used, in the system's words. A name's errors have numbers of their own."""
    if isinstance(error, socket.gaierror) or not error.errno:
        return str(error.strerror or error)
    return os.strerror(error.errno)


async def _signed(_request: web.BaseRequest, response: web.StreamResponse) -> None:
    """`parley doctor` knows by it who holds an address, and nobody learns which library serves there."""
    response.headers["Server"] = "Parley"
