"""Several processes on one PostgreSQL database are one bot, with a proxy that spreads Slack's requests between them."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.ports import free_port, serve
from tests.programs import last_words, program
from tests.store.conftest import new_database, server
from tests.store.server import PostgresServer
from tests.waits import PATIENCE, listening
from tests.wire.slack import SlackServer, words
from tests.wire.slack.server import BOT_TOKEN, SECRET
from tests.wire.slack.world import new_server

__all__ = ["server"]  # the fixture of tests/store, which pytest finds by name

pytestmark = pytest.mark.slow

KEY = base64.urlsafe_b64encode(bytes(32)).decode()
"""The key that both processes share."""
TAKER_HEADER = "x-taken-by"
"""The header that names the process which answered."""


@asynccontextmanager
async def proxy(ports: list[int]) -> AsyncIterator[str]:
    """Pass each request on to the next of these ports, or to the one after where nobody answers. Yield the proxy's
    address."""
    turns = count()

    async def pass_on(request: web.Request) -> web.Response:
        body = await request.read()
        first = next(turns) % len(ports)
        for port in ports[first:] + ports[:first]:
            try:
                url = f"http://127.0.0.1:{port}{request.path}"
                async with session.post(url, data=body, headers=request.headers) as answer:
                    headers = {
                        "content-type": answer.headers.get("content-type", "text/plain"),
                        TAKER_HEADER: str(port),
                    }
                    return web.Response(status=answer.status, body=await answer.read(), headers=headers)
            except aiohttp.ClientConnectorError:
                continue
        return web.Response(status=502)

    app = web.Application()
    app.router.add_post("/{path:.*}", pass_on)
    runner = web.AppRunner(app)
    async with aiohttp.ClientSession() as session:
        await runner.setup()
        try:
            yield f"http://127.0.0.1:{await serve(runner)}"
        finally:
            await runner.cleanup()


def announced(slack: SlackServer) -> list[str]:
    """Return the channel's announcements of the close. The picture is a message of its own."""
    return [text for message in slack.posted()[1:] if "Closed: Which tea?" in (text := words(message.blocks))]


async def test_two_real_processes_behind_a_proxy(server: PostgresServer, tmp_path: Path) -> None:
    """Two `parley run`, as docs/scaling.md sets them up, have one poll, one count and one announcement, even after a
    `kill -9`."""
    ports, database = [free_port(), free_port()], new_database(server)
    async with new_server() as slack, AsyncExitStack() as stack:
        slack.hooks.url = await stack.enter_async_context(proxy(ports)) + "/slack/events"
        processes = []
        for port in ports:
            folder = tmp_path / str(port)
            folder.mkdir()
            environment = {
                "PARLEY_SLACK_BOT_TOKEN": BOT_TOKEN,
                "PARLEY_SLACK_SIGNING_SECRET": SECRET,
                "PARLEY_SLACK_BIND": f"127.0.0.1:{port}",
                "PARLEY_PORT": str(free_port()),
                "PARLEY_DATABASE": database,
                "PARLEY_KEY": KEY,
            }
            start = program(folder, "tests.wire.slack.parley", slack.url, "run", **environment)
            processes.append(await stack.enter_async_context(start))
        for port in ports:
            await listening(port)

        host = slack.member("Host")
        await host.command('/parley poll create post:yes question:"Which tea?" options:"Green | Black" results:live')
        (poll,) = slack.posted()
        for name in ("Ada", "Ben", "Chen", "Dina"):
            await slack.member(name).press(poll, "Green")
        await slack.until(lambda: "4 (100%)" in words(slack.posted()[0].blocks), patience=PATIENCE)
        assert {ack.headers[TAKER_HEADER] for ack in slack.hooks.acks} == set(map(str, ports))

        processes[0].kill()
        await processes[0].wait()
        changed = await slack.member("Ada").press(slack.posted()[0], "Black")
        assert "counted" in changed.text
        question = await host.command("/parley poll close")
        await host.press(question.messages[-1], "Close it and show the result")
        await slack.until(lambda: bool(announced(slack)), patience=PATIENCE)
        processes[1].terminate()
        code, output = await last_words(processes[1])
        assert (code, "Traceback" in output) == (0, False), output
        (result,) = announced(slack)
        assert "3 (75%)" in result
        assert slack.violations == []
