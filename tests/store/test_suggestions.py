"""Several processes store suggestions and decide on them without conflicts."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.store.database import Database
from bot.store.open import open_database
from bot.store.sql import Transaction
from bot.suggestions import repository as suggestions
from bot.suggestions.repository import WAITING, Kind, Suggestion, SuggestionState
from tests.store.things import COMMUNITY, NOW


def suggestion(name: str) -> Suggestion:
    return Suggestion(name, COMMUNITY, f"{COMMUNITY}:ada", "Ada", NOW, Kind.CORRECTION, "tea", "tea-popular", "No.")


async def test_of_two_editors_at_once_one_decides(url: str, database: Database) -> None:
    """If two editors decide on a suggestion at once in two processes, one decision is stored and the other fails."""
    other = await open_database(url, shared=True)
    for number in range(8):
        new = suggestion(f"s{number}")
        await database.write(lambda tx, new=new: suggestions.add(tx, new))  # type: ignore[misc]
        ends = await asyncio.gather(
            *(
                each.write(lambda tx, to=to, id_=new.id: suggestions.move(tx, id_, WAITING, to, "why", to, NOW))  # type: ignore[misc]
                for each, to in ((database, SuggestionState.ACCEPTED), (other, SuggestionState.REJECTED))
            )
        )
        stored: Any = await database.read(lambda tx, id_=new.id: suggestions.find(tx, id_))  # type: ignore[misc]
        assert sorted(ends) == [False, True]
        assert stored.state is (SuggestionState.ACCEPTED if ends[0] else SuggestionState.REJECTED)
        assert stored.decided_by == stored.state
    await other.close()


async def test_a_members_limit_holds_when_much_is_suggested_at_once(url: str, database: Database) -> None:
    """A limit of three suggestions holds if two processes take in ten at the same moment: the store keeps three."""
    other = await open_database(url, shared=True)

    async def add(tx: Transaction, new: Suggestion) -> bool:
        own, _ = await suggestions.waiting_of(tx, new.member, new.community)
        if own < 3:
            await suggestions.add(tx, new)
        return own < 3

    outcomes = await asyncio.gather(
        *((database, other)[n % 2].write(lambda tx, n=n: add(tx, suggestion(f"s{n}"))) for n in range(10))  # type: ignore[misc]
    )
    assert outcomes.count(True) == 3
    assert await database.read(suggestions.waiting) == 3
    await other.close()
