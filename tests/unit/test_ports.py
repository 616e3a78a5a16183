"""The tests' servers listen where no other test's do."""

from __future__ import annotations

from itertools import combinations

import pytest
from aiohttp import ClientSession, web

from tests.ports import PORTS, WORKERS_MAX, free_port, listening_socket, own_ports, serve


def test_no_two_workers_share_a_port() -> None:
    """All ports lie below 32768, each belongs to one worker of 32, and the 33rd shares those of the first."""
    shares = [set(own_ports(f"gw{number}")) for number in range(WORKERS_MAX)]
    assert all(one.isdisjoint(other) for one, other in combinations(shares, 2))
    assert set().union(*shares) == set(PORTS)
    assert max(PORTS) < 32_768
    assert set(own_ports(f"gw{WORKERS_MAX}")) == shares[0]


def test_a_port_is_given_to_one_server() -> None:
    """A port on which a server listens is refused to another; a free one is given to it."""
    with listening_socket() as one:
        port = one.getsockname()[1]
        assert free_port() != port
        with pytest.raises(OSError, match=f"port {port} is taken"):
            listening_socket(port)
    with listening_socket(port) as again:
        assert again.getsockname()[1] == port


async def test_a_server_is_reached_at_its_port() -> None:
    """An application answers at the port that `serve` returns: any free one, or the given one."""
    given = free_port()
    for port in (0, given):
        runner = web.AppRunner(web.Application())
        await runner.setup()
        taken = await serve(runner, port)
        async with ClientSession() as session, session.get(f"http://127.0.0.1:{taken}/") as response:
            assert response.status == 404
        assert taken in PORTS
        assert port in (0, taken)
        await runner.cleanup()
