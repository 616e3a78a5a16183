"""Decisions in the database. Each function is a step of a unit of work."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.chat.vocabulary import Place
from bot.communities import repository as communities
from bot.decisions.model import Decision, DecisionState, DecisionStep, HistoryEntry
from bot.polls.places import PollPlace, poll_place
from bot.store.sql import Row, Transaction
from bot.store.timestamps import from_stored, to_stored

LISTED = 1_000


async def insert(tx: Transaction, decision: Decision) -> None:
    """Store a new decision with the first step of its history."""
    await communities.ensure(tx, decision.community)
    place = decision.place
    await tx.run(
        "insert_decision",
        id=decision.id,
        community=decision.community,
        outcome=decision.outcome,
        owner=decision.owner,
        owner_name=decision.owner_name,
        poll=decision.poll,
        discussion=decision.discussion,
        totals_hash=decision.totals_hash,
        links=json.dumps(decision.links),
        review_at=_stored(decision.review_at),
        private=int(decision.private),
        platform=place.platform,
        workspace=place.workspace,
        channel=place.channel,
        member=decision.member,
        member_name=decision.member_name,
        at=to_stored(decision.at),
    )
    first = HistoryEntry(DecisionStep.RECORDED, decision.outcome, decision.member, decision.member_name, decision.at)
    await _append(tx, decision.id, first)


async def find(tx: Transaction, decision: str) -> Decision | None:
    """Return the decision with its history."""
    row = await tx.one("find_decision", id=decision)
    return None if row is None else await _with_history(tx, _decision(row))


async def visible(tx: Transaction, community: str, place: Place | None, limit: int = LISTED) -> list[Decision]:
    """Return a community's decisions that a request in this place may see, the latest first, without their history.

    Without a place, leave out private ones.
    """
    place = place or Place("", "", "")
    rows = await tx.rows(
        "decisions_of",
        community=community,
        platform=place.platform,
        workspace=place.workspace,
        channel=place.channel,
        thread=poll_place(place).channel,
        limit=limit,
    )
    return [_decision(row) for row in rows]


async def with_histories(tx: Transaction, decisions: Iterable[Decision]) -> list[Decision]:
    return [await _with_history(tx, decision) for decision in decisions]


async def of_poll(tx: Transaction, poll: str) -> list[Decision]:
    return [_decision(row) for row in await tx.rows("decisions_of_poll", poll=poll)]


async def settle(tx: Transaction, decision: Decision, entry: HistoryEntry) -> bool:
    """Store the new state of a standing decision, with its step. Return False if another answer came first."""
    changed = await tx.run(
        "settle_decision",
        id=decision.id,
        state=decision.state.value,
        outcome=decision.outcome,
        review_at=_stored(decision.review_at),
    )
    if changed:
        await _append(tx, decision.id, entry)
    return changed == 1


async def take_review(tx: Transaction, now: datetime) -> Decision | None:
    """Take the decision whose review is longest overdue. No other process gets it."""
    row = await tx.one("take_review", now=to_stored(now))
    return None if row is None else _decision(row)


async def put_back_review(tx: Transaction, decision: str, ask_at: datetime) -> None:
    """Postpone the question of a review, because nobody could be reached."""
    await tx.run("put_back_review", id=decision, ask_at=to_stored(ask_at))


async def next_review(tx: Transaction) -> datetime | None:
    due_at: int | None = await tx.value("next_review")
    return None if due_at is None else from_stored(due_at)


async def _append(tx: Transaction, decision: str, entry: HistoryEntry) -> None:
    await tx.run(
        "append_decision_step",
        decision=decision,
        step=entry.step.value,
        words=entry.words,
        member=entry.member,
        member_name=entry.member_name,
        at=to_stored(entry.at),
    )


async def _with_history(tx: Transaction, decision: Decision) -> Decision:
    rows = await tx.rows("decision_history", decision=decision.id)
    return replace(decision, history=tuple(_entry(row) for row in rows))


def _entry(row: Row) -> HistoryEntry:
    return HistoryEntry(
        DecisionStep(row["step"]), row["words"], row["member"], row["member_name"], from_stored(row["at"])
    )


def _decision(row: Row) -> Decision:
    return Decision(
        id=row["id"],
        community=row["community"],
        outcome=row["outcome"],
        owner=row["owner"],
        owner_name=row["owner_name"],
        member=row["member"],
        member_name=row["member_name"],
        at=from_stored(row["at"]),
        place=PollPlace(row["platform"], row["workspace"], row["channel"]),
        private=bool(row["private"]),
        poll=row["poll"],
        discussion=row["discussion"],
        totals_hash=row["totals_hash"],
        links=tuple(json.loads(row["links"])),
        state=DecisionState(row["state"]),
        review_at=None if row["review_at"] is None else from_stored(row["review_at"]),
        ask_at=None if row["ask_at"] is None else from_stored(row["ask_at"]),
    )


def _stored(moment: datetime | None) -> int | None:
    return None if moment is None else to_stored(moment)
