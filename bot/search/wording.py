"""How far a question and a card use the same words.

    words = lexicon.words("is mexico sending troops")
    overlap = lexicon.overlap(words, card)

Every figure is a share or a bounded amount, so that it means the same in a pack of ten cards and in one of ten
thousand, and on any subject.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import log
from typing import NamedTuple, Protocol

from bot.packs.model import Entry
from bot.search.completion import folded_words

MAX_WORDS = 24
"""Telling words of a question that are read; a longer one is a text, and its first words say what it is about."""
MAX_BEGINNINGS = 10
_BEGINNING = 4
"""Letters from which on an unknown word may be the beginning of a known one."""
_BY_BEGINNING = 0.5
"""How surely a known word is meant by its beginning."""
_EDIT = 0.7
"""How surely a known word is meant by a misspelt one, for each edit."""

_SMALL = {
    "en": (
        "a about actually also an and any anybody anyone anything are as at be because been being but by came can "
        "cant cause come comes could d definition did didnt do does doesnt doing don done dont down even every "
        "everybody everyone everything explain fact false for from get gets getting go goes going gonna got gotta guy guys "
        "had happen happened happening happens has have he her here heres him his how hows i id if im in into is isnt it "
        "its ive just know knowing let lets like ll lmao lol lot m made make makes many may me mean meaning means might "
        "more most much must my never no nobody not nothing now of off ok okay on one only or our out over people please "
        "pls ppl re really right s said say says she should shouldnt so some somebody someone something still stuff such "
        "t tell than that thats the their them then there theres these they thing things think this those tho though "
        "to told too true u up ur us ve very wanna was wasnt way we were what whats when where which while who "
        "whom whos whose why will with wont would wouldnt yeah yes you your"
    ),
    "es": (
        "a al alguien algo asi como con cual cuales cuando cuanto cuantos de del desde donde e el ella ellos en entre "
        "era eran es esa ese eso esta estan este esto estos fue fueron ha han hasta hay la las le les lo los mas me mi "
        "mucho muy ni no nos o para pero por porque pues que quien quienes se ser si sin sobre son su sus tan te "
        "tiene tienen todo tu un una unos unas verdad y ya"
    ),
}
SMALL_WORDS = frozenset(" ".join(_SMALL.values()).split())
"""Words that say how a question is put, not what it is about. Members mix languages, so one list holds them all."""


_BEFORE_A_NAME = (
    "what is, what s, whats, what are, what re, what does, what do, meant by, meaning of, definition of, definition, "
    "define, explain, que es, que son, que significa, que significan, que quiere decir, definicion de, significado de"
)
_AFTER_A_NAME = "mean, means, stand for, stands for, meaning, definition, definicion, significado"
_ARTICLES = "a, an, the, el, la, los, las, un, una"
_DEFINING, _ENDS, _SKIPPED = (
    [phrase.split() for phrase in phrases.split(", ")] for phrases in (_BEFORE_A_NAME, _AFTER_A_NAME, _ARTICLES)
)


def name_to_define(question: str) -> str | None:
    """The name in a question that asks what something is or means, such as "what is a precursor"; None in others."""
    every_word = words = folded_words(question)
    while begin := next((each for each in (*_DEFINING, *_SKIPPED) if words[: len(each)] == each), None):
        words = words[len(begin) :]
    if end := next((each for each in _ENDS if words[-len(each) :] == each), None):
        words = words[: -len(end)]
    return " ".join(words) if words and words != every_word else None


class Analyzer(Protocol):
    """Makes words of a text."""

    def analyze(self, text: str) -> list[str]: ...


class Spelling(Protocol):
    """The words that the packs use."""

    def near(self, word: str) -> list[tuple[str, int]]: ...
    def beginning_with(self, prefix: str) -> Iterator[str]: ...


@dataclass(frozen=True, slots=True)
class Word:
    """A telling word of a question.

    `stems` are those that it may stand for, with how surely it does; none if the packs have nothing like it.
    `weight` is how much it tells: 1 for a word that no card has, the less the more cards have it. `familiar` words
    stand in the packs as they are typed.
    """

    text: str
    stems: Mapping[str, float]
    weight: float
    familiar: bool


class CardWords(NamedTuple):
    """The stems of a card: of each of its names, of each of its questions (its names again, if it has none), of all its names, of its text, and of what it is an argument about.

    `surface` are its telling words as they are written.
    """

    labels: tuple[frozenset[str], ...]
    questions: tuple[frozenset[str], ...]
    names: frozenset[str]
    text: frozenset[str]
    about: frozenset[str]
    surface: tuple[str, ...]


class Overlap(NamedTuple):
    """How far a card has the words of a question. Shares are weighted by how much each word tells."""

    names: float
    """Share of the question that is in the card's title and aliases."""
    text: float
    """Share that is anywhere in the card."""
    context: float
    """Share that is in the card or in what it argues about."""
    label: float
    """Share that is in one title or alias, the best one."""
    label_covered: float
    """Share of one title or alias that is in the question, the best one."""
    label_match: float
    """Harmonic mean of the two, of the best one."""
    amount: float
    """What the words in the card tell, together."""
    names_amount: float
    """What the words in its title and aliases tell, together."""
    matches: float
    """How many words are in the card."""
    rarest: float
    """What the most telling of them tells."""
    asked: float
    """Share of the question that is in the card or in its questions."""
    question: float
    """Share that is in one of its questions, the best one."""
    question_covered: float
    """Share of one of its questions that is in the question, the best one."""
    question_match: float
    """Harmonic mean of the two, of the best one."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of one language's packs: how they are split, spelt and spread over the cards."""

    stems: Analyzer
    surface: Analyzer
    spelling: Spelling
    stem: Callable[[str], str]
    spread: Callable[[str], int]
    """How many cards have a stem."""
    size: int
    """How many cards there are."""

    def words(self, question: str) -> tuple[Word, ...]:
        """The telling words of a question, each once. All of its words, if none is telling."""
        every = self.surface.analyze(question)
        telling = [word for word in every if word not in SMALL_WORDS] or every
        return tuple(self._word(text) for text in list(dict.fromkeys(telling))[:MAX_WORDS])

    def _word(self, text: str) -> Word:
        stem = self.stem(text)
        if self.spread(stem):
            return Word(text, {stem: 1.0}, self.weight(stem), familiar=True)
        stems = {self.stem(other): _EDIT**edits for other, edits in reversed(self.spelling.near(text))}
        if len(text) >= _BEGINNING:
            for longer in islice(self.spelling.beginning_with(text), MAX_BEGINNINGS):
                stems.setdefault(self.stem(longer), _BY_BEGINNING)
        weight = max((self.weight(other) for other in stems), default=self.weight(stem))
        return Word(text, stems, weight, familiar=False)

    def weight(self, stem: str) -> float:
        """How much it tells that a card has a word with this stem."""
        return log(1 + self.size / (self.spread(stem) + _NONE)) / log(1 + self.size / _NONE)

    def card(self, entry: Entry, target: Entry | None) -> CardWords:
        """The stems of a card, which may be an argument about another one."""
        labels = [self._telling(label) for label in (entry.title, *entry.aliases, entry.id.replace("-", " "))]
        about = [*entry.tags, *((target.title, *target.aliases) if target is not None else ())]
        return CardWords(
            tuple(dict.fromkeys(label for label in labels if label)),
            tuple(self._telling(question) for question in entry.questions or (entry.title, *entry.aliases)),
            frozenset[str]().union(*labels),
            frozenset(self.stems.analyze(entry.body)),
            frozenset(self.stems.analyze(" ".join(about))),
            tuple(
                dict.fromkeys(
                    word
                    for part in (entry.title, *entry.aliases, entry.body, *entry.questions)
                    for word in self.telling(part)
                )
            ),
        )

    def telling(self, text: str) -> list[str]:
        """The words of a text that say what it is about."""
        return [word for word in self.surface.analyze(text) if word not in SMALL_WORDS]

    def _telling(self, text: str) -> frozenset[str]:
        words = self.surface.analyze(text)
        return frozenset(self.stem(word) for word in words if word not in SMALL_WORDS) or frozenset(
            self.stem(word) for word in words
        )

    def overlap(self, words: Sequence[Word], card: CardWords) -> Overlap:
        """How far a card has these words."""
        whole = sum(word.weight for word in words) or 1.0
        everywhere = card.names | card.text
        amounts = [_amount(word, everywhere) for word in words]
        names = sum(_amount(word, card.names) for word in words)
        context = sum(_amount(word, everywhere | card.about) for word in words)
        certainty: dict[str, float] = {}
        for word in words:
            for stem, sure in word.stems.items():
                certainty[stem] = max(certainty.get(stem, 0.0), sure)

        def best(texts: Sequence[frozenset[str]]) -> tuple[float, float, float]:
            """How far the question is in one of these texts, one of them in the question, and each in the other."""
            most_share, most_back, match = 0.0, 0.0, 0.0
            for stems in texts:
                share = sum(_amount(word, stems) for word in words) / whole
                if share:
                    weights = {stem: self.weight(stem) for stem in stems}
                    known = sum(weight * certainty.get(stem, 0.0) for stem, weight in weights.items())
                    back = known / sum(weights.values())
                    most_share = max(most_share, share)
                    most_back = max(most_back, back if len(stems) > 1 or len(words) <= _FEW else back * _ONE_OF_MANY)
                    match = max(match, 2 * share * back / (share + back))
            return most_share, most_back, match

        asked = everywhere.union(*card.questions)
        return Overlap(
            names / whole,
            sum(amounts) / whole,
            context / whole,
            *best(card.labels),
            min(sum(amounts), _MUCH) / _MUCH,
            min(names, _MUCH) / _MUCH,
            min(sum(1 for amount in amounts if amount), _MANY) / _MANY,
            max(amounts, default=0.0),
            sum(_amount(word, asked) for word in words) / whole,
            *best(card.questions),
        )


_FEW = 2
_ONE_OF_MANY = 0.8
"""What it counts for that a whole name is in a question, if the name is one word and the question has many."""
_MUCH = 4.0
"""Words that no other card has, which together tell as much as is ever needed."""
_MANY = 4
_NONE = 0.5
"""What is added to the cards that have a word, so that a word that none has weighs something finite."""


def shares(words: Sequence[Word], card: CardWords) -> list[float]:
    """How surely a card has each of these words, from 0 to 1."""
    stems = card.names | card.text
    return [max((sure for stem, sure in word.stems.items() if stem in stems), default=0.0) for word in words]


def _amount(word: Word, stems: frozenset[str]) -> float:
    """What a word tells of a card with these stems: all, part of it if it is misspelt, or nothing."""
    return word.weight * max((sure for stem, sure in word.stems.items() if stem in stems), default=0.0)
