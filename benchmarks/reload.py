"""Measure how long requests wait during a reload, beside the same requests without one.

    python -m benchmarks.reload            10,000 cards, in about two minutes
    python -m benchmarks.reload --quick    1,000 cards

A member asks for a fact, some milliseconds after the last answer. The wait is timed from the moment when the question
is due, so a blocked event loop counts as much as a slow answer. Each reload reads a folder in which one card has
changed: it is read and checked in a separate process, unpacked, indexed and swapped in, and the old edition is
released. If the machine had other work, a wait is the processor time of this process, all threads together, so that
other programs don't count. The same is measured without a reload. Beside the longest wait of all reloads stands the
median of each reload's longest, which a single mishap doesn't change.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.library import percentile, write_pack
from benchmarks.timing import resident_bytes
from bot.chat.vocabulary import Actor, Place, Request
from bot.dispatch.rate_limit import Limiter
from bot.instance import Instance, Outside, build
from bot.library.edition import Shelf
from bot.library.reader_process import ReaderProcess
from bot.library.reload import Acceptance
from bot.packs.model import Fact
from bot.store.keys import Keys
from bot.store.open import open_database

EVERY = 0.01
"""Seconds between an answer and the next question."""
QUIET = 5.0
"""Seconds of requests without a reload."""
SEED = 20250221
KEY = b"A" * 43 + b"="


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Asking:
    """A member who asks, waits for the answer, and asks again a moment later."""

    instance: Instance
    lines: Sequence[str]
    waits: list[float] = field(default_factory=list)
    failed: int = 0

    async def run(self, until: Callable[[], bool]) -> None:
        place = Place("web", "demo", "main")
        actor = Actor("web", "demo", "ada", "Ada")
        while not until():
            due, worked = time.perf_counter() + EVERY, time.process_time()
            await asyncio.sleep(EVERY)
            outcome = await self.instance.bot.say(
                Request(actor, place, now()), self.lines[len(self.waits) % len(self.lines)]
            )
            self.waits.append(min(time.perf_counter() - due, time.process_time() - worked))
            self.failed += not outcome.success


def change(content: Path, number: int) -> None:
    """Change one card's statement."""
    file = content / "synthetic" / "facts" / "000000.yaml"
    text = file.read_text(encoding="utf-8")
    head, mark, tail = text.partition("statement: ")
    file.write_text(
        f"{head}{mark}Edition {number} of it. {tail.partition('. ')[2] if number else tail}", encoding="utf-8"
    )


def queries(instance: Instance) -> list[str]:
    """Return questions of two words from a title, from a fixed seed."""
    chance = random.Random(SEED)
    pack = instance.content.shelf.current.library.packs["synthetic"]
    titles = [fact.title.rstrip(".").split() for fact in list(pack.all(Fact))[1:1_000]]
    return [f"/fact {' '.join(chance.sample(chance.choice(titles), 2))}" for _ in range(2_000)]


async def measure(folder: Path, cards: int, reloads: int) -> None:
    content = folder / "content"
    write_pack(content / "synthetic", cards)
    change(content, 0)
    reader = ReaderProcess()
    shelf = Shelf(reader.open(content, now().date()))
    instance = build(
        shelf,
        await open_database(str(folder / "parley.db")),
        Keys(KEY),
        Outside(now=now, new_reference=lambda: "reference"),
        source=content,
        reader=reader,
        limiter=Limiter(burst=10**9, per_minute=10**9),
    )
    try:
        await _measure(instance, content, cards, reloads)
    finally:
        await instance.stop()


async def _measure(instance: Instance, content: Path, cards: int, reloads: int) -> None:
    lines = queries(instance)
    warm = Asking(instance, lines)
    end = time.perf_counter() + 2
    await warm.run(lambda: time.perf_counter() > end)
    quiet = Asking(instance, lines)
    end = time.perf_counter() + QUIET
    await quiet.run(lambda: time.perf_counter() > end)
    during: list[Asking] = []
    seconds: list[float] = []
    for number in range(1, reloads + 1):
        change(content, number)
        start = time.perf_counter()
        reload = asyncio.create_task(instance.content.reload())
        asking = Asking(instance, lines)
        await asking.run(reload.done)
        seconds.append(time.perf_counter() - start)
        assert isinstance(await reload, Acceptance)
        during.append(asking)
    waits = [wait for asking in during for wait in asking.waits]
    longest = [max(asking.waits) for asking in during]
    failed = quiet.failed + sum(asking.failed for asking in during)
    print(f"quiet  {cards:>7,} cards: {_as_line(quiet.waits)}")
    print(f"reload {cards:>7,} cards: {_as_line(waits)}; {statistics.median(seconds):.1f} s a reload, {failed} failed")
    print(
        f"longest wait of a reload, median of {reloads}: {1000 * statistics.median(longest):.1f} ms, "
        f"{statistics.median(longest) / max(quiet.waits):.1f} times the longest without; "
        f"memory {resident_bytes() / 1e6:.0f} MB"
    )


def _as_line(waits: Sequence[float]) -> str:
    p50, p99, most = (1000 * percentile(waits, share) for share in (0.5, 0.99, 1.0))
    return f"{len(waits):,} requests, p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {most:.1f} ms"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reload", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 cards")
    quick = parser.parse_args(arguments).quick
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(measure(Path(name), 1_000 if quick else 10_000, 5))


if __name__ == "__main__":
    main(sys.argv[1:])
