"""Every option against every other, from ballots that are sequences of groups, best group first.

A thousand ballots on 25 options make 300 comparisons each. Instead, they are added up side by side: a row of the matrix
is one long integer with a lane of bits per opponent, wide enough for the number of all ballots.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from bot.polls.counting.results import Pairwise

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Lanes:
    """One long integer per set of options: bit `width * option` is set for each member."""

    def __init__(self, options_count: int, ballots: int) -> None:
        self.width = ballots.bit_length() + 1
        self.single = tuple(1 << (self.width * option) for option in range(options_count))
        self.every = sum(self.single)

    def of(self, options: Iterable[int]) -> int:
        """Return the integer for these options."""
        return sum(self.single[option] for option in options)

    def numbers(self, row: int) -> tuple[int, ...]:
        """Return the number in each lane."""
        mask = (1 << self.width) - 1
        return tuple(row >> (self.width * option) & mask for option in range(len(self.single)))


def compare(
    options_count: int, ranked: Mapping[Sequence[str], int], group_options: Mapping[str, Sequence[int]]
) -> Pairwise:
    """Compare all options.

    `ranked` maps ballots to their counts; a ballot is a sequence of groups, best first, and `group_options` gives the
    options in a group. Options in no group are below all others.
    """
    lanes = Lanes(options_count, sum(ranked.values()))
    lane_of = {group: lanes.of(options) for group, options in group_options.items()}
    rows: defaultdict[str, int] = defaultdict(int)
    for groups, count in ranked.items():
        below = lanes.every
        for group in groups:
            below -= lane_of[group]
            rows[group] += count * below
    totals = [0] * options_count
    for group, row in rows.items():
        for option in group_options[group]:
            totals[option] += row
    return summarise([lanes.numbers(row) for row in totals], voted=bool(ranked))


def summarise(prefer: Sequence[tuple[int, ...]], *, voted: bool) -> Pairwise:
    """Find the Condorcet winner and the Smith set of a matrix of preferences; neither exists if nobody voted."""
    smith_set = _smith_set(prefer) if voted else ()
    winner = smith_set[0] if len(smith_set) == 1 else None
    return Pairwise(prefer=tuple(prefer), condorcet_winner=winner, smith_set=smith_set)


def _smith_set(prefer: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Return the smallest set of options that each beat every option outside it."""
    options = range(len(prefer))
    reach = [sum(1 << b for b in options if prefer[a][b] >= prefer[b][a]) for a in options]
    for via in options:
        for a in options:
            if reach[a] >> via & 1:
                reach[a] |= reach[via]
    everything = (1 << len(prefer)) - 1
    return tuple(a for a in options if reach[a] == everything)
