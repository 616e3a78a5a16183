"""The proof of a poll's record: `verify` recomputes chain, ballots and counts. Pure.

bot/polls/record_format.py defines the hashes; docs/record-format.md describes them for everybody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.i18n import amount
from bot.polls.discrepancies import Discrepancy, RecordRule
from bot.polls.model import ChainLink, EndReason, Poll, PollState, Step
from bot.polls.poll_secrets import PollSecret
from bot.polls.record_format import Ending, Format1, Format2, RecordFormat, extension_commitment, named_voter
from bot.store.timestamps import to_stored

NONCE_BYTES = 16
"""Random bytes of a nonce, a seal or a salt."""
_KEYED = frozenset({RecordRule.FROZEN_TEXT, RecordRule.LINK_CHANGED})
"""Rules about links that need the chain key."""
NO_KEY = Discrepancy(
    RecordRule.KEY, "poll", "it is open, and without the secret that its instance key opens its links can't be checked"
)


@dataclass(frozen=True, slots=True)
class BallotRow:
    """A standing ballot as the database stores it.

    `voter` is a keyed hash while a secret poll is open, random text after its close, and the voter in a named poll.
    `link` and `nonce` (hex) open the commitment of the ballot's link; a secret poll has neither after its close. `seal`
    (hex) opens its closing commitment; None while the poll is open. In a named poll of format 2, the commitment covers
    `who`, which `salt` (hex) opens to voter and name; an erased voter leaves `who` alone.
    """

    voter: str
    choice: str
    name: str | None = None
    link: int | None = None
    nonce: str | None = None
    seal: str | None = None
    who: str | None = None
    salt: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that is stored about the course of a poll. `counts` is the tally's input: choice → ballots.

    `secret` has the keys of an open poll, None if they are unavailable.
    """

    poll: Poll
    links: Sequence[ChainLink]
    ballots: Sequence[BallotRow]
    closing: Sequence[str]
    counts: Mapping[str, int]
    secret: PollSecret | None = None
    ended_here: bool = True
    """False if the instance key is at hand and shows that no Parley with it ended the poll."""

    @property
    def format(self) -> RecordFormat | None:
        """Return the format of its hashes; None for an open poll without its keys."""
        if self.poll.format == Format1.number:
            return Format1()
        if self.poll.state is PollState.OPEN:
            return None if self.secret is None else self.secret.format
        return Format2(bytes.fromhex(self.poll.chain_key))


def verify(record: Record) -> list[Discrepancy]:
    """Recompute the whole record: chain, replacements, commitments, counts. An empty list means that everything holds."""
    record_format = record.format or Format2(b"")
    chain = _Chain(record.poll, record_format)
    findings = list(chain.follow(record.links))
    if record.format is None:  # no link's hash can be recomputed
        findings = [NO_KEY, *(finding for finding in findings if finding.rule not in _KEYED)]
    findings += _row(record)
    findings += _state(record)
    findings += _deadline(record)
    findings += _linked(record, record_format, chain.standing)
    if record.poll.state is not PollState.OPEN:
        findings += _closing(record, record_format, chain.standing)
    findings += _counts(record)
    return findings


def has_head(record: Record, head: str) -> bool:
    """Whether the chain ever had a head that starts with these letters: at the opening or after a link."""
    first = record.format.opening(record.poll) if record.format is not None else ""
    return any(each.startswith(head) for each in (first, *(link.hash for link in record.links)))


def stands(record: Record, link: ChainLink) -> bool:
    """Whether a standing link is Parley's, and the record's only row is its ballot.

    A closed secret poll has no row that knows its link, nor has a voter who was erased under format 1.
    """
    poll, record_format = record.poll, record.format
    if record_format is None or not _is_made(record_format, poll.id, link):
        return False
    if not record.ballots:
        return poll.state is not PollState.OPEN
    [row] = record.ballots
    opens = record_format.ballot(row.nonce or "", poll.id, _bound_voter(row), row.choice) == link.commitment
    return opens and _shows_its_voter(row, poll.id)


def proven_names(record: Record) -> list[tuple[str, str]]:
    """Return name and ballot of each row of a named poll; the name is empty if its link doesn't prove it.

    That happens to a voter whose data was erased, and to a row that somebody changed.
    """
    replaced = {link.replaces for link in record.links}
    commitments = {link.number: link.commitment for link in record.links if link.number not in replaced}
    record_format = record.format
    if record_format is None:
        return [("", row.choice) for row in record.ballots]
    poll = record.poll.id
    return [
        (row.name or "" if _is_proven(row, poll, record_format, commitments.get(row.link or 0)) else "", row.choice)
        for row in record.ballots
    ]


def _is_proven(row: BallotRow, poll: str, record_format: RecordFormat, commitment: str | None) -> bool:
    if row.nonce is None or (record_format.number == Format2.number and (row.who is None or row.salt is None)):
        return False
    return (
        _shows_its_voter(row, poll)
        and record_format.ballot(row.nonce, poll, _bound_voter(row), row.choice) == commitment
    )


def _bound_voter(row: BallotRow) -> str:
    """Return the voter's part of the ballot's commitment."""
    return row.who or row.voter


def _shows_its_voter(row: BallotRow, poll: str) -> bool:
    """Whether voter and name match the ballot's commitment. An erased voter's ballot has no name."""
    if row.who is None:
        return True
    if row.salt is None:
        return row.name is None
    return named_voter(row.salt, poll, row.voter, row.name or "") == row.who


class _Chain:
    """Follows the links in order; `standing` are the links that no later one replaced, by number."""

    def __init__(self, poll: Poll, record_format: RecordFormat) -> None:
        self._poll = poll
        self._format = record_format
        self.standing: dict[int, ChainLink] = {}

    def follow(self, links: Sequence[ChainLink]) -> Iterator[Discrepancy]:
        before = start = self._format.opening(self._poll)
        number = 0
        for link in links:
            for missing in range(number + 1, link.number):
                yield Discrepancy(RecordRule.LINK_MISSING, f"link {missing}", "it isn't there")
            if link.before != before and link.number == number + 1:
                yield self._broken(link, first=before is start)
            yield from self._single(link)
            number, before = link.number, link.hash
        for missing in range(number + 1, self._poll.links + 1):
            yield Discrepancy(RecordRule.LINK_MISSING, f"link {missing}", "it isn't there")
        if not links and self._poll.head != start and not self._poll.links:
            yield Discrepancy(
                RecordRule.FROZEN_TEXT, "poll", "its question, options or rules aren't those it was opened with"
            )
        elif links and (self._poll.head != before or self._poll.links < number):
            yield Discrepancy(RecordRule.HEAD, "poll", f"its head isn't link {number}")

    @staticmethod
    def _broken(link: ChainLink, *, first: bool) -> Discrepancy:
        if first:
            return Discrepancy(
                RecordRule.FROZEN_TEXT, "poll", "its question, options or rules aren't the ones in the vote"
            )
        return Discrepancy(
            RecordRule.LINK_OUT_OF_CHAIN, f"link {link.number}", f"it doesn't continue link {link.number - 1}"
        )

    def _single(self, link: ChainLink) -> Iterator[Discrepancy]:
        place = f"link {link.number}"
        if not _is_made(self._format, self._poll.id, link) or not self._extends(link):
            yield Discrepancy(RecordRule.LINK_CHANGED, place, "what it holds doesn't give its hash")
        if bool(link.replaces) != (link.step in {Step.CHANGE, Step.WITHDRAW}):
            yield Discrepancy(
                RecordRule.LINK_OUT_OF_STEP, place, f"a {link.step.value} can't replace link {link.replaces}"
            )
        elif link.replaces and self.standing.pop(link.replaces, None) is None:
            yield Discrepancy(
                RecordRule.LINK_OUT_OF_STEP, place, f"it replaces link {link.replaces}, which doesn't stand"
            )
        if link.step in {Step.CAST, Step.CHANGE}:
            self.standing[link.number] = link

    def _extends(self, link: ChainLink) -> bool:
        """Whether an extension holds the close that it commits to, and no other link holds one."""
        if link.step is not Step.EXTEND or link.closes_at is None:
            return link.step is not Step.EXTEND and link.closes_at is None
        return (
            self._format.number == Format2.number
            and extension_commitment(self._poll.id, link.closes_at) == link.commitment
        )


def _is_made(record_format: RecordFormat, poll: str, link: ChainLink) -> bool:
    """Whether the link's hash is that of its content."""
    fields = (link.number, link.step.value, link.commitment, link.replaces, link.receipt, link.before)
    return record_format.link(poll, *fields) == link.hash


def _row(record: Record) -> Iterator[Discrepancy]:
    """Check that the poll's row is as Parley wrote it."""
    poll, secret = record.poll, record.secret
    if poll.state is not PollState.OPEN and not record.ended_here:
        text = (
            "no Parley with this instance key ended it: it was ended by hand, or the key was replaced without a rekey"
        )
        yield Discrepancy(RecordRule.ROW, "poll", text)
    if poll.state is not PollState.OPEN or secret is None:
        return
    seal = secret.row_seal(poll.id, poll.head, poll.links, poll.ballots, to_stored(poll.closes_at))
    if poll.row_seal != seal:
        text = "its head, its counts of links and ballots or its close aren't what Parley wrote last"
        yield Discrepancy(RecordRule.ROW, "poll", text)


def _deadline(record: Record) -> Iterator[Discrepancy]:
    poll = record.poll
    if poll.format == Format1.number:  # in that format, no link says when a poll closes
        return
    moved = [link.closes_at for link in record.links if link.closes_at is not None]
    if poll.closes_at != (moved[-1] if moved else poll.first_closes_at):
        text = "its close isn't at the time of its opening or of its last extension"
        yield Discrepancy(RecordRule.DEADLINE, "poll", text)


def _state(record: Record) -> Iterator[Discrepancy]:
    closes = [link.number for link in record.links if link.step is Step.CLOSE]
    if record.poll.state is PollState.OPEN:
        for number in closes:
            yield Discrepancy(RecordRule.STATE, f"link {number}", "it closes the poll, and the poll is open")
        return
    if not closes or closes[-1] != record.links[-1].number or len(closes) > 1:
        yield Discrepancy(
            RecordRule.STATE, "poll", f"it is {record.poll.state.value}, and its chain doesn't end with one close"
        )


def _linked(record: Record, record_format: RecordFormat, standing: Mapping[int, ChainLink]) -> Iterator[Discrepancy]:
    """Check the ballots that still know their link: those of open polls and of named ones."""
    poll = record.poll
    named2 = not poll.secret and poll.format == Format2.number and poll.state is not PollState.CANCELLED
    all_know_it = poll.state is PollState.OPEN or named2
    numbers: set[int] = set()
    for row in record.ballots:
        if row.link is None or row.nonce is None:
            if all_know_it:
                yield Discrepancy(RecordRule.BALLOT_UNKNOWN, place_of(row), "no link stands for it")
            continue
        link = standing.get(row.link)
        if link is None or row.link in numbers:
            yield Discrepancy(RecordRule.BALLOT_UNKNOWN, place_of(row), f"link {row.link} doesn't stand for it")
        elif record_format.ballot(row.nonce, poll.id, _bound_voter(row), row.choice) != link.commitment:
            yield Discrepancy(RecordRule.BALLOT_CHANGED, place_of(row), f"it isn't what link {row.link} committed to")
        elif (row.who is not None) != named2 or not _shows_its_voter(row, poll.id):
            text = f"its voter or name isn't the one that link {row.link} committed to"
            yield Discrepancy(RecordRule.BALLOT_CHANGED, place_of(row), text)
        numbers.add(row.link)
    if all_know_it:
        for number in standing:
            if number not in numbers:
                yield Discrepancy(
                    RecordRule.BALLOT_MISSING, f"link {number}", "the ballot that it stands for isn't there"
                )


def _closing(record: Record, record_format: RecordFormat, standing: Mapping[int, ChainLink]) -> Iterator[Discrepancy]:
    """After the close, check ballots against the closing commitments, and those against the closing link."""
    poll = record.poll
    unmatched = Counter(record.closing)
    for row in record.ballots:
        commitment = record_format.closing(row.seal or "", poll.id, row.choice)
        if unmatched[commitment] < 1:
            yield Discrepancy(RecordRule.BALLOT_CHANGED, place_of(row), "no closing commitment stands for it")
        unmatched[commitment] -= 1
    for commitment, count in unmatched.items():
        if count > 0:
            text = "the ballot that it stands for was changed or isn't there"
            yield Discrepancy(RecordRule.BALLOT_MISSING, f"closing commitment {commitment[:12]}", text)
    last = record.links[-1] if record.links else None
    if last is None or last.step is not Step.CLOSE:
        return
    if record_format.close(poll.id, ending_of(poll), record.closing, record.counts) != last.commitment:
        text = "the closing commitments or the counts aren't the ones it binds"
        yield Discrepancy(RecordRule.CLOSING, f"link {last.number}", text)
    if poll.state is PollState.CLOSED and len(record.closing) != len(standing):
        text = (
            f"{amount(len(standing), 'ballot')} stood at the close, and the record has "
            f"{amount(len(record.closing), 'closing commitment')}"
        )
        yield Discrepancy(RecordRule.CLOSING, "poll", text)


def ending_of(poll: Poll) -> Ending:
    """Return a poll's ending. Nothing commits to that of a row without time or reason, which Parley never writes."""
    return Ending(poll.state, poll.end_reason or EndReason.PARLEY, poll.closed_at or poll.opened_at)


def _counts(record: Record) -> Iterator[Discrepancy]:
    recount = Counter(row.choice for row in record.ballots)
    for choice in sorted(recount.keys() | record.counts.keys()):
        if recount[choice] != record.counts.get(choice, 0):
            text = f"{record.counts.get(choice, 0)} in the count, {amount(recount[choice], 'ballot')} in the record"
            yield Discrepancy(RecordRule.COUNTS, f"count of {choice}", text)
    if record.poll.ballots != len(record.ballots):
        text = f"{amount(record.poll.ballots, 'ballot')} in the count, {len(record.ballots)} in the record"
        yield Discrepancy(RecordRule.COUNTS, "poll", text)


def place_of(row: BallotRow) -> str:
    """Return the name of a ballot in a finding."""
    return f"ballot {row.voter[:16]}" if row.name is None else f"ballot of {row.voter}"
