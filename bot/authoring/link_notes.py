"""The addresses of a pack's sources: list them, judge an answer, and note it beside `opened`.

    links_of(reading) -> [Asking]           every address to ask: `url`, `archive_url` and `other_urls` of each source
    judge(...) -> LinkAnswer                    the verdict on an address
    note(folder, answers, day) -> NoteResult     writes into the sources' files, one line a source

An adapter sends the requests (adapters/http/link_checker.py).
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from bot.authoring.yaml_writing import Bare, replace_file, scalar
from bot.errors import Refused
from bot.packs.fields import is_address
from bot.packs.loader import read_pack
from bot.packs.model import LinkStatus, Source
from bot.packs.reading import PackReading, Spot
from bot.packs.yaml_document import Items, Table, read_yaml

LINK_OF = {"url": "link", "archive_url": "archive_link"}
"""Key of an address → key of its note. Results for `other_urls` are reported, not noted."""
OTHERS = "other_urls"


@dataclass(frozen=True, slots=True)
class Asking:
    """One address of one source, with its place."""

    source: str
    key: str
    address: str
    spot: Spot


@dataclass(frozen=True, slots=True)
class LinkAnswer:
    """An address's answer. `trail` lists its redirects in order."""

    status: LinkStatus
    detail: str = ""
    moved_to: str = ""
    trail: tuple[str, ...] = ()


def links_of(reading: PackReading) -> list[Asking]:
    """Every address of a pack's sources, in file order, even of entries with other mistakes."""
    links = []
    for key, raw in reading.raws.items():
        if raw.model is Source:
            for path, address in _addresses(raw.table):
                if isinstance(address, str) and is_address(address):
                    links.append(Asking(key, str(path[0]), address, reading.place(key, *path)))
    return links


def _addresses(table: Table) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """Yield the paths of a source's addresses, and the values there."""
    for name in LINK_OF:
        yield (name,), table.get(name)
    others = table.get(OTHERS)
    for number, value in enumerate(others if isinstance(others, Items) else ()):
        yield (OTHERS, number), value


_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_OK = range(200, 300)


def judge(address: str, status: int, content_type: str, trail: Sequence[tuple[str, bool]]) -> LinkAnswer:
    """Judge the last answer. `trail` has each redirect, and whether it is permanent (301, 308).

    Only "not found" and "gone" mean dead. A refusal (403, 429), a server's failure, or an answer of another type than
    the address promises proves nothing: a person has to look.
    """
    led = tuple(place for place, _ in trail)
    last = led[-1] if led else address
    if status in _GONE:
        return LinkAnswer(LinkStatus.DEAD, str(status), trail=led)
    if status not in _OK:
        return LinkAnswer(LinkStatus.UNCLEAR, f"answers {status}", trail=led)
    if _path(address) and not _path(last) and not urlsplit(last).query:
        return LinkAnswer(LinkStatus.UNCLEAR, "leads to a site's front page", trail=led)
    if _path(address).casefold().endswith(".pdf") and content_type.casefold().startswith("text/html"):
        return LinkAnswer(LinkStatus.UNCLEAR, "sends a web page instead of a PDF", trail=led)
    if led and all(for_good for _, for_good in trail) and _plain(last) != _plain(address):
        return LinkAnswer(LinkStatus.MOVED, moved_to=last, trail=led)
    return LinkAnswer(LinkStatus.WORKS, trail=led)


def _path(address: str) -> str:
    return urlsplit(address).path.strip("/")


def _plain(address: str) -> str:
    """An address without parts that a server may add: a slash at its end, a fragment."""
    return address.partition("#")[0].rstrip("/")


# --- noting ---


@dataclass(slots=True)
class NoteResult:
    """The result of noting: changed files, and the addresses that could not be noted, each with a reason."""

    files: list[Path] = field(default_factory=list)
    omissions: list[tuple[Asking, str]] = field(default_factory=list)


def note(folder: Path, answers: Mapping[Asking, LinkAnswer], day: date) -> NoteResult:
    """Write the result beside each `url` and `archive_url`.

    Read the files again, since editors may have changed them: an entry that is gone or has another address stays as it
    is. Replace each file whole, so a kill leaves the old one or the new one.
    """
    noted = NoteResult()
    reading = read_pack(folder)
    files: dict[Path, list[tuple[Asking, LinkAnswer]]] = {}
    for asking, answer in answers.items():
        if asking.key not in LINK_OF:
            continue
        raw = reading.raws.get(asking.source)
        if raw is None or raw.table.get(asking.key) != asking.address:
            noted.omissions.append((asking, "someone has changed its entry: check again"))
        else:
            files.setdefault(raw.file, []).append((asking, answer))
    for file, notes in files.items():
        try:
            if _note_in(file, notes, day):
                noted.files.append(file)
        except Refused as error:
            noted.omissions += [(asking, error.message) for asking, _ in notes]
    return noted


_BREAKS = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""Line ends of the YAML reader, which counts lines."""


def _note_in(file: Path, notes: Sequence[tuple[Asking, LinkAnswer]], day: date) -> bool:
    document = read_yaml(file)
    tables = _tables(document.root)
    text = file.read_bytes().decode("utf-8")
    lines = _lines(text)
    newline = next(_BREAKS.finditer(text), ["\n"])[0]
    edits: list[tuple[int, int, str]] = []
    for asking, answer in notes:
        if asking.source in tables:
            start, end, line = _edit(tables[asking.source], asking.key, _value(answer, day), lines, file)
            edits.append((start, end, line + newline))
    for start, end, written in sorted(edits, reverse=True):
        if start > 0 and not _BREAKS.search(lines[start - 1]):
            lines[start - 1] += newline
        lines[start:end] = [written]
    after = "".join(lines)
    if after == text:
        return False
    _prove(file, after.encode(), document.root)
    try:
        replace_file(file, after.encode())
    except OSError as error:
        raise Refused(f"{file} can't be written ({error.strerror}): check its permissions.") from None
    return True


def _lines(text: str) -> list[str]:
    """The lines with their line ends."""
    ends = [0, *(match.end() for match in _BREAKS.finditer(text)), len(text)]
    return [text[start:end] for start, end in pairwise(ends) if start < end]


def _tables(root: object) -> dict[str, Table]:
    items = root.get("sources") if isinstance(root, Table) else None
    tables = [entry for entry in items if isinstance(entry, Table)] if isinstance(items, Items) else []
    return {str(entry["id"]): entry for entry in tables if "id" in entry}


def _edit(table: Table, key: str, value: str, lines: Sequence[str], file: Path) -> tuple[int, int, str]:
    """The lines to replace (from, to), and the new line. Without an old note, it goes after the key that it belongs to."""
    name = LINK_OF[key]
    beside = next(one for one in ((name,) if name in table.keys_at else ("opened", key)) if one in table.keys_at)
    column = table.keys_at[beside].column
    at = table.values_at[beside].line if beside in table.values_at else table.keys_at[beside].line
    if lines[table.mark.line][table.mark.column :].startswith("{"):
        raise Refused(f"{file} has entries in braces: write one key a line, and check again.")
    written = f"{' ' * column}{name}: {value}"
    if beside != name:
        return at + 1, at + 1, written
    return table.keys_at[name].line, max(at, _last_line(table.get(name), at)) + 1, written


def _last_line(value: object, at: int) -> int:
    """The last line of the old note, which an editor may have spread over several."""
    return max([at, *(mark.line for mark in value.values_at.values())]) if isinstance(value, Table) else at


def _value(answer: LinkAnswer, day: date) -> str:
    parts = {"checked": Bare(day.isoformat()), "status": Bare(answer.status), "detail": answer.detail[:300]}
    parts["moved_to"] = answer.moved_to if is_address(answer.moved_to) else ""
    return "{" + ", ".join(f"{key}: {_in_braces(value)}" for key, value in parts.items() if value) + "}"


def _in_braces(value: str) -> str:
    """Quote a value in braces if it needs quotes: a comma would end it."""
    written = scalar(value)
    return f'"{written}"' if written[0] != '"' and "," in written else written


def _prove(file: Path, content: bytes, before: object) -> None:
    """Raise Refused unless the new file, read back, says the same as before except for the notes."""
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder, file.name)
        trial.write_bytes(content)
        document = read_yaml(trial)
    if document.problems or _without_notes(document.root) != _without_notes(before):
        raise Refused(f"Edit {file} by hand: Parley would touch other lines. Nothing has changed.")


def _without_notes(root: object) -> object:
    if isinstance(root, Table):
        return {key: _without_notes(value) for key, value in root.items() if key not in LINK_OF.values()}
    return [_without_notes(value) for value in root] if isinstance(root, Items) else root


def describe(answers: Mapping[Asking, LinkAnswer], noted: NoteResult) -> Iterator[str]:
    """The lines to print: every address with a fault or a redirect, with its place; then counts."""
    for asking, answer in answers.items():
        where = f"{asking.spot.file}:{asking.spot.line}:{asking.spot.column}"
        trail = "".join(f" → {place}" for place in answer.trail)
        detail = f" ({answer.detail})" if answer.detail else ""
        if answer.status is not LinkStatus.WORKS or trail:
            yield f"{where}: {answer.status}{detail}: {asking.address}{trail}"
    for asking, why in noted.omissions:
        yield f"{asking.spot.file}:{asking.spot.line}: not noted: {why}"
    counts = ((status, sum(answer.status is status for answer in answers.values())) for status in LinkStatus)
    yield f"{len(answers)} addresses asked: " + ", ".join(f"{count} {status}" for status, count in counts)
