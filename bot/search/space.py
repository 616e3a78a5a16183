"""A space of vectors that is stretched, so that texts on one subject differ more than a model makes them differ.

    space = Space.of(vectors)
    placed = space.place(vectors)        rows of length 1, to be compared with each other

All texts of a library say much the same to a sentence model: that they are about drugs, or parking. What they have in
common is taken off, and the directions in which they differ much count for less (whitening, with a shrunk covariance).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bot.search.encoder import Vectors

_SHRINK = 2.0
"""What is added to each direction's variance, in parts of the average one: a few texts don't tell how all vary."""
_LEARN_MAX = 20_000
"""Vectors that the space is learnt from; of more, every second, third and so on."""


@dataclass(frozen=True, slots=True)
class Space:
    """Where the vectors' middle is, and the axes that they are measured along."""

    middle: Vectors
    axes: Vectors

    @classmethod
    def of(cls, vectors: Vectors) -> Space:
        """Learn from vectors, a row each."""
        some = vectors[:: max(1, len(vectors) // _LEARN_MAX)]
        middle = some.mean(axis=0)
        apart = some - middle
        spread = (apart.T @ apart).astype(np.float64) / max(1, len(some))
        spread += (_SHRINK * np.trace(spread) / len(spread) + _TINY) * np.eye(len(spread))
        variances, axes = np.linalg.eigh(spread)
        return cls(middle, (axes / np.sqrt(variances)).astype(np.float32))

    def place(self, vectors: Vectors) -> Vectors:
        """Measure vectors along the axes, and make each as long as the others."""
        placed = (vectors - self.middle) @ self.axes
        lengths = np.linalg.norm(placed, axis=1, keepdims=True)
        unit: Vectors = placed / np.maximum(lengths, np.float32(_TINY))
        return unit


_TINY = 1e-9
"""Keeps what has no length from dividing by nothing."""
