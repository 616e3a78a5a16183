"""Answer a question with cards: surely, nearly or not at all.

    answer = await edition.answers.answer("is mexico sending troops", kinds=[Fact])
    answer.certainty        SURE: its first match answers the question; NEAR: it may not; NOTHING: probably no card does
    answer.matches          the cards, best first

All commands and packs share one scale. A card's score adds up the signs that it says the same as the question
(`wording.py`, `meaning.py`). Two chances follow from these signs, from the card's lead over the others and from the
question's words that the packs lack: the chance that the best card is right, and the chance that the packs answer the
question at all. `tests/answers/fit.py` fits all weights and writes them to `weights.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import exp
from typing import TYPE_CHECKING, NamedTuple

from bot.packs.model import Argument, Entry, Event, Fact, Option, Position, Source, Term
from bot.search import weights
from bot.search.index import Index
from bot.search.language_index import Candidate
from bot.search.regression import Weights, total
from bot.search.wording import Word

if TYPE_CHECKING:
    from bot.search.meaning import Meaning  # it loads NumPy, which some installations lack

Signs = tuple[Candidate, tuple[float, ...]]
"""A card that may answer, and the values of its signs."""

MATCHES_MAX = 10
AT_ONCE = 2
"""Questions answered at the same time. More threads would delay the event loop."""
_ALL_WORDS = 0.999
_SAME_WORDS = 0.7
"""Least `label_match` of a card with nearly the same words in its name as in the question."""


class Certainty(StrEnum):
    """The degree of trust in an answer."""

    SURE = "sure"
    NEAR = "near"
    NOTHING = "nothing"


class Match(NamedTuple):
    """A card that may answer a question. A score that is higher by log 2 means twice the likelihood."""

    pack_id: str
    entry: Entry
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The cards for a question, best first, and the certainty that the first one answers it."""

    certainty: Certainty
    matches: tuple[Match, ...]


@dataclass(slots=True)
class Answers:
    """Answers from the cards of one index: by their words, and by their meaning once `meaning` is set."""

    index: Index
    meaning: Meaning | None = None
    recall: Callable[[], None] | None = None
    """Set `meaning` if an earlier process kept the vectors. The first question that needs it calls this, once."""
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def answer(
        self,
        question: str,
        kinds: Collection[type[Entry]] | None = None,
        pack: str | None = None,
        limit: int = MATCHES_MAX,
    ) -> Answer:
        """Answer a question from cards of these kinds and this pack: by words, and by meaning if words aren't sure.

        The work runs in a thread: among thousands of cards, it would block the event loop for many milliseconds.
        """
        async with self._turns:
            return await asyncio.to_thread(self.answer_blocking, question, kinds, pack, limit)

    def answer_blocking(
        self,
        question: str,
        kinds: Collection[type[Entry]] | None = None,
        pack: str | None = None,
        limit: int = MATCHES_MAX,
    ) -> Answer:
        """Do the work of `answer` in the calling thread."""
        by_words = self.index.candidates(question, kinds, pack)
        answer = _judge(weigh(word_signs(by_words), weights.WORDS), weights.WORDS, limit)
        if answer.certainty is Certainty.SURE:
            return answer
        if self.recall is not None:
            recall, self.recall = self.recall, None
            recall()
        if self.meaning is None:
            return answer
        candidates = meaning_signs(self.index, self.meaning, question, by_words, kinds, pack)
        return _judge(weigh(candidates, weights.MEANING), weights.MEANING, limit)


class Evidence(NamedTuple):
    """The candidates for a question, best first, with their scores, and the signs that the first one answers it."""

    ranked: tuple[Candidate, ...]
    scores: tuple[float, ...]
    signs: tuple[float, ...]


def word_signs(candidates: Sequence[Candidate]) -> list[Signs]:
    """Return cards with words of a question, each with the signs that the words alone give."""
    return [(candidate, (*candidate.overlap, *_kind(candidate))) for candidate in candidates]


def meaning_signs(
    index: Index,
    meaning: Meaning,
    question: str,
    by_words: Sequence[Candidate],
    kinds: Collection[type[Entry]] | None = None,
    pack: str | None = None,
) -> list[Signs]:
    """Return cards with words of a question, and those close to it in meaning, each with its signs."""
    likeness = meaning.likeness(question, index.readings(question), kinds, pack)
    numbers = {candidate.number for candidate in by_words}
    further = [number for number in likeness.nearest(_BY_MEANING) if number not in numbers]
    candidates = [*by_words, *index.compare(question, further)]
    return [
        (candidate, (*candidate.overlap, *close, *likeness.subject, *_kind(candidate)))
        for candidate, close in zip(candidates, likeness.of(candidates), strict=True)
    ]


def _judge(evidence: Evidence, model: Weights, limit: int) -> Answer:
    if not evidence.ranked:
        return Answer(Certainty.NOTHING, ())
    first = evidence.ranked[0]
    if first.is_named or model.sure.passes(evidence.signs):  # a member who types a card's name means that card
        certainty = Certainty.SURE
    elif shares_a_name(first) or model.near.passes(evidence.signs):  # in a small pack, no word tells much
        certainty = Certainty.NEAR
    else:
        certainty = Certainty.NOTHING
    best = list(zip(evidence.ranked, evidence.scores, strict=True))[:limit]
    matches = tuple(Match(candidate.pack_id, candidate.entry, score) for candidate, score in best)
    return Answer(certainty, matches)


def shares_a_name(candidate: Candidate) -> bool:
    """Whether a title or an alias has all telling words of the question, or nearly the same words."""
    return candidate.overlap.label >= _ALL_WORDS or candidate.overlap.label_match >= _SAME_WORDS


def weigh(candidates: Sequence[Signs], model: Weights) -> Evidence:
    """Rank candidates, and gather the signs that the best one answers."""
    if not candidates:
        return Evidence((), (), ())
    scores = [total(model.rank, signs) for _, signs in candidates]
    order = sorted(range(len(candidates)), key=lambda place: (not candidates[place][0].is_named, -scores[place]))
    candidate, signs = candidates[order[0]]
    others = list(zip(*(candidates[place][1] for place in order[1:]), strict=True))
    leads = [mine - max(theirs) for mine, theirs in zip(signs, others, strict=True)] if others else [0.0] * len(signs)
    best = scores[order[0]]
    second, later = (scores[order[min(place, len(order) - 1)]] for place in (1, 3))
    share = 1 / sum(exp(score - best) for score in scores)
    return Evidence(
        tuple(candidates[place][0] for place in order),
        tuple(scores[place] + _NAMESAKE * candidates[place][0].is_named for place in order),
        (*signs, *leads, best, best - second, best - later, share, *_about(candidate.words)),
    )


def _kind(candidate: Candidate) -> tuple[float, ...]:
    return tuple(float(type(candidate.entry) is kind) for kind in _KINDS)


def _about(words: Sequence[Word]) -> tuple[float, ...]:
    """Return the signs of the question alone: the shares that the packs lack as typed and entirely, and its length."""
    whole = sum(word.weight for word in words) or 1.0
    unfamiliar = sum(word.weight for word in words if not word.familiar) / whole
    unknown = sum(word.weight for word in words if not word.stems) / whole
    return unfamiliar, unknown, min(len(words), _LONG) / _LONG, float(len(words) == 1), float(len(words) <= _SHORT)


_NAMESAKE = 1_000.0
"""Added to the score of a card that the question names exactly: more than all signs together."""
_BY_MEANING = 20
"""Closest cards in meaning that join the candidates."""
_KINDS = (Fact, Position, Option, Argument, Term, Source, Event)
_LONG = 8
_SHORT = 2
"""Telling words of a long question, and of a short one."""
