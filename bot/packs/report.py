"""The result of a check, as text, as JSON and as GitHub's annotations. Pure functions of a Report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bot.i18n import amount
from bot.packs.problems import Problem, Severity

Style = Literal["text", "json", "github"]


@dataclass(frozen=True, slots=True)
class Side:
    """The arguments directly on one side of a position, and their count of words."""

    arguments: int = 0
    words: int = 0


@dataclass(frozen=True, slots=True)
class Balance:
    """The balance of a position's arguments. Arguments about those arguments don't count."""

    position: str
    name: str
    for_: Side
    against: Side


@dataclass(frozen=True, slots=True)
class Quotes:
    """The essay's words in a pack. Figures that need the essay are None without it."""

    spans: int = 0
    words: int = 0
    """Words in all spans; overlapping spans each count in full."""
    longest: int = 0
    """Words of the longest span."""
    proved: int | None = None
    """Spans that stand in the essay, letter by letter, in the paragraph they name."""
    essay_words: int | None = None
    share: float | None = None
    """The part of the essay's letters that the proved spans cover together, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one check of one pack found."""

    folder: Path
    pack_id: str | None
    problems: tuple[Problem, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    """Name of a list (`facts`, `positions`, …) → its number of entries."""
    quotes: Quotes = Quotes()
    balance: tuple[Balance, ...] = ()

    @property
    def errors(self) -> int:
        return sum(problem.severity is Severity.ERROR for problem in self.problems)

    @property
    def warnings(self) -> int:
        return len(self.problems) - self.errors


def render(reports: Sequence[Report], style: Style = "text", *, warnings: bool = False) -> str:
    """Write all reports as one text, without a line break at its end. `warnings` shows them beside errors too."""
    if style == "json":
        return as_json(reports)
    if style == "github":
        return as_github(reports)
    return as_text(reports, warnings=warnings)


def as_text(reports: Sequence[Report], *, warnings: bool = False) -> str:
    """Write a line for each problem, `file:line:column: severity: message [code]`, then a summary of each pack.

    Errors come first. If there are any, warnings are only counted unless `warnings` is set: a new mistake shouldn't
    hide among warnings that the editor has seen before.
    """
    problems = [problem for report in reports for problem in report.problems]
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    others = [problem for problem in problems if problem.severity is not Severity.ERROR]
    lines = [str(problem) for problem in (errors + others if warnings or not errors else errors)]
    for report in reports:
        lines += ["", *_summary(report)] if lines else _summary(report)
    if errors and others and not warnings:
        lines += ["", f"{amount(len(others), 'warning')} not shown: add --warnings to see them."]
    return "\n".join(lines)


def _summary(report: Report) -> list[str]:
    counts = f"{amount(report.errors, 'error')}, {amount(report.warnings, 'warning')}"
    lines = [f"{report.pack_id or report.folder}: {counts}"]
    if report.counts:
        lines.append("  " + ", ".join(amount(number, name.removesuffix("s")) for name, number in report.counts.items()))
    if report.quotes.spans:
        lines.append("  " + _quotes_line(report.quotes))
    if report.balance:
        lines += balance_table(report.balance)
    return lines


def _quotes_line(quotes: Quotes) -> str:
    line = f"{amount(quotes.spans, 'quote')}, {amount(quotes.words, 'word')}, the longest of {quotes.longest}; "
    if quotes.proved is None or quotes.share is None:
        return line + "not proved: give the essay with --essay FILE"
    return line + f"{quotes.proved} proved against the essay, of which they show {quotes.share:.0%}"


def balance_table(balance: Sequence[Balance]) -> list[str]:
    """A table with a line for each position."""
    width = max(len("Position"), *(len(row.position) for row in balance))
    lines = [f"  {'Position':{width}}  {'for':>16}  {'against':>16}"]
    lines += [f"  {row.position:{width}}  {_side(row.for_):>16}  {_side(row.against):>16}" for row in balance]
    return lines


def _side(side: Side) -> str:
    return f"{side.arguments} ({amount(side.words, 'word')})"


def as_json(reports: Sequence[Report]) -> str:
    """An object with `errors`, `warnings` and `packs`; each pack has its problems and numbers."""
    whole = {
        "errors": sum(report.errors for report in reports),
        "warnings": sum(report.warnings for report in reports),
        "packs": [_pack_object(report) for report in reports],
    }
    return json.dumps(whole, ensure_ascii=False, indent=2)


def _pack_object(report: Report) -> dict[str, object]:
    return {
        "id": report.pack_id,
        "folder": str(report.folder),
        "counts": dict(report.counts),
        "quotes": {
            "spans": report.quotes.spans,
            "words": report.quotes.words,
            "longest": report.quotes.longest,
            "proved": report.quotes.proved,
            "essay_words": report.quotes.essay_words,
            "share": report.quotes.share,
        },
        "balance": [
            {
                "position": row.position,
                "name": row.name,
                "for": {"arguments": row.for_.arguments, "words": row.for_.words},
                "against": {"arguments": row.against.arguments, "words": row.against.words},
            }
            for row in report.balance
        ],
        "problems": [
            {
                "file": str(problem.file),
                "line": problem.line,
                "column": problem.column,
                "severity": str(problem.severity),
                "code": problem.code,
                "message": problem.message,
            }
            for problem in report.problems
        ],
    }


def as_github(reports: Sequence[Report]) -> str:
    """Workflow commands, which GitHub shows beside the lines of a pull request."""
    lines = [_annotation(problem) for report in reports for problem in report.problems]
    for report in reports:
        lines += _summary(report)
    return "\n".join(lines)


def _annotation(problem: Problem) -> str:
    where = f"file={_property(str(problem.file))},line={problem.line},col={problem.column}"
    return f"::{problem.severity} {where},title={_property(problem.code)}::{_data(problem.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
