"""Prepare people's words for drawing: clean, measure, wrap and shorten with a visible mark.

Widths are estimates (a browser has its own fonts anyway), on the generous side, for Noto Sans.
"""

from __future__ import annotations

import unicodedata

MARK = "…"
"""The mark of shortened text."""

_FLAG_A, _FLAG_Z = 0x1F1E6, 0x1F1FF
_SELECTORS = frozenset([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), 0x20E3, *range(0x1F3FB, 0x1F400)])
"""Variation selectors, the keycap and skin tones: alone they would show as boxes."""
_NOT_TEXT = frozenset(("Cc", "Cf", "Cn", "Co", "Cs"))
_MARKS_IN_A_ROW = 4
_RTL_ISOLATE, _POP_ISOLATE = "\u2067", "\u2069"
_WIDTHS = {
    **dict.fromkeys("ijlI|.,:;!'’‘· \xa0", 0.28),
    **dict.fromkeys('frt()[]{}/\\-“”"`', 0.4),
    **dict.fromkeys("mwMW@%…—", 0.95),
    **dict.fromkeys("ABCDEFGHJKLNOPQRSTUVXYZ&", 0.68),
}
_SCRIPTS = (
    (0x0600, 0x077F, "Arabic"),
    (0x08A0, 0x08FF, "Arabic"),
    (0x0900, 0x097F, ""),
    (0x0980, 0x09FF, "Bengali"),
    (0x0A00, 0x0A7F, "Gurmukhi"),
    (0x0A80, 0x0AFF, "Gujarati"),
    (0x0B00, 0x0B7F, "Oriya"),
    (0x0B80, 0x0BFF, "Tamil"),
    (0x0C00, 0x0C7F, "Telugu"),
    (0x0C80, 0x0CFF, "Kannada"),
    (0x0D00, 0x0D7F, "Malayalam"),
    (0x0D80, 0x0DFF, "Sinhala"),
    (0x1000, 0x109F, "Myanmar"),
    (0x1780, 0x17FF, "Khmer"),
    (0xFB50, 0xFDFF, "Arabic"),
    (0xFE70, 0xFEFF, "Arabic"),
)
"""Scripts whose letters join or move, first and last code point, and their font (Devanagari is in Noto Sans itself).

resvg falls back to another font only if both make the same number of glyphs from a text, which isn't so here: a line
with one of these scripts is set entirely in that script's font."""
_WITH_LATIN = ("", "Arabic")
"""The fonts of joining scripts whose lines may hold other words; the other scripts get lines of their own."""
_SCRIPTS_START = "\u0600"
_LETTER, _WIDE, _PICTURE, _BOLD = 0.58, 1.0, 1.28, 1.07


def clean(text: str) -> str:
    """Return `text` on one line, without characters that can't be drawn or would disturb others.

    Controls, joiners, bidirectional overrides and variation selectors go; a flag becomes the letters of its country;
    marks piled up on one letter are cut to four. The result may be empty.
    """
    letters: list[str] = []
    marks = 0
    for letter in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(letter)
        marks = marks + 1 if kind in {"Mn", "Me"} else 0
        if letter.isspace():
            letters.append(" ")
        elif _FLAG_A <= ord(letter) <= _FLAG_Z:
            letters.append(chr(ord(letter) - _FLAG_A + ord("A")))
        elif kind not in _NOT_TEXT and ord(letter) not in _SELECTORS and marks <= _MARKS_IN_A_ROW:
            letters.append(letter)
    return " ".join("".join(letters).split())


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Estimate the width of `text`, in the unit of `size`."""
    return sum(map(_letter_width, text)) * size * (_BOLD if bold else 1)


def _letter_width(letter: str) -> float:
    if letter in _WIDTHS:
        return _WIDTHS[letter]
    if letter.isascii():
        return _LETTER
    if unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return 0
    if unicodedata.category(letter) == "So":
        return _PICTURE
    return _WIDE if unicodedata.east_asian_width(letter) in "WF" else _LETTER + 0.06


def shorten(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`; the mark shows that some are missing."""
    if len(text) > limit:
        text = text[: limit - 1 - _marks_before(text, limit - 1)].rstrip() + MARK
    return text


def wrap(text: str, size: float, room: float, lines: int, *, bold: bool = False) -> list[str]:
    """Break cleaned `text` into at most `lines` lines of width `room`; a mark ends a shortened one."""
    broken: list[str] = []
    whole = True
    for piece in _settable(text):
        rest = piece
        while rest and len(broken) < lines:
            end = _line_end(rest, size, room, bold=bold)
            broken.append(rest[:end].rstrip())
            rest = rest[end:].lstrip()
        whole = whole and not rest
    if broken and not whole:
        broken[-1] = _with_mark(broken[-1], size, room, bold=bold)
    return [facing(line) for line in broken]


def _settable(text: str) -> list[str]:
    """Split a text into pieces that one font can set: a separate line for a script whose font has few other letters."""
    pieces: list[list[str]] = [[]]
    own = None
    for word in text.split(" "):
        needed = script(word) not in (None, *_WITH_LATIN)
        if any(letter.isalpha() for letter in word):
            if own not in (None, needed):
                pieces.append([])
            own = needed
        pieces[-1].append(word)
    return [" ".join(words) for words in pieces if words]


def _line_end(text: str, size: float, room: float, *, bold: bool) -> int:
    """Return the count of characters that fit on a line, to the last space if it has one; a long word is cut."""
    used = 0.0
    space = 0
    for place, letter in enumerate(text):
        used += width(letter, size, bold=bold)
        if used > room and letter != " ":
            return space or max(place - _marks_before(text, place), 1)
        if letter == " " or unicodedata.east_asian_width(letter) == "W":
            space = place + 1
    return len(text)


def _marks_before(text: str, place: int) -> int:
    """Return how far back a cut must move to keep marks with their letter."""
    back = 0
    while place > back and unicodedata.category(text[place - back]).startswith("M"):
        back += 1
    return back


def _with_mark(line: str, size: float, room: float, *, bold: bool) -> str:
    while line and width(line + MARK, size, bold=bold) > room:
        line = line[:-1].rstrip()
    return line.rstrip() + MARK


def script(line: str) -> str | None:
    """Return the font of the joining script in a line, "" for Devanagari, None without such a script."""
    for letter in line:
        for first, last, font in _SCRIPTS if letter >= _SCRIPTS_START else ():
            if first <= ord(letter) <= last:
                return font
    return None


def without_pictures(line: str) -> str:
    """Leave out emoji: in the font of a joining script they would be boxes."""
    return " ".join("".join(letter for letter in line if unicodedata.category(letter) != "So").split())


def facing(line: str) -> str:
    """Isolate right-to-left text, so that its punctuation stays in its place."""
    for letter in line:
        direction = unicodedata.bidirectional(letter)
        if direction in {"R", "AL"}:
            return f"{_RTL_ISOLATE}{line}{_POP_ISOLATE}"
        if direction == "L":
            break
    return line
