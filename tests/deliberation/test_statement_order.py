"""Tests of the draw of statements: it follows the priorities, repeats nothing, and brings new statements up."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from bot.deliberation.findings import draw_weights
from bot.deliberation.model import DiscussionStatement
from bot.deliberation.statement_order import draw, first_statements, next_statement

NEW_WITHIN = 12
"""Draws within which half the members meet a new statement among thirty that a hundred people answered."""


def test_the_draw_follows_the_priorities() -> None:
    """The draw picks statements in proportion to their priorities: over 100,000 draws, chi-squared is below the 99.9 %
    quantile of nine degrees of freedom."""
    chance, weights = random.Random(5), np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 49])
    nothing = np.zeros(10, bool)
    counts = Counter(draw(weights, nothing, chance.random()) for _ in range(100_000))
    expected = 100_000 * weights / weights.sum()
    squared = sum((counts[column] - expected[column]) ** 2 / expected[column] for column in range(10))
    assert squared < 27.88


def test_the_smallest_weights_decide_too() -> None:
    """The draw follows even the smallest weights, and statements that all weigh 0 are equally likely."""
    weights = np.array([1e-6, 3e-6])
    assert [draw(weights, np.zeros(2, bool), chance) for chance in (0.0, 0.2, 0.3, 0.9)] == [0, 0, 1, 1]
    assert [draw(np.zeros(2), np.zeros(2, bool), chance) for chance in (0.0, 0.4, 0.6)] == [0, 0, 1]


def test_a_uniform_draw_would_be_noticed() -> None:
    """The test of the priorities would notice a draw that picks all statements alike, as Polis did for sixteen
    months."""
    chance, weights = random.Random(5), np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 49])
    counts = Counter(draw(np.ones(10), np.zeros(10, bool), chance.random()) for _ in range(100_000))
    expected = 100_000 * weights / weights.sum()
    assert sum((counts[column] - expected[column]) ** 2 / expected[column] for column in range(10)) > 1000


@pytest.mark.parametrize("chance", [0.0, 0.5, 1 - 2**-53])
def test_nothing_is_drawn_twice(chance: float) -> None:
    """The draw brings no statement twice, at both ends of chance too, and returns None when none is left."""
    answered: list[int] = []
    weights = np.array([3.0, 0, 1e-12, 5])
    while (column := next_statement([], answered, weights, chance)) is not None:
        assert column not in answered
        answered.append(column)
    assert sorted(answered) == [0, 1, 2, 3]


def test_first_statements_take_turns_in_leaning() -> None:
    """A member's first five statements take turns in leaning: with three leanings, the first three have one each. Their
    order is by chance."""
    leanings = ["a"] * 10 + ["b"] * 10 + ["c"] * 10
    orders = set()
    for seed in range(50):
        first = first_statements(leanings, random.Random(seed).random)
        assert sorted(leanings[each] for each in first[:3]) == ["a", "b", "c"]
        assert len(set(first)) == 5
        orders.add(tuple(first))
    assert len(orders) > 40


def test_first_statements_come_first_and_muted_ones_never() -> None:
    """A member gets what is left of their own first statements before the draw. A muted statement is passed over."""
    weights = np.ones(6)
    assert next_statement([3, 1], [], weights, 0.5) == 3
    assert next_statement([3, 1], [3], weights, 0.5) == 1
    assert next_statement([3, 1], [1], weights, 0.5, muted=[3]) not in {1, 3}


def test_a_new_statement_comes_up_soon() -> None:
    """Half the members meet a new statement within 12 draws, though thirty others are well known."""
    old = [DiscussionStatement(place, "old", starter=True, agrees=50, disagrees=40, passes=10) for place in range(30)]
    statements = [*old, DiscussionStatement(30, "new", starter=False)]
    chance, weights = random.Random(3), draw_weights(statements, np.full(30, 1.0))
    waits = []
    for _ in range(500):
        answered: list[int] = []
        while 30 not in answered:
            column = next_statement([], answered, weights, chance.random())
            assert column is not None
            answered.append(column)
        waits.append(len(answered))
    assert sorted(waits)[250] <= NEW_WITHIN
