"""The repositories store and list polls, their messages, communities and members' data on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.chat.vocabulary import MessageRef, Place
from bot.communities import repository as communities
from bot.errors import NotFound, Refused
from bot.polls import erasure as members
from bot.polls import outbox, watchers
from bot.polls import posted_messages as messages
from bot.polls import repository as polls
from bot.polls.ballot_box import BallotBox
from bot.polls.counting.ballots import Method
from bot.polls.erasure import NamedBallot, Stored
from bot.polls.model import CastEnd, Poll, PollOption, PollState, Results
from bot.polls.outbox import News
from bot.polls.places import poll_place
from bot.polls.posted_messages import PostedMessage
from bot.polls.privacy import Privacy
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.open import open_database
from bot.store.sql import Transaction
from tests.store.things import AFTER, CLOSES, COMMUNITY, KEY, NOW, Raw, findings, member, poll, record_of, vote


async def test_a_poll_comes_back_as_it_was_opened(box: BallotBox, database: Database) -> None:
    """The store returns a new poll with every field unchanged, and its head is the opening of the chain."""
    expected = poll(
        method=Method.APPROVAL, max_choices=2, secret=False, results=Results.LIVE, roles=frozenset({"7", "8"}),
        joined_before=True, quorum=5, topic="tea", public=True, remind_at=NOW + timedelta(hours=1),
        communities=frozenset({"slack:T1"}), question="“Tea” or 茶?",
    )  # fmt: skip
    opened = await box.open(expected)
    assert opened == await database.read(lambda tx: polls.get(tx, "p1"))
    assert opened.communities == {COMMUNITY, "slack:T1"}
    assert (opened.links, opened.frozen, opened.format) == (0, False, 2)
    record = await record_of(database)
    assert record.format is not None
    assert opened.head == record.format.opening(expected)


async def test_lists_of_polls(box: BallotBox, database: Database) -> None:
    """Open polls are listed by their deadline.

    A community's list has its own polls and those posted to it, the open ones first and the newest first.
    """
    await box.open(poll("p1", closes_at=NOW + timedelta(days=3)))
    await box.open(poll("p2", opened_at=NOW - timedelta(days=1)))
    await box.open(
        poll("p3", community="slack:T1", communities=frozenset({COMMUNITY}), opened_at=NOW + timedelta(hours=1))
    )
    await box.open(poll("p4", community="slack:T1"))
    await box.close("p1", AFTER)
    assert _ids(await database.read(polls.open_polls)) == ["p2", "p3", "p4"]
    assert _ids(await database.read(lambda tx: polls.of_community(tx, COMMUNITY))) == ["p3", "p2", "p1"]
    assert _ids(await database.read(lambda tx: polls.of_community(tx, COMMUNITY, 1))) == ["p3"]
    assert _ids(await database.read(polls.all_polls)) == ["p2", "p1", "p4", "p3"]
    assert await database.read(lambda tx: polls.find(tx, "p9")) is None
    with pytest.raises(NotFound):
        await database.read(lambda tx: polls.get(tx, "p9"))


async def test_a_quota_of_open_polls_holds_when_many_are_created_at_once(url: str, database: Database) -> None:
    """A quota of five open polls holds if two processes open twelve at the same moment: the store keeps five."""
    other = await open_database(url, shared=True)
    boxes = [BallotBox(each, Keys(KEY)) for each in (database, other)]

    async def room(tx: Transaction) -> None:
        if (await polls.open_counts(tx, COMMUNITY, "ada"))[0] >= 5:
            raise Refused("full")

    opened = (boxes[number % 2].open(poll(f"p{number}"), only_if=room) for number in range(12))
    ends = await asyncio.gather(*opened, return_exceptions=True)
    assert [isinstance(end, Refused) for end in ends].count(True) == 7
    assert len(await database.read(polls.all_polls)) == 5
    await other.close()


async def test_a_quota_counts_what_was_created_here_and_is_open(box: BallotBox, database: Database) -> None:
    """A quota counts only the open polls that were created in the community, in all and by the member."""
    await box.open(poll("p1"))
    await box.open(poll("p2", creator="ben"))
    await box.open(poll("p3"))
    await box.open(poll("p4", community="slack:T1", communities=frozenset({COMMUNITY})))
    await box.cancel("p3", NOW)
    assert await database.write(lambda tx: polls.open_counts(tx, COMMUNITY, "ada")) == (2, 1)
    assert await database.write(lambda tx: polls.open_counts(tx, "test:new", "ada")) == (0, 0)


def _ids(listed: list[Poll]) -> list[str]:
    return [each.id for each in listed]


async def test_a_private_poll_is_listed_in_its_place_alone(box: BallotBox, database: Database) -> None:
    """A private poll is listed only in its places and their threads. Other polls are listed everywhere."""
    office = Place("test", "demo", "office", private=True)
    await box.open(poll("p1"))
    await box.open(poll("p2", private=True, places=frozenset({poll_place(office)})))
    await box.open(poll("p3", private=True))
    for place, listed in (
        (office, ["p1", "p2"]),
        (replace(office, thread="t1"), ["p1", "p2"]),
        (replace(office, channel="lobby"), ["p1"]),
        (replace(office, workspace="other"), ["p1"]),
        (replace(office, platform="slack"), ["p1"]),
        (None, ["p1"]),
    ):
        assert _ids(await database.read(lambda tx, place=place: polls.visible(tx, COMMUNITY, place))) == listed  # type: ignore[misc]


async def test_a_public_poll_has_a_page(box: BallotBox, database: Database) -> None:
    """A public poll has a page until it is cancelled. A poll that isn't public, or is private, has none."""
    await box.open(poll("p1", public=True))
    await box.open(poll("p2"))
    await box.open(poll("p3", public=True, private=True))
    await box.open(poll("p4", public=True))
    await box.cancel("p4", NOW)
    names = ("p1", "p2", "p3", "p4", "p9")
    public = [await database.read(lambda tx, name=name: polls.is_public(tx, name)) for name in names]  # type: ignore[misc]
    assert public == [True, False, False, False, False]


async def test_an_edit_replaces_what_was_asked(box: BallotBox, database: Database) -> None:
    """A poll may be edited until its first vote. The edit replaces all its settings and restarts its record.

    A withdrawal without a vote doesn't count as a vote.
    """
    await box.open(poll())
    assert (await box.cast(vote(1, None))).end is CastEnd.NOTHING_TO_WITHDRAW
    edited = poll(
        question="What to eat?", options=(PollOption("Soup", words="hot"), PollOption("Bread")), method=Method.APPROVAL,
        max_choices=1, secret=False, results=Results.LIVE, roles=frozenset({"7"}), joined_before=True, quorum=3,
        topic="food", public=True, closes_at=AFTER, remind_at=NOW + timedelta(hours=1),
    )  # fmt: skip
    assert await box.edit(edited)
    stored = await database.read(lambda tx: polls.get(tx, "p1"))
    kept = {"head": stored.head, "row_seal": stored.row_seal, "format": 2, "first_closes_at": AFTER}
    assert stored == replace(edited, communities=frozenset({COMMUNITY}), **kept)  # type: ignore[arg-type]
    assert await findings(database) == []
    assert (await box.cast(vote(1, "0"))).end is CastEnd.CAST
    assert not await box.edit(poll())
    assert await findings(database) == []


@pytest.mark.parametrize("asked", [False, True])
async def test_a_reminder_is_queued_once_for_each_place(box: BallotBox, database: Database, asked: bool) -> None:
    """A poll's reminder goes once to each place where the poll stands, when it is due or when the host asks for it."""
    await box.open(poll(remind_at=NOW))
    for number, channel in enumerate(("general", "general", "lobby")):
        copy = PostedMessage("p1", MessageRef(Place("test", "demo", channel), f"m{number}"), NOW)
        await database.write(lambda tx, copy=copy: messages.add_copy(tx, copy))  # type: ignore[misc]
    remind = polls.remind_now if asked else polls.take_reminder
    assert [await database.write(lambda tx: remind(tx, "p1", NOW)) for _ in range(2)] == [True, False]
    queued = [await database.write(lambda tx: outbox.take(tx, ["test"], NOW)) for _ in range(3)]
    assert sorted((each.news, each.place.channel) for each in queued if each) == [
        (News.REMINDER, "general"),
        (News.REMINDER, "lobby"),
    ]


@pytest.mark.parametrize("end", ["close", "cancel"])
async def test_private_reminders_move_with_the_close_and_go_with_the_poll(
    box: BallotBox, database: Database, end: str
) -> None:
    """A member's private reminder moves with the poll's close, and goes when the poll closes or is cancelled.

    Reminders of other polls stay.
    """
    for name in ("p1", "p2"):
        await box.open(poll(name))
        await database.write(lambda tx, name=name: watchers.add(tx, name, f"{COMMUNITY}:7", "demo", CLOSES))  # type: ignore[misc]
    assert await box.extend("p1", AFTER, None)
    nudges = watchers.Nudges(database)
    assert await nudges.next_due() == CLOSES
    await database.write(lambda tx: watchers.drop(tx, "p2", f"{COMMUNITY}:7"))
    assert await nudges.next_due() == AFTER
    assert await getattr(box, end)("p1", AFTER)
    assert await nudges.next_due() is None


async def test_deadlines(box: BallotBox, database: Database) -> None:
    """A close or a reminder is due from its very moment on, and a reminder is taken once.

    The next deadline is the earliest close or reminder of any open poll.
    """
    remind = CLOSES - timedelta(hours=1)
    assert await database.read(lambda tx: polls.next_deadline(tx, ["test"])) is None
    await box.open(poll("p1", remind_at=remind))
    await box.open(poll("p2", closes_at=CLOSES + timedelta(days=1)))
    assert await database.read(lambda tx: polls.next_deadline(tx, ["test"])) == remind
    assert await database.read(lambda tx: polls.due_reminders(tx, remind - timedelta(microseconds=1))) == []
    assert await database.read(lambda tx: polls.due_reminders(tx, remind)) == ["p1"]
    claims = [await database.write(lambda tx: polls.take_reminder(tx, "p1", remind)) for _ in range(2)]
    assert claims == [True, False]
    assert await database.read(lambda tx: polls.due_reminders(tx, remind)) == []
    assert await database.read(lambda tx: polls.next_deadline(tx, ["test"])) == CLOSES
    assert await database.read(lambda tx: polls.due(tx, CLOSES - timedelta(microseconds=1))) == []
    assert await database.read(lambda tx: polls.due(tx, CLOSES)) == ["p1"]
    await box.close("p1", CLOSES)
    assert await database.read(lambda tx: polls.due(tx, CLOSES)) == []


async def test_extending(box: BallotBox, database: Database) -> None:
    """Only an open poll can be extended, and only to a later time."""
    await box.open(poll())
    later = CLOSES + timedelta(hours=2)
    for when, done in ((CLOSES, False), (later, True), (CLOSES, False)):
        assert await box.extend("p1", when, None) is done
    assert (await box.cast(vote(1, "0", at=CLOSES))).end is CastEnd.CAST
    await box.close("p1", AFTER)
    assert not await box.extend("p1", later + timedelta(days=1), None)
    assert await findings(database) == []


async def test_a_poll_reaches_more_communities(box: BallotBox, database: Database) -> None:
    """A poll's communities contain a community once, also if it is added twice."""
    await box.open(poll())
    for _ in range(2):
        await database.write(lambda tx: polls.add_community(tx, "p1", "discord:9"))
    stored = await database.read(lambda tx: polls.get(tx, "p1"))
    assert stored.communities == frozenset({COMMUNITY, "discord:9"})


async def test_copies_of_a_poll(box: BallotBox, database: Database) -> None:
    """The store keeps each message of a poll once with the time of its last edit, until it is told to forget it."""
    await box.open(poll())
    first = PostedMessage("p1", MessageRef(Place("discord", "9", "general", "t1"), "m1"), NOW)
    second = PostedMessage("p1", MessageRef(Place("slack", "T1", "C1"), "m1"), NOW + timedelta(seconds=1))
    for copy in (first, second, first):
        await database.write(lambda tx, copy=copy: messages.add_copy(tx, copy))  # type: ignore[misc]
    await database.write(lambda tx: messages.mark_shown(tx, first, poll(), AFTER))
    stored = await database.read(lambda tx: messages.copies(tx, "p1"))
    assert [(copy.message, copy.edited_at) for copy in stored] == [(first.message, AFTER), (second.message, None)]
    await database.write(lambda tx: messages.forget_copy(tx, "p1", first.message))
    assert [copy.message for copy in await database.read(lambda tx: messages.copies(tx, "p1"))] == [second.message]


async def test_settings_of_a_community(database: Database) -> None:
    """A community has no settings at first, and new settings replace the old ones whole."""
    assert await database.read(lambda tx: communities.settings(tx, "discord:1")) == {}
    for values in ({"zone": "Europe/Berlin", "create": ["mods"]}, {"zone": "UTC"}):
        await database.write(lambda tx, v=values: communities.put_settings(tx, "discord:1", v))  # type: ignore[misc]
    assert await database.read(lambda tx: communities.settings(tx, "discord:1")) == {"zone": "UTC"}
    assert await database.read(communities.all_ids) == ["discord:1"]


async def test_a_community_that_left(box: BallotBox, database: Database) -> None:
    """The store remembers when a community first left, until the community returns. Its open polls stay."""
    await box.open(poll())
    await database.write(lambda tx: communities.mark_left(tx, COMMUNITY, NOW))
    await database.write(lambda tx: communities.mark_left(tx, COMMUNITY, AFTER))
    assert await database.read(lambda tx: communities.left_before(tx, NOW)) == [COMMUNITY]
    assert await database.read(lambda tx: communities.open_poll_ids(tx, COMMUNITY)) == ["p1"]
    await database.write(lambda tx: communities.mark_returned(tx, COMMUNITY))
    assert await database.read(lambda tx: communities.left_before(tx, AFTER)) == []


async def test_what_is_stored_about_a_member(box: BallotBox, database: Database) -> None:
    """The store finds a member's named ballots and created polls, but no secret ballot without the poll's secret."""
    await box.open(poll("p1", creator="7"))
    await box.open(poll("p2", secret=False))
    await box.cast(vote(7, "0"))
    await box.cast(vote(7, "1", "p2"))
    stored = await database.read(lambda tx: members.stored_about(tx, vote(7, None).voter))
    assert not any(stored.hosting.values())
    assert replace(stored, hosting={}) == Stored((NamedBallot("p2", "1", "Member 7", PollState.OPEN),), ("p1",))


async def test_a_member_is_erased(box: BallotBox, database: Database, raw: Raw, privacy: Privacy) -> None:
    """Erasing a member withdraws their ballots from open polls and removes their name from closed named ones.

    Ballots of closed secret polls stay, and every chain holds. Erasing the member again changes nothing.
    """
    for name, secret in (("p1", True), ("p2", False), ("p3", True), ("p4", False)):
        await box.open(poll(name, secret=secret, creator="7"))
        for number in (6, 7, 8):
            await box.cast(vote(number, "0", name))
    await box.close("p3", AFTER)
    await box.close("p4", AFTER, vote(7, None).voter)
    assert sorted(await privacy.erase(member(7), NOW)) == ["p1", "p2"]
    ballots = {each.id: each.ballots for each in await database.read(polls.all_polls)}
    assert ballots == {"p1": 2, "p2": 2, "p3": 3, "p4": 3}
    stored = await database.read(lambda tx: members.stored_about(tx, vote(7, None).voter))
    assert not any(stored.hosting.values())
    assert replace(stored, hosting={}) == Stored((), ())
    assert await raw.run("SELECT count(*) FROM polls WHERE closed_by = $1", f"{COMMUNITY}:7") == [(0,)]
    for name in ballots:
        assert await findings(database, name) == []
    assert await raw.run("SELECT count(*) FROM polls WHERE creator = '7'") == [(0,)]
    assert await raw.run("SELECT voter FROM ballots WHERE poll = 'p4' AND name IS NULL") != [(vote(7, None).voter,)]
    assert await privacy.erase(member(7), NOW) == [], "once more is harmless"
    assert {each.id: each.ballots for each in await database.read(polls.all_polls)} == ballots


async def test_a_community_is_erased(box: BallotBox, database: Database, raw: Raw, privacy: Privacy) -> None:
    """A community's data is deleted 30 days after it left, and not a second earlier.

    Its polls go with their chains and leave a row in `erasures`. Its members' ballots in other communities' polls are
    withdrawn if the poll is open, and stay without a voter if it is closed.
    """
    await box.open(poll("p1"))
    later = NOW + timedelta(days=60)
    await box.open(poll("p2", community="discord:9", communities=frozenset({COMMUNITY}), secret=False, closes_at=later))
    await box.open(poll("p3", community="discord:9", communities=frozenset({COMMUNITY}), secret=False))
    for name in ("p1", "p2", "p3"):
        await box.cast(vote(1, "0", name))
    await box.close("p1", AFTER)
    await box.close("p3", AFTER)
    ended = await database.read(lambda tx: polls.get(tx, "p1"))
    copy = PostedMessage("p2", MessageRef(Place("test", "demo", "general"), "m1"), NOW)
    await database.write(lambda tx: messages.add_copy(tx, copy))
    await privacy.community_left(COMMUNITY, AFTER)
    keep = timedelta(days=30)
    assert await privacy.forget_the_gone(AFTER + keep - timedelta(seconds=1)) == []
    assert await database.read(lambda tx: polls.get(tx, "p1")) == ended
    assert await privacy.forget_the_gone(AFTER + keep + timedelta(seconds=1)) == [COMMUNITY]
    assert await raw.run("SELECT poll, links, head, reason FROM erasures") == [("p1", ended.links, ended.head, "left")]
    assert await database.read(communities.all_ids) == ["discord:9"]
    assert await database.read(lambda tx: messages.copies(tx, "p2")) == []
    assert [(each.id, each.ballots) for each in await database.read(polls.all_polls)] == [("p2", 0), ("p3", 1)]
    assert await raw.run("SELECT count(*) FROM ballots WHERE poll = 'p3' AND voter LIKE 'test:%'") == [(0,)]
    for polls_of in (
        "SELECT poll FROM links",
        "SELECT poll FROM ballots",
        "SELECT poll FROM choice_counts",
        "SELECT poll FROM poll_options",
        "SELECT poll FROM poll_secrets",
    ):
        assert ("p1",) not in await raw.run(polls_of)
    assert await findings(database, "p2") == await findings(database, "p3") == []
    assert await privacy.forget_the_gone(AFTER + keep + timedelta(days=1)) == [], "once more is harmless"
