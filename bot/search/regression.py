"""Turn signs into a score (linear) and a chance (logistic). The weights are in `weights.py`."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp
from typing import NamedTuple

_LEAST = -50.0
"""Floor of a chance's exponent: the chance is practically 0 there, and far lower exponents would overflow `exp`."""


def total(weights: Sequence[float], signs: Sequence[float]) -> float:
    """Add up signs, each by its weight."""
    return sum(weight * sign for weight, sign in zip(weights, signs, strict=True))


class Gate(NamedTuple):
    """A logistic regression that passes signs with a chance of at least `least`, from 0 to 1."""

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
    """One weight per sign, for the score that ranks cards."""
    sure: Gate
    """The chance that the first card is right."""
    near: Gate
    """The chance that any card answers."""
