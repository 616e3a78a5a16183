"""Faults in the record of a poll, and their consequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import Refused
from bot.i18n import N_

NOT_WHOLE = N_(
    "Someone changed this poll's record outside the bot, so it has no result. The operator can see where with "
    "“parley polls verify”; its host can cancel it."
)


class RecordRule(StrEnum):
    """A broken rule of the record."""

    FROZEN_TEXT = "frozen-text"  # the question, the options or the rules differ from those that members voted on
    KEY = "key"  # an open poll's links can't be checked without its secret, or its secret is another poll's
    ROW = "row"  # the poll's row isn't as Parley last wrote it
    DEADLINE = "deadline"  # the close isn't at the time of the opening or of the last extension
    LINK_MISSING = "link-missing"
    LINK_CHANGED = "link-changed"  # its content doesn't give its hash
    LINK_OUT_OF_CHAIN = "link-out-of-chain"  # it doesn't continue the link before it
    LINK_OUT_OF_STEP = "link-out-of-step"  # its act is impossible there, such as replacing a link that doesn't stand
    HEAD = "head"  # the poll's head isn't the last link
    BALLOT_CHANGED = "ballot-changed"
    BALLOT_MISSING = "ballot-missing"
    BALLOT_UNKNOWN = "ballot-unknown"  # no link and no closing commitment stands for it
    CLOSING = "closing"  # the closing commitments or counts differ from those that the closing link binds
    COUNTS = "counts"  # the tally's input differs from the ballots
    STATE = "state"  # the poll's state and its chain don't agree


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A fault in a record. `place` is such as `link 17` or `ballot 5f3a9c…`; `text` is English."""

    rule: RecordRule
    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


class Tampered(Refused):
    """Raised when a poll takes no vote or can't be closed because its record doesn't hold; `findings` says where."""

    def __init__(self, findings: Sequence[Discrepancy]) -> None:
        super().__init__(NOT_WHOLE)
        self.findings = tuple(findings)
