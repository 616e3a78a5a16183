"""Tests of the quality of answers by words alone, on the `report` halves of the test sets, which tuned no weight.

The bounds leave a margin of some questions, since libraries may round differently on other machines.
"""

from __future__ import annotations

import pytest

from tests.answers.measure import PACKS, Tally, ask_all, by_words, load_pack
from tests.answers.questions import read_questions

SURE_AND_WRONG = 0.025
UNRELATED_SURE = 0.02
UNRELATED_SHOWN = 0.08
RIGHT_FIRST = 0.7
RIGHT_IN_THREE = 0.77
SURE_AND_RIGHT = 0.41


@pytest.fixture(scope="module")
def tallies() -> tuple[Tally, Tally]:
    """Return the tally of the questions that the packs answer, and the tally of the others."""
    answers = [
        pair
        for pack in PACKS
        for pair in ask_all([q for q in read_questions(pack) if q.half == "report"], by_words(load_pack(pack)))
    ]
    return (
        Tally.of(pair for pair in answers if pair[0].answerable),
        Tally.of(pair for pair in answers if not pair[0].answerable),
    )


def test_a_sure_answer_is_hardly_ever_wrong(tallies: tuple[Tally, Tally]) -> None:
    """At most 2.5% of the questions that the packs answer get a wrong card as a sure answer."""
    answerable, _ = tallies
    assert answerable.sure_wrong <= SURE_AND_WRONG * answerable.asked


def test_what_nothing_answers_is_not_answered(tallies: tuple[Tally, Tally]) -> None:
    """At most 2% of the questions that the packs don't answer get a sure answer, and at most 8% a sure or near one."""
    _, unrelated = tallies
    assert unrelated.sure_wrong <= UNRELATED_SURE * unrelated.asked
    assert unrelated.asked - unrelated.nothing <= UNRELATED_SHOWN * unrelated.asked


def test_the_right_card_often_comes_first(tallies: tuple[Tally, Tally]) -> None:
    """Of the questions that the packs answer, at least 70% get a right card first, 77% among the first three, and 41%
    as a sure answer. A search that answers nothing would pass the other tests."""
    answerable, _ = tallies
    assert answerable.first >= RIGHT_FIRST * answerable.asked
    assert answerable.in_three >= RIGHT_IN_THREE * answerable.asked
    assert answerable.sure_right >= SURE_AND_RIGHT * answerable.asked
