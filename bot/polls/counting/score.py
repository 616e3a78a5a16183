"""Tally of score ballots: STAR, "score, then automatic run-off", as starvoting.org states it.

The two options with the highest totals are the finalists; the one that more ballots score higher wins. Ties are
broken by the ballots as far as they can: for a place in the final, the options with the most preferences over
the others tied for it, then with the most fives; in the final, the higher total, then the most fives. (The
protocol has been worded in several ways for three or more options tied for a place; this is the wording that
counts preferences, as the program `starvote` does. For two options they all agree.) What remains tied isn't
decided by lot: every pair of finalists that a lot could give is run, and the winners of all are the winners.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from bot.polls.counting.ballots import MAX_SCORE, InvalidBallot, Method, parse_ballot
from bot.polls.counting.pairwise import Lanes, summarise
from bot.polls.counting.results import Base, Decider, Final, ScoreCount, TieBreak, Total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bot.polls.counting.ballots import Ballot

SCORES = tuple(map(str, range(MAX_SCORE + 1)))
BLANK = ""


@dataclass(frozen=True, slots=True)
class Scores:
    """The sums of the valid score ballots.

    `distribution[option]`: ballots that gave it 0, 1, … 5, and blank; `prefer[a][b]`: ballots that score a above b.
    """

    valid: int
    distribution: tuple[tuple[int, ...], ...]
    prefer: tuple[tuple[int, ...], ...]

    @property
    def totals(self) -> list[int]:
        """The sum of scores of each option."""
        return [
            sum(score * ballots for score, ballots in enumerate(distribution[:-1]))
            for distribution in self.distribution
        ]

    @property
    def fives(self) -> list[int]:
        """The number of best scores of each option."""
        return [distribution[MAX_SCORE] for distribution in self.distribution]


def read_scores(options_count: int, counted: Mapping[Ballot, int]) -> Scores:
    """Add up the valid ballots of `counted`."""
    lanes = Lanes(options_count, sum(counted.values()))
    valid = 0
    totals = dict.fromkeys((*SCORES, BLANK), 0)
    rows = [0] * options_count
    for ballot, count in counted.items():
        tokens = _valid_tokens(ballot, options_count, totals)
        if tokens is None:
            continue
        valid += count
        levels = dict.fromkeys(totals, 0)
        for lane, token in zip(lanes.single, tokens, strict=True):
            levels[token] += lane
        below = _levels_below(levels)
        for option, token in enumerate(tokens):
            rows[option] += count * below[token]
        for token, lane in levels.items():
            totals[token] += count * lane
    numbers = [lanes.numbers(row) for row in totals.values()]
    return Scores(valid, tuple(zip(*numbers, strict=True)), tuple(map(lanes.numbers, rows)))


def count_scores(scores: Scores) -> tuple[ScoreCount, tuple[int, ...]]:
    """Run STAR. Return the count and the winners: none without a ballot, several in a tie."""
    tie_breaks, pairs = _finalists(scores) if scores.valid else ((), ())
    finals = tuple(_final(scores, *pair) for pair in pairs)
    winners = {winner for final in finals for winner in final.winners}
    count = ScoreCount(
        distribution=scores.distribution,
        averages=tuple(total / scores.valid if scores.valid else 0.0 for total in scores.totals),
        tie_breaks=tie_breaks,
        finals=finals,
        pairwise=summarise(scores.prefer, voted=scores.valid > 0),
    )
    return count, tuple(sorted(winners))


def _valid_tokens(ballot: Ballot, options_count: int, marks: Mapping[str, object]) -> Sequence[str] | None:
    """Return the ballot's scores as text, one per option; None if it isn't valid."""
    tokens = ballot.split(",")
    if len(tokens) == options_count and all(map(marks.__contains__, tokens)) and any(tokens):
        return tokens
    try:
        return parse_ballot(Method.SCORE, ballot, options_count).split(",")
    except InvalidBallot:
        return None


def _levels_below(levels: Mapping[str, int]) -> Mapping[str, int]:
    """Return for each score the options scored lower; blank is as low as 0."""
    below = {BLANK: 0, SCORES[0]: 0}
    lower = levels[BLANK]
    for worse, score in pairwise(SCORES):
        lower += levels[worse]
        below[score] = lower
    return below


def _finalists(scores: Scores) -> tuple[tuple[TieBreak, ...], tuple[tuple[int, int], ...]]:
    """Return the ties for a place in the final, and the pairs of options that can meet in it."""
    totals, fives = scores.totals, scores.fives
    seated, tied, seats = _seat(range(len(totals)), 2, totals.__getitem__)
    if not seats:
        return (), (_pair(seated),)
    among = tied
    more, tied, open_seats = _seat(among, seats, lambda option: sum(scores.prefer[option][other] for other in among))
    seated, decided_by = seated + more, Decider.PREFERENCES
    if open_seats:
        more, tied, open_seats = _seat(tied, open_seats, fives.__getitem__)
        seated, decided_by = seated + more, Decider.FIVES
    decided_by = Decider.NOTHING if open_seats else decided_by
    tie_break = TieBreak(among=tuple(among), seats=seats, decided_by=decided_by, tied=tuple(tied))
    return (tie_break,), tuple(_pair([*seated, *chosen]) for chosen in combinations(tied, open_seats))


def _seat(among: Iterable[int], seats: int, key: Callable[[int], int]) -> tuple[list[int], list[int], int]:
    """Seat the highest by `key`. Return the seated, the options tied for the other seats, and the number of these."""
    seated: list[int] = []
    waiting = list(among)
    while seats:
        best = max(map(key, waiting))
        group = [option for option in waiting if key(option) == best]
        if len(group) > seats:
            return seated, group, seats
        seated += group
        seats -= len(group)
        waiting = [option for option in waiting if key(option) != best]
    return seated, [], 0


def _pair(options: Sequence[int]) -> tuple[int, int]:
    first, second = sorted(options)
    return first, second


def _final(scores: Scores, first: int, second: int) -> Final:
    prefer = scores.prefer
    votes = {first: prefer[first][second], second: prefer[second][first]}
    base = sum(votes.values())
    winners, decided_by = _part(scores, votes)
    return Final(
        totals=(Total(first, votes[first], base), Total(second, votes[second], base)),
        no_preference=scores.valid - base,
        decided_by=decided_by,
        winners=winners,
        percent_of=Base.PREFERRING_BALLOTS,
    )


def _part(scores: Scores, votes: Mapping[int, int]) -> tuple[tuple[int, ...], Decider]:
    """Return the winner of the final and the deciding test; both finalists if nothing decides."""
    totals, fives = scores.totals, scores.fives
    tests: tuple[tuple[Decider, Callable[[int], int]], ...] = (
        (Decider.PREFERENCES, votes.__getitem__),
        (Decider.TOTAL, totals.__getitem__),
        (Decider.FIVES, fives.__getitem__),
    )
    for decided_by, key in tests:
        winners, tied, _ = _seat(votes, 1, key)
        if not tied:
            return tuple(winners), decided_by
    return tuple(votes), Decider.NOTHING
