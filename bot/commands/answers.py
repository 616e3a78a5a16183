"""Read the answers to a form."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from bot.chat.vocabulary import Answers
from bot.errors import Refused
from bot.i18n import Translator

_Picked = TypeVar("_Picked", bound=StrEnum)


def answer(answers: Answers, name: str) -> str:
    value = answers.get(name, "")
    return value if isinstance(value, str) else "\n".join(value)


def picked(answers: Answers, name: str, default: _Picked, t: Translator) -> _Picked:
    """Return the member's pick from a list of one kind. Raise Refused for a value that the list never offered."""
    value = answers.get(name) or (default.value,)
    try:
        return type(default)(value if isinstance(value, str) else value[0])
    except ValueError:
        raise Refused(t("Open the form again and pick one of its choices.")) from None
