"""Measure Parley's cost on Discord, as ratios to a bare discord.py handler and to a plain app of the same run.

    python -m benchmarks.discord            some 5 minutes: 100,000 interactions for the slope of memory
    python -m benchmarks.discord --quick    fewer
    python -m benchmarks.discord --shipped  over the shipped pack, with neither starts nor memory: what most instances have

The server is the tests' local Discord, in a separate process. The bare handler sends a prepared answer of Parley's, and
does nothing else. The plain app (`plain_app.py`) looks the question up or stores the vote, and builds an answer of the
same components as discord.py's manual teaches it. CPU is the bot's whole process, threads included. Each `/fact` asks a
different question, over 10,000 cards; each vote is a new ballot, answered after it is on disk.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord
from discord import ui

from adapters.discord import render
from adapters.discord.communities import Presence
from adapters.discord.running import RunningClient
from adapters.http.outgoing_calls import counted
from adapters.http.prometheus import Metrics
from benchmarks.discord_bots import Bare, Plain
from benchmarks.library import queries, write_pack
from benchmarks.other import Json, Other, obey, process, read_line, started
from benchmarks.plain_app import open_plain_store
from benchmarks.timing import resident_bytes
from bot.chat.vocabulary import Actor, Outcome, Place, Reply, Request
from bot.dispatch.rate_limit import Limiter
from bot.instance import Instance, Outside, build, settle
from bot.library.edition import Edition, Shelf
from bot.packs.loader import load_library
from bot.store.keys import Keys
from bot.store.open import open_database
from tests.wire.discord import DiscordServer, Interaction, Member, point

MODULE = "benchmarks.discord"
CARDS = 10_000
QUERIES = 10_000
SHIPPED = Path(__file__).parent.parent / "content"
AT_ONCE = 32
KEY = b"A" * 43 + b"="
WARM_UP = 300
MEGABYTE = 1 << 20
OPTIONS = 3
PYTHONS_OWN = gc.get_threshold()

Start = Callable[[Member], Interaction]


def now() -> datetime:
    return datetime.now(UTC)


# --- the server's process ---


async def serve() -> None:
    """Serve Discord and let its members carry out orders."""
    async with DiscordServer(validate=False, remember=100) as server:
        hello = {"api": server.url, "gateway": server.gateway_url, "token": server.token}
        await obey(hello, _Members(server).carry_out)


class _Members:
    """The members who ask and vote."""

    def __init__(self, server: DiscordServer) -> None:
        self._server = server
        self._host = server.member("Host")
        self._regulars = [server.member(f"Regular{number}") for number in range(1000)]
        self._questions = 0
        self._queries: list[str] = []

    async def carry_out(self, order: Json) -> Json:
        if order["do"] == "queries":
            self._queries = order["queries"]
            return {}
        gateway = self._server.gateway
        await self._server.until(lambda: gateway.identified == order["bots"] and gateway.connected, 60)
        if order["do"] == "poll":
            await self._host.slash(
                "poll create", post=True, question="Which tea?", options="Green | Black | Oolong", results="live"
            )
            posted = self._server.posted()[-1]
            ids = [control["custom_id"] for control in posted.controls[:OPTIONS]]
            return {"custom_ids": ids, "guild": self._server.guild.id, "channel": posted.channel.id}
        return await self._many(order["count"], self._starts(order))

    def _starts(self, order: Json) -> Iterator[tuple[Member, Start]]:
        """Yield members and their next actions, endlessly."""
        number = 0
        while True:
            number += 1
            regular = self._regulars[number % len(self._regulars)]
            if order["do"] == "fact" or (order["do"] == "mixed" and number % 2):
                yield regular, self._ask
            else:
                voter = self._server.member("Voter") if order["do"] == "vote" else regular
                yield voter, self._vote(order["custom_ids"][number % OPTIONS])

    def _ask(self, member: Member) -> Interaction:
        self._questions += 1
        return member.start_slash("fact", words=self._queries[self._questions % len(self._queries)])

    def _vote(self, custom_id: str) -> Start:
        posted = self._server.posted()
        return lambda member: member.start_press(posted[-1] if posted else None, custom_id)

    async def _many(self, count: int, starts: Iterator[tuple[Member, Start]]) -> Json:
        turns = iter(range(count))

        async def one_after_the_other() -> None:
            for _ in turns:
                member, start = next(starts)
                interaction = await member.wait(start(member), 60)
                assert interaction.messages, "nothing was answered"
                self._server.forget(interaction)

        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(one_after_the_other())
        return {"seconds": time.perf_counter() - began}


# --- the bot's process ---


class Server:
    """The process of the tests' Discord."""

    def __init__(self, other: Other, address: Json) -> None:
        self._other = other
        self.address = address
        self.bots = 0
        """Bots that have connected so far."""

    async def order(self, **order: Any) -> Json:
        return await self._other.order(bots=self.bots, **order)


@contextlib.asynccontextmanager
async def server_process() -> AsyncIterator[Server]:
    async with process(MODULE, "--serve") as (other, address):
        point(address["api"], address["gateway"])
        yield Server(other, address)


def parley_client(instance: Instance) -> RunningClient:
    """Make the client as `parley run` does, with its metrics."""
    presence = Presence(instance.privacy, instance.database, now)
    return RunningClient(instance, presence, now, http_trace=counted(RunningClient.name, instance.meter))


@contextlib.asynccontextmanager
async def parley_instance(folder: Path, content: Path) -> AsyncIterator[Instance]:
    metrics = Metrics()
    database = await open_database(str(folder / "parley.db"), meter=metrics)
    shelf = Shelf(Edition.of(load_library(content)))
    outside = Outside(now=now, new_reference=lambda: "reference")
    unlimited = Limiter(burst=10**6, per_minute=10**9)
    instance = build(shelf, database, Keys(KEY), outside, limiter=unlimited, meter=metrics)
    try:
        await instance.start()
        settle()
        yield instance
    finally:
        await instance.stop()


@contextlib.contextmanager
def bare_process() -> Iterator[None]:
    """Collect garbage as often as Python does by default. The cards, which a bare bot wouldn't hold, stay frozen."""
    settled = gc.get_threshold()
    gc.set_threshold(*PYTHONS_OWN)
    try:
        yield
    finally:
        gc.set_threshold(*settled)


async def ready(client: discord.Client) -> None:
    """Wait until the client knows its servers: the library waits two seconds for more of them."""
    while not client.is_ready():  # noqa: ASYNC110 - the library's own wait is refused before the login
        await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def connected(client: discord.Client, server: Server) -> AsyncIterator[None]:
    running = asyncio.create_task(client.start(server.address["token"]))
    server.bots += 1
    try:
        await ready(client)
        yield
    finally:
        await client.close()
        await running


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one interaction."""

    cpu: float
    rate: float


@dataclass(frozen=True, slots=True)
class Costs:
    """The costs of one kind of interaction, by round."""

    bare: list[Cost] = field(default_factory=list)
    plain: list[Cost] = field(default_factory=list)
    parley: list[Cost] = field(default_factory=list)

    def report(self, label: str) -> None:
        bare, plain, mine = (
            statistics.median(one.cpu for one in part) * 1000 for part in (self.bare, self.plain, self.parley)
        )
        rate = statistics.median(one.rate for one in self.parley)
        print(
            f"{label:<26} {mine:5.2f} ms CPU   {mine / bare:4.2f} x a bare handler ({bare:.2f} ms)   "
            f"{mine / plain:4.2f} x a plain app ({plain:.2f} ms)   {rate:,.0f} a second",
            flush=True,
        )


async def cost(server: Server, count: int, **order: Any) -> Cost:
    await server.order(count=WARM_UP, **order)
    before = time.process_time()
    answer = await server.order(count=count, **order)
    return Cost((time.process_time() - before) / count, count / answer["seconds"])


async def prepared(instance: Instance, query: str, poll: Json) -> dict[str, ui.LayoutView]:
    """Return Parley's own answers, drawn once."""
    place = Place("discord", poll["guild"], poll["channel"])
    request = Request(Actor("discord", poll["guild"], "1", "Somebody"), place, now())
    card = await instance.bot.invoke(request, "fact", {"words": query})
    voted = await instance.bot.press(request, poll["custom_ids"][0])
    return {"fact": drawn(card), "vote": drawn(voted)}


def drawn(outcome: Outcome) -> ui.LayoutView:
    assert outcome.success, outcome
    return render.messages(outcome.answer or Reply())[0]


async def compare(
    server: Server, instance: Instance, content: Path, folder: Path, count: int, rounds: int
) -> list[str]:
    """Compare the bots and return the action ids of the poll's options."""
    library = load_library(content)
    queried = [query.text for query in queries(library, QUERIES)]
    cards = sum(len(pack.entries) for pack in library.packs.values())
    await server.order(do="queries", queries=queried)
    async with connected(parley_client(instance), server):
        poll = await server.order(do="poll")
    custom_ids: list[str] = poll["custom_ids"]
    views = await prepared(instance, queried[0], poll)
    async with open_plain_store(folder / "plain.db", library) as store:
        for what, label in (("fact", f"/fact over {cards:,} cards"), ("vote", "a durable vote")):
            costs = Costs()
            for _ in range(rounds):  # in turn, so that a noisy minute hits all
                with bare_process():
                    for client, part in ((Bare(views), costs.bare), (Plain(views, store), costs.plain)):
                        async with connected(client, server):
                            part.append(await cost(server, count, do=what, custom_ids=custom_ids))
                async with connected(parley_client(instance), server):
                    costs.parley.append(await cost(server, count, do=what, custom_ids=custom_ids))
                    await instance.copies.drain()
            costs.report(label)
    return custom_ids


async def slope(server: Server, instance: Instance, count: int, custom_ids: list[str]) -> None:
    """Measure memory over alternating look-ups and votes of 1000 people; each vote changes the last one."""
    order: Json = {"do": "mixed", "custom_ids": custom_ids}
    async with connected(parley_client(instance), server):
        await server.order(count=count // 2, **order)
        half = resident_bytes()
        await server.order(count=count - count // 2, **order)
        await instance.copies.drain()
    grown = (resident_bytes() - half) / MEGABYTE
    print(f"memory over the last {count - count // 2:,} of {count:,} interactions: {grown:+.1f} MB", flush=True)


# --- start and memory, each in a fresh process ---


async def ready_bot(kind: str, folder: Path, address: Json) -> None:
    """Start a bot, and print its memory when Discord reports that it is connected."""
    point(address["api"], address["gateway"])
    there = asyncio.Event()
    async with contextlib.AsyncExitStack() as stack:
        if kind == "bare":
            client: discord.Client = Bare({})
        else:
            instance = await stack.enter_async_context(parley_instance(folder, SHIPPED))
            client = parley_client(instance)

        @client.event
        async def on_connect() -> None:
            there.set()

        running = asyncio.create_task(client.start(address["token"]))
        await there.wait()
        print(json.dumps({"bytes": resident_bytes()}), flush=True)
        await ready(client)
        await client.close()
        await running


async def measure_start(server: Server, folder: Path, rounds: int) -> None:
    seconds: dict[str, list[float]] = {"parley": [], "bare": []}
    megabytes: dict[str, float] = {}
    for number in range(rounds):
        for kind, durations in seconds.items():
            fresh = folder / f"{kind}{number}"
            fresh.mkdir()
            began = time.perf_counter()
            process = await started(
                MODULE, "--bot", kind, "--folder", str(fresh), "--address", json.dumps(server.address)
            )
            megabytes[kind] = (await read_line(process))["bytes"] / MEGABYTE
            durations.append(time.perf_counter() - began)
            await process.wait()
            server.bots += 1
    mine, other = (statistics.median(seconds[kind]) for kind in ("parley", "bare"))
    print(f"start to connected         {mine:5.2f} s        {mine / other:4.2f} x a bare bot ({other:.2f} s)")
    print(
        f"memory when connected      {megabytes['parley']:5.0f} MB       bare bot: {megabytes['bare']:.0f} MB",
        flush=True,
    )


async def measure(count: int, rounds: int, long: int) -> None:
    folder = Path(tempfile.mkdtemp(dir=Path.cwd(), prefix=".bench-"))  # a disk, since /tmp may be memory
    try:
        content = folder / "content"
        write_pack(content / "synthetic", CARDS)
        async with server_process() as server:
            await measure_start(server, folder, rounds)
            async with parley_instance(folder, content) as instance:
                custom_ids = await compare(server, instance, content, folder, count, rounds)
                await slope(server, instance, long, custom_ids)
    finally:
        shutil.rmtree(folder)


async def measure_shipped(count: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        async with server_process() as server, parley_instance(Path(folder), SHIPPED) as instance:
            await compare(server, instance, SHIPPED, Path(folder), count, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.discord")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--shipped", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--bot", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--address", type=json.loads, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        asyncio.run(serve())
    elif chosen.bot:
        asyncio.run(ready_bot(chosen.bot, chosen.folder, chosen.address))
    elif chosen.shipped:
        asyncio.run(measure_shipped(1_000, 3) if chosen.quick else measure_shipped(3_000, 5))
    else:
        asyncio.run(measure(1_000, 1, 10_000) if chosen.quick else measure(3_000, 3, 100_000))


if __name__ == "__main__":
    main()
