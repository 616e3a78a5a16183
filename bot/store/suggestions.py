"""What members suggest for the content, in the database. Each function is a step of a unit of work."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.store import communities
from bot.store.sql import Row, Transaction
from bot.store.times import from_stored, to_stored


class Kind(StrEnum):
    """What a suggestion would change."""

    CORRECTION = "correction"
    SOURCE = "source"
    ARGUMENT = "argument"


class State(StrEnum):
    OPEN = "open"
    ASKED = "asked"
    """An editor wants to know more from the member."""
    ACCEPTED = "accepted"
    """It is a draft among the pack's files."""
    REJECTED = "rejected"
    PUBLISHED = "published"


WAITING = frozenset((State.OPEN, State.ASKED))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`member` is `platform:workspace:id`, `entry` the card's id, empty for the topic. Texts are as they were typed."""

    id: str
    community: str
    member: str
    name: str
    at: datetime
    kind: Kind
    pack: str
    entry: str
    words: str
    url: str = ""
    state: State = State.OPEN
    note: str = ""
    """What an editor asked, or why it was rejected."""
    answer: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None


async def add(tx: Transaction, made: Suggestion) -> None:
    await tx.run(
        "add_suggestion",
        id=made.id,
        community=made.community,
        member=made.member,
        name=made.name,
        at=to_stored(made.at),
        kind=made.kind.value,
        pack=made.pack,
        entry=made.entry,
        words=made.words,
        url=made.url,
    )


async def waiting_of(tx: Transaction, member: str, community: str) -> tuple[int, int]:
    """How many of the member's, and of the community's, still wait for an editor.

    Until the transaction ends nobody else counts that community's.
    """
    await communities.hold(tx, community)
    return (
        await tx.value("waiting_of_member", member=member),
        await tx.value("waiting_of_community", community=community),
    )


async def waiting(tx: Transaction) -> int:
    """How many wait for an editor in all."""
    count: int = await tx.value("waiting_suggestions")
    return count


async def after(tx: Transaction, at: datetime, last: str) -> Suggestion | None:
    """The oldest that waits and came after this moment and id."""
    row = await tx.one("waiting_after", at=to_stored(at), id=last)
    return None if row is None else _made(row)


async def find(tx: Transaction, suggestion: str) -> Suggestion | None:
    row = await tx.one("suggestion", id=suggestion)
    return None if row is None else _made(row)


async def of_member(tx: Transaction, member: str, limit: int) -> list[Suggestion]:
    """The newest first."""
    return [_made(row) for row in await tx.rows("suggestions_of", member=member, limit=limit)]


async def in_state(tx: Transaction, state: State, limit: int) -> list[Suggestion]:
    """The oldest first."""
    return [_made(row) for row in await tx.rows("suggestions_in_state", state=state.value, limit=limit)]


async def move(
    tx: Transaction, suggestion: str, before: Iterable[State], state: State, note: str, by: str, at: datetime
) -> bool:
    """False where it was in none of the states before, so that of two editors at once one decides."""
    moved = await tx.run(
        "move_suggestion",
        id=suggestion,
        before=json.dumps(sorted(before)),
        state=state.value,
        note=note,
        decided_by=by,
        decided_at=to_stored(at),
    )
    return moved == 1


async def put_answer(tx: Transaction, suggestion: str, answer: str) -> bool:
    """False where nobody asks any more."""
    return await tx.run("answer_suggestion", id=suggestion, answer=answer) == 1


def _made(row: Row) -> Suggestion:
    return Suggestion(
        id=row["id"],
        community=row["community"],
        member=row["member"],
        name=row["name"],
        at=from_stored(row["at"]),
        kind=Kind(row["kind"]),
        pack=row["pack"],
        entry=row["entry"],
        words=row["words"],
        url=row["url"],
        state=State(row["state"]),
        note=row["note"],
        answer=row["answer"],
        decided_by=row["decided_by"],
        decided_at=None if row["decided_at"] is None else from_stored(row["decided_at"]),
    )
