"""The log of what editors and moderators did, and which communities are served, on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import count

import pytest

from bot.chat.vocabulary import Actor
from bot.communities import repository as communities
from bot.communities.action_log import PAGE, ActionLog, Deed
from bot.polls import erasure as members
from bot.polls import repository as polls
from bot.polls.ballot_box import BallotBox
from bot.polls.model import PollState
from bot.store import key_value as kept
from bot.store.database import Database
from bot.store.sql import Transaction
from tests.store.things import AFTER, COMMUNITY, NOW, poll

MO = Actor("test", "demo", "mo", "Mo")
LATER = AFTER + timedelta(days=1)


@pytest.fixture
def log(database: Database) -> ActionLog:
    numbers = count(1)
    return ActionLog(database, lambda: f"{next(numbers):04}")


async def test_an_entry_comes_back_as_it_was_written(log: ActionLog, database: Database) -> None:
    """Who, when, what, to what; the newest first, and the next page begins where this one ended."""
    for number in range(PAGE + 2):
        await database.write(log.entry(Deed.CLOSE, NOW, by=MO, object_id=f"p{number}", community=COMMUNITY))
    first, more = await log.page(COMMUNITY, LATER)
    assert more
    assert [entry.object for entry in first] == [f"p{number}" for number in range(PAGE + 1, 1, -1)]
    assert (first[0].actor, first[0].name, first[0].at, first[0].deed) == ("test:demo:mo", "Mo", NOW, "close")
    second, more = await log.page(COMMUNITY, first[-1].at, first[-1].id)
    assert ([entry.object for entry in second], more) == (["p1", "p0"], False)
    assert await log.page("", LATER) == ([], False)


async def test_an_act_is_written_with_what_it_says_or_not_at_all(
    log: ActionLog, box: BallotBox, database: Database
) -> None:
    """Who closes a poll first leaves the line; where the line can't be written, the poll stays open."""
    await box.open(poll())

    async def broken(tx: Transaction) -> None:
        await log.entry(Deed.CLOSE, NOW, community=COMMUNITY)(tx)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await box.close("p1", AFTER, also=broken)
    assert (await database.read(lambda tx: polls.get(tx, "p1"))).state is PollState.OPEN
    for _ in range(2):
        await box.close("p1", AFTER, also=log.entry(Deed.CLOSE, AFTER, by=MO, community=COMMUNITY))
    assert len((await log.page(COMMUNITY, LATER))[0]) == 1


async def test_a_person_goes_from_the_log(log: ActionLog, database: Database) -> None:
    """With their id and their name; what was done stays."""
    await database.write(log.entry(Deed.RELOAD, NOW, by=MO))
    assert len((await database.read(lambda tx: members.stored_about(tx, "test:demo:mo"))).log_entries) == 1
    await database.write(lambda tx: members.forget_member(tx, "test:demo:mo", lambda: "stranger"))
    ((entry,), _) = await log.page("", LATER)
    assert (entry.deed, entry.actor, entry.name) == ("reload", "erased", "")
    assert (await database.read(lambda tx: members.stored_about(tx, "test:demo:mo"))).log_entries == ()


async def test_which_communities_are_served(box: BallotBox, database: Database) -> None:
    """Those that have the bot: three of them are enough to know, and the demonstration comes last."""
    for name in ("web:demo", "discord:dm5", "slack:T1", "discord:1"):
        await database.write(lambda tx, name=name: communities.ensure(tx, name))  # type: ignore[misc]
    assert await database.read(communities.served) == ["discord:1", "slack:T1", "web:demo"]
    await database.write(lambda tx: communities.mark_left(tx, "slack:T1", NOW))
    assert await database.read(communities.served) == ["discord:1", "web:demo"]
    await database.write(lambda tx: communities.mark_returned(tx, "slack:T1"))
    await database.write(lambda tx: communities.mark_returned(tx, "discord:2"))
    assert await database.read(communities.served) == ["discord:1", "discord:2", "slack:T1"]


async def test_one_of_all_who_turn_a_value_does_it(database: Database) -> None:
    """Also where it was never there, and where several turn it at the same moment; turned back, it is turned again."""

    async def turn(value: str) -> list[bool]:
        return sorted(
            await asyncio.gather(*(database.write(lambda tx: kept.turn(tx, "content-told", value)) for _ in range(8)))
        )

    for value in ("a", "b", "a"):
        assert await turn(value) == [False] * 7 + [True]
    assert await turn("a") == [False] * 8
