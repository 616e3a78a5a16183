"""Search the packs of one language: their words, stems and misspellings. `index.py` combines the languages."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil
from typing import NamedTuple

import tantivy
from tantivy import Filter, Occur, Query, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from bot.packs.model import Argument, Entry, Event, Fact, Option, Position, Source, Statement, Term
from bot.packs.pack import Library
from bot.search.completion import folded_words
from bot.search.spelling import WRITER_BYTES, Vocabulary, edit_distance
from bot.search.wording import CardWords, Lexicon, Overlap, Word, name_to_define, shares

MAX_TEXT = 1_000
"""Characters of a query to read; the rest of a longer one is ignored."""
MAX_WORDS = 8
"""Words of a query to look up: the first words of a longer text give its subject."""
MAX_WORD = 40

KIND_ORDER: tuple[type[Entry], ...] = (Fact, Position, Option, Argument, Term, Source, Event, Statement)
"""The order of kinds among equal matches."""


class Candidate(NamedTuple):
    """An entry that may answer a question, and its overlap with the question's words."""

    number: int
    pack_id: str
    entry: Entry
    words: tuple[Word, ...]
    overlap: Overlap
    shares: Sequence[float]
    """For each word, the certainty that the entry has it, from 0 to 1."""
    is_named: bool
    """Whether the question is its title, alias, question or id, word for word, or asks for its definition by name."""


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
"""Languages without spaces between words: the index takes single letters and pairs as their words."""

_STOP_WORDS = {
    "en": (
        "a about an and are as at be been but by can could did do does for from had has have he her his how i if in "
        "into is it its me my of on or our she said say says she should so some tell than that the their them then there these they this "
        "to was we were what when where which who why will with would you your"
    ),
    "es": (
        "a al como con cual cuando de del donde el ella en es esta este fue ha hay la las le les lo los mas me mi no "
        "o para pero por que quien se ser si sin sobre son su sus tu un una unos unas y ya"
    ),
}

WHOLE = 10_000.0
"""The score of a title, alias, question or id that is the query, word for word: more than everything else together."""
_SIDE_BY_SIDE = 2.0
"""The boost for an entry that has the query's words side by side."""
_BEGINNING = {"name": 4.0, "text": 2.0}
"""Field → the score of words that begin with a typed word, if there are many."""
_BY_BEGINNING = 0.6
"""The factor on the score of a word that begins with a typed word, if there are few."""
_FEW_BEGINNINGS = 6
_PREFIX = 3
"""Least letters of a typed word that may be the beginning of another."""
_MAX_BEGINNINGS = 30
_MOST = 2 / 3
"""The share of the query's words that is enough for a match if no entry has them all."""

_MAX_EFFORT = 3

Scored = list[tuple[float, int]]
"""Scores and numbers of entries."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The kinds and the pack to search; None for all."""

    kinds: Collection[type[Entry]] | None
    pack: str | None


class LanguageIndex:
    """The index of the packs in one language."""

    def __init__(self, language: str, rows: Sequence[tuple[int, str, Entry]]) -> None:
        self._spaced = language not in _UNSPACED
        self._stems, self._surface = _analyzers(language)
        self._stop_words = frozenset(_STOP_WORDS.get(language, "").split())
        self._schema = _schema()
        self._of_kind = {
            kind: Query.const_score_query(Query.term_query(self._schema, "kind", kind.__name__), 0.0)
            for kind in KIND_ORDER
        }
        index = tantivy.Index(self._schema)
        index.register_tokenizer("stems", self._stems)
        spellings: set[str] = set()
        writer = index.writer(min(_MAX_HEAP, WRITER_BYTES + _HEAP_A_ROW * len(rows)), 1)
        for number, pack_id, entry in rows:
            document, words = self._document(number, pack_id, entry)
            writer.add_document(document)
            spellings.update(words)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()
        self._vocabulary = Vocabulary(spellings)
        self._numbers = frozenset(number for number, _, _ in rows)
        self._cards: dict[int, CardWords] = {}
        self.lexicon = Lexicon(self._stems, self._surface, self._vocabulary, self._stem, self._spread, len(rows))

    def candidates(
        self,
        question: str,
        scope: Scope,
        limit: int,
        entries: Sequence[tuple[str, Entry]],
        library: Library,
    ) -> list[Candidate]:
        """Return the likeliest entries with any of the question's words: namesakes first, then the others."""
        tight = self.find(question, scope, limit)[1]
        near = self.nearest(question, scope, limit)
        namesakes = {number for score, number in tight if score >= WHOLE} | set(self._defined_by(question, scope))
        numbers = dict.fromkeys((*namesakes, *(number for _, number in (*tight, *near))))
        return self.compare(question, numbers, entries, library, namesakes)

    def compare(
        self,
        question: str,
        numbers: Collection[int],
        entries: Sequence[tuple[str, Entry]],
        library: Library,
        namesakes: Collection[int] = (),
    ) -> list[Candidate]:
        """Return these entries, each with its overlap with the question's words."""
        words = self.lexicon.words(question)
        cards = ((number, self.card(number, entries, library)) for number in numbers)
        return [
            Candidate(
                number,
                *entries[number],
                words,
                self.lexicon.overlap(words, card),
                shares(words, card),
                number in namesakes,
            )
            for number, card in cards
        ]

    def _defined_by(self, question: str, scope: Scope) -> list[int]:
        """Return the terms whose definition a question asks for by their whole name: "what is fentanyl"."""
        name = name_to_define(question)
        if name is None or (scope.kinds is not None and Term not in scope.kinds):
            return []
        return [number for score, number in self.find(name, Scope((Term,), scope.pack), 2)[1] if score >= WHOLE]

    def holds(self, number: int) -> bool:
        return number in self._numbers

    def card(self, number: int, entries: Sequence[tuple[str, Entry]], library: Library) -> CardWords:
        """Return the words of an entry, computed at the first call."""
        card = self._cards.get(number)
        if card is None:
            pack_id, entry = entries[number]
            target = library.packs[pack_id].entries.get(entry.target) if isinstance(entry, Argument) else None
            card = self._cards[number] = self.lexicon.card(entry, target)
        return card

    def _document(self, number: int, pack_id: str, entry: Entry) -> tuple[tantivy.Document, list[str]]:
        """Return an entry's document for the index, and the entry's words.

        All parts of an entry form one text, since each further field would slow down every search. Repetition raises a
        word's score, so the text repeats names, and short names most often: each word says more in a short name.
        """
        document = tantivy.Document()
        document.add_integer("number", number)
        document.add_text("kind", type(entry).__name__)
        document.add_text("pack", pack_id)
        for label in _labels(entry):
            document.add_text("label", " ".join(folded_words(label)))
        words = []
        text = [entry.body, *entry.questions, *_TIMES * entry.tags]
        for part in (entry.body, *entry.questions, *entry.tags):
            words += self._surface.analyze(part)
        for name in (entry.title, *entry.aliases):
            name_words = self._surface.analyze(name)
            words += name_words
            text += [name] * (_TIMES + _NAME_WORDS // max(1, len(name_words)))
            document.add_text("name", name)
        for part in text:
            document.add_text("text", part)
        return document, words

    def find(self, query: str, scope: Scope, limit: int) -> tuple[int, Scored]:
        """Return the best matches, after the effort that they took: the number of `_attempts` that failed before."""
        stems = self._words(query)
        if not stems:
            return 0, []
        extra = self._extra(query, stems)
        for effort, (need, matches) in enumerate(self._attempts(stems)):
            rows = self._run(_most_of(matches, need), extra, scope, limit)
            if rows:
                return effort, rows
        return _MAX_EFFORT, []

    def _attempts(self, stems: Mapping[str, str]) -> Iterator[tuple[int, list[Query]]]:
        """Yield ever wider searches for words with these stems: the number of words that must match, and their queries.

        The first attempt takes a word that the packs lack for a beginning or a misspelling; only later attempts do the
        same with known words.
        """
        unknown = {word for word, stem in stems.items() if not self._knows(word, stem)}
        yield (
            len(stems),
            [
                self._match_word(word, stem) if word in unknown else self._match_stem(stem)
                for word, stem in stems.items()
            ],
        )
        beginnings = unknown | {list(stems)[-1]}
        widest = [self._match_word(word, stem, by_beginning=word in beginnings) for word, stem in stems.items()]
        if len(unknown) < len(stems):
            yield len(stems), widest
        enough = ceil(len(stems) * _MOST)
        if enough < len(stems):
            yield enough, widest

    def _spread(self, stem: str) -> int:
        """Return the number of entries with this stem."""
        return self._searcher.doc_freq("text", stem)

    def _knows(self, word: str, stem: str) -> bool:
        return word in self._vocabulary or (stem != word and self._spread(stem) > 0)

    def nearest(self, query: str, scope: Scope, limit: int) -> Scored:
        """Return the entries with any word that resembles one of the query's."""
        stems = self._words(query)
        if not stems:
            return []
        return self._run(_most_of([self._far(word, stem) for word, stem in stems.items()], 1), [], scope, limit)

    def _run(self, matches: Sequence[Query], extra: Sequence[Query], scope: Scope, limit: int) -> Scored:
        clauses = [(Occur.Must, query) for query in (*matches, *self._within(scope))]
        clauses += [(Occur.Should, query) for query in extra]
        hits = self._searcher.search(Query.boolean_query(clauses), limit, count=False).hits
        numbers = self._searcher.fast_field_values("number", [address for _, address in hits])
        return [(float(score), int(number or 0)) for (score, _), number in zip(hits, numbers, strict=True)]

    def _words(self, query: str) -> dict[str, str]:
        """Return the words to look up, each with its stem. Stop words count only if a query has no other words."""
        read = clean_query(query)
        words = self._surface.analyze(read)
        stems = dict(zip(words, self._stems.analyze(read) if self._spaced else words, strict=True))
        telling = [word for word in stems if word not in self._stop_words]
        return {word: stems[word] for word in (telling or list(stems))[:MAX_WORDS]}

    def _within(self, scope: Scope) -> Iterator[Query]:
        """Yield queries that match the entries of a scope and add nothing to their scores."""
        if scope.kinds is not None:  # a query per kind, since the engine reads a term set whole before anything else
            kinds = [query for kind, query in self._of_kind.items() if kind in scope.kinds]
            yield kinds[0] if len(kinds) == 1 else Query.boolean_query([(Occur.Should, kind) for kind in kinds])
        if scope.pack is not None:
            yield Query.const_score_query(Query.term_query(self._schema, "pack", scope.pack), 0.0)

    def _extra(self, query: str, stems: Mapping[str, str]) -> list[Query]:
        """Return optional queries that raise a match's score: for the exact label, and for the words side by side."""
        extra = []
        label = " ".join(folded_words(clean_query(query)))
        if self._searcher.doc_freq("label", label):  # cheaper than a search for a label that no entry has
            extra.append(Query.const_score_query(Query.term_query(self._schema, "label", label), WHOLE))
        if len(stems) > 1:
            phrase = Query.phrase_query(self._schema, "text", [*stems.values()], slop=1)
            extra.append(Query.boost_query(phrase, _SIDE_BY_SIDE))
        return extra

    def _match_word(self, word: str, stem: str, *, by_beginning: bool = True) -> Query:
        """Match this word, a word that it may begin, or a word that the member may mean."""
        ways = [self._match_stem(stem)]
        if by_beginning and len(word) >= _PREFIX:
            ways += self._longer(word)
        ways += [
            Query.boost_query(self._match_stem(self._stem(other)), _MISSPELT**edits)
            for other, edits in self._vocabulary.near(word)
        ]
        return Query.disjunction_max_query(ways, _TIE) if len(ways) > 1 else ways[0]

    def _longer(self, word: str) -> list[Query]:
        """Match words that begin with this one."""
        longer = islice(self._vocabulary.beginning_with(word), _MAX_BEGINNINGS)
        stems = list(dict.fromkeys(self._stem(other) for other in longer))
        if len(stems) <= _FEW_BEGINNINGS:
            return [Query.boost_query(self._match_stem(stem), _BY_BEGINNING) for stem in stems]
        # The beginning of many words says little, and the rarity of those words says nothing.
        return [
            Query.const_score_query(Query.term_set_query(self._schema, name, stems), score)
            for name, score in _BEGINNING.items()
        ]

    def _far(self, word: str, stem: str) -> Query:
        beginning = word[: max(_PREFIX, ceil(len(word) / 2))]
        alike = islice(self._vocabulary.beginning_with(beginning), _MAX_BEGINNINGS)
        ways = [
            Query.boost_query(self._match_stem(self._stem(other)), _MISSPELT ** edit_distance(word, other))
            for other in alike
        ]
        return Query.disjunction_max_query([self._match_word(word, stem), *ways], _TIE)

    def _match_stem(self, stem: str) -> Query:
        """Match a word with this stem."""
        return Query.term_query(self._schema, "text", stem)

    def _stem(self, word: str) -> str:
        """Return the indexed form of a word of the vocabulary: its stem; in a language without spaces, the word."""
        return next(iter(self._stems.analyze(word)), word) if self._spaced else word


def _most_of(matches: Sequence[Query], need: int) -> Sequence[Query]:
    """Return queries that together require an entry to match at least `need` of these."""
    if need == len(matches):  # the engine skips through required lists together; for a least number it reads each whole
        return matches
    return [Query.boolean_query([(Occur.Should, match) for match in matches], need)]


_TIE = 0.1
"""The factor on a word's further matches in an entry, which add to its best one."""
_MISSPELT = 0.5
"""The factor on a score for each edit."""
_TIMES = 2
"""Least copies of a tag, title or alias in an entry's text."""
_NAME_WORDS = 16
"""Words in the further copies of a title or alias: one of four words gets four more copies."""
_HEAP_A_ROW = 2_000
_MAX_HEAP = 250_000_000


def _analyzers(language: str) -> tuple[TextAnalyzer, TextAnalyzer]:
    """Return two analyzers of texts: into stems, and into words as written."""

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
    builder.add_text_field("text", tokenizer_name="stems", index_option="position")
    builder.add_text_field("name", tokenizer_name="stems", index_option="basic")
    return builder.build()


def _labels(entry: Entry) -> Iterator[str]:
    """Yield an entry's title, aliases, questions and id."""
    yield entry.title
    yield from entry.aliases
    yield from entry.questions
    yield entry.id


def clean_query(text: str) -> str:
    """Cut a query to the part that is read, and replace characters that UTF-8 can't store."""
    return text[:MAX_TEXT].encode("utf-8", "replace").decode()
