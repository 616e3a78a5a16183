"""Ports of this machine for the servers of tests. Each worker of a parallel run has ports of its own."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Sequence
from contextlib import suppress
from ssl import SSLContext

from aiohttp import web

PORTS = range(20_000, 32_000)
"""Ports below 32768: from there on, Linux assigns ports to outgoing connections."""
WORKERS_MAX = 32
"""Workers with different ports. Without that, all take the same ones: they draw from the same seed."""


def own_ports(worker: str) -> Sequence[int]:
    """Return the ports of a worker, which pytest-xdist names `gw0`, `gw1` and so on."""
    return PORTS[int(worker.removeprefix("gw")) % WORKERS_MAX :: WORKERS_MAX]


def listening_socket(port: int = 0) -> socket.socket:
    """Return a socket that listens on this port, or on any free one. Raises OSError if it can't."""
    ports = own_ports(os.environ.get("PYTEST_XDIST_WORKER", "gw0"))
    for candidate in (port,) if port else random.sample(ports, len(ports)):
        with suppress(OSError):
            return socket.create_server(("127.0.0.1", candidate))
    raise OSError(f"port {port or f'{PORTS.start} to {PORTS.stop}'} is taken")


def free_port() -> int:
    """Return a port that nothing listens on, for a server that must know its port before it starts."""
    with listening_socket() as probe:
        port: int = probe.getsockname()[1]
        return port


async def serve(runner: web.AppRunner, port: int = 0, ssl_context: SSLContext | None = None) -> int:
    """Serve on this port, or on any free one, and return it. Raises OSError if it can't."""
    listening = listening_socket(port)
    await web.SockSite(runner, listening, ssl_context=ssl_context).start()
    taken: int = listening.getsockname()[1]
    return taken
