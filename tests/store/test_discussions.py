"""Discussions on both databases count every answer of a crowd once, and keep no member's answers after the close."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.chat.vocabulary import MessageRef, Place, Request
from bot.communities.action_log import ActionLog
from bot.communities.model import Community
from bot.deliberation import posted_cards, repository
from bot.deliberation.extremities import Extremities
from bot.deliberation.member_data import DiscussionData
from bot.deliberation.model import Discussion, Moderation, StatementState
from bot.deliberation.proposals import Proposals
from bot.deliberation.report import read_report
from bot.deliberation.service import DiscussionDraft, Discussions
from bot.errors import Refused
from bot.i18n import translator
from bot.polls.model import PollState
from bot.store.database import Database
from bot.store.keys import Keys, new_key
from bot.store.open import open_database
from tests.store.things import COMMUNITY, NOW, Raw, member

T = translator("en")
PLATFORM, _, WORKSPACE = COMMUNITY.partition(":")
PLACE = Place(PLATFORM, WORKSPACE, "main")
STARTERS = tuple((f"Statement {letter} holds", "") for letter in "abcde")


def discussions_in(database: Database, key: bytes, first: int = 0) -> Discussions:
    """Return discussions whose ids and random bytes count from `first` on."""
    numbers = iter(range(first, first + 100_000))
    return Discussions(
        database,
        Keys(key),
        lambda: f"x{next(numbers)}",
        ActionLog(database, lambda: f"log{next(numbers)}"),
        lambda count: bytes(next(numbers) % 256 for _ in range(count)),
        Extremities(database),
    )


async def started(discussions: Discussions, moderation: Moderation = Moderation.OFF) -> Discussion:
    draft = DiscussionDraft("Kitchen?", NOW + timedelta(days=1), STARTERS, "", moderation)
    request = Request(member(0), PLACE, NOW)
    discussion = await discussions.start(draft, request, Community(COMMUNITY), T)
    await discussions.posted(discussion.id, MessageRef(PLACE, "m1"), NOW)
    return discussion


async def test_a_crowd_over_two_processes_counts_once(url: str, database: Database, raw: Raw) -> None:
    """Two processes count each of 300 members' answers once, even if a member sends it to both.

    Only one of them closes the discussion, and the close deletes all ballots and the secret.
    """
    key = new_key()
    other = await open_database(url, shared=True)
    both = (discussions_in(database, key), discussions_in(other, key))
    discussion = await started(both[0])
    await asyncio.gather(
        *(
            both[(number + turn) % 2].answer(discussion, member(number), number % 2, 1, T)
            for number in range(300)
            for turn in range(2)
        )
    )
    row = await both[1].get(discussion.id, T)
    statements = await database.read(lambda tx: repository.statements(tx, discussion.id))
    assert (row.people, [each.agrees for each in statements]) == (300, [150, 150, 0, 0, 0])
    ends = await asyncio.gather(*(each.end(discussion.id, NOW) for each in both))
    assert sorted(ends) == [False, True]
    closed = await both[0].get(discussion.id, T)
    report = read_report(closed.result)
    assert report.people == 300
    assert report.statement(0).total is not None
    assert await raw.run("SELECT count(*) FROM discussion_ballots") == [(0,)]
    assert await raw.run("SELECT count(*) FROM discussion_secrets") == [(0,)]
    telling = await database.write(lambda tx: posted_cards.take(tx, [PLATFORM], NOW))
    assert telling is not None
    assert telling.place.channel == "main"
    await database.write(lambda tx: posted_cards.put_back(tx, telling, NOW))
    assert await database.read(posted_cards.stale_copies)
    await other.close()


async def test_one_take_takes_out_one_place(database: Database, raw: Raw) -> None:
    """If a closed discussion stands in three places, each `take` returns one place to tell and leaves the others."""
    discussions = discussions_in(database, new_key())
    discussion = await started(discussions)
    for channel in ("second", "third"):
        await discussions.posted(discussion.id, MessageRef(Place(PLATFORM, WORKSPACE, channel), "m"), NOW)
    await discussions.end(discussion.id, NOW)
    channels = set()
    for left in (2, 1, 0):
        telling = await database.write(lambda tx: posted_cards.take(tx, [PLATFORM], NOW))
        assert telling is not None
        channels.add(telling.place.channel)
        assert await raw.run("SELECT count(*) FROM discussion_tellings") == [(left,)]
    assert channels == {"main", "second", "third"}


async def test_statements_are_decided_once_and_forgotten_at_the_close(database: Database) -> None:
    """A moderator can't decide about a statement a second time.

    The end of a discussion deletes waiting and rejected statements, and the authors of all others.
    """
    discussions = discussions_in(database, new_key())
    proposals = Proposals(discussions)
    discussion = await started(discussions, Moderation.BEFORE)
    request = Request(member(9), PLACE, NOW)
    for words in ("Milk is bought by turns", "Friday empties a fridge", "Windows open at noon"):
        await proposals.propose(discussion, member(1), words, T)
    await proposals.decide(discussion, 5, StatementState.OPEN, request, T)
    await proposals.decide(discussion, 6, StatementState.REJECTED, request, T, "why")
    for position, to in ((5, StatementState.REJECTED), (6, StatementState.OPEN)):
        with pytest.raises(Refused, match="already decided"):
            await proposals.decide(discussion, position, to, request, T)
    await discussions.drop(discussion.id, NOW)
    statements = await database.read(lambda tx: repository.statements(tx, discussion.id))
    assert [(each.position, each.author) for each in statements] == [(position, "") for position in range(6)]
    assert (await discussions.get(discussion.id, T)).state is PollState.CANCELLED


async def test_erasure_and_later_closes(database: Database) -> None:
    """Erasing a member deletes their answers from open discussions. An extension moves a discussion's end."""
    discussions: Any = discussions_in(database, new_key())
    data = DiscussionData(discussions)
    discussion = await started(discussions)
    await discussions.answer(discussion, member(3), 0, -1, T)
    assert (await data.stored_about(member(3)))[0] == 1
    assert await data.erase(member(3)) == [discussion.id]
    assert await data.export_of(member(3)) == []
    request = Request(member(0), PLACE, NOW)
    later = NOW + timedelta(days=2)
    await discussions.extend(discussion, request, Community(COMMUNITY), later, T)
    assert await discussions.due(NOW + timedelta(days=1)) == []
    assert await discussions.due(later) == [discussion.id]
