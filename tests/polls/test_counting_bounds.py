"""These tests count at each bound: the last valid ballot and the first invalid one, a majority, half, and a tie."""

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
    """One objection stops a consent poll, however many agree.

    Without one it passes, even if all abstain; without a ballot nothing is decided.
    """
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
    """In a circle the Smith set has all options of the circle; an option that loses to all is never in it."""
    ranked = count(Method.RANKED, counted, "ABCD").ranked
    assert ranked is not None
    assert (ranked.pairwise.smith_set, ranked.pairwise.condorcet_winner) == (smith_set, winner)


def test_a_blank_is_as_low_as_a_zero() -> None:
    """A blank score is read as none and is equal to a zero; any higher score is preferred to both."""
    assert scores(Ballot("0,,5")) == (0, None, 5)
    assert read_scores(3, {Ballot("0,,5"): 1}).prefer == ((0, 0, 0), (0, 0, 0), (1, 1, 0))


@pytest.mark.parametrize("method", Method)
def test_a_text_is_read_up_to_a_thousand_characters(method: Method) -> None:
    """A ballot's text may have up to 1,000 characters. The refusal of a longer one quotes its first 20."""
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
    """Of three options a ballot may name 0 to 2, each once, with scores of 0 to 5, and here at most two approvals."""
    assert MAX_SCORE == 5
    if fault is None:
        assert parse_ballot(method, text, 3, 2) == text
    else:
        with pytest.raises(InvalidBallot) as refused:
            parse_ballot(method, text, 3, 2)
        assert refused.value.fault is fault


def test_ranks_are_not_shared_unless_it_is_said() -> None:
    """Two options can't share a rank unless the count allows it, as for an election held elsewhere."""
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
    """A ballot that breaks a rule changes no total; one that is written otherwise counts like its canonical text."""
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
    """A ballot that was cast 0 times counts as none, and a negative number of times is refused."""
    if refused:
        with pytest.raises(ValueError, match="fewer than 0"):
            count(Method.SINGLE, {"0": number})
    else:
        assert (count(Method.SINGLE, {"0": number}).cast, count(Method.SINGLE, {}).cast) == (number, 0)


@pytest.mark.parametrize("method", Method)
def test_no_ballot_gives_no_winner_and_nobody_who_beats_all(method: Method) -> None:
    """A poll without a valid ballot has no winner and no tie, and a single valid ballot decides."""
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
    """An option needs more than half of the votes for a majority."""
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
    """A round with more than half for one option ends the count; at exactly half it goes on, or stops at a tie."""
    result = count(Method.RANKED, counted)
    assert result.ranked is not None
    assert len(result.ranked.rounds) == rounds
    assert result.winners == winners


def test_run_off_tries_every_order_where_all_ballots_share_ranks() -> None:
    """If all ballots share ranks, the run-off finds the winners of every possible order of elimination."""
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
    """Though each ballot here reaches a shared rank sooner or later, the run-off finds all three possible winners."""
    counted = {"1>2=3>0": 2, "3>1=2>0": 1, "2>1=3": 1, "0>2=3": 1}
    result = tally(Method.RANKED, "ABCD", {Ballot(text): number for text, number in counted.items()})
    assert (result.winners, result.exact) == ((1, 2, 3), True)


@pytest.mark.parametrize("limit", ["MOST_WORK", "MOST_AT_ONCE"])
def test_beyond_either_limit_on_work_every_option_left_is_possible(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    """Beyond a limit on its work, the count names every option left as possible and says that it isn't exact."""
    counted = {"0": 4, "1>0": 2, "2>0": 2}
    result = count(Method.RANKED, counted)
    assert (result.exact, result.winners) == (True, (0,))
    monkeypatch.setattr(runoff, limit, 0)
    result = count(Method.RANKED, counted)
    assert (result.exact, result.winners) == (False, (0, 1, 2))


def test_no_tie_is_broken_where_there_is_none() -> None:
    """If no options tie for a final place, the two highest totals meet and no tie-break is reported."""
    result = count(Method.SCORE, {"5,4,0": 2, "1,0,0": 1})
    assert result.score is not None
    assert result.score.tie_breaks == ()
    assert [[total.option for total in final.totals] for final in result.score.finals] == [[0, 1]]


def test_fives_alone_part_options_tied_for_a_place() -> None:
    """Of two options tied for a place and equal in preferences, the one with more fives gets it; a four is no five."""
    result = count(Method.SCORE, {"5,5,3": 1, "5,1,3": 1})
    assert result.score is not None
    (tie_break,) = result.score.tie_breaks
    assert (tie_break.among, tie_break.seats, tie_break.decided_by) == ((1, 2), 1, Decider.FIVES)
    result = count(Method.SCORE, {"5,4,3": 1, "5,2,3": 1})
    assert result.score is not None
    (tie_break,) = result.score.tie_breaks
    assert (tie_break.tied, tie_break.decided_by) == ((1, 2), Decider.NOTHING)
