"""Processes signal changes to each other through PostgreSQL, and act on the signals."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from bot.communities.action_log import Deed
from bot.instance import Instance
from bot.polls import posted_messages as messages
from bot.polls.redrawing import lease_of
from bot.store import leases
from bot.store.database import Database
from bot.store.open import open_database
from bot.store.signals import Signal
from tests.store.conftest import new_database
from tests.store.server import PostgresServer
from tests.talk import ADA, BEN, press, reply_words, say, wall
from tests.waits import PATIENCE, until
from tests.world import CONTENT, Clock, running


@asynccontextmanager
async def two(
    server: PostgresServer, folder: Path, content: Path = CONTENT
) -> AsyncIterator[tuple[Instance, Instance]]:
    """Run two instances over one database, as two processes would, and wait until they hear each other."""
    url, clock = new_database(server), Clock()
    async with (
        running(folder, url=url, clock=clock, content=content) as one,
        running(folder, url=url, clock=clock, content=content) as other,
    ):
        await hear_each_other(one, other)
        yield one, other


async def hear_each_other(one: Instance, other: Instance) -> None:
    """Wait until signals pass both ways: each listens on a connection of its own, which takes a while."""
    for sender, listener in ((one, other), (other, one)):
        signals: list[str] = []
        listener.database.listen(Signal.POLL, signals.append)

        def try_it(sender: Instance = sender, signals: list[str] = signals) -> bool:
            sender.database.signal(Signal.POLL, "no such poll")
            return "no such poll" in signals

        await until(try_it)


async def test_a_signal_is_heard_once_by_every_process(url: str) -> None:
    """A signal reaches a listener in its own process at once, and one in another process on the same server soon.

    Each hears it once.
    """
    signals: list[tuple[str, str]] = []
    one = await open_database(url)
    one.listen(Signal.POLL, lambda about: signals.append(("one", about)))
    other = await open_database(url, shared=True)
    if one.dialect == "postgres":
        other.listen(Signal.POLL, lambda about: signals.append(("other", about)))
        await until(lambda: {("one", ""), ("other", "")} <= set(signals))
    signals.clear()
    one.signal(Signal.POLL, "p1")
    one.signal(Signal.DEADLINE, "nobody listens")
    assert signals == [("one", "p1")]
    if one.dialect == "postgres":
        await until(lambda: ("other", "p1") in signals)
        other.signal(Signal.POLL, "p2")
        await until(lambda: ("one", "p2") in signals)
    assert len(signals) == len(set(signals))
    await other.close()
    await one.close()


async def test_a_hearer_with_a_bug_keeps_nobody_from_hearing(database: Database) -> None:
    """A listener that raises keeps no other listener from hearing a signal."""
    signals: list[str] = []

    def broken(_about: str) -> None:
        raise RuntimeError("bug")

    database.listen(Signal.POLL, broken)
    database.listen(Signal.POLL, signals.append)
    database.signal(Signal.POLL, "p1")
    assert "p1" in signals


async def test_a_process_that_lost_the_line_looks_for_everything(server: PostgresServer) -> None:
    """A process that lost its connection hears an empty signal once it listens again: anything may have changed."""
    url = new_database(server)
    database = await open_database(url)
    signals: list[str] = []
    database.listen(Signal.COMMUNITY, signals.append)
    await until(lambda: signals == [""])
    server.psql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        url.rpartition("/")[2],
    )
    await until(lambda: signals == ["", ""])
    await database.close()


async def test_a_vote_is_shown_by_the_process_that_runs_the_platform(server: PostgresServer, tmp_path: Path) -> None:
    """A vote taken by one process is shown on the poll's message by the process that runs the platform."""
    async with two(server, tmp_path) as (one, other):
        await say(other, ADA, '/poll create post:yes question:"Which tea?" options:"Green | Black" results:live')
        one.platforms.clear()
        await press(one, BEN, "v1:vote:p1:0")
        await until(lambda: wall(other).edits == 1)
        assert "Green ★ 1 (100%)" in reply_words(wall(other).posted[0][1])
        await other.copies.drain()
        assert await one.database.read(messages.stale_copies) == []


async def test_a_deadline_set_in_one_process_wakes_the_other(server: PostgresServer, tmp_path: Path) -> None:
    """If a process without the platform closes a poll early, the process with it announces the result soon."""
    async with two(server, tmp_path) as (one, other):
        await say(other, ADA, '/poll create post:yes question:"Which tea?" options:"Green | Black"')
        one.platforms.clear()
        await other.start()
        await press(one, ADA, "v1:poll-close:p1")
        await until(lambda: any("Closed: Which tea?" in reply_words(reply) for _, reply in wall(other).posted))


async def test_who_stops_hands_over(server: PostgresServer, tmp_path: Path) -> None:
    """When a process stops, another one at once redraws the messages that it left stale."""
    url, clock = new_database(server), Clock()
    async with running(tmp_path, url=url, clock=clock) as other:
        async with running(tmp_path, url=url, clock=clock) as one:
            await hear_each_other(one, other)
            await say(one, ADA, '/poll create post:yes question:"Which tea?" options:"Green | Black" results:live')
            one.platforms.clear()
            (copy,) = await one.database.read(lambda tx: messages.copies(tx, "p1"))
            await one.database.write(lambda tx: leases.take(tx, lease_of(copy), one.copies._name))
            signals: list[str] = []
            other.database.listen(Signal.POLL, signals.append)
            await press(one, BEN, "v1:vote:p1:0")
            await until(lambda: "p1" in signals)
            await other.copies.drain()
            assert wall(other).edits == 0
        await until(lambda: wall(other).edits == 1)


async def test_settings_changed_in_one_process_hold_in_the_other(server: PostgresServer, tmp_path: Path) -> None:
    """A community's settings that one process changed hold in the other as soon as the signal arrives."""
    async with two(server, tmp_path) as (one, other):
        now = one.now()
        before = await other.communities.get("test:demo", now)
        arrival = asyncio.Event()
        other.database.listen(Signal.COMMUNITY, lambda about: arrival.set() if about else None)
        logged = one.action_log.entry(Deed.SETTINGS, now, community=before.id)
        await one.communities.change(before, {"zone": "Europe/Berlin"}, logged)
        await asyncio.wait_for(arrival.wait(), PATIENCE)
        assert (await other.communities.get("test:demo", now)).zone == "Europe/Berlin"


async def test_content_that_one_process_took_is_taken_by_the_other(server: PostgresServer, tmp_path: Path) -> None:
    """A process takes over the content that another one reloaded, and the log has one entry for the reload."""
    content = Path(shutil.copytree(CONTENT, tmp_path / "content"))
    async with two(server, tmp_path, content) as (one, other):
        await one.start()
        await other.start()
        facts = content / "tea" / "facts.yaml"
        facts.write_text(facts.read_text("utf-8").replace("Most people", "Nearly all people"), "utf-8")
        await one.content.reload()
        await until(lambda: other.content.shelf.current.version == one.content.shelf.current.version)
        async with asyncio.timeout(PATIENCE):
            log, _ = await one.action_log.page("", one.now() + timedelta(days=1))
        assert [act.deed for act in log] == ["reload"]
