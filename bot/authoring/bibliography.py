"""Sources from a bibliography in CSL JSON, as Zotero and others export it.

    read_bibliography(file) -> Bibliography        its works, and its unreadable entries with lines

new_sources.py turns the works into entries for sources.yaml.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.errors import NotFound, Refused
from bot.packs.fields import partial_date
from bot.packs.model import SourceKind
from bot.packs.yaml_mistakes import place_of_byte

MAX_BYTES = 16 * 1024 * 1024
_MOST_TAGS = 5
LINE_MAX = 300
_EXPORTS = "Zotero does (Export Items, format CSL JSON), and so does Pandoc (pandoc --to csljson)."


@dataclass(frozen=True, slots=True)
class Work:
    """One entry of a bibliography. `line` counts from 1; `label` is its name in the file."""

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
    """The content of a file. `malformed` has a line and a message for each unreadable entry."""

    works: list[Work] = field(default_factory=list)
    malformed: list[tuple[int, str]] = field(default_factory=list)


def read_bibliography(file: Path) -> Bibliography:
    """Read every work in a file. Raise NotFound or Refused if the file as a whole can't be read."""
    text = _text(file)
    if text.lstrip()[:1] == "@":
        raise Refused(f"export {file} as CSL JSON: Parley doesn't read BibTeX. {_EXPORTS}")
    return _csl(file, text)


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
        raise Refused(f"{file} can't be read ({error.strerror}): check its permissions.") from None


def one_line(text: str) -> str:
    """Put text on one line, without markup, HTML entities and the braces that converters leave from LaTeX."""
    bare = re.sub(r"</?(?:i|b|sub|sup|span|sc|em|strong)\b[^<>]*>|[{}\x00-\x08\x0e-\x1b\x7f]", "", text)
    flat = " ".join(unescape(bare).split())
    return flat if len(flat) <= LINE_MAX else flat[: LINE_MAX - 1].rstrip() + "…"


def _words(value: object) -> object:
    return str(value) if isinstance(value, int | float) else value


_Text = Annotated[str, BeforeValidator(_words)]


class _CslName(BaseModel):
    family: _Text = ""
    given_name: _Text = Field(default="", alias="given")
    literal: _Text = ""
    particle: _Text = Field(default="", alias="non-dropping-particle")
    dropping_particle: _Text = Field(default="", alias="dropping-particle")
    suffix: _Text = ""

    @property
    def whole(self) -> str:
        """The full name, with every part that it has."""
        parts = (self.given_name, self.dropping_particle, self.particle, self.family, self.suffix)
        return " ".join(filter(None, parts)) if self.family or self.given_name else self.literal


class _CslDate(BaseModel):
    parts: list[list[int | str]] = Field(default_factory=list, alias="date-parts")
    raw: _Text = ""
    literal: _Text = ""


class _CslItem(BaseModel):
    """One item of https://docs.citationstyles.org/en/stable/specification.html, with the parts that a source needs."""

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
    """Replace each lone half of a surrogate pair by `?`: JSON can hold one, a file can't."""
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _without_nulls(value: Any) -> Any:
    """Drop `null` values: registries write them for unknown facts."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    return value


def _csl(file: Path, text: str) -> Bibliography:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise Refused(f"{file}:{error.lineno}:{error.colno}: this is not JSON ({error.msg}): correct it.") from None
    except (RecursionError, ValueError):
        raise Refused(
            f"{file} isn't a bibliography: it's nested too deep, or has numbers with thousands of digits."
        ) from None
    bibliography = Bibliography()
    for offset, value in _items(text):
        line = text.count("\n", 0, offset) + 1
        try:
            item = _CslItem.model_validate(_without_nulls(_encodable(value)))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "this item"
            what = "is missing: write it" if first["type"] == "missing" else f"isn't valid ({first['msg']})"
            bibliography.malformed.append((line, f"`{where}` {what}"))
            continue
        if one_line(item.title):
            bibliography.works.append(_csl_work(line, item))
        else:
            bibliography.malformed.append((line, "`title` is empty: write it"))
    return bibliography


def _items(text: str) -> Iterator[tuple[int, Any]]:
    """Yield every item with its start: those of a list, those of `items`, or the only one. The text is valid JSON."""
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
        (
            name.whole,
            name.family or name.literal,
        )
        for name in item.author
    ]
    judged = SourceKind.PEER_REVIEWED if item.type == "article-journal" and item.doi else _CSL_KINDS.get(item.type)
    parts = item.issued.parts[0] if item.issued.parts else []
    return Work(
        line,
        item.id or item.title,
        one_line(item.title),
        tuple(one_line(full) for full, _ in names if one_line(full)),
        names[0][1] if names else "",
        one_line(item.publisher or item.container),
        _date_of(parts) or _date(item.issued.raw) or _date(item.issued.literal),
        unescape(item.url),
        unescape(item.doi),
        _keywords(item.keyword),
        judged,
    )


def _keywords(written: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one_line(word) for word in re.split(r"[;,]", written) if one_line(word)))[:_MOST_TAGS]


def _date_of(parts: Iterable[object]) -> str:
    numbers = [str(part).strip() for part in parts][:3]
    if not numbers or not all(number.isdecimal() for number in numbers):
        return ""
    return _date("-".join(number.zfill(2) for number in numbers))


def _date(written: str) -> str:
    """A date as exact as known: without parts that aren't in the calendar, empty if none is left."""
    match = re.match(r"\s*(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?!\d)", written)
    parts = [part for part in match.groups() if part] if match else []
    while parts:
        try:
            return partial_date("-".join(parts))
        except ValueError:
            parts.pop()
    return ""
