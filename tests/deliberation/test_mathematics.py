"""Tests of the mathematics of discussions on cases that can be worked out by hand, and of changes that never change a
result."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.deliberation import statistics as stats
from bot.deliberation.grouping import (
    find_components,
    lloyd,
    polis_groups,
    project,
    silhouette,
)
from bot.deliberation.stability import (
    PEOPLE_MIN,
    NoCamps,
    adjusted_rand_index,
    by_size,
    find_camps,
    keep_letters,
)
from bot.deliberation.vote_matrix import UNSEEN, Votes, in_canonical_order, read_votes

TWO_CAMPS = [[1, 1, -1, -1, 1, 0, 1]] * 12 + [[-1, -1, 1, 1, 1, 0, 1]] * 12


def camps_of(stances: list[list[int]]) -> Votes:
    return np.array(stances, np.int8)


def test_people_join_with_their_seventh_vote() -> None:
    """The person who reaches seven votes first joins first. Changing a vote brings nobody closer."""
    slow = [(1, 0, 1)] * 9 + [(1, number, 1) for number in range(1, 6)]
    fast = [(2, number, 1) for number in range(7)]
    assert read_votes([*slow, *fast], range(7)).joining == (1, 0)


def test_two_statements_that_divide_make_the_first_component() -> None:
    """The statements that divide people share the first component equally. Statements on which all agree have no part
    in it."""
    components = find_components(camps_of(TWO_CAMPS))
    assert np.abs(components.vectors[0]).tolist() == pytest.approx([0.5, 0.5, 0.5, 0.5, 0, 0, 0])
    assert components.mean.tolist() == [0, 0, 0, 0, 1, 0, 1]


def test_k_means_drops_empty_clusters() -> None:
    """K-means drops a centre to which nobody is closest."""
    points = np.array([[0.0, 0], [0, 1], [10, 0], [10, 1]])
    labels, centres = lloyd(points, np.ones(4), np.array([[0.0, 0], [10, 0], [99, 99]]), 20)
    assert labels.tolist() == [0, 0, 1, 1]
    assert centres.tolist() == [[0, 0.5], [10, 0.5]]


def test_silhouette_by_hand() -> None:
    """Of three points in a line, the two of a pair have silhouettes of 9/10 and 8/9, and the lone one has 0. The result
    is their mean."""
    points = np.array([[0.0, 0], [1, 0], [10, 0]])
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    assert silhouette(distances, np.array([0, 0, 1])) == pytest.approx((9 / 10 + 8 / 9 + 0) / 3)


def test_polis_groups_separate_two_camps() -> None:
    """Each eligible person of two camps gets their camp's group, and the others get none."""
    votes = camps_of(TWO_CAMPS)
    grouping = polis_groups(project(votes, find_components(votes)), range(1, 24))
    assert grouping.labels.tolist() == [-1] + [0] * 11 + [1] * 12


def test_a_group_stands_for_what_divides() -> None:
    """A group stands for statements that the other camp answers the opposite way, agreements first. It doesn't stand
    for what all agree on, or for a muted statement."""
    votes = camps_of(TWO_CAMPS)
    first = np.arange(24) < 12
    counts = stats.count_votes(votes, [first, ~first])
    columns = [(item.column, item.agree) for item in stats.representatives(counts, 0)]
    assert columns == [(0, True), (1, True), (2, False), (3, False)]
    assert [item.column for item in stats.representatives(counts, 0, muted=[0])] == [1, 2, 3]


def test_consensus_lists_what_most_agree_on() -> None:
    """The consensus lists a statement that all agree on. It doesn't list one that all passed, one that splits the camps
    or a muted one."""
    counts = stats.count_votes(camps_of(TWO_CAMPS))
    assert [item.column for item in stats.consensus(counts, agree=True)] == [4, 6]
    assert stats.consensus(counts, agree=False) == []
    assert [item.column for item in stats.consensus(counts, agree=True, muted=[4])] == [6]


def test_two_clear_camps_hold() -> None:
    """Two clear camps of twelve hold. A statement that divides them is no bridge, and one on which all agree is."""
    camps = find_camps(camps_of(TWO_CAMPS))
    assert (camps.count, camps.reason, camps.eligible) == (2, None, 24)
    assert camps.labels.tolist() in ([0] * 12 + [1] * 12, [1] * 12 + [0] * 12)
    assert camps.bridges.tolist() == [False] * 4 + [True, False, True]


@pytest.mark.parametrize(("each", "reason"), [(10, None), (9, NoCamps.TOO_FEW_PEOPLE)])
def test_camps_take_twenty_people(each: int, reason: NoCamps | None) -> None:
    """Camps need twenty people: 20 have camps, and 18 have none."""
    assert 2 * each >= PEOPLE_MIN or reason
    assert find_camps(camps_of(TWO_CAMPS[:each] + TWO_CAMPS[-each:])).reason is reason


@pytest.mark.parametrize(("few", "reason"), [(5, None), (4, NoCamps.SMALL_GROUP)])
def test_no_camp_has_fewer_than_five(few: int, reason: NoCamps | None) -> None:
    """A camp has at least five people. With a group of four there are no camps."""
    assert find_camps(camps_of(TWO_CAMPS[:12] * 2 + TWO_CAMPS[-few:])).reason is reason


@pytest.mark.parametrize(("passed", "low", "high", "reason"), [(0.5, 0.9, 1, None), (0.65, 0.8, 0.9, NoCamps.UNSTABLE)])
def test_camps_hold_from_the_threshold_on(passed: float, low: float, high: float, reason: NoCamps | None) -> None:
    """Camps hold if their stability is at least the threshold: at just that stability they hold, and a bit below it
    they don't."""
    is_passed = np.random.default_rng(4).random((24, 7)) < passed
    votes = np.where(is_passed, 0, camps_of(TWO_CAMPS)).astype(np.int8)
    camps = find_camps(votes)
    assert camps.stability is not None
    assert low < camps.stability < high
    assert camps.reason is reason
    assert find_camps(votes, threshold=camps.stability).reason is None
    assert find_camps(votes, threshold=np.nextafter(camps.stability, 2)).reason is NoCamps.UNSTABLE


def test_noise_has_no_camps() -> None:
    """Random votes have no camps, because they are grouped differently each time."""
    votes = np.random.default_rng(1).choice([1, 0, -1], (60, 12)).astype(np.int8)
    camps = find_camps(votes)
    assert camps.reason is NoCamps.UNSTABLE
    assert set(camps.labels) == {-1}
    assert not camps.bridges.any()


@given(st.randoms(use_true_random=False), st.integers(20, 40), st.integers(2, 12))
def test_the_order_of_people_never_matters(chance: object, people: int, statements: int) -> None:
    """The order of people changes neither the stability nor anybody's group, to the bit."""
    assert hasattr(chance, "getrandbits")
    generator = np.random.default_rng(chance.getrandbits(32))
    stance = generator.choice([1, -1], (2, statements))
    votes = stance[generator.integers(2, size=people)]
    votes = np.where(generator.random(votes.shape) < 0.2, generator.choice([0, UNSEEN], votes.shape), votes).astype(
        np.int8
    )
    order = generator.permutation(people)
    plain, shuffled = find_camps(votes), find_camps(votes[order])
    assert shuffled.stability == plain.stability
    assert shuffled.labels.tolist() == plain.labels[order].tolist()


def test_canonical_order_depends_on_rows_alone() -> None:
    """The canonical order makes one matrix of any two orders of the same rows."""
    votes = np.random.default_rng(2).choice([1, 0, -1, UNSEEN], (30, 5)).astype(np.int8)
    turned = votes[::-1]
    assert votes[in_canonical_order(votes)].tolist() == turned[in_canonical_order(turned)].tolist()


def test_adjusted_rand_index_by_hand() -> None:
    """The adjusted Rand index is 1 for the same partition under other names, and 0 for a single group against any
    other. It agrees with a known case of six people."""
    one, other = np.array([0, 0, 1, 1, 2, 2]), np.array([2, 2, 0, 0, 1, 1])
    assert adjusted_rand_index(one, other) == 1
    assert adjusted_rand_index(one, np.zeros(6, np.int64)) == 0
    first, second = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, 2, 2])
    assert adjusted_rand_index(first, second) == pytest.approx((2 - 6 * 3 / 15) / (4.5 - 6 * 3 / 15))


def test_the_largest_group_is_first() -> None:
    """Groups are numbered by size, then by their first row. A person without a group keeps none."""
    assert by_size(np.array([0, 1, 1, -1, 2])).tolist() == [1, 0, 0, -1, 2]


def test_a_letter_stays_with_its_group() -> None:
    """A group keeps its number by overlap with the earlier groups, and a new group gets a free number."""
    before = np.array([0, 0, 0, 1, 1, 1, -1])
    assert keep_letters(before, np.array([1, 1, 1, 0, 0, -1, 0])).tolist() == [0, 0, 0, 1, 1, -1, 1]
    assert keep_letters(before, np.array([2, 2, 0, 1, 1, 1, -1])).tolist() == [0, 0, 2, 1, 1, 1, -1]
    assert keep_letters(before, np.full(7, -1)).tolist() == [-1] * 7
