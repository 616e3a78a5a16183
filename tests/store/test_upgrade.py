"""From the first released schema to the newest, with data in it, on both databases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.chat import Place
from bot.polls.box import BallotBox
from bot.polls.model import CastEnd, State
from bot.store import communities, messages, migrate, polls, tellings
from bot.store.database import open_database
from bot.store.keys import Keys
from bot.store.tellings import News
from tests.store.things import AFTER, CLOSES, COMMUNITY, KEY, Raw, findings, vote

WRITTEN = Path(__file__).with_name("first_release.sql")


async def first_release(url: str) -> None:
    """The database as the first release left it."""
    first, *_ = migrate.load_migrations("sqlite" if url.startswith("sqlite") else "postgres")
    async with Raw.connect(url) as raw:
        record = f"INSERT INTO migrations VALUES (1, '{first.name}', '{first.checksum}');"  # noqa: S608 - the program's own
        for script in (migrate.RECORD + ";", first.sql, record, WRITTEN.read_text("utf-8")):
            for statement in migrate.statements(script):
                await raw.run(statement)


async def test_everything_of_the_first_release_goes_on(url: str) -> None:
    """Records hold, votes go on, polls close, what was due is told once, and what was shown isn't drawn again."""
    await first_release(url)
    database = await open_database(url)
    assert await database.check() == []
    box = BallotBox(database, Keys(KEY))
    found = {poll.id: poll for poll in await database.read(polls.all_polls)}
    assert {name: poll.state for name, poll in found.items()} == {
        "open": State.OPEN,
        "ranked": State.OPEN,
        "closed": State.CLOSED,
        "named": State.CLOSED,
        "gone": State.CANCELLED,
    }
    for name in found:
        assert await findings(database, name) == []
    assert (await database.read(lambda tx: communities.settings(tx, COMMUNITY)))["zone"] == "Europe/Berlin"

    assert (await box.cast(vote(1, "0", "open"))).end is CastEnd.CHANGED
    assert (await box.cast(vote(9, "1>2", "ranked"))).end is CastEnd.CAST
    assert await database.read(lambda tx: polls.due_reminders(tx, CLOSES - timedelta(minutes=59))) == ["open"]
    assert await box.close("open", AFTER)
    assert await findings(database, "open") == []

    told = await database.write(lambda tx: tellings.take(tx, ["test"], AFTER))
    assert told is not None
    assert (told.news, told.place) == (News.RESULT, Place("test", "demo", "main"))
    other = await database.write(lambda tx: tellings.take(tx, ["test"], AFTER))
    assert other is not None
    assert {told.poll, other.poll} == {"closed", "open"}
    assert await database.write(lambda tx: tellings.take(tx, ["test"], AFTER)) is None
    stale = {copy.poll for copy in await database.read(messages.stale_copies)}
    assert stale == {"open", "ranked", "closed", "gone"}
    await database.close()
    again = await open_database(url)
    assert await again.check() == []
    await again.close()
