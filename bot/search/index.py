"""Find entries by the words that members type, misspelt and unfinished words included.

    index = Index(library)
    index.find("insurection act", kinds=[Fact])      matching entries, best first; empty if there are none
    index.complete("insur", kinds=[Fact])            suggestions while a member types

A query has no syntax: the index only splits it into words. The index lives in memory and never changes; a reload builds
another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bot.packs.model import Entry
from bot.packs.pack import Library, Pack
from bot.search.completion import Completion
from bot.search.language_index import KIND_ORDER, WHOLE, Candidate, LanguageIndex, Scope, clean_query
from bot.search.wording import Word


class Hit(NamedTuple):
    """An entry whose words match a query."""

    pack_id: str
    entry: Entry
    score: float


@dataclass(frozen=True, slots=True)
class TitleMatch:
    """A suggestion for a member who is typing."""

    pack_id: str
    entry_id: str
    title: str


class Index:
    """A searchable index of all entries of a library. Several threads may use it at once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._entries = [(pack.id, entry) for pack in library.packs.values() for entry in pack.entries.values()]
        self._completion = Completion(self._entries)
        self._languages: list[LanguageIndex] = []
        by_language: dict[str, list[Pack]] = {}
        for pack in library.packs.values():
            by_language.setdefault(pack.info.language.partition("-")[0], []).append(pack)
        numbers = {(pack_id, entry.id): number for number, (pack_id, entry) in enumerate(self._entries)}
        for language, packs in by_language.items():
            rows = [(numbers[pack.id, entry.id], pack.id, entry) for pack in packs for entry in pack.entries.values()]
            if rows:  # a pack that an editor has just begun has none
                self._languages.append(LanguageIndex(language, rows))

    def find(
        self, query: str, kinds: Collection[type[Entry]] | None = None, pack: str | None = None, limit: int = 10
    ) -> list[Hit]:
        """Return the entries that match all, or failing that most, of the query's words, best first."""
        answers = [language.find(query, Scope(kinds, pack), limit) for language in self._languages]
        least = min((effort for effort, rows in answers if rows), default=0)
        return self._hits([row for effort, rows in answers if effort == least for row in rows], limit)

    def namesake(self, name: str, kinds: Collection[type[Entry]], pack: str | None = None) -> Hit | None:
        """Return the entry with exactly this title, alias, question or id, case and accents apart; None if none."""
        return next((hit for hit in self.find(name, kinds, pack, 1) if hit.score >= WHOLE), None)

    def candidates(
        self,
        question: str,
        kinds: Collection[type[Entry]] | None = None,
        pack: str | None = None,
        limit: int = 40,
    ) -> list[Candidate]:
        """Return the likeliest entries with any of the question's words."""
        read, scope = clean_query(question), Scope(kinds, pack)
        return [
            candidate
            for language in self._languages
            for candidate in language.candidates(read, scope, limit, self._entries, self._library)
        ]

    def compare(self, question: str, numbers: Collection[int]) -> list[Candidate]:
        """Return the entries with these numbers, each with its overlap with the question's words."""
        read = clean_query(question)
        return [
            candidate
            for language in self._languages
            for candidate in language.compare(
                read, [number for number in numbers if language.holds(number)], self._entries, self._library
            )
        ]

    @property
    def entries(self) -> Sequence[tuple[str, Entry]]:
        """All entries, each with its pack's id. An entry's number is its place in this list."""
        return self._entries

    def readings(self, question: str) -> list[tuple[Word, ...]]:
        """Return the telling words of a question, as the packs of each language read them."""
        read = clean_query(question)
        return [language.lexicon.words(read) for language in self._languages]

    def surface_words(self, number: int) -> tuple[str, ...]:
        """Return the telling words of an entry, as written."""
        language = next(language for language in self._languages if language.holds(number))
        return language.card(number, self._entries, self._library).surface

    def vocabulary(self) -> list[str]:
        """Return the telling words of all entries, sorted."""
        return sorted({word for number in range(len(self._entries)) for word in self.surface_words(number)})

    def complete(
        self, prefix: str, kinds: Collection[type[Entry]] | None = None, pack: str | None = None, limit: int = 25
    ) -> list[TitleMatch]:
        """Return the entries with a title or alias that has the typed words, in that order."""
        numbers = self._completion.complete(clean_query(prefix), kinds, pack, limit)
        return [TitleMatch(self._entries[n][0], self._entries[n][1].id, self._entries[n][1].title) for n in numbers]

    def _hits(self, rows: Iterable[tuple[float, int]], limit: int) -> list[Hit]:
        best = sorted(rows, key=self._rank)[:limit]
        return [Hit(self._entries[number][0], self._entries[number][1], score) for score, number in best]

    def _rank(self, row: tuple[float, int]) -> tuple[int, float, int]:
        """Return a sort key: first the entries with exactly this name, by kind, then the others by score."""
        score, number = row
        kind = KIND_ORDER.index(type(self._entries[number][1])) if score >= WHOLE else len(KIND_ORDER)
        return kind, -score, number
