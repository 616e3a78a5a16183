"""Instant run-off voting, with every possible order of elimination in ties for the last place.

A ballot is a string with a character per option, best first; options that share a rank stand in brackets, and a ballot
that has become void is `VOID`. `str.replace` strikes an option out of a ballot, and ballots that have become equal are
added up. So the later rounds of a large poll are small.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import TYPE_CHECKING

from bot.polls.counting.results import Base, Round, Total

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VOID = "!"
"""A ballot that reached a rank shared by several continuing options."""

OPEN, CLOSE = "()"

FIRST_OPTION = ord("0")

MOST_WORK = 6_000_000
"""Ballot kinds to rewrite while trying all orders of elimination, some 1.5 seconds."""

MOST_AT_ONCE = 1_000_000
"""Ballot kinds to hold for one number of remaining options, some 100 MB."""

_BARE_RANK = re.compile(r"\((.?)\)")

_Layers = dict[int, dict[tuple[str, "frozenset[tuple[str, int]] | None"], "Mapping[str, int]"]]
"""By number of remaining options: the options, and if it matters their ballots, to the ballots."""

STATE_WORK = 16
"""The cost of a set of remaining options itself, in rewritten ballot kinds."""


def character(option: int) -> str:
    """Return the character of an option in the strings of this module."""
    return chr(FIRST_OPTION + option)


def order_of(groups: Iterable[str]) -> str:
    """Return the ballot with these ranks, best first, each with the characters of its options."""
    return _settle("".join(group if len(group) == 1 else f"{OPEN}{group}{CLOSE}" for group in groups))


def indices(characters: Iterable[str]) -> tuple[int, ...]:
    """Return the options of these characters, ascending."""
    return tuple(sorted(ord(one) - FIRST_OPTION for one in characters))


@dataclass(frozen=True, slots=True)
class Standing:
    """One round's first preferences: per remaining option, and the ballots that count for none."""

    firsts: Mapping[str, int]
    exhausted: int
    overvoted: int

    @property
    def continuing(self) -> int:
        """Ballots that count for an option."""
        return sum(self.firsts.values())

    @property
    def majority(self) -> str:
        """The option with more than half of the continuing ballots, or nothing."""
        leader = max(self.firsts, key=self.firsts.__getitem__)
        return leader if 2 * self.firsts[leader] > self.continuing else ""

    @property
    def last(self) -> str:
        """The option, or options, with the fewest ballots."""
        return _at(self.firsts, min(self.firsts.values()))


@dataclass(frozen=True, slots=True)
class Possible:
    """The winners in some order of elimination; not `exact`: the options that couldn't reasonably be ruled out."""

    winners: frozenset[str]
    exact: bool


def run_off(remaining: str, ballots: Mapping[str, int]) -> tuple[tuple[Round, ...], Possible]:
    """Count `ballots` (string to number of ballots) between the `remaining` options.

    Return the rounds and the winners: none if no ballot counts for an option, several in a tie.
    """
    rounds: list[Round] = []
    possible: Possible | None = None
    while True:
        standing = stand(remaining, ballots)
        if not standing.continuing:
            rounds.append(_round(standing, eliminated="", tied=""))
            return tuple(rounds), Possible(frozenset(), exact=True)
        if winner := standing.majority:
            rounds.append(_round(standing, eliminated="", tied=""))
            return tuple(rounds), possible or Possible(frozenset(winner), exact=True)
        last = standing.last
        tied = last if len(last) > 1 else ""
        rest = _without(remaining, last)
        ballots_left = strike(ballots, last)
        if tied:
            possible = possible or possible_winners(remaining, ballots)
            if not _go_together(possible, rest, ballots_left):
                rounds.append(_round(standing, eliminated="", tied=tied))
                return tuple(rounds), possible
        rounds.append(_round(standing, eliminated=last, tied=tied))
        remaining, ballots = rest, ballots_left


def possible_winners(remaining: str, ballots: Mapping[str, int]) -> Possible:
    """Try every order in which options tied for last can be eliminated, each set of remaining options once.

    Sets are taken in layers, largest first, so that the limits on work act the same however options are numbered.
    Beyond the limits, every option still in some set counts as possible.
    """
    shared = any(OPEN in order for order in ballots)
    layers: _Layers = {len(remaining): {(remaining, None): ballots}}
    won: frozenset[str] = frozenset()
    work = 0
    for size in range(len(remaining), 0, -1):
        layer = {key: votes for key, votes in layers.pop(size, {}).items() if not won.issuperset(key[0])}
        exits = {key: _exits(stand(key[0], votes), votes, shared=shared) for key, votes in layer.items()}
        layer_work = sum((len(layer[key]) + STATE_WORK) * len(outs) for key, (_, outs) in exits.items())
        work += layer_work
        if work > MOST_WORK or layer_work > MOST_AT_ONCE:
            pending = chain(layer, *layers.values())
            return Possible(won.union(*(options for options, _ in pending)), exact=False)
        won = won.union(*(winners for winners, _ in exits.values()))
        for key, (_, outs) in exits.items():
            _strike_each(layers, key[0], layer[key], outs, shared=shared)
    return Possible(won, exact=True)


def stand(remaining: str, ballots: Mapping[str, int]) -> Standing:
    """Count the first preferences between the remaining options; the ballots hold no others."""
    firsts = dict.fromkeys(remaining, 0)
    firsts[""] = firsts[VOID] = 0
    for order, count in ballots.items():
        firsts[order[:1]] += count
    exhausted, overvoted = firsts.pop(""), firsts.pop(VOID)
    return Standing(firsts, exhausted, overvoted)


def strike(ballots: Mapping[str, int], out: str) -> Mapping[str, int]:
    """Return the ballots without the options in `out`."""
    struck: dict[str, int] = {}
    for order, count in ballots.items():
        rest = order
        for option in out:
            rest = rest.replace(option, "")
        if OPEN in rest:
            rest = _settle(rest)
        struck[rest] = struck.get(rest, 0) + count
    return struck


def _strike_each(
    layers: _Layers, remaining: str, ballots: Mapping[str, int], outs: Iterable[str], *, shared: bool
) -> None:
    """Put the ballots after striking out each of `outs` into the layers.

    Without shared ranks, the remaining options alone determine the ballots, in any order of elimination. With them, a
    ballot may be void after one order and not after another: then the ballots belong to the key.
    """
    for out in outs:
        rest = _without(remaining, out)
        layer = layers.setdefault(len(rest), {})
        if shared:
            remainder = strike(ballots, out)
            layer[rest, frozenset(remainder.items())] = remainder
        elif (rest, None) not in layer:
            layer[rest, None] = strike(ballots, out)


def _settle(order: str) -> str:
    """Drop empty ranks, and unwrap ranks with one option left; void if a shared rank is the first."""
    order = _BARE_RANK.sub(r"\1", order)
    return VOID if order.startswith(OPEN) else order


def _exits(standing: Standing, ballots: Mapping[str, int], *, shared: bool) -> tuple[str, tuple[str, ...]]:
    """Return the winner at this point, or else the ways to go on: the options to strike out in each."""
    if winner := standing.majority:
        return winner, ()
    if all(len(order) <= 1 for order in ballots):  # without transfers, only the most can win
        return _at(standing.firsts, max(standing.firsts.values())), ()
    return "", tuple(standing.last) if shared else _ways_on(standing.firsts)


def _ways_on(firsts: Mapping[str, int]) -> tuple[str, ...]:
    """Return the one safe way on if there is one, else a way for each option tied for last.

    If the k last options together have less than the next one, they go before it in every order, however their ballots
    transfer among them, and (without shared ranks) all these orders meet again after it. So they can go in one step.
    """
    ascending = sorted(firsts, key=firsts.__getitem__)
    sums = list(accumulate(firsts[option] for option in ascending))
    for k in range(len(ascending) - 1, 0, -1):
        if sums[k - 1] < firsts[ascending[k]]:
            return ("".join(ascending[:k]),)
    return tuple(_at(firsts, firsts[ascending[0]]))


def _go_together(possible: Possible, rest: str, ballots: Mapping[str, int]) -> bool:
    """Whether eliminating all options tied for last at once leaves the winners of every order."""
    return bool(rest) and possible.exact and possible_winners(rest, ballots) == possible


def _round(standing: Standing, *, eliminated: str, tied: str) -> Round:
    continuing = standing.continuing
    totals = (Total(indices(option)[0], votes, continuing) for option, votes in sorted(standing.firsts.items()))
    return Round(
        totals=tuple(totals),
        continuing=continuing,
        exhausted=standing.exhausted,
        overvoted=standing.overvoted,
        eliminated=indices(eliminated),
        tied=indices(tied),
        percent_of=Base.CONTINUING_BALLOTS,
    )


def _without(remaining: str, out: str) -> str:
    return "".join(option for option in remaining if option not in out)


def _at(firsts: Mapping[str, int], votes: int) -> str:
    return "".join(option for option, has in firsts.items() if has == votes)
