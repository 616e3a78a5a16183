"""Make records by hand, link by link as in docs/record-format.md, honest and forged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.polls.audit import BallotRow, Record
from bot.polls.model import ChainLink, EndReason, Poll, PollState, Step
from bot.polls.poll_secrets import PollSecret
from bot.polls.record_format import Ending, Format1, Format2, RecordFormat, extension_commitment, named_voter
from bot.store.timestamps import to_stored
from tests.store.things import AFTER, CLOSES, COMMUNITY, poll

CHAIN_KEY = bytes(range(32))
LATER = CLOSES + timedelta(hours=1)


@dataclass
class RecordMaker:
    """Adds one step after another; `record` is the result. `number` is the format's."""

    secret: bool = True
    number: int = 2
    links: list[ChainLink] = field(default_factory=list)
    ballots: list[BallotRow] = field(default_factory=list)
    closing: list[str] = field(default_factory=list)
    closes_at: datetime = CLOSES
    state: PollState = PollState.OPEN

    @property
    def format(self) -> RecordFormat:
        return Format1() if self.number == 1 else Format2(CHAIN_KEY)

    @property
    def _poll(self) -> Poll:
        first = None if self.number == 1 else CLOSES
        return poll(secret=self.secret, format=self.number, first_closes_at=first, closes_at=self.closes_at)

    @property
    def head(self) -> str:
        return self.links[-1].hash if self.links else self.format.opening(self._poll)

    @property
    def counts(self) -> dict[str, int]:
        return dict(Counter(row.choice for row in self.ballots))

    def add(
        self, step: Step, commitment: str, replaces: int = 0, closes_at: datetime | None = None, receipt: str = ""
    ) -> int:
        """Add a link that fits the previous one, and return its number."""
        number, before = len(self.links) + 1, self.head
        made = self.format.link("p1", number, step.value, commitment, replaces, receipt, before)
        self.links.append(ChainLink(number, step, commitment, replaces, receipt, before, made, closes_at))
        return number

    def vote(self, voter: int, choice: str, step: Step | None = None, replaces: int | None = None) -> None:
        """Cast or change a voter's ballot, with its row."""
        stood = next((row for row in self.ballots if row.voter == self._voter(voter)), None)
        old = (stood.link or 0) if stood is not None else 0
        nonce = f"{len(self.links):032x}"
        salted = not self.secret and self.number == 2
        name, salt = None if self.secret else f"Member {voter}", f"{voter:032x}" if salted else None
        who = named_voter(salt, "p1", self._voter(voter), name or "") if salt is not None else None
        commitment = self.format.ballot(nonce, "p1", who or self._voter(voter), choice)
        step = step or (Step.CHANGE if old else Step.CAST)
        link = self.add(step, commitment, old if replaces is None else replaces)
        self.ballots = [row for row in self.ballots if row is not stood]
        self.ballots.append(BallotRow(self._voter(voter), choice, name, link, nonce, None, who, salt))

    def withdraw(self, voter: int) -> None:
        [stood] = [row for row in self.ballots if row.voter == self._voter(voter)]
        self.ballots.remove(stood)
        self.add(Step.WITHDRAW, "", stood.link or 0)

    def extend(self, closes_at: datetime = LATER) -> None:
        self.closes_at = closes_at
        self.add(Step.EXTEND, extension_commitment("p1", closes_at), closes_at=closes_at)

    def end(self, state: PollState = PollState.CLOSED) -> None:
        """Seal the ballots, and bind them with the last link."""
        if state is PollState.CANCELLED:
            self.ballots = []
        sealed = [replace(row, seal=f"{number:032x}") for number, row in enumerate(self.ballots)]
        if self.secret:
            sealed = [BallotRow(f"x{number}", row.choice, seal=row.seal) for number, row in enumerate(sealed)]
        self.ballots, self.state = sealed, state
        self.closing = sorted(self.format.closing(row.seal or "", "p1", row.choice) for row in sealed)
        ending = Ending(state, EndReason.HOST, AFTER)
        self.add(Step.CLOSE, self.format.close("p1", ending, self.closing, self.counts))

    def record(self) -> Record:
        is_open = self.state is PollState.OPEN
        row_key = b"" if self.number == 1 else b"row"
        keys = PollSecret(self.format, b"voter", row_key) if is_open else None
        ended: dict[str, Any] = (
            {} if is_open else {"closed_at": AFTER, "end_reason": EndReason.HOST, "chain_key": CHAIN_KEY.hex()}
        )
        subject = replace(
            self._poll, state=self.state, head=self.head, links=len(self.links), ballots=len(self.ballots), **ended
        )
        if keys is not None:
            seal = keys.row_seal("p1", self.head, len(self.links), len(self.ballots), to_stored(self.closes_at))
            subject = replace(subject, row_seal=seal)
        return Record(subject, tuple(self.links), tuple(self.ballots), tuple(self.closing), self.counts, keys)

    def _voter(self, voter: int) -> str:
        return f"pseudonym{voter}" if self.secret else f"{COMMUNITY}:{voter}"


def honest(state: PollState = PollState.CLOSED, *, secret: bool = True, number: int = 2) -> Record:
    """Make an honest record: links 1 to 5 are votes, 6 changes link 1, 7 withdraws link 2, 8 extends (format 2), the
    last closes.

    Three options have 1, 2 and 1 ballots at the end.
    """
    maker = RecordMaker(secret, number)
    for voter, choice in enumerate(("0", "1", "2", "0", "1")):
        maker.vote(voter, choice)
    maker.vote(0, "1")
    maker.withdraw(1)
    if number == 2:
        maker.extend()
    if state is not PollState.OPEN:
        maker.end(state)
    return maker.record()


def with_link(record: Record, number: int, **changes: Any) -> Record:
    """Return the record with other content in one link, and everything else as it was."""
    links = [replace(link, **changes) if link.number == number else link for link in record.links]
    return replace(record, links=links)


def without_links(record: Record, *numbers: int) -> Record:
    return replace(record, links=[link for link in record.links if link.number not in numbers])


def with_poll(record: Record, **changes: Any) -> Record:
    return replace(record, poll=replace(record.poll, **changes))


def with_ballot(record: Record, place: int, **changes: Any) -> Record:
    """Return the record with another row in this place, counted from 0."""
    rows: Sequence[BallotRow] = record.ballots
    return replace(record, ballots=[replace(row, **changes) if at == place else row for at, row in enumerate(rows)])


def without_ballot(record: Record, place: int) -> Record:
    return replace(record, ballots=[row for at, row in enumerate(record.ballots) if at != place])
