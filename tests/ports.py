"""Find free ports on this machine for servers that must know their port before they start."""

from __future__ import annotations

import random
import socket

PORTS = range(20_000, 32_000)
"""Ports below 32768: from there on, Linux assigns ports to outgoing connections."""


def free_port() -> int:
    """Return a port that nothing listens on, at random, so that parallel tests seldom collide."""
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no port is free in {PORTS}")
