"""The mathematics of discussions on cases that can be worked out by hand, and what never changes a result."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.deliberation import statistics as stats
from bot.deliberation.grouping import (
    find_components,
    find_eligible,
    first_distinct,
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
from bot.deliberation.vote_matrix import UNSEEN, Votes, in_canonical_order, muted, read_votes

TWO_CAMPS = [[1, 1, -1, -1, 1, 0, 1]] * 12 + [[-1, -1, 1, 1, 1, 0, 1]] * 12


def camps_of(stances: list[list[int]]) -> Votes:
    return np.array(stances, np.int8)


def test_the_latest_vote_counts() -> None:
    """A person who changes their mind has one vote; rows stand by first votes, columns by statement."""
    matrix = read_votes([(7, 2, 1), (5, 1, -1), (7, 2, 0)], [1, 2, 3])
    assert matrix.people == (7, 5)
    assert matrix.statements == (1, 2, 3)
    assert matrix.votes.tolist() == [[UNSEEN, 0, UNSEEN], [-1, UNSEEN, UNSEEN]]


@pytest.mark.parametrize("vote", [2, -2])
def test_only_three_votes_exist(vote: int) -> None:
    """A vote just beside -1 and 1 is refused."""
    with pytest.raises(ValueError, match="a vote is"):
        read_votes([(1, 1, vote)], [1])


def test_votes_on_other_statements_are_left_out() -> None:
    """A statement that is not listed has no column, and who voted on it alone no row."""
    assert read_votes([(1, 9, 1)], [1]).people == ()


def test_people_join_with_their_seventh_vote() -> None:
    """Who has seven votes first, joins first; changing a vote brings nobody closer."""
    slow = [(1, 0, 1)] * 9 + [(1, number, 1) for number in range(1, 6)]
    fast = [(2, number, 1) for number in range(7)]
    assert read_votes([*slow, *fast], range(7)).joining == (1, 0)


def test_a_muted_statement_keeps_its_column() -> None:
    """It is 0 for everybody, seen or not."""
    assert muted(camps_of([[1, UNSEEN], [-1, 1]]), [0]).tolist() == [[0, UNSEEN], [0, 1]]


def test_two_statements_that_divide_make_the_first_component() -> None:
    """Of statements on which all agree nothing depends; the rest share the direction."""
    components = find_components(camps_of(TWO_CAMPS))
    assert np.abs(components.vectors[0]).tolist() == pytest.approx([0.5, 0.5, 0.5, 0.5, 0, 0, 0])
    assert components.mean.tolist() == [0, 0, 0, 0, 1, 0, 1]


def test_the_sign_of_a_component_follows_the_one_before() -> None:
    """Turned about, the earlier components turn the later ones."""
    votes = camps_of(TWO_CAMPS)
    first = find_components(votes)
    turned = type(first)(first.mean, -first.vectors)
    assert find_components(votes, turned).vectors[0] == pytest.approx(-find_components(votes, first).vectors[0])


def test_a_position_counts_seen_statements_alone() -> None:
    """Half the statements seen: the sum is scaled by the root of two."""
    components = find_components(camps_of(TWO_CAMPS))
    whole = project(camps_of(TWO_CAMPS[:1]), components)[0, 0]
    part = project(camps_of([[1, 1, UNSEEN, UNSEEN, 1, 0, UNSEEN]]), components)[0, 0]
    assert part == pytest.approx(whole / 2 * np.sqrt(7 / 4))


@pytest.mark.parametrize(("votes", "joins"), [(7, True), (6, False)])
def test_seven_votes_make_eligible(votes: int, joins: bool) -> None:
    """At the boundary and just below it, where fifteen others are eligible."""
    rows = [[1] * 9] * 15 + [[1] * votes + [UNSEEN] * (9 - votes)]
    assert (15 in find_eligible(camps_of(rows))) is joins


def test_the_most_active_fill_fifteen_places() -> None:
    """Too few are eligible: those with the most votes are added; who was in stays in."""
    rows = [[1] * 9] * 13 + [[1] * count + [UNSEEN] * (9 - count) for count in (1, 3, 2)]
    assert find_eligible(camps_of(rows)).tolist() == [*range(13), 14, 15]
    assert find_eligible(camps_of(rows), earlier=[13]).tolist() == [*range(15)]


def test_k_means_drops_empty_clusters() -> None:
    """A centre to which nobody is closest goes."""
    points = np.array([[0.0, 0], [0, 1], [10, 0], [10, 1]])
    labels, centres = lloyd(points, np.ones(4), np.array([[0.0, 0], [10, 0], [99, 99]]), 20)
    assert labels.tolist() == [0, 0, 1, 1]
    assert centres.tolist() == [[0, 0.5], [10, 0.5]]


def test_first_distinct_points_begin() -> None:
    """A point that stands twice begins one cluster."""
    points = np.array([[2.0, 0], [2, 0], [1, 0], [3, 0]])
    assert first_distinct(points, 2).tolist() == [[2, 0], [1, 0]]


def test_silhouette_by_hand() -> None:
    """Three points in a line: of the pair .9 and 8/9, of the one alone 0."""
    points = np.array([[0.0, 0], [1, 0], [10, 0]])
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    assert silhouette(distances, np.array([0, 0, 1])) == pytest.approx((9 / 10 + 8 / 9 + 0) / 3)


def test_polis_groups_separate_two_camps() -> None:
    """Eligible people get a group, others none."""
    votes = camps_of(TWO_CAMPS)
    grouping = polis_groups(project(votes, find_components(votes)), range(1, 24))
    assert grouping.labels.tolist() == [-1] + [0] * 11 + [1] * 12


def test_tests_of_proportions_by_hand() -> None:
    """Nine of nine against a half is z = sqrt(10); nobody of none says nothing; all in both groups is 0."""
    assert stats.one_proportion_z(np.array([9]), np.array([9])) == pytest.approx(np.sqrt(10))
    assert stats.one_proportion_z(np.array([0]), np.array([0])) == pytest.approx(1)
    arguments = [np.array([number]) for number in (3, 0, 3, 3)]
    pooled = 5 / 8
    z = (1 - 1 / 4) / np.sqrt(pooled * (1 - pooled) * (1 / 4 + 1 / 4))
    assert stats.two_proportion_z(*arguments) == pytest.approx(z)
    assert stats.two_proportion_z(*[np.array([3])] * 4).tolist() == [0]


def test_group_aware_consensus_by_hand() -> None:
    """(3+1)/(4+2) times (1+1)/(4+2)."""
    counts = stats.Counts(np.array([[3], [1]]), np.array([[1], [3]]), np.array([[4], [4]]))
    assert stats.group_aware_consensus(counts) == pytest.approx(4 / 6 * 2 / 6)


def test_priorities_by_hand() -> None:
    """A new statement with extremity 1 is worth ((1 - 1/2) 2 (1/2) 9)²; a meta statement 49."""
    nothing = np.zeros(2, np.int64)
    weights = stats.priorities(stats.Counts(nothing, nothing, nothing), np.ones(2), meta=[1])
    assert weights.tolist() == pytest.approx([4.5**2, 49])


def test_a_group_stands_for_what_divides() -> None:
    """Agreements of one camp that the other rejects represent it, the best first; what all agree on does not."""
    votes = camps_of(TWO_CAMPS)
    first = np.arange(24) < 12
    counts = stats.count_votes(votes, [first, ~first])
    columns = [(item.column, item.agree) for item in stats.representatives(counts, 0)]
    assert columns == [(0, True), (1, True), (2, False), (3, False)]
    assert [item.column for item in stats.representatives(counts, 0, muted=[0])] == [1, 2, 3]


def test_consensus_lists_what_most_agree_on() -> None:
    """Agreed by all: listed. Passed by all, or split: not. Muted: not."""
    counts = stats.count_votes(camps_of(TWO_CAMPS))
    assert [item.column for item in stats.consensus(counts, agree=True)] == [4, 6]
    assert stats.consensus(counts, agree=False) == []
    assert [item.column for item in stats.consensus(counts, agree=True, muted=[4])] == [6]


def test_two_clear_camps_hold() -> None:
    """What divides them divides them, and what all agree on bridges."""
    camps = find_camps(camps_of(TWO_CAMPS))
    assert (camps.count, camps.reason, camps.eligible) == (2, None, 24)
    assert camps.labels.tolist() in ([0] * 12 + [1] * 12, [1] * 12 + [0] * 12)
    assert camps.bridges.tolist() == [False] * 4 + [True, False, True]


@pytest.mark.parametrize(("each", "reason"), [(10, None), (9, NoCamps.TOO_FEW_PEOPLE)])
def test_camps_take_twenty_people(each: int, reason: NoCamps | None) -> None:
    """At the boundary and just below it."""
    assert 2 * each >= PEOPLE_MIN or reason
    assert find_camps(camps_of(TWO_CAMPS[:each] + TWO_CAMPS[-each:])).reason is reason


@pytest.mark.parametrize(("few", "reason"), [(5, None), (4, NoCamps.SMALL_GROUP)])
def test_no_camp_has_fewer_than_five(few: int, reason: NoCamps | None) -> None:
    """At the boundary and just below it."""
    assert find_camps(camps_of(TWO_CAMPS[:12] * 2 + TWO_CAMPS[-few:])).reason is reason


def test_noise_has_no_camps() -> None:
    """Votes that nothing connects are grouped differently each time."""
    votes = np.random.default_rng(1).choice([1, 0, -1], (60, 12)).astype(np.int8)
    camps = find_camps(votes)
    assert camps.reason is NoCamps.UNSTABLE
    assert set(camps.labels) == {-1}
    assert not camps.bridges.any()


@given(st.randoms(use_true_random=False), st.integers(20, 40), st.integers(2, 12))
def test_the_order_of_people_never_matters(chance: object, people: int, statements: int) -> None:
    """Rows shuffled, everybody has the same group as before, to the bit."""
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
    """Two orders of the same rows become one matrix."""
    votes = np.random.default_rng(2).choice([1, 0, -1, UNSEEN], (30, 5)).astype(np.int8)
    turned = votes[::-1]
    assert votes[in_canonical_order(votes)].tolist() == turned[in_canonical_order(turned)].tolist()


def test_adjusted_rand_index_by_hand() -> None:
    """The same partition by other names is 1; one group against any other is 0; a known case of six people."""
    one, other = np.array([0, 0, 1, 1, 2, 2]), np.array([2, 2, 0, 0, 1, 1])
    assert adjusted_rand_index(one, other) == 1
    assert adjusted_rand_index(one, np.zeros(6, np.int64)) == 0
    first, second = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, 2, 2])
    assert adjusted_rand_index(first, second) == pytest.approx((2 - 6 * 3 / 15) / (4.5 - 6 * 3 / 15))


def test_the_largest_group_is_first() -> None:
    """Sizes decide, then the first row; who has no group keeps none."""
    assert by_size(np.array([0, 1, 1, -1, 2])).tolist() == [1, 0, 0, -1, 2]


def test_a_letter_stays_with_its_group() -> None:
    """Groups keep their numbers by overlap, whatever they are called anew; a new group gets a free number."""
    before = np.array([0, 0, 0, 1, 1, 1, -1])
    assert keep_letters(before, np.array([1, 1, 1, 0, 0, -1, 0])).tolist() == [0, 0, 0, 1, 1, -1, 1]
    assert keep_letters(before, np.array([2, 2, 0, 1, 1, 1, -1])).tolist() == [0, 0, 2, 1, 1, 1, -1]
    assert keep_letters(before, np.full(7, -1)).tolist() == [-1] * 7
