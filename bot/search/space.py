"""A stretched vector space, in which texts on one subject lie further apart than a sentence model puts them.

    space = Space.of(vectors)
    placed = space.place(vectors)        rows of length 1, for comparison with each other

To a sentence model, all texts of a library are alike: they are about drugs, or about parking. The space subtracts their
mean, and directions in which they vary much count for less (whitening, with a shrunk covariance).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bot.search.encoder import Vectors

_SHRINK = 2.0
"""Added to each direction's variance, in units of the average one: a few texts don't reveal the variance of all."""
_LEARN_MAX = 20_000
"""Vectors to learn from without a gap; of twice as many the space takes every second, and so on."""


@dataclass(frozen=True, slots=True)
class Space:
    """The mean of the vectors, and the axes to measure them along."""

    middle: Vectors
    axes: Vectors

    @classmethod
    def of(cls, vectors: Vectors) -> Space:
        """Learn a space from vectors, one per row."""
        some = vectors[:: max(1, len(vectors) // _LEARN_MAX)]
        middle = some.mean(axis=0)
        apart = some - middle
        spread = (apart.T @ apart).astype(np.float64) / max(1, len(some))
        spread += (_SHRINK * np.trace(spread) / len(spread) + _TINY) * np.eye(len(spread))
        variances, axes = np.linalg.eigh(spread)
        return cls(middle, (axes / np.sqrt(variances)).astype(np.float32))

    def place(self, vectors: Vectors) -> Vectors:
        """Measure vectors along the axes, and scale each to length 1."""
        placed = (vectors - self.middle) @ self.axes
        lengths = np.linalg.norm(placed, axis=1, keepdims=True)
        unit: Vectors = placed / np.maximum(lengths, np.float32(_TINY))
        return unit


_TINY = 1e-9
"""Prevents a division by zero."""
