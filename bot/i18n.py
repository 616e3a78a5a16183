"""The bot's own sentences in the reader's language, with gettext. English is the source language."""

from __future__ import annotations

import gettext
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Self

DOMAIN = "parley"
FOLDER = Path(__file__).parent / "locale"
PSEUDO = "en-XA"
"""The pseudo-locale: it brackets every translated sentence, so that one which skipped gettext shows."""

_LOCALES_MAX = 1_000
"""Locales to cache. A platform can send any string as a locale, so the cache needs a bound."""

_GROUP, _GROUPED_FROM = "\u202f", 10_000

_PLACEHOLDER = re.compile(r"(\{[^{}]*\})")
_COMMAND = re.compile(r"(?<![\w/:.}])/(?=[^\W\d_]|\{)(?!invite\b)")
"""The slash of a command that a sentence names, except Slack's own `/invite`."""
_NAMED = re.compile(rf"{_COMMAND.pattern}[^\W_]+(?: [^\W_]+)?")
"""A command's name, with one more word that may belong to it or may be ordinary text."""
_ACCENTED = str.maketrans("aceinouyACEINOUY", "áçéíñóúýÁÇÉÍÑÓÚÝ")


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name, which extractors look for
    """Mark a sentence that is declared here and translated where it is shown."""
    return sentence


class Sentence(str):
    """A translated sentence that names commands: `commands` holds the start and end of each.

    Commands are found before the values are filled in, so a member's words never count as one. Joining it to other text
    gives an ordinary string.
    """

    __slots__ = ("commands",)
    commands: tuple[tuple[int, int], ...]

    def __new__(cls, written: str, commands: tuple[tuple[int, int], ...] = ()) -> Self:
        self = super().__new__(cls, written)
        self.commands = commands
        return self


class _Pseudo(gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        pieces = _PLACEHOLDER.split(message)
        return "⟦" + "".join(p if p.startswith("{") else p.translate(_ACCENTED) for p in pieces) + "⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@dataclass(frozen=True, slots=True, eq=False)
class Translator:
    """The sentences of one language. Get one from `translator`."""

    locale: str
    _catalogue: gettext.NullTranslations = field(repr=False)
    commands: str = "/"
    """The prefix of a command on the reader's platform: `/`, or `/parley ` on Slack."""

    def __call__(self, sentence: str, /, **values: object) -> str:
        """Translate the sentence and fill in each `{name}`."""
        return self._filled(self._catalogue.gettext(sentence), values) if sentence else ""

    def count(self, one: str, many: str, count: int, /, **values: object) -> str:
        """Pick the plural form for this number and fill in `{n}`."""
        return self._filled(self._catalogue.ngettext(one, many, count), {"n": count, **values})

    def _filled(self, sentence: str, values: Mapping[str, object]) -> str:
        """Write commands as the reader's platform does, then fill in the values."""
        written = _written(values)
        if self.commands != "/":
            return _fill(_COMMAND.sub(self.commands, sentence), written)
        filled, commands, end = "", [], 0
        for name in _NAMED.finditer(sentence):
            filled += _fill(sentence[end : name.start()], written)
            commands.append((len(filled), len(filled) + len(name[0])))
            filled, end = filled + name[0], name.end()
        filled += _fill(sentence[end:], written)
        return Sentence(filled, tuple(commands)) if commands else filled


def _fill(sentence: str, written: Mapping[str, object]) -> str:
    return sentence.format(**written) if written else sentence


def languages() -> list[str]:
    """The available languages: English, and each with a catalogue."""
    catalogues = (file.parent.parent.name.replace("_", "-") for file in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))
    return sorted({"en", *catalogues})


def number(count: int) -> str:
    """A whole number, with a narrow space between thousands from 10,000 on, a form that no language misreads."""
    return f"{count:,}".replace(",", _GROUP) if count >= _GROUPED_FROM else str(count)


def amount(count: int, one: str, many: str = "") -> str:
    """A number with its noun, for editors' and operators' tools, which speak English: 1 ballot, 12 ballots."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """A percentage, 0 to 100, with one decimal unless it is whole: 50%, 33.3%."""
    return f"{share:.1f}".removesuffix(".0") + "%"


def _written(values: Mapping[str, object]) -> dict[str, object]:
    """Format whole numbers among the values."""
    return {name: number(value) if type(value) is int else value for name, value in values.items()}


@lru_cache(maxsize=_LOCALES_MAX)
def _catalogue(locale: str) -> gettext.NullTranslations:
    if locale == PSEUDO:
        return _Pseudo()
    spellings = [locale.replace("-", "_"), locale.partition("-")[0]]
    return gettext.translation(DOMAIN, FOLDER, languages=spellings, fallback=True)


@lru_cache(maxsize=_LOCALES_MAX)
def translator(locale: str, commands: str = "/") -> Translator:
    """The translator for a locale such as `en` or `pt-BR`; English for a locale without a catalogue."""
    supported = locale if re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,2}", locale) else "en"
    return Translator(supported, _catalogue(supported), commands)
