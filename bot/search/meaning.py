"""The meaning of cards and questions, as vectors: texts that mean the same lie close, whatever their words.

    encoder = open_encoder()                          None if the extra `semantic` isn't installed
    texts = texts_of(index)
    vectors = VectorCache(folder, encoder).vectors(texts.all)      takes seconds for a pack, less if the cache has it
    meaning = Meaning(index, encoder, texts, vectors)
    likeness = meaning.likeness("is mexico sending troops", index.readings(…), kinds=[Fact])
    likeness.nearest(20)                                 numbers of the closest cards
    likeness.of(index.compare(…, numbers))               the closeness of these cards
    likeness.subject                                     the closeness of all cards, and of other subjects

`likeness` compares a question with all texts of a card, above all with the questions that the card answers (`questions`
of an entry), and word by word: if nothing in a card comes close to a word of the question, the card is probably about
something else. If a question lies closer to other subjects than to the packs, all cards probably are. Run all of this
in a thread: it would block an event loop.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
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
    from bot.search.language_index import Candidate

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
    """The texts of an index to embed: each card as a whole, its names, its questions if any, and all telling words.

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
        [question for entry in entries for question in entry.questions],
        index.vocabulary(),
        other_subjects(),
    )


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
        counts = [len(entry.questions) for entry in entries]
        self._has_questions = np.array(counts, dtype=bool)
        self._question_starts = _starts([count for count in counts if count])
        self._middles = self._wholes + self._of_cards(np.add, self._names, self._questions)
        self._middles /= np.linalg.norm(self._middles, axis=1, keepdims=True) + _TINY
        row = {word: row for row, word in enumerate(texts.words)}
        self._word_rows = [
            np.array([row[word] for word in index.surface_words(number)], dtype=int) for number in range(len(entries))
        ]
        self._packs = np.array([pack_id for pack_id, _ in index.entries])
        self._kinds = np.array([type(entry).__name__ for entry in entries])

    def likeness(
        self,
        question: str,
        readings: Sequence[Sequence[Word]],
        kinds: Collection[type[Entry]] | None = None,
        pack: str | None = None,
    ) -> Likeness:
        """Compare a question with all cards. Cards of `kinds` and `pack` are eligible.

        `readings` has the question's telling words in each of the packs' languages.
        """
        sentences = [part for part in _SENTENCE_END.split(question) if len(part.split()) >= _SENTENCE_WORDS]
        parts = [question, *(sentences[:SENTENCES_MAX] if len(sentences) > 1 else ())]
        words = list(dict.fromkeys(word.text for reading in readings for word in reading))
        vectors = self.encoder.encode([*parts, *words])
        placed = self._space.place(vectors[: len(parts)]).T
        names, questions, wholes, middles, elsewhere = (
            (texts @ placed).max(axis=1)
            for texts in (self._names, self._questions, self._wholes, self._middles, self._elsewhere)
        )
        closest = np.stack([*(self._each(np.maximum, names, questions)), wholes, middles], axis=1)
        likely = np.exp(_STEEP * wholes) + self._of_cards(np.add, np.exp(_STEEP * names), np.exp(_STEEP * questions))
        cosines = Cosines(closest, np.log(likely), -np.sort(-elsewhere))
        word_vectors = dict(zip(words, vectors[len(parts) :], strict=True))
        return Likeness(self, cosines, self._within(kinds, pack), word_vectors)

    def _each(self, merge: np.ufunc, names: Vectors, questions: Vectors) -> tuple[Vectors, Vectors]:
        """Merge the rows of each card's questions, and the rows of its names, which stand for absent questions."""
        by_name = merge.reduceat(names, self._name_starts)
        by_question = by_name.copy()
        if len(questions):
            by_question[self._has_questions] = merge.reduceat(questions, self._question_starts)
        return by_question, by_name

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

    def best_of_words(self, vectors: Vectors, numbers: Sequence[int]) -> Vectors:
        """Return, for each card and each of these vectors, the highest cosine of one of the card's words.

        The shape is cards × vectors. A card without telling words has `_NOTHING`.
        """
        rows = [self._word_rows[number] for number in numbers]
        best = np.full((len(numbers), len(vectors)), _NOTHING, dtype=np.float32)
        worded = [place for place, some in enumerate(rows) if len(some)]
        if worded:
            different, columns = np.unique(np.concatenate(rows), return_inverse=True)
            cosines = vectors @ self._words[different].T
            starts = _starts([len(rows[place]) for place in worded])
            best[worded] = np.maximum.reduceat(cosines[:, columns], starts, axis=1).T
        return best


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
        word_vectors: Mapping[str, Vectors],
    ) -> None:
        self._meaning = meaning
        self._inside = inside
        self._closest = cosines.closest
        self._best = cosines.closest[:, :3].max(axis=1)
        self._word_vectors = word_vectors
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

    def of(self, candidates: Sequence[Candidate]) -> list[Closeness]:
        """Return the closeness of some cards."""
        return [
            closeness
            for words, cards in groupby(candidates, key=lambda candidate: candidate.words)
            for closeness in self._closeness(words, list(cards))
        ]

    def _closeness(self, words: Sequence[Word], cards: Sequence[Candidate]) -> list[Closeness]:
        """Return the closeness of cards in one language, which read the question as these words."""
        numbers = [card.number for card in cards]
        covered = np.array([card.shares for card in cards], dtype=np.float32).reshape(len(cards), len(words))
        if words:
            vectors = np.stack([self._word_vectors[word.text] for word in words])
            close = (self._meaning.best_of_words(vectors, numbers) - _FAR) / (_CLOSE - _FAR)
            covered = np.maximum(covered, np.clip(close, 0, 1))
        weights = np.array([word.weight for word in words])
        best = self._best[numbers]
        columns = (
            *self._closest[numbers].T,
            best,
            best - np.where(best >= self._first, self._second, self._first),
            self._likely[numbers],
            self._share[numbers],
            covered @ weights / (weights.sum() or 1.0),
            covered.min(axis=1, initial=1.0),
            (weights * (1 - covered)).max(axis=1, initial=0.0),
        )
        return [Closeness(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


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
