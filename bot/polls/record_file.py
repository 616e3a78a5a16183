"""Write and read a closed poll's record as a JSON file. docs/record-format.md describes the file.

Anybody checks it without a database: `audit.verify(read_record(text))`.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from bot.errors import Refused
from bot.polls.audit import BallotRow, Record
from bot.polls.counting.ballots import Method
from bot.polls.model import ChainLink, EndReason, Poll, PollOption, PollState, Results, Step
from bot.polls.record_format import Format1, written_time

_Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Whole = Annotated[int, Field(ge=0, lt=2**53)]
"""A number that every language reads the same."""


class _Part(BaseModel):
    """A part of the file. It refuses a value of another type, and ignores an unknown name."""

    model_config = ConfigDict(strict=True, frozen=True)


class _Option(_Part):
    name: str
    card: str
    words: str = ""


class _Opening(_Part):
    poll: str
    question: str
    method: str
    max_choices: _Whole
    secret: bool
    quorum: _Whole
    joined_before: bool
    opened_at: str
    roles: list[str]
    options: list[_Option]
    community: str = ""
    results: str = Results.AT_CLOSE.value
    topic: str = ""
    closes_at: str = ""


class _Link(_Part):
    number: _Whole
    step: str
    commitment: str
    replaces: _Whole
    receipt: str
    hash: _Hash
    closes_at: str | None = None


class _Ballot(_Part):
    choice: str
    seal: str
    link: _Whole | None = None
    nonce: str | None = None
    who: str | None = None
    salt: str | None = None
    voter: str | None = None
    name: str | None = None


class _Closing(_Part):
    state: str
    reason: str = EndReason.PARLEY.value
    closed_at: str = ""


class _File(_Part):
    format: Literal[1, 2]
    opening: _Opening
    start: _Hash
    chain_key: _Hash | Literal[""]
    links: list[_Link]
    closing: _Closing
    ballots: list[_Ballot]
    closing_commitments: list[str]
    counts: dict[str, Annotated[int, Field(gt=0, lt=2**53)]]
    head: _Hash


def as_json(record: Record) -> str:
    """Write a closed poll's record: enough to check all of it. A secret poll's file holds no voter."""
    poll = record.poll
    record_format = record.format
    document = {
        "format": poll.format,
        "opening": _opening(poll),
        "start": "" if record_format is None else record_format.opening(poll),
        "chain_key": poll.chain_key,
        "links": [_link(link) for link in record.links],
        "closing": _closing(poll),
        "ballots": [_ballot(row, poll) for row in shuffled(record)],
        "closing_commitments": list(record.closing),
        "counts": dict(sorted(record.counts.items())),
        "head": poll.head,
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def shuffled(record: Record) -> list[BallotRow]:
    """Sort ballots by the random seal of the close, an order independent of who voted when."""
    return sorted(record.ballots, key=lambda row: str(row.seal))


def _opening(poll: Poll) -> dict[str, object]:
    options = [{"name": option.name, "card": option.entry, "words": option.words} for option in poll.options]
    opening: dict[str, object] = {
        "poll": poll.id,
        "community": poll.community,
        "question": poll.question,
        "method": poll.method.value,
        "max_choices": poll.max_choices,
        "results": poll.results.value,
        "secret": poll.secret,
        "quorum": poll.quorum,
        "joined_before": poll.joined_before,
        "topic": poll.topic,
        "opened_at": written_time(poll.opened_at),
        "closes_at": written_time(poll.first_closes_at or poll.closes_at),
        "roles": sorted(poll.roles),
        "options": options,
    }
    if poll.format == Format1.number:  # that format binds none of these
        for name in ("community", "results", "topic", "closes_at"):
            del opening[name]
        for option in options:
            del option["words"]
    return opening


def _link(link: ChainLink) -> dict[str, object]:
    fields: dict[str, object] = {
        "number": link.number,
        "step": link.step.value,
        "commitment": link.commitment,
        "replaces": link.replaces,
        "receipt": link.receipt,
        "hash": link.hash,
    }
    return fields if link.closes_at is None else {**fields, "closes_at": written_time(link.closes_at)}


def _closing(poll: Poll) -> dict[str, object]:
    if poll.format == Format1.number or poll.closed_at is None or poll.end_reason is None:
        return {"state": poll.state.value}
    return {"state": poll.state.value, "reason": poll.end_reason.value, "closed_at": written_time(poll.closed_at)}


def _ballot(row: BallotRow, poll: Poll) -> dict[str, object]:
    document: dict[str, object] = {"choice": row.choice, "seal": row.seal}
    if poll.secret:
        return document
    voter = None if row.name is None else row.voter
    return {
        **document,
        "link": row.link,
        "nonce": row.nonce,
        "who": row.who,
        "salt": row.salt,
        "voter": voter,
        "name": row.name,
    }


def read_record(text: str) -> Record:
    """Read a file of `as_json`. Raise `Refused` for any other text."""
    try:
        document: Any = json.loads(text)
        file = _File.model_validate(document)
        return _record(file)
    except (ValidationError, ValueError, RecursionError):
        raise Refused(
            "This file holds no record that can be checked. Export the poll again: /poll export, or parley polls export "
            "--format json. Files that an earlier Parley wrote lack parts of the opening."
        ) from None


def _names_all(part: _Part) -> bool:
    """Whether the file names each of these values, even those that format 1 lacked."""
    return part.model_fields_set >= set(type(part).model_fields)


def _record(file: _File) -> Record:
    opening, closing = file.opening, file.closing
    if file.format != Format1.number and not all(map(_names_all, (opening, *opening.options))):
        raise ValueError
    opened_at = _time(opening.opened_at)
    closes_at = _time(opening.closes_at) if file.format != Format1.number else opened_at
    links = [_read_link(link, before) for link, before in zip(file.links, _befores(file), strict=False)]
    moved = [link.closes_at for link in links if link.closes_at is not None]
    poll = Poll(
        id=opening.poll,
        community=opening.community,
        creator="",
        question=opening.question,
        options=tuple(PollOption(option.name, option.card, option.words) for option in opening.options),
        method=Method(opening.method),
        opened_at=opened_at,
        closes_at=moved[-1] if moved else closes_at,
        max_choices=opening.max_choices,
        secret=opening.secret,
        results=Results(opening.results),
        roles=frozenset(opening.roles),
        joined_before=opening.joined_before,
        quorum=opening.quorum,
        topic=opening.topic,
        state=PollState(closing.state),
        closed_at=_time(closing.closed_at) if file.format != Format1.number else opened_at,
        head=file.head,
        links=len(links),
        ballots=len(file.ballots),
        format=file.format,
        first_closes_at=closes_at,
        end_reason=EndReason(closing.reason),
        chain_key=file.chain_key,
    )
    if poll.state is not PollState.CLOSED or opening.roles != sorted(set(opening.roles)):
        raise ValueError("a file holds a closed poll, and each role once, in order")
    return Record(
        poll, links, [_read_ballot(each, poll) for each in file.ballots], file.closing_commitments, file.counts
    )


def _read_ballot(ballot: _Ballot, poll: Poll) -> BallotRow:
    if poll.secret:
        return BallotRow("", ballot.choice, seal=ballot.seal)
    parts = (ballot.salt, ballot.voter, ballot.name)
    if poll.format != Format1.number and 0 < parts.count(None) < len(parts):
        raise ValueError("a voter is shown whole or not at all")
    voter = ballot.voter or ""
    return BallotRow(voter, ballot.choice, ballot.name, ballot.link, ballot.nonce, ballot.seal, ballot.who, ballot.salt)


def _befores(file: _File) -> list[str]:
    """Return the hash before each link, and that of the last one."""
    return [file.start, *(link.hash for link in file.links)]


def _read_link(link: _Link, before: str) -> ChainLink:
    closes_at = None if link.closes_at is None else _time(link.closes_at)
    return ChainLink(
        link.number, Step(link.step), link.commitment, link.replaces, link.receipt, before, link.hash, closes_at
    )


def _time(written: str) -> datetime:
    """Read a time in the spelling of `written_time`. Raise ValueError for any other."""
    time = datetime.fromisoformat(written)
    if time.tzinfo is None or written_time(time) != written:
        raise ValueError("not a time in UTC")
    return time
