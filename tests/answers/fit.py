"""Fit the weights of `bot/search/weights.py` to the `tune` halves of the test sets: `python -m tests.answers.fit`.

Three regressions, all linear, use features that don't depend on a pack's subject. Besides the `tune` halves they learn
from further questions: `answered.yaml` and `unanswered.yaml`.

1.  *rank* orders the candidates. Its weights make the right cards of each question as likely as possible among them.
2.  *sure* estimates the chance that the first card is right.
3.  *near* estimates the chance that the pack answers the question.

Each threshold is the lowest one that keeps the promises below on the `tune` halves and `unanswered.yaml`. Each question
is judged by weights that were fitted without it. With meaning, a question counts as answered if words alone are sure.
Nothing is random: the same sets give the same weights.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.search import weights as weights_module
from bot.search.answer import Signs, meaning_signs, shares_a_name, weigh, word_signs
from bot.search.index import Index
from bot.search.regression import Gate, Weights
from tests.answers.measure import PACKS, load_pack, open_meaning
from tests.answers.questions import FURTHER, KINDS, Question, read_further, read_questions

SURE_AND_WRONG = {"WORDS": 0.006, "MEANING": 0.02}
"""The largest share of answerable questions that may get a sure but wrong answer: by words alone, and by both ways
together."""
UNRELATED_SURE = 0.02
UNRELATED_SHOWN = {"WORDS": 0.065, "MEANING": 0.095}
"""The largest shares of unrelated questions that may get a sure answer, and a sure or near one. The further questions
are harder than those of the halves, but words alone fit the `tune` half too closely."""
UNANSWERED_SURE = 0.3
"""Weight of a question of `unanswered.yaml` in the fit of *sure*, against 1 for any other. Telling the right card is a
different task from telling that no card is right."""
PENALTY_RANK = 2e-3
PENALTY_CHANCE = 0.02
FOLDS = 10

MODULE = Path(weights_module.__file__)
HEAD = '''"""The weights of the signs that a card answers a question. `python -m tests.answers.fit` writes this file.

It fits the weights to the halves named `tune` of the test sets in tests/answers/, which are on different subjects, and
to the questions of `answered.yaml` and `unanswered.yaml`. The signs have the order of `answer.py`.
"""

from __future__ import annotations

from bot.search.regression import Gate, Weights
'''

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """A question, with its candidates."""

    question: Question
    candidates: Sequence[Signs]

    def is_right(self, signs: Signs) -> bool:
        return signs[0].entry.id in self.question.right


class Judgement(NamedTuple):
    """The judgement on a question by weights that were fitted without it."""

    sure: float
    near: float
    is_named: bool
    shares_a_name: bool
    first_is_right: bool
    answerable: bool
    promised: bool
    """Whether the promises count the question: those of `answered.yaml` are easier than the halves."""


def gather(*, with_meaning: bool) -> list[Case]:
    """Return the questions of the `tune` halves, and the further ones."""
    cases: list[Case] = []
    for pack in PACKS:
        index = Index(load_pack(pack))
        meaning = open_meaning(index) if with_meaning else None
        tune = [question for question in read_questions(pack) if question.half == "tune"]
        for question in [*tune, *read_further(pack)]:
            kinds = KINDS[question.command]
            by_words = index.candidates(question.ask, kinds)
            signs = (
                word_signs(by_words)
                if meaning is None
                else meaning_signs(index, meaning, question.ask, by_words, kinds)
            )
            cases.append(Case(question, signs))
    return cases


def fit_rank(cases: Sequence[Case], steps: int = 300) -> tuple[float, ...]:
    """Make the right cards of each question likely among its candidates: a softmax regression, by Adam."""
    sets = []
    for case in cases:
        right = np.array([case.is_right(signs) for signs in case.candidates], dtype=float)
        if right.any():
            sets.append((np.array([signs for _, signs in case.candidates]), right))
    rows = np.concatenate([some for some, _ in sets])
    spread = rows.std(axis=0) + _TINY
    rows = (rows - rows.mean(axis=0)) / spread
    right = np.concatenate([some for _, some in sets])
    starts = np.cumsum([0, *(len(some) for some, _ in sets[:-1])])
    sizes = [len(some) for some, _ in sets]

    def normalise(amounts: Array) -> Array:
        shares: Array = amounts / np.repeat(np.add.reduceat(amounts, starts), sizes)
        return shares

    weights = np.zeros(rows.shape[1])
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, steps + 1):
        scores = rows @ weights
        likely = normalise(np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), sizes)))
        slope = PENALTY_RANK * weights + rows.T @ (likely - normalise(likely * right + _TINY * right)) / len(sets)
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope * slope
        weights = weights - 0.05 * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return tuple((weights / spread).tolist())


_TINY = 1e-9
"""Prevents a division by zero."""


def fit_chance(rows: Array, right: Array, counts: Array) -> Gate:
    """Run a logistic regression by Newton's method, with a penalty on each standardised weight.

    `counts` has the weight of each row. The gate passes everything.
    """
    counts = counts / counts.mean()
    middle = np.average(rows, axis=0, weights=counts)
    spread = np.sqrt(np.average((rows - middle) ** 2, axis=0, weights=counts)) + _TINY
    design = np.hstack([(rows - middle) / spread, np.ones((len(rows), 1))])
    penalty = np.full(design.shape[1], PENALTY_CHANCE * len(rows))
    penalty[-1] = 0.0
    solution = np.zeros(design.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-design @ solution))
        slope = design.T @ (counts * (chance - right)) + penalty * solution
        bend = (design.T * (counts * chance * (1 - chance))) @ design + np.diag(penalty + _TINY)
        solution = solution - np.linalg.solve(bend, slope)
    weights = solution[:-1] / spread
    return Gate(tuple(weights.tolist()), float(solution[-1] - weights @ middle), 0.0)


def fit(cases: Sequence[Case]) -> tuple[Weights, list[Judgement]]:
    """Fit to all cases, with gates that pass everything, and judge each case by weights fitted without it."""
    judged: dict[int, Judgement] = {}
    for fold in range(FOLDS):
        draft = _regress([case for place, case in enumerate(cases) if place % FOLDS != fold])
        judged |= {place: _judge(cases[place], draft) for place in range(fold, len(cases), FOLDS)}
    return _regress(cases), [judged[place] for place in range(len(cases))]


def _regress(cases: Sequence[Case]) -> Weights:
    rank = fit_rank(cases)
    draft = Weights(rank, Gate((), 0.0, 0.0), Gate((), 0.0, 0.0))
    rows, right, answerable, counts = [], [], [], []
    for case in cases:
        evidence = weigh(case.candidates, draft)
        if evidence.ranked:
            rows.append(evidence.signs)
            right.append(evidence.ranked[0].entry.id in case.question.right)
            answerable.append(case.question.answerable)
            further = case.question.style == FURTHER
            counts.append(UNANSWERED_SURE if further and not case.question.answerable else 1.0)
    table = np.array(rows)
    sure = fit_chance(table, np.array(right, dtype=float), np.array(counts))
    return Weights(rank, sure, fit_chance(table, np.array(answerable, dtype=float), np.ones(len(rows))))


def _judge(case: Case, weights: Weights) -> Judgement:
    evidence = weigh(case.candidates, weights)
    first = evidence.ranked[0] if evidence.ranked else None
    return Judgement(
        sure=weights.sure.chance(evidence.signs) if first else 0.0,
        near=weights.near.chance(evidence.signs) if first else 0.0,
        is_named=first is not None and first.is_named,
        shares_a_name=first is not None and shares_a_name(first),
        first_is_right=first is not None and first.entry.id in case.question.right,
        answerable=case.question.answerable,
        promised=case.question.style != FURTHER or not case.question.answerable,
    )


def choose_thresholds(
    weights: Weights, judged: Sequence[Judgement], name: str, before: dict[int, Judgement]
) -> tuple[Weights, dict[int, Judgement]]:
    """Set the lowest thresholds that keep the promises of `name`. Return also the sure judgements, by question's place.

    `before` has the judgements of the questions that already have a sure answer.
    """
    answerable = sum(one.answerable and one.promised for one in judged)
    unrelated = sum(not one.answerable for one in judged)
    steps = [step / 1000 for step in range(1, 1000)]

    def sure_from(step: float) -> dict[int, Judgement]:
        return {place: one for place, one in enumerate(judged) if one.is_named or one.sure >= step} | before

    def may_be_sure(step: float) -> bool:
        sure = sure_from(step).values()
        wrong = sum(one.promised and one.answerable and not one.first_is_right for one in sure)
        off = sum(not one.answerable for one in sure)
        return wrong <= SURE_AND_WRONG[name] * answerable and off <= UNRELATED_SURE * unrelated

    least_sure = next(step for step in steps if may_be_sure(step))
    sure = sure_from(least_sure)

    def may_be_near(step: float) -> bool:
        off = (place for place, one in enumerate(judged) if not one.answerable)
        seen = sum(place in sure or judged[place].shares_a_name or judged[place].near >= step for place in off)
        return seen <= UNRELATED_SHOWN[name] * unrelated

    least_near = next(step for step in steps if may_be_near(step))
    gates = weights.sure._replace(least=least_sure), weights.near._replace(least=least_near)
    return Weights(weights.rank, *gates), sure


def write(models: Mapping[str, Weights]) -> str:
    """Return the source of the module with the weights."""

    def numbers(values: Iterable[float]) -> str:
        return f"({', '.join(f'{value:.4f}' for value in values)})"

    def gate(values: Gate) -> str:
        return f"Gate({numbers(values.weights)}, {values.bias:.4f}, {values.least:.4f})"

    parts = [
        f"{name} = Weights(rank={numbers(one.rank)}, sure={gate(one.sure)}, near={gate(one.near)})\n"
        for name, one in models.items()
    ]
    return "\n".join((HEAD, *parts))


def main() -> None:
    models: dict[str, Weights] = {}
    sure: dict[int, Judgement] = {}
    for name, with_meaning in (("WORDS", False), ("MEANING", True)):
        weights, judged = fit(gather(with_meaning=with_meaning))
        models[name], sure = choose_thresholds(weights, judged, name, sure)
    MODULE.write_text(write(models), "utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", MODULE], check=True)


if __name__ == "__main__":
    main()
