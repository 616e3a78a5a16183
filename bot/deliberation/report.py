"""The public result of a closed discussion: totals, camps that hold, common ground, and a hash. Pure.

The report withholds each number of fewer than five answers, overall or in a group, and each number that would reveal
one: if a group, or the people without one, gave one to four answers to a statement, it withholds every group's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from bot.deliberation.ballots import Ballots
from bot.deliberation.model import (
    PEOPLE_MIN,
    SHOWN_MIN,
    AnswerTotal,
    Discussion,
    DiscussionStatement,
    StatementState,
)

LISTED_MAX: Final = 5
_CLOSE_CALL: Final = 0.3
"""Least share of both sides for a statement that divides people without camps."""


@dataclass(frozen=True, slots=True)
class ReportedStatement:
    """A statement with its public numbers: `total` and `groups` are None if too few people answered."""

    position: int
    words: str
    starter: bool
    muted: bool
    total: AnswerTotal | None
    groups: tuple[AnswerTotal, ...] | None


@dataclass(frozen=True, slots=True)
class StandsFor:
    """A statement that represents a group, and whether the group agrees."""

    position: int
    agree: bool


@dataclass(frozen=True, slots=True)
class DiscussionReport:
    """The whole result. If fewer than seven people took part, `people` is 0 and the rest is empty."""

    people: int
    eligible: int
    sizes: tuple[int, ...]
    """People in each group, the largest first; empty if no camps hold."""
    reason: str
    """The reason that there are no clear camps, a value of `NoCamps`; empty if there are some."""
    stability: float | None
    statements: tuple[ReportedStatement, ...]
    common: tuple[int, ...]
    rejected: tuple[int, ...]
    """Statements that most people disagree with, by position."""
    dividing: tuple[int, ...]
    stands_for: tuple[tuple[StandsFor, ...], ...]

    def statement(self, position: int) -> ReportedStatement:
        """Return the statement at a position. Raises KeyError."""
        return {each.position: each for each in self.statements}[position]


def make_report(statements: Sequence[DiscussionStatement], ballots: Ballots) -> DiscussionReport:
    """Compute the result. Run it in another thread: it takes a second for 10,000 people."""
    from bot.deliberation.findings import findings  # noqa: PLC0415 - NumPy is slow to load, and most closes are far off

    shown = [each for each in statements if each.state in {StatementState.OPEN, StatementState.MUTED}]
    people = len(ballots)
    if people < PEOPLE_MIN:
        return DiscussionReport(0, 0, (), "", None, (), (), (), (), ())
    outcome = findings(shown, ballots)
    groups = outcome.group_totals
    reported = []
    for column, each in enumerate(shown):
        total = outcome.totals[column]
        by_group = tuple(group[column] for group in groups)
        rest = total.answers - sum(part.answers for part in by_group)
        private = any(0 < number < SHOWN_MIN for number in (*(part.answers for part in by_group), rest))
        told = bool(groups) and not private and all(part.answers for part in by_group)
        reported.append(
            ReportedStatement(
                each.position,
                each.words,
                each.starter,
                each.state is StatementState.MUTED,
                total if total.answers >= SHOWN_MIN else None,
                by_group if told else None,
            )
        )
    listable = {each.position for each in reported if each.total is not None and not each.muted}
    with_groups = {each.position for each in reported if each.groups is not None}
    return DiscussionReport(
        people=people,
        eligible=outcome.eligible,
        sizes=outcome.sizes,
        reason=outcome.reason,
        stability=outcome.stability,
        statements=tuple(reported),
        common=tuple(each for each in outcome.common if each in listable)[:LISTED_MAX],
        rejected=tuple(each for each in outcome.rejected if each in listable)[:LISTED_MAX],
        dividing=_dividing([each for each in reported if each.position in listable]),
        stands_for=tuple(
            tuple(StandsFor(position, agree) for position, agree in group if position in with_groups & listable)
            for group in outcome.stands_for
        ),
    )


def _dividing(statements: Sequence[ReportedStatement]) -> tuple[int, ...]:
    """List the statements that divide most: camps from each other, or everybody in two if no camps hold."""

    def spread(each: ReportedStatement) -> float:
        if each.groups is not None:
            shares = [group.share() for group in each.groups]
            return max(shares) - min(shares)
        if each.total is None:
            return 0.0
        return min(each.total.share(), each.total.share(agree=False))

    candidates = [each for each in statements if spread(each) >= 100 * _CLOSE_CALL]
    candidates.sort(key=lambda each: (-spread(each), each.position))
    return tuple(each.position for each in candidates[:LISTED_MAX])


def as_json(discussion: Discussion, report: DiscussionReport) -> str:
    """Write the result for the database, the export and the hash: always the same text."""
    content = {
        "format": "parley discussion 1",
        "discussion": discussion.id,
        "question": discussion.question,
        "opened": discussion.opened_at.isoformat(),
        **asdict(report),
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(content: str) -> str:
    """Return the SHA-256 of a result, in hex."""
    return hashlib.sha256(content.encode()).hexdigest()


def read_report(content: str) -> DiscussionReport:
    """Read a stored result. Raises KeyError or ValueError for a text that `as_json` didn't write."""
    data: dict[str, Any] = json.loads(content)
    statements = tuple(
        ReportedStatement(
            each["position"],
            each["words"],
            each["starter"],
            each["muted"],
            None if each["total"] is None else AnswerTotal(**each["total"]),
            None if each["groups"] is None else tuple(AnswerTotal(**group) for group in each["groups"]),
        )
        for each in data["statements"]
    )
    return DiscussionReport(
        people=data["people"],
        eligible=data["eligible"],
        sizes=tuple(data["sizes"]),
        reason=data["reason"],
        stability=data["stability"],
        statements=statements,
        common=tuple(data["common"]),
        rejected=tuple(data["rejected"]),
        dividing=tuple(data["dividing"]),
        stands_for=tuple(tuple(StandsFor(**each) for each in group) for group in data["stands_for"]),
    )
