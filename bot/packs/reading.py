"""A pack as far as it could be read: its raw entries, with their places and problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.packs.model import Entry, PackInfo
from bot.packs.pack import Pack
from bot.packs.problems import Problem, Severity
from bot.packs.yaml_document import Items, Mark, Table, place

PACK_FILE = "pack.yaml"
DRAFTS = "drafts"


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file, counted from 1."""

    file: Path
    line: int
    column: int


@dataclass(slots=True)
class Raw:
    """An entry as written in its file, and as a model (None while it has problems)."""

    file: Path
    table: Table
    model: type[Entry]
    entry: Entry | None = None


@dataclass(slots=True)
class PackReading:
    """A pack as far as it can be read.

    `pack` is None if there are errors; `draft` has every entry that is valid by itself. `raws` are the entries as
    written, by id, and `info_table` is pack.yaml. Entries of `incomplete` kinds may be missing because a file couldn't
    be read to its end, so a missing id of theirs proves nothing; nor does a `doubled` id, which stands twice.
    """

    folder: Path
    info: PackInfo | None = None
    pack: Pack | None = None
    draft: Pack | None = None
    problems: list[Problem] = field(default_factory=list)
    info_table: Table | None = None
    raws: dict[str, Raw] = field(default_factory=dict)
    incomplete: set[type[Entry]] = field(default_factory=set)
    doubled: set[str] = field(default_factory=set)

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity is Severity.ERROR]

    def problem(self, spot: Spot, code: str, message: str, severity: Severity = Severity.ERROR) -> Problem:
        return Problem(spot.file, spot.line, spot.column, severity, code, message)

    def add(self, spot: Spot, code: str, message: str, severity: Severity = Severity.ERROR) -> None:
        self.problems.append(self.problem(spot, code, message, severity))

    def warn(self, spot: Spot, code: str, message: str) -> None:
        self.add(spot, code, message, Severity.WARNING)

    def place(self, entry_id: str, *path: str | int) -> Spot:
        """The place of the value at this path (keys as written, indices) of an entry, or the nearest place around it."""
        raw = self.raws[entry_id]
        return spot_of(raw.file, value_mark(raw.table, path))

    def info_place(self, *path: str | int) -> Spot:
        """The place of a value in pack.yaml."""
        file = self.folder / PACK_FILE
        return Spot(file, 1, 1) if self.info_table is None else spot_of(file, value_mark(self.info_table, path))


def spot_of(file: Path, mark: Mark) -> Spot:
    return Spot(file, *place(mark))


def value_mark(table: Table, path: Sequence[str | int]) -> Mark:
    """The start of the value at a path, or of the nearest existing one around it."""
    mark: Mark = table.mark
    value: Any = table
    for step in path:
        if isinstance(value, Table) and step in value.values_at:
            mark = value.values_at[str(step)]
            value = value.get(str(step))
        elif isinstance(value, Items) and isinstance(step, int) and step < len(value):
            mark = value.values_at[step]
            value = value[step]
        else:
            break
    return mark
