"""Processes that share a PostgreSQL database: one is killed, the server goes, the line is cut, a clock is wrong."""

from __future__ import annotations

from tests.faults.crowd import Crowd
from tests.store.server import PostgresServer


async def test_one_of_three_is_killed(crowd: Crowd, server: PostgresServer) -> None:
    """kill -9 under load: the others close the polls, tell every place and redraw what it had in hand."""
    await crowd.open_polls()
    first, *_ = await crowd.start_all("abc")
    await crowd.more_votes(300)
    await first.kill()
    await crowd.more_votes(300)
    await crowd.an_hour_later()
    server.psql("UPDATE leases SET until = 0", crowd.url.rpartition("/")[2])  # what the dead held is free by now
    await crowd.start("d", members=0)
    await crowd.all_redrawn()
    await crowd.stop()
    await crowd.check("one of three processes killed")
