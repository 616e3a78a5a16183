"""The names that the record of a named poll proves, and the parts of a ballot that an erasure leaves."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.communities.model import Community
from bot.polls import audit
from bot.polls.ballot_box import BallotBox
from bot.polls.export import as_csv
from bot.polls.privacy import Privacy
from bot.polls.record_file import as_json, read_record
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.open import open_database
from tests.databases import begin_database
from tests.store.things import AFTER, KEY, Raw, findings, member, poll, record_of, vote


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    await begin_database(tmp_path / "parley.db")
    opened = await open_database(str(tmp_path / "parley.db"))
    yield opened
    await opened.close()


@pytest.fixture
async def closed(database: Database) -> BallotBox:
    """A closed named poll: Members 0, 1 and 2 voted, Member 0 twice."""
    box = BallotBox(database, Keys(KEY), random_bytes=random.Random(7).randbytes)
    await box.open(poll(secret=False))
    for number, choice in ((0, "0"), (1, "1"), (2, "2"), (0, "1")):
        await box.cast(vote(number, choice))
    await box.close("p1", AFTER)
    return box


async def names(database: Database) -> list[str]:
    return sorted(name for name, _ in audit.proven_names(await record_of(database)))


async def test_the_names_of_an_honest_record_are_shown(closed: BallotBox, database: Database) -> None:
    """An honest record shows each voter's name as it was displayed at the vote."""
    assert await names(database) == ["Member 0", "Member 1", "Member 2"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ballots SET name = 'Mallory' WHERE link = 2",
        "UPDATE ballots SET voter = 'test:demo:mallory' WHERE link = 2",
        "UPDATE ballots SET choice = '0' WHERE link = 2",
        "UPDATE ballots SET who = NULL, voter = who WHERE link = 2",
        "UPDATE ballots SET salt = NULL WHERE link = 2",
        "UPDATE ballots SET link = 1 WHERE link = 2",
        "UPDATE ballots SET nonce = seal WHERE link = 2",
    ],
)
async def test_a_name_that_the_record_does_not_prove_is_not_shown(
    closed: BallotBox, database: Database, tmp_path: Path, change: str
) -> None:
    """If a ballot's row is changed, Parley doesn't show its name, and the check says that the record doesn't hold.

    Other rows keep their names, and the export has “erased” for the changed one.
    """
    async with Raw.connect(f"sqlite:///{tmp_path / 'parley.db'}") as raw:
        await raw.run(change)
    assert await names(database) == ["", "Member 0", "Member 2"]
    assert await findings(database)
    rows = list(csv.reader(io.StringIO(as_csv(await record_of(database)))))
    assert sorted(row[0] for row in rows[1:]) == ["Member 0", "Member 2", "erased"]


async def test_an_erasure_moves_no_head(closed: BallotBox, database: Database) -> None:
    """An erasure removes salt, voter and name from a named ballot; choice, link and head stay.

    The record holds afterwards, with and without the database.
    """

    async def community_of(community: str, _now: object) -> Community:
        return Community(community)

    before = await record_of(database)
    privacy = Privacy(database, closed, community_of, new_stranger=lambda: "stranger-1")
    await privacy.erase(member(1), AFTER)
    after = await record_of(database)
    assert (after.poll.head, after.links) == (before.poll.head, before.links)
    assert sorted(row.choice for row in after.ballots) == sorted(row.choice for row in before.ballots)
    (row,) = [each for each in after.ballots if each.name is None]
    assert (row.voter, row.salt, row.link is None, row.who is None) == ("stranger-1", None, False, False)
    assert await findings(database) == []
    assert await names(database) == ["", "Member 0", "Member 2"]
    text = as_json(after)
    assert audit.verify(read_record(text)) == []
    erased = [each for each in json.loads(text)["ballots"] if each["name"] is None]
    assert [(each["voter"], each["salt"]) for each in erased] == [(None, None)]
    assert "Member 1" not in text
    assert "test:demo:1" not in text


async def test_nobody_gets_an_erased_ballot(closed: BallotBox, database: Database, tmp_path: Path) -> None:
    """A name written into the row of an erased voter is not shown, and the check finds the change."""

    async def community_of(community: str, _now: object) -> Community:
        return Community(community)

    privacy = Privacy(database, closed, community_of, new_stranger=lambda: "stranger-1")
    await privacy.erase(member(1), AFTER)
    async with Raw.connect(f"sqlite:///{tmp_path / 'parley.db'}") as raw:
        await raw.run("UPDATE ballots SET voter = 'test:demo:mallory', name = 'Mallory' WHERE voter = 'stranger-1'")
    assert await names(database) == ["", "Member 0", "Member 2"]
    assert await findings(database)
