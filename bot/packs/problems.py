"""The problems that a check of a pack finds, with their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.errors import BotError


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One problem. `line` and `column` count from 1; a problem of a whole file stands at 1:1.

    `message` says what is wrong and what to do; `code` is a stable short name of the rule (`dangling-id`).
    """

    file: Path
    line: int
    column: int
    severity: Severity
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.severity}: {self.message} [{self.code}]"


class ContentError(BotError):
    """Raised when a pack can't be served; `problems` says where and why."""

    def __init__(self, message: str, problems: Sequence[Problem]) -> None:
        super().__init__(message)
        self.problems = tuple(problems)
