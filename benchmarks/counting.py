"""Measure the cost of counting a request and a group of votes, as ratios against uncounted ones of the same run.

    python -m benchmarks.counting            in about half a minute
    python -m benchmarks.counting --quick

A request is `/fact` over a small pack through the whole core (permission, rate limit, search, reply); uncounted means
a bot whose observer does nothing. A group is 100 votes through the ballot box over SQLite.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

from adapters.http.prometheus import Metrics
from bot.dispatch.bot import Bot
from bot.polls.ballot_box import BallotBox
from bot.store.keys import Keys
from bot.store.open import open_database
from bot.telemetry.meter import Meter
from tests.store.things import KEY, poll, vote
from tests.world import make_bot, request

GROUP = 100


async def seconds(work: Callable[[], Awaitable[object]], times: int) -> float:
    """Return the seconds of one run, averaged over `times` in a row."""
    started = time.perf_counter()
    for _ in range(times):
        await work()
    return (time.perf_counter() - started) / times


async def compare(works: Sequence[Callable[[], Awaitable[object]]], times: int, rounds: int) -> list[float]:
    """Return the median seconds of each, measured in turns so that the machine's other work affects all of them."""
    milliseconds: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, of in zip(works, milliseconds, strict=True):
            of.append(await seconds(work, times))
    return [statistics.median(of) for of in milliseconds]


async def requests(times: int, rounds: int) -> None:
    plain = make_bot()
    counted = replace(plain, observe=Metrics().answered)

    def asking(bot: Bot) -> Callable[[], Awaitable[object]]:
        return lambda: bot.say(request(), "/fact coffee")

    without, with_it = await compare([asking(plain), asking(counted)], times, rounds)
    metrics = Metrics()
    started = time.perf_counter()
    for _ in range(times * rounds):
        metrics.answered("/fact", "ok", 0.01)
    alone = (time.perf_counter() - started) / (times * rounds)
    print(f"a request: {without * 1e6:.0f} µs uncounted, {with_it * 1e6:.0f} µs counted: {with_it / without:.3f} times")
    print(f"to count it takes {alone * 1e6:.1f} µs by itself: {alone / without:.3f} of the request")


async def votes(times: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = await open_database(str(Path(folder) / "votes.db"))
        boxes = [BallotBox(database, Keys(KEY), meter=meter) for meter in (Meter(), Metrics())]
        await boxes[0].open(poll())
        turn = 0

        def voting(box: BallotBox) -> Callable[[], Awaitable[object]]:
            async def group() -> None:
                nonlocal turn
                turn += 1
                await asyncio.gather(*(box.cast(vote(voter, str(turn % 3))) for voter in range(GROUP)))

            return group

        without, with_it = await compare([voting(box) for box in boxes], times, rounds)
        await database.close()
    print(
        f"a group of {GROUP} votes: {without * 1e3:.2f} ms uncounted, {with_it * 1e3:.2f} ms counted: "
        f"{with_it / without:.3f} times"
    )


async def everything(quick: bool) -> None:
    await requests(200, 5 if quick else 31)
    await votes(10, 5 if quick else 31)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    asyncio.run(everything(parser.parse_args().quick))
