"""Polls in the database, apart from votes (see bot/polls/box.py). Each function is a step of a unit of work."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.errors import NotFound
from bot.i18n import N_
from bot.polls.audit import BallotRow, Record
from bot.polls.ballots import Ballot, Method
from bot.polls.model import Link, Poll, PollOption, Results, State, Step
from bot.store import communities, messages, tellings
from bot.store.sql import Row, Transaction
from bot.store.tellings import News
from bot.store.times import from_stored, to_stored

NO_POLL = N_("There is no poll with this id.")
LISTED = 100


async def insert(tx: Transaction, poll: Poll, wrapped: str) -> None:
    """Stores a new poll with its options, its communities and its wrapped secret; `poll.head` is its genesis.

    `BallotBox.open` makes the secret and calls this. The communities come into being where they aren't there yet.
    """
    for community in sorted(poll.communities | {poll.community}):
        await communities.ensure(tx, community)
    await tx.run("insert_poll", **_columns(poll))
    options = [
        {"poll": poll.id, "position": position, "name": option.name, "entry": option.entry}
        for position, option in enumerate(poll.options)
    ]
    await tx.many("insert_option", options)
    await tx.run("insert_secret", poll=poll.id, wrapped=wrapped)
    for community in sorted(poll.communities | {poll.community}):
        await tx.run("add_poll_community", poll=poll.id, community=community)


async def find(tx: Transaction, poll: str) -> Poll | None:
    found = await get_all(tx, [poll])
    return found[0] if found else None


async def get(tx: Transaction, poll: str) -> Poll:
    """Raises `NotFound`."""
    found = await find(tx, poll)
    if found is None:
        raise NotFound(NO_POLL)
    return found


async def get_all(tx: Transaction, ids: Iterable[str]) -> list[Poll]:
    """The polls with these ids, in this order; those that aren't there are left out."""
    wanted = list(ids)
    listed = json.dumps(wanted)
    options: dict[str, list[PollOption]] = defaultdict(list)
    for row in await tx.rows("options_of", ids=listed):
        options[row["poll"]].append(PollOption(row["name"], row["entry"]))
    communities: dict[str, set[str]] = defaultdict(set)
    for row in await tx.rows("communities_of", ids=listed):
        communities[row["poll"]].add(row["community"])
    rows = await tx.rows("polls_by_ids", ids=listed)
    found = {row["id"]: _poll(row, options[row["id"]], communities[row["id"]]) for row in rows}
    return [found[poll] for poll in wanted if poll in found]


async def open_polls(tx: Transaction) -> list[Poll]:
    """The next to close first."""
    return await get_all(tx, await tx.column("open_poll_ids"))


async def open_counts(tx: Transaction, community: str, creator: str) -> tuple[int, int]:
    """How many polls that were created in a community are open, and how many of those are this creator's.

    Until the transaction ends nobody else counts that community's.
    """
    await communities.hold(tx, community)
    row = await tx.one("open_counts", community=community, creator=creator)
    return (row["here"], row["own"]) if row else (0, 0)


async def of_community(tx: Transaction, community: str, limit: int = LISTED) -> list[Poll]:
    """What was created by a community or posted to it: open polls first, then the latest."""
    return await get_all(tx, await tx.column("community_poll_ids", community=community, limit=limit))


async def all_polls(tx: Transaction) -> list[Poll]:
    """The oldest first."""
    return await get_all(tx, await tx.column("all_poll_ids"))


async def due(tx: Transaction, now: datetime) -> list[str]:
    """The ids of open polls whose time is up."""
    return await tx.column("due_poll_ids", now=to_stored(now))


async def due_reminders(tx: Transaction, now: datetime) -> list[str]:
    """The ids of open polls whose reminder is due and wasn't taken."""
    return await tx.column("due_reminder_ids", now=to_stored(now))


async def take_reminder(tx: Transaction, poll: str, now: datetime) -> bool:
    """Whether it fell to the caller to have this poll's places reminded: True once, whoever else asks."""
    taken = await tx.run("take_reminder", poll=poll, now=to_stored(now)) == 1
    if taken:
        await tellings.tell_places(tx, poll, News.REMINDER, now)
    return taken


async def next_deadline(tx: Transaction, platforms: Iterable[str]) -> datetime | None:
    """When the next poll closes or wants its reminder, or one of these platforms something told; may be past."""
    due_at: int | None = await tx.value("next_deadline", platforms=json.dumps(sorted(platforms)))
    return None if due_at is None else from_stored(due_at)


async def extend(tx: Transaction, poll: str, closes_at: datetime, remind_at: datetime | None) -> bool:
    """Moves the close of an open poll to a later time; False when it isn't open or the time isn't later."""
    remind = None if remind_at is None else to_stored(remind_at)
    extended = await tx.run("extend_poll", poll=poll, closes_at=to_stored(closes_at), remind_at=remind) == 1
    if extended:
        await messages.outdate(tx, poll)
    return extended


async def add_community(tx: Transaction, poll: str, community: str) -> None:
    """Lets the members of one more community vote, because the poll was posted there."""
    await communities.ensure(tx, community)
    await tx.run("add_poll_community", poll=poll, community=community)


async def choice_counts(tx: Transaction, poll: str) -> Mapping[Ballot, int]:
    """Distinct ballots and how many there are of each: as many rows as kinds of ballots, however many voted."""
    return {Ballot(row["choice"]): row["count"] for row in await tx.rows("choice_counts", poll=poll)}


async def record(tx: Transaction, poll: str) -> Record:
    """All that `audit.verify` needs. Raises `NotFound`."""
    found = await get(tx, poll)
    links = [_link(row) for row in await tx.rows("poll_links", poll=poll)]
    ballots = [_ballot(row) for row in await tx.rows("poll_ballots", poll=poll)]
    closing = await tx.column("poll_closing", poll=poll)
    return Record(
        found,
        links,
        ballots,
        closing,
        {str(choice): count for choice, count in (await choice_counts(tx, poll)).items()},
    )


async def links(tx: Transaction, poll: str) -> list[Link]:
    return [_link(row) for row in await tx.rows("poll_links", poll=poll)]


async def ballots(tx: Transaction, poll: str) -> list[BallotRow]:
    """The rows of an export, in the order of their keys, which are random in a secret poll.

    While a secret poll is open the rows hold what joins a ballot with its receipt; an export waits for the close.
    """
    return [_ballot(row) for row in await tx.rows("poll_ballots", poll=poll)]


def _columns(poll: Poll) -> dict[str, object]:
    return {
        "id": poll.id,
        "community": poll.community,
        "creator": poll.creator,
        "question": poll.question,
        "method": poll.method.value,
        "max_choices": poll.max_choices,
        "secret": int(poll.secret),
        "results": poll.results.value,
        "roles": json.dumps(sorted(poll.roles)),
        "joined_before": int(poll.joined_before),
        "quorum": poll.quorum,
        "topic": poll.topic,
        "public": int(poll.public),
        "opened_at": to_stored(poll.opened_at),
        "closes_at": to_stored(poll.closes_at),
        "remind_at": None if poll.remind_at is None else to_stored(poll.remind_at),
        "head": poll.head,
    }


def _poll(row: Row, options: Iterable[PollOption], communities: Iterable[str]) -> Poll:
    return Poll(
        id=row["id"],
        community=row["community"],
        creator=row["creator"],
        question=row["question"],
        options=tuple(options),
        method=Method(row["method"]),
        opened_at=from_stored(row["opened_at"]),
        closes_at=from_stored(row["closes_at"]),
        max_choices=row["max_choices"],
        secret=bool(row["secret"]),
        results=Results(row["results"]),
        roles=frozenset(json.loads(row["roles"])),
        joined_before=bool(row["joined_before"]),
        quorum=row["quorum"],
        topic=row["topic"],
        public=bool(row["public"]),
        remind_at=None if row["remind_at"] is None else from_stored(row["remind_at"]),
        state=State(row["state"]),
        closed_at=None if row["closed_at"] is None else from_stored(row["closed_at"]),
        communities=frozenset(communities),
        head=row["head"],
        links=row["links"],
        ballots=row["ballots"],
    )


def _link(row: Row) -> Link:
    return Link(
        number=row["number"],
        step=Step(row["step"]),
        commitment=row["commitment"],
        replaces=row["replaces"],
        receipt=row["receipt"],
        before=row["before"],
        hash=row["hash"],
    )


def _ballot(row: Row) -> BallotRow:
    return BallotRow(row["voter"], row["choice"], row["name"], row["link"], row["nonce"], row["seal"])


async def wrapped_secrets(tx: Transaction) -> dict[str, str]:
    """Poll → its wrapped secret, of every poll that is open."""
    return {row["poll"]: row["wrapped"] for row in await tx.rows("wrapped_secrets")}


async def rewrap(tx: Transaction, poll: str, wrapped: str) -> None:
    """The same secret, wrapped anew."""
    await tx.run("rewrap_secret", poll=poll, wrapped=wrapped)
