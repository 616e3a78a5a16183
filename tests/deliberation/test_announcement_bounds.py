"""Tests of a member's data in discussions and of the announcement of a result, at their bounds."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from bot.chat.vocabulary import MessageRef
from bot.deliberation import posted_cards
from bot.deliberation.deadlines import DiscussionDeadlines
from bot.deliberation.member_data import DiscussionData
from bot.deliberation.model import (
    Moderation,
)
from bot.deliberation.proposals import Proposals
from bot.errors import BotError, NotAllowed, NotFound, Unavailable
from bot.instance import Instance
from bot.polls.model import PollState
from bot.polls.posted_messages import PostedMessage
from tests.deliberation.discussing import WEEK, current, distinct, end, started, statements_of
from tests.polls.test_who_may import HOME, MOMENT, T, away
from tests.talk import ADA, BEN, CHEN, MO, reply_words
from tests.walls import wall_of
from tests.world import NOW, Clock

# --- whose data ---


async def test_a_member_sees_and_erases_their_own_alone(here: Instance) -> None:
    """In open discussions a member can see, export and erase their own answers, waiting statements and name. An erasure
    leaves other members' answers and statements as they were."""
    discussion, proposals, data = await started(here), Proposals(here.discussions), DiscussionData(here.discussions)
    for who, vote in ((ADA, 1), (BEN, -1)):
        await here.discussions.answer(discussion, who.actor, 0, vote, T)
    await proposals.propose(discussion, BEN.actor, distinct(1), T)
    await proposals.propose(discussion, CHEN.actor, distinct(2), T)
    assert await data.stored_about(BEN.actor) == (1, (distinct(1),))
    assert await data.stored_about(CHEN.actor) == (0, (distinct(2),))
    assert await data.stored_about(away(BEN).actor) == (0, ())
    [part] = await data.export_of(BEN.actor)
    assert part == {
        "discussion": discussion.id,
        "answers": [{"statement": "Statement a holds", "answer": -1}],
        "statements": [distinct(1)],
    }
    assert len(await data.export_of(CHEN.actor)) == len(await data.export_of(ADA.actor)) == 1
    assert await data.export_of(MO.actor) == []
    assert await data.erase(MO.actor) == []
    assert await data.erase(BEN.actor) == [discussion.id]
    assert await data.stored_about(BEN.actor) == (0, ())
    first, *_, last = await statements_of(here, discussion)
    assert (first.agrees, first.disagrees, last.words) == (1, 0, distinct(2))
    now = await current(here, discussion)
    assert (now.people, now.votes, now.creator_name) == (1, 3, "Ada")  # 3 votes, so a close under way starts again
    await data.erase(ADA.actor)
    assert ((await current(here, discussion)).creator, (await current(here, discussion)).creator_name) == ("", "")


async def test_an_accepted_statement_stays_without_its_author(here: Instance) -> None:
    """When an author erases their data, their accepted statement stays without their name, because others may have
    answered it."""
    discussion = await started(here, moderation=Moderation.OFF)
    await Proposals(here.discussions).propose(discussion, BEN.actor, distinct(1), T)
    await DiscussionData(here.discussions).erase(BEN.actor)
    last = (await statements_of(here, discussion))[5]
    assert (last.words, last.author) == (distinct(1), "")


async def test_a_closed_discussion_holds_nothing_about_anybody(here: Instance) -> None:
    """A closed discussion holds nothing about a member that Parley could show, export or erase."""
    discussion, data = await started(here), DiscussionData(here.discussions)
    await here.discussions.answer(discussion, BEN.actor, 0, 1, T)
    await here.discussions.close(discussion, ADA, HOME, T)
    assert await data.stored_about(BEN.actor) == (0, ())
    assert await data.export_of(BEN.actor) == []
    assert await data.erase(BEN.actor) == []
    assert json.loads((await current(here, discussion)).result)["people"] == 0


async def test_a_member_is_another_one_in_another_discussion(here: Instance) -> None:
    """A member has a different pseudonym in each discussion, and it doesn't contain their id."""
    one, two = await started(here), await started(here)
    names = {await here.discussions.person(each, who.actor) for each in (one, two) for who in (BEN, CHEN)}
    assert len(names) == 4
    assert not any("ben" in name for name in names)


# --- the announcement ---


@pytest.mark.parametrize(
    ("failures", "posts", "notices"),
    [
        ([], 1, 0),
        ([Unavailable("down")], 1, 0),
        ([NotAllowed("locked")], 0, 1),
        ([ValueError("a bug")], 0, 1),
    ],
    ids=["at once", "later", "refused", "bug"],
)
async def test_a_result_is_announced_once_or_told_to_its_host(
    here: Instance, clock: Clock, failures: list[Exception], posts: int, notices: int
) -> None:
    """Parley announces a result once, and tries again a minute later if the platform was down. If the post fails
    otherwise, Parley tells the host once that it couldn't announce the result."""
    discussion = await started(here)
    await here.discussions.posted(discussion.id, MessageRef(ADA.place, "m1"), NOW)
    wall_of(here).failures = failures
    await end(here, clock, WEEK, timedelta(minutes=1), timedelta(minutes=1), timedelta(minutes=1))
    assert len(wall_of(here).posted) == posts
    assert [person for person, _ in wall_of(here).private] == ["ada"] * notices
    assert all("I couldn't announce a result" in reply_words(reply) for _, reply in wall_of(here).private)


@pytest.mark.parametrize(("late", "told"), [(timedelta(days=1) - MOMENT, True), (timedelta(days=1), False)])
async def test_a_result_is_announced_within_a_day(here: Instance, clock: Clock, late: timedelta, told: bool) -> None:
    """Parley announces a result until a day after the end. From then on it drops the announcement."""
    discussion = await started(here)
    await here.discussions.posted(discussion.id, MessageRef(ADA.place, "m1"), NOW)
    await here.discussions.end(discussion.id, NOW)
    await end(here, clock, late)
    assert len(wall_of(here).posted) == told


async def test_the_next_deadline_is_a_close_or_an_announcement(here: Instance) -> None:
    """The next deadline is the close of an open discussion or the announcement of an ended one, on a platform that runs
    here."""
    chore = next(each for each in here.scheduler._chores if isinstance(each, DiscussionDeadlines))
    assert await chore.next_due() is None
    discussion = await started(here)
    await here.discussions.posted(discussion.id, MessageRef(ADA.place, "m1"), NOW)
    assert await chore.next_due() == NOW + WEEK
    await here.discussions.end(discussion.id, NOW + MOMENT)
    assert await chore.next_due() == NOW + MOMENT
    here.platforms.clear()
    assert await chore.next_due() is None


async def test_a_message_that_shows_less_than_there_is_is_found_and_redrawn(here: Instance) -> None:
    """Parley finds and redraws a message that is out of date, even if the process that ended the discussion reported
    nothing."""
    discussion = await started(here)
    await here.discussions.posted(discussion.id, MessageRef(ADA.place, "m1"), NOW)
    await here.discussions.end(discussion.id, NOW)
    chore = next(each for each in here.scheduler._chores if isinstance(each, DiscussionDeadlines))
    await chore.run_due(NOW)
    await chore.copies.drain()
    assert wall_of(here).edits == 1


async def test_a_telling_is_taken_on_its_platform_when_it_is_due(here: Instance) -> None:
    """A process takes an announcement when it is due, and only on a platform that it runs."""
    discussion = await started(here)
    await here.discussions.posted(discussion.id, MessageRef(ADA.place, "m1"), NOW)
    await here.discussions.end(discussion.id, NOW)
    for platforms, now in ((["other"], NOW), ([], NOW), (["test"], NOW - MOMENT)):
        assert await here.database.write(lambda tx, p=platforms, n=now: posted_cards.take(tx, p, n)) is None  # type: ignore[misc]
    telling = await here.database.write(lambda tx: posted_cards.take(tx, ["test"], NOW))
    assert telling is not None
    assert (telling.place, telling.since, telling.for_creator) == (ADA.place, NOW, False)


async def test_without_a_place_the_host_hears_the_result_once(here: Instance, clock: Clock) -> None:
    """The host hears a result once, even if Parley queues it for them twice."""
    discussion = await started(here)
    await here.discussions.end(discussion.id, NOW)
    await here.database.write(lambda tx: posted_cards.tell_host(tx, discussion, NOW))
    await end(here, clock, timedelta(), timedelta(minutes=1))
    assert [person for person, _ in wall_of(here).private] == ["ada"]


async def test_a_result_without_a_place_is_for_its_host_once(here: Instance) -> None:
    """If no message shows a discussion, its end queues the result for the host, once."""
    discussion = await started(here)
    await here.discussions.end(discussion.id, NOW)
    telling = await here.database.write(lambda tx: posted_cards.take(tx, ["test"], NOW))
    assert telling is not None
    assert telling.for_creator
    await here.database.write(lambda tx: posted_cards.tell_host(tx, discussion, NOW))
    assert await here.database.write(lambda tx: posted_cards.take(tx, ["test"], NOW)) is None


async def test_a_message_is_redrawn_at_each_change_and_once_at_the_end(here: Instance) -> None:
    """Parley redraws a message after each change and once after the end, and then forgets it. It reports only once that
    it can't draw a message."""
    discussion = await started(here)
    copy = PostedMessage(discussion.id, MessageRef(ADA.place, "m1"), NOW)

    async def shown() -> list[PostedMessage]:
        """Mark the message as drawn, and return the messages that are left to draw."""
        now = await current(here, discussion)
        await here.database.write(lambda tx: posted_cards.mark_shown(tx, copy, now, NOW))
        return await here.database.read(posted_cards.stale_copies)

    async def lose() -> bool:
        return await here.database.write(lambda tx: posted_cards.lose_copy(tx, discussion.id, copy.message))

    assert await here.database.read(lambda tx: posted_cards.find_copy(tx, copy)) is None
    await here.discussions.posted(discussion.id, copy.message, NOW)
    assert await here.database.read(lambda tx: posted_cards.find_copy(tx, copy)) is not None
    assert [await lose(), await lose()] == [True, False]
    assert await shown() == []
    await here.discussions.answer(discussion, BEN.actor, 0, 1, T)
    assert len(await here.database.read(posted_cards.stale_copies)) == 1
    assert await shown() == []
    await here.discussions.end(discussion.id, NOW)
    assert len(await here.database.read(posted_cards.stale_copies)) == 1
    assert await shown() == []
    assert not await lose()
    assert await here.database.read(lambda tx: posted_cards.copies(tx, discussion.id)) == []
    with pytest.raises(NotFound):
        await here.database.read(lambda tx: posted_cards.get(tx, "d-none"))


async def test_a_close_that_fails_is_said_once_in_the_log(
    here: Instance, clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parley logs once that it can't close a discussion, tries again each time, and closes other discussions all the
    same."""
    one, two = await started(here), await started(here)
    whole, tries = here.discussions.end, []

    async def fail(discussion: str, *arguments: object, **named: object) -> bool:
        if discussion == one.id:
            tries.append(discussion)
            raise BotError("broken")
        return await whole(discussion, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(type(here.discussions), "end", lambda _self, *a, **k: fail(*a, **k))
    await end(here, clock, WEEK, timedelta(minutes=1))
    assert caplog.text.count(f"can't close discussion {one.id}") == 1
    assert len(tries) == 2
    assert (await current(here, two)).state is PollState.CLOSED
