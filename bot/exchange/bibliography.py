"""Sources from a bibliography: BibTeX (or BibLaTeX) and CSL JSON, as Zotero and others write them.

    read_bibliography(file) -> Bibliography        its works, and what could not be read, with lines
    sources_of(works, there, taken) -> Sources     new entries for sources.yaml, duplicates, what is left to an editor

Nothing is made up: what a bibliography doesn't say (what a source establishes, often its kind) is left to fill in.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.errors import NotFound, Refused
from bot.exchange.writing import Bare, Value, new_id
from bot.library.loader import FILL_IN
from bot.library.model import Copy, SourceKind, is_address, partial_date
from bot.library.syntax import place_of_byte

MAX_BYTES = 16 * 1024 * 1024
_MOST_TAGS = 5
_LINE_MAX = 300


@dataclass(frozen=True, slots=True)
class Work:
    """One entry of a bibliography. `line` counts from 1; `label` is how its file calls it."""

    line: int
    label: str
    title: str
    authors: tuple[str, ...] = ()
    last_name: str = ""
    publisher: str = ""
    date: str = ""
    url: str = ""
    doi: str = ""
    keywords: tuple[str, ...] = ()
    kind: SourceKind | None = None


@dataclass(slots=True)
class Bibliography:
    """What a file holds. `malformed` has a line and a message for each entry that could not be read."""

    works: list[Work] = field(default_factory=list)
    malformed: list[tuple[int, str]] = field(default_factory=list)


def read_bibliography(file: Path) -> Bibliography:
    """Every work in a file. Raises NotFound or Refused where the file as a whole can't be read."""
    text = _text(file)
    start = text.lstrip()[:1]
    if file.suffix.lower() == ".json" or (start in {"[", "{"} and file.suffix.lower() != ".bib"):
        return _csl(file, text)
    if "@" not in text:
        raise Refused(f"{file} holds no entry: give a BibTeX file (.bib) or a CSL JSON file (.json).")
    return _bibtex(text)


def _text(file: Path) -> str:
    try:
        if not file.is_file():
            raise NotFound(f"{file} is not a file: correct its path.")
        if file.stat().st_size > MAX_BYTES:
            raise Refused(f"{file} is larger than {MAX_BYTES // 1024 // 1024} MiB: split it.")
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line, _ = place_of_byte(error.object, error.start)
        raise Refused(f"{file} is not UTF-8 (line {line}): save it with the encoding UTF-8.") from None
    except OSError as error:
        raise Refused(f"{file} can't be read ({error.strerror}): look who may read it.") from None


def _line(text: str) -> str:
    """Some text on one line, without markup and without the braces that LaTeX needs."""
    flat = " ".join(
        re.sub(r"</?(?:i|b|sub|sup|span|sc|em|strong)\b[^<>]*>|[{}\x00-\x08\x0e-\x1b\x7f]", "", text).split()
    )
    return flat if len(flat) <= _LINE_MAX else flat[: _LINE_MAX - 1].rstrip() + "…"


# --- BibTeX ---


def _bibtex(text: str) -> Bibliography:
    from bibtexparser.entrypoint import parse_string  # noqa: PLC0415 - slow to load, and only this needs it
    from bibtexparser.middlewares import LatexDecodingMiddleware  # noqa: PLC0415

    found = Bibliography()
    log = logging.getLogger("bibtexparser")
    before, log.level = log.level, logging.CRITICAL  # what it logs stands in `malformed`, with lines
    try:
        library = parse_string(text)
        addresses = {entry.key: _bib_address(entry) for entry in library.entries}
        library = LatexDecodingMiddleware(allow_inplace_modification=False).transform(library)
    finally:
        log.level = before
    for entry in library.entries:
        fields = {one.key.casefold(): str(one.value) for one in entry.fields}
        line = (entry.start_line or 0) + 1
        title = _line(fields.get("title", ""))
        if not title:
            found.malformed.append((line, f"`{entry.key}` has no title: write one"))
            continue
        found.works.append(_bib_work(line, entry.key, entry.entry_type.casefold(), fields, addresses[entry.key]))
    for block in library.failed_blocks:
        found.malformed.append(((block.start_line or 0) + 1, _bib_fault(block)))
    found.malformed.sort()
    return found


def _bib_fault(block: Any) -> str:
    key = re.match(r"@\s*\w+\s*\{\s*([^,\s}]*)", block.raw or "")
    name = f"`{key[1]}`" if key and key[1] else "this entry"
    match type(block).__name__:
        case "DuplicateBlockKeyBlock":
            return f"{name} is the key of an earlier entry, too: give one of the two another key"
        case "DuplicateFieldKeyBlock":
            return f"{name} has a field twice: keep one of the two"
    return f"{name} can't be read: close each brace and quotation mark, and separate fields with commas"


def _bib_address(entry: Any) -> tuple[str, str]:
    """Address and DOI as they stand in the file: LaTeX would take signs of an address for its own."""
    fields = {one.key.casefold(): str(one.value) for one in entry.fields}
    urls = [fields.get("url", ""), *re.findall(r"https?://[^\s{}]+", fields.get("howpublished", ""))]
    if fields.get("eprint") and fields.get("archiveprefix", fields.get("eprinttype", "")).casefold() == "arxiv":
        urls.append(f"https://arxiv.org/abs/{fields['eprint']}")
    plain = (re.sub(r"\\url\{([^}]*)\}|\\([_%&#~$])", r"\1\2", url).strip("{} ") for url in urls)
    return next((url for url in plain if url), ""), fields.get("doi", "").replace("\\_", "_").strip("{} ")


_BIB_KINDS = {"legislation": SourceKind.GOVERNMENT, "legal": SourceKind.GOVERNMENT, "jurisdiction": SourceKind.COURT}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _bib_work(line: int, key: str, kind: str, fields: Mapping[str, str], address: tuple[str, str]) -> Work:
    names = [_bib_name(_line(name)) for name in re.split(r"\s+and\s+", fields.get("author", "")) if _line(name)]
    owners = ("publisher", "journal", "journaltitle", "booktitle", "institution", "organization", "school")
    url, doi = address
    judged = SourceKind.PEER_REVIEWED if kind == "article" and doi else _BIB_KINDS.get(kind)
    return Work(
        line,
        key,
        _line(fields["title"]),
        tuple(full for full, _ in names),
        names[0][1] if names else "",
        next((_line(fields[owner]) for owner in owners if fields.get(owner)), ""),
        _date(fields.get("date", "").partition("/")[0]) or _bib_date(fields),
        url,
        doi,
        _keywords(fields.get("keywords", "")),
        judged,
    )


def _bib_name(written: str) -> tuple[str, str]:
    """A name as one says it, and the part by which one looks it up."""
    if written.casefold() == "others":
        return "others", ""
    last, comma, first = written.partition(",")
    if comma:
        return f"{first.rpartition(',')[2].strip()} {last.strip()}".strip(), last.strip()
    return written, written.rpartition(" ")[2]


def _bib_date(fields: Mapping[str, str]) -> str:
    month = fields.get("month", "").strip().casefold()
    number = next((n for n, name in enumerate(_MONTHS, 1) if month.startswith(name)), None)
    if number is None and month.isdecimal():
        number = int(month)
    parts: list[object] = [fields.get("year", "").strip()]
    if number is not None:
        parts += [number]
        parts += [int(fields["day"])] if fields.get("day", "").strip().isdecimal() else []
    return _date_of(parts)


# --- CSL JSON ---


def _words(value: object) -> object:
    return str(value) if isinstance(value, int | float) else value


_Text = Annotated[str, BeforeValidator(_words)]


class _CslName(BaseModel):
    family: _Text = ""
    given: _Text = ""
    literal: _Text = ""
    particle: _Text = Field(default="", alias="non-dropping-particle")


class _CslDate(BaseModel):
    parts: list[list[int | str]] = Field(default_factory=list, alias="date-parts")
    raw: _Text = ""
    literal: _Text = ""


class _CslItem(BaseModel):
    """One item of https://docs.citationstyles.org/en/stable/specification.html, as far as a source needs it."""

    model_config = ConfigDict(extra="ignore")

    id: _Text = ""
    type: str = ""
    title: _Text
    author: list[_CslName] = Field(default_factory=list)
    issued: _CslDate = Field(default_factory=_CslDate)
    url: str = Field(default="", alias="URL")
    doi: str = Field(default="", alias="DOI")
    publisher: _Text = ""
    container: _Text = Field(default="", alias="container-title")
    keyword: str = ""


_CSL_KINDS = {
    "article-newspaper": SourceKind.NEWS,
    "article-magazine": SourceKind.NEWS,
    "broadcast": SourceKind.NEWS,
    "bill": SourceKind.GOVERNMENT,
    "hearing": SourceKind.GOVERNMENT,
    "legislation": SourceKind.GOVERNMENT,
    "regulation": SourceKind.GOVERNMENT,
    "treaty": SourceKind.GOVERNMENT,
    "legal_case": SourceKind.COURT,
}


def _encodable(value: object) -> object:
    """The same value, each half of a surrogate pair exchanged for `?`: JSON can hold one alone, a file can't."""
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _csl(file: Path, text: str) -> Bibliography:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise Refused(f"{file}:{error.lineno}:{error.colno}: this is not JSON ({error.msg}): correct it.") from None
    except (RecursionError, ValueError):
        raise Refused(
            f"{file} is no bibliography: it is nested too deep, or has numbers of thousands of digits."
        ) from None
    found = Bibliography()
    for offset, value in _items(text):
        line = text.count("\n", 0, offset) + 1
        try:
            item = _CslItem.model_validate(_encodable(value))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "this item"
            what = "is missing: write it" if first["type"] == "missing" else f"can't be taken ({first['msg']})"
            found.malformed.append((line, f"`{where}` {what}"))
            continue
        if _line(item.title):
            found.works.append(_csl_work(line, item))
        else:
            found.malformed.append((line, "`title` is empty: write it"))
    return found


def _items(text: str) -> Iterator[tuple[int, Any]]:
    """Every item with where it begins: those of a list, those of `items`, or the only one. The text is known as JSON."""
    decoder = json.JSONDecoder()
    start = _past(_GAP, text, 0)
    listed = re.compile(r'\{\s*(?:"[^"]*"\s*:\s*"[^"]*"\s*,\s*)*"items"\s*:\s*(?=\[)').match(text, start)
    start = listed.end() if listed else start
    if text[start : start + 1] != "[":
        yield start, decoder.raw_decode(text, start)[0]
        return
    at = _past(_GAP, text, start + 1)
    while text[at] != "]":
        value, end = decoder.raw_decode(text, at)
        yield at, value
        at = _past(_GAP, text, end)


_GAP = re.compile(r"[\s,]*")


def _past(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _csl_work(line: int, item: _CslItem) -> Work:
    names = [
        (" ".join(filter(None, (name.given, name.particle, name.family))) or name.literal, name.family or name.literal)
        for name in item.author
    ]
    judged = SourceKind.PEER_REVIEWED if item.type == "article-journal" and item.doi else _CSL_KINDS.get(item.type)
    parts = item.issued.parts[0] if item.issued.parts else []
    return Work(
        line,
        item.id or item.title,
        _line(item.title),
        tuple(_line(full) for full, _ in names if _line(full)),
        names[0][1] if names else "",
        _line(item.publisher or item.container),
        _date_of(parts) or _date(item.issued.raw) or _date(item.issued.literal),
        item.url,
        item.doi,
        _keywords(item.keyword),
        judged,
    )


# --- both ---


def _keywords(written: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_line(word) for word in re.split(r"[;,]", written) if _line(word)))[:_MOST_TAGS]


def _date_of(parts: Iterable[object]) -> str:
    numbers = [str(part).strip() for part in parts][:3]
    if not numbers or not all(number.isdecimal() for number in numbers):
        return ""
    return _date("-".join(number.zfill(2) for number in numbers))


def _date(written: str) -> str:
    """A date as exact as it is known; less exact where a part is not in the calendar, empty where none is left."""
    match = re.match(r"\s*(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?!\d)", written)
    parts = [part for part in match.groups() if part] if match else []
    while parts:
        try:
            return partial_date("-".join(parts))
        except ValueError:
            parts.pop()
    return ""


@dataclass(frozen=True, slots=True)
class NewSource:
    """An entry for sources.yaml, with what its editor has to write."""

    id: str
    work: Work
    fields: Mapping[str, Value]
    to_fill: tuple[str, ...]


@dataclass(slots=True)
class Sources:
    """New entries, and works that are there already: the work, and the id of the source that it is."""

    new: list[NewSource] = field(default_factory=list)
    duplicates: list[tuple[Work, str]] = field(default_factory=list)
    remarks: list[tuple[Work, str]] = field(default_factory=list)
    """What of a work could not be taken over."""


def sources_of(works: Iterable[Work], there: Mapping[str, Mapping[str, Any]], taken: Iterable[str]) -> Sources:
    """New sources beside those that are there: id → keys as they are written. `taken` are ids that can't be used."""
    found = Sources()
    used = {*there, *taken}
    known: dict[str, str] = {}
    for key, source in there.items():
        title, date, url, archive = (str(source.get(name) or "") for name in ("title", "date", "url", "archive_url"))
        for mark in _marks(title, date, url, archive, *map(str, source.get("other_urls") or ())):
            known.setdefault(mark, key)
    for work in works:
        address = _address(work, found)
        marks = _marks(
            work.title, work.date, address, work.url, f"https://doi.org/{_doi(work.doi)}" if work.doi else None
        )
        same = next((known[mark] for mark in marks if mark in known), None)
        if same is not None:
            found.duplicates.append((work, same))
            continue
        key = new_id(f"{work.last_name} {work.date[:4]} {work.title}", used, "source")
        used.add(key)
        known.update(dict.fromkeys(marks, key))
        found.new.append(_new(key, work, address))
    return found


def _doi(written: str) -> str:
    return re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "", written.strip(), flags=re.IGNORECASE)


def _address(work: Work, found: Sources) -> str | None:
    doi = _doi(work.doi)
    for candidate in (work.url, f"https://doi.org/{doi}" if doi else ""):
        if candidate and is_address(candidate):
            return candidate
        if candidate:
            found.remarks.append((work, f"{_line(candidate)} is no web address that can be taken: write `url`"))
    return None


def _marks(title: str, date: str, *addresses: str | None) -> list[str]:
    """What two entries about the same work share: an address, a DOI, or title and year."""
    marks = [mark for address in addresses if address and (mark := _same_place(address))]
    words = re.sub(r"\W+", " ", title.casefold()).strip()
    return [*marks, f"{words} {date[:4]}"] if date and words else marks


def _same_place(address: str) -> str:
    try:
        parts = urlsplit(address.strip())
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return ""
    path = parts.path.rstrip("/")
    if host in {"doi.org", "dx.doi.org"}:
        return f"doi:{path.strip('/').casefold()}"
    return f"{host}{path}{'?' + parts.query if parts.query else ''}" if host else ""


_KINDS, _COPIES = (", ".join(choice.value for choice in choices) for choices in (SourceKind, Copy))


def _new(key: str, work: Work, address: str | None) -> NewSource:
    authors = ", ".join(work.authors).replace(", others", " and others")
    if len(authors) > _LINE_MAX:
        authors = f"{work.authors[0]} and others"
    by_doi = address is not None and _same_place(address).startswith("doi:")
    fields: dict[str, Value] = {
        "id": key,
        "title": work.title,
        "author": _line(authors),
        "publisher": work.publisher,
        "date": Bare(work.date),
        "url": address or "",
        "kind": Bare(work.kind) if work.kind else f"{FILL_IN}: one of {_KINDS}",
        "copy": Bare(Copy.ORIGINAL) if by_doi else f"{FILL_IN}: what stands at url, one of {_COPIES}",
        "summary": f"{FILL_IN}: what it establishes, in a sentence or two",
        "tags": list(work.keywords),
    }
    left = tuple(name for name, value in fields.items() if isinstance(value, str) and value.startswith(FILL_IN))
    return NewSource(key, work, fields, left if work.date else (*left, "date"))
