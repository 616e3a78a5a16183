"""Parley, as one process over an SQLite file, survives a torn log, a full disk and a clock that is set back."""

from __future__ import annotations

import random
import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.store.open import open_database
from tests.faults.crowd import Crowd
from tests.faults.small import mountable, small_disk
from tests.require import require
from tests.store.things import findings
from tests.talk import ADA, BEN, press, reply_words, say, wall
from tests.world import Clock, running

FRAME = 24 + 4096
"""A frame of the write-ahead log: its head and a page (https://sqlite.org/fileformat2.html#the_write_ahead_log)."""

TEARS: dict[str, Callable[[bytes], bytes]] = {
    "half a frame": lambda log: log + log[-FRAME:][: FRAME // 2],
    "a frame of another time": lambda log: log + log[32 : 32 + FRAME],
    "a frame whose page was not written": lambda log: log + log[-FRAME:][:24] + b"\0" * 4096,
    "noise": lambda log: log + random.Random(7).randbytes(3 * FRAME),
}
"""Remains that a crash may leave of an unfinished write, after the last transaction that was synced."""

ROOM = 64 * 1024
"""Bytes to which a file may grow: fewer than the database has, more than the test's own notes take."""


async def test_a_torn_log_loses_nothing_that_was_acknowledged(alone: Crowd, tmp_path: Path) -> None:
    """After kill -9 under load, rubbish at the end of the log costs no acknowledged vote."""
    await alone.open_polls()
    member = await alone.start("a")
    await alone.more_votes(300)
    await member.kill()
    for number, tear in enumerate(TEARS.values()):
        torn = Crowd(f"sqlite:///{_torn(tmp_path, str(number), tear)}", tmp_path)
        torn.polls, torn.members = alone.polls, alone.members
        await torn.check(f"a torn log: {list(TEARS)[number]}", ended=False)


@pytest.mark.slow
async def test_a_log_that_was_damaged_afterwards_leaves_a_whole_record(alone: Crowd, tmp_path: Path) -> None:
    """If the disk loses the end of a stored log, votes may be lost, but none is there by half and the chain holds."""
    await alone.open_polls()
    member = await alone.start("a")
    await alone.more_votes(100)
    await member.kill()
    for number in range(5):
        cut = random.Random(number).randrange(1, 20 * FRAME)
        database = await open_database(str(_torn(tmp_path, f"cut{number}", lambda log, cut=cut: log[:-cut])))  # type: ignore[misc]
        assert await database.check() == []
        for name in alone.polls:
            assert await findings(database, name) == []
        await database.close()


def _torn(folder: Path, name: str, tear: Callable[[bytes], bytes]) -> Path:
    """Copy the killed process's database with its log torn, and return the copy's path."""
    copy = folder / name
    copy.mkdir()
    shutil.copy(folder / "parley.db", copy)
    log = (folder / "parley.db-wal").read_bytes()
    (copy / "parley.db-wal").write_bytes(tear(log))
    return copy / "parley.db"


async def test_a_clock_set_back_opens_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    """After the clock was set back, a closed poll stays closed and is announced once; others go on and are redrawn."""
    clock = Clock()
    async with running(tmp_path, clock=clock) as here:
        await say(here, ADA, '/poll create post:yes question:"Which tea?" options:"Green | Black" closes:1h')
        await say(here, ADA, '/poll create post:yes question:"When?" options:"Now | Later" results:live closes:9h')
        clock.forward(hours=1)
        await here.scheduler.run_due()
        clock.forward(hours=-3)
        await here.scheduler.run_due()
        assert "closed" in reply_words((await press(here, BEN, "v1:vote:p1:0")).answer)  # type: ignore[arg-type]
        await press(here, BEN, "v1:vote:p2:0")
        await here.copies.drain()
        assert "Now ★ 1 (100%)" in reply_words(wall(here).posted[1][1])
    async with running(tmp_path, clock=clock) as again:
        await again.scheduler.run_due()
        clock.forward(hours=12)
        await again.scheduler.run_due()
        await again.scheduler.run_due()
        assert ["Closed: When?" in reply_words(reply) for _, reply in wall(again).posted] == [True]


async def test_the_file_may_grow_no_more(alone: Crowd) -> None:
    """While its file may not grow, Parley refuses votes but loses none; afterwards everything goes on."""
    await alone.open_polls()
    member = await alone.start("a")
    for _ in range(2):
        await alone.more_votes(100)
        resource.prlimit(member.process.pid, resource.RLIMIT_FSIZE, (ROOM, resource.RLIM_INFINITY))
        before = member.failed
        await alone.until(lambda n=before: member.failed > n)  # type: ignore[misc]
        resource.prlimit(member.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await alone.more_votes(100)
    await alone.at_the_close()
    await alone.all_redrawn()
    await alone.stop()
    await alone.check("SQLite's file may grow no more, twice")


@pytest.mark.slow
async def test_the_disk_is_full(tmp_path: Path) -> None:
    """While the disk is full, Parley refuses votes but loses none; afterwards everything goes on."""
    require("mount", mountable(), "this account may not mount a file system")
    with small_disk(8) as disk:
        crowd = Crowd(f"sqlite:///{disk.folder / 'parley.db'}", tmp_path)
        try:
            await crowd.open_polls()
            (member,) = await crowd.start_all("a")
            for _ in range(2):
                await crowd.more_votes(100)
                disk.fill()
                before = member.failed
                await crowd.until(lambda n=before: member.failed > n)  # type: ignore[misc]
                disk.free()
            await crowd.more_votes(100)
            await crowd.at_the_close()
            await crowd.all_redrawn()
            await crowd.stop()
            await crowd.check("SQLite's disk full, twice")
        finally:
            await crowd.abandon()
