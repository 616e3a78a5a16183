"""Group people who vote alike: components, positions, eligible people, clusters.

Pure functions over a vote matrix. `find_groups` makes the groups that members see; the order of people never matters
to it. `polis_groups` follows Polis step by step instead (github.com/compdemocracy/polis, `math/`; the numbers in
brackets are points of our design) and proves the shared parts against Polis' own numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bot.deliberation.vote_matrix import UNSEEN, VOTES_MIN, Integers, Mask, Numbers, Votes

ELIGIBLE_MIN: Final = 15
BASE_CLUSTERS: Final = 100
GROUPS_MAX: Final = 5
RESTARTS: Final = 20
SAMPLE: Final = 500
"""Most people for restarts and silhouettes: beyond them a sample decides, and then everybody joins a group."""
MEMBERS_MIN: Final = 5
"""Least number of people in a group."""
_MOVE_MAX: Final = 0.01
_BASE_STEPS: Final = 100
_GROUP_STEPS: Final = 20
_RESTART_STEPS: Final = 40
_DIMENSIONS: Final = 2


@dataclass(frozen=True, slots=True)
class Components:
    """The two directions in which votes differ most: `mean` per statement, `vectors` two by statements."""

    mean: Numbers
    vectors: Numbers

    @property
    def extremity(self) -> Numbers:
        """Return how far a lone agreement with each statement moves a person: its component vector's length."""
        factor = np.sqrt(self.mean.size)
        lengths: Numbers = np.linalg.norm((1 - self.mean) * self.vectors * factor, axis=0)
        return lengths


@dataclass(frozen=True, slots=True)
class Grouping:
    """A group number for each row, -1 for people without one, and the mean silhouette of the grouping."""

    labels: Integers
    silhouette: float

    @property
    def count(self) -> int:
        """Return the number of groups."""
        return int(self.labels.max(initial=-1)) + 1

    def members(self, group: int) -> Mask:
        """Mark the rows of a group's members."""
        membership: Mask = self.labels == group
        return membership


def find_components(votes: Votes, previous: Components | None = None) -> Components:
    """Find the mean and the two main components of votes [4]. A missing vote counts as its statement's mean.

    The sign of a component follows `previous` if there is one; otherwise its largest entry is positive.
    """
    seen = votes != UNSEEN
    counts = seen.sum(axis=0)
    totals = np.where(seen, votes, 0).sum(axis=0)
    mean: Numbers = np.divide(totals, counts, out=np.zeros(votes.shape[1]), where=counts > 0)
    centred = np.where(seen, votes - mean, 0.0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    components = np.zeros((_DIMENSIONS, votes.shape[1]))
    top = vectors[:, ::-1][:, :_DIMENSIONS].T
    components[: len(top)] = top
    for number, vector in enumerate(components):
        if previous is None:
            sign = vector[np.abs(vector).argmax()] if vector.size else 1.0
        else:
            width = min(vector.size, previous.vectors.shape[1])
            sign = vector[:width] @ previous.vectors[number, :width]
        components[number] = vector if sign >= 0 else -vector
    return Components(mean, components)


def project(votes: Votes, components: Components) -> Numbers:
    """Place each person in the plane by the statements they saw [5]: people by two.

    Add up statement by statement, not as one product: BLAS may round equal rows differently, and people who vote alike
    need the same point.
    """
    seen = votes != UNSEEN
    centred = np.ascontiguousarray(np.where(seen, votes - components.mean, 0.0).T)
    counts = np.maximum(seen.sum(axis=1), 1)
    sums = [(centred * vector[:, None]).sum(axis=0) for vector in components.vectors]
    positions: Numbers = np.stack(sums, axis=1) * np.sqrt(votes.shape[1] / counts)[:, None]
    return positions


def find_eligible(votes: Votes, earlier: Iterable[int] = ()) -> Integers:
    """Return the rows to group [6]: people with enough votes, `earlier` members, and the most active if too few."""
    counts = (votes != UNSEEN).sum(axis=1)
    eligible = counts >= min(VOTES_MIN, votes.shape[1])
    eligible[list(earlier)] = True
    lacking = ELIGIBLE_MIN - int(eligible.sum())
    if lacking > 0:
        others = np.flatnonzero(~eligible)
        eligible[others[np.argsort(-counts[others], kind="stable")][:lacking]] = True
    return np.flatnonzero(eligible)


def _distances(points: Numbers, centres: Numbers) -> Numbers:
    across = points[:, None, 0] - centres[None, :, 0]
    along = points[:, None, 1] - centres[None, :, 1]
    distances: Numbers = np.sqrt(across * across + along * along)
    return distances


def _nearest(points: Numbers, centres: Numbers) -> Integers:
    """Return the number of each point's nearest centre; of equally near ones the last, as Polis' `min-key` does."""
    nearest: Integers = len(centres) - 1 - _distances(points, centres)[:, ::-1].argmin(axis=1)
    return nearest


def _centre_sums(points: Numbers, labels: Integers, weights: Numbers, count: int) -> tuple[Numbers, Numbers]:
    sizes: Numbers = np.bincount(labels, weights, minlength=count).astype(np.float64)
    sums: Numbers = np.stack(
        [np.bincount(labels, weights * points[:, axis], minlength=count) for axis in range(points.shape[1])], axis=1
    )
    return sizes, sums


def lloyd(points: Numbers, weights: Numbers, centres: Numbers, steps: int) -> tuple[Integers, Numbers]:
    """Run k-means from these centres until none, in sorted order, moves by 0.01. Drop empty clusters [7]."""
    labels = _nearest(points, centres)
    for step in range(steps + 1):
        if step:
            labels = _nearest(points, centres)
        sizes, sums = _centre_sums(points, labels, weights, len(centres))
        filled = sizes > 0
        labels = (np.cumsum(filled) - 1)[labels]
        moved = sums[filled] / sizes[filled, None]
        before, centres = centres, moved
        pairs = zip(_sorted_rows(before), _sorted_rows(moved), strict=False)
        if all(np.linalg.norm(old - new) < _MOVE_MAX for old, new in pairs):
            break
    return labels, centres


def _sorted_rows(rows: Numbers) -> Numbers:
    ordered: Numbers = rows[np.lexsort(rows.T[::-1])]
    return ordered


def first_distinct(points: Numbers, count: int) -> Numbers:
    """Return the first `count` different points, in order, as Polis begins."""
    _, firsts = np.unique(points, axis=0, return_index=True)
    start: Numbers = points[np.sort(firsts)[:count]]
    return start


def silhouette(distances: Numbers, labels: Integers) -> float:
    """Return the mean silhouette of points; a point alone in its group counts 0 [8]."""
    groups = int(labels.max()) + 1
    membership = np.eye(groups)[labels]
    sizes = membership.sum(axis=0)
    sums = distances @ membership
    rows = np.arange(len(labels))
    own_sizes = sizes[labels]
    inner = sums[rows, labels] / np.maximum(own_sizes - 1, 1)
    means = np.where(sizes > 0, sums / np.maximum(sizes, 1), np.inf)
    means[rows, labels] = np.inf
    outer = means.min(axis=1)
    larger = np.maximum(inner, outer)
    alone = (own_sizes <= 1) | (larger == 0) | ~np.isfinite(outer)
    scores = np.divide(outer - inner, larger, out=np.zeros_like(inner), where=~alone)
    return float(scores.mean())


def polis_groups(positions: Numbers, eligible: Sequence[int] | Integers) -> Grouping:
    """Group people as Polis does: base clusters [7], then groups of base clusters [8].

    The first eligible rows are the first centres, so their order matters. Polis numbers its base clusters as people
    join the grouping, and groups start from the lowest numbers. So pass `VoteMatrix.joining`, not the order of votes.
    """
    rows = np.asarray(eligible, dtype=np.int64)
    points = positions[rows]
    bases, centres = lloyd(points, np.ones(len(points)), first_distinct(points, BASE_CLUSTERS), _BASE_STEPS)
    weights = np.bincount(bases, minlength=len(centres)).astype(np.float64)
    distances = _distances(centres, centres)
    best: tuple[float, Integers] = -np.inf, np.zeros(len(centres), np.int64)
    for k in range(2, min(GROUPS_MAX, 2 + len(centres) // 12) + 1):
        labels, _ = lloyd(centres, weights, first_distinct(centres, k), _GROUP_STEPS)
        score = silhouette(distances, labels)
        best = (score, labels) if score >= best[0] else best
    everybody = np.full(len(positions), -1, np.int64)
    everybody[rows] = best[1][bases]
    return Grouping(everybody, best[0])


def find_groups(votes: Votes, eligible: Integers, chance: np.random.Generator) -> Grouping | None:
    """Group the eligible rows by seeded k-means++; None if every partition has a group of fewer than five.

    `votes` has everybody's votes. `stability.find_camps` puts rows in canonical order, so that the same votes draw the
    same numbers for any people.
    """
    positions = project(votes, find_components(votes))[eligible]
    labels, score = cluster(positions, chance)
    if labels is None:
        return None
    everybody = np.full(len(votes), -1, np.int64)
    everybody[eligible] = labels
    return Grouping(everybody, score)


def cluster(points: Numbers, chance: np.random.Generator) -> tuple[Integers | None, float]:
    """Partition points with the number of groups of the best silhouette, the best of twenty starts for each number.

    Return labels and silhouette; None and 0 if every partition has a group of fewer than five.
    """
    count = len(points)
    sample = points if count <= SAMPLE else points[np.sort(chance.choice(count, SAMPLE, replace=False))]
    distances = _distances(sample, sample)
    best: tuple[float, Integers] | None = None
    for k in range(2, min(GROUPS_MAX, 2 + len(sample) // 12) + 1):
        centres = _best_centres(sample, k, chance)
        labels = _nearest(points, centres)
        if np.bincount(labels, minlength=k).min() < MEMBERS_MIN:
            continue
        score = silhouette(distances, _nearest(sample, centres))
        if best is None or score > best[0]:
            best = score, labels
    return (None, 0.0) if best is None else (best[1], best[0])


def _best_centres(points: Numbers, k: int, chance: np.random.Generator) -> Numbers:
    """Run k-means from twenty k-means++ starts at once; return the centres with the least sum of squares."""
    centres = _spread_starts(points, k, chance)
    labels = np.full((RESTARTS, len(points)), -1, np.int8)
    for _ in range(_RESTART_STEPS):
        before = labels
        labels, squares = _nearest_of_each_start(points, centres)
        if np.array_equal(labels, before):
            break
        for group in range(k):
            members = (labels == group).astype(np.float64)
            sizes = members.sum(axis=1)
            filled = sizes > 0
            centres[filled, group] = (members @ points)[filled] / sizes[filled, None]
    else:
        _, squares = _nearest_of_each_start(points, centres)
    winner: Numbers = centres[squares.sum(axis=1).argmin()]
    return winner


def _nearest_of_each_start(points: Numbers, centres: Numbers) -> tuple[NDArray[np.int8], Numbers]:
    """Return each point's nearest centre in each start, and its squared distance: both starts by points.

    Take one centre after the other: NumPy's `argmin` is slow along an axis of two to five.
    """
    squares = _squares(points, centres[:, 0])
    labels = np.zeros(squares.shape, np.int8)
    for group in range(1, centres.shape[1]):
        others = _squares(points, centres[:, group])
        labels[others < squares] = group
        np.minimum(squares, others, out=squares)
    return labels, squares


def _squares(points: Numbers, centres: Numbers) -> Numbers:
    """Return squared distances from one centre of each start: starts by points."""
    across = points[:, 0] - centres[:, 0, None]
    along = points[:, 1] - centres[:, 1, None]
    squares: Numbers = across * across + along * along
    return squares


def _spread_starts(points: Numbers, k: int, chance: np.random.Generator) -> Numbers:
    """Choose starts by k-means++ (Arthur and Vassilvitskii 2007): a farther point is likelier as the next centre."""
    centres = np.empty((RESTARTS, k, points.shape[1]))
    centres[:, 0] = points[chance.integers(len(points), size=RESTARTS)]
    nearest = np.full((RESTARTS, len(points)), np.inf)
    for number in range(1, k):
        nearest = np.minimum(nearest, _squares(points, centres[:, number - 1]))
        sums = np.cumsum(nearest, axis=1)
        picks = (sums < (chance.random(RESTARTS) * sums[:, -1])[:, None]).sum(axis=1)
        centres[:, number] = points[np.minimum(picks, len(points) - 1)]
    return centres
