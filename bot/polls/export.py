"""A poll's ballots and record as files. A secret poll's hold no voter, in an order that tells nothing."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict

from bot.polls.audit import BallotRow, Record
from bot.polls.ballots import Ballot, Method, chosen, ranks, scores
from bot.polls.model import Poll
from bot.spreadsheet import cell


def as_csv(record: Record) -> str:
    """One row a ballot, one column an option: 1 or empty for a choice, its rank, or its score."""
    poll = record.poll
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    names = [cell(option.name) for option in poll.options]
    writer.writerow(names if poll.secret else ["voter", *names])
    for row in _shuffled(record):
        marks = _marks(poll, Ballot(row.choice))
        writer.writerow(marks if poll.secret else [cell(row.name or ""), *marks])
    return written.getvalue()


def as_json(record: Record) -> str:
    """The poll, its chain, its ballots with what opens their closing commitments, and those: enough to check all."""
    poll = record.poll
    shown = {
        "poll": {
            "id": poll.id,
            "question": poll.question,
            "options": [option.name for option in poll.options],
            "method": poll.method,
            "max_choices": poll.max_choices,
            "secret": poll.secret,
            "quorum": poll.quorum,
            "state": poll.state,
            "opened_at": poll.opened_at.isoformat(),
            "closed_at": poll.closed_at.isoformat() if poll.closed_at else None,
            "head": poll.head,
        },
        "ballots": [_ballot(row, secret=poll.secret) for row in _shuffled(record)],
        "links": [asdict(link) for link in record.links],
        "closing_commitments": list(record.closing),
        "counts": dict(sorted(record.counts.items())),
    }
    return json.dumps(shown, ensure_ascii=False, indent=2) + "\n"


def _shuffled(record: Record) -> list[BallotRow]:
    """By the random seal that each ballot got at the close: an order that has nothing to do with who voted when."""
    return sorted(record.ballots, key=lambda row: row.seal or "")


def _ballot(row: BallotRow, *, secret: bool) -> dict[str, str | None]:
    shown: dict[str, str | None] = {"choice": row.choice, "seal": row.seal}
    return shown if secret else {"voter": row.name, **shown}


def _marks(poll: Poll, ballot: Ballot) -> list[str]:
    match poll.method:
        case Method.RANKED:
            place = {option: str(number) for number, rank in enumerate(ranks(ballot), 1) for option in rank}
            return [place.get(index, "") for index in range(len(poll.options))]
        case Method.SCORE:
            return ["" if score is None else str(score) for score in scores(ballot)]
    picked = chosen(ballot)
    return ["1" if index in picked else "" for index in range(len(poll.options))]


def rows_of(poll: Poll) -> Iterator[tuple[str, str]]:
    """What `parley polls show` prints of a poll: names and values."""
    yield "id", poll.id
    yield "question", poll.question
    yield "community", poll.community
    yield "state", poll.state
    yield "method", poll.method
    yield "options", " | ".join(option.name for option in poll.options)
    yield "opened", poll.opened_at.isoformat(timespec="minutes")
    yield "closes", poll.closes_at.isoformat(timespec="minutes")
    yield "ballots", str(poll.ballots)
    yield "links", str(poll.links)
    yield "head", poll.head
