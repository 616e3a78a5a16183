"""Suggestions while a member types: entries whose title or alias has the typed words, in that order.

A sorted table lists every title and alias once for each of its words, so that bisection finds the typed text from its
first letter on. The table holds numbers instead of texts: some eight bytes per word.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence

from bot.packs.model import Entry

MAX_TYPED = 300
"""Typed characters to read: the length of the longest title."""
MAX_SCANNED = 1_000
"""Titles and aliases to scan for typed words that aren't side by side."""

_WORD = re.compile(r"[^\W_]+")
_OFFSET_BITS = 12
HEAP_LETTERS = 2


def fold(text: str) -> str:
    """Return a text without case and accents."""
    folded = text.casefold()
    if folded.isascii():
        return folded
    plain = unicodedata.normalize("NFKD", folded)
    return "".join(character for character in plain if not unicodedata.combining(character))


def folded_words(text: str) -> list[str]:
    """Return the words of a text, folded, without anything between them."""
    return _WORD.findall(fold(text))


class Completion:
    """The titles and aliases of entries. A number is an entry's place in `entries`."""

    def __init__(self, entries: Sequence[tuple[str, Entry]]) -> None:
        self._entries = entries
        labels: dict[type[Entry], list[tuple[str, int]]] = {}
        for number, (_, entry) in enumerate(entries):
            owned = labels.setdefault(type(entry), [])
            for label in dict.fromkeys((entry.title, *entry.aliases)):
                owned.append((" ".join(folded_words(label)), number))
        self._tables = {kind: LabelTable(owned) for kind, owned in labels.items()}

    def complete(
        self, text: str, kinds: Collection[type[Entry]] | None = None, pack: str | None = None, limit: int = 25
    ) -> list[int]:
        """Return numbers of entries, first of those whose title or alias begins with the typed text."""
        numbers: dict[int, None] = {}
        for number in self._matches(folded_words(text[:MAX_TYPED]), kinds):
            if len(numbers) >= limit:
                break
            if pack is None or self._entries[number][0] == pack:
                numbers[number] = None
        return list(numbers)

    def _matches(self, parts: Sequence[str], kinds: Collection[type[Entry]] | None) -> Iterator[int]:
        if not parts:
            yield from (n for n, (_, entry) in enumerate(self._entries) if kinds is None or type(entry) in kinds)
            return
        tables = [table for kind, table in self._tables.items() if kinds is None or kind in kinds]
        whole = " ".join(parts)
        for table in tables:
            yield from table.beginning(whole)
        for table in tables:
            yield from table.containing(whole)
        if len(parts) > 1:
            for table in tables:
                yield from table.in_order(parts)


class LabelTable:
    """Labels with their entries' numbers, sorted from their first word on and from each later word on."""

    def __init__(self, labels: Sequence[tuple[str, int]]) -> None:
        self._labels = [label for label, _ in labels]
        self._numbers = array("L", (number for _, number in labels))
        self._heads = self._sorted(place << _OFFSET_BITS for place in range(len(labels)))
        self._inner = self._sorted(
            place << _OFFSET_BITS | space.end()
            for place, (label, _) in enumerate(labels)
            for space in _SPACE.finditer(label, 0, (1 << _OFFSET_BITS) - 1)
        )

    def beginning(self, whole: str) -> Iterator[int]:
        """Return the entries with a label that begins with this text."""
        return (number for number, _ in self._range(self._heads, whole))

    def containing(self, whole: str) -> Iterator[int]:
        """Return the entries with a label that has this text from a later word on."""
        return (number for number, _ in self._range(self._inner, whole))

    def in_order(self, parts: Sequence[str]) -> Iterator[int]:
        """Yield the entries with a label whose words begin with the typed ones, in that order, others between them."""
        scanned = 0
        for table in (self._heads, self._inner):
            for number, suffix in self._range(table, parts[0]):
                scanned += 1
                if scanned > MAX_SCANNED:
                    return
                if _has_in_order(suffix.split(" "), parts):
                    yield number

    def _sorted(self, keys: Iterable[int]) -> array[int]:
        """Sort keys into heaps by their first letters, then each heap: one long sort would block all threads."""
        heaps: dict[str, list[int]] = {}
        for key in keys:
            heaps.setdefault(self._suffix(key)[:HEAP_LETTERS], []).append(key)
        return array("Q", (key for letters in sorted(heaps) for key in sorted(heaps[letters], key=self._suffix)))

    def _suffix(self, key: int) -> str:
        return self._labels[key >> _OFFSET_BITS][key & _OFFSET_MASK :]

    def _range(self, table: array[int], whole: str) -> Iterator[tuple[int, str]]:
        for at in range(bisect_left(table, whole, key=self._suffix), len(table)):
            suffix = self._suffix(table[at])
            if not suffix.startswith(whole):
                return
            yield self._numbers[table[at] >> _OFFSET_BITS], suffix


_SPACE = re.compile(" ")
_OFFSET_MASK = (1 << _OFFSET_BITS) - 1


def _has_in_order(words: Sequence[str], parts: Sequence[str]) -> bool:
    beginnings = iter(parts)
    beginning = next(beginnings, None)
    for word in words:
        if beginning is None:
            return True
        if word.startswith(beginning):
            beginning = next(beginnings, None)
    return beginning is None
