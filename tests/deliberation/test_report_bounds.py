"""Tests of a result at its bounds: how many answers a number takes, and what camps, common ground and division are."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace

import numpy as np
import pytest

from bot.deliberation.ballots import Ballots, write_ballot
from bot.deliberation.findings import draw_weights
from bot.deliberation.model import (
    AnswerTotal,
    DiscussionStatement,
    StatementState,
)
from bot.deliberation.report import (
    DiscussionReport,
    ReportedStatement,
    _dividing,
    as_json,
    digest,
    make_report,
    read_report,
)
from bot.instance import Instance
from tests.deliberation.discussing import started


def ballots(*opinions: tuple[int, int, int]) -> Ballots:
    """Return a ballot for each person. Each opinion (count, statement, vote) gives a vote on a statement to the first
    people."""
    people = max(count for count, *_ in opinions)
    return [
        write_ballot({statement: vote for count, statement, vote in opinions if person < count})
        for person in range(people)
    ]


SHOWN = [DiscussionStatement(number, f"Statement {number}", starter=True) for number in range(2)]


@pytest.mark.parametrize(("people", "told"), [(6, 0), (7, 7), (0, 0)])
def test_of_fewer_than_seven_people_nothing_is_told(people: int, told: int) -> None:
    """A result of fewer than seven people tells nothing, not even how many they were."""
    report = make_report(SHOWN, ballots((people, 0, 1), (people, 1, -1)))
    assert report.people == told
    assert len(report.statements) == (2 if told else 0)
    assert told or replace(report, people=0) == DiscussionReport(0, 0, (), "", None, (), (), (), (), ())


@pytest.mark.parametrize(("count", "told"), [(4, False), (5, True)])
def test_of_fewer_than_five_answers_no_number_is_told(count: int, told: bool) -> None:
    """A result withholds the numbers of a statement with fewer than five answers, and lists it nowhere."""
    for vote, listed in ((1, "common"), (-1, "rejected")):
        report = make_report(SHOWN, ballots((9, 0, vote), (count, 1, vote)))
        assert (report.statement(1).total is not None) is told
        assert (1 in getattr(report, listed)) is told
        assert told or 1 not in (*report.common, *report.rejected, *report.dividing)
        assert report.statement(0).total == AnswerTotal(*((9, 0, 0) if vote == 1 else (0, 9, 0)))


def two_camps(*answered: int, firm: float = 0.85) -> Ballots:
    """Return the ballots of two camps of twelve, who mostly oppose each other on statements 0 to 11.

    `answered` is how many people of each camp, and how many others, answered statement 12.
    """
    chance, people = random.Random(5), []
    for camp, most in zip((1, -1), answered, strict=False):
        for person in range(12):
            own = {number: camp if chance.random() < firm else -camp for number in range(12)}
            people.append(own | ({12: 0} if person < most else {}))
    return [write_ballot(each) for each in (*people, *[{12: 0}] * answered[2])]


@pytest.mark.parametrize(
    ("one", "two", "others", "told"),
    [
        (5, 5, 0, True),
        (4, 5, 0, False),
        (5, 4, 0, False),
        (5, 5, 5, True),
        (5, 5, 4, False),
        (5, 5, 1, False),
        (10, 0, 0, False),
        (0, 10, 0, False),
    ],
)
def test_camps_are_told_where_five_of_each_answered(one: int, two: int, others: int, told: bool) -> None:
    """A result tells a statement's numbers by camp only if five people of each camp answered it, and five or none of
    the people without a camp. Otherwise the difference would tell of fewer."""
    statements = [DiscussionStatement(number, f"Statement {number}", starter=True) for number in range(13)]
    report = make_report(statements, two_camps(one, two, others))
    assert report.sizes == (12, 12)
    parts = (AnswerTotal(0, 0, one), AnswerTotal(0, 0, two))
    assert report.statement(12).groups in ((parts, parts[::-1]) if told else (None,))
    assert report.statement(12).total == AnswerTotal(0, 0, one + two + others)
    assert all(each.position != 12 for group in report.stands_for for each in group)


def test_no_camp_stands_for_what_too_few_of_another_answered() -> None:
    """A camp stands for a statement only if at least five people of the other camp answered it. Four are too few."""
    statements = [DiscussionStatement(number, f"Statement {number}", starter=True) for number in range(13)]
    for few, told in ((4, False), (5, True)):
        ends = ["a"] * 12 + ["d"] * few + [""] * (12 - few)
        people = [each + end for each, end in zip(two_camps(0, 0, 0), ends, strict=True)]
        report = make_report(statements, people)
        assert (report.statement(12).groups is not None) is told
        assert any(each.position == 12 for group in report.stands_for for each in group) is told


def test_a_camp_stands_for_nothing_where_nobody_took_a_side() -> None:
    """A camp that passes on every statement stands for nothing, because a pass is no disagreement."""
    statements = [DiscussionStatement(number, f"Statement {number}", starter=True) for number in range(13)]
    people = [write_ballot(dict.fromkeys(range(13), vote)) for vote in (1, 0) for _ in range(12)]
    report = make_report(statements, people)
    assert sorted(map(len, report.stands_for)) == [0, 5]


@pytest.mark.parametrize(
    ("state", "common"), [(StatementState.OPEN, (13,)), (StatementState.MUTED, ())], ids=["open", "muted"]
)
def test_common_ground_is_what_every_camp_agrees_with(state: StatementState, common: tuple[int, ...]) -> None:
    """Common ground is a statement that most people of every camp agree with. Three quarters of all people, but only
    half of one camp, aren't enough, and a muted statement is none."""
    statements = [DiscussionStatement(number, f"Statement {number}", starter=True) for number in range(15)]
    statements[13] = replace(statements[13], state=state)
    people = [f"{each}a{'a' if person < 18 else 'd'}" for person, each in enumerate(two_camps(12, 12, 0))]
    report = make_report(statements, people)
    assert (report.sizes, report.common, report.eligible, report.reason) == ((12, 12), common, 24, "")
    assert report.stability == 1.0


def test_camps_that_do_not_hold_are_not_told() -> None:
    """A result doesn't tell camps that don't hold. It tells how far they held, to two decimals."""
    statements = [DiscussionStatement(number, f"Statement {number}", starter=True) for number in range(13)]
    report = make_report(statements, two_camps(0, 0, 0, firm=0.75))
    assert (report.sizes, report.reason, report.stands_for) == ((), "unstable", ())
    assert report.stability is not None
    assert 0.5 < report.stability == round(report.stability, 2) < 0.8


def test_without_camps_common_ground_is_what_most_agree_with() -> None:
    """Fewer than twenty people have no camps and no stability. Common ground is then the statements that most of them
    agree with."""
    report = make_report(SHOWN, ballots((19, 0, 1), (19, 1, -1)))
    assert (report.sizes, report.reason, report.stability) == ((), "too_few_people", None)
    assert (report.common, report.rejected) == ((0,), (1,))


def test_the_draw_favours_what_is_new_and_what_moves_people() -> None:
    """In the draw a new statement weighs most, then one that people agree with, and one that all passed weighs least.
    An extremity raises a weight, and a statement newer than the extremities has none."""
    new, agreed, passed = (
        DiscussionStatement(0, "new", starter=True),
        DiscussionStatement(1, "agreed", starter=True, agrees=10, disagrees=6, passes=4),
        DiscussionStatement(2, "passed", starter=True, passes=20),
    )
    assert [each.answers for each in (new, agreed, passed)] == [0, 20, 20]
    weights = draw_weights([new, agreed, passed])
    assert weights[0] > weights[1] > weights[2]
    assert weights.tolist() == pytest.approx([5.0625, 0.335873, 0.0000096049], rel=1e-4)
    moved = draw_weights([new, agreed, passed], np.array([0.0, 3.0]))
    assert (moved / weights).tolist() == pytest.approx([1, 16, 1])
    assert draw_weights([new], np.array([0.0, 3.0])).tolist() == [weights[0]]


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (StatementState.OPEN, True),
        (StatementState.MUTED, True),
        (StatementState.WAITING, False),
        (StatementState.REJECTED, False),
        (StatementState.DRAFT, False),
    ],
)
def test_what_moderators_never_accepted_is_not_in_the_result(state: StatementState, shown: bool) -> None:
    """A result leaves out the statements that moderators never accepted. A muted statement is in it with its
    numbers, but neither in the common ground nor among the rejected statements."""
    statements = [SHOWN[0], replace(SHOWN[1], state=state)]
    report = make_report(statements, ballots((20, 0, 1), (20, 1, 1)))
    assert [each.position for each in report.statements] == [0, 1][: 1 + shown]
    assert (1 in report.common) is (state is StatementState.OPEN)
    assert all(each.muted is (state is StatementState.MUTED) for each in report.statements[1:])
    assert all(each.total == AnswerTotal(20, 0, 0) for each in report.statements)
    against = make_report(statements, ballots((20, 0, 1), (20, 1, -1)))
    assert len(against.statements) == 1 + shown
    assert (1 in against.rejected) is (state is StatementState.OPEN)


def reported(position: int, agree: int, disagree: int, *groups: AnswerTotal) -> ReportedStatement:
    total = AnswerTotal(agree, disagree, 100 - agree - disagree)
    return ReportedStatement(position, "x", starter=True, muted=False, total=total, groups=groups or None)


def test_what_divides_has_thirty_percent_on_both_sides() -> None:
    """A statement divides if at least 30% stand on either side. The result lists at most five, the most divided first,
    and between camps the distance of their shares decides."""
    assert _dividing([reported(0, 30, 70), reported(1, 29, 71), reported(2, 50, 50), reported(3, 60, 30)]) == (2, 0, 3)
    assert _dividing([reported(number, 50, 50) for number in range(6)]) == (0, 1, 2, 3, 4)
    far, near = AnswerTotal(80, 20, 0), AnswerTotal(50, 50, 0)
    assert _dividing([reported(0, 65, 35, far, near), reported(1, 65, 35, near, near)]) == (0,)
    assert _dividing([replace(reported(0, 50, 50), total=None)]) == ()


def test_a_muted_statement_divides_nobody() -> None:
    """A result doesn't list a muted statement as dividing, even if half agree with it and half disagree."""
    for state, dividing in ((StatementState.OPEN, (1,)), (StatementState.MUTED, ())):
        statements = [SHOWN[0], replace(SHOWN[1], state=state)]
        assert make_report(statements, ["aa", "ad"] * 5).dividing == dividing


async def test_a_result_is_one_text_that_reads_back(here: Instance) -> None:
    """A result has one text, with keys in order, no spaces between and letters as they are, so everyone gets the same
    hash. The text reads back as the same result."""
    discussion = await started(here, question="Küche?")
    statements = [DiscussionStatement(number, f"Statement {number}", starter=True) for number in range(13)]
    for people in (two_camps(12, 12, 0), two_camps(4, 5, 0), ["a"] * 6):
        report = make_report(statements, people)
        content = as_json(discussion, report)
        assert read_report(content) == report
        assert content == json.dumps(json.loads(content), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert "Küche?" in content
        assert digest(content) == hashlib.sha256(content.encode()).hexdigest()


def test_a_share_is_of_all_answers() -> None:
    """A share is of all answers, passes included. Of no answers it is 0."""
    total = AnswerTotal(1, 2, 1)
    assert (total.answers, total.share(), total.share(agree=False)) == (4, 25.0, 50.0)
    assert AnswerTotal(0, 0, 0).share() == 0.0
