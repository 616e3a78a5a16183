"""Import new sources into a pack: choose the file, append the entries, and report.

sources_for(works, folder) -> Sources
append_sources(folder, new) -> Appended         existing lines stay
report(file, read, sources, appended) -> lines for the editor
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.authoring.bibliography import Bibliography, Work
from bot.authoring.new_sources import NewSource, Sources, sources_of
from bot.authoring.pack_edits import append
from bot.authoring.yaml_writing import item
from bot.errors import Refused
from bot.packs.check import check_pack
from bot.packs.loader import read_pack
from bot.packs.model import Source
from bot.packs.problems import Problem, Severity

_FOLDER_FILE = "imported.yaml"


@dataclass(frozen=True, slots=True)
class Appended:
    """The file that got the sources, and the checker's problems in it."""

    file: Path
    problems: tuple[Problem, ...]


def sources_for(works: Iterable[Work], folder: Path | None) -> Sources:
    """New sources for the pack in this folder, or for no pack. It also reads drafts and broken packs.

    Raise Refused if the pack's sources can't be read: the import would repeat existing ones.
    """
    if folder is None:
        return sources_of(works, {}, ())
    reading = read_pack(folder)
    if reading.draft is None or reading.incomplete:
        raise Refused(f"Fix the errors in {folder} first: `parley check` lists them. Nothing has changed.")
    there = {key: raw.table for key, raw in reading.raws.items() if raw.model is Source}
    return sources_of(works, there, reading.raws)


def as_yaml(new: Sequence[NewSource]) -> str:
    """The entries as a sources.yaml file."""
    return "sources:\n" + "\n".join(item(source.fields) for source in new) if new else ""


def append_sources(folder: Path, new: Sequence[NewSource]) -> Appended:
    """Add the sources at the end of the pack's; to a new file if the sources are a folder of files.

    Raise Refused, and change nothing, if that needs changes to other lines.
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


def report(file: Path, read: Bibliography, sources: Sources, appended: Appended | None) -> Iterator[str]:
    """The report, line by line: new works, existing ones, unreadable ones, and texts left to write."""
    for line, message in read.malformed:
        yield f"{file}:{line}: error: {message}"
    for work, same in sources.duplicates:
        yield f"{file}:{work.line}: `{work.label}` is already the source `{same}`"
    for work, message in sources.remarks:
        yield f"{file}:{work.line}: `{work.label}`: {message}"
    where = f" to {appended.file}" if appended is not None else ""
    yield f"{len(sources.new)} new{where}, {len(sources.duplicates)} already there, {len(read.malformed)} unreadable."
    if appended is None:
        for source in sources.new:
            yield f"{source.id}: write {', '.join(source.to_fill)}"
        return
    for problem in appended.problems:
        yield f"{problem.file}:{problem.line}:{problem.column}: {problem.severity}: {problem.message}"
    undated = ", ".join(source.id for source in sources.new if not source.work.date)
    if undated:
        yield f"Without a date: {undated}"
    if sources.new:
        yield "Name each source in the `sources` of the entries that rest on it: the checker warns of unused sources."
    if any(problem.severity is Severity.ERROR for problem in appended.problems):
        yield "Until you write these, a running bot keeps the old content."
