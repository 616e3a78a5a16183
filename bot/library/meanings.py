"""Give each edition the meaning of its cards, in the background.

    meanings = Meanings(folder)
    await meanings.learn(edition)     does nothing without the extra `semantic`
    meanings.recall(edition)          does nothing if no earlier process has kept the vectors
    meanings.stop()                   learning ends within a moment

An edition answers by words at once. Once its vectors are there, it answers by meaning as well.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from types import ModuleType
from typing import TYPE_CHECKING

from bot.library.edition import Edition
from bot.search.answer import Answers
from bot.search.encoder import Encoder, open_encoder

if TYPE_CHECKING:
    from bot.search.encoder import Vectors

logger = logging.getLogger("parley.meaning")


class Meanings:
    """The meanings of one process. `folder` keeps vectors from one start to the next; None to keep none."""

    def __init__(self, folder: Path | None, open_encoder: Callable[[], Encoder | None] = open_encoder) -> None:
        self._folder = folder
        self._encoder = open_encoder()
        self._turn = asyncio.Lock()
        self._stopped = Event()

    def stop(self) -> None:
        """Stop learning. It runs in a thread, and the process would wait for that thread at its end."""
        self._stopped.set()

    async def learn(self, edition: Edition) -> None:
        """Learn the meaning of an edition's cards. A failure is logged, and the edition still answers by words."""
        if self._encoder is None or not edition.index.entries:
            return
        async with self._turn:  # two editions at once would take twice the memory, and each its time
            try:
                await asyncio.to_thread(self._learn, edition.answers, self._encoder)
            except _StoppedError:
                logger.info("Parley stops before it has computed the meaning of the cards")
            except Exception:
                logger.exception("bug while computing the meaning of the cards")

    def recall(self, edition: Edition) -> None:
        """Give an edition the vectors in the folder, once words alone leave an answer unsure."""
        if self._encoder is not None and _has_files(self._folder):
            edition.answers.recall = partial(self._recall, edition.answers, self._encoder)

    def _learn(self, answers: Answers, encoder: Encoder) -> None:
        meaning, vector_cache = _numeric()
        texts = meaning.texts_of(answers.index)
        stoppable = _StoppableEncoder(encoder, self._stopped)
        vectors = vector_cache.VectorCache(self._folder, stoppable).vectors(texts.all)
        encoder.load()  # so that no member waits for it
        answers.meaning = meaning.Meaning(answers.index, encoder, texts, vectors)

    def _recall(self, answers: Answers, encoder: Encoder) -> None:
        try:
            meaning, vector_cache = _numeric()
            texts = meaning.texts_of(answers.index)
            vectors = vector_cache.VectorCache(self._folder, encoder).recall(texts.all)
            if vectors is not None:
                with ThreadPoolExecutor(1) as pool:  # both are slow, and partly run without the GIL
                    loading = pool.submit(encoder.load)
                    recalled = meaning.Meaning(answers.index, encoder, texts, vectors)
                    loading.result()
                answers.meaning = recalled
        except Exception:
            logger.exception("bug while recalling the meaning of the cards")


def _has_files(folder: Path | None) -> bool:
    """Whether a folder may have vectors. Looking for the right ones needs NumPy, which is slow to import."""
    try:
        return folder is not None and any(folder.iterdir())
    except OSError:  # it doesn't exist, or belongs to another user
        return False


class _StoppedError(Exception):
    """Raised in the learning thread once it should stop."""


@dataclass(frozen=True, slots=True)
class _StoppableEncoder:
    """An encoder that refuses further batches after a stop."""

    encoder: Encoder
    stopped: Event

    @property
    def name(self) -> str:
        return self.encoder.name

    def load(self) -> None:
        self.encoder.load()

    def encode(self, texts: Sequence[str]) -> Vectors:
        if self.stopped.is_set():
            raise _StoppedError
        return self.encoder.encode(texts)


def _numeric() -> tuple[ModuleType, ModuleType]:
    """Import the modules for vectors, which need NumPy from the extra `semantic`."""
    from bot.search import meaning, vector_cache  # noqa: PLC0415 - the extra may not be installed

    return meaning, vector_cache
