"""Serve an application at an address."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from dataclasses import dataclass
from typing import cast

from aiohttp import web

from adapters.http.connections import Connection, ConnectionLimits, Doorkeeper, shorten
from bot.errors import Unavailable
from bot.settings.model import Address

BACKLOG = 64
"""Connections that the system may accept before the server sees them."""

logger = logging.getLogger("parley.http.server")


@dataclass(frozen=True, slots=True)
class HttpServer:
    """A running server of an application, until `cleanup`."""

    _runner: web.AppRunner
    _sockets: asyncio.Server
    _doorkeeper: Doorkeeper

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Host and port of each socket."""
        return [socket.getsockname()[:2] for socket in self._sockets.sockets]

    async def cleanup(self) -> None:
        """Accept no new connection, finish the requests, and close what is left."""
        self._sockets.close()
        await self._runner.cleanup()
        self._doorkeeper.report()


async def listen(
    app: web.Application, address: Address, setting: str, limits: ConnectionLimits | None = None
) -> HttpServer:
    """Serve until `cleanup`, and name Parley in each response. Port 0 takes any free one.

    Raises Unavailable, which names the setting, if the address is taken or isn't this machine's.
    """
    doorkeeper = Doorkeeper(limits or ConnectionLimits())
    doorkeeper.watch(app)
    app.on_response_prepare.append(_sign)
    logger.addFilter(shorten)
    runner = web.AppRunner(
        app,
        access_log=None,
        auto_decompress=False,  # nobody sends compressed requests, and a small one can be large inside
        keepalive_timeout=doorkeeper.limits.idle,
        lingering_time=doorkeeper.limits.body,
        logger=logger,
        shutdown_timeout=2,
    )
    await runner.setup()
    server = cast("web.Server", runner.server)  # there since `setup`
    try:
        sockets = await asyncio.get_running_loop().create_server(
            lambda: Connection(doorkeeper, server), *address, backlog=BACKLOG
        )
    except OSError as error:
        await runner.cleanup()
        raise Unavailable(f"{address} can't be used: {why_not(error)}. Set {setting} to another.") from error
    return HttpServer(runner, sockets, doorkeeper)


def why_not(error: OSError) -> str:
    """Return the system's reason why an address can't be used. Name errors have their own error numbers."""
    if isinstance(error, socket.gaierror) or not error.errno:
        return str(error.strerror or error)
    return os.strerror(error.errno)


async def _sign(_request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Name Parley as the server: `parley doctor` recognises it, and the library's name stays private."""
    response.headers["Server"] = "Parley"
