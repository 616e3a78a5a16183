"""The overlap of words between a question and a card.

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
"""Telling words of a question to read: the first words of a longer text give its subject."""
MAX_BEGINNINGS = 10
_BEGINNING = 4
"""Least letters of an unknown word that may be the beginning of a known one."""
_BY_BEGINNING = 0.5
"""The certainty that the beginning of a known word means that word."""
_EDIT = 0.7
"""The certainty that a misspelt word means a known one: a factor for each edit."""

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
"""Words that shape a question without naming its subject. Members mix languages, so one set holds them all."""


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
    """Return the name in a question for a definition, such as "what is a precursor"; None for other questions."""
    every_word = words = folded_words(question)
    while begin := next((each for each in (*_DEFINING, *_SKIPPED) if words[: len(each)] == each), None):
        words = words[len(begin) :]
    if end := next((each for each in _ENDS if words[-len(each) :] == each), None):
        words = words[: -len(end)]
    return " ".join(words) if words and words != every_word else None


class Analyzer(Protocol):
    """A splitter of texts into words."""

    def analyze(self, text: str) -> list[str]: ...


class Spelling(Protocol):
    """The words that the packs use."""

    def near(self, word: str) -> list[tuple[str, int]]: ...
    def beginning_with(self, prefix: str) -> Iterator[str]: ...


@dataclass(frozen=True, slots=True)
class Word:
    """A telling word of a question.

    `stems` maps each stem that the word may stand for to the certainty of that; it is empty if the packs have nothing
    like the word. `weight` is 1 for a word that no card has, and falls with the number of cards that have it.
    `familiar` says whether the packs have the typed word's stem.
    """

    text: str
    stems: Mapping[str, float]
    weight: float
    familiar: bool


class CardWords(NamedTuple):
    """The stems of a card, and its telling words as written.

    `labels` has a set for each title, alias and id, and `names` has them all. `questions` has a set for each question;
    without questions, for the title and each alias. `text` has the body's stems, `about` those of the tags and, for an
    argument, of its target's title and aliases. `surface` has the telling words.
    """

    labels: tuple[frozenset[str], ...]
    questions: tuple[frozenset[str], ...]
    names: frozenset[str]
    text: frozenset[str]
    about: frozenset[str]
    surface: tuple[str, ...]


class Overlap(NamedTuple):
    """The overlap of a question with a card, from 0 to 1. Words count by weight; names are title, aliases and id."""

    names: float
    """Share of the question in the card's names."""
    text: float
    """Share of the question in the card's names and body."""
    context: float
    """Share of the question in the card, its tags and the names of its target."""
    label: float
    """Share of the question in one name: the highest."""
    label_covered: float
    """Share of one name in the question: the highest."""
    label_match: float
    """Harmonic mean of these two shares for one name: the highest."""
    amount: float
    """Total weight of the words in the card, as a share of `_MUCH`."""
    names_amount: float
    """Total weight of the words in the card's names, as a share of `_MUCH`."""
    matches: float
    """Number of words in the card, as a share of `_MANY`."""
    rarest: float
    """Weight of the heaviest word in the card."""
    asked: float
    """Share of the question in the card and its questions."""
    question: float
    """Share of the member's question in one of the card's: the highest."""
    question_covered: float
    """Share of one of the card's questions in the member's: the highest."""
    question_match: float
    """Harmonic mean of these two shares for one of the card's questions: the highest."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of one language's packs: their stems, spelling and spread over the cards."""

    stems: Analyzer
    surface: Analyzer
    spelling: Spelling
    stem: Callable[[str], str]
    spread: Callable[[str], int]
    """The number of cards with a stem."""
    size: int
    """The number of cards."""

    def words(self, question: str) -> tuple[Word, ...]:
        """Return the telling words of a question, each once; all of its words if none is telling."""
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
        """Return the weight of a stem: 1 if no card has it, less the more cards have it."""
        return log(1 + self.size / (self.spread(stem) + _NONE)) / log(1 + self.size / _NONE)

    def card(self, entry: Entry, target: Entry | None) -> CardWords:
        """Return the words of a card. `target` is the card that an argument is about."""
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
        """Return the words of a text that say something about its subject."""
        return [word for word in self.surface.analyze(text) if word not in SMALL_WORDS]

    def _telling(self, text: str) -> frozenset[str]:
        words = self.surface.analyze(text)
        return frozenset(self.stem(word) for word in words if word not in SMALL_WORDS) or frozenset(
            self.stem(word) for word in words
        )

    def overlap(self, words: Sequence[Word], card: CardWords) -> Overlap:
        """Measure the overlap of these words with a card."""
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
            """Return the highest share of the question in a text, of a text in it, and their highest harmonic mean."""
            most_share, most_back, match = 0.0, 0.0, 0.0
            for stems in texts:
                if stems.isdisjoint(certainty):
                    continue
                share = sum(_amount(word, stems) for word in words) / whole
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
"""The factor on the share of a name or question of one word that a question of more than `_FEW` words covers."""
_MUCH = 4.0
"""Total weight of words that counts in full: about four words that no other card has."""
_MANY = 4
_NONE = 0.5
"""Added to the number of cards with a word, so that a word in no card has a finite weight."""


def shares(words: Sequence[Word], card: CardWords) -> list[float]:
    """Return, for each word, the certainty that a card has it, from 0 to 1."""
    stems = card.names | card.text
    return [max((sure for stem, sure in word.stems.items() if stem in stems), default=0.0) for word in words]


def _amount(word: Word, stems: frozenset[str]) -> float:
    """Return a word's weight in a card with these stems: in part for a misspelt or unfinished word, 0 for no match."""
    return word.weight * max((sure for stem, sure in word.stems.items() if stem in stems), default=0.0)
