"""The order of statements for a member: starters of different leanings first, then a draw by priority.

The draw follows the priorities exactly and never repeats a statement (docs/decisions/0033). Polis drew uniformly for
sixteen months before anybody noticed: https://github.com/compdemocracy/polis/issues/2611.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final, TypeVar

import numpy as np

from bot.deliberation.vote_matrix import Mask, Numbers

_Item = TypeVar("_Item")
STARTERS_FIRST: Final = 5


def draw(weights: Numbers, seen: Mask, chance: float) -> int | None:
    """Draw an unseen column in proportion to its weight, by a number in [0, 1); None if there is none."""
    remaining = np.where(seen, 0.0, weights)
    total = remaining.sum()
    if not total > 0:
        rest = np.flatnonzero(~seen)
        return int(rest[int(chance * len(rest))]) if len(rest) else None
    column = int(np.searchsorted(np.cumsum(remaining), chance * total, side="right"))
    return min(column, int(np.flatnonzero(remaining)[-1]))


def first_statements(leanings: Sequence[str], chance: Callable[[], float]) -> list[int]:
    """Choose up to five starters with leanings as different as possible, in random order: positions in the list.

    Leanings take turns, so each comes once before any comes twice.
    """
    pools: dict[str, list[int]] = {}
    for position in _shuffled(range(len(leanings)), chance):
        pools.setdefault(leanings[position], []).append(position)
    order: list[int] = []
    while pools:
        for leaning in _shuffled(sorted(pools), chance):
            order.append(pools[leaning].pop())
            if not pools[leaning]:
                del pools[leaning]
    return order[:STARTERS_FIRST]


def next_statement(
    first: Sequence[int], answered: Collection[int], weights: Numbers, chance: float, muted: Collection[int] = ()
) -> int | None:
    """Choose a member's next statement: first the rest of their first statements, then a draw. None at the end."""
    for column in first:
        if column not in answered and column not in muted:
            return column
    seen = np.zeros(len(weights), bool)
    seen[[*answered, *muted]] = True
    return draw(weights, seen, chance)


def _shuffled(items: Sequence[_Item], chance: Callable[[], float]) -> list[_Item]:
    return [item for _, item in sorted(((chance(), item) for item in items), key=lambda pair: pair[0])]
