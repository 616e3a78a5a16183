"""Changes to an editor's YAML files that touch no other line: comments, order, quotes and ends of lines stay.

    append(file, list_name, entries)       entries at the end of a file's list

A change is made in memory, read back, and only then put in the file's place, whole (see writing.replace_file).
"""

from __future__ import annotations

import codecs
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.errors import Refused
from bot.exchange.writing import Value, item, replace_file
from bot.library.yaml_reader import Document, Items, Table, read_yaml


def append(file: Path, name: str, entries: Sequence[Mapping[str, Value]]) -> None:
    """Adds entries to the end of the list `name`, which is the last in its file; makes the file where there is none.

    Raises Refused, with nothing changed, where the file can't be read or the list can't be added to.
    """
    before = file.read_bytes() if file.exists() else b""
    indent, old = 2, 0
    if before.strip():
        items = _items(read_yaml(file), name)
        if items:
            indent, old = items.mark.column, len(items)
    text = before.decode("utf-8-sig") if before.strip() else f"{name}:\n"
    newline = "\r\n" if "\r\n" in text else "\n"
    if not text.endswith("\n"):
        text += newline
    blank = "" if old == 0 or text.endswith(newline * 2) else newline
    added = "\n".join(item(entry, indent) for entry in entries).replace("\n", newline)
    mark = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
    write_checked(
        file, mark + (text + blank + added).encode(), name, [*(["*"] * old), *(str(e["id"]) for e in entries)]
    )


def _items(document: Document, name: str) -> Items | None:
    root = document.root
    if document.problems or not isinstance(root, Table) or (root and list(root.keys_at)[-1] != name):
        raise Refused(f"{document.file} has problems: mend what `parley check` says of it first. Nothing was changed.")
    found = root.get(name)
    if found is None:
        return None
    if not isinstance(found, Items) or found.mark.line == root.keys_at[name].line:
        raise Refused(
            f"{document.file}: `{name}` is written in brackets: write it with hyphens, one entry below the other."
        )
    return found


def write_checked(file: Path, content: bytes, name: str, ids: Sequence[str]) -> None:
    """Puts the content in the file's place if, read back, its list `name` has entries with these ids (`*` for any).

    Raises Refused, with nothing changed, otherwise.
    """
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder, file.name)
        trial.write_bytes(content)
        document = read_yaml(trial)
    items = document.root.get(name) if isinstance(document.root, Table) else None
    found = [entry.get("id") if isinstance(entry, Table) else None for entry in items or ()]
    fits = len(found) == len(ids) and all(wanted in {"*", key} for wanted, key in zip(ids, found, strict=True))
    if document.problems or not fits:
        raise Refused(f"{file} can't be changed without touching other lines: change it by hand. Nothing was changed.")
    try:
        replace_file(file, content)
    except OSError as error:
        raise Refused(f"{file} can't be written ({error.strerror}): look who may write it.") from None
