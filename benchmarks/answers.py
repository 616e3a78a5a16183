"""Measure the time of an answer, by words alone and with meaning, and the cost of meaning at the start.

    python -m benchmarks.answers            10,000 cards, in about three minutes
    python -m benchmarks.answers --quick    1,000 cards

Questions come one at a time, and 20 at once on one event loop, whose longest pause is printed too. The real model
embeds the questions. The cards' vectors are random: comparing them takes as long, while embedding so many cards takes
many minutes. The cost of embedding is measured with 100 cards, in a separate process each time: without a cache, with a
cold one and with a warm one. `parley ask` runs as a program on the shipped packs. On a busy machine, every figure is
too high except memory and processor time. The first line tells how busy the machine is, and each line how long an idle
event loop pauses there.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from benchmarks.library import library_of, percentile, queries
from benchmarks.timing import resident_bytes, seconds
from bot.library.edition import Edition
from bot.library.meanings import Meanings
from bot.packs.loader import load_library
from bot.packs.model import Fact
from bot.search.answer import Answers
from bot.search.encoder import is_installed, open_encoder
from bot.search.index import Index
from bot.search.meaning import Meaning, Texts, texts_of

if TYPE_CHECKING:
    from bot.search.encoder import Vectors

AT_ONCE = 20
ROUNDS = 10
START_CARDS = 100
SIZE = 512
"""Numbers in one of the model's vectors."""
TICK = 0.001
IDLE = 2.0
MEGABYTE = 1024 * 1024
SHIPPED = Path(__file__).parents[1] / "content"
UNSURE = "do adverts put young people off"
"""A question that words alone don't answer surely, so that Parley asks meaning."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def drawn_vectors(texts: Texts, seed: int = 1) -> Vectors:
    """Return random vectors of length 1."""
    import numpy as np  # noqa: PLC0415 - the extra `semantic`

    vectors = np.random.default_rng(seed).standard_normal((len(texts.all), SIZE), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    drawn: Vectors = vectors
    return drawn


def measure_answering(cards: int, *, with_meaning: bool) -> Iterator[str]:
    library = library_of(cards)
    empty = resident_bytes()
    answers = Answers(Index(library))
    encoder = open_encoder() if with_meaning else None
    if encoder is not None:
        encoder.load()
        texts = texts_of(answers.index)
        answers.meaning = Meaning(answers.index, encoder, texts, drawn_vectors(texts))
    taken = resident_bytes() - empty
    questions = [query.text for query in queries(library, AT_ONCE * ROUNDS)]
    idle = asyncio.run(_idle())
    single, processor, together, pauses = asyncio.run(_ask(answers, questions))
    way = "with meaning" if encoder is not None else "words alone "
    yield (
        f"{way} {cards:>7,} cards: one at a time p50 {percentile(single, 0.5):.1f} ms, p99 {percentile(single, 0.99):.1f} ms, "
        f"of the processor p50 {percentile(processor, 0.5):.1f} ms, p99 {percentile(processor, 0.99):.1f} ms; "
        f"{AT_ONCE} at once p50 {percentile(together, 0.5):.1f} ms, p99 {percentile(together, 0.99):.1f} ms; "
        f"the event loop paused for {max(pauses):.1f} ms at most, p99 {percentile(pauses, 0.99):.1f} ms, an idle one for "
        f"{max(idle):.1f} ms, p99 {percentile(idle, 0.99):.1f} ms; {taken / MEGABYTE:,.0f} MB"
    )


async def _ask(answers: Answers, questions: Sequence[str]) -> tuple[list[float], list[float], list[float], list[float]]:
    """Return the milliseconds of each question alone, its processor time, its time among others, and the loop's
    pauses."""

    async def ask(question: str, start: float | None = None) -> float:
        start = time.perf_counter() if start is None else start
        await answers.answer(question, [Fact])
        return 1000 * (time.perf_counter() - start)

    await ask(questions[0])
    single, processor = [], []
    for question in questions:
        start = time.process_time()
        single.append(await ask(question))
        processor.append(1000 * (time.process_time() - start))
    pauses: list[float] = []
    watching = asyncio.create_task(_watch(pauses))
    together: list[float] = []
    for first in range(0, len(questions), AT_ONCE):
        start = time.perf_counter()
        together += await asyncio.gather(*(ask(question, start) for question in questions[first : first + AT_ONCE]))
    watching.cancel()
    return single, processor, together, pauses


async def _watch(pauses: list[float]) -> None:
    """Record again and again how many milliseconds late the event loop returns."""
    while True:
        start = time.perf_counter()
        await asyncio.sleep(TICK)
        pauses.append(1000 * (time.perf_counter() - start - TICK))


async def _idle() -> list[float]:
    """Return the pauses of an idle event loop, which show how busy the machine is."""
    pauses: list[float] = []
    watching = asyncio.create_task(_watch(pauses))
    await asyncio.sleep(IDLE)
    watching.cancel()
    return pauses


def measure_start(cards: int, folder: Path | None) -> tuple[float, float]:
    """Return the seconds until an edition can answer, and its megabytes: by meaning, or by words without a folder."""
    library = library_of(cards)
    empty = resident_bytes()
    start = time.perf_counter()
    edition = Edition.of(library)
    if folder is not None:
        asyncio.run(Meanings(folder).learn(edition))
    return time.perf_counter() - start, (resident_bytes() - empty) / MEGABYTE


def report_start(cards: int) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        for name, cache in (("words alone", None), ("cold cache", Path(folder)), ("warm cache", Path(folder))):
            duration, megabytes = _run_alone(measure_start, cards, cache)
            yield f"start, {name:11} {cards:>7,} cards: {duration:.2f} s, {megabytes:,.0f} MB"


def learn_shipped(folder: Path) -> None:
    """Fill a cache, as `parley run` does."""
    asyncio.run(Meanings(folder).learn(Edition.of(load_library(SHIPPED))))


def report_ask() -> Iterator[str]:
    """Time the fastest of several runs of `parley ask`, with an empty cache and with a filled one."""
    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryDirectory() as full:
        ways = [("words alone", empty)]
        if is_installed():
            _run_alone(learn_shipped, Path(full))
            ways.append(("with meaning", full))
        for name, folder in ways:
            command = [sys.executable, "-m", "adapters.cli", "ask", "--plain", f"/fact {UNSURE}"]
            environment = {**os.environ, "PARLEY_CACHE": folder, "PARLEY_CONTENT": str(SHIPPED)}

            def ask(command: Sequence[str] = command, environment: dict[str, str] = environment) -> None:
                subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL)

            yield f"parley ask, {name}: {seconds(ask, repeat=5):.2f} s"


def report_answering(cards: int, *, with_meaning: bool) -> list[str]:
    return list(measure_answering(cards, with_meaning=with_meaning))


def _run_alone(work: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """Run in a separate process, with fresh memory."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, *args, **kwargs).result()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.answers", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 cards")
    cards = 1_000 if parser.parse_args(arguments).quick else 10_000
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)
    for with_meaning in (False, True) if is_installed() else (False,):
        for line in _run_alone(report_answering, cards, with_meaning=with_meaning):
            print(line, flush=True)
    for line in (*(report_start(START_CARDS) if is_installed() else ()), *report_ask()):
        print(line, flush=True)
    if not is_installed():
        print("The extra `semantic` is not installed: pip install 'parley-bot[semantic]'")


if __name__ == "__main__":
    main(sys.argv[1:])
