"""What cards and questions mean, as vectors: texts that mean the same lie close, whatever their words.

    encoder = open_encoder()                          None where the extra `semantic` isn't installed
    texts = texts_of(index)
    vectors = VectorCache(folder, encoder).vectors(texts.all)      takes seconds for a pack, less if the cache has it
    meaning = Meaning(index, encoder, texts, vectors)
    likeness = meaning.likeness("is mexico sending troops", words, kinds=[Fact])
    likeness.nearest(20)                                 numbers of the closest cards
    likeness.of(numbers, overlaps)                       how close these are
    likeness.subject                                     how close all of them are, and other subjects

A question is compared with all that a card says of itself, above all with the questions that it answers (`questions` of
an entry), and word by word: a word of a question that nothing in a card comes close to tells that the card is about
something else. So does a question that is closer to other subjects than to the packs. All of this is work for a thread,
not for an event loop.
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
"""Of a message, which are compared beside the whole of it."""
_SENTENCE_END = re.compile(r"[.!?;:]\s+|\n+")
_SENTENCE_WORDS = 3


class Closeness(NamedTuple):
    """How close a card is to a question.

    The first five are cosines: of the question that is closest among those that the card answers, of its closest name,
    of its text, of the middle of all these, and of the closest of them. `lead` is the last one's over the next card.
    `likely` and `share` are logarithms: how much closer all its texts are than other subjects, and than the closest
    cards together. The others are of the question's words: how much of it the card covers, how well the word is covered
    that is covered worst, and how much the most telling word tells that isn't.
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
    """How close a question is to the cards that may answer, to all cards, and to other subjects.

    The first three are logarithms of how much closer some are than others, the rest are differences of cosines.
    """

    cards: float
    """The cards that may answer, than other subjects."""
    packs: float
    """All cards, than other subjects."""
    kinds: float
    """The cards that may answer, than all cards."""
    lead: float
    """Of the closest card over the closest other subject."""
    lead_over_five: float
    """Of the closest card over the middle of the five closest other subjects."""
    lead_of_three: float
    """Of the three closest cards over the three closest other subjects."""
    elsewhere: float
    """The cosine of the closest other subject."""
    elsewhere_in_packs: float
    """How much closer than those that may answer the closest card is that may not."""


class Texts(NamedTuple):
    """What is embedded of an index: each card as a whole, each of its names and of its questions, and all words.

    `elsewhere` is what packs are not about.
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
    """The questions that an entry answers. One without any is asked for by its names."""
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
        """Compare a question, which has these telling words, with all cards. Those of the kinds and the pack may answer it."""
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
        """Merge what belongs to each card's questions, and what belongs to its names."""
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
        """Where the vectors of a card's words are."""
        return [row for word in self._index.surface_words(number) if (row := self._row.get(word)) is not None]

    def words(self, rows: Sequence[int]) -> Vectors:
        chosen: Vectors = self._words[rows]
        return chosen


class Cosines(NamedTuple):
    """How close all cards and other subjects are to a question.

    `closest` has a row a card: its closest question, its closest name, its text, and the middle of these. `likely` is the
    logarithm of how close all its texts are together; `elsewhere` has the other subjects, the closest first.
    """

    closest: Vectors
    likely: Vectors
    elsewhere: Vectors


class Likeness:
    """How close each card is to one question."""

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
        """Numbers of the closest cards that may answer."""
        close = np.where(self._inside, self._likely, -np.inf)
        best = np.argsort(-close, kind="stable")[:limit]
        return [int(number) for number in best if close[number] > -np.inf]

    def of(self, numbers: Sequence[int], overlaps: Iterable[Sequence[float]]) -> list[Closeness]:
        """How close some cards are. `overlaps` say how far each has each of the question's words, from 0 to 1."""
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
    """Where each of some groups begins that stand one after the other."""
    starts: NDArray[np.int64] = np.cumsum([0, *counts[:-1]])
    return starts


def _most(values: Vectors, count: int) -> Vectors:
    """The greatest of some values, in order; a small one if there are none."""
    most: Vectors = -np.sort(-values)[:count] if len(values) else np.array([_NOTHING], dtype=np.float32)
    return most


def _together(values: Vectors) -> float:
    """The logarithm of a sum, of which the logarithms of the parts are given."""
    top = float(values.max())
    return top + float(np.log(np.exp(values - top).sum()))


_STEEP = 20.0
"""How much more a text counts the closer it is: one that is 0.1 closer, 7 times."""
_SOME = 10
"""The closest cards and other subjects that count, so that a library of many doesn't seem closer for its size."""
_FEW = 3
_NOTHING = -1.0
"""The cosine of a card that there isn't."""
_TINY = 1e-9
_FAR = 0.3
"""The cosine of two words' vectors up to which they have nothing to do with each other."""
_CLOSE = 0.8
"""That from which on they say the same."""
