"""From folders of YAML to a linked, immutable Library, or to every problem that stands in the way.

    load_pack(folder) -> Pack             one pack
    load_library(source) -> Library       a folder of packs, or several packs
    read_pack(folder) -> PackReading      a pack as far as it can be read, with its problems and places (for check.py)

A pack is read in three steps: the files (yaml_reader.py), each entry against its model (model.py), and the links
between entries. A step goes on after a problem, so that an editor sees all of them at once.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bot.errors import ContentError
from bot.library.complaints import Complaint, Model, complaints, key_names, takes_text
from bot.library.model import (
    PARTS,
    Argument,
    Entry,
    Fact,
    Library,
    Option,
    Pack,
    PackInfo,
    Position,
    Source,
)
from bot.library.problems import Problem, Severity
from bot.library.yaml_reader import Document, Items, Mark, Table, place, read_yaml, shown

if TYPE_CHECKING:
    from pydantic import BaseModel

PACK_FILE = "pack.yaml"
DRAFTS = "drafts"
ARGUABLE: tuple[type[Entry], ...] = (Position, Fact, Option, Argument)
"""What an argument can be about."""

FILL_IN = "FILL IN"
"""A text that begins with this is one that a tool left for an editor; what follows says what is wanted."""
MAX_PROBLEMS_A_FILE = 200
MAX_SUGGESTIONS = 50
"""Misspelt ids of one pack for which the nearest is looked up; each look-up reads every id."""


def load_pack(folder: Path) -> Pack:
    """The pack in this folder.

    Raises ContentError, with every problem found, if any of them is an error.
    """
    reading = read_pack(folder)
    if reading.pack is None:
        raise content_error(reading.errors)
    return reading.pack


def load_library(source: Path | Iterable[Path]) -> Library:
    """Every pack of a content folder (or of a pack's own folder), or the packs in several folders; drafts are left out.

    Raises ContentError, with every problem of every pack, if any of them is an error, or if there is no pack.
    """
    folders = list(pack_folders(source)) if isinstance(source, Path) else list(source)
    everything = [read_pack(folder) for folder in folders]
    library, problems = together(everything, source if isinstance(source, Path) else Path())
    if problems:
        raise content_error(problems)
    return library


def together(everything: Sequence[PackReading], root: Path) -> tuple[Library, list[Problem]]:
    """The packs that were read as one library, drafts left out, and every error that keeps it from being served."""
    readings = [reading for reading in everything if reading.info is None or not reading.info.draft]
    problems = [problem for reading in readings for problem in reading.errors]
    packs: dict[str, Pack] = {}
    places: dict[str, Path] = {}
    for reading in readings:
        info = reading.info
        if info is None:
            continue
        if info.id in places:
            message = (
                f"`{info.id}` is already the id of the pack in {places[info.id].name}: give one of the two another id"
            )
            problems.append(reading.problem(reading.info_place("id"), "duplicate-pack", message))
        places.setdefault(info.id, reading.folder)
        if reading.pack is not None:
            packs.setdefault(info.id, reading.pack)
    if not readings:
        message = f"no pack is here: a pack is a folder with a {PACK_FILE}; write one, or correct the folder's name"
        if everything:
            message = f"every pack here is a draft: delete `draft: true` in the {PACK_FILE} of one that is ready"
        problems.append(Problem(root, 1, 1, Severity.ERROR, "no-pack", message))
    return Library(MappingProxyType(packs)), problems


def pack_folders(source: Path) -> Iterator[Path]:
    """The folders of packs under a content folder; or the folder itself if it is a pack; or the pack of a file."""
    if source.is_file():
        nearest = [source.parent, *list(source.parent.parents)[:1]]
        yield next((folder for folder in nearest if (folder / PACK_FILE).exists()), source.parent)
        return
    if not source.is_dir() or any((source / name).exists() for name in _OWN_FILES):
        yield source
        return
    for folder in sorted(source.iterdir()):
        if folder.is_dir() and folder.name != DRAFTS and not folder.name.startswith((".", "_")):
            yield folder


_OWN_FILES = (PACK_FILE, *(f"{part}.yaml" for part in PARTS))
"""A folder with one of these is a pack, if perhaps one that lacks the first."""


def content_error(problems: Sequence[Problem]) -> ContentError:
    """All of these problems as one error, which says the first."""
    ordered = sorted(problems)
    more = f" (and {len(ordered) - 1} more)" if len(ordered) > 1 else ""
    return ContentError(f"{ordered[0]}{more}", ordered)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file, counted from 1."""

    file: Path
    line: int
    column: int


@dataclass(slots=True)
class Raw:
    """An entry as it stands in its file, and what became of it (None while it has problems)."""

    file: Path
    table: Table
    model: type[Entry]
    entry: Entry | None = None


@dataclass(slots=True)
class PackReading:
    """A pack as far as it can be read.

    `pack` is None if there are errors; `draft` has every entry that is valid by itself. `raws` are the entries as
    they are written, by id, and `info_table` is pack.yaml. Of `incomplete` kinds some may stand where a file could
    not be read to its end, so that a missing id of theirs says nothing; nor does a `doubled` id, which is given twice.
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

    def place(self, entry_id: str, *path: str | int) -> Spot:
        """Where the value at this path (keys as they are written, indices) of an entry stands, or the nearest around it."""
        raw = self.raws[entry_id]
        return _spot(raw.file, value_mark(raw.table, path))

    def info_place(self, *path: str | int) -> Spot:
        """Where a value of pack.yaml stands."""
        file = self.folder / PACK_FILE
        return Spot(file, 1, 1) if self.info_table is None else _spot(file, value_mark(self.info_table, path))


def _spot(file: Path, mark: Mark) -> Spot:
    return Spot(file, *place(mark))


def value_mark(table: Table, path: Sequence[str | int]) -> Mark:
    """Where the value at a path begins, or the nearest thing around it that is there."""
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


def read_pack(folder: Path) -> PackReading:
    """Read a pack as far as possible. Never raises for what stands in the folder."""
    reading = PackReading(folder)
    if not folder.is_dir():
        reading.add(Spot(folder, 1, 1), "no-pack", "this folder is missing: correct its name")
        return reading
    _read_info(reading)
    found: list[Raw] = []
    for part, lists in PARTS.items():
        for file in _part_files(reading, part):
            found.extend(_read_part(reading, part, lists, file))
    _index_ids(reading, found)
    arguments = _link(reading)
    if reading.info is not None:
        entries = {key: raw.entry for key, raw in reading.raws.items() if raw.entry is not None}
        reading.draft = Pack(reading.info, MappingProxyType(entries), MappingProxyType(arguments))
        if not reading.errors:
            reading.pack = reading.draft
    reading.problems = _shortened(reading.problems)
    return reading


def _shortened(problems: Iterable[Problem]) -> list[Problem]:
    """In order, and of each file only as many as a person can mend in one go."""
    kept: list[Problem] = []
    for file, group in groupby(sorted(problems), key=lambda problem: problem.file):
        found = list(group)
        kept += found[:MAX_PROBLEMS_A_FILE]
        if len(found) > MAX_PROBLEMS_A_FILE:
            first = found[MAX_PROBLEMS_A_FILE]
            more = len(found) - MAX_PROBLEMS_A_FILE
            message = f"from here on this file has {more:,} more problems: mend the ones before, then check again"
            kept.append(Problem(file, first.line, first.column, Severity.ERROR, "more-problems", message))
    return kept


def _part_files(reading: PackReading, part: str) -> list[Path]:
    single, several = reading.folder / f"{part}.yaml", reading.folder / part
    if several.is_dir():
        if single.exists():
            message = f"both {part}.yaml and the folder {part}/ are here: move this file into the folder, or delete one of the two"
            reading.add(Spot(single, 1, 1), "part-twice", message)
            return []
        return sorted(file for file in several.iterdir() if file.suffix == ".yaml" and not file.name.startswith("."))
    return [single] if single.exists() else []


def _read_info(reading: PackReading) -> None:
    document = read_yaml(reading.folder / PACK_FILE)
    reading.problems.extend(document.problems)
    table = document.root
    if document.problems and not isinstance(table, Table):
        return
    if not isinstance(table, Table):
        message = "this file must begin with keys, such as `id: my-topic`"
        reading.add(Spot(document.file, 1, 1), "not-a-table", message)
        return
    reading.info_table = table
    _check_unquoted(reading, document, {(): PackInfo})
    if document.cut_short:
        return
    reading.info = _validated(reading, document.file, table, PackInfo)


def _read_part(reading: PackReading, part: str, lists: Mapping[str, type[Entry]], file: Path) -> list[Raw]:
    """Every entry of one file, valid or not."""
    document = read_yaml(file)
    reading.problems.extend(document.problems)
    root = document.root
    cut_short = document.cut_short
    if cut_short or not isinstance(root, Table):
        reading.incomplete.update(lists.values())
    if not isinstance(root, Table):
        if not document.problems:
            at = place(root.mark) if isinstance(root, Items) else (1, 1)
            message = f"this file must begin with `{next(iter(lists))}:`, and a list under it"
            reading.add(Spot(file, *at), "not-a-table", message)
        return []
    _check_unquoted(reading, document, {(name,): model for name, model in lists.items()})
    raws: list[Raw] = []
    for name in root.keys_at:
        if name not in lists:
            reading.incomplete.update(lists.values())
            code, message = _unknown_list(name, part, lists)
            reading.add(_spot(file, root.keys_at[name]), code, message)
            if code == "indentation" and cut_short and document.problems[-1] in reading.problems:
                reading.problems.remove(document.problems[-1])  # it only follows from this
        elif isinstance(items := root.get(name), Items):
            raws.extend(_read_list(reading, file, items, lists[name], cut_short=cut_short))
        elif items is not None and not (cut_short and name == next(reversed(root.keys_at))):
            reading.incomplete.add(lists[name])
            message = f"`{name}` must be a list: begin each entry with a hyphen"
            reading.add(_spot(file, root.values_at[name]), "not-a-list", message)
    return raws


def _unknown_list(name: str, part: str, lists: Mapping[str, type[Entry]]) -> tuple[str, str]:
    """Rule and message for a key at the left edge of a part's file that is no list of that part."""
    if any(name in key_names(model) for model in lists.values()):
        return "indentation", f"`{name}` begins at the left edge: indent it like the other keys of its entry"
    return "unknown-key", f"`{shown(name)}` isn't known here: {_instead(name, lists, f'a {part} file begins with')}"


def _read_list(reading: PackReading, file: Path, items: Items, model: type[Entry], *, cut_short: bool) -> Iterator[Raw]:
    last = len(items) - 1
    for index, item in enumerate(items):
        unfinished = cut_short and index == last
        if isinstance(item, Table):
            raw = Raw(file, item, model)
            if not unfinished:
                raw.entry = _validated(reading, file, item, model)
            yield raw
        elif not unfinished:
            message = "each entry must be made of keys, such as `- id: some-name`"
            reading.add(_spot(file, items.values_at[index]), "not-a-table", message)


def _validated(reading: PackReading, file: Path, table: Table, model: type[Model]) -> Model | None:
    found = complaints(model, table)
    unfilled = dict(_unfilled(table, ()))
    for path, asked in unfilled.items():
        message = f"`{path[-1]}` is left for you to write: {shown(asked, 80) or 'see its description'}"
        reading.add(_spot(file, value_mark(table, path)), "fill-in", message)
    if isinstance(found, model):
        return found
    assert isinstance(found, list)  # noqa: S101 - the other half of the union
    for complaint in found:
        if complaint.path not in unfilled:
            reading.add(_complaint_spot(file, table, complaint), complaint.code, complaint.message)
    return None


def _unfilled(value: Table | Items, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text that begins with the mark of what is left for an editor: its path, and what follows the mark."""
    for step, inner in value.items() if isinstance(value, Table) else enumerate(value):
        if isinstance(inner, str):
            if inner.startswith(FILL_IN):
                yield (*path, step), inner.removeprefix(FILL_IN).strip(" :")
        elif inner:
            yield from _unfilled(inner, (*path, step))


def _complaint_spot(file: Path, table: Table, complaint: Complaint) -> Spot:
    if complaint.at is not None:
        return Spot(file, *complaint.at)
    *around, last = complaint.path or ("",)
    if complaint.at_key:
        owner = _inside(table, around)
        if isinstance(owner, Table) and last in owner.keys_at:
            return _spot(file, owner.keys_at[str(last)])
    return _spot(file, value_mark(table, complaint.path))


def _inside(table: Table, path: Sequence[str | int]) -> Any:
    value: Any = table
    for step in path:
        if isinstance(value, Table):
            value = value.get(str(step))
        elif isinstance(value, Items) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _check_unquoted(
    reading: PackReading, document: Document, models: Mapping[tuple[str, ...], type[BaseModel]]
) -> None:
    """Complain about values without quotes that are meant as text and would be something else in YAML 1.1."""
    for value in document.unquoted:
        for prefix, model in models.items():
            size = len(prefix)
            keys = tuple(step for step in value.path[size:] if isinstance(step, str))
            if value.path[:size] == prefix and takes_text(model, keys):
                text = shown(value.text)
                message = f"`{text}` without quotes may be taken for {value.taken_for}: put it in quotes, '{text}'"
                reading.add(_spot(document.file, value.mark), "quotes-needed", message)


def _index_ids(reading: PackReading, raws: Sequence[Raw]) -> None:
    for raw in raws:
        key = raw.table.get("id")
        if not isinstance(key, str):
            continue
        first = reading.raws.setdefault(key, raw)
        if first is not raw:
            reading.doubled.add(key)
            at = reading.place(key, "id")
            message = (
                f"`{shown(key)}` is already the id of an entry in {at.file.relative_to(reading.folder)}:{at.line}: "
                "give one of the two another id"
            )
            reading.add(_spot(raw.file, raw.table.values_at["id"]), "duplicate-id", message)


def _instead(wrong: str, known: Iterable[str], lead: str) -> str:
    names = list(known)
    nearest = difflib.get_close_matches(wrong[:80], names, n=1)
    return f"did you mean `{nearest[0]}`?" if nearest else f"{lead} {', '.join(f'`{name}`' for name in names)}"


def _link(reading: PackReading) -> dict[str, tuple[Argument, ...]]:
    """Follow every reference, those of entries with other problems too. Gives the arguments about each entry."""
    about: dict[str, list[Argument]] = {}
    suggest = _Suggestions(reading.raws)
    for raw in reading.raws.values():
        for path, key, kinds in _references(raw):
            target = reading.raws.get(key)
            if key in reading.doubled or (target is None and not reading.incomplete.isdisjoint(kinds)):
                continue
            if target is None or target.model not in kinds:
                message = _no_such(key, target, kinds, suggest(key, kinds))
                reading.add(_spot(raw.file, value_mark(raw.table, path)), "dangling-id", message)
        if isinstance(raw.entry, Argument):
            about.setdefault(raw.entry.target, []).append(raw.entry)
    _refuse_circles(reading)
    return {key: tuple(arguments) for key, arguments in about.items()}


_Kinds = tuple[type[Entry], ...]
_SOURCES: _Kinds = (Source,)


def _references(raw: Raw) -> Iterator[tuple[tuple[str | int, ...], str, _Kinds]]:
    """Every id that an entry names: where, which, and what it may belong to."""
    if "sources" in raw.model.model_fields and isinstance(sources := raw.table.get("sources"), Items):
        for index, key in enumerate(sources):
            if isinstance(key, str):
                yield ("sources", index), key, _SOURCES
    if raw.model is Argument:
        for side in ("for", "against"):
            if isinstance(key := raw.table.get(side), str):
                yield (side,), key, ARGUABLE


class _Suggestions:
    """The id that an editor probably meant."""

    def __init__(self, raws: Mapping[str, Raw]) -> None:
        self.rawss = raws
        self._left = MAX_SUGGESTIONS

    def __call__(self, wrong: str, kinds: _Kinds) -> str | None:
        self._left -= 1
        if self._left < 0:
            return None
        ids = [key for key, raw in self.rawss.items() if raw.model in kinds]
        return next(iter(difflib.get_close_matches(wrong[:80], ids, n=1)), None)


def _no_such(key: str, other: Raw | None, kinds: _Kinds, nearest: str | None) -> str:
    names = [kind.__name__.lower() for kind in kinds]
    wanted = f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
    is_a = f"the id of a {wanted}" if other is None else f"a {wanted} but a {other.model.__name__.lower()}"
    return f"`{shown(key)}` is not {is_a}: " + (
        f"did you mean `{nearest}`?" if nearest else "correct it, or write that entry"
    )


def _refuse_circles(reading: PackReading) -> None:
    """An argument that is about itself, in one step or several, never meets a claim."""
    target_of = {key: raw.entry.target for key, raw in reading.raws.items() if isinstance(raw.entry, Argument)}
    settled: set[str] = set()
    for start in target_of:
        trail: dict[str, None] = {}
        key = start
        while key in target_of and key not in settled and key not in trail:
            trail[key] = None
            key = target_of[key]
        if key in trail:
            _report_circle(reading, [*trail][[*trail].index(key) :])
        settled.update(trail)


def _report_circle(reading: PackReading, circle: Sequence[str]) -> None:
    argument = reading.raws[circle[0]].entry
    assert isinstance(argument, Argument)  # noqa: S101 - only arguments have targets
    spot = reading.place(circle[0], argument.side)
    if len(circle) == 1:
        message = "this argument is about itself: name what it argues about"
    else:
        around = " → ".join(f"`{key}`" for key in (*circle[:5], circle[0]))
        message = f"these arguments are about each other and about nothing else ({around}): let one name a claim"
    reading.add(spot, "circle", message)
