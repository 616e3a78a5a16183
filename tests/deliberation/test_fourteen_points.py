"""Tests of the fourteen points in which implementations of Polis differ, by number, each at its boundary."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from bot.deliberation import statistics as stats
from bot.deliberation.grouping import find_components, find_eligible, first_distinct, lloyd, polis_groups, project
from bot.deliberation.polis_mode import PolisConversation, PolisNumbers, polis_numbers
from bot.deliberation.vote_matrix import UNSEEN, Numbers, Votes, muted, read_votes

U = UNSEEN


def matrix(*rows: Sequence[int]) -> Votes:
    return np.array(rows, np.int8)


def numbers(rows: Sequence[Sequence[int]], *, out: Sequence[int] = (), statements: int = 0) -> PolisNumbers:
    """Return what Polis would publish of a matrix in which everybody answers from left to right."""
    votes = [(person, each, vote) for person, row in enumerate(rows) for each, vote in enumerate(row) if vote != U]
    return polis_numbers(PolisConversation(votes, range(statements or len(rows[0])), out), range(len(rows)))


def listed(polis: PolisNumbers) -> set[int]:
    """Return the statements that stand in any list."""
    represented = {statement for group in polis.representative for statement, _ in group}
    return represented.union(polis.agreed, polis.disagreed)


def test_point_1_the_latest_vote_counts_and_a_pass_is_no_gap() -> None:
    """A changed vote replaces the earlier one. A pass is 0, an unseen statement is a missing vote, and there is no
    fourth vote."""
    votes = read_votes([(1, 0, 1), (1, 1, 0), (1, 0, -1)], range(3)).votes
    assert votes.tolist() == [[-1, 0, UNSEEN]]
    for wrong in (2, -2):
        with pytest.raises(ValueError, match="a vote is"):
            read_votes([(1, 0, wrong)], [0])


def test_point_2_rows_stand_by_first_votes() -> None:
    """Rows stand in the order of people's first votes. A person's later votes move no row, and a vote on an unlisted
    statement makes none."""
    assert read_votes([(7, 9, 1), (5, 1, -1), (7, 2, 0), (5, 2, 1)], [1, 2]).people == (5, 7)


def test_point_3_a_muted_column_is_0_and_still_counts() -> None:
    """The column of a muted statement is 0. It still counts in the scale of positions, and it stands in no list."""
    assert muted(matrix([1, U], [-1, 1]), [0]).tolist() == [[0, U], [0, 1]]
    rows = [[1, 1, 1], [1, 1, 1], [-1, -1, 1], [-1, -1, 1]]
    votes = muted(matrix(*rows), [2])
    inner = project(votes[:, :2], find_components(votes[:, :2]))
    assert np.abs(project(votes, find_components(votes))) == pytest.approx(np.abs(inner))  # 3 of 3 seen, as 2 of 2
    for third, column in ((1, 2), (-1, 2), (1, 0)):
        people = [[*row[:2], third] for row in rows] * 5
        assert column in listed(numbers(people))
        assert column not in listed(numbers(people, out=[column]))


def test_point_3_a_statement_without_votes_has_no_column() -> None:
    """A statement without votes has no column, so it has no numbers and moves nobody."""
    rows = [[1, 1, U], [1, -1, U], [-1, 1, U], [-1, -1, U]]
    more, fewer = numbers(rows), numbers([row[:2] for row in rows])
    assert more == fewer
    assert set(more.priorities) == {0, 1}


def test_point_4_a_missing_vote_is_the_mean() -> None:
    """A missing vote counts as the mean and pulls nobody. The sign of a component follows the one before, or else its
    largest entry."""
    votes = matrix([1, 1], [-1, -1], [1, U], [-1, U])
    components = find_components(votes)
    assert components.mean.tolist() == [0, 0]
    assert components.vectors[0].max() > 0
    assert project(votes, components)[2, 0] == pytest.approx(components.vectors[0, 0] * np.sqrt(2))
    turned = type(components)(components.mean, -components.vectors)
    assert find_components(votes, turned).vectors == pytest.approx(-components.vectors)


def test_point_5_people_who_vote_alike_stand_on_one_point() -> None:
    """People who vote alike stand on one point, to the bit, in any rows. Only the statements that they saw count,
    scaled by the root of all statements over those seen."""
    chance = np.random.default_rng(5)
    votes = chance.choice([1, 0, -1, U], (97, 31)).astype(np.int8)
    votes[[3, 40, 96]] = votes[3]
    components = find_components(votes)
    positions = project(votes, components)
    assert len({positions[row].tobytes() for row in (3, 40, 96)}) == 1
    seen = votes[3] != U
    plain = (votes[3, seen] - components.mean[seen]) @ components.vectors[:, seen].T
    assert positions[3] == pytest.approx(plain * np.sqrt(31 / seen.sum()))


@pytest.mark.parametrize(("statements", "votes", "joins"), [(9, 7, True), (9, 6, False), (5, 5, True), (5, 4, False)])
def test_point_6_seven_votes_or_all_make_eligible(statements: int, votes: int, joins: bool) -> None:
    """A person with seven votes, or with a vote on every statement, is eligible. If fewer than fifteen are, the most
    active people fill up to fifteen. A person who was eligible stays eligible."""
    few = [1] * votes + [U] * (statements - votes)
    assert (15 in find_eligible(matrix(*[[1] * statements] * 15, few))) is joins
    alone = matrix(*[[1] * statements] * 13, few, [1] * 2 + [U] * (statements - 2), [1] + [U] * (statements - 1))
    assert find_eligible(alone).tolist() == list(range(15))
    assert 15 in find_eligible(alone, earlier=[15])


@pytest.mark.parametrize("count", [100, 101])
def test_point_7_a_hundred_base_clusters_begin_at_the_first_points(count: int) -> None:
    """The hundred base clusters begin at the first hundred distinct points. The next point joins the nearest cluster,
    and an empty cluster goes."""
    points = np.array([[10.0 * number, 0] for number in range(count)])
    start = first_distinct(np.repeat(points, 2, axis=0), 100)
    assert start.tolist() == points[:100].tolist()
    labels, centres = lloyd(points, np.ones(count), np.vstack([start, [[-1e9, 0]]]), 100)
    assert (len(centres), labels[-1]) == (100, 99)


@pytest.mark.parametrize(("moved", "group"), [(0.0099, 0), (0.0101, 1)])
def test_point_7_k_means_stops_when_no_centre_moves_by_a_hundredth(moved: float, group: int) -> None:
    """K-means stops when no centre moves by 0.01: after a move of 0.0099 it makes no further step, and after one of
    0.0101 it does."""
    points = np.array([[4.999, 0], [-4.999 - 2 * moved, 0], [10, 0]])
    labels, _ = lloyd(points, np.ones(3), np.array([[0.0, 0], [10, 0]]), 20)
    assert labels.tolist() == [group, 0, 1]


def test_point_8_an_equally_near_point_goes_to_the_later_group() -> None:
    """A point that is equally near to two groups goes to the later one, as with Clojure's `min-key`."""
    labels, _ = lloyd(np.array([[0.0, 0], [2, 0], [1, 0]]), np.ones(3), np.array([[0.0, 0], [2, 0]]), 0)
    assert labels.tolist() == [0, 1, 1]


@pytest.mark.parametrize(("bases", "most"), [(11, 2), (12, 3), (24, 4), (36, 5), (48, 5)])
def test_point_8_so_many_groups_at_most(bases: int, most: int) -> None:
    """There are at most 2 groups plus one for every twelve base clusters, and never more than five."""
    chance = np.random.default_rng(8)
    centres = 100 * np.array([[np.cos(turn), np.sin(turn)] for turn in np.arange(6) * np.pi / 3])
    positions = centres[np.arange(bases) % 6] + chance.normal(0, 0.1, (bases, 2))
    assert polis_groups(positions, range(bases)).count == most


def test_point_8_base_clusters_weigh_by_size() -> None:
    """A base cluster of three people pulls its group's centre three times as much as one of one person."""
    points = np.array([[0.0, 0], [4, 0], [100, 0]])
    _, centres = lloyd(points, np.array([3.0, 1, 1]), np.array([[0.0, 0], [100, 0]]), 20)
    assert centres.tolist() == [[1, 0], [100, 0]]


@pytest.mark.parametrize(("successes", "seen", "p"), [(0, 0, 1 / 2), (1, 2, 1 / 2), (3, 4, 4 / 6)])
def test_point_9_a_share_counts_who_passed(successes: int, seen: int, p: float) -> None:
    """The share of s agreements among n people who saw a statement is (s + 1) / (n + 2). People who passed saw it
    too."""
    assert stats.probability(np.array(successes), np.array(seen)) == pytest.approx(p)
    counts = stats.count_votes(matrix([1], [0], [U]))
    assert (counts.seen.tolist(), counts.passes.tolist()) == ([2], [1])


def test_point_10_tests_of_proportions() -> None:
    """The test of one proportion gives z = sqrt(10) for nine of nine, and 1 for none of none. The test of two
    proportions pools them, and gives 0 if everybody agreed in both."""
    assert stats.one_proportion_z(np.array([9, 0]), np.array([9, 0])) == pytest.approx([np.sqrt(10), 1])
    pooled = 5 / 8
    z = (1 - 1 / 4) / np.sqrt(pooled * (1 - pooled) * (1 / 4 + 1 / 4))
    assert stats.two_proportion_z(*(np.array([each]) for each in (3, 0, 3, 3))) == pytest.approx(z)
    assert stats.two_proportion_z(*[np.array([3])] * 4).tolist() == [0]


def group_counts(inside: Sequence[tuple[int, int, int]], outside: Sequence[tuple[int, int, int]]) -> stats.Counts:
    """Return the counts of two groups, of (agrees, disagrees, passes) per statement."""
    table = np.array([inside, outside])
    return stats.Counts(table[..., 0], table[..., 1], table.sum(axis=2))


def test_point_11_what_a_group_stands_for() -> None:
    """A group stands for at most five statements: its best agreement, then the others by weight, with agreements before
    disagreements. A muted statement is never one of them."""
    inside, outside = [(9, 0, 0)] * 4 + [(0, 9, 0)] * 3 + [(9, 0, 0)], [(0, 9, 0)] * 4 + [(9, 0, 0)] * 3 + [(9, 0, 0)]
    counts = group_counts(inside, outside)
    chosen = [(item.column, item.agree) for item in stats.representatives(counts, 0)]
    assert chosen == [(0, True), (1, True), (2, True), (3, True), (4, False)]
    assert [item.column for item in stats.representatives(counts, 0, muted=[0, 4])] == [1, 2, 3, 5, 6]


def test_point_11_where_no_statement_passes_an_agreement_that_is_likely() -> None:
    """If no statement passes the tests, a group stands for an agreement that is likely: two of three in the group
    against one of three elsewhere are enough, one agreement and one pass are not."""
    likely = stats.representatives(group_counts([(1, 0, 1), (2, 1, 0)], [(0, 1, 1), (1, 1, 1)]), 0)
    assert [(item.column, item.agree) for item in likely] == [(1, True)]


@pytest.mark.parametrize(
    ("inside", "outside", "column"), [((0, 1, 1), (0, 2, 1), 0), ((0, 1, 2), (0, 2, 2), 2)], ids=["up", "down"]
)
def test_point_11_where_no_agreement_is_likely_the_largest_z(
    inside: tuple[int, int, int], outside: tuple[int, int, int], column: int
) -> None:
    """If no agreement is likely either, a group stands for the statement with the largest z. Of three equal ones, it
    takes the first if 32 bits round z up, and the last if they round it down."""
    counts = group_counts([inside] * 3, [outside] * 3)
    assert [item.column for item in stats.representatives(counts, 0)] == [column]


@pytest.mark.parametrize(
    ("agrees", "seen", "listed"), [(3, 4, True), (2, 3, False), (5, 7, True), (5, 8, False), (0, 0, False)]
)
def test_point_12_consensus_takes_a_test(agrees: int, seen: int, listed: bool) -> None:
    """A statement is consensus if z is above 1.2816: three of four have 1.34, two of three have 1.00. The list has at
    most five, the first of equals, and never a muted one."""
    counts = stats.Counts(np.array([agrees]), np.array([0]), np.array([seen]))
    assert bool(stats.consensus(counts, agree=True)) is listed
    assert stats.consensus(counts, agree=False) == []
    assert stats.consensus(counts, agree=True, muted=[0]) == []
    many = stats.Counts(np.full(6, 9), np.zeros(6, np.int64), np.full(6, 9))
    assert [item.column for item in stats.consensus(many, agree=True)] == [0, 1, 2, 3, 4]


def test_point_13_group_aware_consensus_is_a_product() -> None:
    """Group-aware consensus is the product of the groups' shares. A group that saw nothing counts a half."""
    counts = group_counts([(3, 1, 0), (3, 1, 0)], [(1, 3, 0), (0, 0, 0)])
    assert stats.group_aware_consensus(counts) == pytest.approx([4 / 6 * 2 / 6, 4 / 6 / 2])


@pytest.mark.parametrize(
    ("counted", "extremity", "weight"),
    [
        ((0, 0, 0), 1.0, (0.5 * 2 * 0.5 * 9) ** 2),
        ((5, 0, 0), 0.0, (6 / 7 * 6 / 7 * 5) ** 2),
        ((0, 0, 5), 0.0, (5 / 49) ** 2),
    ],
)
def test_point_14_priorities(counted: tuple[int, int, int], extremity: float, weight: float) -> None:
    """New, agreed and extreme statements have a high priority, and one that everybody passed has a very low one. A meta
    statement always has 49."""
    table = np.array([counted, counted])
    counts = stats.Counts(table[:, 0], table[:, 1], table.sum(axis=1))
    lengths: Numbers = np.full(2, extremity)
    assert stats.priorities(counts, lengths, meta=[1]).tolist() == pytest.approx([weight, 49])
