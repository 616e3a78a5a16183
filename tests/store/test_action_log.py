"""The log of editors' and moderators' actions, and the list of served communities, work on both databases."""

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
    """A page of the log lists the newest entries first, with actor, time, action and object.

    The next page begins after this one's last entry.
    """
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
    """The log has one entry for a poll that is closed twice, and the poll stays open if the entry can't be written."""
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
    """Erasing a member removes their id and name from the log, and the entry of their action stays."""
    await database.write(log.entry(Deed.RELOAD, NOW, by=MO))
    assert len((await database.read(lambda tx: members.stored_about(tx, "test:demo:mo"))).log_entries) == 1
    await database.write(lambda tx: members.forget_member(tx, "test:demo:mo", lambda: "stranger"))
    ((entry,), _) = await log.page("", LATER)
    assert (entry.deed, entry.actor, entry.name) == ("reload", "erased", "")
    assert (await database.read(lambda tx: members.stored_about(tx, "test:demo:mo"))).log_entries == ()


async def test_which_communities_are_served(box: BallotBox, database: Database) -> None:
    """The served communities are those that have the bot, at most three of them, without direct messages.

    The demonstration comes last and gives way to others.
    """
    for name in ("web:demo", "discord:dm5", "slack:T1", "discord:1"):
        await database.write(lambda tx, name=name: communities.ensure(tx, name))  # type: ignore[misc]
    assert await database.read(communities.served) == ["discord:1", "slack:T1", "web:demo"]
    await database.write(lambda tx: communities.mark_left(tx, "slack:T1", NOW))
    assert await database.read(communities.served) == ["discord:1", "web:demo"]
    await database.write(lambda tx: communities.mark_returned(tx, "slack:T1"))
    await database.write(lambda tx: communities.mark_returned(tx, "discord:2"))
    assert await database.read(communities.served) == ["discord:1", "discord:2", "slack:T1"]


async def test_one_of_all_who_turn_a_value_does_it(database: Database) -> None:
    """Of eight writers who set a value at the same moment, exactly one learns that it changed it.

    This holds for a new value and for one that returns. Once set, it changes for nobody.
    """

    async def turn(value: str) -> list[bool]:
        return sorted(
            await asyncio.gather(*(database.write(lambda tx: kept.turn(tx, "content-told", value)) for _ in range(8)))
        )

    for value in ("a", "b", "a"):
        assert await turn(value) == [False] * 7 + [True]
    assert await turn("a") == [False] * 8
