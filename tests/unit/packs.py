"""Small packs for tests that read, check and search them, made on disk file by file or in memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from bot.packs.loader import load_pack
from bot.packs.model import Argument, ClaimKind, Entry, Essay, Fact, PackInfo, Span, Verdict
from bot.packs.pack import Pack
from bot.packs.problems import ContentError, Problem

SHIPPED = Path(__file__).parents[2] / "content"

PACK = """\
id: parking
title: Parking in the city
summary: Should the city have fewer parking places?
essay: {paragraphs: 2}
reviewed: 2025-02-20
"""

FACTS = """\
facts:
  - id: street-space
    statement: Parked cars take a third of the streets.
    essay:
      paragraph: 1
      quote: a third of our streets
    attributed_to: the author
    kind: fact
    verdict: supported
    reason: The city measured it.
    checked: 2024-11
    sources: [survey]
    aliases: [parking space]
"""

SOURCES = """\
sources:
  - id: survey
    title: Survey of streets
    date: 2024
    url: https://example.org/survey
    kind: government
    copy: original
    summary: Measures what each street is used for.
"""

ARGUMENTS = """\
positions:
  - id: fewer-places
    name: Fewer places
    statement: The city should remove parking places.
arguments:
  - id: room-for-buses
    for: fewer-places
    point: Buses would be on time.
    text: A bus lane takes the room of a parking lane.
  - id: shops-lose
    against: fewer-places
    point: Shops would lose customers.
    text: Some customers come by car.
"""

OPTIONS = """\
options:
  - id: permits
    name: Permits for residents
    description: Only residents with a permit could park.
    pro: Residents find a place.
    con: Visitors lose places.
"""

GOOD = {"pack.yaml": PACK, "facts.yaml": FACTS, "sources.yaml": SOURCES, "arguments.yaml": ARGUMENTS}
ESSAY = "Every day a third of our streets is full of parked cars.\n\nNobody asked whether it must be so.\n"


def make_pack(folder: Path, files: Mapping[str, str | bytes | None] | None = None) -> Path:
    """Make a good pack in this folder, with some files replaced, added, or left out (None)."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {**GOOD, **(files or {})}.items():
        if content is None:
            continue
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def problems_of(folder: Path) -> tuple[Problem, ...]:
    """Return the problems of a pack, or none if it's good."""
    try:
        load_pack(folder)
    except ContentError as error:
        return error.problems
    return ()


def only_problem(folder: Path) -> Problem:
    problems = problems_of(folder)
    assert len(problems) == 1, problems
    return problems[0]


def found_at(problem: Problem, folder: Path) -> tuple[str, int, int, str]:
    """Return the file, line, column and rule of a problem."""
    return str(problem.file.relative_to(folder)), problem.line, problem.column, problem.code


def fact(key: str, statement: str, reason: str = "So it is.", *aliases: str) -> Fact:
    """Make a fact in memory only."""
    return Fact(
        id=key,
        statement=statement,
        essay=Span(paragraph=1, quote="as it stands there"),
        attributed_to="the author",
        kind=ClaimKind.FACT,
        verdict=Verdict.SUPPORTED,
        reason=reason,
        checked="2025",
        aliases=aliases,
    )


def pack(key: str, *entries: Entry, language: str = "en") -> Pack:
    """Make a pack of these entries in memory only."""
    info = PackInfo(
        id=key, title=key, summary=key, essay=Essay(paragraphs=1), reviewed=date(2025, 2, 20), language=language
    )
    about: dict[str, tuple[Argument, ...]] = {}
    for entry in entries:
        if isinstance(entry, Argument):
            about[entry.target] = (*about.get(entry.target, ()), entry)
    return Pack(info, {entry.id: entry for entry in entries}, about)
