"""The ballots that a close writes, computed from the record. Pure: the caller passes the source of randomness."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.polls import audit
from bot.polls.audit import NONCE_BYTES, Record
from bot.polls.discrepancies import Tampered


@dataclass(frozen=True, slots=True)
class Sealed:
    """A verified record, and the replacements for its ballots. It is valid until the poll's head changes.

    Every ballot has a fresh nonce, and in a secret poll a fresh random name instead of voter and link. The rows are
    sorted by these names, so their order reveals nothing. `closing` are the closing commitments, sorted.
    """

    record: Record
    ballots: Sequence[Mapping[str, str]]
    closing: Sequence[str]


def seal(record: Record, random_bytes: Callable[[int], bytes]) -> Sealed:
    """Compute the replacements for the ballots of a record, after verifying it.

    Raise `Tampered` if the record doesn't hold, so that sealing never hides a change.
    """
    record_format = record.format
    if (findings := audit.verify(record)) or record_format is None:
        raise Tampered(findings)
    poll = record.poll.id
    sealed = [(row, random_bytes(NONCE_BYTES).hex()) for row in record.ballots]
    closing = [record_format.closing(nonce, poll, row.choice) for row, nonce in sealed]
    if record.poll.secret:
        rows = [
            {"poll": poll, "voter": random_bytes(NONCE_BYTES).hex(), "choice": row.choice, "seal": nonce}
            for row, nonce in sealed
        ]
        rows.sort(key=lambda row: row["voter"])
    else:
        rows = [{"poll": poll, "voter": row.voter, "seal": nonce} for row, nonce in sealed]
    return Sealed(record, rows, sorted(closing))
