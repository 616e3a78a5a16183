"""Whole discussions of simulated communities through the real service: drawn, answered, grouped, reported.

    python -m benchmarks.deliberation            20 to 200 people, in a minute or two
    python -m benchmarks.deliberation --whole    to 10,000, in half an hour
    python -m benchmarks.deliberation --people 1000    one size

Members come twenty at a time, draw from 30 statements and answer 20 to 25 of them as `benchmarks.camps` has it: 0 to 4
planted camps, a tenth of the answers turned about. Then the discussion closes, and its report is read. Without two camps
or more, whatever is shown is false. How often the gate errs, over hundreds of communities, is in `benchmarks.camps`; what
a press costs beside a large discussion is in `benchmarks.discussions`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.camps import RIGHT, SEED, Kind, agreement, answers
from bot.chat.vocabulary import Actor
from bot.communities.model import Community
from bot.deliberation import repository
from bot.deliberation.findings import matrix_of
from bot.deliberation.model import Discussion
from bot.deliberation.report import read_report
from bot.deliberation.service import DiscussionDraft
from bot.deliberation.stability import find_camps
from bot.deliberation.vote_matrix import Integers, Votes
from bot.i18n import translator
from bot.instance import Instance
from tests.world import NOW, request, running

QUICK: Final = ((20, 3), (60, 3), (200, 1))
"""People, and communities for each number of camps."""
LARGE: Final = ((1_000, 1), (10_000, 1))
CAMPS: Final = range(5)
CAMPS_OF_MOST: Final = (1, 3)
"""Numbers of camps in the largest communities, whose members give 220,000 answers."""
MOST: Final = 10_000
AT_ONCE: Final = 20
T = translator("en")


async def start(instance: Instance, kind: Kind) -> Discussion:
    starters = tuple((f"Statement number {number} of this discussion holds", "") for number in range(kind.statements))
    draft = DiscussionDraft("How should the city work?", NOW + timedelta(days=9), starters, "pack")
    return await instance.discussions.start(draft, request("Ada"), Community("test:demo"), T)


async def converse(instance: Instance, discussion: Discussion, members: list[Actor], opinions: Votes) -> list[float]:
    """Let everybody answer what is drawn for them; return the seconds of each answer."""
    chance = np.random.default_rng(SEED)
    quotas = chance.integers(20, 26, size=len(members)).tolist()
    waiting: Iterator[int] = iter(range(len(members)))
    waits: list[float] = []

    async def take_part() -> None:
        for number in waiting:
            turn = await instance.discussions.turn(discussion, members[number])
            for _ in range(quotas[number]):
                assert turn.statement is not None
                position = turn.statement.position
                before = time.perf_counter()
                turn = await instance.discussions.answer(
                    discussion, members[number], position, int(opinions[number, position]), T
                )
                waits.append(time.perf_counter() - before)

    await asyncio.gather(*(take_part() for _ in range(AT_ONCE)))
    return waits


async def shown_camps(
    instance: Instance, discussion: Discussion, members: list[Actor], membership: Integers
) -> tuple[int, float]:
    """Return how many camps the gate lets through before the close, and their agreement with the planted ones."""
    people = [await instance.discussions.person(discussion, each) for each in members]
    _, statements, ballots = await instance.database.read(lambda tx: repository.whole(tx, discussion.id))
    camps = await asyncio.to_thread(find_camps, matrix_of(statements, ballots))
    return camps.count, agreement(camps, membership[np.argsort(people)])  # ballots are sorted by people


async def discuss(instance: Instance, chance: np.random.Generator, people: int, planted: int) -> tuple[bool, bool]:
    """Run one discussion; print its times. Returns whether camps were shown, and whether they were the planted ones."""
    kind = Kind(people, 30, (20, 25))
    members = [request(f"Member {number}").actor for number in range(people)]
    opinions, membership = answers(chance, kind, planted)
    discussion = await start(instance, kind)
    before, processor = time.perf_counter(), time.process_time()
    waits = await converse(instance, discussion, members, opinions)
    spent, processed = time.perf_counter() - before, time.process_time() - processor
    count, right = await shown_camps(instance, discussion, members, membership)
    before, processor = time.perf_counter(), time.process_time()
    assert await instance.discussions.end(discussion.id, NOW)
    closing, closed = time.perf_counter() - before, time.process_time() - processor
    report = read_report((await instance.discussions.get(discussion.id, T)).result)
    assert (report.people, len(report.sizes)) == (people, count)
    shown = f"groups of {', '.join(map(str, report.sizes))}" if count else f"none ({report.reason})"
    middle, slow = np.percentile(waits, [50, 99]) * 1000
    print(
        f"  {planted} planted: {shown}; {len(waits):,} answers in {spent:.1f} s ({processed:.1f} of processor), "
        f"{AT_ONCE} at once: median {middle:.0f} ms, 99 % within {slow:.0f} ms; "
        f"closed in {closing:.2f} s ({closed:.2f}); common ground {len(report.common)}",
        flush=True,
    )
    return count > 0, right >= RIGHT


async def measure(sizes: tuple[tuple[int, int], ...]) -> None:
    """Print the figures of each size."""
    chance = np.random.default_rng(SEED)
    for people, communities in sizes:
        print(f"{people:,} people, {communities} of each number of camps", flush=True)
        false = true = planted_twice = 0
        for planted in CAMPS if people < MOST else CAMPS_OF_MOST:
            for _ in range(communities):
                with tempfile.TemporaryDirectory() as folder:
                    async with running(Path(folder)) as instance:
                        shown, right = await discuss(instance, chance, people, planted)
                false += shown and planted < 2
                planted_twice += planted >= 2
                true += right and planted >= 2
        print(f"  false camps {false}, true camps {true} of {planted_twice}", flush=True)


def main() -> None:
    """Print the measurements."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as `parley run` sets it
    parser = argparse.ArgumentParser(description="Simulate discussions from the first answer to the report.")
    parser.add_argument("--whole", action="store_true", help="1,000 and 10,000 people too")
    parser.add_argument("--people", type=int, help="one size alone")
    options = parser.parse_args()
    sizes = ((options.people, 1),) if options.people else QUICK + LARGE if options.whole else QUICK
    asyncio.run(measure(sizes))


if __name__ == "__main__":
    main()
