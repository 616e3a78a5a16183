"""A person's answers as one short text, with a letter for each statement by position.

`a.d` agrees with the first statement and disagrees with the third. One row per person makes a close quick, and turns
all answers into a matrix without a loop over votes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Ballots = list[str]
"""One ballot per person. It ends at the last statement that the person answered."""
LETTERS: Final[Mapping[int, str]] = {1: "a", 0: "p", -1: "d"}
"""By vote: agree, pass, disagree."""
UNANSWERED: Final = "."
_VOTES: Final[Mapping[str, int]] = {letter: vote for vote, letter in LETTERS.items()}


def write_ballot(answers: Mapping[int, int]) -> str:
    """Write a person's votes, by position. `answers` has at least one."""
    letters = [UNANSWERED] * (max(answers) + 1)
    for position, vote in answers.items():
        letters[position] = LETTERS[vote]
    return "".join(letters)


def read_ballot(ballot: str) -> dict[int, int]:
    """Read a person's votes, by position."""
    return {position: _VOTES[letter] for position, letter in enumerate(ballot) if letter != UNANSWERED}
