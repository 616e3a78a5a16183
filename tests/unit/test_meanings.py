"""The meaning of an edition's cards: when it is learnt, recalled or missing, and that words answer without it."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from threading import Event

import pytest

from bot.library.edition import Edition
from bot.library.meanings import Meanings
from bot.packs.loader import load_library
from bot.packs.model import Fact
from bot.search.answer import Certainty
from tests.letters import LetterEncoder
from tests.world import CONTENT

QUESTION = "coffee ban"
UNSURE = "why no coffee at work"
"""A question that words alone can't answer for sure."""
BATCH = 32
"""The number of texts that are embedded at a time."""


def edition() -> Edition:
    return Edition.of(load_library(CONTENT))


def has_meaning(served: Edition) -> bool:
    return served.answers.meaning is not None


def is_empty(folder: Path) -> bool:
    return not any(folder.iterdir())


async def first_title(served: Edition) -> str:
    answer = await served.answers.answer(QUESTION, [Fact])
    assert answer.certainty is not Certainty.NOTHING
    return answer.matches[0].entry.title


async def test_an_edition_answers_by_words_until_its_meaning_is_ready() -> None:
    """An edition answers by words while a thread embeds its cards, and the event loop goes on meanwhile."""
    gate, served = Event(), edition()
    meanings = Meanings(None, lambda: LetterEncoder(gate=gate))
    learning = asyncio.create_task(meanings.learn(served))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not learning.done()
    assert not has_meaning(served)
    assert await first_title(served) == "Coffee was banned from the office."
    gate.set()
    await learning
    assert has_meaning(served)
    assert await first_title(served) == "Coffee was banned from the office."


async def test_a_stop_ends_the_learning_after_the_batch_in_hand(tmp_path: Path) -> None:
    """A stop ends the learning after the current batch of 32 texts, and its vectors are neither stored nor used."""
    gate, served = Event(), edition()
    encoder = LetterEncoder(gate=gate)
    meanings = Meanings(tmp_path, lambda: encoder)
    learning = asyncio.create_task(meanings.learn(served))
    await asyncio.to_thread(encoder.started.wait)
    meanings.stop()
    gate.set()
    await learning
    assert 0 < len(encoder.texts) <= BATCH
    assert not has_meaning(served)
    assert is_empty(tmp_path)


async def test_a_new_edition_learns_its_own_meaning(tmp_path: Path) -> None:
    """A new edition reuses the vectors of unchanged cards, and the edition before it keeps its own meaning."""
    encoder = LetterEncoder()
    meanings = Meanings(tmp_path, lambda: encoder)
    old, new = edition(), edition()
    await meanings.learn(old)
    count = len(encoder.texts)
    assert count > 0
    await meanings.learn(new)
    assert len(encoder.texts) == count
    assert old.answers.meaning is not new.answers.meaning
    assert has_meaning(old)
    assert has_meaning(new)


async def test_a_recall_takes_what_is_in_the_folder_alone(tmp_path: Path) -> None:
    """A recall uses only vectors that are stored and embeds nothing but the question; without them words answer."""
    encoder = LetterEncoder()
    cold, warm = edition(), edition()
    Meanings(tmp_path, lambda: encoder).recall(cold)
    await cold.answers.answer(UNSURE, [Fact])
    assert not has_meaning(cold)
    assert encoder.texts == []
    await Meanings(tmp_path, lambda: encoder).learn(edition())
    Meanings(tmp_path, lambda: encoder).recall(warm)
    count = len(encoder.texts)
    await warm.answers.answer(UNSURE, [Fact])
    assert has_meaning(warm)
    assert encoder.texts[count] == UNSURE


async def test_a_recall_from_no_readable_folder_leaves_it_to_words(tmp_path: Path) -> None:
    """Without a folder, or where a file stands in its place, a command in a terminal answers by words alone."""
    (tmp_path / "file").write_text("no folder")
    for folder in (tmp_path / "file", tmp_path / "none"):
        served = edition()
        Meanings(folder, LetterEncoder).recall(served)
        await served.answers.answer(UNSURE, [Fact])
        assert not has_meaning(served)


async def test_a_recall_waits_for_a_question_that_words_leave_open(tmp_path: Path) -> None:
    """A recall loads the vectors at the first question that words can't answer for sure, not before."""
    encoder, served = LetterEncoder(), edition()
    await Meanings(tmp_path, lambda: encoder).learn(edition())
    Meanings(tmp_path, lambda: encoder).recall(served)
    sure = await served.answers.answer(QUESTION, [Fact])
    assert sure.certainty is Certainty.SURE
    assert not has_meaning(served)
    await served.answers.answer(UNSURE, [Fact])
    assert has_meaning(served)


async def test_a_recall_that_fails_is_logged_and_words_go_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """If the recalled model can't be loaded, the log has the error and the edition answers by words."""

    class BrokenEncoder(LetterEncoder):
        def load(self) -> None:
            raise RuntimeError("no weights")

    encoder, served = LetterEncoder(), edition()
    await Meanings(tmp_path, lambda: encoder).learn(edition())
    Meanings(tmp_path, BrokenEncoder).recall(served)
    with caplog.at_level(logging.ERROR):
        await served.answers.answer(UNSURE, [Fact])
    assert "no weights" in caplog.text
    assert not has_meaning(served)
    assert await first_title(served) == "Coffee was banned from the office."


async def test_without_the_extra_words_alone_answer() -> None:
    """Without a model, as without the extra that brings it, an edition answers by words."""
    served = edition()
    meanings = Meanings(None, lambda: None)
    await meanings.learn(served)
    meanings.recall(served)
    assert not has_meaning(served)
    assert await first_title(served) == "Coffee was banned from the office."


async def test_a_model_that_fails_is_logged_and_words_go_on(caplog: pytest.LogCaptureFixture) -> None:
    """If a new edition's model can't be loaded, the log has the error and the edition answers by words."""

    class BrokenEncoder(LetterEncoder):
        def load(self) -> None:
            raise RuntimeError("no weights")

    served = edition()
    with caplog.at_level(logging.ERROR):
        await Meanings(None, BrokenEncoder).learn(served)
    assert "no weights" in caplog.text
    assert not has_meaning(served)
    assert await first_title(served) == "Coffee was banned from the office."
