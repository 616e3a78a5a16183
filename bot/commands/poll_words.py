"""Read a poll typed without names, or in another bot's syntax: find the question and the options.

    Lunch? Pizza | Sushi          "Lunch?" "Pizza" "Sushi"          {Lunch?} [Pizza] [Sushi]
    Lunch? Pizza, Sushi           Lunch?, then a line for each      "Lunch?" option1:Pizza option2:Sushi
    title:"Lunch?" choices:"Pizza | Sushi" ends:6pm                 --question "Lunch?" --options Pizza, Sushi

The result is never posted: it fills in a form, and the host checks it there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.chat.markup import clean
from bot.dispatch.parse import YES
from bot.polls.counting.ballots import Method

_QUOTED = re.compile(r'"([^"]*)"')
_BRACKETED = re.compile(r"\[([^\[\]]*)\]")
_BRACED = re.compile(r"^\s*\{([^{}]*)\}")
_NUMBERED = re.compile(r"\b(?:option|choice|answer)[-_]?\d{1,2}:", re.IGNORECASE)
_SEPARATOR = re.compile(r"[|\n]")
_NUMBER = re.compile(r"(?<!\S)\d{1,2}[.)]\s")
_MARKER = re.compile(r"^(?:[-*•]|\d{1,2}[.)])\s+")
_ENDS = "?？؟"
"""Question marks: Latin, full-width, Arabic."""
_FOREIGN_NAMES: Mapping[str, str] = {
    **dict.fromkeys(("question", "title", "poll", "q"), "question"),
    **dict.fromkeys(("options", "option", "choices", "choice", "answers"), "options"),
    **dict.fromkeys(
        ("closes", "closing", "close", "ends", "end", "until", "deadline", "duration", "expires"), "closes"
    ),
    **dict.fromkeys(("method", "type", "mode"), "method"),
    **dict.fromkeys(("multiple", "multi", "multiselect"), "multiple"),
}
"""An argument's name in other bots → its name here; `multiple` is a yes or no, and means approval."""
_NAME = "|".join(_FOREIGN_NAMES)
_FOREIGN = re.compile(
    rf'(?<!\S)(?:(?P<name>{_NAME}):(?P<value>"[^"]*"|[^\s"]+)'
    rf'|--(?P<flag>{_NAME})(?:=|[ \t]+)(?P<words>"[^"]*"|(?:(?!\s--)[^"\n])+))',
    re.IGNORECASE,
)


def take_foreign_names(typed: str) -> tuple[str, dict[str, str]]:
    """Return the text without the arguments that other bots take, and those arguments by Parley's names.

    A value that Parley can't read stays text, where the host sees it.
    """
    named: dict[str, str] = {}

    def take(match: re.Match[str]) -> str:
        name = _FOREIGN_NAMES[(match["name"] or match["flag"]).lower()]
        value = (match["value"] or match["words"]).strip().strip('"').strip()
        if name == "multiple" and value.casefold() in YES:
            name, value = "method", Method.APPROVAL
        if name == "method":
            value = value.lower()
        if name == "options" and name in named:
            value = f"{named.pop(name)}|{value}"
        if name in named or name == "multiple" or (name == "method" and value not in set(Method)):
            return match[0]
        named[name] = value
        return " "

    return _FOREIGN.sub(take, typed), named


def read_words(typed: str) -> tuple[str, tuple[str, ...]]:
    """Return the question, empty if none is recognisable, and the options."""
    marked = _marked(typed)
    if marked:
        return marked
    typed = typed.replace('"', "").strip()
    parts = _SEPARATOR.split(typed)
    question = _question(parts[0])
    if question:
        return _one(question), _several(_list(typed[len(question) :]))
    if "|" in typed:
        return "", _several(parts)
    return _first(parts)


@dataclass(frozen=True, slots=True)
class PollWords:
    """A poll as far as a host has typed it. An empty text is still to come."""

    question: str
    options: Sequence[str]
    method: Method
    closes: str

    def completed(self, words: str) -> PollWords:
        """Add what the words without a name say. Nothing gets lost: a second question is shown as an option."""
        rest, named = take_foreign_names(words)
        typed_question, typed_options = read_words(rest)
        question = self.question or named.get("question", "")
        surplus = (typed_question,) if question and typed_question else ()
        return PollWords(
            question or typed_question,
            (*self.options, *_several(_list(named.get("options", ""))), *surplus, *typed_options),
            Method(named.get("method", self.method)),
            self.closes or named.get("closes", ""),
        )


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
        return _one(quoted[0]), _several(_list(rest.replace('"', "")))
    return None


def _first(parts: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    return _one(parts[0]), _several(parts[1:])


def _question(words: str) -> str:
    """Return the words up to the first question mark; empty without one."""
    place = next((place for place, letter in enumerate(words) if letter in _ENDS), -1)
    return words[: place + 1]


def _list(words: str) -> list[str]:
    """Split a list at its bars or lines; without any, at its numbers, or its commas, or its spaced slashes."""
    if "|" in words or "\n" in words.strip():
        return _SEPARATOR.split(words)
    if _NUMBER.match(words.lstrip()):
        return _NUMBER.split(words)
    return words.split("," if "," in words else " / ")


def _several(parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(one for part in parts if (one := _one(part)))


def _one(words: str) -> str:
    return _MARKER.sub("", " ".join(clean(words).split())).strip()
