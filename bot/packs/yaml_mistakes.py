"""The reason why a file can't be read, in an editor's words, and the line to fix.

    before_reading(data) -> YamlMistake | None                mistakes that show without parsing
    after_failing(text, error, last) -> YamlMistake           the cause of the parser's error
    inner_item(text, event) -> YamlMistake | None             a hyphen that became part of the text above it
    inner_keys(text, event) -> (key, place), …            words that may have been keys and became part of a text

A parser reports the place where it could not go on. The mistake is often in the same line, sometimes above: an
unclosed quotation mark, a moved line. So this module reads the lines themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml

Place = tuple[int, int]
"""Line and column, both counted from 1."""

TOO_DEEP = "brackets or lists are nested too deep here: a pack needs four levels"


@dataclass(frozen=True, slots=True)
class YamlMistake:
    """One mistake: its place, its rule and the remedy."""

    at: Place
    code: str
    message: str


_LINE_END = b"\n"


def place_of_byte(data: bytes, position: int) -> Place:
    """Line and column of a byte of the file."""
    before = data[:position]
    line_start = before.rfind(_LINE_END) + 1
    return before.count(_LINE_END) + 1, len(before[line_start:].decode(errors="replace")) + 1


# --- before the file is read ---

_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")
_CONFLICT = re.compile(rb"^(?:<{7}|>{7}|\|{7})(?: |\r?$)|^={7}\r?$", re.MULTILINE)
_CONFLICT_SIGNS = (b"<<<<<<<", b">>>>>>>", b"=======", b"|||||||")
_TAB = re.compile(rb"^ *(\t)[ \t]*[^\s#]", re.MULTILINE)


_WIDE_BYTES = 4
"""Bytes of a character in the widest encoding. In a narrow one, none of the first bytes is zero."""


def before_reading(data: bytes) -> YamlMistake | None:
    """Find mistakes in the bytes: another encoding, two versions left by git, a tab, an invisible line end."""
    nul = data.find(b"\0")
    if data.startswith(_WIDE) or 0 <= nul < _WIDE_BYTES:
        message = (
            "this file is saved as UTF-16 or UTF-32 (some editors call it Unicode): save it with the encoding UTF-8"
        )
        return YamlMistake((1, 1), "not-utf8", message)
    if nul >= 0:
        message = (
            "this is not a text file (it contains a zero byte): delete that byte, or save the file as text in UTF-8"
        )
        return YamlMistake(place_of_byte(data, nul), "not-text", message)
    try:
        data.decode()
    except UnicodeDecodeError as error:
        message = (
            "this character is not UTF-8 text: save the file with the encoding UTF-8, then type the character again"
        )
        return YamlMistake(place_of_byte(data, error.start), "not-utf8", message)
    if any(sign in data for sign in _CONFLICT_SIGNS) and (conflict := _CONFLICT.search(data)):
        message = (
            "two versions of these lines are left here by git: keep one, and delete the other and the lines that begin "
            "with <<<<<<<, ======= and >>>>>>>"
        )
        return YamlMistake(place_of_byte(data, conflict.start()), "conflict-marker", message)
    if b"\t" in data and (tab := _TAB.search(data)):
        return YamlMistake(
            place_of_byte(data, tab.start(1)), "tab", "a tab stands here: delete it and type spaces instead"
        )
    return None if data.isascii() else _unseen_line_end(data)


def _unseen_line_end(data: bytes) -> YamlMistake | None:
    match = _UNSEEN_LINE_END.search(data)
    if match is None:
        return None
    message = (
        f"U+{ord(match[0].decode()):04X} stands here, which YAML takes for the end of a line and most editors don't "
        "show: delete it, and type a space or press Enter instead"
    )
    return YamlMistake(place_of_byte(data, match.start()), "odd-character", message)


_UNSEEN_LINE_END = re.compile("|".join("\x85\u2028\u2029").encode())


# --- after the parser gave up ---

_KEY = re.compile(r"^(?P<lead> *(?:- +)?)(?P<key>[^\s:#\"'-][^\s:#]*):(?= |$)")
_HYPHEN = re.compile(r"^ *- ")
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


def after_failing(text: str, error: yaml.MarkedYAMLError, last: Any) -> YamlMistake:
    """The fix that lets the file be read on. `last` is the last value before the failure, or None."""
    problem, context = error.problem or "", error.context or ""
    mark, around = error.problem_mark, error.context_mark
    stopped = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    opened = (around.line + 1, around.column + 1) if around is not None else stopped
    lines = _BREAK.split(text)
    if "nesting depth" in problem:
        mistake = YamlMistake(stopped, "too-deep", TOO_DEEP)
    elif last is not None and last.style in _QUOTES and last.start_mark.line < last.end_mark.line == stopped[0] - 1:
        message = f"the quotation mark here is closed only in line {stopped[0]}: close it at the end of its text"
        mistake = YamlMistake((last.start_mark.line + 1, last.start_mark.column + 1), "yaml", message)
    elif "expected ':'" in problem:
        mistake = _no_key(lines, opened)
    elif "mapping values are not allowed" in problem:
        mistake = _colon(lines, stopped)
    elif "expected '-'" in problem or problem == "did not find expected key":
        mistake = _out_of_line(lines, stopped)
    elif "document start" in problem:
        end = max((n for n, line in enumerate(lines[: stopped[0]], 1) if line.startswith("...")), default=stopped[0])
        mistake = YamlMistake((end, 1), "second-document", "`...` ends the file before its last line: delete this line")
    else:
        at = opened if any(word in context for word in _OPENED) and "escape" not in problem else stopped
        mistake = YamlMistake(at, "yaml", _hint(problem, context))
    return mistake


_QUOTES = ("'", '"')
_OPENED = ("quoted", "flow", "alias", "anchor", "tag")


def _line(lines: Sequence[str], at: Place) -> str:
    return lines[at[0] - 1] if at[0] <= len(lines) else ""


def _no_key(lines: Sequence[str], at: Place) -> YamlMistake:
    """A line without a key where one is due: it may continue a text that a comment above has ended."""
    line = _line(lines, at)
    above = next((n for n in range(at[0] - 1, 0, -1) if lines[n - 1].strip()), 0)
    sign = lines[above - 1].find(" #") if above else -1
    keys = (width for _, width, _, hyphen in _above(lines, at[0]) if not hyphen)
    if sign >= 0 and len(line) - len(line.lstrip(" ")) > next(keys, len(line)):
        message = (
            f"a comment begins here, and the text can't go on after it in line {at[0]}: move the comment to a line above "
            "the text's key; or, if it is part of the text, put the whole text in quotes"
        )
        return YamlMistake((above, sign + 2), "yaml", message)
    return YamlMistake(at, "yaml", _without_colon(line))


def _without_colon(line: str) -> str:
    bare = line.strip()
    key = bare.removeprefix("- ")
    if re.match(r"-[^\s-]", bare):
        return "a hyphen needs a space after it: write `- ` and then the text"
    if re.match(r"[–—•·*] ", bare):
        return f"this item begins with `{bare[0]}`: begin it with a hyphen (-) and a space"
    if pair := re.match(r"([\w-]+):\S", key):
        return f"a colon needs a space after it: write `{pair[1][:40]}: ` and then the text"
    return (
        "a colon is missing in this line: write `key: value`. If it goes on with the text above, indent it as that "
        "text is; if it is one of several items, begin it with a hyphen and a space; if it is a note to yourself, with #"
    )


def _colon(lines: Sequence[str], at: Place) -> YamlMistake:
    """A misplaced colon: after the line's key, the indentation is wrong; further right, it is part of a text."""
    key = _KEY.match(_line(lines, at))
    if key is not None and key.end("key") == at[1] - 1:
        return YamlMistake((at[0], key.end("lead") + 1), "indentation", _compared(lines, at[0]))
    message = "this text contains a colon and a space: put the whole text in quotes"
    return YamlMistake(at, "yaml", message)


def _out_of_line(lines: Sequence[str], at: Place) -> YamlMistake:
    line = _line(lines, at)
    before = line[: at[1] - 1].rstrip()
    if not before.strip(" -"):
        if not _KEY.match(line) and not _HYPHEN.match(line):
            return _no_key(lines, at)
        return YamlMistake(at, "indentation", _compared(lines, at[0]))
    if before[-1] in "]}":
        message = f"more text follows after this bracket's end (`{before[-1]}`): put the whole text in quotes"
    elif before[-1] in _QUOTES:
        message = (
            "more text follows after the closing quotation mark: put the whole text between one pair of marks, and use "
            "the other kind (' or \") inside"
        )
    else:
        message = "this can't follow here: put the whole text in quotes"
    return YamlMistake(at, "yaml", message)


def _compared(lines: Sequence[str], number: int) -> str:
    """Compare the indentation of a line with that of the nearest line of its kind above."""
    line = lines[number - 1]
    have = len(line) - len(line.lstrip(" "))
    kind = "a hyphen" if line.lstrip().startswith("- ") else "a key"
    message = f"this line begins with {_spaces(have)}"
    others = [(n, width, name) for n, width, name, hyphen in _above(lines, number) if hyphen is (kind == "a hyphen")]
    nearest = min(others, key=lambda other: (abs(other[1] - have), -other[0]), default=None)
    if nearest is None or nearest[1] == have:
        return f"{message} and fits no line above it: indent it as the lines that it belongs with"
    return f"{message}, {nearest[2]} in line {nearest[0]} with {nearest[1]}: give it the same number if they belong together"


def _above(lines: Sequence[str], number: int) -> Iterator[tuple[int, int, str, bool]]:
    """Yield lines above with a key or a hyphen: number, spaces, name, whether it is a hyphen."""
    for n in range(number - 1, max(0, number - 80), -1):
        line = lines[n - 1]
        width = len(line) - len(line.lstrip(" "))
        if _HYPHEN.match(line):
            yield n, width, "the hyphen", True
            line = line.replace("-", " ", 1)  # the entry's first key stands on the same line
            width = len(line) - len(line.lstrip(" "))
        if key := _KEY.match(line):
            yield n, width, f"`{key['key'][:40]}`", False


def _spaces(number: int) -> str:
    return {0: "no space", 1: "1 space"}.get(number, f"{number} spaces")


def _hint(problem: str, context: str) -> str:
    for key, hint in _HINTS.items():
        about, _, words = key.partition("|")
        if about in context and words in problem:
            return hint
    return "this line can't be read: put its text in quotes, and compare its indentation with the lines above"


_HINTS = {
    "quoted|unexpected end of stream": "a quotation mark is opened here and never closed: close it",
    "quoted|escape": "a backslash (\\) in double quotes means something of its own: use single quotes, or write it twice",
    "flow|": "a bracket or brace is opened here and not closed in time: close it, and put text with brackets in quotes",
    "|cannot start any token": "text can't begin with @, ` or %: put it in quotes",
    "|block sequence entries are not allowed": "a list can't begin in the middle of a line: put each item on a line of its own, or the text in quotes",
    "block scalar|": "text can't begin with > or |: put it in quotes, or begin it on the next line",
    "anchor|": "text can't begin with & or *: put it in quotes",
    "alias|": "text can't begin with & or *: put it in quotes",
    "tag|": "text can't begin with an exclamation mark: put it in quotes",
    "directive|": "text can't begin with a percent sign: put it in quotes",
    "|mapping keys are not allowed": "text can't begin with a question mark and a space: put it in quotes",
    "|expected node content": "text can't begin with this character: put it in quotes",
    "|control characters": "a character that text never has (a control character) stands here: delete it, or type the line again",
}
"""Context | words of the parser → the remedy. The first match counts."""


# --- lines that became text ---

_INNER_KEY = re.compile(r"^( +)([a-z][a-z_]*):(?= |$)", re.MULTILINE)
_INNER_ITEM = re.compile(r"^( +)- ", re.MULTILINE)


def inner_item(text: str, event: Any) -> YamlMistake | None:
    """A hyphen that was meant to begin an item, but stands so far right that it became part of the item above."""
    hyphen = _INNER_ITEM.search(text, event.start_mark.index, event.end_mark.index)
    if hyphen is None:
        return None
    at = _place_in(text, event, hyphen.start() + len(hyphen[1]))
    start = event.start_mark.column - 2
    line_start = text.rfind("\n", 0, event.start_mark.index) + 1
    if text[line_start : event.start_mark.index].strip(" -"):
        message = (
            "a list can't follow a text: if this is text, write `>-` after the key and begin the text on the next "
            "line; if it is a list, leave nothing after the key's colon"
        )
        return YamlMistake(at, "indentation", message)
    message = (
        f"this hyphen has become part of the text above: give it {_spaces(max(start, 0))}, as the hyphen above has"
    )
    return YamlMistake(at, "indentation", message)


def inner_keys(text: str, event: Any) -> Iterator[tuple[str, Place]]:
    """Words with a colon that begin a line inside a text of several lines: probably meant as keys."""
    for key in _INNER_KEY.finditer(text, event.start_mark.index, event.end_mark.index):
        yield key[2], _place_in(text, event, key.start(2))


def _place_in(text: str, event: Any, position: int) -> Place:
    breaks = list(_BREAK.finditer(text, event.start_mark.index, position))
    return event.start_mark.line + len(breaks) + 1, position - (breaks[-1].end() if breaks else 0) + 1
