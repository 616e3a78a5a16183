"""Test whether groups hold: group the same people again and again without a tenth of the votes.

k-means finds groups in any cloud of points. Parley reports camps only if the partition hardly depends on the votes that
people happened to cast (docs/decisions/0033-camps-only-where-they-hold.md has the measurements).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from itertools import permutations
from typing import Final

import numpy as np

from bot.deliberation.grouping import Grouping, find_eligible, find_groups
from bot.deliberation.statistics import count_votes, probability
from bot.deliberation.vote_matrix import UNSEEN, Integers, Mask, Votes, in_canonical_order, muted

STABILITY_MIN: Final = 0.9
"""Least median adjusted Rand index for camps that hold."""
RUNS: Final = 20
DROPPED_SHARE: Final = 0.1
PEOPLE_MIN: Final = 20
"""Least number of eligible people for camps."""
RUN_PEOPLE_MAX: Final = 2000
"""Most people in a run: beyond them all runs regroup one sample."""
BRIDGE_SHARE: Final = 0.6
BRIDGE_VOTES_MIN: Final = 5
SEED: Final = 20


class NoCamps(Enum):
    """The reason that a report has no camps."""

    TOO_FEW_PEOPLE = "too_few_people"
    SMALL_GROUP = "small_group"
    UNSTABLE = "unstable"


@dataclass(frozen=True, slots=True)
class Camps:
    """The camps of a discussion: a group for each row (-1: none) if camps hold, or the reason that none do."""

    labels: Integers
    eligible: int
    stability: float | None
    reason: NoCamps | None
    bridges: Mask
    """Whether every group agrees with each statement, in most of the runs. Without camps, no statement bridges."""

    @property
    def count(self) -> int:
        """Return the number of camps."""
        return int(self.labels.max(initial=-1)) + 1


def find_camps(
    votes: Votes, muted_columns: Collection[int] = (), *, seed: int = SEED, threshold: float = STABILITY_MIN
) -> Camps:
    """Find the camps that hold among people, by the votes alone: the order of rows never matters.

    Number camps by size, the largest first. `threshold` is the least stability of camps that hold.
    """
    order = in_canonical_order(votes)
    rows = muted(votes, muted_columns)[order]
    eligible = find_eligible(votes[order])
    camps = _find_in_order(rows, eligible, np.random.default_rng(seed), threshold)
    labels = np.full(len(votes), -1, np.int64)
    labels[order] = camps.labels
    return Camps(labels, camps.eligible, camps.stability, camps.reason, camps.bridges)


def _find_in_order(votes: Votes, eligible: Integers, chance: np.random.Generator, threshold: float) -> Camps:
    none = np.full(len(votes), -1, np.int64)
    nothing = np.zeros(votes.shape[1], bool)
    people = len(eligible)
    if people < PEOPLE_MIN:
        return Camps(none, people, None, NoCamps.TOO_FEW_PEOPLE, nothing)
    grouping = find_groups(votes, eligible, chance)
    if grouping is None:
        return Camps(none, people, None, NoCamps.SMALL_GROUP, nothing)
    labels = grouping.labels
    if len(eligible) > RUN_PEOPLE_MAX:
        sample = np.sort(chance.choice(eligible, RUN_PEOPLE_MAX, replace=False))
        votes, labels, eligible = votes[sample], labels[sample], np.arange(RUN_PEOPLE_MAX)
    scores = []
    bridging = np.zeros(votes.shape[1], np.int64)
    for _ in range(RUNS):
        fewer = drop_votes(votes, chance)
        again = find_groups(fewer, eligible, chance)
        if again is None:
            scores.append(0.0)
            continue
        scores.append(adjusted_rand_index(labels[eligible], again.labels[eligible]))
        bridging += bridges(fewer, again)
    stability = float(np.median(scores))
    if stability < threshold:
        return Camps(none, people, stability, NoCamps.UNSTABLE, nothing)
    return Camps(by_size(grouping.labels), people, stability, None, bridging * 2 > RUNS)


def drop_votes(votes: Votes, chance: np.random.Generator) -> Votes:
    """Drop each vote with a probability of a tenth."""
    dropped = (chance.random(votes.shape, np.float32) < DROPPED_SHARE) & (votes != UNSEEN)
    fewer: Votes = np.where(dropped, UNSEEN, votes).astype(np.int8)
    return fewer


def bridges(votes: Votes, grouping: Grouping) -> Mask:
    """Mark the statements that at least 60 % agree with in every group that has five votes on the statement."""
    counts = count_votes(votes, [grouping.members(group) for group in range(grouping.count)])
    enough = counts.seen >= BRIDGE_VOTES_MIN
    agreed = probability(counts.agrees, counts.seen) >= BRIDGE_SHARE
    bridging: Mask = np.logical_and(np.all(agreed | ~enough, axis=0), np.any(enough, axis=0))
    return bridging


def adjusted_rand_index(first: Integers, second: Integers) -> float:
    """Compare two partitions of the same people: 1 for the same, about 0 for chance (Hubert and Arabie 1985)."""
    width = int(second.max(initial=0)) + 1
    table = np.bincount(first * width + second).astype(np.float64)
    table = np.pad(table, (0, -len(table) % width)).reshape(-1, width)
    pairs = _pairs(table)
    rows, columns = _pairs(table.sum(axis=1)), _pairs(table.sum(axis=0))
    everything = len(first) * (len(first) - 1) / 2
    expected = rows * columns / everything if everything else 0.0
    most = (rows + columns) / 2
    return 1.0 if most == expected else (pairs - expected) / (most - expected)


def _pairs(sizes: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    return float((sizes * (sizes - 1) / 2).sum())


def by_size(labels: Integers) -> Integers:
    """Number groups by size, the largest first; of equal groups, the one with the earlier row comes first."""
    groups = sorted(
        range(int(labels.max(initial=-1)) + 1),
        key=lambda group: (-int((labels == group).sum()), int((labels == group).argmax())),
    )
    renumbered = np.full_like(labels, -1)
    for number, group in enumerate(groups):
        renumbered[labels == group] = number
    return renumbered


def keep_letters(previous: Integers, labels: Integers) -> Integers:
    """Number groups so that as many people as possible keep their number from an earlier computation.

    Both arrays are group numbers of the same people, -1 for people without one. New groups get free numbers.
    """
    count = int(labels.max(initial=-1)) + 1
    before = int(previous.max(initial=-1)) + 1
    numbers = range(max(count, before))
    overlap = np.array([[int(((labels == new) & (previous == old)).sum()) for old in numbers] for new in range(count)])
    best = max(
        permutations(numbers, count),
        key=lambda chosen: (sum(overlap[new, old] for new, old in enumerate(chosen)), [-old for old in chosen]),
        default=(),
    )
    renumbered = np.full_like(labels, -1)
    for new, old in enumerate(best):
        renumbered[labels == new] = old
    return renumbered
