"""Read a poll typed without names, or in another bot's syntax: find the question and the options.

    Lunch? Pizza | Sushi          "Lunch?" "Pizza" "Sushi"          {Lunch?} [Pizza] [Sushi]
    Lunch? Pizza, Sushi           Lunch?, then a line for each      "Lunch?" option1:Pizza option2:Sushi

The reading is never posted: a form shows it, and the host confirms or corrects it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.chat.markup import clean

_QUOTED = re.compile(r'"([^"]*)"')
_BRACKETED = re.compile(r"\[([^\[\]]*)\]")
_BRACED = re.compile(r"^\s*\{([^{}]*)\}")
_NUMBERED = re.compile(r"\b(?:option|choice|answer)[-_]?\d{1,2}:", re.IGNORECASE)
_MARKER = re.compile(r"^(?:[-*•]|\d{1,2}[.)])\s+")
_ENDS = "?？؟"
"""Question marks: Latin, full-width, Arabic."""


def read_words(typed: str) -> tuple[str, tuple[str, ...]]:
    """Return the question, empty if none is recognisable, and the options."""
    marked = _marked(typed)
    if marked:
        return marked
    typed = typed.replace('"', "")
    parts = re.split(r"[|\n]", typed) if "|" in typed or "\n" in typed.strip() else [typed]
    question, rest = _cut(parts[0])
    if question:
        return _one(question), _several([*_listed(rest, alone=len(parts) == 1), *parts[1:]])
    if "\n" in typed.strip() and "|" not in typed:
        return _first(parts)
    return ("", _several(parts)) if len(parts) > 1 else (_one(typed), ())


def _marked(typed: str) -> tuple[str, tuple[str, ...]] | None:
    """Read a poll with quotes, brackets or numbered names around its parts; None if it has none."""
    named = _NUMBERED.split(typed)
    quoted = _QUOTED.findall(typed)
    if len(named) > 1:
        return _one(named[0].replace('"', "")), _several(part.replace('"', "") for part in named[1:])
    if match := _BRACED.match(typed):
        return _one(match[1]), _several(_BRACKETED.findall(typed[match.end() :]))
    if len(quoted) > 1 and "|" not in typed:
        return _first(quoted)
    if quoted and typed.lstrip().startswith('"'):
        rest = typed.partition('"')[2].partition('"')[2]
        return _one(quoted[0]), _several(re.split(r"[|\n,]", rest.replace('"', "")))
    return None


def _first(parts: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    return _one(parts[0]), _several(parts[1:])


def _cut(words: str) -> tuple[str, str]:
    """Cut after the first question mark; without one there is no question."""
    place = next((place for place, letter in enumerate(words) if letter in _ENDS), -1)
    return words[: place + 1], words[place + 1 :]


def _listed(words: str, *, alone: bool) -> list[str]:
    return words.split(",") if alone and "," in words else [words]


def _several(parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(one for part in parts if (one := _one(part)))


def _one(words: str) -> str:
    return _MARKER.sub("", " ".join(clean(words).split())).strip()
