"""Parley watches its socket to Slack: it replaces one that breaks, falls silent or is forgotten, and logs the loss
once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.http import GuardedApp
from adapters.slack.socket_mode import Pace, SocketMode
from tests.wire.slack import APP_TOKEN, BOT_TOKEN, SlackServer
from tests.wire.slack.world import IMPATIENT, bugs, new_server, slack_world
from tests.world import Clock


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the operator reads about the connection."""
    return [record.getMessage() for record in caplog.records if "connected" in record.getMessage()]


@asynccontextmanager
async def socket(
    server: SlackServer, pace: Pace = IMPATIENT, clock: Clock | None = None
) -> AsyncIterator[tuple[SocketMode, list[float]]]:
    """Yield the socket alone, with an app that does nothing, and the pauses that it makes."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    web = AsyncWebClient(token=BOT_TOKEN, base_url=server.base_url)
    app = GuardedApp(client=web, signing_secret=None)
    connection = SocketMode(app, web, APP_TOKEN, clock=clock or Clock(), pace=pace, sleep=sleep)
    try:
        yield connection, pauses
    finally:
        await connection.close()


async def test_a_socket_that_slack_has_forgotten_is_replaced(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """If a socket brings pongs but nothing else for a quarter of an hour, Parley opens another and logs no warning."""
    async with slack_world(tmp_path, pace=IMPATIENT) as world:
        world.server.sockets.forget()
        before = world.chat.last_heard
        world.clock.forward(minutes=16)
        await world.server.sockets.ready(2)
        assert (await world.server.member("Ada").command("/parley help")).private
        assert world.chat.is_connected()
        assert before is not None
        assert world.chat.last_heard == world.clock.now
        assert warnings(caplog) == []


async def test_a_quiet_night_costs_one_socket_a_quarter_of_an_hour(tmp_path: Path) -> None:
    """Parley replaces a socket after a quarter of an hour without a message, and none on which messages come every 10
    minutes."""
    async with slack_world(tmp_path, pace=IMPATIENT) as world:
        for _ in range(4):
            world.clock.forward(minutes=10)
            await world.server.member("Ada").command("/parley help")
        assert world.server.sockets.opened == 1
        for opened in (2, 3):
            world.clock.forward(minutes=16)
            await world.server.sockets.ready(opened)
            await world.server.member("Ada").command("/parley help")
        assert world.server.sockets.opened == 3


async def test_what_is_pressed_while_a_socket_is_replaced_is_answered(tmp_path: Path) -> None:
    """Parley answers all commands that come while a socket is replaced."""
    async with slack_world(tmp_path, pace=IMPATIENT) as world:
        members = world.members(20)
        for number in range(2, 5):
            commands = [asyncio.create_task(member.command("/parley help")) for member in members]
            await world.server.sockets.refresh()
            assert all(answer.private for answer in await asyncio.gather(*commands))
            await world.server.sockets.ready(number)


async def test_a_socket_that_is_to_be_replaced_from_its_beginning_is_replaced(tmp_path: Path) -> None:
    """If Slack asks for another socket while Parley still reads the hello, Parley opens another."""
    async with slack_world(tmp_path) as world:
        world.server.sockets.restless = 2
        await world.server.sockets.refresh()
        await world.server.sockets.ready(4)
        assert (await world.server.member("Ada").command("/parley help")).private


@pytest.mark.parametrize("trouble", ["silent", "dropped"])
async def test_a_lost_socket_is_told_once_and_seen(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, trouble: str
) -> None:
    """While the socket is lost, `is_connected` is False. Parley logs one line when it loses the socket, and one when it
    is back."""
    async with slack_world(tmp_path, pace=IMPATIENT) as world:
        server = world.server
        server.faults.fail("apps.connections.open", times=3)
        if trouble == "silent":
            server.sockets.silence()
        else:
            server.sockets.drop()
        await server.until(lambda: len(server.called("apps.connections.open", None)) >= 3)
        while_away = world.chat.is_connected()
        await server.sockets.ready(2)
        assert (await server.member("Ada").command("/parley help")).private
        assert (while_away, world.chat.is_connected()) == (False, True)
        lost, back = warnings(caplog)
        assert "isn't connected" in lost
        assert "again" in back
        assert bugs(caplog) == []


def hangs(server: SlackServer) -> None:
    server.faults.hang("apps.connections.open", times=3)


def refuses(server: SlackServer) -> None:
    server.faults.refuse("apps.connections.open", "internal_error", times=3)


def says_nothing(server: SlackServer) -> None:
    server.sockets.rude = 3


def forgets_what_it_gave(server: SlackServer) -> None:
    server.faults.fail("apps.connections.open", times=3, done=True)


@pytest.mark.parametrize("trouble", [hangs, refuses, says_nothing, forgets_what_it_gave])
async def test_connecting_goes_on_until_it_is_done(
    trouble: Callable[[SlackServer], None], caplog: pytest.LogCaptureFixture
) -> None:
    """Parley tries to connect until it succeeds. Each try asks for an address of its own, and the pauses between tries
    grow up to the longest one."""
    async with new_server() as server:
        trouble(server)
        pace = replace(IMPATIENT, opening=0.5 if trouble in {hangs, says_nothing} else 20, pause=1, longest_pause=2)
        async with socket(server, pace) as (connection, pauses):
            before = connection.connected
            await connection.open(f"{server.url.replace('http', 'ws')}/link?ticket=spent")
            await server.sockets.ready()
            assert await answers(server)
            assert (before, connection.connected) == (False, True)
        assert pauses[:3] == [1, 2, 2]
        tickets = [call.answer["url"] for call in server.called("apps.connections.open") if "url" in call.answer]
        assert len(tickets) == len(set(tickets))
        lost, _back = warnings(caplog)
        assert "isn't connected" in lost


async def answers(server: SlackServer) -> bool:
    """Tell whether what comes over the socket is acknowledged."""
    return (await (await server.sockets.send("events_api", {"type": "event_callback"}, answerable=False))).ok


async def test_what_nobody_handles_is_acknowledged_all_the_same(tmp_path: Path) -> None:
    """Parley acknowledges an event that it didn't ask for, so that Slack doesn't repeat it."""
    async with slack_world(tmp_path) as world:
        assert (await world.server.event(world.server.team, {"type": "reaction_added", "user": "U1"})).ok
