"""Measure Parley's cost on Slack, as ratios to a bare slack-bolt AsyncApp and to a plain one of the same run.

    python -m benchmarks.slack            some 2 minutes
    python -m benchmarks.slack --quick    fewer requests
    python -m benchmarks.slack --profile  where the time goes, by function, in Socket Mode

The server is the tests' local Slack, in a separate process. The bare app acknowledges, and posts a prepared answer of
Parley's to the response_url over one HTTP session; it does nothing else. The plain app (`plain_app.py`) also looks the
question up or stores the vote, and sends the answer with `respond`, as Bolt's manual teaches it. CPU is the bot's whole process, threads included. Each `/parley fact` asks a different question, over 10,000 cards;
each vote is a new voter's, answered after it is on disk.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import cProfile
import pstats
import re
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import render
from adapters.slack.app import SlackChat
from benchmarks.discord import CARDS, Cost, Costs, bare_process, now, parley_instance
from benchmarks.library import queries, write_pack
from benchmarks.other import Json, Other, obey, process
from benchmarks.plain_app import PlainStore, open_plain_store
from bot.chat.vocabulary import Actor, Outcome, Place, Reply, Request
from bot.instance import Instance
from bot.packs.loader import load_library
from bot.settings.model import Address
from tests.wire.slack import APP_TOKEN, BOT_TOKEN, SECRET, Interaction, Member, Message, SlackServer, reading
from tests.wire.slack.hooks import PATH
from tests.wire.slack.model import User

AT_ONCE = 16
WARM_UP = 200
REGULARS = 200
PORT = 21_777
MEGABYTE = 1 << 20
TEAS = ("Green", "Black", "Oolong")
MODES = {"socket": "Socket Mode", "http": "HTTP"}


# --- the server's process ---


async def serve() -> None:
    """Serve Slack and let its members carry out orders."""
    async with SlackServer(patience=60) as server:
        server.rate_limits.enabled = False
        await obey({"url": server.url}, _Members(server).carry_out)


class _Members:
    """The members who ask and vote."""

    def __init__(self, server: SlackServer) -> None:
        self._server = server
        self._host = server.member("Host")
        self._regulars = [self._newcomer() for _ in range(REGULARS)]
        self._calls = 0
        self._queries: list[str] = []
        self._poll: Message | None = None

    def _newcomer(self) -> Member:
        user = User(self._server.new_id("U"), "Member")
        self._server.team.users[user.id] = user
        self._server.main.members.add(user.id)
        return Member(self._server, self._server.team, user, self._server.main)

    async def carry_out(self, order: Json) -> Json:
        if order["do"] == "queries":
            self._queries = order["queries"]
            return {}
        self._server.hooks.url = f"http://127.0.0.1:{PORT}{PATH}" if order["mode"] == "http" else ""
        if order["mode"] == "socket":
            await self._server.sockets.ready()
        if order["do"] == "poll":
            await self._host.command(
                '/parley poll create post:yes question:"Which tea?" options:"Green | Black | Oolong"'
            )
            (self._poll,) = self._server.posted()
            _, button = reading.find(self._poll.blocks, TEAS[0], "button")
            return {"vote": button["action_id"], "team": self._server.team.id, "channel": self._server.main.id}
        return await self._many(order["count"], self._starts(order["do"]))

    def _starts(self, what: str) -> Iterator[Awaitable[Interaction]]:
        """Yield the members' next actions, endlessly."""
        while True:
            self._calls += 1
            if what == "fact":
                query = self._queries[self._calls % len(self._queries)]
                yield self._regulars[self._calls % REGULARS].command(f"/parley fact {query}")
            else:
                assert self._poll is not None
                yield self._newcomer().press(self._poll, TEAS[self._calls % 3])

    async def _many(self, count: int, starts: Iterator[Awaitable[Interaction]]) -> Json:
        numbers = iter(range(count))

        async def one_after_the_other() -> None:
            for _ in numbers:
                interaction = await next(starts)
                assert interaction.private, "nothing was answered"
                self._server.forget(interaction)
                self._server.calls.clear()

        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(one_after_the_other())
        return {"seconds": time.perf_counter() - began, "violations": list(map(str, self._server.violations[:3]))}


# --- the bot's process ---


class Server:
    """The process of the tests' Slack."""

    def __init__(self, other: Other, url: str) -> None:
        self._other = other
        self.url = url

    async def order(self, **order: Any) -> Json:
        answer = await self._other.order(**order)
        assert not answer.get("violations"), answer
        return answer


@contextlib.asynccontextmanager
async def server_process() -> AsyncIterator[Server]:
    async with process("benchmarks.slack", "--serve") as (other, hello):
        yield Server(other, hello["url"])


@contextlib.asynccontextmanager
async def bare(server: Server, mode: str, prepared: Json) -> AsyncIterator[None]:
    """Run an app that sends prepared answers, over one session."""
    async with aiohttp.ClientSession() as session:
        app = _app(server, session)

        async def answer(ack: Any, body: Json) -> None:
            await ack()
            what = prepared["fact" if "command" in body else "vote"]
            async with session.post(body["response_url"], json=what) as response:
                response.raise_for_status()

        app.command("/parley")(answer)
        app.action(re.compile("."))(answer)
        async with _running(app, mode):
            yield


@contextlib.asynccontextmanager
async def plain(server: Server, mode: str, prepared: Json, store: PlainStore) -> AsyncIterator[None]:
    """Run an app that looks questions up and stores votes."""
    async with aiohttp.ClientSession() as session:
        app = _app(server, session)

        @app.command("/parley")
        async def fact(ack: Any, command: Json, respond: Any) -> None:
            await ack()
            await store.find(command["text"].removeprefix("fact "))
            await respond(**prepared["fact"])

        @app.action(re.compile("."))
        async def vote(ack: Any, body: Json, action: Json, respond: Any) -> None:
            await ack()
            await store.cast(body["user"]["id"], action["action_id"])
            await respond(**prepared["vote"])

        async with _running(app, mode):
            yield


def _app(server: Server, session: aiohttp.ClientSession) -> AsyncApp:
    client = AsyncWebClient(token=BOT_TOKEN, base_url=f"{server.url}/api/", session=session)
    return AsyncApp(client=client, signing_secret=SECRET)


@contextlib.asynccontextmanager
async def _running(app: AsyncApp, mode: str) -> AsyncIterator[None]:
    """Connect an app as Bolt's manual teaches it."""
    if mode == "http":
        runner = web.AppRunner(app.server(path=PATH).web_app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", PORT).start()
        yield
        await runner.cleanup()
    else:
        handler = AsyncSocketModeHandler(app, APP_TOKEN)
        await handler.connect_async()  # type: ignore[no-untyped-call]
        yield
        await handler.close_async()  # type: ignore[no-untyped-call]


@contextlib.asynccontextmanager
async def parley(server: Server, mode: str, instance: Instance) -> AsyncIterator[None]:
    chat = SlackChat(instance.bot, clock=now, token=BOT_TOKEN, signing_secret=SECRET, base_url=f"{server.url}/api/")
    try:
        await chat.start(APP_TOKEN if mode == "socket" else None)
        if mode == "http":
            await chat.listen(Address("127.0.0.1", PORT))
        yield
        await instance.copies.drain()
    finally:
        await chat.stop()


async def cost(server: Server, count: int, **order: Any) -> Cost:
    await server.order(count=WARM_UP, **order)
    before = time.process_time()
    answer = await server.order(count=count, **order)
    return Cost((time.process_time() - before) / count, count / answer["seconds"])


async def prepared(instance: Instance, query: str, poll: Json) -> Json:
    """Return Parley's own answers, drawn once."""
    team = poll["team"]
    request = Request(Actor("slack", team, "U0", "Somebody"), Place("slack", team, poll["channel"]), now())
    lookup = await instance.bot.invoke(request, "fact", {"words": query})
    voted = await instance.bot.press(request, poll["vote"])
    return {"fact": payload(lookup), "vote": payload(voted)}


def payload(outcome: Outcome) -> Json:
    assert outcome.success, outcome
    message = render.messages(outcome.answer or Reply())[0]
    return {"text": message.text, "blocks": message.blocks, "response_type": "ephemeral", "replace_original": False}


async def compare(
    server: Server, instance: Instance, queried: list[str], store: PlainStore, count: int, rounds: int
) -> None:
    await server.order(do="queries", queries=queried)
    async with parley(server, "socket", instance):
        poll = await server.order(do="poll", mode="socket")
    target = await prepared(instance, queried[0], poll)
    for mode, name in MODES.items():
        for what, label in (("fact", "/parley fact"), ("vote", "a durable vote")):
            costs = Costs()
            for _ in range(rounds):  # in turn, so that a noisy minute hits all
                with bare_process():
                    async with bare(server, mode, target):
                        costs.bare.append(await cost(server, count, do=what, mode=mode))
                    async with plain(server, mode, target, store):
                        costs.plain.append(await cost(server, count, do=what, mode=mode))
                async with parley(server, mode, instance):
                    costs.parley.append(await cost(server, count, do=what, mode=mode))
            costs.report(f"{label}, {name}")


async def profile(server: Server, instance: Instance, queried: list[str], count: int) -> None:
    await server.order(do="queries", queries=queried)
    async with parley(server, "socket", instance):
        await server.order(do="poll", mode="socket")
        for what in ("fact", "vote"):
            await server.order(count=WARM_UP, do=what, mode="socket")
            measured = cProfile.Profile()
            measured.enable()
            await server.order(count=count, do=what, mode="socket")
            measured.disable()
            print(f"\n--- {what}, {count} times ---")
            pstats.Stats(measured).sort_stats("cumulative").print_stats(70)


async def measure(run: Callable[[Server, Instance, list[str], PlainStore], Awaitable[None]]) -> None:
    folder = Path(tempfile.mkdtemp(dir=Path.cwd(), prefix=".bench-"))  # a disk, since /tmp may be memory
    try:
        content = folder / "content"
        write_pack(content / "synthetic", CARDS)
        library = load_library(content)
        queried = [query.text for query in queries(library, 10_000)]
        async with (
            server_process() as server,
            parley_instance(folder, content) as instance,
            open_plain_store(folder / "plain.db", library) as store,
        ):
            await run(server, instance, queried, store)
    finally:
        shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.slack")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        asyncio.run(serve())
        return
    count, rounds = (300, 3) if chosen.quick else (1_500, 3)

    async def run(server: Server, instance: Instance, queried: list[str], store: PlainStore) -> None:
        if chosen.profile:
            await profile(server, instance, queried, count)
        else:
            await compare(server, instance, queried, store, count, rounds)

    asyncio.run(measure(run))


if __name__ == "__main__":
    main()
