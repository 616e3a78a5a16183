"""Statistics of groups and of everybody: tests of proportions, common ground, priorities of the draw.

Pure functions over a vote matrix. Formulas follow Polis (github.com/compdemocracy/polis, `math/`); the numbers in
brackets are points of our design.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bot.deliberation.vote_matrix import AGREE, DISAGREE, UNSEEN, Integers, Mask, Numbers, Votes

Z_90: Final = 1.2816
"""The one-tailed critical value at 90 %."""
LIST_MAX: Final = 5
MAJORITY: Final = 0.5
META_PRIORITY: Final = 49.0


@dataclass(frozen=True, slots=True)
class Counts:
    """Agreements, disagreements and all votes (`seen`, passes included) per statement, by group or overall."""

    agrees: Integers
    disagrees: Integers
    seen: Integers

    @property
    def passes(self) -> Integers:
        """Return the number of passes per statement."""
        return self.seen - self.agrees - self.disagrees

    @classmethod
    def of_groups(cls, parts: Sequence[Counts], statements: int) -> Counts:
        """Stack the counts of groups: groups by statements."""
        shape = (len(parts), statements)
        return cls(
            np.array([part.agrees for part in parts], np.int64).reshape(shape),
            np.array([part.disagrees for part in parts], np.int64).reshape(shape),
            np.array([part.seen for part in parts], np.int64).reshape(shape),
        )


def count_votes(votes: Votes, groups: Sequence[Mask] | None = None) -> Counts:
    """Count votes: per statement, or groups by statements if `groups` has their members."""
    if groups is None:
        return Counts((votes == AGREE).sum(axis=0), (votes == DISAGREE).sum(axis=0), (votes != UNSEEN).sum(axis=0))
    return Counts.of_groups([count_votes(votes[members]) for members in groups], votes.shape[1])


def probability(successes: Integers, seen: Integers) -> Numbers:
    """Estimate a proportion, drawn towards a half if few people voted [9]."""
    estimate: Numbers = (successes + 1) / (seen + 2)
    return estimate


def one_proportion_z(successes: Integers, seen: Integers) -> Numbers:
    """Test a proportion against a half [10]."""
    z: Numbers = 2 * np.sqrt(seen + 1) * ((successes + 1) / (seen + 1) - 0.5)
    return z


def two_proportion_z(inside: Integers, outside: Integers, inside_seen: Integers, outside_seen: Integers) -> Numbers:
    """Test a group's proportion against the others', pooled; 0 if everybody succeeded [10]."""
    first, second = (inside + 1) / (inside_seen + 1), (outside + 1) / (outside_seen + 1)
    pooled = (inside + outside + 2) / (inside_seen + outside_seen + 2)
    variance = pooled * (1 - pooled) * (1 / (inside_seen + 1) + 1 / (outside_seen + 1))
    z: Numbers = np.divide(first - second, np.sqrt(np.maximum(variance, 0)), out=np.zeros_like(first), where=pooled < 1)
    return z


@dataclass(frozen=True, slots=True)
class Representative:
    """A statement that represents a group, by its column, with the numbers behind the choice."""

    column: int
    agree: bool
    successes: int
    seen: int
    probability: float
    z: float
    ratio: float
    ratio_z: float

    @property
    def weight(self) -> float:
        """Return the sort key of a group's statements [11]. Polis keeps `ratio_z` in 32 bits."""
        return self.ratio * float(np.float32(self.ratio_z)) * self.probability * self.z


@dataclass(frozen=True, slots=True)
class _Side:
    """One answer (agree or disagree) of one group to every statement."""

    successes: Integers
    probability: Numbers
    z: Numbers
    ratio: Numbers
    ratio_z: Numbers

    @property
    def significant(self) -> Mask:
        passes: Mask = (self.z > Z_90) & (self.ratio_z > Z_90)
        return passes


def _side(successes: Integers, seen: Integers, group: int) -> _Side:
    inside, inside_seen = successes[group], seen[group]
    outside, outside_seen = successes.sum(axis=0) - inside, seen.sum(axis=0) - inside_seen
    estimate = probability(inside, inside_seen)
    return _Side(
        inside,
        estimate,
        one_proportion_z(inside, inside_seen),
        estimate / probability(outside, outside_seen),
        two_proportion_z(inside, outside, inside_seen, outside_seen),
    )


def representatives(counts: Counts, group: int, muted: Collection[int] = ()) -> list[Representative]:
    """List the statements that represent a group [11]: the best agreement first, agrees before disagrees, at most 5.

    `counts` are groups by statements. If no statement passes both tests, return the best agreement, else the best.
    """
    agree = _side(counts.agrees, counts.seen, group)
    disagree = _side(counts.disagrees, counts.seen, group)
    columns = [column for column in range(counts.seen.shape[1]) if column not in set(muted)]

    def entry(column: int) -> Representative:
        positive = bool(agree.ratio_z[column] > disagree.ratio_z[column])
        side = agree if positive else disagree
        return Representative(
            column,
            positive,
            int(side.successes[column]),
            int(counts.seen[group, column]),
            float(side.probability[column]),
            float(side.z[column]),
            float(side.ratio[column]),
            float(side.ratio_z[column]),
        )

    significant = agree.significant | disagree.significant
    passing = [entry(column) for column in columns if significant[column]]
    best_agree = _best_agree(agree, disagree, columns)
    if not passing:
        head = _best(agree, disagree, columns) if best_agree is None else best_agree
        return [] if head is None else [entry(head)]
    ranked = sorted((item for item in passing if item.column != best_agree), key=lambda item: -item.weight)
    chosen = ([entry(best_agree)] if best_agree is not None else []) + ranked
    return sorted(chosen[:LIST_MAX], key=lambda item: not item.agree)


def _best(agree: _Side, disagree: _Side, columns: Sequence[int]) -> int | None:
    """Find the column with the largest z; of equal ones the later, if rounding to 32 bits lowered the earlier one's."""
    best: int | None = None
    strengths = np.maximum(agree.ratio_z, disagree.ratio_z)
    for column in columns:
        if best is None or strengths[column] > float(np.float32(strengths[best])):
            best = column
    return best


def _best_agree(agree: _Side, disagree: _Side, columns: Sequence[int]) -> int | None:
    """Find the column of a group's best agreement. Walk the statements in order, as Polis does."""
    best: int | None = None
    plain = agree.probability * agree.z
    full = agree.ratio * agree.ratio_z * agree.probability * agree.z
    for column in columns:
        if agree.successes[column] == 0 and disagree.successes[column] == 0:
            continue
        if best is None:
            likely = agree.ratio[column] > 1 and agree.probability[column] > MAJORITY
            better = bool(agree.z[column] > Z_90 or likely)
        elif agree.ratio[best] > 1:
            better = bool(full[column] > full[best])
        else:
            better = bool(plain[column] > plain[best])
        best = column if better else best
    return best


@dataclass(frozen=True, slots=True)
class Consensus:
    """A statement that everybody leans one way on, by its column."""

    column: int
    successes: int
    seen: int
    probability: float
    z: float


def consensus(counts: Counts, *, agree: bool, muted: Collection[int] = ()) -> list[Consensus]:
    """List the statements of broad agreement or disagreement, strongest first, at most 5 [12].

    `counts` cover everybody.
    """
    successes = counts.agrees if agree else counts.disagrees
    estimate, z = probability(successes, counts.seen), one_proportion_z(successes, counts.seen)
    columns = [
        column
        for column in range(counts.seen.size)
        if column not in set(muted) and estimate[column] > MAJORITY and z[column] > Z_90
    ]
    columns.sort(key=lambda column: -estimate[column] * z[column])
    return [
        Consensus(column, int(successes[column]), int(counts.seen[column]), float(estimate[column]), float(z[column]))
        for column in columns[:LIST_MAX]
    ]


def group_aware_consensus(counts: Counts) -> Numbers:
    """Multiply the groups' shares of agreement, one product per statement [13]."""
    product: Numbers = np.prod((counts.agrees + 1.0) / (counts.seen + 2.0), axis=0)
    return product


def priorities(counts: Counts, extremity: Numbers, meta: Collection[int] = ()) -> Numbers:
    """Weigh each statement for the draw [14]. `counts` cover all people in groups; columns in `meta` come first."""
    seen = counts.seen + 2.0
    importance = (1 - (counts.passes + 1) / seen) * (extremity + 1) * ((counts.agrees + 1) / seen)
    weights: Numbers = (importance * (1 + 8 * 2.0 ** (-counts.seen / 5))) ** 2
    weights[list(meta)] = META_PRIORITY
    return weights
