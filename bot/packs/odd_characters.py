"""Look-alikes of YAML's own characters: a no-break space, a full-width colon, a curly quotation mark.

odd_character(text) -> str | None      the remedy for one in a key
without_odd_characters(text) -> str      the key that was meant
nearest_odd_character(text, line) -> OddCharacter | None      one in YAML's own places, the nearest to a line
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_SPACES = "\u0085\u00a0\u00ad\u1680\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
_COLONS = "\uff1a\ufe55\ua789\u2236"
_HYPHENS = "\uff0d\u2010-\u2015\u2212\ufe63"
_QUOTES = "\u2018-\u201f\uff02\uff07"
CURLY_QUOTES = frozenset("\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\uff02\uff07")
"""Characters that some programs type for ' and "."""
_LEAD = "^ *+(?:- ++)?+"
_PLACES = re.compile(
    rf"(?:{_LEAD}(?=[ {_SPACES}]*+(?:-[ {_SPACES}]|[a-z_]++[ {_SPACES}]*+[:{_COLONS}]))"  # before a hyphen or a key
    rf"|^ *+-|{_LEAD}[a-z_]++:)(?P<space>[{_SPACES}])"  # after a hyphen or a colon
    rf"|{_LEAD}[a-z_]++ *+(?P<inside>[{_SPACES}])[ {_SPACES}]*+[:{_COLONS}]"
    rf"|{_LEAD}[a-z_]++[ {_SPACES}]*+(?P<colon>[{_COLONS}])"
    rf"|^ *+(?P<hyphen>[{_HYPHENS}])(?=[ {_SPACES}])"
    rf"|{_LEAD}(?:[a-z_]++: ++)?+(?P<quote>[{_QUOTES}])",
    re.MULTILINE,
)
_IN_KEY = re.compile(rf"[{_SPACES}{_COLONS}]")
_INSTEAD = {
    "space": "type plain spaces there",
    "inside": "delete it",
    "colon": "type a colon (:)",
    "hyphen": "type a hyphen (-)",
    "quote": "to YAML it is a letter: type ' or \" at both ends of the text",
}


@dataclass(frozen=True, slots=True)
class OddCharacter:
    """A look-alike: its line and column as an editor counts them, and a remedy."""

    line: int
    column: int
    message: str


def odd_character(key: str) -> str | None:
    """The remedy for the first look-alike of a key; None if it has none."""
    match = _IN_KEY.search(key)
    return None if match is None else _message(match[0], "delete it, and type what belongs there")


def without_odd_characters(key: str) -> str:
    """The key that the editor meant."""
    return _IN_KEY.sub("", key)


def nearest_odd_character(text: str, line: int) -> OddCharacter | None:
    """The look-alike in a place of YAML's own that is nearest to a line; None if there is none."""
    odd = [_odd(text, match) for match in _PLACES.finditer(text)]
    return min(odd, key=lambda one: abs(one.line - line), default=None)


def _odd(text: str, match: re.Match[str]) -> OddCharacter:
    kind = match.lastgroup or ""
    at = match.start(kind)
    line_start = text.rfind("\n", 0, at) + 1
    advice = _INSTEAD["inside" if unicodedata.category(match[kind]) == "Cf" else kind]
    return OddCharacter(text.count("\n", 0, at) + 1, at - line_start + 1, _message(match[kind], advice))


def _message(character: str, advice: str) -> str:
    name = unicodedata.name(character, "a control character").lower()
    return f"this is U+{ord(character):04X} ({name}), which only looks like what YAML needs: {advice}"
