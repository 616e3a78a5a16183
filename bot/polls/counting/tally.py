"""The tally of a poll, as a pure function over counted distinct ballots.

Neither the order of ballots nor that of options matters; the cost depends on the number of distinct ballots, not on
their total. Large polls of many kinds take up to seconds of pure computation: run those in a thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bot.polls.counting.ballots import AGREE, MAX_SCORE, OBJECT, Ballot, Fault, InvalidBallot, Method, parse_ballot
from bot.polls.counting.ranked import compare_pairs, count_rounds, read_ranked
from bot.polls.counting.results import (
    Base,
    Decider,
    Final,
    Pairwise,
    Quorum,
    RankedCount,
    Result,
    Round,
    Rule,
    ScoreCount,
    TieBreak,
    Total,
)
from bot.polls.counting.score import count_scores, read_scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "Ballot",
    "Base",
    "Decider",
    "Fault",
    "Final",
    "InvalidBallot",
    "Method",
    "Pairwise",
    "Quorum",
    "RankedCount",
    "Result",
    "Round",
    "Rule",
    "ScoreCount",
    "TieBreak",
    "Total",
    "parse_ballot",
    "tally",
]

_RULES = {
    Method.SINGLE: (Rule.MOST_VOTES_WIN,),
    Method.APPROVAL: (Rule.MOST_APPROVALS_WIN,),
    Method.RANKED: (
        Rule.MAJORITY_OF_CONTINUING,
        Rule.EXHAUSTED_LEAVE_BASE,
        Rule.OVERVOTE_VOIDS_FROM_THERE,
        Rule.LAST_TIE_ALL_BRANCHES,
        Rule.UNRANKED_BELOW_RANKED,
    ),
    Method.SCORE: (
        Rule.BLANK_SCORES_ZERO,
        Rule.TWO_HIGHEST_TOTALS_MEET,
        Rule.SCORE_TIE_PREFERENCES_THEN_FIVES,
        Rule.FINAL_TIE_TOTAL_THEN_FIVES,
    ),
    Method.CONSENT: (Rule.NO_OBJECTION_PASSES, Rule.SILENCE_IS_NO_CONSENT),
}


class _Count(NamedTuple):
    """One method's count of the ballots: the parts of a `Result` that depend on the method."""

    valid: int
    votes: Sequence[int]
    winners: tuple[int, ...]
    exact: bool = True
    ranked: RankedCount | None = None
    score: ScoreCount | None = None


def tally(
    method: Method,
    options: Sequence[str],
    counted: Mapping[Ballot, int],
    *,
    quorum: int | None = None,
    max_choices: int | None = None,
) -> Result:
    """Count a poll.

    `options` are names or ids, in the order of the ballots' indices; `counted` maps each distinct ballot to its count.
    Ballots that break a rule of the method are counted as invalid and otherwise left out. `quorum` is a number of valid
    ballots; `max_choices` limits approvals. Raise `ValueError` if a count is negative.
    """
    if min(counted.values(), default=0) < 0:
        raise ValueError("a ballot can't be cast fewer than 0 times")
    counted = {ballot: number for ballot, number in counted.items() if number}
    count = _count(method, len(options), counted, max_choices)
    cast = sum(counted.values())
    base = count.valid * MAX_SCORE if method is Method.SCORE else count.valid
    rules = _RULES[method] if method is Method.CONSENT else (*_RULES[method], Rule.TIE_REPORTED)
    return Result(
        method=method,
        options=tuple(options),
        cast=cast,
        valid=count.valid,
        invalid=cast - count.valid,
        quorum=None if quorum is None else Quorum(quorum, reached=count.valid >= quorum),
        totals=tuple(Total(option, votes, base) for option, votes in enumerate(count.votes)),
        percent_of=Base.HIGHEST_SCORE if method is Method.SCORE else Base.VALID_BALLOTS,
        winners=count.winners,
        exact=count.exact,
        rules=rules if quorum is None else (*rules, Rule.QUORUM_OF_VALID_BALLOTS),
        max_choices=max_choices,
        ranked=count.ranked,
        score=count.score,
    )


def _count(method: Method, options_count: int, counted: Mapping[Ballot, int], max_choices: int | None) -> _Count:
    if method is Method.RANKED:
        return _count_ranked(options_count, counted)
    if method is Method.SCORE:
        scores = read_scores(options_count, counted)
        score, winners = count_scores(scores)
        return _Count(scores.valid, scores.totals, winners, score=score)
    return _count_marks(method, options_count, counted, max_choices)


def _count_marks(method: Method, options_count: int, counted: Mapping[Ballot, int], max_choices: int | None) -> _Count:
    """Count single choices or approvals."""
    votes = [0] * options_count
    valid = 0
    for ballot, count in counted.items():
        try:
            canonical = parse_ballot(method, ballot, options_count, max_choices)
        except InvalidBallot:
            continue
        valid += count
        for option in canonical.split(","):
            votes[int(option)] += count
    if method is Method.CONSENT:
        return _Count(valid, votes, (OBJECT if votes[OBJECT] else AGREE,) if valid else ())
    most = max(votes)
    winners = tuple(option for option, has in enumerate(votes) if has == most) if valid else ()
    return _Count(valid, votes, winners)


def _count_ranked(options_count: int, counted: Mapping[Ballot, int]) -> _Count:
    profile = read_ranked(options_count, counted)
    rounds, winners, exact = count_rounds(options_count, profile)
    ranked = RankedCount(rounds=rounds, pairwise=compare_pairs(options_count, profile))
    firsts = [total.votes for total in rounds[0].totals]
    return _Count(sum(profile.values()), firsts, winners, exact, ranked)
