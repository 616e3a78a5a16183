"""Measure a press, a close and the draw's priorities in a discussion of 10,000 people on 200 statements.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.discussions     as `parley run` sets it; 10,000 people
    python -m benchmarks.discussions --quick                    1,000

Everything runs through a whole instance over an SQLite file: members draw and answer statements, alternately in a large
discussion and in one of 20 people, so each figure has its pair in the same run. Then the same again while the large
discussion's extremities are computed without a pause, and while it closes.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np

from benchmarks.camps import SEED, Kind, answers
from benchmarks.timing import resident_bytes
from bot.chat.vocabulary import Button, Outcome
from bot.communities.model import Community
from bot.deliberation.ballots import LETTERS
from bot.deliberation.ballots import UNANSWERED as UNANSWERED_LETTER
from bot.deliberation.model import DiscussionStatement
from bot.deliberation.report import read_report
from bot.deliberation.repository import add_statements
from bot.deliberation.service import DiscussionDraft
from bot.deliberation.vote_matrix import UNSEEN, Votes
from bot.i18n import translator
from bot.instance import Instance
from tests.world import NOW, request, running

PRESSES = 600
CAMPS = 3
UNANSWERED = 0.8
"""Share of statements that a person hasn't answered."""
SMALL = Kind(20, 30, (20, 25))
T = translator("en")


@dataclass(slots=True)
class Presses:
    """Milliseconds from a press to its answer, in the large and the small discussion."""

    large: list[float] = field(default_factory=list)
    small: list[float] = field(default_factory=list)

    def line(self, name: str) -> str:
        quantiles = [np.percentile(each, [50, 99]) for each in (self.large, self.small)]
        (middle, slow), (small_middle, small_slow) = quantiles
        return (
            f"  {name}: median {middle:.1f} ms, 99 % within {slow:.0f} ms; among 20 people {small_middle:.1f} and "
            f"{small_slow:.0f} ms: {middle / small_middle:.1f} times"
        )


async def start(instance: Instance, kind: Kind) -> str:
    """Start a discussion with this kind's statements, and return its id."""
    words = [f"Statement number {number} of this discussion holds" for number in range(kind.statements)]
    starters = tuple((each, "") for each in words[:30])
    draft = DiscussionDraft("How should the city work?", NOW + timedelta(days=9), starters, "pack")
    discussion = await instance.discussions.start(draft, request("Ada"), Community("test:demo"), T)
    more = [DiscussionStatement(30 + number, each, starter=False) for number, each in enumerate(words[30:])]
    await instance.database.write(lambda tx: add_statements(tx, discussion.id, more))
    return discussion.id


def fill(file: Path, discussion: str, votes: Votes) -> None:
    """Write the votes as if their people had cast them."""
    rows = np.array([UNANSWERED_LETTER, *LETTERS.values()])[np.where(votes == UNSEEN, 0, 2 - votes)]
    with sqlite3.connect(file) as database:
        database.executemany(
            "INSERT INTO discussion_ballots (discussion, person, ballot) VALUES (?, ?, ?)",
            ((discussion, f"{number:064x}", "".join(row)) for number, row in enumerate(rows.tolist())),
        )
        totals = (
            (*(int((votes[:, column] == vote).sum()) for vote in (1, -1, 0)), discussion, column)
            for column in range(votes.shape[1])
        )
        database.executemany(
            "UPDATE discussion_statements SET agrees = ?, disagrees = ?, passes = ? WHERE discussion = ? AND position = ?",
            totals,
        )
        database.execute(
            "UPDATE discussions SET people = ?, votes = ? WHERE id = ?",
            (len(votes), int((votes != UNSEEN).sum()), discussion),
        )
    database.close()


def buttons(outcome: Outcome) -> Iterator[str]:
    assert outcome.answer is not None
    for control in (control for card in outcome.answer.cards for control in card.controls):
        if isinstance(control, Button) and control.action and control.label in {"Agree", "Go on"}:
            yield control.action.encode()


async def answer(instance: Instance, discussion: str, number: int) -> AsyncIterator[float]:
    """Let a member press Agree again and again, and yield the milliseconds of each press."""
    member = request(f"Member {number}")
    outcome = await instance.bot.press(member, f"v1:discuss-join:{discussion}")
    while True:
        action = next(buttons(outcome))
        before = time.perf_counter()
        outcome = await instance.bot.press(member, action)
        yield 1000 * (time.perf_counter() - before)


async def press(instance: Instance, large: str, small: str, first: int, count: int = PRESSES) -> Presses:
    """Let pairs of members, one in each discussion, answer ten statements each."""
    presses = Presses()
    for number in range(first, first + count // 10):
        pair = answer(instance, large, number), answer(instance, small, number)
        for _ in range(10):
            presses.large.append(await anext(pair[0]))
            presses.small.append(await anext(pair[1]))
    return presses


@asynccontextmanager
async def computing(instance: Instance, discussion: str) -> AsyncIterator[list[float]]:
    """Compute the extremities again and again meanwhile, and list the milliseconds of each time."""
    times: list[float] = []
    extremities = instance.discussions.extremities

    async def compute() -> None:
        while True:
            extremities.forget(discussion)
            await extremities.drain()
            before = time.perf_counter()
            extremities.renew(discussion, 1_000_000)
            await extremities.drain()
            times.append(1000 * (time.perf_counter() - before))

    task = asyncio.create_task(compute())
    yield times
    task.cancel()
    await extremities.stop()


async def measure(people: int) -> None:
    """Print the figures."""
    chance = np.random.default_rng(SEED)
    with tempfile.TemporaryDirectory() as folder:
        async with running(Path(folder)) as instance:
            large, small = await start(instance, Kind(people, 200, (0, 0))), await start(instance, SMALL)
            for name, kind in ((large, Kind(people, 200, (0, 0))), (small, SMALL)):
                opinions, _ = answers(chance, kind, CAMPS)
                fill(
                    Path(folder) / "parley.db",
                    name,
                    np.where(chance.random(opinions.shape) < UNANSWERED, UNSEEN, opinions),
                )
            print(f"{people:,} people, 200 statements, {(1 - UNANSWERED) * 200:.0f} answers each")
            await press(instance, large, small, 0, 40)
            await instance.discussions.extremities.drain()
            print((await press(instance, large, small, 100)).line("a press"), flush=True)
            async with computing(instance, large) as times:
                line = (await press(instance, large, small, 200)).line("a press while priorities are computed")
            print(line)
            print(f"  priorities: {np.median(times):.0f} ms, {len(times)} times beside the presses", flush=True)
            before, resident = time.perf_counter(), resident_bytes()
            closing = asyncio.create_task(instance.discussions.end(large, NOW))
            waits = await waits_during(instance, small, closing)
            assert await closing
            seconds = time.perf_counter() - before
            row = await instance.discussions.get(large, T)
            report = read_report(row.result)
            assert report.people >= people
            print(f"  closed, grouped and reported in {seconds:.1f} s: groups of {report.sizes}")
            print(f"  a press elsewhere meanwhile: the longest {max(waits):.0f} ms of {len(waits)}")
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            print(f"  memory: {resident / 1e6:.0f} MB before the close, {peak / 1e6:.0f} MB at the most")


async def waits_during(instance: Instance, discussion: str, closing: asyncio.Task[bool]) -> list[float]:
    """Press in another discussion until the close is done, and return the milliseconds of each press."""
    waits: list[float] = []
    number = 1000
    while not closing.done():
        number += 1
        member = answer(instance, discussion, number)
        waits += [await anext(member) for _ in range(10)]
    return waits


def main() -> None:
    """Print the measurements."""
    parser = argparse.ArgumentParser(description="Measure presses and the close of a large discussion.")
    parser.add_argument("--quick", action="store_true", help="1,000 people")
    asyncio.run(measure(1_000 if parser.parse_args().quick else 10_000))


if __name__ == "__main__":
    main()
