"""The bot's own sentences in the reader's language, with gettext. English is the source language."""

from __future__ import annotations

import gettext
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

DOMAIN = "parley"
FOLDER = Path(__file__).parent / "locale"
PSEUDO = "en-XA"
"""The pseudo-locale: every translated sentence is visibly bracketed, so that one which skipped gettext shows."""

_LOCALES_MAX = 1_000
"""How many are remembered: a locale is whatever a platform says."""

_PLACEHOLDER = re.compile(r"(\{[^}]*\})")
_COMMAND = re.compile(r"(?<![\w/:.}])/(?=[^\W\d_]|\{)(?!invite\b)")
"""Where a sentence of the program names a command of its own. Slack's `/invite` is none."""
_ACCENTED = str.maketrans("aceinouyACEINOUY", "áçéíñóúýÁÇÉÍÑÓÚÝ")


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name, which extractors look for
    """Marks a sentence that is declared here and translated where it is shown."""
    return sentence


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
        translated = self._told(self._catalogue.gettext(sentence)) if sentence else ""
        return translated.format(**values) if values else translated

    def count(self, one: str, many: str, number: int, /, **values: object) -> str:
        """The form that the language uses for this number, which fills `{n}`."""
        return self._told(self._catalogue.ngettext(one, many, number)).format(n=number, **values)

    def _told(self, sentence: str) -> str:
        """The sentence, before anything is filled in, with commands as they are typed where the reader is."""
        return sentence if self.commands == "/" else _COMMAND.sub(self.commands, sentence)


@lru_cache(maxsize=_LOCALES_MAX)
def _catalogue(locale: str) -> gettext.NullTranslations:
    if locale == PSEUDO:
        return _Pseudo()
    spellings = [locale.replace("-", "_"), locale.partition("-")[0]]
    return gettext.translation(DOMAIN, FOLDER, languages=spellings, fallback=True)


@lru_cache(maxsize=_LOCALES_MAX)
def translator(locale: str, commands: str = "/") -> Translator:
    """The translator for a locale such as `en`, `pt-BR`; English for what has no catalogue."""
    known = locale if re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,2}", locale) else "en"
    return Translator(known, _catalogue(known), commands)
