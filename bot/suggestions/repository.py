"""Members' suggestions in the database. Each function is a step of a unit of work."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.communities import repository as communities
from bot.store.sql import Row, Transaction
from bot.store.timestamps import from_stored, to_stored


class Kind(StrEnum):
    """The kind of change that a suggestion asks for."""

    CORRECTION = "correction"
    SOURCE = "source"
    ARGUMENT = "argument"


class SuggestionState(StrEnum):
    OPEN = "open"
    NEEDS_ANSWER = "asked"
    """An editor wants to know more from the member."""
    ACCEPTED = "accepted"
    """It is a draft among the pack's files."""
    REJECTED = "rejected"
    PUBLISHED = "published"


WAITING = frozenset((SuggestionState.OPEN, SuggestionState.NEEDS_ANSWER))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A suggestion. `member` is `platform:workspace:id`, `entry` a card's id (empty for the topic). Texts are unedited."""

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
    state: SuggestionState = SuggestionState.OPEN
    note: str = ""
    """An editor's question, or the reason for a rejection."""
    answer: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None


async def add(tx: Transaction, suggestion: Suggestion) -> None:
    await tx.run(
        "add_suggestion",
        id=suggestion.id,
        community=suggestion.community,
        member=suggestion.member,
        name=suggestion.name,
        at=to_stored(suggestion.at),
        kind=suggestion.kind.value,
        pack=suggestion.pack,
        entry=suggestion.entry,
        words=suggestion.words,
        url=suggestion.url,
    )


async def waiting_of(tx: Transaction, member: str, community: str) -> tuple[int, int]:
    """Count the member's suggestions, and the community's, that still wait for an editor.

    Lock the community until the transaction ends, so that nobody else counts at the same time.
    """
    await communities.hold(tx, community)
    return (
        await tx.value("waiting_of_member", member=member),
        await tx.value("waiting_of_community", community=community),
    )


async def waiting(tx: Transaction) -> int:
    """Count all suggestions that wait for an editor."""
    count: int = await tx.value("waiting_suggestions")
    return count


async def after(tx: Transaction, at: datetime, last: str) -> Suggestion | None:
    """Return the oldest waiting suggestion after this moment and id."""
    row = await tx.one("waiting_after", at=to_stored(at), id=last)
    return None if row is None else _suggestion(row)


async def find(tx: Transaction, suggestion: str) -> Suggestion | None:
    row = await tx.one("suggestion", id=suggestion)
    return None if row is None else _suggestion(row)


async def of_member(tx: Transaction, member: str, limit: int) -> list[Suggestion]:
    """Return a member's suggestions, the newest first."""
    return [_suggestion(row) for row in await tx.rows("suggestions_of", member=member, limit=limit)]


async def in_state(tx: Transaction, state: SuggestionState, limit: int) -> list[Suggestion]:
    """Return the suggestions in a state, the oldest first."""
    return [_suggestion(row) for row in await tx.rows("suggestions_in_state", state=state.value, limit=limit)]


async def move(
    tx: Transaction,
    suggestion: str,
    before: Iterable[SuggestionState],
    state: SuggestionState,
    note: str,
    by: str,
    at: datetime,
) -> bool:
    """Move a suggestion to a state. Return False if it was in none of the states before: of two editors, one decides."""
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
    """Store the member's answer. Return False if no editor is waiting for one."""
    return await tx.run("answer_suggestion", id=suggestion, answer=answer) == 1


def _suggestion(row: Row) -> Suggestion:
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
        state=SuggestionState(row["state"]),
        note=row["note"],
        answer=row["answer"],
        decided_by=row["decided_by"],
        decided_at=None if row["decided_at"] is None else from_stored(row["decided_at"]),
    )
