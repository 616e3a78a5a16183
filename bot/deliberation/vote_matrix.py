"""Votes as one matrix of small integers, people by statements: the input of a discussion's mathematics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

AGREE: Final = 1
PASS: Final = 0
DISAGREE: Final = -1
UNSEEN: Final = -2

Votes = NDArray[np.int8]
"""People by statements: AGREE, PASS, DISAGREE or UNSEEN."""
Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class VoteMatrix:
    """Votes with the names of their rows (people, by their first vote) and columns (statements, sorted)."""

    people: tuple[int, ...]
    statements: tuple[int, ...]
    votes: Votes
    joining: tuple[int, ...] = ()
    """Row numbers by the time that people had enough votes for a group; people without enough come last."""


VOTES_MIN: Final = 7
"""Least votes of a person who is eligible for a group; all statements if there are fewer."""


def read_votes(votes: Iterable[tuple[int, int, int]], statements: Sequence[int]) -> VoteMatrix:
    """Make a matrix of (person, statement, vote), oldest first: a person's latest vote on a statement counts.

    Ignore votes on other statements. Raises ValueError for a vote other than 1, 0 and -1.
    """
    columns = {statement: column for column, statement in enumerate(sorted(statements))}
    rows: dict[int, int] = {}
    cells: dict[tuple[int, int], int] = {}
    counts: Counter[int] = Counter()
    joining: list[int] = []
    for person, statement, vote in votes:
        if vote not in {AGREE, PASS, DISAGREE}:
            raise ValueError(f"a vote is 1, 0 or -1, not {vote}")
        if statement in columns:
            cell = rows.setdefault(person, len(rows)), columns[statement]
            counts[cell[0]] += cell not in cells
            if cell not in cells and counts[cell[0]] == min(VOTES_MIN, len(columns)):
                joining.append(cell[0])
            cells[cell] = vote
    joining += [row for row in range(len(rows)) if counts[row] < min(VOTES_MIN, len(columns))]
    matrix = np.full((len(rows), len(columns)), UNSEEN, np.int8)
    for (row, column), vote in cells.items():
        matrix[row, column] = vote
    return VoteMatrix(tuple(rows), tuple(columns), matrix, tuple(joining))


def in_canonical_order(votes: Votes) -> Integers:
    """Return row numbers in an order that depends on the rows' contents alone.

    Sums of floating-point numbers depend on their order, so sort rows before any computation. Equal rows are
    interchangeable.
    """
    if votes.size == 0:
        return np.arange(len(votes))
    keys = np.ascontiguousarray(votes).view(np.dtype((np.void, votes.shape[1]))).ravel()
    return np.argsort(keys, kind="stable")


def muted(votes: Votes, columns: Iterable[int]) -> Votes:
    """Return votes with 0 for everybody in these columns, so that they carry no weight but still count as statements."""
    copy = votes.copy()
    copy[:, list(columns)] = PASS
    return copy
