"""Shorten the quotes of claims, or drop claims, until they show less than half of the essay.

short_enough(proposals, paragraphs) -> proposals
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from bot.authoring.claim_signs import CAUSED, COMPARED, DATE, FIGURE, FUTURE, VALUED
from bot.authoring.sentences import Piece, words
from bot.packs.essay_quotes import MAX_QUOTE_WORDS, MAX_QUOTED_SHARE
from bot.packs.model import ClaimKind

MAX_QUOTE_LETTERS = 400
_SHARE_WANTED = MAX_QUOTED_SHARE - 0.03
_CAPS = (MAX_QUOTE_WORDS, 30, 24, 20, 17, 15, 13, 11, 9, 8, 7, 6, 5)
"""Lengths of the longest quote, tried in turn until all quotes together show little enough of the essay."""
_WORDS_THAT_TELL = 11
"""Before quotes get shorter than this, drop a sentence's weaker claims."""
MIN_QUOTE = 3
"""Words of the shortest quote."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A claim: `quote` stands letter by letter in this paragraph, after `start` characters."""

    paragraph: int
    sentence: int
    start: int
    quote: str
    kind: ClaimKind
    said_by: str | None
    names: tuple[str, ...]
    strength: int


def short_enough(claims: Sequence[Proposal], paragraphs: Sequence[str]) -> list[Proposal]:
    """The claims, shortened and if need be fewer, so that their quotes show less than half of the essay."""
    most = int(sum(map(len, paragraphs)) * _SHARE_WANTED)
    remaining = list(claims)
    shortened: list[Proposal] = []
    for cap in _CAPS:
        shortened = [cut for claim in remaining if (cut := _cut(claim, cap)) is not None]
        if _letters(shortened) <= most:
            return shortened
        if cap == _WORDS_THAT_TELL:
            for extra in _extras(remaining):
                remaining.remove(extra)
                shortened = [cut for claim in remaining if (cut := _cut(claim, cap)) is not None]
                if _letters(shortened) <= most:
                    return shortened
    for weakest in sorted(shortened, key=lambda claim: (claim.strength, -claim.paragraph, -claim.start)):
        if _letters(shortened) <= most:
            break
        shortened.remove(weakest)
    return shortened


def _extras(claims: Sequence[Proposal]) -> list[Proposal]:
    """Claims whose sentence has a stronger one, the weakest first."""
    best: dict[tuple[int, int], Proposal] = {}
    for claim in claims:
        there = best.setdefault((claim.paragraph, claim.sentence), claim)
        if claim.strength > there.strength:
            best[claim.paragraph, claim.sentence] = claim
    extras = [claim for claim in claims if best[claim.paragraph, claim.sentence] is not claim]
    return sorted(extras, key=lambda claim: (claim.strength, len(claim.quote)))


def _letters(claims: Iterable[Proposal]) -> int:
    return sum(len(claim.quote) for claim in claims)


def _cut(claim: Proposal, cap: int) -> Proposal | None:
    """Cut the claim to its most telling `cap` words, ending with a phrase if one ends there; None if too few are left."""
    spans = [match.span() for match in re.finditer(r"\S+", claim.quote)]
    if len(spans) <= cap and len(claim.quote) <= MAX_QUOTE_LETTERS:
        return claim
    marks = _marks(claim.quote)
    first = _telling(spans, cap, marks)
    while first > 0 and first + cap < len(spans) and claim.quote[slice(*spans[first])].casefold() in _LINKING:
        first += 1
    begin = spans[first][0]
    fitting = [end for _, end in spans[first : first + cap] if end - begin <= MAX_QUOTE_LETTERS]
    if len(fitting) < MIN_QUOTE:
        return None
    last_mark = max((end for (start, end), _ in marks if start >= begin and end <= fitting[-1]), default=0)
    least = max(last_mark, fitting[max(MIN_QUOTE, len(fitting) * 2 // 3) - 1])
    breaks = [m.start() for m in _PHRASE.finditer(claim.quote) if least <= m.start() <= fitting[-1]]
    piece = tidied(Piece(claim.quote[begin : breaks[-1] if breaks else fitting[-1]], claim.start + begin))
    return replace(claim, quote=piece.text, start=piece.start) if words(piece.text) >= MIN_QUOTE else None


_Mark = tuple[tuple[int, int], int]
_TELLING = ((DATE, 3), (FIGURE, 3), (COMPARED, 2), (CAUSED, 1), (VALUED, 1), (FUTURE, 1))


def _marks(quote: str) -> list[_Mark]:
    """The places and weights of telling words; in a very long quote only of the first ones."""
    return [(match.span(), weight) for rule, weight in _TELLING for match in islice(rule.finditer(quote), _MOST_MARKS)]


def _telling(spans: Sequence[tuple[int, int]], cap: int, marks: Sequence[_Mark]) -> int:
    """The first of the `cap` words that hold most of the marks; the earliest of equals."""
    starts = range(max(1, min(len(spans) - cap, _MOST_MARKS) + 1))

    def worth(first: int) -> int:
        begin, end = spans[first][0], spans[min(first + cap, len(spans)) - 1][1]
        return sum(weight for (a, b), weight in marks if begin <= a and b <= end)

    best = max(map(worth, starts))
    # A quote reads best from its beginning, so leaving that has to be worth it.
    return 0 if best - worth(0) < _WORTH else next(first for first in starts if worth(first) == best)


_MOST_MARKS = 50
_WORTH = 2
_LINKING = frozenset(("and", "at", "by", "for", "from", "in", "of", "on", "or", "that", "to", "which", "with"))
"""Words that a quote avoids at its beginning."""
_PHRASE = re.compile(
    r"(?:,|(?<!\s))\s++(?:and|or|but|to|of|in|on|at|by|for|from|with|as|that|who|which|while|than|into|such)\s|[,;:—]"
)


def tidied(piece: Piece) -> Piece:
    text = piece.text.rstrip(" \t,;:—–-")
    if text.endswith(".") and not re.search(r"\b[^\W\d_]\.$", text):
        text = text[:-1]
    start = piece.start
    for opening, closing in (("“", "”"), ("«", "»"), ("(", ")")):
        if text.count(opening) > text.count(closing):
            cut = text.rfind(opening)
            tail = text[cut:]
            if words(tail) < words(text) / 2:
                text = text[:cut].rstrip(" ,;:—–-")
        elif text.endswith(closing) and text.count(closing) > text.count(opening):
            text = text[: -len(closing)].rstrip(" ,.;:")
    return Piece(text, start)
