"""Ballots as short ASCII text, in a button, in the database and in a tally.

An option is its index in the poll, from 0. The canonical texts:

========  ===========  ====================================================================
method    example      meaning
========  ===========  ====================================================================
single    `3`          the fourth option
approval  `0,2`        these options, ascending
ranked    `2>0>1`      best first; what isn't listed is below what is; `0=1>2` shares a rank
consent   `2`          the third option: agree, abstain, object
score     `5,0,,3`     one score from 0 to 5 per option, in the poll's order; blank: no score
========  ===========  ====================================================================
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NewType

from bot.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Ballot = NewType("Ballot", str)
"""One ballot in canonical text. Equal ballots are equal texts, so they hash, compare and store as text."""

MAX_SCORE = 5
"""The best score; the worst is 0."""

AGREE, ABSTAIN, OBJECT = range(3)
"""The options of every consent poll, in this order."""

LONGEST_TEXT = 1000
"""Characters; the rest isn't read. The longest ballot on 25 options has 64."""


class Method(StrEnum):
    """The method to vote and decide."""

    SINGLE = "single"  # one option; the most votes win (plurality)
    APPROVAL = "approval"  # several options, up to a limit; the most approvals win
    RANKED = "ranked"  # an order; instant run-off decides, the pairwise comparison is reported too
    SCORE = "score"  # 0 to 5 each; the two highest totals meet in a run-off (STAR)
    CONSENT = "consent"  # agree, abstain or object to one proposal; it passes if no objection stands


class Fault(StrEnum):
    """The reason why a text isn't a valid ballot."""

    EMPTY = "empty"
    MALFORMED = "malformed"
    UNKNOWN_OPTION = "unknown-option"
    OPTION_TWICE = "option-twice"
    RANK_TWICE = "rank-twice"
    TOO_MANY = "too-many"
    BAD_SCORE = "bad-score"
    WRONG_LENGTH = "wrong-length"


class InvalidBallot(Refused):
    """Raised when a text isn't a valid ballot for the poll.

    `fault` says which rule was broken and `subject` gives its cause (the option's index, the score, the limit, or the
    number of options expected), so that a caller can say it in the person's language. `message` is the same in English.
    """

    def __init__(self, fault: Fault, message: str, subject: int | str | None = None) -> None:
        super().__init__(message)
        self.fault = fault
        self.subject = subject


def parse_ballot(
    method: Method,
    text: str,
    options_count: int,
    max_choices: int | None = None,
    *,
    equal_ranks: bool = False,
) -> Ballot:
    """Return the canonical ballot for `text`; spaces don't matter.

    `max_choices` limits approvals (none: all options may be approved). `equal_ranks` allows `0=1>2`, for elections held
    elsewhere; the bot's own ballots give each rank to one option. Raise `InvalidBallot` if the text breaks a rule of
    the method.
    """
    if len(text) > LONGEST_TEXT:
        raise _malformed(text[:20] + "…")
    text = "".join(text.split())
    if not text.strip(","):
        raise InvalidBallot(Fault.EMPTY, "Choose at least one option.")
    if method in {Method.SINGLE, Method.CONSENT}:
        return single_ballot(_option(text, options_count))
    if method is Method.APPROVAL:
        return _approval(text, options_count, max_choices)
    if method is Method.RANKED:
        return _ranked(text, options_count, equal_ranks=equal_ranks)
    return _scored(text, options_count)


def single_ballot(option: int) -> Ballot:
    """Return the ballot for one option."""
    return Ballot(str(option))


def approval_ballot(options: Iterable[int]) -> Ballot:
    """Return the ballot that approves of these options."""
    return Ballot(",".join(map(str, sorted(options))))


def ranked_ballot(ranks: Iterable[int | Iterable[int]]) -> Ballot:
    """Return the ballot with these ranks, best first: an option each, or several that share the rank."""
    groups = ([rank] if isinstance(rank, int) else sorted(rank) for rank in ranks)
    return Ballot(">".join("=".join(map(str, group)) for group in groups))


def score_ballot(scores: Iterable[int | None]) -> Ballot:
    """Return the ballot with these scores, one per option in the poll's order; None: no score."""
    return Ballot(",".join("" if score is None else str(score) for score in scores))


def chosen(ballot: Ballot) -> tuple[int, ...]:
    """Return the options of a single, consent or approval ballot, ascending."""
    return tuple(map(int, ballot.split(",")))


def ranks(ballot: Ballot) -> tuple[tuple[int, ...], ...]:
    """Return the ranks of a ranked ballot, best first; each holds one option, or several that share it."""
    return tuple(tuple(map(int, rank.split("="))) for rank in ballot.split(">"))


def scores(ballot: Ballot) -> tuple[int | None, ...]:
    """Return the scores of a score ballot, one per option in the poll's order; None: no score."""
    return tuple(int(score) if score else None for score in ballot.split(","))


def _approval(text: str, options_count: int, max_choices: int | None) -> Ballot:
    options = [_option(token, options_count) for token in text.split(",")]
    _refuse_twice(options)
    if max_choices is not None and len(options) > max_choices:
        message = f"{len(options)} options are chosen; at most {max_choices} are allowed."
        raise InvalidBallot(Fault.TOO_MANY, message, max_choices)
    return approval_ballot(options)


def _ranked(text: str, options_count: int, *, equal_ranks: bool) -> Ballot:
    groups = [[_option(token, options_count) for token in rank.split("=")] for rank in text.split(">")]
    _refuse_twice([option for group in groups for option in group])
    for place, group in enumerate(groups, 1):
        if len(group) > 1 and not equal_ranks:
            message = f"Rank {place} is used twice. Give each rank to one option."
            raise InvalidBallot(Fault.RANK_TWICE, message, place)
    return ranked_ballot(groups)


def _scored(text: str, options_count: int) -> Ballot:
    tokens = text.split(",")
    if len(tokens) != options_count:
        message = f"The ballot has {len(tokens)} scores; the poll has {options_count} options."
        raise InvalidBallot(Fault.WRONG_LENGTH, message, options_count)
    return score_ballot([_score(token) if token else None for token in tokens])


def _option(token: str, options_count: int) -> int:
    if not (token.isascii() and token.isdigit()):
        raise _malformed(token)
    option = int(token)
    if option >= options_count:
        message = f"This poll has no option number {option + 1}; its options are 1 to {options_count}."
        raise InvalidBallot(Fault.UNKNOWN_OPTION, message, option)
    return option


def _score(token: str) -> int:
    if not (token.isascii() and token.lstrip("-").isdigit()):
        raise _malformed(token)
    score = int(token)
    if not 0 <= score <= MAX_SCORE:
        raise InvalidBallot(Fault.BAD_SCORE, f"{score} is not a score; scores go from 0 to {MAX_SCORE}.", score)
    return score


def _refuse_twice(options: Sequence[int]) -> None:
    for place, option in enumerate(options):
        if option in options[:place]:
            message = f"Option number {option + 1} is named twice. Name each option once."
            raise InvalidBallot(Fault.OPTION_TWICE, message, option)


def _malformed(text: str) -> InvalidBallot:
    return InvalidBallot(Fault.MALFORMED, f"“{text}” can't be read as a ballot of this poll. Vote again.", text)
