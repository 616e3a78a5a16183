"""A refusal that comes with a remedy."""

from __future__ import annotations

from bot.chat.vocabulary import Control
from bot.errors import Refused
from bot.i18n import N_


class ChoiceNeeded(Refused):
    """Raised when a member has to choose. Each control repeats the request for one of the candidates."""

    title = N_("Which one?")

    def __init__(self, message: str, controls: tuple[Control, ...]) -> None:
        super().__init__(message)
        self.controls = controls
