"""Change an editor's YAML files without touching other lines: comments, order, quotes and line ends stay.

    append(file, list_name, entries)                         entries at the end of a file's list
    add_lines(file, list_name, lines, entry_id, refusal)     one entry there, as typed
    put_lines(file, list_name, lines, entry_id, refusal)     one entry in place of the one with its id

A change is made in memory, read back, and only then replaces the whole file (see yaml_writing.replace_file).
"""

from __future__ import annotations

import codecs
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.authoring.yaml_writing import Value, item, replace_file
from bot.errors import Refused
from bot.i18n import Translator, translator
from bot.packs.yaml_document import Document, Items, Table, read_yaml


@dataclass(frozen=True, slots=True)
class RefusalContext:
    """The language of a refusal, and the folder that its file names start from (none for full paths)."""

    t: Translator
    folder: Path | None = None

    def name(self, file: Path) -> str:
        return str(file) if self.folder is None else file.relative_to(self.folder).as_posix()


def append(file: Path, name: str, entries: Sequence[Mapping[str, Value]]) -> None:
    """Add entries to the end of the list `name`, the last in its file; create a missing file.

    Raise Refused, and change nothing, if the file can't be read or the list can't be extended.
    """
    ids = [str(entry["id"]) for entry in entries]
    refusal = RefusalContext(translator("en"))
    _append(file, name, ids, lambda indent: "\n".join(item(entry, indent) for entry in entries), refusal)


def add_lines(file: Path, name: str, lines: Sequence[str], entry_id: str, refusal: RefusalContext) -> None:
    """Add one entry as `append` does, from its lines, with the hyphen at the margin. Raises what `append` raises."""
    _append(file, name, [entry_id], lambda indent: _indented(lines, indent), refusal)


def put_lines(file: Path, name: str, lines: Sequence[str], entry_id: str, refusal: RefusalContext) -> None:
    """Replace the entry with this id by these lines, with the hyphen at the margin.

    Raise Refused, and change nothing, if the list or the entry is written in brackets, or no entry has the id.
    """
    text = file.read_bytes().decode("utf-8-sig")
    document = read_yaml(file)
    items = document.root.get(name) if isinstance(document.root, Table) else None
    entries = [entry for entry in items or () if isinstance(entry, Table)]
    ids = [str(entry.get("id")) for entry in entries]
    if document.problems or entry_id not in ids:
        raise Refused(
            refusal.t(
                "There's no entry `{id}` in {file}. Nothing has changed.",
                file=refusal.name(file),
                id=entry_id,
            )
        )
    newline = "\r\n" if "\r\n" in text else "\n"
    old = text.splitlines()
    start, end, margin = span(old, entries[ids.index(entry_id)], refusal.t)
    new = _indented(lines, margin).splitlines()
    mark = codecs.BOM_UTF8 if file.read_bytes().startswith(codecs.BOM_UTF8) else b""
    changed = newline.join([*old[:start], *new, *old[end:]]) + newline
    write_checked(file, mark + changed.encode(), name, ids, refusal)


def span(lines: Sequence[str], entry: Table, t: Translator) -> tuple[int, int, int]:
    """The first line of an entry in a list, counted from 0, the line after its last, and its hyphen's indentation.

    Raise Refused for an entry in brackets.
    """
    start = entry.mark.line
    hyphen = _HYPHEN.match(lines[start])
    if hyphen is None:
        raise Refused(t("Write the entry with a hyphen and one key a line, not in brackets. Nothing has changed."))
    margin = len(hyphen[1])
    end = start + 1
    for number in range(start + 1, len(lines)):
        line = lines[number]
        if line.strip() and len(line) - len(line.lstrip()) <= margin:
            break
        if line.strip():
            end = number + 1
    return start, end, margin


_HYPHEN = re.compile(r"(\s*)-\s")


def _indented(lines: Sequence[str], indent: int) -> str:
    return "".join(f"{' ' * indent}{line}".rstrip() + "\n" for line in lines)


def _append(
    file: Path, name: str, ids: Sequence[str], write_entries: Callable[[int], str], refusal: RefusalContext
) -> None:
    """Append entries: `write_entries` gives their text for the indentation of the list's hyphens."""
    before = file.read_bytes() if file.exists() else b""
    indent, old = 2, 0
    if before.strip():
        items = _items(read_yaml(file), name, refusal)
        if items:
            indent, old = items.mark.column, len(items)
    text = before.decode("utf-8-sig") if before.strip() else f"{name}:\n"
    newline = "\r\n" if "\r\n" in text else "\n"
    if not text.endswith("\n"):
        text += newline
    blank = "" if old == 0 or text.endswith(newline * 2) else newline
    added = write_entries(indent).replace("\n", newline)
    mark = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
    write_checked(file, mark + (text + blank + added).encode(), name, [*(["*"] * old), *ids], refusal)


def _items(document: Document, name: str, refusal: RefusalContext) -> Items | None:
    root = document.root
    if document.problems or not isinstance(root, Table) or (root and list(root.keys_at)[-1] != name):
        raise Refused(
            refusal.t(
                "Fix the errors in {file} first: `parley check` lists them. Nothing has changed.",
                file=refusal.name(document.file),
            )
        )
    items = root.get(name)
    if items is None:
        return None
    if not isinstance(items, Items) or items.mark.line == root.keys_at[name].line:
        raise Refused(
            refusal.t(
                "{file}: write `{list}` with hyphens, one entry below the other, not in brackets.",
                file=refusal.name(document.file),
                list=name,
            )
        )
    return items


def write_checked(file: Path, content: bytes, name: str, ids: Sequence[str], refusal: RefusalContext) -> None:
    """Replace the file if its new list `name`, read back, has entries with these ids (`*` for any).

    Otherwise raise Refused and change nothing.
    """
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder, file.name)
        trial.write_bytes(content)
        document = read_yaml(trial)
    items = document.root.get(name) if isinstance(document.root, Table) else None
    ids_there = [entry.get("id") if isinstance(entry, Table) else None for entry in items or ()]
    fits = len(ids_there) == len(ids) and all(
        expected in {"*", key} for expected, key in zip(ids, ids_there, strict=True)
    )
    if document.problems or not fits:
        raise Refused(
            refusal.t(
                "Edit {file} by hand: Parley would touch other lines. Nothing has changed.",
                file=refusal.name(file),
            )
        )
    try:
        replace_file(file, content)
    except OSError as error:
        raise Refused(
            refusal.t(
                "Parley can't write {file} ({why}). Check the file's permissions.",
                file=refusal.name(file),
                why=error.strerror,
            )
        ) from None
