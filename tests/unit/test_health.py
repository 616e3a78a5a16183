"""The pages that monitors and proxies read, `/healthz`, `/readyz` and `/metrics`, from a process's start to its end."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.http.health import Health
from adapters.http.prometheus import Metrics
from bot.errors import Unavailable
from bot.instance import Instance
from bot.polls.ballot_box import BoxState
from bot.settings.model import Address
from bot.store.sqlite import READERS
from tests.world import NOW, Clock, at, request, running


@dataclass(slots=True)
class Watched:
    """A process that serves its health pages, with a client to read them."""

    health: Health
    url: str
    session: aiohttp.ClientSession

    async def ask(self, page: str) -> tuple[int, dict[str, str]]:
        async with self.session.get(self.url + page) as answer:
            report: dict[str, Any] = await answer.json()
            assert report["ok"] is (answer.status == 200)
            return answer.status, report["checks"]

    async def figures(self) -> dict[str, float]:
        """Return every figure by its name and labels."""
        async with self.session.get(self.url + "/metrics") as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            lines = (await answer.text()).splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}


@asynccontextmanager
async def watched(metrics: Metrics, *, answers_within: float = 5.0) -> AsyncIterator[Watched]:
    health = Health(metrics, answers_within=answers_within)
    url = await health.start(Address("127.0.0.1", 0))
    try:
        async with aiohttp.ClientSession() as session:
            yield Watched(health, url, session)
    finally:
        await health.stop()


@pytest.fixture
async def metrics() -> Metrics:
    return Metrics()


async def test_a_process_that_starts_is_well_and_not_ready(metrics: Metrics) -> None:
    """A process that still starts is healthy (200) and not ready (503), so a proxy sends it nothing yet."""
    async with watched(metrics) as process:
        assert await process.ask("/healthz") == (200, {"loop": "ok", "database": "starting"})
        assert await process.ask("/readyz") == (503, {"process": "starting", "database": "starting"})
        assert (await process.figures())["process_resident_memory_bytes"] > 0


@pytest.mark.parametrize("name", ["parley.db", "parley.db-wal"])
async def test_a_process_whose_database_was_moved_is_not_ready(tmp_path: Path, metrics: Metrics, name: str) -> None:
    """Parley isn't ready while its database file or the WAL file is moved away, and is ready once the file is back."""
    async with watched(metrics) as process, running(tmp_path) as instance:
        process.health.watch(instance, {})
        (tmp_path / name).rename(tmp_path / "elsewhere")
        assert await process.ask("/readyz") == (503, {"process": "ok", "database": "away"})
        (tmp_path / "elsewhere").rename(tmp_path / name)
        assert await process.ask("/readyz") == (200, {"process": "ok", "database": "ok"})


@pytest.mark.parametrize(("state", "ready"), [(BoxState.CHECKING, 503), (BoxState.DAMAGED, 503), (BoxState.OPEN, 200)])
async def test_a_process_whose_polls_are_paused_is_well_and_not_ready(
    tmp_path: Path, metrics: Metrics, state: BoxState, ready: int
) -> None:
    """During a check of the database, and after a check that found damage, Parley is healthy and not ready."""
    async with watched(metrics) as process, running(tmp_path) as instance:
        process.health.watch(instance, {})
        instance.box.state = state
        assert await process.ask("/readyz") == (ready, {"process": "ok", "database": state.value})
        assert (await process.ask("/healthz"))[0] == 200


async def test_a_process_is_ready_once_its_platforms_are_connected(tmp_path: Path, metrics: Metrics) -> None:
    """Parley is ready once its platform is connected; until then `/readyz` names the platform and its figure is 0."""
    connected = {"discord": False}
    async with watched(metrics) as process, running(tmp_path) as instance:
        process.health.watch(instance, {"discord": lambda: connected["discord"]})
        assert await process.ask("/readyz") == (503, {"process": "ok", "database": "ok", "discord": "away"})
        assert await process.ask("/healthz") == (200, {"loop": "ok", "database": "ok"})
        assert (await process.figures())['parley_platform_connected{platform="discord"}'] == 0
        connected["discord"] = True
        assert await process.ask("/readyz") == (200, {"process": "ok", "database": "ok", "discord": "ok"})
        assert (await process.figures())['parley_platform_connected{platform="discord"}'] == 1


async def test_a_process_that_drains_is_well_and_not_ready(tmp_path: Path, metrics: Metrics) -> None:
    """A process that shuts down stays healthy and isn't ready, so a proxy sends it no new requests."""
    async with watched(metrics) as process, running(tmp_path) as instance:
        process.health.watch(instance, {})
        process.health.drain()
        assert await process.ask("/readyz") == (503, {"process": "draining", "database": "ok"})
        assert (await process.ask("/healthz"))[0] == 200


async def test_a_database_that_is_gone_is_told(tmp_path: Path, metrics: Metrics) -> None:
    """Without its database file Parley is neither healthy nor ready.

    `/metrics` still answers: figures that come from the database are NaN, and each failed read counts as an error.
    """
    async with watched(metrics) as process, running(tmp_path, meter=metrics) as instance:
        process.health.watch(instance, {})
        (tmp_path / "parley.db").rename(tmp_path / "elsewhere.db")
        assert await process.ask("/healthz") == (503, {"loop": "ok", "database": "away"})
        assert (await process.ask("/readyz"))[0] == 503
        figures = await process.figures()
        assert (figures["parley_database_up"], figures["parley_database_errors_total"]) == (0, 3)
        assert figures["parley_open_polls"] != figures["parley_open_polls"]


async def test_a_database_that_is_silent_is_told(tmp_path: Path, metrics: Metrics) -> None:
    """A health check answers 503 in time even if the database never answers."""
    async with watched(metrics, answers_within=0.05) as process, running(tmp_path) as instance:
        process.health.watch(instance, {})
        async with silent(instance):
            assert await process.ask("/healthz") == (503, {"loop": "ok", "database": "silent"})


async def test_an_address_that_is_taken_names_its_setting(metrics: Metrics) -> None:
    """If another process holds the health address, the start fails and names `PARLEY_HEALTH_BIND`."""
    async with watched(metrics) as process:
        address = Address.of(process.url.removeprefix("http://"), "")
        with pytest.raises(Unavailable, match=r"can't be used.*PARLEY_HEALTH_BIND"):
            await Health(metrics).start(address)


async def test_without_the_setting_nothing_is_served(metrics: Metrics) -> None:
    """Without an address for the health pages Parley opens no port for them."""
    health = Health(metrics)
    assert await health.start(None) == ""
    await health.stop()


async def test_what_happens_is_counted(tmp_path: Path, metrics: Metrics) -> None:
    """The figures count answers by command and end, votes, commits, edits, open polls and the scheduler's lag.

    None names a member, a poll or a choice.
    """
    clock = Clock()
    async with watched(metrics) as process, running(tmp_path, clock=clock, meter=metrics) as instance:
        process.health.watch(instance, {})
        bot = instance.bot
        await bot.say(
            request("Host"), '/poll create post:yes question:"Which tea?" options:"Green|Black" closes:1h results:live'
        )
        for choices in ({"Ben": "0", "Chen": "1", "Dina": "1"}, {"Ben": "1", "Chen": "1"}):
            await asyncio.gather(
                *(bot.press(request(name), f"v1:vote:p1:{choice}") for name, choice in choices.items())
            )
        await bot.say(request(), "/fact coffee")
        await bot.say(request(), "/settings")
        for _ in range(2):  # the second request arrives before the first is drawn
            instance.copies.refresh("p1")
        await instance.copies.drain()
        figures = await process.figures()
        assert figures['parley_answers_total{command="/fact",end="ok"}'] == 1
        assert figures['parley_answers_total{command="/settings",end="NotAllowed"}'] == 1
        assert figures['parley_answer_seconds_count{command="vote"}'] == 5
        assert figures['parley_votes_total{end="cast"}'] == 3
        assert figures['parley_votes_total{end="changed"}'] == 1
        assert figures['parley_votes_total{end="unchanged"}'] == 1
        assert figures["parley_commit_group_votes_sum"] == 5
        assert 2 <= figures["parley_commit_group_seconds_count"] <= 5
        assert figures['parley_edits_total{end="ok",platform="test"}'] >= 1
        assert figures["parley_edits_merged_total"] >= 1
        assert (figures["parley_open_polls"], figures["parley_scheduler_lag_seconds"]) == (1, 0)
        assert (figures["parley_ballots_waiting"], figures["parley_copies_due"]) == (0, 0)
        assert not [
            name
            for name in figures
            if re.search('_created|="[^"]*\\b(host|ben|chen|dina|p1|green|black)', name.lower())
        ]
        clock.now = NOW + timedelta(hours=1, seconds=5)
        assert (await process.figures())["parley_scheduler_lag_seconds"] == 5


async def test_labels_are_few_and_name_nobody(tmp_path: Path, metrics: Metrics) -> None:
    """No label repeats text from members: an unknown command, action or status adds no new label value."""
    async with watched(metrics) as process, running(tmp_path, meter=metrics) as instance:
        process.health.watch(instance, {})
        for line in ("/zeppelin", "/fact marmalade-of-ada", "/poll results poll:marmalade"):
            await instance.bot.say(request("Marmalade"), line)
        for pressed in ("v1:marmalade", "v9:vote:p1", "v1:vote:marmalade:0", "v1:view:marmalade:x:y"):
            await instance.bot.press(at(request("Marmalade"), Clock()()), pressed)
        for status in range(1000):
            metrics.called("slack", status)
        figures = await process.figures()
        assert not [name for name in figures if "marmalade" in name.lower()]
        commands = {*instance.bot.commands, *instance.bot.registry.actions} | {
            f"/{name}" for name in instance.bot.commands
        }
        assert {label for name in figures for label in re.findall(r'command="([^"]*)"', name)} <= commands
        kinds = [name for name in figures if name.startswith("parley_platform_calls_total")]
        assert len(kinds) == 4


async def test_two_instances_count_apart(tmp_path: Path) -> None:
    """Each instance of Parley counts its own figures, even within one program."""
    one, other = Metrics(), Metrics()
    one.database_failed()
    assert b"parley_database_errors_total 1.0" in await one.exposition(None, {})
    assert b"parley_database_errors_total 0.0" in await other.exposition(None, {})


@asynccontextmanager
async def silent(instance: Instance) -> AsyncIterator[None]:
    """Occupy every reading connection, so that all other readers wait."""
    gate = asyncio.Event()
    readers = [asyncio.create_task(instance.database.read(lambda _tx: gate.wait())) for _ in range(READERS)]
    await asyncio.sleep(0)
    try:
        yield
    finally:
        gate.set()
        await asyncio.gather(*readers)
