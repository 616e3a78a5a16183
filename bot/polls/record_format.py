"""The hashes of a record, byte for byte: formats 1 and 2. Pure.

docs/record-format.md describes format 2 for authors of verifiers. Format 1 is that of polls opened by earlier releases:
SHA-256 over lines of text joined by a line feed, without a key, so anybody with write access can forge such a record.

Every hash is 64 hexadecimal letters, and so is every key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Protocol

from bot.polls.model import EndReason, Poll, PollState


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a poll: closed or cancelled, the cause, and the time."""

    state: PollState
    reason: EndReason
    at: datetime


class RecordFormat(Protocol):
    """The hash of each part of a record."""

    @property
    def number(self) -> int: ...

    def opening(self, poll: Poll) -> str:
        """Return the head before the first link: it binds everything that is frozen when the poll opens."""
        ...

    def link(
        self, poll: str, number: int, step: str, commitment: str, replaces: int, receipt: str, before: str
    ) -> str: ...

    def ballot(self, nonce: str, poll: str, voter: str, choice: str) -> str:
        """Return a ballot's commitment.

        `voter` is the pseudonym in a secret poll, and the result of `named_voter` in a named one (format 1: the voter).
        """
        ...

    def closing(self, nonce: str, poll: str, choice: str) -> str:
        """Return a closing commitment, which contains neither voter nor link."""
        ...

    def close(self, poll: str, ending: Ending, closing: Iterable[str], counts: Mapping[str, int]) -> str:
        """Return the closing link's commitment: it binds every ballot and the counts."""
        ...


@dataclass(frozen=True, slots=True)
class Format1:
    """Hashes without a key."""

    number: ClassVar[int] = 1

    def opening(self, poll: Poll) -> str:
        frozen = {
            "id": poll.id,
            "question": poll.question,
            "options": [[option.name, option.entry] for option in poll.options],
            "method": poll.method.value,
            "max_choices": poll.max_choices,
            "secret": poll.secret,
            "roles": sorted(poll.roles),
            "joined_before": poll.joined_before,
            "quorum": poll.quorum,
            "opened_at": poll.opened_at.isoformat(),
        }
        return _lines("parley poll 1", json.dumps(frozen, sort_keys=True, separators=(",", ":")))

    def link(self, poll: str, number: int, step: str, commitment: str, replaces: int, receipt: str, before: str) -> str:
        return _lines("parley link 1", poll, str(number), step, commitment, str(replaces), receipt, before)

    def ballot(self, nonce: str, poll: str, voter: str, choice: str) -> str:
        return _lines("parley ballot 1", nonce, poll, voter, choice)

    def closing(self, nonce: str, poll: str, choice: str) -> str:
        return _lines("parley seal 1", nonce, poll, choice)

    def close(self, poll: str, ending: Ending, closing: Iterable[str], counts: Mapping[str, int]) -> str:
        tally = (f"{choice} {count}" for choice, count in sorted(counts.items()) if count)
        return _lines("parley close 1", poll, ending.state.value, *tally, *sorted(closing))


@dataclass(frozen=True, slots=True)
class Format2:
    """Links are HMACs under the poll's chain key, and each field is preceded by its length."""

    chain_key: bytes
    number: ClassVar[int] = 2

    def opening(self, poll: Poll) -> str:
        options = [part for option in poll.options for part in (option.name, option.entry, option.words)]
        roles = sorted(poll.roles)
        first_close = poll.first_closes_at or poll.closes_at
        return self._mac(
            "parley opening 2",
            poll.id,
            poll.community,
            poll.question,
            poll.method.value,
            str(poll.max_choices),
            poll.results.value,
            _flag(poll.secret),
            str(poll.quorum),
            _flag(poll.joined_before),
            poll.topic,
            written_time(poll.opened_at),
            written_time(first_close),
            str(len(roles)),
            *roles,
            str(len(poll.options)),
            *options,
        )

    def link(self, poll: str, number: int, step: str, commitment: str, replaces: int, receipt: str, before: str) -> str:
        return self._mac("parley link 2", poll, str(number), step, commitment, str(replaces), receipt, before)

    def ballot(self, nonce: str, poll: str, voter: str, choice: str) -> str:
        return _hash("parley ballot 2", nonce, poll, voter, choice)

    def closing(self, nonce: str, poll: str, choice: str) -> str:
        return _hash("parley seal 2", nonce, poll, choice)

    def close(self, poll: str, ending: Ending, closing: Iterable[str], counts: Mapping[str, int]) -> str:
        tally = [(choice, str(count)) for choice, count in sorted(counts.items()) if count]
        seals = sorted(closing)
        return _hash(
            "parley close 2",
            poll,
            ending.state.value,
            ending.reason.value,
            written_time(ending.at),
            str(len(tally)),
            *(part for pair in tally for part in pair),
            str(len(seals)),
            *seals,
        )

    def _mac(self, *fields: str) -> str:
        return hmac.digest(self.chain_key, pack(*fields), "sha256").hex()


def named_voter(salt: str, poll: str, voter: str, name: str) -> str:
    """Return the voter's part of a ballot's commitment in a named poll. Without the salt it leads to nobody."""
    return _hash("parley voter 2", salt, poll, voter, name)


def extension_commitment(poll: str, closes_at: datetime) -> str:
    """Return the commitment of an extension's link. Format 1 has no such link."""
    return _hash("parley extension 2", poll, written_time(closes_at))


def written_time(time: datetime) -> str:
    """Write a time as it stands in the record: ISO 8601 in UTC, such as `2026-12-01T18:00:00+00:00`."""
    return time.astimezone(UTC).isoformat()


def pack(*fields: str) -> bytes:
    """Write each field as its length in bytes, a colon, the text in UTF-8 and a comma."""
    text = "".join([f"{len(field)}:{field}," for field in fields])
    if text.isascii():  # nearly always, and twice as fast
        return text.encode()
    return b"".join([b"%d:%b," % (len(part), part) for part in map(str.encode, fields)])


def _hash(*fields: str) -> str:
    return hashlib.sha256(pack(*fields)).hexdigest()


def _lines(*lines: str) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _flag(value: bool) -> str:
    return "1" if value else "0"
