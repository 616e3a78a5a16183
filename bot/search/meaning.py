"""The meaning of cards and questions, as vectors: texts that mean the same lie close, whatever their words.

    encoder = open_encoder()                          None if the extra `semantic` isn't installed
    texts = texts_of(index)
    vectors = VectorCache(folder, encoder).vectors(texts.all)      takes seconds for a pack, less if the cache has it
    meaning = Meaning(index, encoder, texts, vectors)
    likeness = meaning.likeness("is mexico sending troops", words, kinds=[Fact])
    likeness.nearest(20)                                 numbers of the closest cards
    likeness.of(numbers, overlaps)                       the closeness of these cards
    likeness.subject                                     the closeness of all cards, and of other subjects

`likeness` compares a question with all texts of a card, above all with the questions that the card answers (`questions`
of an entry), and word by word: if nothing in a card comes close to a word of the question, the card is probably about
something else. If a question lies closer to other subjects than to the packs, all cards probably are. Run all of this
in a thread: it would block an event loop.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bot.packs.model import Entry
from bot.search.encoder import Encoder
from bot.search.other_subjects import other_subjects
from bot.search.space import Space
from bot.search.wording import Word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.search.encoder import Vectors
    from bot.search.index import Index

SENTENCES_MAX = 6
"""Sentences of a message to compare beside the whole message."""
_SENTENCE_END = re.compile(r"[.!?;:]\s+|\n+")
_SENTENCE_WORDS = 3


class Closeness(NamedTuple):
    """The closeness of a card to a question.

    `question`, `name` and `text` are cosines with the closest of the questions that the card answers, with its closest
    name, and with its text as a whole. `middle` is the cosine with the mean of all its texts, `best` the highest of the
    first three, and `lead` the lead of `best` over the next card. `likely` and `share` are logarithms of ratios: of all
    the card's texts to other subjects, and to the closest cards together. The others measure how the card covers the
    question's words: `covered` is the share by weight, `worst` the coverage of the least covered word, and `gap` the
    most weight that one word lacks.
    """

    question: float
    name: float
    text: float
    middle: float
    best: float
    lead: float
    likely: float
    share: float
    covered: float
    worst: float
    gap: float


class Subject(NamedTuple):
    """The closeness of a question to the eligible cards, to all cards, and to other subjects.

    Cards of the requested kinds and pack are eligible. `cards`, `packs` and `kinds` are logarithms of ratios,
    `elsewhere` is a cosine, and the others are differences of cosines.
    """

    cards: float
    """Eligible cards to other subjects."""
    packs: float
    """All cards to other subjects."""
    kinds: float
    """Eligible cards to all cards."""
    lead: float
    """The lead of the closest eligible card over the closest other subject."""
    lead_over_five: float
    """The lead of the closest eligible card over the mean of the five closest other subjects."""
    lead_of_three: float
    """The lead of the mean of the three closest eligible cards over that of the three closest other subjects."""
    elsewhere: float
    """The cosine of the closest other subject."""
    elsewhere_in_packs: float
    """The lead of the closest card of all over the closest eligible one."""


class Texts(NamedTuple):
    """The texts of an index to embed: each card as a whole, its names, its questions, and all telling words.

    `elsewhere` has texts on other subjects.
    """

    wholes: list[str]
    names: list[str]
    questions: list[str]
    words: list[str]
    elsewhere: list[str]

    @property
    def all(self) -> list[str]:
        return [text for texts in self for text in texts]


def texts_of(index: Index) -> Texts:
    entries = [entry for _, entry in index.entries]
    return Texts(
        [f"{entry.title}. {entry.body}" for entry in entries],
        [name for entry in entries for name in (entry.title, *entry.aliases)],
        [question for entry in entries for question in _questions(entry)],
        index.vocabulary(),
        other_subjects(),
    )


def _questions(entry: Entry) -> tuple[str, ...]:
    """Return the questions that an entry answers; without any, its title and aliases."""
    return entry.questions or (entry.title, *entry.aliases)


class Meaning:
    """The vectors of an index's cards and words."""

    def __init__(self, index: Index, encoder: Encoder, texts: Texts, vectors: Vectors) -> None:
        self.encoder = encoder
        ends = np.cumsum([len(part) for part in texts[:-1]])
        wholes, names, questions, self._words, elsewhere = np.split(vectors, ends)
        space = Space.of(np.concatenate([wholes, names, questions, elsewhere]))
        self._space = space
        self._wholes, self._names, self._questions, self._elsewhere = (
            space.place(part) for part in (wholes, names, questions, elsewhere)
        )
        entries = [entry for _, entry in index.entries]
        self._name_starts = _starts([1 + len(entry.aliases) for entry in entries])
        self._question_starts = _starts([len(_questions(entry)) for entry in entries])
        self._middles = self._wholes + self._of_cards(np.add, self._names, self._questions)
        self._middles /= np.linalg.norm(self._middles, axis=1, keepdims=True) + _TINY
        self._row = {word: row for row, word in enumerate(texts.words)}
        self._packs = np.array([pack_id for pack_id, _ in index.entries])
        self._kinds = np.array([type(entry).__name__ for entry in entries])
        self._index = index

    def likeness(
        self,
        question: str,
        words: Sequence[Word],
        kinds: Collection[type[Entry]] | None = None,
        pack: str | None = None,
    ) -> Likeness:
        """Compare a question, with its telling words, with all cards. Cards of `kinds` and `pack` are eligible."""
        sentences = [part for part in _SENTENCE_END.split(question) if len(part.split()) >= _SENTENCE_WORDS]
        parts = [question, *(sentences[:SENTENCES_MAX] if len(sentences) > 1 else ())]
        vectors = self.encoder.encode([*parts, *(word.text for word in words)])
        placed = self._space.place(vectors[: len(parts)]).T
        names, questions, wholes, middles, elsewhere = (
            (texts @ placed).max(axis=1)
            for texts in (self._names, self._questions, self._wholes, self._middles, self._elsewhere)
        )
        closest = np.stack([*(self._each(np.maximum, names, questions)), wholes, middles], axis=1)
        likely = np.exp(_STEEP * wholes) + self._of_cards(np.add, np.exp(_STEEP * names), np.exp(_STEEP * questions))
        cosines = Cosines(closest, np.log(likely), -np.sort(-elsewhere))
        return Likeness(self, cosines, self._within(kinds, pack), vectors[len(parts) :], words)

    def _each(self, merge: np.ufunc, names: Vectors, questions: Vectors) -> tuple[Vectors, Vectors]:
        """Merge the rows of each card's questions, and the rows of its names."""
        return merge.reduceat(questions, self._question_starts), merge.reduceat(names, self._name_starts)

    def _of_cards(self, merge: np.ufunc, names: Vectors, questions: Vectors) -> Vectors:
        merged: Vectors = merge(*self._each(merge, names, questions))
        return merged

    def _within(self, kinds: Collection[type[Entry]] | None, pack: str | None) -> NDArray[np.bool_]:
        inside = np.ones(len(self._kinds), dtype=bool)
        if kinds is not None:
            inside &= np.isin(self._kinds, [kind.__name__ for kind in kinds])
        if pack is not None:
            inside &= self._packs == pack
        return inside

    def rows(self, number: int) -> list[int]:
        """Return the rows of a card's words in the array of word vectors."""
        return [row for word in self._index.surface_words(number) if (row := self._row.get(word)) is not None]

    def words(self, rows: Sequence[int]) -> Vectors:
        chosen: Vectors = self._words[rows]
        return chosen


class Cosines(NamedTuple):
    """The closeness of all cards and other subjects to a question.

    `closest` has one row per card: the cosines of its closest question, its closest name, its text, and the mean of all
    its texts. `likely` has one number per card, the logarithm of the sum over its texts. `elsewhere` has the cosines of
    other subjects, the highest first.
    """

    closest: Vectors
    likely: Vectors
    elsewhere: Vectors


class Likeness:
    """The closeness of each card to one question."""

    def __init__(
        self,
        meaning: Meaning,
        cosines: Cosines,
        inside: NDArray[np.bool_],
        word_vectors: Vectors,
        words: Sequence[Word],
    ) -> None:
        self._meaning = meaning
        self._inside = inside
        self._closest = cosines.closest
        self._best = cosines.closest[:, :3].max(axis=1)
        self._word_vectors = word_vectors
        self._words = words
        may, every = _most(self._best[inside], _FEW), _most(self._best, 1)
        self._first, self._second = may[0], may[min(1, len(may) - 1)]
        far = cosines.elsewhere
        beyond = _together(_STEEP * far[:_SOME])
        near, all_near = (_together(_most(part, _SOME)) for part in (cosines.likely[inside], cosines.likely))
        self._likely, self._share = cosines.likely - beyond, cosines.likely - near
        self.subject = Subject(
            cards=near - beyond,
            packs=all_near - beyond,
            kinds=near - all_near,
            lead=float(may[0] - far[0]),
            lead_over_five=float(may[0] - far[:5].mean()),
            lead_of_three=float(may[:3].mean() - far[:3].mean()),
            elsewhere=float(far[0]),
            elsewhere_in_packs=float(every[0] - may[0]),
        )

    def nearest(self, limit: int) -> list[int]:
        """Return the numbers of the closest eligible cards, the closest first."""
        close = np.where(self._inside, self._likely, -np.inf)
        best = np.argsort(-close, kind="stable")[:limit]
        return [int(number) for number in best if close[number] > -np.inf]

    def of(self, numbers: Sequence[int], overlaps: Iterable[Sequence[float]]) -> list[Closeness]:
        """Return the closeness of some cards. `overlaps` has the `shares` of each card's `Candidate`."""
        rows = [self._meaning.rows(number) for number in numbers]
        spread = sorted({row for some in rows for row in some})
        place = {row: column for column, row in enumerate(spread)}
        cosines = self._word_vectors @ self._meaning.words(spread).T if spread and len(self._word_vectors) else None
        weights = np.array([word.weight for word in self._words])
        closeness = []
        for number, some, has in zip(numbers, rows, overlaps, strict=True):
            covered = np.array(has, dtype=np.float32)
            if cosines is not None and some:
                best = cosines[:, [place[row] for row in some]].max(axis=1)
                covered = np.maximum(covered, np.clip((best - _FAR) / (_CLOSE - _FAR), 0, 1))
            total = float(weights.sum()) or 1.0
            question, name, text, middle = self._closest[number].tolist()
            best_text = float(self._best[number])
            closeness.append(
                Closeness(
                    question,
                    name,
                    text,
                    middle,
                    best_text,
                    lead=best_text - float(self._second if best_text >= self._first else self._first),
                    likely=float(self._likely[number]),
                    share=float(self._share[number]),
                    covered=float(weights @ covered) / total,
                    worst=float(covered.min(initial=1.0)),
                    gap=float((weights * (1 - covered)).max(initial=0.0)),
                )
            )
        return closeness


def _starts(counts: Sequence[int]) -> NDArray[np.int64]:
    """Return the start of each group in a sequence of groups, from their sizes."""
    starts: NDArray[np.int64] = np.cumsum([0, *counts[:-1]])
    return starts


def _most(values: Vectors, count: int) -> Vectors:
    """Return the highest values in descending order; one low value if there are none."""
    most: Vectors = -np.sort(-values)[:count] if len(values) else np.array([_NOTHING], dtype=np.float32)
    return most


def _together(values: Vectors) -> float:
    """Return the logarithm of a sum, from the logarithms of its terms."""
    top = float(values.max())
    return top + float(np.log(np.exp(values - top).sum()))


_STEEP = 20.0
"""The factor on a cosine in the exponent of its weight: a text that is closer by 0.1 counts 7 times as much."""
_SOME = 10
"""Closest cards and other subjects that count, so that size alone doesn't make a library seem closer."""
_FEW = 3
_NOTHING = -1.0
"""The cosine that stands for a missing card."""
_TINY = 1e-9
_FAR = 0.3
"""The highest cosine of two unrelated words."""
_CLOSE = 0.8
"""The lowest cosine of two words that mean the same."""
