"""What a check found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


class End(StrEnum):
    OK = "ok"
    NOTE = "note"
    """Worth knowing; Parley runs."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """`mend` is a command, or what to do where there is none. No secret is in any of it."""

    check: str
    end: End
    says: str
    mend: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def ok(check: str, says: str) -> Finding:
    return Finding(check, End.OK, says)


def note(check: str, says: str, mend: str = "") -> Finding:
    return Finding(check, End.NOTE, says, mend)


def wrong(check: str, says: str, mend: str) -> Finding:
    return Finding(check, End.WRONG, says, mend)
