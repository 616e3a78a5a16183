"""The texts of a draft that an editor changes in a chat's form.

    open_fields(folder, suggestion, t) -> texts by key                the draft's own
    put_fields(folder, suggestion, values, today, t) -> Revision      into the draft, if the pack would pass with it

Only the lines of a changed value are rewritten; comments, order and all other lines of the draft stay.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.authoring.drafts import (
    LISTS,
    Trial,
    draft_file,
    is_untouched,
    only_entry,
    refuse_outdated,
    try_draft,
    write_draft,
)
from bot.authoring.yaml_writing import replace_file, scalar
from bot.errors import Refused
from bot.i18n import Translator
from bot.packs.loader import FILL_IN, read_pack
from bot.packs.model import Argument, Entry, Event, Fact, Option, Position, Source, Statement, Term
from bot.packs.yaml_document import Items, Table
from bot.suggestions.repository import Kind, Suggestion

WIDTH = 100
"""Characters of a line in a file."""
LISTS_OF_LINES = frozenset(("aliases", "sources"))
"""Keys whose value is a list; a form shows one item on each line."""
KEYS: Mapping[type[Entry], tuple[str, ...]] = {
    Fact: ("statement", "reason", "aliases", "sources"),
    Position: ("name", "statement", "aliases"),
    Argument: ("point", "text", "aliases", "sources"),
    Source: ("title", "summary", "url", "note", "aliases"),
    Option: ("description", "pro", "con", "aliases", "sources"),
    Statement: ("text", "aliases"),
    Term: ("term", "definition", "aliases", "sources"),
    Event: ("date", "event", "aliases", "sources"),
}
"""The keys of an entry that a form shows: at most five."""
NEW_SOURCE_KEYS = ("title", "url", "kind", "copy", "summary")
"""The same for a source that a member suggested; its title and address come first."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A draft with an editor's changes: its trial, and the new texts by key."""

    trial: Trial
    changes: Mapping[str, str]


def open_fields(folder: Path, suggestion: Suggestion, t: Translator) -> dict[str, str]:
    """Read the draft's texts by key, empty for a text to fill in. Write the draft first if it is missing, or if the
    card has changed and nobody touched the draft.

    Raise NotFound for an entry that is gone, and Refused for files that can't be read or written, or for a draft that
    an editor changed while somebody else changed the card.
    """
    draft = draft_file(folder, suggestion.id)
    if not draft.is_file() or (suggestion.kind is Kind.CORRECTION and is_untouched(draft, t)):
        write_draft(folder, suggestion, t)
    refuse_outdated(folder, suggestion, t)
    name, entry = only_entry(draft, t)
    return _values(entry, NEW_SOURCE_KEYS if suggestion.kind is Kind.SOURCE else KEYS[LISTS[name]])


def put_fields(folder: Path, suggestion: Suggestion, values: Mapping[str, str], today: date, t: Translator) -> Revision:
    """Write these texts into the draft, by key. Leave the draft alone if the trial is not new or has mistakes.

    Raises NotFound and Refused as `open_fields` does.
    """
    before = open_fields(folder, suggestion, t)
    draft = draft_file(folder, suggestion.id)
    entry = only_entry(draft, t)[1]
    lines = draft.read_text(encoding="utf-8-sig").splitlines()
    cleaned = {key: _clean(key, value) for key, value in values.items() if key in before}
    changed = {key: value for key, value in cleaned.items() if value != before[key]}
    for key in sorted(changed, key=lambda key: _line(entry, key), reverse=True):
        _put(lines, entry, key, changed[key])
    content = "".join(f"{line}\n" for line in lines).encode()
    trial = try_draft(folder, suggestion, content, today, t)
    if trial.is_new and not trial.mistakes:
        try:
            replace_file(draft, content)
        except OSError as error:
            name = f"{folder.name}/{draft.parent.name}/{draft.name}"
            raise Refused(
                t("Parley can't write {file} ({why}). Check the file's permissions.", file=name, why=error.strerror)
            ) from None
    served = (
        _values(read_pack(folder).raws[suggestion.entry].table, before) if suggestion.kind is Kind.CORRECTION else {}
    )
    after = {**before, **cleaned}
    return Revision(trial, {key: value for key, value in after.items() if value != served.get(key, "")})


def _values(entry: Table, keys: Iterable[str]) -> dict[str, str]:
    return {key: _clean(key, _as_text(entry.get(key))) for key in keys}


def _as_text(value: object) -> str:
    if isinstance(value, Items):
        return "\n".join(str(one.get("source", "")) if isinstance(one, Table) else str(one) for one in value)
    text = value if isinstance(value, str) else ""
    return "" if text.startswith(FILL_IN) else text


def _clean(key: str, text: str) -> str:
    """A text on one line; or a list with one item a line, without empty items."""
    lines = [" ".join(filter(None, line.replace("\t", " ").split(" "))) for line in text.splitlines()]
    return ("\n" if key in LISTS_OF_LINES else " ").join(line for line in lines if line)


def _line(entry: Table, key: str) -> float:
    """The line of the key, counted from 0; infinity if the entry doesn't have it."""
    mark = entry.keys_at.get(key)
    return float("inf") if mark is None else mark.line


def _put(lines: list[str], entry: Table, key: str, text: str) -> None:
    """Replace the key's value, or add the key at the entry's end; delete the key for an empty value."""
    mark = entry.keys_at.get(key)
    column = entry.mark.column if mark is None else mark.column
    start = len(lines) if mark is None else mark.line
    end = start if mark is None else _end(lines, start, column)
    lead = " " * column if mark is None else lines[start][:column]
    new = [f"{' ' * column}{line}" for line in _written(key, text, column, entry.get(key))]
    lines[start:end] = [lead + line[column:] if number == 0 else line for number, line in enumerate(new)]


def _end(lines: Sequence[str], start: int, column: int) -> int:
    """The line after the end of the value whose key stands at `column` of line `start`."""
    end = start + 1
    for number in range(start + 1, len(lines)):
        line = lines[number].lstrip()
        indent = len(lines[number]) - len(line)
        if line and (indent < column or (indent == column and not line.startswith("- "))):
            break
        if line:
            end = number + 1
    return end


def _written(key: str, text: str, column: int, present: object) -> Iterator[str]:
    if not text:
        return
    if key in LISTS_OF_LINES:
        yield f"{key}:"
        for one in text.split("\n"):
            yield from _item(one, present)
    elif len(short := f"{key}: {scalar(text)}") <= WIDTH - column:
        yield short
    else:
        yield f"{key}: >-"
        width = WIDTH - column - 2
        yield from (f"  {line}" for line in textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False))


def _item(one: str, present: object) -> Iterator[str]:
    """An item of a list; a source keeps its place and its `bears`."""
    uses = [use for use in present if isinstance(use, Table)] if isinstance(present, Items) else []
    use = next((use for use in uses if use.get("source") == one), None)
    if use is None:
        yield f"  - {scalar(one)}"
    else:
        pairs = [f"{key}: {scalar(str(value))}" for key, value in use.items()]
        yield from (f"  {'- ' if number == 0 else '  '}{pair}" for number, pair in enumerate(pairs))
