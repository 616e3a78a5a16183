"""Tests of the search's test set: it is large, mixed, true to the pack, and split into two similar halves.

`measure.py` measures the search with it. Bad questions would make that measure worthless.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import get_args

import pytest

from bot.packs.loader import load_library
from bot.packs.model import Event, Fact, Option, Position, Term
from bot.packs.pack import Pack
from tests.answers.measure import PACKS, load_pack
from tests.answers.questions import KINDS, Command, Question, read_further, read_questions
from tests.world import SHIPPED

PACK = "us-mexico-cartels"

LEAST_ANSWERABLE: dict[Command, int] = {
    "fact": 80,
    "counter": 44,
    "source": 40,
    "define": 34,
    "policy": 26,
    "timeline": 24,
    "ask": 36,
    "message": 44,
}
LEAST_UNANSWERABLE = 14
LEAST_SPANISH = 15
MOST_EASY = 1 / 3

_WORD = re.compile(r"[^\W_]+")
_SMALL_WORD = re.compile(
    "a|about|all|an|and|any|are|as|at|be|by|can|did|do|does|for|from|get|go|had|has|have|how|i|if|in|is|it|its|just|me|"
    "my|no|not|of|on|or|our|s|should|so|t|that|the|their|them|there|they|this|to|u|up|us|was|we|were|what|when|where|"
    "which|who|why|will|with|would|you"
)


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_library(SHIPPED).packs[PACK]


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return read_questions(PACK)


@pytest.mark.parametrize("name", PACKS)
def test_every_right_card_is_one_that_the_command_can_show(name: str) -> None:
    """Each right card of a question is in the pack, stands once in the question's list, and is of a kind that the
    command shows."""
    entries = load_pack(name).packs[name].entries
    for question in [*read_questions(name), *read_further(name)]:
        assert len(set(question.right)) == len(question.right), question.ask
        for card in question.right:
            assert card in entries, f"{question.ask}: {card} is not in the pack"
            assert isinstance(entries[card], KINDS[question.command]), f"{question.ask}: {card}"


def test_there_are_enough_questions_of_each_sort(questions: list[Question]) -> None:
    """The test set has at least 240 questions that the pack answers, 120 that it doesn't, 15 in Spanish, and enough of
    both kinds for each command."""
    sizes = Counter((question.command, question.answerable) for question in questions)
    for command in get_args(Command):
        assert sizes[command, True] >= LEAST_ANSWERABLE[command], command
        assert sizes[command, False] >= LEAST_UNANSWERABLE, command
    assert sum(question.answerable for question in questions) >= 240
    assert sum(not question.answerable for question in questions) >= 120
    assert sum(question.style == "Spanish" for question in questions) >= LEAST_SPANISH


def test_no_question_stands_in_the_set_twice(questions: list[Question]) -> None:
    """No question stands in the set twice, not even with other case or spaces. A repeat could tune the weights in one
    half and be reported in the other."""
    repeats = Counter(" ".join(question.ask.casefold().split()) for question in questions)
    assert [ask for ask, times in repeats.items() if times > 1] == []
    assert "" not in repeats


@pytest.mark.parametrize("name", PACKS)
def test_fitting_reads_no_question_that_reports(name: str) -> None:
    """None of the further questions, which teach the weights, is in a part of the test set that measures them."""
    lessons = {" ".join(question.ask.casefold().split()) for question in read_further(name)}
    asked = {" ".join(question.ask.casefold().split()) for question in read_questions(name) if question.half != "tune"}
    assert lessons & asked == set()


def test_both_halves_have_the_same_mix(questions: list[Question]) -> None:
    """For each command, and for each style within it, the halves differ by one question at most."""
    by_command: Counter[tuple[Command, bool]] = Counter()
    by_style: Counter[tuple[Command, bool, str]] = Counter()
    for question in [question for question in questions if question.half != "fresh"]:
        step = 1 if question.half == "tune" else -1
        by_command[question.command, question.answerable] += step
        by_style[question.command, question.answerable, question.style] += step
    assert {mix: surplus for mix, surplus in by_command.items() if abs(surplus) > 1} == {}
    assert {mix: surplus for mix, surplus in by_style.items() if abs(surplus) > 1} == {}
    assert abs(by_command.total()) <= 2


def test_fresh_questions_are_enough_to_report_by(questions: list[Question]) -> None:
    """The fresh part has at least 120 questions that the pack answers, 80 others, and some for each command."""
    fresh = [question for question in questions if question.half == "fresh"]
    assert sum(question.answerable for question in fresh) >= 120
    assert sum(not question.answerable for question in fresh) >= 80
    assert {question.command for question in fresh} == set(get_args(Command))


def test_questions_are_spread_over_the_cards(pack: Pack, questions: list[Question]) -> None:
    """Each fact, option and position answers at least two questions, and each term and event at least one."""
    answers = Counter(card for question in questions for card in question.right)
    twice = [entry.id for kind in (Fact, Option, Position) for entry in pack.all(kind)]
    once = [entry.id for kind in (Term, Event) for entry in pack.all(kind)]
    assert [card for card in twice if answers[card] < 2] == []
    assert [card for card in once if not answers[card]] == []


def test_most_questions_do_not_repeat_a_title(pack: Pack, questions: list[Question]) -> None:
    """At most a third of the answerable questions share half or more of their main words with the title of the best
    card."""
    answerable = [question for question in questions if question.answerable]
    easy = [question for question in answerable if _overlap(question.ask, pack.entries[question.right[0]].title) >= 0.5]
    assert len(easy) <= len(answerable) * MOST_EASY


def _overlap(ask: str, title: str) -> float:
    words = _main_words(ask)
    return len(words & _main_words(title)) / max(1, len(words))


def _main_words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.casefold()) if not _SMALL_WORD.fullmatch(word)}
