"""Add an alias or a question to an entry of a pack, keeping its other lines, if the whole pack then passes.

key_of("car parks")                                    "aliases"; "questions" for longer texts
add_words(folder, entry_id, "car parks", today, t)     the file that now has them
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal

from bot.authoring.drafts import LIST_NAMES
from bot.authoring.pack_edits import RefusalContext, put_lines, span
from bot.authoring.yaml_writing import scalar
from bot.errors import NotFound, Refused
from bot.i18n import Translator
from bot.packs.check import read_and_check
from bot.packs.loader import read_pack
from bot.packs.problems import Severity

MISTAKES_TOLD = 5
ALIAS_WORDS = 4
"""The most words of an alias; longer ones are questions."""
_FLOW = re.compile(r"(?P<start> *(?:aliases|questions): *\[)(?P<old>[^\[\]#]*)\] *")

Key = Literal["aliases", "questions"]


def key_of(words: str) -> Key:
    """Return the list of an entry that these words belong in."""
    return "aliases" if len(words.split()) <= ALIAS_WORDS else "questions"


def add_words(folder: Path, entry_id: str, words: str, today: date, t: Translator) -> Path:
    """Write the words into the entry, in the list that `key_of` returns; return the file.

    Raise NotFound for an entry that is gone. Raise Refused, and change nothing, if that list needs an editor's hand, or
    if the pack would not pass.
    """
    key = key_of(words)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, folder.name)
        shutil.copytree(folder, copy, ignore=lambda _folder, names: [name for name in names if name.startswith(".")])
        _write(copy, entry_id, key, words, t)
        reading, report = read_and_check([copy], None, today)[0]
        errors = [problem for problem in report.problems if problem.severity is Severity.ERROR]
        if errors or reading.pack is None:
            lines = [f"{each.file.relative_to(copy)}:{each.line}: {each.message}" for each in errors[:MISTAKES_TOLD]]
            raise Refused("\n".join((t("With these words, the pack has errors. Nothing has changed."), *lines)))
        entry = reading.pack.entries[entry_id]
        if words not in (entry.aliases if key == "aliases" else entry.questions):
            raise Refused(_by_hand(t, entry_id, key))
    return _write(folder, entry_id, key, words, t)


def _write(folder: Path, entry_id: str, key: Key, words: str, t: Translator) -> Path:
    raw = read_pack(folder).raws.get(entry_id)
    if raw is None:
        raise NotFound(t("That card is no longer in the topic's files."))
    lines = raw.file.read_text(encoding="utf-8-sig").splitlines()
    start, end, margin = span(lines, raw.table, t)
    entry = [line[margin:] if line.strip() else "" for line in lines[start:end]]
    at = raw.table.keys_at[key].line - start if key in raw.table.keys_at else None
    indent = raw.table.mark.column - margin
    changed = _with_item(entry, key, at, indent, scalar(words))
    if changed is None:
        raise Refused(_by_hand(t, entry_id, key))
    put_lines(raw.file, LIST_NAMES[raw.model], changed, entry_id, RefusalContext(t, folder))
    return raw.file


def _with_item(entry: Sequence[str], key: Key, at: int | None, indent: int, item: str) -> list[str] | None:
    """Add the item to the list whose key stands in line `at`. Return the entry's lines; None if the list needs a hand."""
    if at is None:
        return [*entry, f"{' ' * indent}{key}: [{item}]"]
    flow = _FLOW.fullmatch(entry[at])
    if flow is not None:
        old = flow["old"].strip().removesuffix(",")
        return [*entry[:at], f"{flow['start']}{f'{old}, ' if old else ''}{item}]", *entry[at + 1 :]]
    if entry[at].strip() != f"{key}:":
        return None
    end = at + 1
    while end < len(entry) and _hyphen(entry[end]) >= indent:
        end += 1
    following = entry[end] if end < len(entry) else ""
    if end == at + 1 or len(following) - len(following.lstrip()) > indent:
        return None
    return [*entry[:end], f"{' ' * _hyphen(entry[end - 1])}- {item}", *entry[end:]]


def _hyphen(line: str) -> int:
    """The indentation of a list item's hyphen; -1 for a line without one."""
    bare = line.lstrip()
    return len(line) - len(bare) if bare.startswith("- ") else -1


def _by_hand(t: Translator, entry_id: str, key: Key) -> str:
    if key == "aliases":
        return t("Add the alias by hand: I can't add to the way the aliases of {id} are written.", id=entry_id)
    return t("Add the question by hand: I can't add to the way the questions of {id} are written.", id=entry_id)
