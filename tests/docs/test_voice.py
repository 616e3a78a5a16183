"""Tests of the voice of docs/voice.md, as far as a machine hears it, in the catalogue and in all other sentences."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.docs.catalogue import sentences_of
from tests.unit.test_layout import ROOT, python_files

WORDS_MAX = 22
LIST_FROM = 40
"""A text of more words than these without any comma is a list, such as the search's stop words."""

STIFF = {
    r"\b[Ww]hoever\b": "name the member, the host, the moderator, the editor or the operator",
    r"\bno more\b(?! than)": "no longer",
    r"\bdid not work\b": "say what kind of refusal it is",
    r"\b(?:became|becomes|become|came|comes) of\b": "name the outcome: the status, the decision",
    r"\bworks? it in\b": "adds it",
    r"\b(?:may|can) be left out\b": "optional",
    r"\bjust now\b": "right now",
    r"\bI may\b|\bmay not (?:write|view|post|attach|see|vote)\b": "can, can't",
    r"\banew\b": "again",
    r"\bmend(?:s|ed)?\b": "fix",
    r"\bthose (?:that|who|which|there)\b": "name them",
    r"\bone's\b|\boneself\b|\bone can\b": "you",
    r"\b[Ss]omebody\b": "someone, or better who",
    r"\bis told\b|\bare told\b|\bwas told\b|\bbe told\b": "say who tells whom",
    r"\b(?:could|can) ?(?:not|n't|n’t) be (?:told|sent|read|written|used|reached|updated|announced|changed|shown)\b": (
        "say who can't"
    ),
    r"\bis served\b|\bare served\b": "is live",
    r"\b(?:suggestion|vote|copy|poll)s? waits?\b": "is waiting",
    r"(?<![\w-])1 [a-z]+s\b": "a plural for one",
    r"[\d}] %": "percentages go through `percent`",
}
"""A shape that nobody would say aloud → what to write instead."""

FULL_FORMS = {
    r"\b(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|must) not\b": "n't",
    r"\bcannot\b": "can't",
    r"\b(?:[Tt]here|[Tt]hat|[Ii]t|[Ww]hat|[Hh]ere) is\b": "'s",
    r"\bI (?:am|will|would)\b|\b[Yy]ou (?:are|will)\b": "I'm, I've, you'll",
    r"\b(?:is|are) no (?!longer)[a-z]": "isn't a",
}
"""A full form that members shouldn't read → its contraction."""

LONG: dict[str, str] = {}
"""Sentences of more than 22 words, by how they begin → why they may be that long."""

STIFF_FOR_A_REASON: dict[str, str] = {
    "You are": "the label of the list of members on the chat page",
}
"""Sentences with a shape of those above, by how they begin → why it is right there."""


def sentences(message: str) -> list[str]:
    """Split a message into its sentences and lines."""
    return [part for part in re.split(r"(?<=[.!?…])\s+|\n", message) if part]


def count_words(sentence: str) -> int:
    """Count the words of a sentence. A placeholder counts as one."""
    return len(re.sub(r"\{[^{}]*\}", "x", sentence).split())


def excused(message: str, reasons: dict[str, str]) -> bool:
    return any(message.startswith(start) for start in reasons)


@cache
def other_strings() -> dict[str, str]:
    """Return every text of the program that is no docstring → where it stands. A placeholder is `{}`."""
    places: dict[str, str] = {}
    for file in python_files("bot", "adapters"):
        for line, text in _strings(ast.parse(file.read_text("utf-8"))):
            places.setdefault(text, f"{file.relative_to(ROOT)}:{line}")
    return places


def _strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    inside: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inside.add(node.value)
        elif isinstance(node, ast.JoinedStr) and node not in inside:
            inside.update(child for child in ast.walk(node) if child is not node)
            yield node.lineno, "".join(_text(part) for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inside:
            yield node.lineno, node.value


def _text(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "{}"


def is_sentence(text: str) -> bool:
    """Tell whether people read the text: it has words with spaces between them, and is neither SQL, a pattern, a page's
    style nor a list of stop words."""
    is_code = re.search(r"\\|[A-Z]{4,} (?:[A-Z]|\w+ )|^\W*[a-z-]+=|\(\?|SELECT|;\n|<\w+", text)
    is_list = len(text.split()) > LIST_FROM and not re.search(r"[.,:;]", text)
    return len(re.findall(r"[A-Za-z’']+ (?=[a-zA-Z“‘{`])", text)) >= 2 and not is_code and not is_list


@pytest.mark.parametrize(("shape", "better"), STIFF.items())
def test_no_sentence_has_a_shape_that_nobody_would_say(shape: str, better: str) -> None:
    """No sentence of the program has a stiff shape, in the chat, the checker, the command line, the doctor or the
    log."""
    texts = {**dict.fromkeys(sentences_of(ROOT), "the catalogue"), **other_strings()}
    stiff = {
        text: place
        for text, place in texts.items()
        if is_sentence(text) and re.search(shape, text) and not excused(text, STIFF_FOR_A_REASON)
    }
    assert stiff == {}, better


@pytest.mark.parametrize(("shape", "better"), FULL_FORMS.items())
def test_members_read_contractions(shape: str, better: str) -> None:
    """The sentences in the catalogue, which members read, use contractions."""
    stiff = [text for text in sentences_of(ROOT) if re.search(shape, text) and not excused(text, STIFF_FOR_A_REASON)]
    assert stiff == [], better


def test_sentences_are_short() -> None:
    """A sentence in the catalogue has at most 22 words, unless a list names it with a reason."""
    long = [
        (count_words(sentence), sentence)
        for message in sentences_of(ROOT)
        for sentence in sentences(message)
        if count_words(sentence) > WORDS_MAX and not excused(sentence, LONG)
    ]
    assert long == []


@pytest.mark.parametrize(
    ("message", "shape"),
    [
        ("Whoever votes gets a receipt.", r"\b[Ww]hoever\b"),
        ("Slack lets me change this message no more.", r"\bno more\b(?! than)"),
        ("Show what became of it", r"\b(?:became|becomes|become|came|comes) of\b"),
        ("There were 1 ballots.", r"(?<![\w-])1 [a-z]+s\b"),
        ("{share} % of the ballots", r"[\d}] %"),
    ],
)
def test_the_shapes_find_what_they_are_for(message: str, shape: str) -> None:
    """A stiff shape finds a sentence that has it, and passes a correct sentence."""
    assert shape in STIFF
    assert re.search(shape, message)
    assert not re.search(shape, "Each voter gets no more than 1 ballot, in 21 polls, at 50%.")


def test_words_are_counted_up_to_the_limit() -> None:
    """A placeholder counts as one word. A sentence ends at a full stop, an exclamation mark or a line break."""
    assert count_words(" ".join(["word"] * 21) + " {a long name}.") == WORDS_MAX
    assert count_words(" ".join(["word"] * 22) + " {name}.") == WORDS_MAX + 1
    assert [count_words(part) for part in sentences("One two. Three four five!\nSix")] == [2, 3, 1]


def test_each_exception_is_needed() -> None:
    """Every exception to the rules of the voice still has a sentence that needs it."""
    catalogue = sentences_of(ROOT)
    parts = [sentence for message in catalogue for sentence in sentences(message)]
    texts = [*catalogue, *other_strings()]
    assert [start for start in LONG if not any(part.startswith(start) for part in parts)] == []
    assert [start for start in STIFF_FOR_A_REASON if not any(text.startswith(start) for text in texts)] == []
