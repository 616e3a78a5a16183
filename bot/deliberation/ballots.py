"""A person's answers as one short text, a letter for each statement by position: `a.d` agrees with the first and
disagrees with the third.

One row a person keeps a close short, and lets everybody's answers become a matrix without a loop over votes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Ballots = list[str]
"""One ballot a person, as long as the last statement they answered."""
LETTERS: Final[Mapping[int, str]] = {1: "a", 0: "p", -1: "d"}
"""By vote: agree, pass, disagree."""
UNANSWERED: Final = "."
_VOTES: Final[Mapping[str, int]] = {letter: vote for vote, letter in LETTERS.items()}


def write_ballot(answers: Mapping[int, int]) -> str:
    """Write the votes of a person, by position. There is at least one."""
    letters = [UNANSWERED] * (max(answers) + 1)
    for position, vote in answers.items():
        letters[position] = LETTERS[vote]
    return "".join(letters)


def read_ballot(ballot: str) -> dict[int, int]:
    """Read a person's votes, by position."""
    return {position: _VOTES[letter] for position, letter in enumerate(ballot) if letter != UNANSWERED}
