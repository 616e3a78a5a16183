"""An essay's text as paragraphs, sentences and clauses, each with its place, by rules.

Every piece is a range of the paragraph's own characters, so it can be quoted letter by letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Piece:
    """A range of a paragraph. `start` and `end` count characters."""

    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def words(text: str) -> int:
    """Count words as the checker does."""
    return len(text.split())


_TITLES = (
    "mr mrs ms mx dr prof sen rep gov gen col lt sgt capt cmdr adm hon rev fr st sr jr pres amb supt messrs "
    "no nos art sec fig vol vols ch pp pg ed eds para approx ca cf vs v viz al etc e.g i.e eg ie a.m p.m "
    "jan feb mar apr jun jul aug sept sep oct nov dec mon tue tues wed thu thur thurs fri sat sun "
    "inc ltd co corp bros dept univ assn"
)
_ABBREVIATIONS = frozenset(_TITLES.split())
_MAY_END = frozenset(("etc", "a.m", "p.m", "inc", "ltd", "co", "corp", "al", "jr", "sr"))
"""Abbreviations that often stand at a sentence's end, like letters with full stops (U.S.)."""
_STARTERS_TEXT = (
    "a an the this that these those it its he she they we you i his her their our there here in on at by for from to "
    "if when while after before since although though because but and or so yet still however moreover meanwhile "
    "as not no nobody nothing who what why how where which some many most few all every each such one now today "
    "critics experts officials"
)
_STARTERS = frozenset(_STARTERS_TEXT.split())
_END = re.compile(r"[.!?…。！？؟।]+[\"'”’»)\]]*")
LONGEST_WORD = 80
"""Characters to read before a full stop: more than any abbreviation or row of initials has."""
_OPENING = "\"'“‘«([—–-¿¡"


def sentences(paragraph: str) -> list[Piece]:
    """The sentences of a paragraph, list items apart; none for an empty one."""
    return [sentence for start, end in _items(paragraph) for sentence in _split(paragraph, start, end) if sentence.text]


_BULLET = re.compile(r"\s*([-*•‣◦–])\s+")
_NUMBER = re.compile(r"\s*\(?\d{1,3}[.)]\s+")


def _items(paragraph: str) -> Iterator[tuple[int, int]]:
    """Ranges that no sentence crosses: the items of a list with one on each line, else the whole."""
    bullet, number = _BULLET.match(paragraph), _NUMBER.match(paragraph)
    if bullet is not None:
        marks = list(re.finditer(rf"(?:^\s*|(?<=\s)){re.escape(bullet[1])}\s++(?=\S)", paragraph))
    elif number is not None:
        marks = list(re.finditer(r"(?:^\s*|(?<=\s))\(?\d{1,3}[.)]\s++(?=[^\W\d_])", paragraph))
    else:
        marks = []
    if not marks:
        yield 0, len(paragraph)
        return
    for mark, after in zip(marks, [*marks[1:], None], strict=True):
        yield mark.end(), after.start() if after else len(paragraph)


def _split(paragraph: str, start: int, end: int) -> Iterator[Piece]:
    begin = start
    for match in _END.finditer(paragraph, start, end):
        if _ends_sentence(paragraph, begin, match, end):
            yield _trimmed(paragraph, begin, match.end())
            begin = match.end()
    yield _trimmed(paragraph, begin, end)


def _trimmed(text: str, start: int, end: int) -> Piece:
    part = text[start:end]
    return Piece(part.strip(), start + len(part) - len(part.lstrip()))


def _ends_sentence(text: str, begin: int, match: re.Match[str], end: int) -> bool:
    """Whether these marks end a sentence, judged by the text after them and, for a full stop, before them."""
    marks = match[0]
    following = text[match.end() : min(end, match.end() + 60)]
    if marks[0] in "。！？।" and following:
        return True
    first = following.lstrip().lstrip(_OPENING)
    if not following[:1].isspace() or not first or first[0].islower():
        return False
    if not set(marks).isdisjoint("!?؟"):
        return True
    if marks.startswith(("..", "…")):
        return first[0].isupper()
    before = text[max(begin, match.start() - LONGEST_WORD) : match.start()].rsplit(maxsplit=1)
    return _full_stop_ends(before[-1].lstrip(_OPENING) if before else "", first)


def _full_stop_ends(word: str, following: str) -> bool:
    """Whether the full stop after this word ends the sentence instead of an abbreviation."""
    plain = word.casefold()
    next_word = re.split(r"[^\w’']", following, maxsplit=1)[0].casefold()
    initials = re.fullmatch(r"(?:[^\W\d_]\.)*[^\W\d_]", word)
    if plain in _MAY_END or (initials and "." in word):
        return next_word in _STARTERS
    return not (initials and word != "I") and plain not in _ABBREVIATIONS


_CLAUSE = re.compile(
    r"(?<!\s)\s*+[;—]\s*|\s–\s|:\s++(?=[A-Z“\"])|"
    r",\s++(?=(?:and|but|or|yet|so|nor|while|whereas|although|though|because|since|who|which|where|even|as|if|when|"
    r"the|a|an|it|he|she|they|we|his|her|its|their|these|this|that|[A-Z][\w’-]+)\s)|"
    r"(?<!\s)\s++(?=(?:because|although|whereas|though|unless)\s)"
)
_MIN_CLAUSE = 5


def clauses(sentence: Piece) -> list[Piece]:
    """The parts of a sentence that could stand alone, in order; short ones are joined to a neighbour."""
    cuts = [0, *(match.end() for match in _CLAUSE.finditer(sentence.text)), len(sentence.text)]
    parts = [(a, b) for a, b in pairwise(cuts) if a < b]
    joined: list[tuple[int, int]] = []
    for a, b in parts:
        small = words(sentence.text[a:b]) < _MIN_CLAUSE
        if joined and (small or words(sentence.text[slice(*joined[-1])]) < _MIN_CLAUSE):
            joined[-1] = (joined[-1][0], b)
        else:
            joined.append((a, b))
    return [Piece(sentence.text[a:b].rstrip(), sentence.start + a) for a, b in joined]


_HEADING = re.compile(r"\s*#{1,6}\s+(\S.*)")


def heading(paragraph: str) -> str | None:
    """The text of a heading, marked with # signs, or short and without a full stop; None for another paragraph."""
    marked = _HEADING.fullmatch(paragraph)
    if marked is not None:
        line = marked[1].rstrip()
        return line.rstrip("#").rstrip() or line
    bare = paragraph.strip()
    few = words(bare) <= _HEADING_WORDS and not _BULLET.match(paragraph)
    return bare if bare and few and bare[-1] not in ".!?…:;,。！？\"”’'" else None


_HEADING_WORDS = 12
