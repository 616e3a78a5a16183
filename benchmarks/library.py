"""Measure the time to load and to search packs, as ratios and percentiles of one run.

    python -m benchmarks.library            everything, in about two minutes
    python -m benchmarks.library --quick    the small sizes only

Loading (reading, validating and linking, with each value's place) is compared with PyYAML's C loader merely parsing the
same files. Searches have one to four words, with a typo in one of four. They are timed in processor time, so that other
programs on the machine don't count. The cards are made of an invented vocabulary with the frequencies of a natural
language, from a fixed seed.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType

import yaml

from benchmarks.timing import resident_bytes, seconds
from bot.packs.loader import load_pack
from bot.packs.model import ClaimKind, Essay, Fact, PackInfo, Span, Verdict
from bot.packs.pack import Library, Pack
from bot.search.index import Hit, Index

SEED = 20250220
CARDS_A_FILE = 500
_PACK = """\
id: synthetic
title: An invented topic
summary: Cards made of invented words, to measure with.
essay: {paragraphs: 9}
reviewed: 2025-02-20
"""
_ONSETS = "b br c ch cl cr d dr f fl fr g gr h j k l m n p pl pr qu r s sc sh sl sp st str t th tr v w"
_VOWELS = "a e i o u ai ea ee io ou"
_CODAS = "- - - n r l s t nd nt st ck m rd ng"
_SYLLABLE = tuple(tuple(part.replace("-", "").split(" ")) for part in (_ONSETS, _VOWELS, _CODAS))
_VERDICTS = ("supported", "nuanced", "overstated", "unsupported", "contradicted", "unverified")
_TYPO_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Words:
    """An invented language: words of one to four syllables, the n-th about 1/n as frequent as the first."""

    def __init__(self, chance: random.Random, size: int = 30_000) -> None:
        self._chance = chance
        words: dict[str, None] = {}
        while len(words) < size:
            syllables = chance.choices((1, 2, 3, 4), (2, 5, 4, 1))[0]
            words["".join(self._syllable() for _ in range(syllables))] = None
        self._words = list(words)
        self._weights = list(itertools.accumulate(1 / (rank + 10) for rank in range(size)))

    def _syllable(self) -> str:
        return "".join(self._chance.choice(part) for part in _SYLLABLE)

    def text(self, least: int, most: int) -> str:
        """Return a random number of words between the two limits."""
        count = self._chance.randint(least, most)
        return " ".join(self._chance.choices(self._words, cum_weights=self._weights, k=count)).capitalize()


def write_pack(folder: Path, cards: int, seed: int = SEED) -> Path:
    """Write a pack with this many facts, with a source and an argument against for every third. Return its folder."""
    chance = random.Random(seed)
    words = Words(chance)
    for part in ("facts", "sources", "arguments"):
        (folder / part).mkdir(parents=True)
    (folder / "pack.yaml").write_text(_PACK, encoding="utf-8")
    sources = max(1, cards // 3)
    for start in range(0, cards, CARDS_A_FILE):
        numbers = range(start, min(start + CARDS_A_FILE, cards))
        name = f"{start:06}.yaml"
        facts = "".join(_fact(number, sources, words, chance) for number in numbers)
        (folder / "facts" / name).write_text(f"facts:\n{facts}", encoding="utf-8")
        listed = "".join(_source(number, words, chance) for number in numbers if number < sources)
        if listed:
            (folder / "sources" / name).write_text(f"sources:\n{listed}", encoding="utf-8")
        argued = "".join(_argument(number, sources, words, chance) for number in numbers if number % 3 == 0)
        (folder / "arguments" / name).write_text(f"arguments:\n{argued}", encoding="utf-8")
    return folder


def _fact(number: int, sources: int, words: Words, chance: random.Random) -> str:
    cited = ", ".join(dict.fromkeys(f"source-{chance.randrange(sources)}" for _ in range(chance.randint(1, 3))))
    return f"""\
  - id: fact-{number}
    statement: {words.text(8, 20)}.
    essay:
      paragraph: {chance.randint(1, 9)}
      quote: "{words.text(5, 15)}"
    attributed_to: The author
    kind: fact
    verdict: {chance.choice(_VERDICTS)}
    reason: >-
      {words.text(15, 25)}.
      {words.text(15, 25)}.
    checked: 2025-0{chance.randint(1, 9)}
    sources: [{cited}]
    aliases:
      - {words.text(2, 4)}
      - {words.text(2, 5)}
    tags: [{words.text(1, 1)}, {words.text(1, 1)}]
"""


def _source(number: int, words: Words, chance: random.Random) -> str:
    return f"""\
  - id: source-{number}
    title: {words.text(5, 12)}
    author: {words.text(2, 3)}
    publisher: {words.text(1, 3)}
    date: 2024-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}
    url: https://example.org/{number}
    kind: {chance.choice(("government", "court", "news", "think-tank"))}
    copy: original
    summary: {words.text(10, 25)}.
"""


def _argument(number: int, sources: int, words: Words, chance: random.Random) -> str:
    return f"""\
  - id: argument-{number}
    against: fact-{number}
    point: {words.text(8, 16)}.
    text: {words.text(20, 45)}.
    sources: [source-{chance.randrange(sources)}]
"""


def parse_only(folder: Path) -> None:
    """Parse the same files with PyYAML's C loader."""
    for file in sorted(folder.rglob("*.yaml")):
        yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


# --- searching ---


def library_of(cards: int, seed: int = SEED) -> Library:
    """Make a library of one pack with this many facts, in memory."""
    chance = random.Random(seed)
    words = Words(chance)
    span = Span(paragraph=1, quote="as it stands in the essay")
    verdicts = list(Verdict)
    facts = {
        f"fact-{number}": Fact(
            id=f"fact-{number}",
            statement=words.text(8, 20),
            essay=span,
            attributed_to="the author",
            kind=ClaimKind.FACT,
            verdict=chance.choice(verdicts),
            reason=f"{words.text(15, 25)}. {words.text(15, 25)}.",
            checked="2025",
            aliases=(words.text(2, 4), words.text(2, 5)),
            tags=(words.text(1, 1),),
        )
        for number in range(cards)
    }
    info = PackInfo(
        id="synthetic", title="Invented", summary="Invented", essay=Essay(paragraphs=9), reviewed=date(2025, 2, 20)
    )
    return Library({"synthetic": Pack(info, MappingProxyType(facts))})


@dataclass(frozen=True, slots=True)
class Query:
    """A member's search for a card; `words` is its text without the typo."""

    text: str
    words: str
    card: str

    @property
    def misspelt(self) -> bool:
        return self.text != self.words


def queries(library: Library, count: int, seed: int = SEED) -> Iterator[Query]:
    """Yield searches of one to four of the rarer words of a fact's title or alias; one word in every fourth has a
    typo."""
    chance = random.Random(seed + 1)
    cards = [fact for pack in library.packs.values() for fact in pack.all(Fact)]
    frequency: dict[str, int] = {}
    for card in cards:
        for word in set(f"{card.title} {card.body}".lower().split()):
            frequency[word] = frequency.get(word, 0) + 1
    for number in range(count):
        card = chance.choice(cards)
        label = chance.choice((card.title, card.title, *card.aliases)).lower().split()
        rare = sorted(label, key=lambda word: frequency.get(word, 0))[: max(2, len(label) // 2)]
        size = min(len(rare), chance.randint(1, 4))
        chosen = rare[:1] if size == 1 else sorted(chance.sample(rare, size), key=label.index)
        words = " ".join(chosen)
        long = [place for place, word in enumerate(chosen) if len(word) >= 4]
        if number % 4 == 0 and long:
            place = chance.choice(long)
            wrong = typo(chosen[place], chance)
            # A typo that happens to be another word of the language can't be recognised.
            chosen[place] = chosen[place] if wrong in frequency else wrong
        yield Query(" ".join(chosen), words, card.id)


def typo(word: str, chance: random.Random) -> str:
    """Return the word with one letter left out, doubled, changed or swapped with the next; never the first letter."""
    place = chance.randrange(1, len(word) - 1)
    before, letter, after = word[:place], word[place], word[place + 1 :]
    return chance.choice(
        (
            before + after,
            before + letter + letter + after,
            before + chance.choice(_TYPO_LETTERS) + after,
            before + after[0] + letter + after[1:],
        )
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of all values doesn't exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def measure_loading(cards: int) -> str:
    with tempfile.TemporaryDirectory() as name:
        folder = write_pack(Path(name) / "synthetic", cards)
        repeat = 3 if cards <= 1_000 else 1
        parsing = seconds(lambda: parse_only(folder), repeat)
        loading = seconds(lambda: load_pack(folder), repeat)
    return f"load {cards:>7,} cards: {loading / parsing:.2f} times parsing alone ({loading:.2f} s, {parsing:.2f} s)"


def measure_searching(cards: int, queries_each: int) -> Iterator[str]:
    empty = resident_bytes()
    library = library_of(cards)
    gc.collect()
    loaded = resident_bytes()
    building = time.perf_counter()
    index = Index(library)
    building = time.perf_counter() - building
    indexed = resident_bytes()
    times: list[float] = []
    spelt: list[bool] = []
    misspelt: list[bool] = []
    for query in queries(library, queries_each):
        start = time.thread_time()
        hits = index.find(query.text, kinds=[Fact])
        times.append(1000 * (time.thread_time() - start))
        holds = _holds(hits, query)
        if not query.misspelt:
            spelt.append(holds)
        elif _holds(index.find(query.words, kinds=[Fact]), query):
            # If even the right spelling finds ten other cards with the word, the typo isn't to blame.
            misspelt.append(holds)
    yield (
        f"find {cards:>7,} cards: p50 {percentile(times, 0.5):.2f} ms, p99 {percentile(times, 0.99):.2f} ms; its card "
        f"is among ten hits: {sum(spelt) / len(spelt):.1%}, in spite of a typo {sum(misspelt) / len(misspelt):.1%}"
    )
    yield (
        f"hold {cards:>7,} cards: {(loaded - empty) / cards:,.0f} bytes a card and {(indexed - loaded) / cards:,.0f} "
        f"for its index, built in {building:.2f} s"
    )
    yield _measure_completing(index, library, cards)


def in_a_fresh_process(cards: int, queries_each: int) -> list[str]:
    """Return the lines of `measure_searching`, from a process with fresh memory."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_searching_lines, cards, queries_each).result()


def _searching_lines(cards: int, queries_each: int) -> list[str]:
    return list(measure_searching(cards, queries_each))


def _holds(hits: Sequence[Hit], query: Query) -> bool:
    return any(hit.entry.id == query.card for hit in hits)


def _measure_completing(index: Index, library: Library, cards: int) -> str:
    times = []
    for query in queries(library, 1_000, SEED + 2):
        text = query.text[: 1 + len(query.text) % 9]
        start = time.thread_time()
        index.complete(text, kinds=[Fact])
        times.append(1000 * (time.thread_time() - start))
    return f"type {cards:>7,} cards: p50 {percentile(times, 0.5):.3f} ms, p99 {percentile(times, 0.99):.3f} ms"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.library", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the small sizes only")
    quick = parser.parse_args(arguments).quick
    for cards in (1_000,) if quick else (1_000, 10_000):
        print(measure_loading(cards), flush=True)
    for cards, queries_each in ((1_000, 1_000),) if quick else ((1_000, 2_000), (10_000, 2_000), (100_000, 1_000)):
        for line in in_a_fresh_process(cards, queries_each):
            print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
