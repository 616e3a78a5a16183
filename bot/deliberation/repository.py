"""Discussions in the database. Each function is a step of a unit of work."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from bot.communities import repository as communities
from bot.deliberation.ballots import Ballots, read_ballot, write_ballot
from bot.deliberation.model import Discussion, DiscussionStatement, Moderation, StatementState
from bot.polls.model import PollState
from bot.polls.places import PollPlace
from bot.store.sql import Row, Transaction
from bot.store.timestamps import from_stored, to_stored

LISTED = 50


async def insert(
    tx: Transaction, discussion: Discussion, starters: Sequence[DiscussionStatement], wrapped: str
) -> None:
    """Store a new discussion with its places, starters and wrapped secret. First call `open_count`, to lock."""
    await tx.run(
        "insert_discussion",
        id=discussion.id,
        community=discussion.community,
        creator=discussion.creator,
        creator_name=discussion.creator_name,
        question=discussion.question,
        pack=discussion.pack,
        moderation=discussion.moderation.value,
        private=int(discussion.private),
        opened_at=to_stored(discussion.opened_at),
        closes_at=to_stored(discussion.closes_at),
    )
    await tx.run("insert_discussion_secret", discussion=discussion.id, wrapped=wrapped)
    for place in sorted(discussion.places, key=lambda each: each.channel):
        await add_place(tx, discussion.id, place)
    await add_statements(tx, discussion.id, starters)


async def add_place(tx: Transaction, discussion: str, place: PollPlace) -> None:
    """Let requests in this place see the discussion. A repeat is harmless."""
    await tx.run("add_discussion_place", discussion=discussion, **asdict(place))


async def add_statements(tx: Transaction, discussion: str, statements: Iterable[DiscussionStatement]) -> None:
    """Store new statements."""
    values = [
        {
            "discussion": discussion,
            "position": statement.position,
            "words": statement.words,
            "starter": int(statement.starter),
            "lean": statement.lean,
            "state": statement.state.value,
            "author": statement.author,
        }
        for statement in statements
    ]
    await tx.many("put_statement", values)


async def get_all(tx: Transaction, ids: Iterable[str]) -> list[Discussion]:
    """Return the discussions with these ids, in this order. Skip ids without a discussion."""
    order = list(ids)
    listed = json.dumps(order)
    places: dict[str, set[PollPlace]] = defaultdict(set)
    for row in await tx.rows("discussion_places_of", ids=listed):
        places[row["discussion"]].add(PollPlace(row["platform"], row["workspace"], row["channel"]))
    rows = await tx.rows("discussions_by_ids", ids=listed)
    discussions = {row["id"]: _discussion(row, places[row["id"]]) for row in rows}
    return [discussions[each] for each in order if each in discussions]


async def find(tx: Transaction, discussion: str) -> Discussion | None:
    discussions = await get_all(tx, [discussion])
    return discussions[0] if discussions else None


async def of_community(tx: Transaction, community: str, limit: int = LISTED) -> list[Discussion]:
    """Return a community's discussions, open ones first, then the latest."""
    return await get_all(tx, await tx.column("discussion_ids", community=community, limit=limit))


async def open_count(tx: Transaction, community: str) -> int:
    """Count a community's open discussions, and lock out other counts until the transaction ends."""
    await communities.hold(tx, community)
    count: int = await tx.value("open_discussions", community=community)
    return count


async def statements(tx: Transaction, discussion: str) -> list[DiscussionStatement]:
    """Return all statements, by position."""
    return [_statement(row) for row in await tx.rows("statements_of_discussion", discussion=discussion)]


async def answers_of(tx: Transaction, discussion: str, person: str) -> dict[int, int]:
    """Return a person's answers by statement."""
    ballot: str | None = await tx.value("ballot_of_person", discussion=discussion, person=person)
    return read_ballot(ballot or "")


async def all_answers(tx: Transaction, discussion: str) -> Ballots:
    """Return everybody's answers, sorted by pseudonym."""
    ballots: str | None = await tx.value("discussion_ballots", discussion=discussion)
    return (ballots or "").split()


async def whole(tx: Transaction, discussion: str) -> tuple[Discussion | None, list[DiscussionStatement], Ballots]:
    """Return the discussion, all its statements and every answer."""
    return await find(tx, discussion), await statements(tx, discussion), await all_answers(tx, discussion)


async def answers_of_people(tx: Transaction, discussion: str, people: Iterable[str]) -> dict[str, dict[int, int]]:
    """Return the answers of these people, without people who haven't answered."""
    listed = json.dumps(sorted(set(people)))
    rows = await tx.rows("ballots_of_people", discussion=discussion, people=listed)
    return {row["person"]: read_ballot(row["ballot"]) for row in rows}


async def put_ballots(tx: Transaction, discussion: str, answers: Mapping[str, Mapping[int, int]]) -> None:
    """Store all answers of these people. Call `count_answers` too: it updates the totals."""
    values = [
        {"discussion": discussion, "person": person, "ballot": write_ballot(votes)} for person, votes in answers.items()
    ]
    await tx.many("put_discussion_ballot", values)


async def count_answers(
    tx: Transaction, discussion: str, changes: Mapping[tuple[int, int], int], *, people: int, votes: int
) -> None:
    """Add to the totals by (position, vote), and to the discussion's numbers of people and votes."""
    positions = sorted({position for position, _ in changes})
    values = [
        {
            "discussion": discussion,
            "statement": position,
            "agrees": changes.get((position, 1), 0),
            "disagrees": changes.get((position, -1), 0),
            "passes": changes.get((position, 0), 0),
        }
        for position in positions
    ]
    await tx.many("count_statement", values)
    await tx.run("count_discussion", discussion=discussion, people=people, votes=votes)


async def withdraw(tx: Transaction, discussion: str, person: str) -> int:
    """Delete a person's answers and subtract them from the totals. Return their number."""
    before = await answers_of(tx, discussion, person)
    if before:
        await tx.run("drop_ballot_of_person", discussion=discussion, person=person)
        await count_answers(tx, discussion, dict.fromkeys(before.items(), -1), people=-1, votes=1)
    return len(before)


async def move_statement(
    tx: Transaction,
    discussion: str,
    position: int,
    before: Iterable[StatementState],
    to: StatementState,
    note: str = "",
) -> bool:
    """Change a statement's state; False if it was in none of the `before` states: only the faster moderator decides."""
    moved = await tx.run(
        "move_statement",
        discussion=discussion,
        position=position,
        before=json.dumps(sorted(before)),
        state=to.value,
        note=note,
    )
    return moved == 1


async def end(
    tx: Transaction, discussion: str, state: PollState, at: datetime, by: str, result: tuple[str, str] = ("", "")
) -> bool:
    """End an open discussion, and delete its answers, secret, authors and totals. False if it isn't open."""
    content, digest = result
    ended = await tx.run(
        "end_discussion",
        discussion=discussion,
        state=state.value,
        closed_at=to_stored(at),
        closed_by=by,
        result=content,
        result_hash=digest,
    )
    if not ended:
        return False
    await tx.run("drop_discussion_ballots", discussion=discussion)
    await tx.run("drop_discussion_secret", discussion=discussion)
    await tx.run("drop_unseen_statements", discussion=discussion)
    await tx.run("forget_statements", discussion=discussion)
    return True


async def wrapped_secrets(tx: Transaction) -> Mapping[str, str]:
    """Return the wrapped secret of every open discussion."""
    return {row["discussion"]: row["wrapped"] for row in await tx.rows("wrapped_discussion_secrets")}


def _discussion(row: Row, places: Iterable[PollPlace]) -> Discussion:
    return Discussion(
        id=row["id"],
        community=row["community"],
        creator=row["creator"],
        creator_name=row["creator_name"],
        question=row["question"],
        pack=row["pack"],
        moderation=Moderation(row["moderation"]),
        private=bool(row["private"]),
        opened_at=from_stored(row["opened_at"]),
        closes_at=from_stored(row["closes_at"]),
        state=PollState(row["state"]),
        closed_at=None if row["closed_at"] is None else from_stored(row["closed_at"]),
        people=row["people"],
        votes=row["votes"],
        drawn=row["drawn"],
        result=row["result"],
        result_hash=row["result_hash"],
        places=frozenset(places),
    )


def _statement(row: Row) -> DiscussionStatement:
    return DiscussionStatement(
        position=row["position"],
        words=row["words"],
        starter=bool(row["starter"]),
        lean=row["lean"],
        state=StatementState(row["state"]),
        author=row["author"],
        note=row["note"],
        agrees=row["agrees"],
        disagrees=row["disagrees"],
        passes=row["passes"],
    )
