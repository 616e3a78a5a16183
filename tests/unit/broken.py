"""Broken copies of the pack `city-parking`, each with one mistake in a known place.

A mistake is made in the text, line by line and without a YAML parser, so its place is known independently of the
loader. `breakages(kind, count)` gives the same mistakes each time, since its random numbers come from a seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.unit.sheets import FILES, ITEM, NEEDED, Line, Row, Sheet, naming, world

_LINES = frozenset(
    ("statement", "attributed_to", "point", "name", "description", "pro", "con", "term", "event", "title")
)
_CHOICES = frozenset(("kind", "verdict", "copy", "lean"))
_DATES = frozenset(("date", "checked", "reviewed"))


@dataclass(frozen=True, slots=True)
class Broken:
    """A broken file: its new content (None if it's deleted), the mistake's place, and other places where the checker
    may rightly report it."""

    file: str
    content: bytes | None
    at: Line
    also: frozenset[Line] = frozenset()


# --- the mistakes: each function takes a random source and returns one broken file ---

Maker = Callable[[random.Random], Broken]


def _choose(chance: random.Random, fits: Callable[[Sheet, Row], bool], *, info: bool = True) -> tuple[Sheet, Row]:
    """Choose a row of any file. Each file is equally likely, long or short."""
    sheets = [sheet for sheet in world() if info or sheet.part != "pack"]
    chance.shuffle(sheets)
    for sheet in sheets:
        rows = [row for row in sheet.fields() if fits(sheet, row)]
        if rows:
            return sheet, chance.choice(rows)
    raise LookupError


def _needed(sheet: Sheet, row: Row) -> bool:
    return row.key in NEEDED[sheet.part]


def _text(sheet: Sheet, row: Row) -> bool:
    return row.value.startswith('"') and row.key in _LINES and sheet.part != "pack"


def _at(sheet: Sheet, index: int, content: bytes, also: frozenset[Line] = frozenset()) -> Broken:
    return Broken(sheet.name, content, (sheet.name, index + 1), also)


def _replaced(sheet: Sheet, row: Row, value: str, also: frozenset[Line] = frozenset()) -> Broken:
    """Replace the key's value."""
    return _at(sheet, row.index, sheet.with_lines(row.index, row.end, f"{row.lead}{row.key}: {value}"), also)


def deleted_key(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, _needed)
    return _at(sheet, row.entry, sheet.with_lines(row.index, row.end))


def deleted_id(chance: random.Random) -> Broken:
    sheet, row = _choose_id(chance)
    rest = sheet.lines[row.index + 1].replace("    ", "  - ", 1)
    naming_rows = _moved_up(sheet, row.index, naming(sheet, row.index, row.end))
    return _at(sheet, row.index, sheet.with_lines(row.index, row.index + 2, rest), naming_rows)


def _moved_up(sheet: Sheet, index: int, lines: frozenset[Line]) -> frozenset[Line]:
    """Return the lines after the one with this index was deleted."""
    return frozenset((name, line - (name == sheet.name and line > index)) for name, line in lines)


def _choose_id(chance: random.Random) -> tuple[Sheet, Row]:
    sheet = chance.choice(world()[1:])
    return sheet, chance.choice(sheet.ids())


def deleted_beginning(chance: random.Random) -> Broken:
    """Delete the line with hyphen and id, so that two entries merge."""
    sheet = chance.choice(world()[1:])
    place = chance.randrange(1, len(sheet.ids()))
    row, before = sheet.ids()[place], sheet.ids()[place - 1]
    if sheet.lines[row.entry - 1].strip() or sheet.lines[row.index - 2].startswith(("arguments", "#")):
        return deleted_beginning(chance)
    keys = {other.key for other in sheet.fields() if other.entry == before.entry}
    own = [other for other in sheet.fields() if other.entry == row.entry]
    twice = [other.index for other in own if other.key in keys]
    lines = frozenset((sheet.name, index) for index in twice) | {(sheet.name, before.index + 1)}
    content = sheet.with_lines(row.index, row.index + 1)
    naming_rows = _moved_up(sheet, row.index, naming(sheet, row.index, row.index + 1))
    return _at(sheet, twice[0] - 1, content, lines | naming_rows)


def forgotten_hyphen(chance: random.Random) -> Broken:
    """Delete an entry's hyphen, so that it merges with the previous one."""
    sheet, row = _choose_id(chance)
    if (
        row is sheet.ids()[0]
        or sheet.lines[row.index - 1].strip()
        or sheet.lines[row.index - 2].startswith("arguments")
    ):
        return forgotten_hyphen(chance)
    own = frozenset((sheet.name, other.index + 1) for other in sheet.fields() if other.entry == row.entry)
    before = max(other.index for other in sheet.ids() if other.index < row.index)
    also = own | {(sheet.name, before + 1)} | naming(sheet, row.index, row.end)
    return _at(sheet, row.index, sheet.with_line(row.index, f"    id: {row.value}"), also)


def misspelt_key(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, lambda _sheet, row: len(row.key) > 4)
    wrong = row.key[0] + row.key[2] + row.key[1] + row.key[3:]
    if wrong == row.key:
        wrong = row.key[:-1]
    first = f"{row.lead}{wrong}:{sheet.lines[row.index].partition(':')[2]}"
    return _at(sheet, row.index, sheet.with_line(row.index, first))


def unknown_key(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, _needed)
    line = f"{row.lead}{chance.choice(['remark', 'author_name', 'Titel', 'checked-by', '2025', 'zz'])}: perhaps"
    return _at(sheet, row.index, sheet.with_lines(row.index, row.index, line))


def duplicate_key(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, lambda _sheet, row: row.end == row.index + 1)
    return _at(sheet, row.end, sheet.with_lines(row.end, row.end, sheet.lines[row.index]))


def bad_id(chance: random.Random) -> Broken:
    sheet, row = _choose_id(chance)
    wrong = chance.choice(
        [
            row.value.upper(),
            row.value.replace("-", "_") + "_",
            f"{row.value} x",
            f"{row.value}-",
            "é",
            "a" * 41,
            "'9 to 5'",
        ]
    )
    return _at(
        sheet, row.index, sheet.with_line(row.index, f"  - id: {wrong}"), naming(sheet, row.index, row.index + 1)
    )


def duplicate_id(chance: random.Random) -> Broken:
    sheet, row = _choose_id(chance)
    other_sheet, other = _choose_id(chance)
    if other.value == row.value:
        return duplicate_id(chance)
    order = [(other_sheet, other), (sheet, row)]
    order.sort(key=lambda pair: (FILES.index(pair[0].name), pair[1].index))
    content = sheet.with_line(row.index, f"  - id: {other.value}")
    later_sheet, later = order[1]
    return Broken(sheet.name, content, (later_sheet.name, later.index + 1), naming(sheet, row.index, row.index + 1))


def dangling_source(chance: random.Random) -> Broken:
    sheets = [sheet for sheet in world() if any(row.key == "sources" for _, _, row in sheet.items)]
    sheet = chance.choice(sheets)
    index, text, _ = chance.choice([item for item in sheet.items if item[2].key == "sources"])
    lead, _, source = text.rpartition(": ")
    wrong = chance.choice([f"{source}x", source[1:], "no-such-source", source.upper(), "military-strikes"])
    return _at(sheet, index, sheet.with_line(index, f"      - {lead}: {wrong}" if lead else f"      - {wrong}"))


def dangling_target(chance: random.Random) -> Broken:
    sheet = next(sheet for sheet in world() if sheet.part == "arguments")
    row = chance.choice([row for row in sheet.fields() if row.key in {"for", "against"} and "," not in row.value])
    return _replaced(
        sheet, row, chance.choice([f"{row.value}s", row.value[:-1], "nothing-at-all", "eo-14157", "term-aumf"])
    )


def about_itself(chance: random.Random) -> Broken:
    sheet = next(sheet for sheet in world() if sheet.part == "arguments")
    row = chance.choice([row for row in sheet.fields() if row.key in {"for", "against"}])
    own = next(other.value for other in sheet.ids() if other.index == row.entry)
    return _replaced(sheet, row, own)


def both_sides(chance: random.Random) -> Broken:
    sheet = next(sheet for sheet in world() if sheet.part == "arguments")
    row = chance.choice([row for row in sheet.fields() if row.key in {"for", "against"} and "," not in row.value])
    other = "against" if row.key == "for" else "for"
    return _at(sheet, row.entry, sheet.with_lines(row.end, row.end, f"    {other}: {row.value}"))


def text_as_list(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, lambda sheet, row: _text(sheet, row) or row.key in _CHOICES)
    return _replaced(sheet, row, chance.choice([f"[{row.value}]", "[]", "{}", "{a: b}", '["one", "two"]']))


def list_as_text(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, lambda _sheet, row: row.key in {"sources", "aliases", "tags", "editors", "other_urls"})
    return _replaced(sheet, row, chance.choice(["one", '"one, two"', "{a: b}", "eo-14157"]))


def table_as_text(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, lambda _sheet, row: row.key == "essay")
    return _replaced(sheet, row, chance.choice(["none", "[1, 2]", '"paragraph 3"', "7"]))


def bad_number(chance: random.Random) -> Broken:
    sheet = world()[1]
    row = chance.choice([row for row in sheet.rows if row.key == "paragraph"])
    return _replaced(
        sheet, row, chance.choice(["three", "0", "-1", "2.5", '"1 and 2"', "[3]", "99999999999999999999999", "yes"])
    )


def bad_choice(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, lambda _sheet, row: row.key in _CHOICES)
    return _replaced(sheet, row, chance.choice(["true", "Supported", "maybe", f"{row.value}s", "12", "no", '""']))


def bad_date(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, lambda _sheet, row: row.key in _DATES)
    return _replaced(
        sheet,
        row,
        chance.choice(
            [
                "2025-02-30",
                "2025-13",
                "20 January 2025",
                "20.01.2025",
                "last year",
                "'2025-1-2'",
                "2025/01/02",
                "0000",
                "12:30",
            ]
        ),
    )


def bad_address(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, lambda _sheet, row: row.key == "url")
    wrong = [
        "www.example.org",
        "ftp://example.org/x",
        '"https://example.org/a b"',
        "https://",
        "example",
        "<https://example.org>",
        "javascript:alert(1)",
        "https://" + "x" * 500,
    ]
    return _replaced(sheet, row, chance.choice(wrong))


def too_long(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, lambda _sheet, row: row.key in {*_LINES, "reason", "text", "summary", "definition"})
    return _replaced(sheet, row, f'"{"many words " * chance.choice([200, 300])}"')


def empty_value(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, _needed)
    return _at(
        sheet,
        row.index,
        sheet.with_lines(
            row.index, row.end, f"{row.lead}{row.key}:{chance.choice(['', ' ', ' ~', ' null', ' # later'])}"
        ),
    )


def empty_text(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, lambda sheet, row: _needed(sheet, row) and row.key in _LINES)
    return _replaced(sheet, row, chance.choice(['""', "''", '"  "']))


def not_text(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, _text)
    return _replaced(sheet, row, chance.choice(["no", "12:30", "2025", "2025-02-20", "on", "1_000", "0x1F"]))


def pushed_right(chance: random.Random) -> Broken:
    """Indent a key more than the keys around it."""
    sheet, row = _choose(chance, lambda _sheet, row: row.index > row.entry)
    line = " " * chance.choice([1, 2, 3]) + sheet.lines[row.index]
    item = {(sheet.name, row.index)} if ITEM.match(sheet.lines[row.index - 1]) else set[Line]()  # the key joins it
    also = _one_more(sheet, row.index, row.entry) | item
    return _at(sheet, row.index, sheet.with_line(row.index, line), also)


def pulled_left(chance: random.Random) -> Broken:
    """Indent a key less than the keys around it."""
    sheet, row = _choose(chance, lambda _sheet, row: row.index > row.entry, info=False)
    line = sheet.lines[row.index][chance.choice([1, 2, 3, 4]) :]
    return _at(sheet, row.index, sheet.with_line(row.index, line), _one_more(sheet, row.index, row.entry))


def _one_more(sheet: Sheet, index: int, entry: int) -> frozenset[Line]:
    """Return the next line, which may show a misplaced line too, and the entry, which then lacks that key."""
    return frozenset(((sheet.name, index + 2), (sheet.name, entry + 1)))


def item_out_of_line(chance: random.Random) -> Broken:
    sheet = chance.choice([sheet for sheet in world() if sheet.items])
    firsts = {row.index + 1 for row in sheet.rows}
    index, _, row = chance.choice([item for item in sheet.items if item[0] not in firsts])
    line = sheet.lines[index]
    moved = chance.choice([f" {line}", f"  {line}", line[1:]])
    return _at(sheet, index, sheet.with_line(index, moved), _one_more(sheet, index, row.entry))


def entry_out_of_line(chance: random.Random) -> Broken:
    sheet, row = _choose_id(chance)
    if row is sheet.ids()[0] or sheet.lines[row.index - 2].startswith("arguments"):
        return entry_out_of_line(chance)
    line = sheet.lines[row.index]
    moved = chance.choice([f" {line}", f"  {line}", line[1:], line[2:]])
    return _at(sheet, row.index, sheet.with_line(row.index, moved), _one_more(sheet, row.index, row.index))


def tab(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, lambda _sheet, _row: True, info=False)
    index = chance.randrange(row.index, row.end)
    line = sheet.lines[index]
    bare = line.lstrip()
    moved = chance.choice([f"\t{bare}", f"\t\t{bare}", f"  \t{bare}", f"{line[: len(line) - len(bare)]}\t{bare}"])
    return _at(sheet, index, sheet.with_line(index, moved))


def bad_encoding(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, lambda sheet, row: row.value.startswith('"'))
    wrong = chance.choice([b"\xe9", b"\x93", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\x00", b"\x07", b"\x1b"])
    before = "\n".join(sheet.lines[: row.index]).encode() + b"\n"
    line = sheet.lines[row.index].encode()[:-1] + wrong + b'"\n'
    return _at(sheet, row.index, before + line + "\n".join(sheet.lines[row.index + 1 :]).encode())


def wide_encoding(chance: random.Random) -> Broken:
    sheet = chance.choice(world())
    encoding = chance.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
    return _at(sheet, 0, "\n".join(sheet.lines).encode(encoding))


def conflict(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, lambda _sheet, row: row.end == row.index + 1)
    line = sheet.lines[row.index]
    both = ["<<<<<<< HEAD", line, "=======", line.replace(row.key, row.key, 1), ">>>>>>> a-better-word"]
    return _at(sheet, row.index, sheet.with_line(row.index, *both))


def yaml_sign(chance: random.Random) -> Broken:
    """Write unquoted text that begins with a character that is special in YAML."""
    sheet, row = _choose(chance, _text)
    words = row.value.strip('"').replace(": ", ", ").replace("#", "no. ")
    signs = [
        "@",
        "`",
        "%",
        "*",
        "& ",
        "&",
        "!",
        "[a] ",
        "{a} ",
        "> ",
        "| ",
        "- ",
        "? ",
        ", ",
        "'a' ",
        '"a" ',
        "a: ",
        "[",
    ]
    nxt = (sheet.name, row.index + 2)
    return _replaced(sheet, row, chance.choice(signs) + words, frozenset((nxt, (sheet.name, row.entry + 1))))


def alias(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, _text)
    return _replaced(sheet, row, chance.choice(["*same", "&same text", "!!str text", "!text x", "*a"]))


def merge_key(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, _needed, info=False)
    return _at(sheet, row.index, sheet.with_lines(row.index, row.index, f"{row.lead}<<: {{tags: [a]}}"))


def open_quote(chance: random.Random) -> Broken:
    """Delete the closing quotation mark."""
    sheet, row = _choose(chance, _text)
    return _at(sheet, row.index, sheet.with_line(row.index, sheet.lines[row.index][:-1]))


def inner_quote(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, _text)
    value = row.value.strip('"')
    middle = value.index(" ") if " " in value else 1
    wrong = chance.choice(
        [
            f'"{value[:middle]} "so-called"{value[middle:]}"',
            f"'{value[:middle]} it's{value[middle:].replace(chr(39), '')}'",
            f'"{value} C:\\data"',
        ]
    )
    return _replaced(sheet, row, wrong)


def no_colon(chance: random.Random) -> Broken:
    """Write a key without a colon, or without the space after it."""
    sheet, row = _choose(
        chance, lambda _sheet, row: bool(row.value) and not row.value.startswith(">") and row.index > row.entry
    )
    line = chance.choice(
        [f"{row.lead}{row.key} {row.value}", f"{row.lead}{row.key}:{row.value}", f"{row.lead}{row.key}; {row.value}"]
    )
    return _at(sheet, row.index, sheet.with_line(row.index, line), _one_more(sheet, row.index, row.entry))


def no_space_after_hyphen(chance: random.Random) -> Broken:
    sheet = chance.choice([sheet for sheet in world() if sheet.items])
    index, text, row = chance.choice(sheet.items)
    line = chance.choice(
        [f"      -{text.replace(':', '')}", f"      {text.replace(':', '')}", f"      – {text.replace(':', '')}"]
    )
    return _at(sheet, index, sheet.with_line(index, line), _one_more(sheet, index, row.entry))


def stray_note(chance: random.Random) -> Broken:
    """Write a note without the sign that makes it a comment."""
    sheet, row = _choose(chance, lambda _sheet, row: row.index > row.entry, info=False)
    note = row.lead + chance.choice(["check this again", "TODO ask Mo about it", "-- new --", "“see above”"])
    before = next(other for other in reversed(sheet.rows) if other.index < row.index)
    return _at(
        sheet,
        row.index,
        sheet.with_lines(row.index, row.index, note),
        frozenset(((sheet.name, before.index + 1), (sheet.name, row.index + 2))),
    )


def cut_short(chance: random.Random) -> Broken:
    """End the file in the middle of an entry."""
    sheet, row = _choose(
        chance, lambda sheet, row: _needed(sheet, row) and row.key not in {"for", "against"}, info=False
    )
    return _at(
        sheet, row.entry, sheet.with_lines(row.index, len(sheet.lines)), naming(sheet, row.index, len(sheet.lines))
    )


def cut_in_text(chance: random.Random) -> Broken:
    sheet, row = _choose(chance, _text)
    half = sheet.lines[row.index][: row.indent + len(row.key) + 2 + len(row.value) // 2]
    return _at(
        sheet,
        row.index,
        ("\n".join([*sheet.lines[: row.index], half])).encode(),
        naming(sheet, row.index, len(sheet.lines)),
    )


def nothing_left(chance: random.Random) -> Broken:
    sheet = chance.choice(world())
    return _at(sheet, 0, chance.choice([b"", b"\n\n", b"# nothing yet\n", b"\xef\xbb\xbf", b"---\n", b"   \n"]))


def other_content(chance: random.Random) -> Broken:
    """Save another content under the name of a pack's file."""
    sheet = chance.choice(world())
    content = chance.choice(
        [b"just a sentence", b"- a\n- b\n", b"<html></html>\n", b"[]", b"42\n", b"%PDF-1.7\n", b'{"a": 1}\n']
    )
    return _at(sheet, 0, content)


def wrong_list_name(chance: random.Random) -> Broken:
    sheet = chance.choice(world()[1:])
    row = next(row for row in sheet.rows if row.indent == 0)
    wrong = chance.choice([row.key[:-1], f"{row.key}es", row.key.title(), "entries"])
    return _at(sheet, row.index, sheet.with_line(row.index, f"{wrong}:"))


def second_document(chance: random.Random) -> Broken:
    sheet, row = _choose_id(chance)
    return _at(
        sheet,
        row.index,
        sheet.with_lines(row.index, row.index, chance.choice(["---", "..."])),
        frozenset(((sheet.name, row.index + 2),)),
    )


def swallowed_key(chance: random.Random) -> Broken:
    """Indent a key after folded text as far as the text, so that it becomes part of it."""
    sheet, row = _choose(
        chance,
        lambda sheet, row: (
            _needed(sheet, row)
            and sheet.lines[row.index - 1].startswith("      ")
            and not ITEM.match(sheet.lines[row.index - 1])
        ),
        info=False,
    )
    rest = [f"  {line}" for line in sheet.lines[row.index : row.end]]
    return _at(sheet, row.index, sheet.with_lines(row.index, row.end, *rest))


def lost_file(_chance: random.Random) -> Broken:
    return Broken("pack.yaml", None, ("pack.yaml", 1))


MAKERS: tuple[Maker, ...] = (
    deleted_key, deleted_id, deleted_beginning, forgotten_hyphen, misspelt_key, unknown_key, duplicate_key, bad_id,
    duplicate_id, dangling_source, dangling_target, about_itself, both_sides, text_as_list, list_as_text,
    table_as_text, bad_number, bad_choice, bad_date, bad_address, too_long, empty_value, empty_text, not_text,
    pushed_right, pulled_left, item_out_of_line, entry_out_of_line, tab, bad_encoding, wide_encoding, conflict,
    yaml_sign, alias, merge_key, open_quote, inner_quote, no_colon, no_space_after_hyphen, stray_note, cut_short,
    cut_in_text, nothing_left, other_content, wrong_list_name, second_document, swallowed_key, lost_file,
)  # fmt: skip
"""Every kind of mistake."""


def breakages(make: Maker, count: int, seed: str = "") -> Iterator[Broken]:
    """Yield `count` mistakes of one kind, the same ones for the same seed."""
    for number in range(count):
        yield make(random.Random(f"{make.__name__} {number} {seed}"))
