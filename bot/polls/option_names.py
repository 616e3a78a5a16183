"""Tests of option names: names that look alike, and names that show nothing or pass for a part of the result.

Unicode's own rules decide: compatibility forms (NFKC), case folding, default-ignorable characters.
https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point
"""

from __future__ import annotations

import re
import unicodedata

MARKS_MAX = 4
"""Combining marks on one letter. Vietnamese and Thai need two, Hebrew with its accents three or four."""

_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_BLANKS = str.maketrans(dict.fromkeys("\u2800\U0001d159", " "))
"""Symbols to Unicode that show nothing: an empty Braille cell, a note without a head."""
_VISIBLE_CATEGORIES = frozenset("LNPS")
"""First letters of the visible categories: letters, numbers, punctuation, symbols."""

_SEPARATORS = frozenset("·•–—")
_BLOCKS = range(0x2580, 0x25A0)
"""Block elements, which draw bars."""


def alike(name: str) -> str:
    """Return a key that names share if they look alike."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    visible = _visible(unicodedata.normalize("NFKC", folded))
    return " ".join(unicodedata.normalize("NFKC", visible).split())


def is_blank(text: str) -> bool:
    """Whether a reader sees nothing: no letter, number or sign."""
    return not any(unicodedata.category(character)[0] in _VISIBLE_CATEGORIES for character in _visible(text))


def has_piled_marks(text: str) -> bool:
    """Whether one letter has more combining marks than any language needs, so that they cover its neighbours."""
    marks = 0
    for character in unicodedata.normalize("NFC", _IGNORABLE.sub("", text)):
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if marks > MARKS_MAX:
            return True
    return False


def result_sign(name: str) -> str:
    """Return the sign of results at the name's beginning or end: a winner's star, a bar, a separator; else nothing."""
    visible = _visible(name).strip()
    return next((sign for sign in (visible[:1], visible[-1:]) if _marks_results(sign)), "")


def _marks_results(sign: str) -> bool:
    return bool(sign) and (
        sign in _SEPARATORS or ord(sign) in _BLOCKS or unicodedata.name(sign, "").endswith(("STAR", "STAR OPERATOR"))
    )


def _visible(text: str) -> str:
    return _IGNORABLE.sub("", text).translate(_BLANKS)
