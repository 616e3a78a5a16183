"""Search the packs of one language: their words, stems and misspellings. `index.py` puts the languages together."""

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
"""Characters of a query that are read."""
MAX_WORDS = 8
"""Words of a query that are looked up; a longer one is a text, and its first words say what it is about."""
MAX_WORD = 40

KIND_ORDER: tuple[type[Entry], ...] = (Fact, Position, Option, Argument, Term, Source, Event, Statement)
"""What comes first among equals."""


class Candidate(NamedTuple):
    """An entry that may answer a question, and how far it has the question's words."""

    number: int
    pack_id: str
    entry: Entry
    words: tuple[Word, ...]
    overlap: Overlap
    shares: Sequence[float]
    """How surely it has each of the words."""
    is_named: bool
    """Whether its title, an alias or one of its questions is the question, word for word."""


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
        "into is it its me my of on or our she said say says she should so some tell than that the their them then there these they this "
        "to was we were what when where which who why will with would you your"
    ),
    "es": (
        "a al como con cual cuando de del donde el ella en es esta este fue ha hay la las le les lo los mas me mi no "
        "o para pero por que quien se ser si sin sobre son su sus tu un una unos unas y ya"
    ),
}

WHOLE = 10_000.0
"""The score of a title or alias that is the query, word for word; more than all else together."""
_SIDE_BY_SIDE = 2.0
"""How much it weighs that an entry has the query's words one after another."""
_BEGINNING = {"name": 4.0, "text": 2.0}
"""Field → the score of words that only begin like a word that was typed, where they are many."""
_BY_BEGINNING = 0.6
"""What is left of the score of a word that only begins like the one that was typed, where they are few."""
_FEW_BEGINNINGS = 6
_PREFIX = 3
"""Letters from which on a word is taken for the beginning of one."""
_MAX_BEGINNINGS = 30
_MOST = 2 / 3
"""The part of the query's words that make a match where no entry has them all."""

_MAX_EFFORT = 3

Scored = list[tuple[float, int]]
"""Scores and numbers of entries."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which entries are looked for."""

    kinds: Collection[type[Entry]] | None
    pack: str | None


class LanguageIndex:
    """The packs of one language."""

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
        self.lexicon = Lexicon(
            self._stems,
            self._surface,
            self._vocabulary,
            self._stem,
            lambda stem: self._searcher.doc_freq("text", stem),
            len(rows),
        )

    def candidates(
        self,
        question: str,
        scope: Scope,
        limit: int,
        numbers: Collection[int],
        entries: Sequence[tuple[str, Entry]],
        library: Library,
    ) -> list[Candidate]:
        words = self.lexicon.words(question)
        near = [number for _, number in self.nearest(question, scope, limit)]
        tight = self.find(question, scope, limit)[1]
        namesakes = {number for score, number in tight if score >= WHOLE} | set(self._defined_by(question, scope))
        chosen_numbers = dict.fromkeys(
            (
                *namesakes,
                *(number for _, number in tight),
                *near,
                *(number for number in numbers if number in self._numbers),
            )
        )
        return [
            Candidate(
                number,
                *entries[number],
                words,
                self.lexicon.overlap(words, card),
                shares(words, card),
                number in namesakes,
            )
            for number, card in ((number, self.card(number, entries, library)) for number in chosen_numbers)
        ]

    def _defined_by(self, question: str, scope: Scope) -> list[int]:
        """The terms whose definition the question asks for, by their whole name: "what is fentanyl"."""
        name = name_to_define(question)
        if name is None or (scope.kinds is not None and Term not in scope.kinds):
            return []
        return [number for score, number in self.find(name, Scope((Term,), scope.pack), 2)[1] if score >= WHOLE]

    def holds(self, number: int) -> bool:
        return number in self._numbers

    def card(self, number: int, entries: Sequence[tuple[str, Entry]], library: Library) -> CardWords:
        """The words of an entry, which are taken apart once it is first asked for."""
        card = self._cards.get(number)
        if card is None:
            pack_id, entry = entries[number]
            target = library.packs[pack_id].entries.get(entry.target) if isinstance(entry, Argument) else None
            card = self._cards[number] = self.lexicon.card(entry, target)
        return card

    def _document(self, number: int, pack_id: str, entry: Entry) -> tuple[tantivy.Document, list[str]]:
        """What is stored of an entry, and the words that it has.

        All its parts are one text, since every further field to look in would make a search dearer. A word counts
        for more where it stands more often. So names stand there several times, short ones most often: each word
        says more in a name that has few.
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
        """The best matches, and how far one had to go for them: 0 if every word is there as it was typed."""
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
        """Ever wider ways to look for words with these stems: how many an entry needs, and what matches each.

        A word that the packs don't have is at once taken for a beginning or a misspelt one, the others only if that
        finds nothing.
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

    def _knows(self, word: str, stem: str) -> bool:
        return word in self._vocabulary or (stem != word and self._searcher.doc_freq("text", stem) > 0)

    def nearest(self, query: str, scope: Scope, limit: int) -> Scored:
        """Entries with any word that is at all like one of the query's."""
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
        """What is looked up, with its stems: the words without those that every text has, unless there are no others."""
        read = clean_query(query)
        words = self._surface.analyze(read)
        stems = dict(zip(words, self._stems.analyze(read) if self._spaced else words, strict=True))
        telling = [word for word in stems if word not in self._stop_words]
        return {word: stems[word] for word in (telling or list(stems))[:MAX_WORDS]}

    def _within(self, scope: Scope) -> Iterator[Query]:
        """What an entry of the scope matches, which adds nothing to its score."""
        if scope.kinds is not None:  # terms of their own, since a term set is read through whole before anything else
            kinds = [query for kind, query in self._of_kind.items() if kind in scope.kinds]
            yield kinds[0] if len(kinds) == 1 else Query.boolean_query([(Occur.Should, kind) for kind in kinds])
        if scope.pack is not None:
            yield Query.const_score_query(Query.term_query(self._schema, "pack", scope.pack), 0.0)

    def _extra(self, query: str, stems: Mapping[str, str]) -> list[Query]:
        """What is not needed for a match, but makes it a better one: the whole title or alias, the words side by side."""
        extra = []
        label = " ".join(folded_words(clean_query(query)))
        if self._searcher.doc_freq("label", label):  # to ask is cheaper than to search for what no entry is called
            extra.append(Query.const_score_query(Query.term_query(self._schema, "label", label), WHOLE))
        if len(stems) > 1:
            phrase = Query.phrase_query(self._schema, "text", [*stems.values()], slop=1)
            extra.append(Query.boost_query(phrase, _SIDE_BY_SIDE))
        return extra

    def _match_word(self, word: str, stem: str, *, by_beginning: bool = True) -> Query:
        """Entries with this word, with one that it may be the beginning of, or with one that may have been meant."""
        ways = [self._match_stem(stem)]
        if by_beginning and len(word) >= _PREFIX:
            ways += self._longer(word)
        ways += [
            Query.boost_query(self._match_stem(self._stem(other)), _MISSPELT**edits)
            for other, edits in self._vocabulary.near(word)
        ]
        return Query.disjunction_max_query(ways, _TIE) if len(ways) > 1 else ways[0]

    def _longer(self, word: str) -> list[Query]:
        """Entries with a word that begins like this one."""
        longer = islice(self._vocabulary.beginning_with(word), _MAX_BEGINNINGS)
        stems = list(dict.fromkeys(self._stem(other) for other in longer))
        if len(stems) <= _FEW_BEGINNINGS:
            return [Query.boost_query(self._match_stem(stem), _BY_BEGINNING) for stem in stems]
        # A beginning of many words says little, and the rarity of those words nothing.
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
        """Entries with a word that has this stem."""
        return Query.term_query(self._schema, "text", stem)

    def _stem(self, word: str) -> str:
        """What the index has of a word of the vocabulary. Two letters of a language without spaces are one already."""
        return next(iter(self._stems.analyze(word)), word) if self._spaced else word


def _most_of(matches: Sequence[Query], need: int) -> Sequence[Query]:
    """What an entry has to match, all of it, so that it matches so many of these."""
    if need == len(matches):  # lists are skipped through together, where a least number has each read whole
        return matches
    return [Query.boolean_query([(Occur.Should, match) for match in matches], need)]


_TIE = 0.1
"""How much a word's further matches in an entry add to its best one."""
_MISSPELT = 0.5
"""What each edit leaves of a score."""
_TIMES = 2
"""How often a tag, title or alias stands in an entry's text, at least."""
_NAME_WORDS = 16
"""A title or alias stands there so many words' worth of times more: one of four words, four times more."""
_HEAP_A_ROW = 2_000
_MAX_HEAP = 250_000_000


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
    builder.add_text_field("text", tokenizer_name="stems", index_option="position")
    builder.add_text_field("name", tokenizer_name="stems", index_option="basic")
    return builder.build()


def _labels(entry: Entry) -> Iterator[str]:
    """What an entry is called, in full, and the questions that it answers."""
    yield entry.title
    yield from entry.aliases
    yield from entry.questions
    yield entry.id


def clean_query(text: str) -> str:
    """The part of a query that is read, with nothing in it that can't be stored as UTF-8."""
    return text[:MAX_TEXT].encode("utf-8", "replace").decode()
