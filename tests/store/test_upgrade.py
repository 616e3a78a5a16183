"""Parley upgrades a database with data from the first released schema to the newest, on both databases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat.vocabulary import Place
from bot.communities import repository as communities
from bot.deliberation import repository as discussions
from bot.polls import outbox as tellings
from bot.polls import posted_messages as messages
from bot.polls import repository as polls
from bot.polls.ballot_box import BallotBox
from bot.polls.model import CastEnd, PollState
from bot.polls.outbox import News
from bot.store import migrate
from bot.store.keys import Keys
from bot.store.open import open_database
from tests.store.things import AFTER, CLOSES, COMMUNITY, KEY, Raw, findings, vote

WRITTEN = Path(__file__).with_name("first_release.sql")


async def first_release(url: str) -> None:
    """Make the database as the first release left it."""
    first, *_ = migrate.load_migrations("sqlite" if url.startswith("sqlite") else "postgres")
    async with Raw.connect(url) as raw:
        for script in (migrate.RECORD + ";", first.sql, WRITTEN.read_text("utf-8")):
            for statement in migrate.statements(script):
                await raw.run(statement)
        await raw.run("INSERT INTO migrations VALUES (1, $1, $2)", first.name, first.checksum)


async def test_everything_of_the_first_release_goes_on(url: str) -> None:
    """After an upgrade from the first release, every record verifies, members vote on, and polls close.

    Parley tells each due result once, and redraws only stale messages.
    """
    await first_release(url)
    database = await open_database(url)
    assert await database.check() == []
    box = BallotBox(database, Keys(KEY))
    polls_by_id = {poll.id: poll for poll in await database.read(polls.all_polls)}
    assert {name: poll.state for name, poll in polls_by_id.items()} == {
        "open": PollState.OPEN,
        "ranked": PollState.OPEN,
        "closed": PollState.CLOSED,
        "named": PollState.CLOSED,
        "gone": PollState.CANCELLED,
    }
    for name in polls_by_id:
        assert await findings(database, name) == []
    assert (await database.read(lambda tx: communities.settings(tx, COMMUNITY)))["zone"] == "Europe/Berlin"

    assert (await box.cast(vote(1, "0", "open"))).end is CastEnd.CHANGED
    assert (await box.cast(vote(9, "1>2", "ranked"))).end is CastEnd.CAST
    assert await database.read(lambda tx: polls.due_reminders(tx, CLOSES - timedelta(minutes=59))) == ["open"]
    assert await box.close("open", AFTER)
    assert await findings(database, "open") == []

    places = await database.write(lambda tx: tellings.take(tx, ["test"], AFTER))
    assert places is not None
    assert (places.news, places.place) == (News.RESULT, Place("test", "demo", "main"))
    other = await database.write(lambda tx: tellings.take(tx, ["test"], AFTER))
    assert other is not None
    assert {places.poll, other.poll} == {"closed", "open"}
    assert await database.write(lambda tx: tellings.take(tx, ["test"], AFTER)) is None
    stale = {copy.poll for copy in await database.read(messages.stale_copies)}
    assert stale == {"open", "ranked", "closed", "gone"}
    await database.close()
    again = await open_database(url)
    assert await again.check() == []
    await again.close()


@pytest.mark.parametrize(("platform", "home", "elsewhere"), [("slack", "main", "side"), ("discord", "17.1", "main")])
async def test_polls_of_earlier_releases_stay_where_they_were_posted(
    url: str, platform: str, home: str, elsewhere: str
) -> None:
    """A Slack or Discord poll of an earlier release answers only where it was posted, unless it was marked public.

    Earlier releases didn't record whether its channel was private. The poll of a thread answers in the whole channel on
    Slack, and in the thread alone on Discord. Polls of platforms without private places don't change.
    """
    community = f"{platform}:T1"
    await first_release(url)
    async with Raw.connect(url) as raw:
        await raw.run("INSERT INTO communities (id) VALUES ($1)", community)
        for name, public in (("closed", 0), ("named", 1)):
            await raw.run("UPDATE polls SET community = $1, public = $2 WHERE id = $3", community, public, name)
            await raw.run("UPDATE poll_communities SET community = $1 WHERE poll = $2", community, name)
            await raw.run("UPDATE poll_copies SET platform = $1, workspace = 'T1' WHERE poll = $2", platform, name)
        await raw.run("UPDATE poll_copies SET thread = '17.1' WHERE poll = 'closed'")
    database = await open_database(url)
    poll, public_poll, other = [
        await database.read(lambda tx, name=name: polls.get(tx, name))  # type: ignore[misc]
        for name in ("closed", "named", "gone")
    ]
    assert (poll.private, public_poll.private, other.private) == (True, False, False)
    assert poll.answers(community, Place(platform, "T1", home))
    assert not poll.answers(community, Place(platform, "T1", elsewhere))
    assert public_poll.answers(community, Place(platform, "T1", elsewhere))
    assert other.answers(COMMUNITY, Place("test", "demo", "side"))
    assert [each.id for each in await database.read(lambda tx: polls.visible(tx, community, None))] == ["named"]
    await database.close()


async def test_answers_of_open_discussions_become_one_row_a_person(url: str) -> None:
    """The upgrade turns a person's answers in an open discussion into one row, in which each keeps its statement."""
    people = {"a" * 64: {0: 1, 3: -1}, "b" * 64: {1: 0}, "c" * 64: {0: -1, 1: 1, 2: 0, 3: 1}}
    earlier = migrate.load_migrations("sqlite" if url.startswith("sqlite") else "postgres")[:18]
    async with Raw.connect(url) as raw:
        await raw.run(migrate.RECORD)
        for migration in earlier:
            await raw.script(migration.sql)
            values = (migration.number, migration.name, migration.checksum)
            await raw.run("INSERT INTO migrations VALUES ($1, $2, $3)", *values)
        await raw.run("INSERT INTO communities (id) VALUES ('test:demo')")
        await raw.run(
            "INSERT INTO discussions (id, community, creator, creator_name, question, pack, moderation, private, "
            "opened_at, closes_at) VALUES ('d-1', 'test:demo', '', '', 'Tea?', '', 'off', 0, 1, 2)"
        )
        for position in range(4):
            await raw.run(
                "INSERT INTO discussion_statements (discussion, position, words, starter, lean, state, author) "
                "VALUES ('d-1', $1, 'Tea', 1, '', 'open', '')",
                position,
            )
        for person, votes in people.items():
            for position, vote_ in votes.items():
                await raw.run("INSERT INTO discussion_votes VALUES ('d-1', $1, $2, $3)", person, position, vote_)
    database = await open_database(url)
    assert await database.check() == []
    for person, votes in people.items():
        assert await database.read(lambda tx, person=person: discussions.answers_of(tx, "d-1", person)) == votes  # type: ignore[misc]
    assert await database.read(lambda tx: discussions.all_answers(tx, "d-1")) == ["a..d", ".p", "dapa"]
    await database.close()
