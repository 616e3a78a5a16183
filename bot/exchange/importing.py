"""New sources into a pack: which of its files takes them, and what is told about it.

sources_for(works, folder) -> Sources
append_sources(folder, new) -> Appended         nothing that stands in a file is changed
report(file, read, found, appended) -> lines for whoever asked
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.errors import Refused
from bot.exchange.bibliography import Bibliography, NewSource, Sources, Work, sources_of
from bot.exchange.in_place import append
from bot.exchange.writing import item
from bot.library.check import check_pack
from bot.library.loader import read_pack
from bot.library.model import Source
from bot.library.problems import Problem, Severity

_FOLDER_FILE = "imported.yaml"


@dataclass(frozen=True, slots=True)
class Appended:
    """The file that took the sources, and what the checker says of them there."""

    file: Path
    problems: tuple[Problem, ...]


def sources_for(works: Iterable[Work], folder: Path | None) -> Sources:
    """New sources for the pack in this folder, or for none in particular. Drafts and broken packs are read, too.

    Raises Refused where the pack's sources can't be read, since what is there already would be imported again.
    """
    if folder is None:
        return sources_of(works, {}, ())
    reading = read_pack(folder)
    if reading.draft is None or reading.incomplete:
        raise Refused(f"{folder} can't be read: mend what `parley check` says of it first. Nothing was changed.")
    there = {key: raw.table for key, raw in reading.raws.items() if raw.model is Source}
    return sources_of(works, there, reading.raws)


def as_yaml(new: Sequence[NewSource]) -> str:
    """The entries as a file sources.yaml."""
    return "sources:\n" + "\n".join(item(source.fields) for source in new) if new else ""


def append_sources(folder: Path, new: Sequence[NewSource]) -> Appended:
    """Adds the sources to the end of the pack's; to a file of their own where the sources are a folder of files.

    Raises Refused, with nothing changed, where that can't be done without touching other lines.
    """
    parts = folder / "sources"
    file = parts / _FOLDER_FILE if parts.is_dir() else folder / "sources.yaml"
    if new:
        append(file, "sources", [source.fields for source in new])
    reading = read_pack(folder)
    lines = {reading.place(source.id).line for source in new if source.id in reading.raws}
    if not lines:
        return Appended(file, ())
    first = min(lines)
    report = check_pack(folder, None, date.min)
    return Appended(file, tuple(one for one in report.problems if one.file == file and one.line >= first))


def report(file: Path, read: Bibliography, found: Sources, appended: Appended | None) -> Iterator[str]:
    """What was imported, what was there already, what could not be read, and what is left to write, one a line."""
    for line, message in read.malformed:
        yield f"{file}:{line}: error: {message}"
    for work, same in found.duplicates:
        yield f"{file}:{work.line}: `{work.label}` is there already: it is the source `{same}`"
    for work, message in found.remarks:
        yield f"{file}:{work.line}: `{work.label}`: {message}"
    where = f" to {appended.file}" if appended is not None else ""
    yield f"{len(found.new)} new{where}, {len(found.duplicates)} there already, {len(read.malformed)} not readable."
    if appended is None:
        for source in found.new:
            yield f"{source.id}: write {', '.join(source.to_fill)}"
        return
    for problem in appended.problems:
        yield f"{problem.file}:{problem.line}:{problem.column}: {problem.severity}: {problem.message}"
    undated = ", ".join(source.id for source in found.new if not source.work.date)
    if undated:
        yield f"Without a date: {undated}"
    if found.new:
        yield "Name each source in `sources` of the entries that rest on it; a source that nothing names is warned of."
    if any(problem.severity is Severity.ERROR for problem in appended.problems):
        yield "Until these are written, the pack is not served; a bot that runs goes on with what it has."
