"""A poll's ballots as a table. A secret poll's holds no voter, in an order that tells nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.chat.markup import clean
from bot.polls.audit import Record, proven_names
from bot.polls.counting.ballots import Ballot, Method, chosen, ranks, scores
from bot.polls.model import Poll
from bot.polls.option_names import alike
from bot.polls.record_file import shuffled

_FORMULA_SIGNS = frozenset("=+-@\u2212")
"""First characters of a cell that a spreadsheet would run as a formula, once compatibility forms such as fullwidth ones
are folded: https://owasp.org/www-community/attacks/CSV_Injection."""
_QUOTED = re.compile(r"""[",;']""")
"""Characters that need quotes. With decimal commas, spreadsheets split at semicolons, whatever the file means."""


def as_csv(record: Record) -> str:
    """Write one row a ballot, one column an option: 1 or empty for a choice, its rank, or its score.

    In a named poll, the first column has the voter, or "erased" if the record doesn't prove a name.
    """
    poll = record.poll
    names = [option.name for option in poll.options]
    rows = [names if poll.secret else ["voter", *names]]
    for name, choice in proven_names(replace(record, ballots=shuffled(record))):
        marks = _marks(poll, Ballot(choice))
        rows.append(marks if poll.secret else [name or "erased", *marks])
    return "".join(map(csv_row, rows))


def csv_row(cells: Iterable[str]) -> str:
    """Write one row, each cell safe from spreadsheets that would run it."""
    return f"{','.join(map(_cell, cells))}\r\n"


def _cell(text: str) -> str:
    """Return the text so that a spreadsheet shows it in one cell and never runs it. `csv` quotes for one separator."""
    line = " ".join(clean(text).split())
    safe = f"'{line}" if alike(line)[:1] in _FORMULA_SIGNS else line
    quoted = safe.replace('"', '""')
    return f'"{quoted}"' if _QUOTED.search(safe) else safe


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
    """Yield the names and values that `parley polls show` prints of a poll."""
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
