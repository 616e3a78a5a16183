"""The secret of an open poll, and its derived keys.

Format 2 derives three keys, each for one purpose: the voter key (pseudonyms, receipt codes), the row key (the poll's
row in the database) and the chain key (links). The close destroys the first two with the secret; the closed record
publishes the chain key, which leads to neither the secret nor the other keys.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from bot.polls.discrepancies import Discrepancy, RecordRule, Tampered
from bot.polls.model import Poll
from bot.polls.receipts import code_of
from bot.polls.record_format import Format1, Format2, RecordFormat, pack
from bot.store.keys import Keys

SECRET_BYTES = 32
_END_PURPOSE = "poll ends"
SECRETS_MAX = 1_000
"""Unwrapped secrets of open polls in memory."""


@dataclass(frozen=True, slots=True)
class PollSecret:
    """The keys derived from the secret of an open poll, and their uses."""

    format: RecordFormat
    voter_key: bytes
    row_key: bytes = b""

    @property
    def chain_key(self) -> str:
        """Return the key that the closed record publishes, in hex; empty under format 1."""
        return self.format.chain_key.hex() if isinstance(self.format, Format2) else ""

    def pseudonym(self, voter: str) -> str:
        """Return the pseudonym of a voter in a secret poll: nobody can compute it without the secret."""
        return hmac.digest(self.voter_key, voter.encode(), "sha256").hex()

    def code(self, voter: str, number: int) -> str:
        """Return the voter's code for the link with this number, the same each time.

        `voter` is the value in the ballot's row.
        """
        return code_of(hmac.digest(self.voter_key, f"receipt\n{voter}\n{number}".encode(), "sha256"))

    def row_seal(self, poll: str, head: str, links: int, ballots: int, closes_at: int) -> str:
        """Return the proof that Parley wrote the poll's row; empty under format 1. `closes_at` is in microseconds.

        The database holds only the latest proof. So nobody can set a row back to an earlier link without an old copy.
        """
        if not self.row_key:
            return ""
        fields = ("parley row 2", poll, head, str(links), str(ballots), str(closes_at))
        return hmac.digest(self.row_key, pack(*fields), "sha256").hex()


def sealed_secret(poll: str, secret: bytes) -> bytes:
    """Return a new poll's secret, to be wrapped. It names its format and its poll, so it fits no other."""
    return pack("parley secret 2", poll) + secret


def read_secret(poll: str, stored: bytes, record_format: int) -> PollSecret:
    """Return the keys of an open poll. Raise `Tampered` for another poll's secret, or one of another format."""
    prefix = pack("parley secret 2", poll)
    if record_format == 1 and len(stored) == SECRET_BYTES:
        return PollSecret(Format1(), stored)
    if record_format == Format2.number and stored.startswith(prefix) and len(stored) == len(prefix) + SECRET_BYTES:
        secret = stored[len(prefix) :]
        return PollSecret(
            Format2(_derive(secret, "chain")), voter_key=_derive(secret, "voter"), row_key=_derive(secret, "row")
        )
    raise Tampered([Discrepancy(RecordRule.KEY, "poll", "its secret belongs to another poll or another format")])


def _derive(secret: bytes, purpose: str) -> bytes:
    """HKDF-Expand of 32 bytes (https://www.rfc-editor.org/rfc/rfc5869#section-2.3); the secret is random already."""
    return hmac.digest(secret, f"parley {purpose} key 2".encode() + b"\x01", "sha256")


class OpenSecrets:
    """The secrets of open polls, unwrapped once."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self._unwrapped: dict[str, tuple[str, int, PollSecret]] = {}

    def of(self, poll: str, wrapped: str, record_format: int) -> PollSecret:
        """Return the poll's keys. Raise `Unavailable` if another instance key wrapped its secret, and `Tampered`."""
        entry = self._unwrapped.get(poll)
        if entry is not None and entry[:2] == (wrapped, record_format):
            return entry[2]
        secret = read_secret(poll, self.keys.unwrap(wrapped), record_format)
        if len(self._unwrapped) >= SECRETS_MAX:
            self._unwrapped.clear()
        self._unwrapped[poll] = (wrapped, record_format, secret)
        return secret

    def end_seal(self, poll: Poll) -> str:
        """Return the proof that a Parley with this instance key ended the poll. Its chain key is public by then."""
        return self._end_seals(poll)[0]

    def ended(self, poll: Poll) -> bool:
        """Whether a Parley with this instance key ended the poll. Format 1 has no such proof."""
        return poll.format == Format1.number or poll.row_seal in self._end_seals(poll)

    def _end_seals(self, poll: Poll) -> list[str]:
        return self.keys.macs(_END_PURPOSE, pack("parley end 2", poll.id, poll.state.value, poll.head, poll.chain_key))

    def forget(self, poll: str) -> None:
        self._unwrapped.pop(poll, None)
