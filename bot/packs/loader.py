"""Load folders of YAML into a linked, immutable Library, or report every problem that prevents it.

    load_pack(folder) -> Pack             one pack
    load_library(source) -> Library       a folder of packs, or several packs
    read_pack(folder) -> PackReading      a pack as far as it can be read, with its problems and places (for check.py)

A pack is read in three steps: the files (yaml_document.py), each entry against its model (model.py), and the links
between entries (references.py). A step goes on after a problem, so that an editor sees all of them at once.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bot.packs.entry_mistakes import Complaint, Model, complaints, key_names, takes_text
from bot.packs.model import Entry, PackInfo
from bot.packs.pack import PARTS, Library, Pack
from bot.packs.problems import ContentError, Problem, Severity
from bot.packs.reading import DRAFTS, PACK_FILE, PackReading, Raw, Spot, spot_of, value_mark
from bot.packs.references import link_arguments
from bot.packs.yaml_document import LETTERS, Document, Items, Table, excerpt, place, read_yaml

if TYPE_CHECKING:
    from pydantic import BaseModel

FILL_IN = "FILL IN"
"""The mark at the beginning of a text that a tool left for an editor; the words after it say what to write."""
MAX_PROBLEMS_A_FILE = 200


def load_pack(folder: Path) -> Pack:
    """The pack in this folder.

    Raise ContentError, with every problem, if any of them is an error.
    """
    reading = read_pack(folder)
    if reading.pack is None:
        raise content_error(reading.errors)
    return reading.pack


def load_library(source: Path | Iterable[Path]) -> Library:
    """The packs of a content folder (or of a pack's own folder), or the packs in several folders; without drafts.

    Raise ContentError, with every problem of every pack, if any of them is an error or if there is no pack.
    """
    folders = list(pack_folders(source)) if isinstance(source, Path) else list(source)
    everything = [read_pack(folder) for folder in folders]
    library, problems = together(everything, source if isinstance(source, Path) else Path())
    if problems:
        raise content_error(problems)
    return library


def together(everything: Sequence[PackReading], root: Path) -> tuple[Library, list[Problem]]:
    """Join packs into one library, without drafts, and return it with every error that keeps it from being served."""
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
"""Files that make a folder a pack, even if it lacks the first."""


def content_error(problems: Sequence[Problem]) -> ContentError:
    """One error for all of these problems, with the first in its message."""
    ordered = sorted(problems)
    more = f" (and {len(ordered) - 1} more)" if len(ordered) > 1 else ""
    return ContentError(f"{ordered[0]}{more}", ordered)


def read_pack(folder: Path) -> PackReading:
    """Read a pack as far as possible. Never raise for the content of the folder."""
    reading = PackReading(folder)
    if not folder.is_dir():
        reading.add(Spot(folder, 1, 1), "no-pack", "this folder is missing: correct its name")
        return reading
    _read_info(reading)
    raws: list[Raw] = []
    for part, lists in PARTS.items():
        for file in _part_files(reading, part):
            raws.extend(_read_part(reading, part, lists, file))
    _index_ids(reading, raws)
    arguments = link_arguments(reading)
    if reading.info is not None:
        entries = {key: raw.entry for key, raw in reading.raws.items() if raw.entry is not None}
        reading.draft = Pack(reading.info, MappingProxyType(entries), MappingProxyType(arguments))
        if not reading.errors:
            reading.pack = reading.draft
    reading.problems = _shortened(reading.problems)
    return reading


def _shortened(problems: Iterable[Problem]) -> list[Problem]:
    """Sort the problems, and keep of each file only as many as a person can fix in one go."""
    shortened: list[Problem] = []
    for file, group in groupby(sorted(problems), key=lambda problem: problem.file):
        of_file = list(group)
        shortened += of_file[:MAX_PROBLEMS_A_FILE]
        if len(of_file) > MAX_PROBLEMS_A_FILE:
            first = of_file[MAX_PROBLEMS_A_FILE]
            more = len(of_file) - MAX_PROBLEMS_A_FILE
            message = f"this file has {more:,} more problems from here on: fix the ones before, then check again"
            shortened.append(Problem(file, first.line, first.column, Severity.ERROR, "more-problems", message))
    return shortened


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
            reading.add(spot_of(file, root.keys_at[name]), code, message)
            if code == "indentation" and cut_short and document.problems[-1] in reading.problems:
                reading.problems.remove(document.problems[-1])  # a mere consequence of this problem
        elif isinstance(items := root.get(name), Items):
            raws.extend(_read_list(reading, file, items, lists[name], cut_short=cut_short))
        elif items is not None and not (cut_short and name == next(reversed(root.keys_at))):
            reading.incomplete.add(lists[name])
            message = f"`{name}` must be a list: begin each entry with a hyphen"
            reading.add(spot_of(file, root.values_at[name]), "not-a-list", message)
    return raws


def _unknown_list(name: str, part: str, lists: Mapping[str, type[Entry]]) -> tuple[str, str]:
    """The rule and the message for a key at the left edge that isn't a list of the file's part."""
    if any(name in key_names(model) for model in lists.values()):
        return "indentation", f"`{name}` begins at the left edge: indent it like the other keys of its entry"
    return "unknown-key", f"`{excerpt(name)}` isn't known here: {_instead(name, lists, f'a {part} file begins with')}"


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
            reading.add(spot_of(file, items.values_at[index]), "not-a-table", message)


def _validated(reading: PackReading, file: Path, table: Table, model: type[Model]) -> Model | None:
    result = complaints(model, table)
    unfilled = dict(_unfilled(table, ()))
    for path, hint in unfilled.items():
        message = f"`{path[-1]}` is yours to write: {excerpt(hint, 80) or 'see its description'}"
        reading.add(spot_of(file, value_mark(table, path)), "fill-in", message)
    if not isinstance(result, list):
        return result
    for complaint in result:
        if complaint.path not in unfilled:
            reading.add(_complaint_spot(file, table, complaint), complaint.code, complaint.message)
    return None


def _unfilled(value: Table | Items, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every text that begins with the mark for editors: its path, and the words after the mark."""
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
            return spot_of(file, owner.keys_at[str(last)])
    return spot_of(file, value_mark(table, complaint.path))


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
    """Complain about values without quotes that are meant as text but would mean something else in YAML 1.1."""
    for value in document.unquoted:
        for prefix, model in models.items():
            size = len(prefix)
            keys = tuple(step for step in value.path[size:] if isinstance(step, str))
            if value.path[:size] == prefix and takes_text(model, keys):
                text = excerpt(value.text)
                if value.taken_for == LETTERS:
                    message = (
                        f"the curly quotation marks of `{text}` are letters to YAML, and members read them: type ' or \" "
                        "instead, or around the whole text if they belong to it"
                    )
                    reading.warn(spot_of(document.file, value.mark), "odd-character", message)
                    continue
                message = f"`{text}` without quotes may be taken for {value.taken_for}: put it in quotes, '{text}'"
                reading.add(spot_of(document.file, value.mark), "quotes-needed", message)
    for comment in document.comments:
        if any(
            comment.path[: len(prefix)] == prefix
            and takes_text(model, tuple(step for step in comment.path[len(prefix) :] if isinstance(step, str)))
            for prefix, model in models.items()
        ):
            message = (
                f"`{excerpt(comment.text)}` is left out, since a # after a space begins a comment: put the whole text "
                "in quotes, or move the comment to a line of its own"
            )
            reading.warn(spot_of(document.file, comment.mark), "text-left-out", message)


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
                f"`{excerpt(key)}` is already the id of an entry in {at.file.relative_to(reading.folder)}:{at.line}: "
                "give one of the two another id"
            )
            reading.add(spot_of(raw.file, raw.table.values_at["id"]), "duplicate-id", message)


def _instead(wrong: str, names_here: Iterable[str], lead: str) -> str:
    names = list(names_here)
    nearest = difflib.get_close_matches(wrong[:80], names, n=1)
    return f"did you mean `{nearest[0]}`?" if nearest else f"{lead} {', '.join(f'`{name}`' for name in names)}"
