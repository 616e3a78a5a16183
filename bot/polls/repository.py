"""Polls in the database, apart from votes (see bot/polls/ballot_box.py). Each function is a step of a unit of work."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from bot.chat.vocabulary import Place
from bot.communities import repository as communities
from bot.errors import NotFound, Unavailable
from bot.i18n import N_
from bot.polls import outbox as tellings
from bot.polls.audit import BallotRow, Record
from bot.polls.counting.ballots import Ballot, Method
from bot.polls.discrepancies import Tampered
from bot.polls.model import ChainLink, EndReason, Poll, PollOption, PollState, Results, Step
from bot.polls.outbox import News
from bot.polls.places import PollPlace, poll_place
from bot.polls.poll_secrets import OpenSecrets, PollSecret
from bot.store.sql import Row, Transaction
from bot.store.timestamps import from_stored, to_stored

NO_POLL = N_("There's no poll with this id.")
LISTED = 100


async def insert(tx: Transaction, poll: Poll, wrapped: str) -> None:
    """Store a new poll with its options, communities, places and wrapped secret; `poll.head` is its opening's head.

    `BallotBox.open` makes the secret and calls this. Missing communities are created.
    """
    for community in sorted(poll.communities | {poll.community}):
        await communities.ensure(tx, community)
    await tx.run("insert_poll", **_columns(poll))
    await _insert_options(tx, poll)
    await tx.run("insert_secret", poll=poll.id, wrapped=wrapped)
    for community in sorted(poll.communities | {poll.community}):
        await tx.run("add_poll_community", poll=poll.id, community=community)
    for place in sorted(poll.places, key=lambda each: each.channel):
        await add_place(tx, poll.id, place)


async def rewrite(tx: Transaction, poll: Poll) -> None:
    """Rewrite an open poll without votes; its host, time and place stay."""
    columns = _columns(poll)
    rules = ("id", "question", "method", "consent", "max_choices", "secret", "results", "roles", "joined_before")
    more = ("quorum", "topic", "public", "closes_at", "remind_at", "head", "first_closes_at", "row_seal", "follows")
    await tx.run("rewrite_poll", **{name: columns[name] for name in (*rules, *more)})
    await tx.run("drop_options", poll=poll.id)
    await _insert_options(tx, poll)


async def add_place(tx: Transaction, poll: str, place: PollPlace) -> None:
    """Let requests in this place see a private poll; repeating is harmless."""
    await tx.run("add_poll_place", poll=poll, **asdict(place))


async def find(tx: Transaction, poll: str) -> Poll | None:
    polls = await get_all(tx, [poll])
    return polls[0] if polls else None


async def get(tx: Transaction, poll: str) -> Poll:
    """Return the poll. Raise `NotFound` for an unknown id."""
    poll_row = await find(tx, poll)
    if poll_row is None:
        raise NotFound(NO_POLL)
    return poll_row


async def is_public(tx: Transaction, poll: str) -> bool:
    """Whether anybody may read the poll's page. It reads no more of a poll that isn't public than of a missing one."""
    return await tx.value("public_poll", id=poll) is not None


async def get_all(tx: Transaction, ids: Iterable[str]) -> list[Poll]:
    """Return the polls with these ids, in this order, without those that don't exist."""
    order = list(ids)
    listed = json.dumps(order)
    options = await _options(tx, listed)
    communities: dict[str, set[str]] = defaultdict(set)
    for row in await tx.rows("communities_of", ids=listed):
        communities[row["poll"]].add(row["community"])
    places: dict[str, set[PollPlace]] = defaultdict(set)
    for row in await tx.rows("places_of", ids=listed):
        places[row["poll"]].add(PollPlace(row["platform"], row["workspace"], row["channel"]))
    rows = await tx.rows("polls_by_ids", ids=listed)
    polls = {row["id"]: _poll(row, options[row["id"]], communities[row["id"]], places[row["id"]]) for row in rows}
    return [polls[poll] for poll in order if poll in polls]


async def _options(tx: Transaction, ids: str) -> Mapping[str, list[PollOption]]:
    options: dict[str, list[PollOption]] = defaultdict(list)
    for row in await tx.rows("options_of", ids=ids):
        options[row["poll"]].append(PollOption(row["name"], row["entry"], row["words"], row["emoji"]))
    return options


async def open_polls(tx: Transaction) -> list[Poll]:
    """Return open polls, the next to close first."""
    return await get_all(tx, await tx.column("open_poll_ids"))


async def open_counts(tx: Transaction, community: str, creator: str) -> tuple[int, int]:
    """Count the open polls of a community, and this host's among them.

    Lock the community until the transaction ends, so that nobody else counts at the same time.
    """
    await communities.hold(tx, community)
    [row] = await tx.rows("open_counts", community=community, creator=creator)
    return row["here"], row["own"]


async def of_community(tx: Transaction, community: str, limit: int = LISTED) -> list[Poll]:
    """Return all polls that were opened in a community or posted to it: open ones first, then the latest."""
    return await get_all(tx, await tx.column("community_poll_ids", community=community, limit=limit))


async def visible(tx: Transaction, community: str, place: Place | None, limit: int = LISTED) -> list[Poll]:
    """Return a community's polls that a request in this place may see, in the order of `of_community`.

    Without a place, leave out private polls.
    """
    place = place or Place("", "", "")
    ids = await tx.column(
        "visible_poll_ids",
        community=community,
        platform=place.platform,
        workspace=place.workspace,
        channel=place.channel,
        thread=poll_place(place).channel,
        limit=limit,
    )
    return await get_all(tx, ids)


async def all_polls(tx: Transaction) -> list[Poll]:
    """Return all polls, the oldest first."""
    return await get_all(tx, await tx.column("all_poll_ids"))


async def due(tx: Transaction, now: datetime) -> list[str]:
    """Return the ids of open polls whose close is due."""
    return await tx.column("due_poll_ids", now=to_stored(now))


async def due_reminders(tx: Transaction, now: datetime) -> list[str]:
    """Return the ids of open polls whose reminder is due and unclaimed."""
    return await tx.column("due_reminder_ids", now=to_stored(now))


async def take_reminder(tx: Transaction, poll: str, now: datetime) -> bool:
    """Claim the reminder of a poll and queue it for its places. Return True to one caller alone."""
    fell_here = await tx.run("take_reminder", poll=poll, now=to_stored(now)) == 1
    if fell_here:
        await tellings.tell_places(tx, poll, News.REMINDER, now)
    return fell_here


async def remind_now(tx: Transaction, poll: str, now: datetime) -> bool:
    """Queue the reminder early. Return False if the places had one already, or the poll isn't open."""
    fell_here = await tx.run("remind_now", poll=poll) == 1
    if fell_here:
        await tellings.tell_places(tx, poll, News.REMINDER, now)
    return fell_here


async def next_deadline(tx: Transaction, platforms: Iterable[str]) -> datetime | None:
    """Return the time of the next close, reminder or announcement on one of these platforms; it may be past."""
    due_at: int | None = await tx.value("next_deadline", platforms=json.dumps(sorted(platforms)))
    return None if due_at is None else from_stored(due_at)


async def add_community(tx: Transaction, poll: str, community: str) -> None:
    """Let the members of one more community vote, because the poll was posted there."""
    await communities.ensure(tx, community)
    await tx.run("add_poll_community", poll=poll, community=community)


async def choice_counts(tx: Transaction, poll: str) -> Mapping[Ballot, int]:
    """Count the ballots of each kind: one row a kind, however many members voted."""
    rows = await tx.rows("counts_of", ids=json.dumps([poll]))
    return {Ballot(row["choice"]): row["count"] for row in rows}


@dataclass(frozen=True, slots=True)
class RecordRows:
    """A poll's whole record as stored, with the available keys of an open one, and whether its end is this instance's."""

    poll: Poll
    links: Sequence[Row]
    ballots: Sequence[Row]
    closing: Sequence[str]
    counts: Mapping[str, int]
    secret: PollSecret | None = None
    ended_here: bool = False

    def record(self) -> Record:
        """Read the rows. With 100,000 ballots this takes a second, so the bot does it on another thread."""
        links = [read_link(row) for row in self.links]
        ballots = [read_ballot(row) for row in self.ballots]
        return Record(self.poll, links, ballots, self.closing, self.counts, self.secret, self.ended_here)


async def all_record_rows(tx: Transaction, polls: Sequence[str], secrets: OpenSecrets | None) -> list[RecordRows]:
    """Read the inputs of `audit.verify` for these polls, still as rows. Unknown ids are left out."""
    ids = json.dumps(list(polls))
    links, ballot_rows = _by_poll(await tx.rows("links_of", ids=ids)), _by_poll(await tx.rows("ballots_of", ids=ids))
    closing, counts = _by_poll(await tx.rows("closing_of", ids=ids)), _by_poll(await tx.rows("counts_of", ids=ids))
    wrapped = {row["poll"]: row["wrapped"] for row in await tx.rows("wrapped_secrets_of", ids=ids)}
    return [
        RecordRows(
            poll,
            links[poll.id],
            ballot_rows[poll.id],
            [row["commitment"] for row in closing[poll.id]],
            {row["choice"]: row["count"] for row in counts[poll.id]},
            _secret(poll, wrapped.get(poll.id), secrets),
            secrets is None or secrets.ended(poll),
        )
        for poll in await get_all(tx, polls)
    ]


async def open_record_rows(tx: Transaction, secrets: Mapping[str, PollSecret]) -> list[RecordRows]:
    """Read the records of these open polls with half the queries: a record excludes places and communities."""
    ids = json.dumps(list(secrets))
    options = await _options(tx, ids)
    links, ballot_rows = _by_poll(await tx.rows("links_of", ids=ids)), _by_poll(await tx.rows("ballots_of", ids=ids))
    counts = _by_poll(await tx.rows("counts_of", ids=ids))
    polls = [_poll(row, options[row["id"]], (), ()) for row in await tx.rows("polls_by_ids", ids=ids)]
    return [
        RecordRows(
            poll,
            links[poll.id],
            ballot_rows[poll.id],
            (),
            {row["choice"]: row["count"] for row in counts[poll.id]},
            secrets[poll.id],
        )
        for poll in polls
    ]


def _by_poll(rows: Iterable[Row]) -> Mapping[str, list[Row]]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["poll"]].append(row)
    return grouped


def _secret(poll: Poll, wrapped: str | None, secrets: OpenSecrets | None) -> PollSecret | None:
    if wrapped is None or secrets is None:
        return None
    try:
        return secrets.of(poll.id, wrapped, poll.format)
    except (Unavailable, Tampered):
        return None


async def record_rows(tx: Transaction, poll: str, secrets: OpenSecrets | None = None) -> RecordRows:
    """Read the inputs of `audit.verify`, still as rows. Raise `NotFound`.

    Without `secrets`, an open poll's links can't be checked.
    """
    rows = await all_record_rows(tx, [poll], secrets)
    if not rows:
        raise NotFound(NO_POLL)
    return rows[0]


async def record(tx: Transaction, poll: str, secrets: OpenSecrets | None = None) -> Record:
    """Read the inputs of `audit.verify`. Raise `NotFound`."""
    return (await record_rows(tx, poll, secrets)).record()


async def ballots(tx: Transaction, poll: str) -> list[BallotRow]:
    """Return the standing ballots, in the order of their keys, which are random in a secret poll."""
    return [read_ballot(row) for row in await tx.rows("ballots_of", ids=json.dumps([poll]))]


async def _insert_options(tx: Transaction, poll: Poll) -> None:
    options = [
        {"poll": poll.id, "position": position, **asdict(option)} for position, option in enumerate(poll.options)
    ]
    await tx.many("insert_option", options)


def _columns(poll: Poll) -> dict[str, object]:
    return {
        "id": poll.id,
        "community": poll.community,
        "creator": poll.creator,
        "creator_name": poll.creator_name,
        "question": poll.question,
        "method": "single" if poll.method is Method.CONSENT else poll.method.value,
        "consent": int(poll.method is Method.CONSENT),
        "follows": poll.follows,
        "ping": poll.ping,
        "max_choices": poll.max_choices,
        "secret": int(poll.secret),
        "results": poll.results.value,
        "roles": json.dumps(sorted(poll.roles)),
        "joined_before": int(poll.joined_before),
        "quorum": poll.quorum,
        "topic": poll.topic,
        "public": int(poll.public),
        "private": int(poll.private),
        "opened_at": to_stored(poll.opened_at),
        "closes_at": to_stored(poll.closes_at),
        "remind_at": None if poll.remind_at is None else to_stored(poll.remind_at),
        "head": poll.head,
        "format": poll.format,
        "first_closes_at": None if poll.first_closes_at is None else to_stored(poll.first_closes_at),
        "row_seal": poll.row_seal,
    }


def _poll(row: Row, options: Iterable[PollOption], communities: Iterable[str], places: Iterable[PollPlace]) -> Poll:
    return Poll(
        id=row["id"],
        community=row["community"],
        creator=row["creator"],
        creator_name=row["creator_name"],
        question=row["question"],
        options=tuple(options),
        method=Method.CONSENT if row["consent"] else Method(row["method"]),
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
        state=PollState(row["state"]),
        closed_at=None if row["closed_at"] is None else from_stored(row["closed_at"]),
        communities=frozenset(communities),
        private=bool(row["private"]),
        places=frozenset(places),
        head=row["head"],
        links=row["links"],
        ballots=row["ballots"],
        format=row["format"],
        first_closes_at=None if row["first_closes_at"] is None else from_stored(row["first_closes_at"]),
        end_reason=end_reason(PollState(row["state"]), row["closed_by"]),
        chain_key=row["chain_key"],
        row_seal=row["row_seal"],
        follows=row["follows"],
        ping=row["ping"],
    )


def end_reason(state: PollState, closed_by: str) -> EndReason | None:
    """Return the reason for a poll's end; None for an open one. `closed_by` is empty if no person closed it."""
    if state is PollState.OPEN:
        return None
    if closed_by:
        return EndReason.HOST
    return EndReason.DEADLINE if state is PollState.CLOSED else EndReason.PARLEY


def read_link(row: Row) -> ChainLink:
    return ChainLink(
        number=row["number"],
        step=Step(row["step"]),
        commitment=row["commitment"],
        replaces=row["replaces"],
        receipt=row["receipt"],
        before=row["before"],
        hash=row["hash"],
        closes_at=None if row["closes_at"] is None else from_stored(row["closes_at"]),
    )


def read_ballot(row: Row) -> BallotRow:
    return BallotRow(
        row["voter"], row["choice"], row["name"], row["link"], row["nonce"], row["seal"], row["who"], row["salt"]
    )


async def wrapped_secrets(tx: Transaction) -> dict[str, str]:
    """Return the wrapped secret of every open poll, by the poll's id."""
    return {row["poll"]: row["wrapped"] for row in await tx.rows("wrapped_secrets")}


async def seal_end(tx: Transaction, poll: str, row_seal: str) -> None:
    """Store a new proof that Parley ended the poll."""
    await tx.run("seal_end", poll=poll, row_seal=row_seal)


async def rewrap(tx: Transaction, poll: str, wrapped: str) -> None:
    """Store the same secret in a new wrapping."""
    await tx.run("rewrap_secret", poll=poll, wrapped=wrapped)
