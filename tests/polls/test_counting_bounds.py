"""What counts, at each bound: the last ballot that is valid and the first that isn't, a majority and half, a tie and none."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pytest

from bot.polls.counting import runoff
from bot.polls.counting.ballots import (
    AGREE,
    LONGEST_TEXT,
    MAX_SCORE,
    OBJECT,
    Fault,
    InvalidBallot,
    parse_ballot,
    scores,
)
from bot.polls.counting.score import read_scores
from bot.polls.counting.tally import Ballot, Decider, Method, Result, tally
from tests.polls.profiles import random_ranked
from tests.polls.test_methods import plain_run_off


def count(method: Method, counted: Mapping[str, int], options: str = "ABC") -> Result:
    return tally(method, list(options), {Ballot(text): number for text, number in counted.items()})


@pytest.mark.parametrize(
    ("counted", "winners"),
    [
        ({"0": 2, "1": 1}, (AGREE,)),
        ({"1": 3}, (AGREE,)),
        ({"0": 9, "2": 1}, (OBJECT,)),
        ({"2": 1}, (OBJECT,)),
        ({}, ()),
    ],
)
def test_one_objection_decides_a_consent_poll(counted: Mapping[str, int], winners: tuple[int, ...]) -> None:
    """However many agree; without one it passes, though all abstain, and without a ballot nothing is decided."""
    assert count(Method.CONSENT, counted).winners == winners


@pytest.mark.parametrize(
    ("counted", "smith_set", "winner"),
    [
        ({"0>1>2>3": 1, "1>2>0>3": 1, "2>0>1>3": 1}, (0, 1, 2), None),
        ({"0>1>2>3": 2, "1>2>0>3": 1}, (0,), 0),
        ({"0>1>2>3": 1, "1>0>2>3": 1}, (0, 1), None),
    ],
)
def test_the_smith_set_is_the_smallest_that_beats_all_others(
    counted: Mapping[str, int], smith_set: tuple[int, ...], winner: int | None
) -> None:
    """In a circle it is all of them, though each is beaten by one; an option that loses to all is never in it."""
    ranked = count(Method.RANKED, counted, "ABCD").ranked
    assert ranked is not None
    assert (ranked.pairwise.smith_set, ranked.pairwise.condorcet_winner) == (smith_set, winner)


def test_a_blank_is_as_low_as_a_zero() -> None:
    """Neither is preferred to the other; a score is preferred to both, and a blank is read as none."""
    assert scores(Ballot("0,,5")) == (0, None, 5)
    assert read_scores(3, {Ballot("0,,5"): 1}).prefer == ((0, 0, 0), (0, 0, 0), (1, 1, 0))


@pytest.mark.parametrize("method", Method)
def test_a_text_is_read_up_to_a_thousand_characters(method: Method) -> None:
    """Longer ones aren't read at all, and the refusal repeats the first 20 of them."""
    ballot = {Method.SCORE: "0,0,0"}.get(method, "0")
    assert LONGEST_TEXT == 1000
    assert parse_ballot(method, ballot.ljust(1000), 3) == ballot
    with pytest.raises(InvalidBallot) as refused:
        parse_ballot(method, ballot.ljust(1001), 3)
    assert refused.value.fault is Fault.MALFORMED
    assert refused.value.subject == ballot.ljust(20) + "…"


@pytest.mark.parametrize(
    ("method", "text", "fault"),
    [
        (Method.SINGLE, "0", None),
        (Method.SINGLE, "2", None),
        (Method.SINGLE, "3", Fault.UNKNOWN_OPTION),
        (Method.SINGLE, "٢", Fault.MALFORMED),
        (Method.SCORE, "0,5,", None),
        (Method.SCORE, "6,5,", Fault.BAD_SCORE),
        (Method.SCORE, "-1,5,", Fault.BAD_SCORE),
        (Method.SCORE, "٢,5,", Fault.MALFORMED),
        (Method.SCORE, "2,5", Fault.WRONG_LENGTH),
        (Method.SCORE, "2,5,,", Fault.WRONG_LENGTH),
        (Method.APPROVAL, "0,1", None),
        (Method.APPROVAL, "0,1,2", Fault.TOO_MANY),
        (Method.APPROVAL, "1,1", Fault.OPTION_TWICE),
        (Method.RANKED, "2>0>1", None),
        (Method.RANKED, "2>0>2", Fault.OPTION_TWICE),
        (Method.RANKED, "2>0=1", Fault.RANK_TWICE),
    ],
)
def test_a_ballot_at_its_bounds(method: Method, text: str, fault: Fault | None) -> None:
    """Options are 0 to 2 here, scores 0 to 5, and two approvals are the most."""
    assert MAX_SCORE == 5
    if fault is None:
        assert parse_ballot(method, text, 3, 2) == text
    else:
        with pytest.raises(InvalidBallot) as refused:
            parse_ballot(method, text, 3, 2)
        assert refused.value.fault is fault


def test_ranks_are_not_shared_unless_it_is_said() -> None:
    """An election held elsewhere may share them."""
    with pytest.raises(InvalidBallot):
        parse_ballot(Method.RANKED, "0=1", 3)
    assert parse_ballot(Method.RANKED, "1=0", 3, equal_ranks=True) == "0=1"


@pytest.mark.parametrize(
    ("method", "valid", "invalid"),
    [
        (Method.SINGLE, ["0", "2"], ["3", "-1", "0,1", "", "x", "²"]),
        (Method.APPROVAL, ["0,2", "2,0", "1"], ["0,3", "1,1", ",", "0>1"]),
        (Method.RANKED, ["0>1>2", "2", "02>1", "0=1>2"], ["0>1>0", "0>0", "3", "0>>1", "0=0", ""]),
        (
            Method.SCORE,
            ["5,0,1", ",,0", "05,0,1", "5,,"],
            ["6,0,0", "5,5", "5,5,5,5", ",,", "x,0,0", "-1,0,0", "5"],
        ),
    ],
)
def test_a_ballot_that_breaks_a_rule_is_counted_as_invalid(
    method: Method, valid: list[str], invalid: list[str]
) -> None:
    """It changes no total; one that is written otherwise counts like its canonical text."""
    result = count(method, dict.fromkeys(valid + invalid, 2))
    assert (result.cast, result.valid, result.invalid) == (
        2 * len(valid + invalid),
        2 * len(valid),
        2 * len(invalid),
    )
    assert result.totals == count(method, dict.fromkeys(valid, 2)).totals
    assert result.winners == count(method, dict.fromkeys(valid, 2)).winners


@pytest.mark.parametrize(("number", "refused"), [(-1, True), (0, False), (1, False)])
def test_a_ballot_is_cast_no_fewer_than_0_times(number: int, refused: bool) -> None:
    """One that was cast 0 times is none."""
    if refused:
        with pytest.raises(ValueError, match="fewer than 0"):
            count(Method.SINGLE, {"0": number})
    else:
        assert (count(Method.SINGLE, {"0": number}).cast, count(Method.SINGLE, {}).cast) == (number, 0)


@pytest.mark.parametrize("method", Method)
def test_no_ballot_gives_no_winner_and_nobody_who_beats_all(method: Method) -> None:
    """Neither does a poll of invalid ballots alone. A single ballot decides."""
    first = {Method.SCORE: "5,0,0"}.get(method, "0")
    for result in (count(method, {}), count(method, {"9": 1})):
        assert (result.winners, result.tie, result.exact, result.valid) == ((), False, True, 0)
        part = result.ranked or result.score
        assert part is None or (part.pairwise.smith_set, part.pairwise.condorcet_winner) == ((), None)
        assert result.score is None or (result.score.averages, result.score.finals) == ((0.0, 0.0, 0.0), ())
        assert all((total.percent, total.majority) == (0.0, False) for total in result.totals)
    result = count(method, {first: 1})
    assert (result.winners, result.tie, result.exact) == ((0,), False, True)
    part = result.ranked or result.score
    assert part is None or (part.pairwise.smith_set, part.pairwise.condorcet_winner) == ((0,), 0)


@pytest.mark.parametrize(("votes", "majority"), [(1, False), (2, False), (3, True)])
def test_half_is_no_majority(votes: int, majority: bool) -> None:
    """More than half is."""
    assert count(Method.SINGLE, {"0": votes, "1": 4 - votes}).totals[0].majority is majority


@pytest.mark.parametrize(
    ("counted", "rounds", "winners"),
    [
        ({"0": 3, "1>2": 1, "2>1": 1}, 1, (0,)),
        ({"0": 2, "1>2": 1, "2>1": 1}, 1, (0, 1, 2)),
        ({"0": 2, "1>2": 2, "2>1": 1}, 2, (1,)),
    ],
)
def test_a_round_ends_the_count_with_more_than_half(
    counted: Mapping[str, int], rounds: int, winners: tuple[int, ...]
) -> None:
    """With half of them it goes on, or stops at a tie that decides."""
    result = count(Method.RANKED, counted)
    assert result.ranked is not None
    assert len(result.ranked.rounds) == rounds
    assert result.winners == winners


def test_run_off_tries_every_order_where_all_ballots_share_ranks() -> None:
    """Then no order says by itself what is left of a ballot."""
    random, tried = Random(5), 0
    while tried < 200:
        counted = {
            text: min(number, 3) for text, number in random_ranked(random, 5, shared=True).items() if "=" in text
        }
        votes = [
            [set(map(int, rank.split("="))) for rank in text.split(">")]
            for text, number in counted.items()
            for _ in range(number)
        ]
        if counted:
            assert set(tally(Method.RANKED, "ABCDE", counted).winners) == plain_run_off(range(5), votes), counted
            tried += 1


def test_a_ballot_may_be_void_after_one_order_of_eliminations_alone() -> None:
    """Here each reaches a shared rank sooner or later, and three of four win in some order."""
    counted = {"1>2=3>0": 2, "3>1=2>0": 1, "2>1=3": 1, "0>2=3": 1}
    result = tally(Method.RANKED, "ABCD", {Ballot(text): number for text, number in counted.items()})
    assert (result.winners, result.exact) == ((1, 2, 3), True)


@pytest.mark.parametrize("limit", ["MOST_WORK", "MOST_AT_ONCE"])
def test_beyond_either_limit_on_work_every_option_left_is_possible(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    """The result says that it isn't exact. Within both limits the first wins, whichever of the others goes first."""
    counted = {"0": 4, "1>0": 2, "2>0": 2}
    result = count(Method.RANKED, counted)
    assert (result.exact, result.winners) == (True, (0,))
    monkeypatch.setattr(runoff, limit, 0)
    result = count(Method.RANKED, counted)
    assert (result.exact, result.winners) == (False, (0, 1, 2))


def test_no_tie_is_broken_where_there_is_none() -> None:
    """The two highest totals meet, and nothing is said of a tie for their places."""
    result = count(Method.SCORE, {"5,4,0": 2, "1,0,0": 1})
    assert result.score is not None
    assert result.score.tie_breaks == ()
    assert [[total.option for total in final.totals] for final in result.score.finals] == [[0, 1]]


def test_fives_alone_part_options_tied_for_a_place() -> None:
    """Two tied for one place, equal in preferences; a four is no five."""
    result = count(Method.SCORE, {"5,5,3": 1, "5,1,3": 1})
    assert result.score is not None
    (tie_break,) = result.score.tie_breaks
    assert (tie_break.among, tie_break.seats, tie_break.decided_by) == ((1, 2), 1, Decider.FIVES)
    result = count(Method.SCORE, {"5,4,3": 1, "5,2,3": 1})
    assert result.score is not None
    (tie_break,) = result.score.tie_breaks
    assert (tie_break.tied, tie_break.decided_by) == ((1, 2), Decider.NOTHING)
