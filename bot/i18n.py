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
"""The pseudo-locale: every translated sentence is visibly bracketed, so that one which skipped gettext shows."""

_LOCALES_MAX = 1_000
"""How many are remembered: a locale is whatever a platform says."""

_GROUP, _GROUPED_FROM = "\u202f", 10_000

_PLACEHOLDER = re.compile(r"(\{[^{}]*\})")
_COMMAND = re.compile(r"(?<![\w/:.}])/(?=[^\W\d_]|\{)(?!invite\b)")
"""Where a sentence of the program names a command of its own. Slack's `/invite` is none."""
_NAMED = re.compile(rf"{_COMMAND.pattern}[^\W_]+(?: [^\W_]+)?")
"""The same, with the words after it that can be its name. An ordinary word may be among them."""
_ACCENTED = str.maketrans("aceinouyACEINOUY", "áçéíñóúýÁÇÉÍÑÓÚÝ")


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name, which extractors look for
    """Marks a sentence that is declared here and translated where it is shown."""
    return sentence


class Sentence(str):
    """A translated sentence that names commands: `commands` holds start and end of each.

    They are found before the values are filled in, so what a person wrote is never one. Joined to other words it is
    an ordinary string.
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
    """Sentences in one language. There is one for each, which `translator` gives."""

    locale: str
    _catalogue: gettext.NullTranslations = field(repr=False)
    commands: str = "/"
    """What a command begins with where the reader is: `/parley ` on Slack. Sentences name commands so."""

    def __call__(self, sentence: str, /, **values: object) -> str:
        """The sentence in the reader's language, with `{name}` filled in."""
        return self._filled(self._catalogue.gettext(sentence), values) if sentence else ""

    def count(self, one: str, many: str, count: int, /, **values: object) -> str:
        """The form that the language uses for this number, which fills `{n}`."""
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
    """The languages that have sentences: English, and each that has a catalogue."""
    catalogues = (file.parent.parent.name.replace("_", "-") for file in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))
    return sorted({"en", *catalogues})


def number(count: int) -> str:
    """A whole number, its thousands set apart by a narrow space from 10,000 on, as in no language it is wrong."""
    return f"{count:,}".replace(",", _GROUP) if count >= _GROUPED_FROM else str(count)


def amount(count: int, one: str, many: str = "") -> str:
    """A number with its noun, for editors' and operators' tools, which speak English: 1 ballot, 12 ballots."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """A percentage, 0 to 100, with one decimal where it has one: 50%, 33.3%."""
    return f"{share:.1f}".removesuffix(".0") + "%"


def _written(values: Mapping[str, object]) -> dict[str, object]:
    """The values of a sentence, with whole numbers as every sentence writes them."""
    return {name: number(value) if type(value) is int else value for name, value in values.items()}


@lru_cache(maxsize=_LOCALES_MAX)
def _catalogue(locale: str) -> gettext.NullTranslations:
    if locale == PSEUDO:
        return _Pseudo()
    spellings = [locale.replace("-", "_"), locale.partition("-")[0]]
    return gettext.translation(DOMAIN, FOLDER, languages=spellings, fallback=True)


@lru_cache(maxsize=_LOCALES_MAX)
def translator(locale: str, commands: str = "/") -> Translator:
    """The translator for a locale such as `en`, `pt-BR`; English for what has no catalogue."""
    supported = locale if re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,2}", locale) else "en"
    return Translator(supported, _catalogue(supported), commands)
