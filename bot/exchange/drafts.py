"""An accepted suggestion as a file in the pack's `drafts/`, and the way from there into the pack.

    write_draft(folder, suggestion, t) -> file            the entry as it stands, or one to be filled in; the rest is comments
    publish_draft(folder, suggestion, today, t) -> file   into the part's file or folder, if the whole pack then passes

What a member typed stands in comments alone, so that only an editor's own words get into the pack.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path

from bot.errors import NotFound, Refused
from bot.exchange.in_place import Told, add_lines, put_lines, span
from bot.exchange.writing import Bare, Value, item, new_id, replace_file
from bot.i18n import Translator
from bot.library.check import check_pack
from bot.library.loader import DRAFTS, FILL_IN, PackReading, read_pack
from bot.library.model import KEBAB, PARTS, Entry
from bot.library.problems import Severity
from bot.library.yaml_reader import Items, Table, read_yaml
from bot.markup import clean_lines
from bot.store.suggestions import Kind, Suggestion

WIDTH = 110
_MADE_FROM = "Made from version"
_PARTS: dict[type[Entry], tuple[str, str]] = {
    model: (part, name) for part, lists in PARTS.items() for name, model in lists.items()
}
"""Kind of entry → the part that holds it, and the list in that part."""


def draft_file(folder: Path, suggestion: str) -> Path:
    return folder / DRAFTS / f"suggestion-{suggestion}.yaml"


def write_draft(folder: Path, made: Suggestion, t: Translator) -> Path:
    """Writes the draft, again where it is there already. Raises NotFound for an entry that is gone, Refused for files
    that can't be read or written."""
    reading = _readable(folder, t)
    if made.kind is Kind.CORRECTION:
        name, entry = _as_it_stands(reading, made.entry, t)
        base = f"# {_MADE_FROM} {_digest(entry)}\n"
    else:
        name, entry = _to_fill_in(reading, made)
        base = ""
    text = "".join(f"# {line}".rstrip() + "\n" for line in _comment(folder, made)) + f"{base}{name}:\n{entry}"
    file = draft_file(folder, made.id)
    try:
        file.parent.mkdir(exist_ok=True)
        replace_file(file, text.encode())
    except OSError as error:
        raise Refused(
            t(
                "{file} can't be written ({why}). Let the bot write to the content's folder, or change the entry by hand "
                "and reject the suggestion with a word of thanks.",
                file=f"{folder.name}/{DRAFTS}/{file.name}",
                why=error.strerror,
            )
        ) from None
    return file


def publish_draft(folder: Path, made: Suggestion, today: date, t: Translator) -> Path:
    """Takes the draft into the pack, and away from the drafts; returns the file that has it now.

    Raises NotFound where the draft is gone, and Refused, with nothing changed, where it is not complete, says what the
    pack says already, or the pack would not pass with it: the message says what and where.
    """
    draft = draft_file(folder, made.id)
    if not draft.is_file():
        raise NotFound(t("{file} is gone.", file=draft.name))
    _refuse_outdated(_readable(folder, t), draft, made, t)
    with tempfile.TemporaryDirectory() as scratch:
        trial = Path(scratch, folder.name)
        shutil.copytree(folder, trial, ignore=lambda _folder, names: [name for name in names if name.startswith(".")])
        taken = _move_in(trial, made, t)
        same = folder / taken.relative_to(trial)
        if same.is_file() and same.read_bytes() == taken.read_bytes():
            raise Refused(
                t(
                    "{draft} says what {file} says already. Change it in your own words, then try again.",
                    draft=draft.name,
                    file=same.name,
                )
            )
        report = check_pack(trial, None, today)
        wrong = [problem for problem in report.problems if problem.severity is Severity.ERROR]
        if wrong:
            lines = [f"{problem.file.relative_to(trial)}:{problem.line}: {problem.message}" for problem in wrong[:5]]
            told = t("The pack would not pass with {draft}. Change it, then try again:", draft=draft.name)
            raise Refused("\n".join((told, *lines)))
    return _move_in(folder, made, t)


def _refuse_outdated(reading: PackReading, draft: Path, made: Suggestion, t: Translator) -> None:
    """Somebody may have changed the card since: publishing would undo that unseen."""
    base = re.search(rf"^# {_MADE_FROM} (\w+)\s*$", draft.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    if base is None or made.kind is not Kind.CORRECTION or made.entry not in reading.raws:
        return
    if _digest(_as_it_stands(reading, made.entry, t)[1]) != base[1]:
        raise Refused(
            t(
                "The card has changed since {draft} was made, and publishing would undo that. Take over into the draft "
                "what should stay, delete its line “{line} …”, then try again.",
                draft=draft.name,
                line=_MADE_FROM,
            )
        )


def _digest(entry: str) -> str:
    return sha256(entry.encode()).hexdigest()[:16]


def _move_in(folder: Path, made: Suggestion, t: Translator) -> Path:
    draft = draft_file(folder, made.id)
    name, entry = _only_entry(draft, t)
    lines = _lines_of(draft.read_text(encoding="utf-8").splitlines(), entry, t)
    entry_id = str(entry.get("id"))
    if not re.fullmatch(KEBAB, entry_id):  # it may become a file's name
        raise Refused(t("{file}: `id` takes small letters, digits and hyphens, as in tea-popular.", file=draft.name))
    part = next(part for part, lists in PARTS.items() if name in lists)
    there = _readable(folder, t).raws.get(entry_id)
    if there is not None:
        file = there.file
        put_lines(file, name, lines, entry_id, Told(t, folder))
    else:
        file = folder / part / f"{entry_id}.yaml" if (folder / part).is_dir() else folder / f"{part}.yaml"
        add_lines(file, name, lines, entry_id, Told(t, folder))
    draft.unlink()
    return file


def _only_entry(draft: Path, t: Translator) -> tuple[str, Table]:
    """The list of the draft, and its one entry."""
    document = read_yaml(draft)
    if document.problems:
        problem = document.problems[0]
        raise Refused(f"{draft.name}:{problem.line}: {problem.message}")
    root = document.root
    name = next(iter(root), "") if isinstance(root, Table) and len(root) == 1 else ""
    items = root.get(name) if isinstance(root, Table) else None
    known = name in {name for _, name in _PARTS.values()}
    if not known or not isinstance(items, Items) or len(items) != 1 or not isinstance(items[0], Table):
        raise Refused(t("{file} must hold one list with one entry, as it was made.", file=draft.name))
    return name, items[0]


def _readable(folder: Path, t: Translator) -> PackReading:
    reading = read_pack(folder)
    if reading.draft is None or reading.incomplete:
        raise Refused(
            t(
                "{pack} can't be read: mend what /content problems says of it first. Nothing was changed.",
                pack=folder.name,
            )
        )
    return reading


def _as_it_stands(reading: PackReading, entry: str, t: Translator) -> tuple[str, str]:
    raw = reading.raws.get(entry)
    if raw is None:
        raise NotFound(t("That card is not in the topic's files any more. Reject the suggestion, and say so."))
    lines = _lines_of(raw.file.read_text(encoding="utf-8-sig").splitlines(), raw.table, t)
    return _PARTS[raw.model][1], "".join(f"  {line}".rstrip() + "\n" for line in lines)


def _to_fill_in(reading: PackReading, made: Suggestion) -> tuple[str, str]:
    fields: dict[str, Value]
    if made.kind is Kind.SOURCE:
        fields = {
            "id": new_id(f"suggested {made.id}", reading.raws, "suggested"),
            "title": f"{FILL_IN}: its title",
            "url": made.url,
            "kind": Bare("news"),
            "copy": Bare("original"),
            "summary": f"{FILL_IN}: what it establishes, in a sentence or two",
        }
        return "sources", item(fields)
    fields = {
        "id": new_id(f"suggested {made.id}", reading.raws, "suggested"),
        "against": made.entry,
        "point": f"{FILL_IN}: the argument in one sentence, as its own side would say it",
        "text": f"{FILL_IN}: the argument at its strongest, in a few sentences",
    }
    return "arguments", item(fields)


def _comment(folder: Path, made: Suggestion) -> Iterator[str]:
    """What stands above the entry: who may not be named here is not, and what was typed can't become YAML."""
    yield f"Suggestion {made.id}, {_WHAT[made.kind]}, of {made.at:%Y-%m-%d}. A member wrote:"
    yield from _quoted(made.words)
    if made.answer:
        yield "and, when an editor asked:"
        yield from _quoted(made.answer)
    if made.url:
        yield "Address:"
        yield from _quoted(made.url)
    yield ""
    yield _TODO[made.kind]
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


def _lines_of(lines: Sequence[str], entry: Table, t: Translator) -> list[str]:
    """The lines of an entry in a list with hyphens, its hyphen at the margin. Raises Refused for one in brackets."""
    start, end, margin = span(lines, entry, t)
    return [line[margin:] if line.strip() else "" for line in lines[start:end]]
