"""Processes share work through leases, lists of places to tell, and stale copies of polls' messages."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.chat.vocabulary import MessageRef, Place
from bot.polls import outbox as tellings
from bot.polls import posted_messages as messages
from bot.polls import repository as polls
from bot.polls.ballot_box import BallotBox
from bot.polls.outbox import News
from bot.polls.posted_messages import PostedMessage
from bot.store import leases
from bot.store.database import Database
from bot.store.open import open_database
from tests.store.things import AFTER, CLOSES, NOW, Raw, poll, vote

HERE, THERE = Place("discord", "9", "general"), Place("slack", "T1", "C1")


async def _posted(box: BallotBox, database: Database) -> None:
    await box.open(poll())
    for number, place in enumerate((HERE, HERE, THERE)):
        copy = PostedMessage("p1", MessageRef(place, f"m{number}"), NOW)
        await database.write(lambda tx, copy=copy: messages.add_copy(tx, copy))  # type: ignore[misc]


async def _stale(database: Database) -> set[str]:
    return {copy.message.id for copy in await database.read(messages.stale_copies)}


async def test_a_lease_has_one_holder_until_its_time_has_passed(database: Database, raw: Raw) -> None:
    """A lease has one holder, who may renew it, until its time has passed or the holder releases it.

    A time too far in the future, from a clock that was put back, doesn't count.
    """

    async def take(holder: str, seconds: int = leases.LEASE) -> bool:
        return await database.write(lambda tx: leases.take(tx, "x", holder, seconds))

    assert [await take("a"), await take("b"), await take("a")] == [True, False, True]
    await take("a", 0)
    assert [await take("b"), await take("a")] == [True, False]
    await raw.run("UPDATE leases SET until = until + 3600000000")
    assert await take("a")
    await database.write(lambda tx: leases.release(tx, "x", "b"))
    assert not await take("b")
    await database.write(lambda tx: leases.release_all(tx, "a"))
    assert await take("b")


async def test_of_many_one_gets_the_lease(url: str, database: Database) -> None:
    """If several holders in two processes ask for a lease at the same moment, exactly one gets it."""
    other = await open_database(url, shared=True)
    for turn in range(10):
        requests = [
            each.write(lambda tx, n=turn, h=holder: leases.take(tx, f"x{n}", f"h{h}"))  # type: ignore[misc]
            for holder, each in enumerate([database, other] * 4)
        ]
        assert sum(await asyncio.gather(*requests)) == 1
    await other.close()


async def test_a_vote_makes_copies_stale_and_drawing_makes_them_right(box: BallotBox, database: Database) -> None:
    """A vote, an extension and a close make every copy of a poll's message stale.

    A copy is right again once it is drawn with the poll's newest state.
    """
    await _posted(box, database)
    assert await _stale(database) == set()
    await box.cast(vote(1, "0"))
    assert await _stale(database) == {"m0", "m1", "m2"}
    (copy,) = [c for c in await database.read(lambda tx: messages.copies(tx, "p1")) if c.message.id == "m0"]
    drawn = await database.read(lambda tx: polls.get(tx, "p1"))
    await box.cast(vote(2, "1"))
    await database.write(lambda tx: messages.mark_shown(tx, copy, drawn, NOW))
    assert await _stale(database) == {"m0", "m1", "m2"}
    drawn = await database.read(lambda tx: polls.get(tx, "p1"))
    await database.write(lambda tx: messages.mark_shown(tx, copy, drawn, NOW - timedelta(hours=1)))
    assert await _stale(database) == {"m1", "m2"}
    assert (await database.read(lambda tx: messages.find_copy(tx, copy))).edited_at == NOW  # type: ignore[union-attr]
    assert await box.extend("p1", AFTER, None)
    assert await _stale(database) == {"m0", "m1", "m2"}
    await box.close("p1", AFTER)
    drawn = await database.read(lambda tx: polls.get(tx, "p1"))
    await database.write(lambda tx: messages.mark_shown(tx, copy, drawn, AFTER))
    await database.write(lambda tx: messages.outdate(tx, "p1"))
    assert await _stale(database) == {"m1", "m2"}


async def test_a_copy_that_can_t_be_drawn_rests_and_comes_back(box: BallotBox, database: Database) -> None:
    """A copy that can't be drawn rests until the poll has twice as many votes, is extended or ends.

    If it can't be drawn after the end, the store forgets it.
    """
    await _posted(box, database)
    copy = (await database.read(lambda tx: messages.copies(tx, "p1")))[0]

    async def lose() -> bool:
        return await database.write(lambda tx: messages.lose_copy(tx, "p1", copy.message))

    await box.cast(vote(1, "0"))
    await box.cast(vote(2, "0"))
    assert [await lose(), await lose()] == [True, False]
    assert copy.message.id not in await _stale(database)
    await box.cast(vote(3, "0"))
    assert copy.message.id not in await _stale(database)
    await box.cast(vote(4, "0"))
    assert copy.message.id in await _stale(database)
    await lose()
    assert await box.extend("p1", AFTER, None)
    assert copy.message.id in await _stale(database)
    drawn = await database.read(lambda tx: polls.get(tx, "p1"))
    await database.write(lambda tx: messages.mark_shown(tx, copy, drawn, NOW))
    assert await lose()
    await box.close("p1", AFTER)
    assert copy.message.id in await _stale(database)
    assert not await lose()
    assert copy.message not in [each.message for each in await database.read(lambda tx: messages.copies(tx, "p1"))]


async def test_a_creator_is_told_once(box: BallotBox, database: Database) -> None:
    """The store queues one message to a poll's creator if places can't be told, even if it is asked for it twice."""
    await box.open(poll())
    await box.close("p1", CLOSES)
    closed = await database.read(lambda tx: polls.get(tx, "p1"))
    platform, _, workspace = closed.community.partition(":")
    await database.write(lambda tx: tellings.tell_creator(tx, closed, AFTER))
    claimed = await database.write(lambda tx: tellings.take(tx, [platform], AFTER))
    assert claimed == tellings.Telling("p1", News.RESULT, Place(platform, workspace, ""), CLOSES)
    assert claimed.for_creator
    await database.write(lambda tx: tellings.tell_creator(tx, closed, AFTER))
    assert await database.write(lambda tx: tellings.take(tx, [platform], AFTER)) is None


async def test_each_place_is_told_once_by_one_of_them(url: str, box: BallotBox, database: Database) -> None:
    """Two processes that take places to tell from one list tell each place once, also one with two copies.

    A place that a process put back is due again later, until it is given up.
    """
    await _posted(box, database)
    await box.close("p1", CLOSES)
    other = await open_database(url, shared=True)

    async def all_of(each: Database, *platforms: str) -> list[tellings.Telling]:
        claims = []
        while claimed := await each.write(lambda tx: tellings.take(tx, platforms, AFTER)):
            claims.append(claimed)
        return claims

    assert await all_of(database, "web") == []
    halves = await asyncio.gather(all_of(database, "slack", "discord"), all_of(other, "slack", "discord"))
    claims = [*halves[0], *halves[1]]
    assert sorted(each.place.platform for each in claims) == ["discord", "slack"]
    first = claims[0]
    assert (first.poll, first.news, first.since) == ("p1", News.RESULT, CLOSES)
    await database.write(lambda tx: tellings.put_back(tx, first, AFTER + timedelta(minutes=1)))
    assert await all_of(other, "slack", "discord") == []
    next_due = await database.read(lambda tx: polls.next_deadline(tx, [first.place.platform]))
    assert next_due == AFTER + timedelta(minutes=1)
    assert await database.read(lambda tx: polls.next_deadline(tx, ["web"])) is None
    assert await database.write(lambda tx: tellings.give_up(tx, CLOSES)) == 0
    assert await database.write(lambda tx: tellings.give_up(tx, AFTER)) == 1
    await other.close()


async def test_a_cancelled_poll_is_told_to_nobody(box: BallotBox, database: Database) -> None:
    """Parley announces no result of a cancelled poll, and redraws all copies of its message."""
    await _posted(box, database)
    await box.cancel("p1", NOW)
    assert await _stale(database) == {"m0", "m1", "m2"}
    assert await database.write(lambda tx: tellings.take(tx, ["slack", "discord"], AFTER)) is None
