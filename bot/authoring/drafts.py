"""An accepted suggestion as a file in the pack's `drafts/`, and its way into the pack.

    write_draft(folder, suggestion, t) -> file               the present entry, or one to fill in; the rest is comments
    try_draft(folder, suggestion, draft, today, t) -> Trial  the pack as it would be with it
    publish_draft(folder, suggestion, today, t) -> file      into the part's file or folder, if the whole pack then passes

A member's words stand only in comments, so that only an editor's own words get into the pack.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from bot.authoring.pack_edits import RefusalContext, add_lines, put_lines, span
from bot.authoring.yaml_writing import Bare, Value, item, new_id, replace_file
from bot.chat.markup import clean_lines
from bot.errors import NotFound, Refused
from bot.i18n import Translator
from bot.packs.check import read_and_check
from bot.packs.fields import KEBAB
from bot.packs.loader import FILL_IN, read_pack
from bot.packs.model import Entry
from bot.packs.pack import PARTS, Pack
from bot.packs.problems import Problem, Severity
from bot.packs.reading import DRAFTS, PackReading
from bot.packs.yaml_document import Items, Table, read_yaml
from bot.suggestions.repository import Kind, Suggestion

WIDTH = 110
_MADE_FROM = "Made from version"
LISTS: dict[str, type[Entry]] = {name: model for lists in PARTS.values() for name, model in lists.items()}
"""Each list of a pack's files, with the kind of its entries."""
LIST_NAMES: dict[type[Entry], str] = {model: name for name, model in LISTS.items()}


@dataclass(frozen=True, slots=True)
class Mistake:
    """An error that the pack would have with this draft. `key` is the draft's key with the error, or empty."""

    key: str
    file: Path
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Trial:
    """A pack as it would be with this draft. `file`, within the pack, would hold the entry `entry_id`.

    `pack` is None if there are mistakes; `is_new` is False if the pack already says the same.
    """

    file: Path
    entry_id: str
    pack: Pack | None
    is_new: bool
    mistakes: tuple[Mistake, ...]


def draft_file(folder: Path, suggestion: str) -> Path:
    return folder / DRAFTS / f"suggestion-{suggestion}.yaml"


def write_draft(folder: Path, suggestion: Suggestion, t: Translator) -> Path:
    """Write the draft, replacing an existing one. Raise NotFound for a missing entry, Refused if a file fails."""
    reading = _readable(folder, t)
    if suggestion.kind is Kind.CORRECTION:
        name, entry = _as_it_stands(reading, suggestion.entry, t)
        base = f"# {_MADE_FROM} {_digest(entry)}\n"
    else:
        name, entry = _to_fill_in(reading, suggestion)
        base = ""
    text = "".join(f"# {line}".rstrip() + "\n" for line in _comment(folder, suggestion)) + f"{base}{name}:\n{entry}"
    file = draft_file(folder, suggestion.id)
    try:
        file.parent.mkdir(exist_ok=True)
        replace_file(file, text.encode())
    except OSError as error:
        raise Refused(
            t(
                "I can't write {file} ({why}). Ask the operator for write access, or edit the entry by hand and "
                "reject the suggestion with thanks.",
                file=f"{folder.name}/{DRAFTS}/{file.name}",
                why=error.strerror,
            )
        ) from None
    return file


def publish_draft(folder: Path, suggestion: Suggestion, today: date, t: Translator) -> Path:
    """Move the draft into the pack, and return the file that now has it.

    Raise NotFound if the draft is gone. Raise Refused, and change nothing, if it is incomplete or says nothing new, or
    if the pack would not pass: the message says what and where.
    """
    draft = draft_file(folder, suggestion.id)
    if not draft.is_file():
        raise NotFound(t("{file} no longer exists.", file=draft.name))
    refuse_outdated(folder, suggestion, t)
    trial = try_draft(folder, suggestion, draft.read_bytes(), today, t)
    if not trial.is_new:
        raise Refused(
            t(
                "{draft} says the same as {file}. Edit it in your own words, then try again.",
                draft=draft.name,
                file=trial.file.name,
            )
        )
    if trial.mistakes:
        lines = [f"{mistake.file}:{mistake.line}: {mistake.message}" for mistake in trial.mistakes[:5]]
        lead = t("With {draft}, the pack has errors. Fix them, then try again:", draft=draft.name)
        raise Refused("\n".join((lead, *lines)))
    return _move_in(folder, suggestion, t)


def try_draft(folder: Path, suggestion: Suggestion, draft: bytes, today: date, t: Translator) -> Trial:
    """Put a draft with this content into a copy of the pack, and check the copy. Nothing in `folder` changes.

    Raise Refused for a draft that isn't an entry, or that can't be put into its file.
    """
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, folder.name)
        shutil.copytree(folder, copy, ignore=lambda _folder, names: [name for name in names if name.startswith(".")])
        draft_file(copy, suggestion.id).write_bytes(draft)
        entry_id = str(only_entry(draft_file(copy, suggestion.id), t)[1].get("id"))
        target = _move_in(copy, suggestion, t)
        file = target.relative_to(copy)
        served = folder / file
        reading, report = read_and_check([copy], None, today)[0]
        errors = [problem for problem in report.problems if problem.severity is Severity.ERROR]
        mistakes = tuple(
            Mistake(_key_at(reading, entry_id, problem), problem.file.relative_to(copy), problem.line, problem.message)
            for problem in errors
        )
        is_new = not served.is_file() or served.read_bytes() != target.read_bytes()
        return Trial(file, entry_id, None if errors else reading.pack, is_new, mistakes)


def _key_at(reading: PackReading, entry_id: str, problem: Problem) -> str:
    """The key of this entry whose value has the problem; empty if it is in none."""
    raw = reading.raws.get(entry_id)
    if raw is None or raw.file != problem.file:
        return ""
    after = [other.table.mark.line for other in reading.raws.values() if other.file == raw.file]
    if any(raw.table.mark.line < line < problem.line for line in after):
        return ""
    above = [key for key, mark in raw.table.keys_at.items() if mark.line < problem.line]
    return max(above, key=lambda key: raw.table.keys_at[key].line, default="")


def refuse_outdated(folder: Path, suggestion: Suggestion, t: Translator) -> None:
    """Raise Refused if somebody has changed the card since: publishing would undo their change unseen."""
    draft, reading = draft_file(folder, suggestion.id), _readable(folder, t)
    base = _base(draft)
    if not base or suggestion.kind is not Kind.CORRECTION or suggestion.entry not in reading.raws:
        return
    if _digest(_as_it_stands(reading, suggestion.entry, t)[1]) != base:
        raise Refused(
            t(
                "Someone edited the card after I wrote {draft}. Copy those edits into the draft, delete its line "
                "“{line} …”, then try again.",
                draft=draft.name,
                line=_MADE_FROM,
            )
        )


def is_untouched(draft: Path, t: Translator) -> bool:
    """Whether a correction's draft still has the card's text of the time when the draft was made."""
    return _base(draft) == _digest(_indented(_lines_in(draft, only_entry(draft, t)[1], t)))


def _base(draft: Path) -> str:
    """The digest of the entry that the draft came from; empty if it came from none."""
    line = re.search(rf"^# {_MADE_FROM} (\w+)\s*$", draft.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    return line[1] if line else ""


def _digest(entry: str) -> str:
    return sha256(entry.encode()).hexdigest()[:16]


def _move_in(folder: Path, suggestion: Suggestion, t: Translator) -> Path:
    draft = draft_file(folder, suggestion.id)
    name, entry = only_entry(draft, t)
    lines = _lines_in(draft, entry, t)
    entry_id = str(entry.get("id"))
    if not re.fullmatch(KEBAB, entry_id):  # it may become a file's name
        raise Refused(
            t("{file}: use lowercase letters, digits and hyphens in `id`, as in tea-popular.", file=draft.name)
        )
    part = next(part for part, lists in PARTS.items() if name in lists)
    there = _readable(folder, t).raws.get(entry_id)
    if there is not None:
        file = there.file
        put_lines(file, name, lines, entry_id, RefusalContext(t, folder))
    else:
        file = folder / part / f"{entry_id}.yaml" if (folder / part).is_dir() else folder / f"{part}.yaml"
        add_lines(file, name, lines, entry_id, RefusalContext(t, folder))
    draft.unlink()
    return file


def only_entry(draft: Path, t: Translator) -> tuple[str, Table]:
    """The name of the draft's list, and its only entry."""
    document = read_yaml(draft)
    if document.problems:
        problem = document.problems[0]
        raise Refused(f"{draft.name}:{problem.line}: {problem.message}")
    root = document.root
    name = next(iter(root), "") if isinstance(root, Table) and len(root) == 1 else ""
    items = root.get(name) if isinstance(root, Table) else None
    if name not in LISTS or not isinstance(items, Items) or len(items) != 1 or not isinstance(items[0], Table):
        raise Refused(t("Keep one list with one entry in {file}, as I wrote it.", file=draft.name))
    return name, items[0]


def _readable(folder: Path, t: Translator) -> PackReading:
    reading = read_pack(folder)
    if reading.draft is None or reading.incomplete:
        raise Refused(
            t(
                "Fix the errors in {pack} first: /content problems lists them. Nothing has changed.",
                pack=folder.name,
            )
        )
    return reading


def _as_it_stands(reading: PackReading, entry: str, t: Translator) -> tuple[str, str]:
    raw = reading.raws.get(entry)
    if raw is None:
        raise NotFound(t("That card is no longer in the topic's files. Reject the suggestion, and say so."))
    return LIST_NAMES[raw.model], _indented(_lines_in(raw.file, raw.table, t))


def _indented(lines: Sequence[str]) -> str:
    return "".join(f"  {line}".rstrip() + "\n" for line in lines)


def _to_fill_in(reading: PackReading, suggestion: Suggestion) -> tuple[str, str]:
    fields: dict[str, Value]
    if suggestion.kind is Kind.SOURCE:
        fields = {
            "id": new_id(f"suggested {suggestion.id}", reading.raws, "suggested"),
            "title": f"{FILL_IN}: its title",
            "url": suggestion.url,
            "kind": Bare("news"),
            "copy": Bare("original"),
            "summary": f"{FILL_IN}: what it establishes, in a sentence or two",
        }
        return "sources", item(fields)
    fields = {
        "id": new_id(f"suggested {suggestion.id}", reading.raws, "suggested"),
        "against": suggestion.entry,
        "point": f"{FILL_IN}: the argument in one sentence, as its own side would say it",
        "text": f"{FILL_IN}: the argument at its strongest, in a few sentences",
    }
    return "arguments", item(fields)


def _comment(folder: Path, suggestion: Suggestion) -> Iterator[str]:
    """The comment above the entry. It omits the member's name, and their words can't become YAML."""
    yield f"Suggestion {suggestion.id}, {_WHAT[suggestion.kind]}, of {suggestion.at:%Y-%m-%d}. A member wrote:"
    yield from _quoted(suggestion.words)
    if suggestion.answer:
        yield "and, when an editor asked:"
        yield from _quoted(suggestion.answer)
    if suggestion.url:
        yield "Address:"
        yield from _quoted(suggestion.url)
    yield ""
    yield _TODO[suggestion.kind]
    yield f"Then `/content publish` takes it into {folder.name}/. No line that begins with # goes with it."


_WHAT = {Kind.CORRECTION: "a correction", Kind.SOURCE: "a source", Kind.ARGUMENT: "an argument"}
_TODO = {
    Kind.CORRECTION: "Change the entry below, in your own words, where the member is right.",
    Kind.SOURCE: "Write what is marked, and see whether `kind` and `copy` are right.",
    Kind.ARGUMENT: "Write what is marked; `for:` instead of `against:` if it supports. Name its sources.",
}


def _quoted(written: str) -> Iterator[str]:
    for line in clean_lines(written).splitlines():
        words = line.strip()
        while words:
            cut = len(words) if len(words) <= WIDTH else max(words.rfind(" ", 0, WIDTH), 0) or WIDTH
            yield f"  | {words[:cut].rstrip()}"
            words = words[cut:].lstrip()


def _lines_in(file: Path, entry: Table, t: Translator) -> list[str]:
    """The lines of an entry in a list with hyphens, its hyphen at the margin. Raise Refused for an entry in brackets."""
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    start, end, margin = span(lines, entry, t)
    return [line[margin:] if line.strip() else "" for line in lines[start:end]]
