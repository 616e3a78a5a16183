"""How signs make a score and a chance: two linear regressions, whose weights are in `weights.py`."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp
from typing import NamedTuple

_LEAST = -50.0
"""Below it a chance is nothing, and its exponential more than a number holds."""


def total(weights: Sequence[float], signs: Sequence[float]) -> float:
    """Add up signs, each by its weight."""
    return sum(weight * sign for weight, sign in zip(weights, signs, strict=True))


class Gate(NamedTuple):
    """Lets pass what is likely enough, from 0 to 1."""

    weights: tuple[float, ...]
    bias: float
    least: float

    def chance(self, signs: Sequence[float]) -> float:
        return 1 / (1 + exp(-max(self.bias + total(self.weights, signs), _LEAST)))

    def passes(self, signs: Sequence[float]) -> bool:
        return self.chance(signs) >= self.least


class Weights(NamedTuple):
    """The weights of one way to answer."""

    rank: tuple[float, ...]
    """Of each sign that a card is likelier than another."""
    sure: Gate
    """Whether the first card is right."""
    near: Gate
    """Whether any card answers."""
