"""Find entries by what people type: words, misspelt words, beginnings of words.

    index = Index(library)
    index.find("insurection act", kinds=[Fact])      what matches, best first; empty if nothing does
    index.nearest("marmalade", kinds=[Fact])         when nothing does: the least distant entries
    index.complete("insur", kinds=[Fact])            suggestions while somebody is typing

Text that people type is only ever split into words: nothing in it is syntax. The index lives in memory and is
never changed; a reload builds another.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import tantivy
from tantivy import Filter, Occur, Query, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from bot.library.model import (
    Argument,
    Entry,
    Event,
    Fact,
    Library,
    Option,
    Pack,
    Position,
    Source,
    Statement,
    Term,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_TEXT = 1_000
"""Characters of a query that are read."""
MAX_TERMS = 8
"""Words of a query that are looked up; a longer one is a text, and its first words say what it is about."""
MAX_WORD = 40

KIND_ORDER: tuple[type[Entry], ...] = (Fact, Position, Option, Argument, Term, Source, Event, Statement)
"""What comes first among equals."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that was found. `exact` is true if its words match the query, false if it is only the nearest."""

    pack_id: str
    entry: Entry
    score: float
    exact: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What somebody who is typing may mean."""

    pack_id: str
    entry_id: str
    title: str


class Index:
    """Every entry of a library, ready to be searched. Safe to use from several threads."""

    def __init__(self, library: Library) -> None:
        self._entries = [(pack.id, entry) for pack in library.packs.values() for entry in pack.entries.values()]
        self._shelves: list[_Shelf] = []
        by_language: dict[str, list[Pack]] = {}
        for pack in library.packs.values():
            by_language.setdefault(pack.info.language.partition("-")[0], []).append(pack)
        numbers = {(pack_id, entry.id): number for number, (pack_id, entry) in enumerate(self._entries)}
        for language, packs in by_language.items():
            rows = ((numbers[pack.id, entry.id], pack.id, entry) for pack in packs for entry in pack.entries.values())
            self._shelves.append(_Shelf(language, rows))

    def find(
        self, query: str, kinds: Collection[type[Entry]] | None = None, pack: str | None = None, limit: int = 10
    ) -> list[Hit]:
        """Entries that match all, or failing that most, of the query's words, the best first."""
        found = [row for shelf in self._shelves for row in shelf.find(query, kinds, pack, limit)]
        return self._hits(found, limit, exact=True)

    def nearest(
        self, query: str, kinds: Collection[type[Entry]] | None = None, pack: str | None = None, limit: int = 3
    ) -> list[Hit]:
        """Entries for a query that found nothing: those that come nearest, or the first ones. Empty only if there are none."""
        found = [row for shelf in self._shelves for row in shelf.nearest(query, kinds, pack, limit)]
        hits = self._hits(found, limit, exact=False)
        seen = {(hit.pack_id, hit.entry.id) for hit in hits}
        for pack_id, entry in self._entries:
            if len(hits) >= limit:
                break
            wanted = (pack is None or pack_id == pack) and (kinds is None or type(entry) in kinds)
            if wanted and (pack_id, entry.id) not in seen:
                hits.append(Hit(pack_id, entry, 0.0, exact=False))
        return hits

    def complete(
        self, prefix: str, kinds: Collection[type[Entry]] | None = None, pack: str | None = None, limit: int = 25
    ) -> list[Suggestion]:
        """Entries with a title or an alias in which the words typed so far occur, in that order."""
        numbers = self._completion.complete(prefix, kinds, pack, limit)
        return [Suggestion(self._entries[n][0], self._entries[n][1].id, self._entries[n][1].title) for n in numbers]

    @cached_property
    def _completion(self) -> _Completion:
        return _Completion(self._entries)

    def _hits(self, found: Iterable[tuple[float, int]], limit: int, *, exact: bool) -> list[Hit]:
        best = sorted(found, key=lambda row: (-row[0], row[1]))[:limit]
        return [Hit(self._entries[number][0], self._entries[number][1], score, exact) for score, number in best]


_STEMMERS = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
_UNSPACED = frozenset(("zh", "ja", "th", "lo", "km", "my"))
"""Languages that are written without spaces: two letters at a time are their words."""

_STOP_WORDS = {
    "en": (
        "a about an and are as at be been but by can could did do does for from had has have he her his how i if in "
        "into is it its me my of on or our she should so some than that the their them then there these they this "
        "to was we were what when where which who why will with would you your"
    ),
    "es": (
        "a al como con cual cuando de del donde el ella en es esta este fue ha hay la las le les lo los mas me mi no "
        "o para pero por que quien se ser si sin sobre son su sus tu un una unos unas y ya"
    ),
}

_FIELDS = {"label": 6.0, "alias": 4.0, "title": 3.0, "tag": 1.5, "body": 1.0}
"""Field → how much a match in it weighs."""


class _Shelf:
    """The packs of one language."""

    def __init__(self, language: str, rows: Iterable[tuple[int, str, Entry]]) -> None:
        self._stems, self._surface = _analyzers(language)
        self._stop_words = frozenset(_STOP_WORDS.get(language, "").split())
        self._schema = _schema()
        index = tantivy.Index(self._schema)
        index.register_tokenizer("stems", self._stems)
        index.register_tokenizer("surface", self._surface)
        writer = index.writer(heap_size=_HEAP, num_threads=1)
        for number, pack_id, entry in rows:
            writer.add_document(_document(number, pack_id, entry))
        writer.commit()
        index.reload()
        self._index = index
        self._searcher = index.searcher()

    def find(
        self, query: str, kinds: Collection[type[Entry]] | None, pack: str | None, limit: int
    ) -> list[tuple[float, int]]:
        words = self._words(query)
        if not words:
            return []
        scope = self._scope(kinds, pack)
        extra = self._extra(query, words)
        for need in dict.fromkeys((len(words), -(-len(words) * 2 // 3))):
            for reach in (0, 1):
                clauses = [(Occur.Should, self._word(word, reach)) for word in words]
                match = Query.boolean_query(clauses, minimum_number_should_match=need)
                found = self._run(match, extra, scope, limit)
                if found:
                    return found
        return []

    def nearest(
        self, query: str, kinds: Collection[type[Entry]] | None, pack: str | None, limit: int
    ) -> list[tuple[float, int]]:
        words = self._words(query)
        if not words:
            return []
        match = Query.boolean_query([(Occur.Should, self._far(word)) for word in words])
        return self._run(match, [], self._scope(kinds, pack), limit)

    def _run(
        self, match: Query, extra: Sequence[Query], scope: Sequence[Query], limit: int
    ) -> list[tuple[float, int]]:
        clauses = [(Occur.Must, match)]
        clauses += [(Occur.Must, Query.boost_query(query, 0.0)) for query in scope]
        clauses += [(Occur.Should, query) for query in extra]
        hits = self._searcher.search(Query.boolean_query(clauses), limit, count=False).hits
        numbers = self._searcher.fast_field_values("number", [address for _, address in hits])
        return [(float(score), int(number or 0)) for (score, _), number in zip(hits, numbers, strict=True)]

    def _words(self, query: str) -> list[str]:
        words = list(dict.fromkeys(self._surface.analyze(_clean(query))))
        return [word for word in words if word not in self._stop_words][:MAX_TERMS] or words[:MAX_TERMS]

    def _scope(self, kinds: Collection[type[Entry]] | None, pack: str | None) -> list[Query]:
        scope = []
        if kinds is not None:
            scope.append(Query.term_set_query(self._schema, "kind", sorted(kind.__name__ for kind in kinds)))
        if pack is not None:
            scope.append(Query.term_query(self._schema, "pack", pack))
        return scope

    def _extra(self, query: str, words: Sequence[str]) -> list[Query]:
        """What is not needed for a match, but makes it a better one: the whole title or alias, the words side by side."""
        label = " ".join(_split(_clean(query)))
        extra = [Query.const_score_query(Query.term_query(self._schema, "label", label), 1_000.0)] if label else []
        stems = [stem for word in words for stem in self._stems.analyze(word)]
        if len(stems) > 1:
            for name in ("alias", "title", "body"):
                phrase = Query.phrase_query(self._schema, name, list(stems), slop=1)
                extra.append(Query.boost_query(phrase, 2 * _FIELDS[name]))
        return extra

    def _word(self, word: str, reach: int) -> Query:
        """Entries with this word in any inflection, as a beginning, and within reach (0 or 1) also misspelt."""
        schema = self._schema
        stem = next(iter(self._stems.analyze(word)), word)
        ways = [
            Query.boost_query(Query.term_query(schema, name, stem), _FIELDS[name])
            for name in ("alias", "title", "tag", "body")
        ]
        if len(word) >= _PREFIX:
            beginning = Query.fuzzy_term_query(schema, "words", word, distance=0, prefix=True)
            ways.append(Query.const_score_query(beginning, 0.8))
        edits = _edits(word) if reach else 0
        for distance in range(1, edits + 1):
            ways.append(_misspelt(schema, word, distance, 1.0 / distance))
            ways.append(Query.const_score_query(Query.fuzzy_term_query(schema, "title", stem, distance), 1.0 / distance))
        return Query.disjunction_max_query(ways, 0.1)

    def _far(self, word: str) -> Query:
        schema = self._schema
        ways = []
        if len(word) > 4:
            ways.append(_misspelt(schema, word, 2, 1.0))
        beginning = word[: max(3, len(word) // 2)]
        ways.append(Query.const_score_query(Query.fuzzy_term_query(schema, "words", beginning, 0, prefix=True), 0.5))
        ways.append(self._word(word, 1))
        return Query.disjunction_max_query(ways, 0.1)


_HEAP = 15_000_000
"""Bytes; the least that a writer accepts."""
_PREFIX = 3
"""Letters from which on a word is taken for the beginning of one."""


def _edits(word: str) -> int:
    """How many letters of a word may be wrong."""
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


def _misspelt(schema: tantivy.Schema, word: str, distance: int, score: float) -> Query:
    return Query.const_score_query(Query.fuzzy_term_query(schema, "words", word, distance), score)


def _analyzers(language: str) -> tuple[TextAnalyzer, TextAnalyzer]:
    """What makes words of a text: their stems, and the words as they are written."""

    def base() -> TextAnalyzerBuilder:
        tokenizer = Tokenizer.ngram(1, 2) if language in _UNSPACED else Tokenizer.simple()
        builder = TextAnalyzerBuilder(tokenizer)
        return builder.filter(Filter.remove_long(MAX_WORD + 1)).filter(Filter.lowercase()).filter(Filter.ascii_fold())

    stemmer = _STEMMERS.get(language)
    stems = base().filter(Filter.stemmer(stemmer)) if stemmer else base()
    return stems.build(), base().build()


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("number", fast=True)
    for name in ("kind", "pack", "label"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("alias", "title", "body"):
        builder.add_text_field(name, tokenizer_name="stems", index_option="position")
    builder.add_text_field("tag", tokenizer_name="stems", index_option="freq")
    builder.add_text_field("words", tokenizer_name="surface", index_option="basic")
    return builder.build()


def _document(number: int, pack_id: str, entry: Entry) -> tantivy.Document:
    document = tantivy.Document()
    document.add_integer("number", number)
    document.add_text("kind", type(entry).__name__)
    document.add_text("pack", pack_id)
    for label in _labels(entry):
        document.add_text("label", " ".join(_split(label)))
    title, body = entry.title, entry.body
    document.add_text("title", title)
    document.add_text("body", body)
    document.add_text("words", title)
    document.add_text("words", body)
    for alias in entry.aliases:
        document.add_text("alias", alias)
        document.add_text("words", alias)
    for tag in entry.tags:
        document.add_text("tag", tag)
        document.add_text("words", tag)
    return document


def _labels(entry: Entry) -> Iterator[str]:
    """What an entry is called, in full."""
    yield entry.title
    yield from entry.aliases
    yield entry.id


def _clean(text: str) -> str:
    """The part of a query that is read, with nothing in it that can't be stored as UTF-8."""
    return text[:MAX_TEXT].encode("utf-8", "replace").decode()


def _fold(text: str) -> str:
    """Text without case and accents."""
    folded = text.casefold()
    if folded.isascii():
        return folded
    return "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))


def _split(text: str) -> list[str]:
    """The words of a text, folded."""
    return "".join(c if c.isalnum() else " " for c in _fold(text)).split()


class _Completion:
    """Titles and aliases, sorted by each of their words and what follows it."""

    def __init__(self, entries: Sequence[tuple[str, Entry]]) -> None:
        self._entries = entries
        self._tables: dict[type[Entry], list[tuple[str, int]]] = {}
        for number, (_, entry) in enumerate(entries):
            table = self._tables.setdefault(type(entry), [])
            for label in (entry.title, *entry.aliases):
                words = _split(label)
                table.extend((" ".join(words[start:]), number) for start in range(len(words)))
        for table in self._tables.values():
            table.sort()

    def complete(
        self, prefix: str, kinds: Collection[type[Entry]] | None, pack: str | None, limit: int
    ) -> list[int]:
        typed = _split(_clean(prefix))
        found: dict[int, None] = {}
        for kind, table in self._tables.items():
            if kinds is not None and kind not in kinds:
                continue
            for number in self._matches(table, typed) if typed else sorted({n for _, n in table}):
                if pack is None or self._entries[number][0] == pack:
                    found[number] = None
                if len(found) >= limit:
                    return [*found]
        return [*found]

    @staticmethod
    def _matches(table: Sequence[tuple[str, int]], typed: Sequence[str]) -> Iterator[int]:
        whole = " ".join(typed)
        at = bisect_left(table, (whole, -1))
        while at < len(table) and table[at][0].startswith(whole):
            yield table[at][1]
            at += 1
