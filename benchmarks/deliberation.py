"""Measure how often camps are reported with and without real ones, and the cost of a discussion.

    python -m benchmarks.deliberation            100 communities of each kind, in half an hour
    python -m benchmarks.deliberation --quick    10 of each
    python -m benchmarks.deliberation --size     10,000 people on 200 statements, and nothing else

Communities are simulated from a fixed seed. Each person in turn gets statements by their priorities and answers by
their camp: each camp agrees or disagrees with each statement at random, and a tenth of the answers are reversed. Then
the votes are grouped and reported. "False" are communities whose votes were shuffled within each statement, alternately
among those who saw it and among all, so that nothing connects two statements. Without camps, each statement has its own
share of agreement; a single camp answers alike except for the noise. `benchmarks.discussions` measures presses and the
close. Run both with OPENBLAS_NUM_THREADS=1, which `parley run` sets.
"""

from __future__ import annotations

import argparse
import tracemalloc
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.timing import seconds
from bot.deliberation.grouping import find_components, find_eligible, find_groups
from bot.deliberation.stability import Camps, adjusted_rand_index, find_camps
from bot.deliberation.statement_order import draw
from bot.deliberation.statistics import count_votes, priorities
from bot.deliberation.vote_matrix import PASS, UNSEEN, Integers, Numbers, Votes, in_canonical_order

SEED = 20
NOISE = 0.1
PASSES = 0.1
RIGHT = 0.9
DRAWN_ANEW: Final = 25
"""People who answer between two updates of the priorities."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of community: its people, its statements, and each person's votes (from, to)."""

    people: int
    statements: int
    votes: tuple[int, int]


KINDS = (
    Kind(20, 30, (20, 25)),
    Kind(30, 30, (20, 25)),
    Kind(60, 30, (20, 25)),
    Kind(100, 30, (20, 25)),
    Kind(200, 30, (20, 25)),
    Kind(60, 10, (8, 10)),
    Kind(200, 10, (8, 10)),
    Kind(100, 60, (7, 30)),
    Kind(1_000, 30, (20, 25)),
    Kind(10_000, 30, (20, 25)),
)
PEOPLE_AT_MOST: Final = 20_000
"""People in all communities of a kind and a number of camps. Of large communities, fewer are simulated."""


def answers(chance: np.random.Generator, kind: Kind, camps: int) -> tuple[Votes, Integers]:
    """Return everybody's answers to all statements, and their camps. Without camps, each statement has its own
    share."""
    shape = (kind.people, kind.statements)
    membership = chance.integers(max(camps, 1), size=kind.people)
    if camps:
        opinions = chance.choice([1, -1], (camps, kind.statements))[membership]
        opinions = np.where(chance.random(shape) < NOISE, -opinions, opinions)
    else:
        opinions = np.where(chance.random(shape) < chance.random(kind.statements), 1, -1)
    return np.where(chance.random(shape) < PASSES, PASS, opinions).astype(np.int8), membership


def converse(chance: np.random.Generator, kind: Kind, opinions: Votes) -> Votes:
    """Let people answer the statements drawn for them, with priorities from earlier answers."""
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
    """Return the adjusted Rand index of the reported camps against the planted ones; 0 if none are reported."""
    grouped = camps.labels >= 0
    return adjusted_rand_index(membership[grouped], camps.labels[grouped]) if grouped.any() else 0.0


def rates(chance: np.random.Generator, kind: Kind, communities: int) -> None:
    """Print one line: false camps, and for 0 to 4 planted camps the number reported; from 2 on, also the right ones."""
    communities = min(communities, PEOPLE_AT_MOST // kind.people)
    false = 0
    for number in range(communities):
        opinions, _ = answers(chance, kind, (0, 2, 3)[number % 3])
        votes = converse(chance, kind, opinions)
        false += find_camps(shuffled(chance, votes, with_unseen=bool(number % 2))).count > 0
    parts = []
    for planted in range(5):
        scores = []
        for _ in range(communities):
            opinions, membership = answers(chance, kind, planted)
            camps = find_camps(converse(chance, kind, opinions))
            scores.append((camps.count > 0, agreement(camps, membership) >= RIGHT))
        right = f", right {sum(b for _, b in scores)}" if planted > 1 else ""
        parts.append(f"{planted} camps: reported {sum(a for a, _ in scores)}{right}")
    name = f"{kind.people} people, {kind.statements} statements, {kind.votes[0]} to {kind.votes[1]} votes"
    print(f"{name:46} false {false:3} of {communities}   {'   '.join(parts)}", flush=True)


def size(chance: np.random.Generator) -> None:
    """Print the cost of 10,000 people on 200 statements, as ratios to the plain product that any grouping needs."""
    kind = Kind(10_000, 200, (20, 60))
    opinions, _ = answers(chance, kind, 3)
    votes = np.where(chance.random(opinions.shape) < 0.8, UNSEEN, opinions).astype(np.int8)
    votes = votes[in_canonical_order(votes)]
    eligible = find_eligible(votes)
    numbers = votes.astype(np.float64)
    product = seconds(lambda: numbers.T @ numbers)
    grouped = seconds(lambda: find_groups(votes, eligible, np.random.default_rng(SEED)))
    reported = seconds(lambda: find_camps(votes), repeat=1)
    tracemalloc.start()
    find_camps(votes)
    memory = tracemalloc.get_traced_memory()[1] / votes.nbytes
    print(f"10,000 people, 200 statements: one product of the matrix {1000 * product:.0f} ms")
    print(f"  grouped in {1000 * grouped:.0f} ms, {grouped / product:.0f} products")
    print(f"  grouped and tested in {1000 * reported:.0f} ms, {reported / product:.0f} products")
    print(f"  memory at the peak: {memory:.0f} times the matrix of {votes.nbytes / 1e6:.0f} MB")


def main() -> None:
    """Print the measurements."""
    parser = argparse.ArgumentParser(description="Measure camps that are reported, right and false, and their cost.")
    parser.add_argument("--quick", action="store_true", help="10 communities of each kind instead of 100")
    parser.add_argument("--size", action="store_true", help="10,000 people on 200 statements alone")
    options = parser.parse_args()
    chance = np.random.default_rng(SEED)
    size(chance)
    if not options.size:
        for kind in KINDS:
            rates(chance, kind, 10 if options.quick else 100)


if __name__ == "__main__":
    main()
