"""The words of a library, and its likeliest words for a misspelt one.

The comparison makes doubled letters single, since doubling the wrong letter is the commonest slip (`tarrif`,
`insurection`). The rest may differ by one edit from four letters on, by two from eight on. An edit is an extra, missing
or wrong letter, or two swapped neighbours.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import tantivy
from tantivy import Query

ONE_EDIT_FROM = 4
TWO_EDITS_FROM = 8
MAX_CANDIDATES = 40
WRITER_BYTES = 15_000_000
"""The least memory that the search engine's writer accepts. The writer frees it at the end."""

_FIELD = "squeezed"


class Vocabulary:
    """Words as written, in lower case. Immutable."""

    def __init__(self, words: Iterable[str]) -> None:
        self._vocabulary = frozenset(words)
        self._words = sorted(self._vocabulary)
        self._squeezed = sorted((squeezed(word), word) for word in self._words if _can_be_misspelt(word))
        builder = tantivy.SchemaBuilder()
        builder.add_integer_field("number", fast=True)
        builder.add_text_field(_FIELD, tokenizer_name="raw", index_option="basic")
        self._schema = builder.build()
        self._searcher = self._index(self._schema, self._words)

    @staticmethod
    def _index(schema: tantivy.Schema, words: Sequence[str]) -> tantivy.Searcher:
        index = tantivy.Index(schema)
        writer = index.writer(WRITER_BYTES, 1)
        for number, word in enumerate(words):
            if _can_be_misspelt(word):
                document = tantivy.Document()
                document.add_integer("number", number)
                document.add_text(_FIELD, squeezed(word))
                writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        return index.searcher()

    def __contains__(self, word: str) -> bool:
        return word in self._vocabulary

    def beginning_with(self, prefix: str) -> Iterator[str]:
        """Yield the longer words that begin with this one, in alphabetical order."""
        for at in range(bisect_left(self._words, prefix), len(self._words)):
            word = self._words[at]
            if not word.startswith(prefix):
                return
            if word != prefix:
                yield word

    def near(self, word: str, most: int = 8) -> list[tuple[str, int]]:
        """Return other words that the member may mean, each with its edits (at least 1), the likeliest first."""
        edits = allowed_edits(word)
        for distance in range(edits + 1):
            candidates = self._within(word, distance) if distance else self._but_for_doubles(word)
            if candidates:
                ranked = sorted((edit_distance(word, other), word[0] != other[0], other) for other in candidates)
                return [(other, max(1, cost)) for cost, _, other in ranked[:most] if cost <= ranked[0][0] + 1]
        return []

    def _but_for_doubles(self, word: str) -> list[str]:
        """Return other words that differ in doubled letters alone."""
        same = squeezed(word)
        first, end = (bisect_left(self._squeezed, (bound, "")) for bound in (same, same + "\0"))
        return [other for _, other in self._squeezed[first:end] if other != word][:MAX_CANDIDATES]

    def _within(self, word: str, distance: int) -> list[str]:
        query = Query.fuzzy_term_query(self._schema, _FIELD, squeezed(word), distance)
        hits = self._searcher.search(query, MAX_CANDIDATES, count=False).hits
        numbers = self._searcher.fast_field_values("number", [address for _, address in hits])
        return [other for number in numbers if (other := self._words[int(number or 0)]) != word]


def allowed_edits(word: str) -> int:
    """Return the most edits from a misspelt word to the right one; 0 for short words and numbers."""
    if len(word) < ONE_EDIT_FROM or not _can_be_misspelt(word):
        return 0
    return 1 if len(word) < TWO_EDITS_FROM else 2


def squeezed(word: str) -> str:
    """Return a word with each run of a letter made single: `tariff` → `tarif`."""
    return "".join(letter for letter, _ in groupby(word))


def _can_be_misspelt(word: str) -> bool:
    return len(word) >= ONE_EDIT_FROM - 1 and _DIGIT.search(word) is None


_DIGIT = re.compile(r"\d")


def edit_distance(one: str, other: str) -> int:
    """Count the letters inserted, deleted or changed, and the neighbours swapped, between two words."""
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    one, other = one[start : len(one) - end], other[start : len(other) - end]
    if not one or not other:
        return len(one) + len(other)
    return _aligned(one, other)


def _aligned(one: str, other: str) -> int:
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, expected in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != expected))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == expected:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
