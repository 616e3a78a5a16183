"""Tally of ranked ballots: instant run-off decides, the pairwise comparison is reported beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.polls.counting.ballots import InvalidBallot, Method, parse_ballot
from bot.polls.counting.pairwise import compare
from bot.polls.counting.runoff import character, indices, order_of, run_off

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.polls.counting.ballots import Ballot
    from bot.polls.counting.results import Pairwise, Round

RankedProfile = dict["Sequence[str]", int]
"""Valid ballots, each a sequence of groups of options' characters (a plain string if all groups are single)."""


def read_ranked(options_count: int, counted: Mapping[Ballot, int]) -> RankedProfile:
    """Return the valid ballots of `counted`, with the number of each."""
    characters = {str(option): character(option) for option in range(options_count)}
    profile: RankedProfile = {}
    for ballot, count in counted.items():
        groups: Sequence[str] | None
        try:
            groups = "".join([characters[token] for token in ballot.split(">")])
        except KeyError:
            groups = _read_unusual(ballot, options_count)
        else:
            groups = groups if len(set(groups)) == len(groups) else None
        if groups is not None:
            profile[groups] = profile.get(groups, 0) + count
    return profile


def count_rounds(options_count: int, profile: RankedProfile) -> tuple[tuple[Round, ...], tuple[int, ...], bool]:
    """Run the instant run-off.

    Return the rounds, the winners (several: a tie), and whether these are exact (see `Result`).
    """
    rounds, possible = run_off("".join(map(character, range(options_count))), _orders(profile))
    return rounds, indices(possible.winners), possible.exact


def compare_pairs(options_count: int, profile: RankedProfile) -> Pairwise:
    """Compare every option with every other."""
    groups = set(map(character, range(options_count)))
    groups.update(group for ranks in profile if not isinstance(ranks, str) for group in ranks)
    return compare(options_count, profile, {group: indices(group) for group in groups})


def _read_unusual(ballot: Ballot, options_count: int) -> Sequence[str] | None:
    """Read a ballot that shares ranks or isn't canonical; None if it isn't valid."""
    try:
        valid = parse_ballot(Method.RANKED, ballot, options_count, equal_ranks=True)
    except InvalidBallot:
        return None
    groups = tuple("".join(character(int(token)) for token in rank.split("=")) for rank in valid.split(">"))
    return groups if any(len(group) > 1 for group in groups) else "".join(groups)


def _orders(profile: RankedProfile) -> dict[str, int]:
    """Return the ballots in the form that instant run-off counts."""
    ballots: dict[str, int] = {}
    for groups, count in profile.items():
        order = groups if isinstance(groups, str) else order_of(groups)
        ballots[order] = ballots.get(order, 0) + count
    return ballots
