"""Processes on a PostgreSQL database survive a killed process, a crash, a cut line, a wrong clock and a full disk."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.crowd import PLACES, Crowd
from tests.faults.line import Line
from tests.faults.small import mountable, small_disk
from tests.require import require
from tests.store.conftest import new_database
from tests.store.server import PostgresServer, programs
from tests.waits import PATIENCE

FREE_THE_DEAD = "UPDATE leases SET until = 0 WHERE until < (extract(epoch FROM clock_timestamp()) + 27) * 1000000"
"""End each lease that is older than three seconds, as waiting for thirty would. The living hold none so long."""
HOLDER = """
SELECT count(*) FROM pg_stat_activity JOIN pg_locks USING (pid)
WHERE datname = current_database() AND state = 'idle in transaction' AND relation = 'polls'::regclass
  AND mode = 'RowShareLock' AND state_change < clock_timestamp() - interval '1 second'
"""
"""Count the connections that hold polls and have been silent for a second, as only those of a silent line are."""


async def test_one_of_three_is_killed(crowd: Crowd, server: PostgresServer) -> None:
    """If one of three processes is killed under load, the others close, announce and redraw every poll."""
    await crowd.open_polls()
    first, *_ = await crowd.start_all("abc")
    await crowd.more_votes(300)
    await first.kill()
    await crowd.more_votes(300)
    await crowd.at_the_close()
    server.psql(FREE_THE_DEAD, crowd.url.rpartition("/")[2])
    await crowd.start("d", members=0)
    await crowd.all_redrawn()
    await crowd.stop()
    await crowd.check("one of three processes killed")


@pytest.mark.slow
async def test_one_is_killed_while_it_tells(crowd: Crowd, server: PostgresServer) -> None:
    """If a process is killed while it announces results, at most one place misses its result, and none has it twice."""
    await crowd.open_polls(("p1", "p2", "p3", "p4", "p5", "p6"))
    await crowd.start_all("abc")
    await crowd.more_votes(100)
    strike = asyncio.create_task(crowd.at_the_close())
    await crowd.until(lambda: crowd.announcements().total() > 0)
    await crowd.members[0].kill()
    await asyncio.wait({strike}, timeout=5)  # if it was announcing nothing, every place gets its result
    strike.cancel()
    assert crowd.announcements().total() >= PLACES * len(crowd.polls) - 1
    server.psql(FREE_THE_DEAD, crowd.url.rpartition("/")[2])
    await crowd.start("d", members=0)
    await crowd.all_redrawn()
    await crowd.stop()
    await crowd.check("one of three killed while it tells places")


@pytest.mark.slow
async def test_the_server_crashes_and_comes_back(crowd: Crowd, server: PostgresServer) -> None:
    """If the server crashes under load, Parley refuses votes and loses none, and goes on by itself once it is back."""
    await crowd.open_polls()
    await crowd.start_all("abc")
    for _ in range(2):
        await crowd.more_votes(300)
        server.stop("immediate")
        await crowd.until(lambda: all(member.failed for member in crowd.members))
        server.start()
    await crowd.more_votes(300)
    await crowd.at_the_close()
    await crowd.all_redrawn()
    await crowd.stop()
    await crowd.check("PostgreSQL crashed twice under three processes")


async def fall_silent(line: Line, server: PostgresServer, url: str) -> None:
    """Silence the line in the middle of a transaction that holds a poll; if no process was in one, try again."""
    async with asyncio.timeout(PATIENCE):
        while True:
            line.silence()
            await asyncio.sleep(1.5)  # longer than HOLDER asks for
            if (await asyncio.to_thread(server.psql, HOLDER, url.rpartition("/")[2])).strip() != "0":
                return
            line.speak()
            await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_the_line_is_cut_and_mended(crowd: Crowd, server: PostgresServer) -> None:
    """Processes whose line was cut find the database again. A line that falls silent stops others only for a while."""
    await crowd.open_polls()
    async with Line(server.port) as line:
        far = [await crowd.start(name, url=line.url(crowd.url)) for name in "ab"]
        await crowd.start("c")
        for _ in range(3):
            await crowd.more_votes(200)
            await line.cut()
            before = [member.failed for member in far]
            await crowd.until(lambda b=before: all(m.failed > n for m, n in zip(far, b, strict=True)))  # type: ignore[misc]
            await line.mend()
            voted = [len(member.acknowledged) for member in far]
            await crowd.until(lambda v=voted: all(len(m.acknowledged) > n for m, n in zip(far, v, strict=True)))  # type: ignore[misc]
        await fall_silent(line, server, crowd.url)  # without notice; the server waits for it only for a while
        near = crowd.members[-1]
        await crowd.until(lambda: near.failed > 0)
        voted = [len(near.acknowledged)]
        await crowd.until(lambda: len(near.acknowledged) > voted[0] + 100)
        line.speak()
        await crowd.at_the_close()
        await crowd.all_redrawn()
        await crowd.stop()
    await crowd.check("the line to PostgreSQL cut three times, then silent")


@pytest.mark.slow
async def test_a_clock_is_wrong(crowd: Crowd) -> None:
    """If a clock is an hour behind, or is set back after the close, no poll opens again and no result comes twice."""
    await crowd.open_polls()
    behind, *_ = await crowd.start_all("abc")
    behind.tell("clock -3600")
    await crowd.more_votes(300)
    await crowd.at_the_close(but=behind)
    for member in crowd.members:
        member.tell("clock -3600")
    await crowd.all_redrawn()
    await crowd.stop()
    await crowd.check("one clock an hour behind, then all of them set back")


@pytest.mark.slow
async def test_the_servers_disk_is_full(tmp_path: Path) -> None:
    """While the server's disk is full, Parley refuses votes but loses none; afterwards everything goes on."""
    require("postgres", programs() is not None, "no PostgreSQL server is installed (Debian: postgresql)")
    require("mount", mountable(), "this account may not mount a file system")
    sizes = {"min_wal_size": "32MB", "max_wal_size": "32MB"}
    with small_disk(160) as disk, PostgresServer(disk.folder, **sizes) as server:
        crowd = Crowd(new_database(server), tmp_path)
        try:
            await crowd.open_polls()
            await crowd.start_all("abc")
            await crowd.more_votes(200)
            disk.fill()
            await crowd.until(lambda: all(member.failed for member in crowd.members))
            disk.free()
            if not server.stands:  # it ends if it can't even write its log, and a supervisor starts it again
                server.start()
            await crowd.more_votes(200)
            await crowd.at_the_close()
            await crowd.all_redrawn()
            await crowd.stop()
            await crowd.check("PostgreSQL's disk full")
        finally:
            await crowd.abandon()
