"""The record of a poll and what it proves: commitments, receipts, the hash chain, and `verify`. Pure.

All hashes are SHA-256 in hex, over lines of text joined by a line feed (the poll's frozen text over JSON), so that
anybody can recompute them with a few lines in any language:

- the head of a chain without links: `parley poll 1` and the poll's frozen text as JSON (see `genesis`);
- a link: `parley link 1`, poll, number, step, commitment, replaces, receipt, before;
- a ballot's commitment: `parley ballot 1`, nonce, poll, voter, choice. In a secret poll the voter is a keyed hash;
- a closing commitment: `parley seal 1`, nonce, poll, choice. It knows no voter and no link;
- the commitment of the closing link: `parley close 1`, poll, state, every `choice count` sorted, every closing
  commitment sorted.

A receipt's code is 16 letters of base32 in groups of four; the link holds its hash. It proves that a ballot is
included, never what it says.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import Refused
from bot.i18n import N_
from bot.polls.model import Link, Poll, State, Step

NONCE_BYTES = 16
SECRET_BYTES = 32
_CODE_LETTERS = 16
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PAIRS = [one + other for one in _ALPHABET for other in _ALPHABET]
"""Base32 (RFC 4648) of ten bits; three times as fast as `base64.b32encode`, which every vote would feel."""

NOT_WHOLE = N_(
    "The record of this poll was changed outside the bot, so it has no result. "
    "Whoever runs the bot sees where with “parley polls verify”; the poll can be cancelled."
)


@dataclass(frozen=True, slots=True)
class BallotRow:
    """A standing ballot as it is stored.

    `voter` is a keyed hash while a secret poll is open, random text after its close, and the voter in a named poll.
    `link` and `nonce` (hex) open the commitment of the link that stands for it; a secret poll has neither after its
    close. `seal` (hex) opens its closing commitment; None while the poll is open.
    """

    voter: str
    choice: str
    name: str | None = None
    link: int | None = None
    nonce: str | None = None
    seal: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """All that is stored about how a poll went. `counts` is what the tally counts: choice → ballots."""

    poll: Poll
    links: Sequence[Link]
    ballots: Sequence[BallotRow]
    closing: Sequence[str]
    counts: Mapping[str, int]


class Rule(StrEnum):
    """Which rule of the record is broken."""

    FROZEN_TEXT = "frozen-text"  # the question, the options or the rules aren't those that were voted on
    LINK_MISSING = "link-missing"
    LINK_CHANGED = "link-changed"  # what it holds doesn't give its hash
    LINK_OUT_OF_CHAIN = "link-out-of-chain"  # it doesn't continue the link before it
    LINK_OUT_OF_STEP = "link-out-of-step"  # it does what can't be done there, such as replacing what doesn't stand
    HEAD = "head"  # the poll's head isn't the last link
    BALLOT_CHANGED = "ballot-changed"
    BALLOT_MISSING = "ballot-missing"
    BALLOT_UNKNOWN = "ballot-unknown"  # no link and no closing commitment stands for it
    CLOSING = "closing"  # the closing commitments or counts aren't those that the closing link binds
    COUNTS = "counts"  # what the tally counts isn't what the ballots say
    STATE = "state"  # the poll's state and its chain don't agree


@dataclass(frozen=True, slots=True)
class Finding:
    """Where a record doesn't hold, and how. `place` is such as `link 17` or `ballot 5f3a9c…`; `text` is English."""

    rule: Rule
    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


class Tampered(Refused):
    """Raised when a poll can't be closed because its record doesn't hold; `findings` says where."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(NOT_WHOLE)
        self.findings = tuple(findings)


def genesis(poll: Poll) -> str:
    """The head of the poll's chain before its first link: it binds what is frozen at the first vote."""
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
    return _hash("parley poll 1", json.dumps(frozen, sort_keys=True, separators=(",", ":")))


def link_hash(poll: str, number: int, step: str, commitment: str, replaces: int, receipt: str, before: str) -> str:
    return _hash("parley link 1", poll, str(number), step, commitment, str(replaces), receipt, before)


def ballot_commitment(nonce: str, poll: str, voter: str, choice: str) -> str:
    return _hash("parley ballot 1", nonce, poll, voter, choice)


def closing_commitment(nonce: str, poll: str, choice: str) -> str:
    return _hash("parley seal 1", nonce, poll, choice)


def close_commitment(poll: str, state: State, closing: Iterable[str], counts: Mapping[str, int]) -> str:
    """What the closing link holds: it binds every ballot and the counts."""
    tally = (f"{choice} {count}" for choice, count in sorted(counts.items()) if count)
    return _hash("parley close 1", poll, state.value, *tally, *sorted(closing))


def voter_key(secret: bytes, voter: str) -> str:
    """Who a voter is in a secret poll: a keyed hash, which nobody can make once the secret is gone."""
    return hmac.digest(secret, voter.encode(), "sha256").hex()


def receipt_code(secret: bytes, voter: str, number: int) -> str:
    """The code that the voter holds for the link with this number, the same whenever it is asked for."""
    digest = hmac.digest(secret, f"receipt\n{voter}\n{number}".encode(), "sha256")
    bits = int.from_bytes(digest[:10], "big")
    eight = [_PAIRS[bits >> shift & 1023] for shift in range(70, -1, -10)]
    return "{}{}-{}{}-{}{}-{}{}".format(*eight)


def typed_code(code: str) -> str:
    """The code as `receipt_code` spells it: case, spaces and dashes don't matter. Empty for what isn't a code."""
    letters = "".join(code.split()).replace("-", "").upper()
    if len(letters) != _CODE_LETTERS or not letters.isascii() or not letters.isalnum():
        return ""
    return "-".join((letters[:4], letters[4:8], letters[8:12], letters[12:]))


def receipt_hash(code: str) -> str:
    """What the link holds of a code, as `receipt_code` spells it."""
    return hashlib.sha256(code.encode()).hexdigest()


def verify(record: Record) -> list[Finding]:
    """Recomputes the whole record: chain, replacements, commitments, counts. Empty: everything holds."""
    chain = _Chain(record.poll)
    findings = list(chain.follow(record.links))
    findings += _state(record)
    findings += _linked(record, chain.standing)
    findings += _closing(record, chain.standing) if record.poll.state is not State.OPEN else ()
    findings += _counts(record)
    return findings


class _Chain:
    """Follows the links in order; `standing` are the links that no later one replaced, by number."""

    def __init__(self, poll: Poll) -> None:
        self._poll = poll
        self.standing: dict[int, Link] = {}

    def follow(self, links: Sequence[Link]) -> Iterator[Finding]:
        before = start = genesis(self._poll)
        number = 0
        for link in links:
            for missing in range(number + 1, link.number):
                yield Finding(Rule.LINK_MISSING, f"link {missing}", "it isn't there")
            if link.before != before and link.number == number + 1:
                yield self._broken(link, first=before is start)
            yield from self._single(link)
            number, before = link.number, link.hash
        for missing in range(number + 1, self._poll.links + 1):
            yield Finding(Rule.LINK_MISSING, f"link {missing}", "it isn't there")
        if not links and self._poll.head != start and not self._poll.links:
            yield Finding(Rule.FROZEN_TEXT, "poll", "its question, options or rules aren't those it was opened with")
        elif links and (self._poll.head != before or self._poll.links < number):
            yield Finding(Rule.HEAD, "poll", f"its head isn't link {number}")

    @staticmethod
    def _broken(link: Link, *, first: bool) -> Finding:
        if first:
            return Finding(Rule.FROZEN_TEXT, "poll", "its question, options or rules aren't those that were voted on")
        return Finding(Rule.LINK_OUT_OF_CHAIN, f"link {link.number}", f"it doesn't continue link {link.number - 1}")

    def _single(self, link: Link) -> Iterator[Finding]:
        place = f"link {link.number}"
        fields = (link.number, link.step.value, link.commitment, link.replaces, link.receipt, link.before)
        if link_hash(self._poll.id, *fields) != link.hash:
            yield Finding(Rule.LINK_CHANGED, place, "what it holds doesn't give its hash")
        if bool(link.replaces) != (link.step in {Step.CHANGE, Step.WITHDRAW}):
            yield Finding(Rule.LINK_OUT_OF_STEP, place, f"a {link.step.value} can't replace link {link.replaces}")
        elif link.replaces and self.standing.pop(link.replaces, None) is None:
            yield Finding(Rule.LINK_OUT_OF_STEP, place, f"it replaces link {link.replaces}, which doesn't stand")
        if link.step in {Step.CAST, Step.CHANGE}:
            self.standing[link.number] = link


def _state(record: Record) -> Iterator[Finding]:
    closes = [link.number for link in record.links if link.step is Step.CLOSE]
    if record.poll.state is State.OPEN:
        for number in closes:
            yield Finding(Rule.STATE, f"link {number}", "it closes the poll, and the poll is open")
        return
    if not closes or closes[-1] != record.links[-1].number or len(closes) > 1:
        yield Finding(Rule.STATE, "poll", f"it is {record.poll.state.value}, and its chain doesn't end with one close")


def _linked(record: Record, standing: Mapping[int, Link]) -> Iterator[Finding]:
    """Ballots that still know their link: those of open polls and of named ones."""
    poll = record.poll
    seen: set[int] = set()
    for row in record.ballots:
        if row.link is None or row.nonce is None:
            if poll.state is State.OPEN:
                yield Finding(Rule.BALLOT_UNKNOWN, _row(row), "no link stands for it")
            continue
        link = standing.get(row.link)
        if link is None or row.link in seen:
            yield Finding(Rule.BALLOT_UNKNOWN, _row(row), f"link {row.link} doesn't stand for it")
        elif ballot_commitment(row.nonce, poll.id, row.voter, row.choice) != link.commitment:
            yield Finding(Rule.BALLOT_CHANGED, _row(row), f"it isn't what link {row.link} committed to")
        seen.add(row.link)
    if poll.state is State.OPEN:
        for number in standing:
            if number not in seen:
                yield Finding(Rule.BALLOT_MISSING, f"link {number}", "the ballot that it stands for isn't there")


def _closing(record: Record, standing: Mapping[int, Link]) -> Iterator[Finding]:
    """After the close: ballots against the closing commitments, and those against the closing link."""
    poll = record.poll
    left = Counter(record.closing)
    for row in record.ballots:
        commitment = closing_commitment(row.seal or "", poll.id, row.choice)
        if left[commitment] < 1:
            yield Finding(Rule.BALLOT_CHANGED, _row(row), "no closing commitment stands for it")
        left[commitment] -= 1
    for commitment, count in left.items():
        if count > 0:
            text = "the ballot that it stands for was changed or isn't there"
            yield Finding(Rule.BALLOT_MISSING, f"closing commitment {commitment[:12]}", text)
    last = record.links[-1] if record.links else None
    if last is None or last.step is not Step.CLOSE:
        return
    if close_commitment(poll.id, poll.state, record.closing, record.counts) != last.commitment:
        text = "the closing commitments or the counts aren't those that it binds"
        yield Finding(Rule.CLOSING, f"link {last.number}", text)
    if poll.state is State.CLOSED and len(record.closing) != len(standing):
        text = f"{len(standing)} ballots stood at the close, and {len(record.closing)} closing commitments are there"
        yield Finding(Rule.CLOSING, "poll", text)


def _counts(record: Record) -> Iterator[Finding]:
    told = Counter(row.choice for row in record.ballots)
    for choice in sorted(told.keys() | record.counts.keys()):
        if told[choice] != record.counts.get(choice, 0):
            text = f"{record.counts.get(choice, 0)} are counted, {told[choice]} ballots say so"
            yield Finding(Rule.COUNTS, f"count of {choice}", text)
    if record.poll.ballots != len(record.ballots):
        text = f"{record.poll.ballots} ballots are counted, {len(record.ballots)} are there"
        yield Finding(Rule.COUNTS, "poll", text)


def _row(row: BallotRow) -> str:
    return f"ballot {row.voter[:16]}" if row.name is None else f"ballot of {row.voter}"


def _hash(*lines: str) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
