"""The pack `city-parking` as lines of text, with the places of its keys and references, without a YAML parser."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bot.packs.pack import PARTS

PACK = Path(__file__).parents[1] / "content" / "city-parking"


def _files_of(part: str) -> list[str]:
    """Return the files of a part in the loader's order: NAME.yaml, or all of the folder NAME."""
    files = sorted((PACK / part).glob("*.yaml")) or [PACK / f"{part}.yaml"]
    return [file.relative_to(PACK).as_posix() for file in files]


FILES = ("pack.yaml", *(name for part in PARTS for name in _files_of(part)))
Line = tuple[str, int]
"""A file of the pack and a line in it, counted from 1."""

_ROW = re.compile(r"^(?P<lead> *(?:- )?)(?P<key>[a-z_]+):(?: (?P<value>.*))?$")
ITEM = re.compile(r"^ {6}- (?P<value>.*)$")
NEEDED = {
    "facts": ("statement", "essay", "attributed_to", "kind", "verdict", "reason"),
    "arguments": ("point", "text", "statement", "name", "for", "against"),
    "sources": ("title", "kind", "copy", "summary"),
    "options": ("name", "description", "pro", "con"),
    "statements": ("text", "lean"),
    "glossary": ("term", "definition"),
    "timeline": ("date", "event"),
    "pack": ("id", "title", "summary", "essay", "reviewed"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A key and its value. `index` and `end` are lines counted from 0; `entry` is the first line of its entry."""

    index: int
    end: int
    lead: str
    key: str
    value: str
    entry: int

    @property
    def indent(self) -> int:
        return len(self.lead)


@dataclass(slots=True)
class Sheet:
    """A file as lines, with its keys and items."""

    name: str
    lines: list[str]
    rows: list[Row] = field(default_factory=list)
    items: list[tuple[int, str, Row]] = field(default_factory=list)
    """Line, text and key of each item of a list in an entry."""

    @property
    def part(self) -> str:
        return self.name.partition("/")[0].removesuffix(".yaml")

    def fields(self) -> list[Row]:
        """Return the keys of entries (or of pack.yaml itself), without ids."""
        top = 0 if self.part == "pack" else 4
        return [row for row in self.rows if row.indent == top and row.key != "id"]

    def ids(self) -> list[Row]:
        return [row for row in self.rows if row.key == "id" and row.indent == 4]

    def with_line(self, index: int, *lines: str) -> bytes:
        return self.with_lines(index, index + 1, *lines)

    def with_lines(self, start: int, end: int, *lines: str) -> bytes:
        return ("\n".join([*self.lines[:start], *lines, *self.lines[end:]]) + "\n").encode()


def _sheet(name: str) -> Sheet:
    lines = (PACK / name).read_text(encoding="utf-8").splitlines()
    rows_found = [
        (index, match) for index, line in enumerate(lines) if (match := _ROW.match(line)) and _is_key(line, match)
    ]
    sheet = Sheet(name, lines)
    entry = rows_found[0][0]
    for place, (index, match) in enumerate(rows_found):
        entry = index if match["lead"] == "  - " else entry
        end = next((i for i, other in rows_found[place + 1 :] if len(other["lead"]) <= len(match["lead"])), len(lines))
        while end > index + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
            end -= 1
        sheet.rows.append(Row(index, end, match["lead"], match["key"], match["value"] or "", entry))
    for row in sheet.rows:
        if row.indent == 4 and not row.value:
            texts = [(index, ITEM.match(lines[index])) for index in range(row.index + 1, row.end)]
            sheet.items += [(index, match["value"].strip('"'), row) for index, match in texts if match]
    return sheet


def _is_key(line: str, match: re.Match[str]) -> bool:
    """Tell whether the match is a key, not a word with a colon at the beginning of a folded line."""
    indent = len(match["lead"])
    return indent in {0, 4} or (indent == 2 and not line.startswith("  -")) or match["key"] in {"paragraph", "quote"}


@cache
def world() -> tuple[Sheet, ...]:
    return tuple(_sheet(name) for name in FILES)


@cache
def references() -> dict[str, frozenset[Line]]:
    """Return the lines that name each id."""
    lines_of: dict[str, set[Line]] = {}
    for sheet in world():
        for index, text, row in sheet.items:
            if row.key == "sources":
                lines_of.setdefault(text.removeprefix("source: "), set()).add((sheet.name, index + 1))
        for row in sheet.fields():
            if row.key in {"for", "against"}:
                for target in row.value.strip("[]").split(", "):
                    lines_of.setdefault(target, set()).add((sheet.name, row.index + 1))
    return {key: frozenset(lines) for key, lines in lines_of.items()}


def naming(sheet: Sheet, start: int, end: int) -> frozenset[Line]:
    """Return the lines that name an entry of this part of a file."""
    ids = [row.value for row in sheet.ids() if start <= row.index < end]
    return frozenset().union(*(references().get(key, frozenset()) for key in ids))
