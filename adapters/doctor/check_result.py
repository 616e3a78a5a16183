"""The result of a check."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


class End(StrEnum):
    OK = "ok"
    NOTE = "note"
    """Worth knowing, though Parley runs."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check of `parley doctor`. `mend` is a command, or an instruction if there is none. Holds no
    secret."""

    check: str
    end: End
    says: str
    mend: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def ok(check: str, says: str) -> CheckResult:
    return CheckResult(check, End.OK, says)


def note(check: str, says: str, mend: str = "") -> CheckResult:
    return CheckResult(check, End.NOTE, says, mend)


def wrong(check: str, says: str, mend: str) -> CheckResult:
    return CheckResult(check, End.WRONG, says, mend)
