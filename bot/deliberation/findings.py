"""Turn stored answers into numbers: the matrix, its camps and its lists. A close needs NumPy from here on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.deliberation.ballots import LETTERS, UNANSWERED, Ballots
from bot.deliberation.grouping import find_components
from bot.deliberation.model import AnswerTotal, DiscussionStatement, StatementState
from bot.deliberation.stability import find_camps
from bot.deliberation.statistics import (
    Z_90,
    Counts,
    consensus,
    count_votes,
    group_aware_consensus,
    priorities,
    representatives,
)
from bot.deliberation.vote_matrix import UNSEEN, Numbers, Votes


@dataclass(frozen=True, slots=True)
class Findings:
    """Totals by column, overall and by group. Lists hold positions; the report checks for small numbers."""

    totals: tuple[AnswerTotal, ...]
    group_totals: tuple[tuple[AnswerTotal, ...], ...]
    sizes: tuple[int, ...]
    eligible: int
    stability: float | None
    reason: str
    common: tuple[int, ...]
    rejected: tuple[int, ...]
    stands_for: tuple[tuple[tuple[int, bool], ...], ...]


_VOTES = np.full(256, UNSEEN, np.int8)
"""The vote of each letter of a ballot."""
_VOTES[[ord(letter) for letter in LETTERS.values()]] = list(LETTERS)


def matrix_of(statements: Sequence[DiscussionStatement], ballots: Ballots) -> Votes:
    """Make the matrix of people by statements, columns in the order of `statements`."""
    width = max((each.position for each in statements), default=-1) + 1
    letters = "".join(ballot[:width].ljust(width, UNANSWERED) for ballot in ballots)
    votes = _VOTES[np.frombuffer(letters.encode("ascii"), np.uint8)].reshape(len(ballots), width)
    return votes[:, [each.position for each in statements]]


def findings(statements: Sequence[DiscussionStatement], ballots: Ballots) -> Findings:
    """Compute all numbers of a result."""
    votes = matrix_of(statements, ballots)
    muted = [column for column, each in enumerate(statements) if each.state is StatementState.MUTED]
    camps = find_camps(votes, muted)
    overall = count_votes(votes)
    masks = [camps.labels == group for group in range(camps.count)]
    by_group = count_votes(votes, masks)
    agreed = [item.column for item in consensus(overall, agree=True, muted=muted)]
    if camps.count:
        strength = group_aware_consensus(by_group)
        agreed = sorted(np.flatnonzero(camps.bridges).tolist(), key=lambda column: -strength[column])
    rejected = [item.column for item in consensus(overall, agree=False, muted=muted)]
    position = [each.position for each in statements]
    return Findings(
        totals=_totals(overall),
        group_totals=tuple(
            _totals(Counts(by_group.agrees[group], by_group.disagrees[group], by_group.seen[group]))
            for group in range(camps.count)
        ),
        sizes=tuple(int(mask.sum()) for mask in masks),
        eligible=camps.eligible,
        stability=None if camps.stability is None else round(camps.stability, 2),
        reason="" if camps.reason is None else camps.reason.value,
        common=tuple(position[column] for column in agreed),
        rejected=tuple(position[column] for column in rejected),
        stands_for=tuple(
            tuple(
                (position[item.column], item.agree)
                for item in representatives(by_group, group, muted)
                if min(item.z, item.ratio_z) > Z_90  # Polis lists the best, even if nobody took its side
            )
            for group in range(camps.count)
        ),
    )


def _totals(counts: Counts) -> tuple[AnswerTotal, ...]:
    return tuple(
        AnswerTotal(int(agrees), int(disagrees), int(passes))
        for agrees, disagrees, passes in zip(counts.agrees, counts.disagrees, counts.passes, strict=True)
    )


def draw_weights(statements: Sequence[DiscussionStatement], extremity: Numbers | None = None) -> Numbers:
    """Weigh statements for the draw by their totals. `extremity` may be a while old; newer statements count 0."""
    totals = [
        np.array([getattr(each, name) for each in statements], np.int64) for name in ("agrees", "disagrees", "passes")
    ]
    lengths = np.zeros(len(statements))
    if extremity is not None:
        lengths[: len(extremity)] = extremity[: len(statements)]
    return priorities(Counts(totals[0], totals[1], totals[0] + totals[1] + totals[2]), lengths)


def extremities(statements: Sequence[DiscussionStatement], ballots: Ballots) -> Numbers:
    """Return the extremity of each statement, for the draw."""
    return find_components(matrix_of(statements, ballots)).extremity
