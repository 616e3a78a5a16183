"""Measure how often camps are shown with and without real ones, at each threshold of the gate.

    python -m benchmarks.camps            100 communities of each kind, in some 20 minutes
    python -m benchmarks.camps --quick    10 of each
    python -m benchmarks.camps --size     what 10,000 people on 200 statements cost, and nothing else

Communities are simulated from a fixed seed: statements are drawn for each person one after the other by their priorities
and answered by the person's camp (each camp agrees or disagrees with each statement at random), with a tenth of the
answers turned about and a tenth passed. "Shuffled" are communities whose votes were shuffled within each statement, by
turns among those who saw it and among all: nothing connects two statements. Without camps, each statement has a share of
agreement of its own; one camp answers alike but for the noise. Either shows false camps if it shows any.
"""

from __future__ import annotations

import argparse
import json
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.timing import seconds
from bot.deliberation.grouping import find_components, find_eligible, find_groups
from bot.deliberation.stability import Camps, adjusted_rand_index, find_camps
from bot.deliberation.statement_order import draw
from bot.deliberation.statistics import count_votes, priorities
from bot.deliberation.vote_matrix import PASS, UNSEEN, Integers, Numbers, Votes, in_canonical_order, read_votes
from tests.beside import DELIBERATION

SEED = 20
NOISE = 0.1
PASSES = 0.1
RIGHT = 0.9
DRAWN_ANEW: Final = 25
"""People who answer between two computations of the priorities."""
THRESHOLDS: Final = (0.7, 0.8, 0.85, 0.9, 0.95)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of community: people, statements, votes of each person (from, to)."""

    people: int
    statements: int
    votes: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.people:,} people, {self.statements} statements, {self.votes[0]} to {self.votes[1]} votes"


KINDS = (
    Kind(60, 30, (20, 25)),
    Kind(100, 30, (20, 25)),
    Kind(200, 30, (20, 25)),
    Kind(20, 30, (20, 25)),
    Kind(30, 30, (20, 25)),
    Kind(60, 10, (8, 10)),
    Kind(200, 10, (8, 10)),
    Kind(100, 60, (7, 30)),
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What one community came to: its stability, -1 where the gate stops before; and how right its camps are."""

    stability: float
    agreement: float


def answers(chance: np.random.Generator, kind: Kind, camps: int) -> tuple[Votes, Integers]:
    """What everybody would answer to everything, and their camp. Without camps, each statement has its own share."""
    shape = (kind.people, kind.statements)
    membership = chance.integers(max(camps, 1), size=kind.people)
    if camps:
        opinions = chance.choice([1, -1], (camps, kind.statements))[membership]
        opinions = np.where(chance.random(shape) < NOISE, -opinions, opinions)
    else:
        opinions = np.where(chance.random(shape) < chance.random(kind.statements), 1, -1)
    return np.where(chance.random(shape) < PASSES, PASS, opinions).astype(np.int8), membership


def converse(chance: np.random.Generator, kind: Kind, opinions: Votes) -> Votes:
    """Let people answer what is drawn for them, with the priorities of what was answered before."""
    votes = np.full(opinions.shape, UNSEEN, np.int8)
    weights: Numbers = np.ones(kind.statements)
    for person in range(kind.people):
        if person % DRAWN_ANEW == 0:
            weights = priorities(count_votes(votes), find_components(votes).extremity)
        for _ in range(min(kind.statements, int(chance.integers(kind.votes[0], kind.votes[1] + 1)))):
            column = draw(weights, votes[person] != UNSEEN, chance.random())
            assert column is not None
            votes[person, column] = opinions[person, column]
    return votes


def shuffled(chance: np.random.Generator, votes: Votes, *, with_unseen: bool) -> Votes:
    """Shuffle the votes on each statement, among those who saw it or among all."""
    copy = votes.copy()
    for column in range(votes.shape[1]):
        rows = np.arange(len(votes)) if with_unseen else np.flatnonzero(votes[:, column] != UNSEEN)
        copy[rows, column] = votes[chance.permutation(rows), column]
    return copy


def agreement(camps: Camps, membership: Integers) -> float:
    """The adjusted Rand index of shown camps against those that were planted; 0 where none are shown."""
    grouped = camps.labels >= 0
    return adjusted_rand_index(membership[grouped], camps.labels[grouped]) if grouped.any() else 0.0


def try_gate(votes: Votes, membership: Integers) -> Trial:
    camps = find_camps(votes, threshold=-1)
    if not camps.count or camps.stability is None:
        return Trial(-1, 0)
    return Trial(camps.stability, agreement(camps, membership))


def trials(chance: np.random.Generator, kind: Kind, planted: int) -> Trial:
    opinions, membership = answers(chance, kind, planted)
    return try_gate(converse(chance, kind, opinions), membership)


def shuffled_trial(chance: np.random.Generator, kind: Kind, number: int) -> Trial:
    opinions, membership = answers(chance, kind, (0, 2, 3)[number % 3])
    votes = converse(chance, kind, opinions)
    return try_gate(shuffled(chance, votes, with_unseen=bool(number % 2)), membership)


def rates(kind: Kind, communities: int) -> None:
    """Print what each threshold shows of communities of this kind."""
    cells: dict[str, list[Trial]] = {}

    def fill(name: str, trial: Callable[[np.random.Generator, int], Trial]) -> None:
        chance = np.random.default_rng([SEED, kind.people, kind.statements, len(cells)])
        cells[name] = [trial(chance, number) for number in range(communities)]

    fill("shuffled", lambda chance, number: shuffled_trial(chance, kind, number))
    for planted in range(5):
        fill(f"{planted} camps", lambda chance, _, planted=planted: trials(chance, kind, planted))  # type: ignore[misc]
    print(f"{kind}, of {communities}: shown, and right with two camps or more")
    for threshold in THRESHOLDS:
        parts = []
        for number, (name, results) in enumerate(cells.items()):
            shown = [each for each in results if each.stability >= threshold]
            right = f" {sum(each.agreement >= RIGHT for each in shown):3}" if number > 2 else ""
            parts.append(f"{name} {len(shown):3}{right}")
        print(f"  {threshold:<4}  {'   '.join(parts)}", flush=True)


def files() -> None:
    """Print the stability of each finished conversation that lies beside the repository."""
    for path in sorted(DELIBERATION.glob("*.json")):
        content = json.loads(path.read_text("utf-8"))
        rows = sorted(content["votes"], key=lambda vote: vote[3])
        matrix = read_votes([(person, statement, vote) for person, statement, vote, _ in rows], content["statements"])
        out = [matrix.statements.index(each) for each in content["moderated_out"]]
        camps = find_camps(matrix.votes, out, threshold=-1)
        print(f"{path.stem}: {camps.eligible} eligible, {camps.reason or f'stability {camps.stability:.2f}'}")


def size() -> None:
    """Print what 10,000 people on 200 statements cost: ratios to the plain product that any grouping needs."""
    chance = np.random.default_rng(SEED)
    opinions, _ = answers(chance, Kind(10_000, 200, (20, 60)), 3)
    votes = np.where(chance.random(opinions.shape) < 0.8, UNSEEN, opinions).astype(np.int8)
    votes = votes[in_canonical_order(votes)]
    eligible = find_eligible(votes)
    numbers = votes.astype(np.float64)
    product = seconds(lambda: numbers.T @ numbers)
    grouped = seconds(lambda: find_groups(votes, eligible, np.random.default_rng(SEED)))
    reported = seconds(lambda: find_camps(votes))
    tracemalloc.start()
    find_camps(votes)
    memory = tracemalloc.get_traced_memory()[1] / votes.nbytes
    print(f"10,000 people, 200 statements: one product of the matrix {1000 * product:.0f} ms")
    print(f"  grouped in {1000 * grouped:.0f} ms, {grouped / product:.0f} products")
    print(f"  grouped and tested in {1000 * reported:.0f} ms, {reported / product:.0f} products")
    print(f"  memory at the peak: {memory:.0f} times the matrix of {votes.nbytes / 1e6:.0f} MB")


def main() -> None:
    """Print the measurements."""
    parser = argparse.ArgumentParser(description="Measure camps that are shown, right and false, and their cost.")
    parser.add_argument("--quick", action="store_true", help="10 communities of each kind instead of 100")
    parser.add_argument("--size", action="store_true", help="10,000 people on 200 statements alone")
    options = parser.parse_args()
    size()
    if not options.size:
        files()
        for kind in KINDS:
            rates(kind, 10 if options.quick else 100)


if __name__ == "__main__":
    main()
