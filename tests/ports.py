"""Ports of this machine for servers that have to be told one before they start."""

from __future__ import annotations

import random
import socket

PORTS = range(20_000, 32_000)
"""Below 32768, where a machine hands out ports of its own to outgoing connections."""


def free_port() -> int:
    """One that nothing listens on; chosen by chance, so that tests that run at once seldom meet."""
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no port is free in {PORTS}")
