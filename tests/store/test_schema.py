"""The schema itself refuses changes that would break a record or a rule, on both databases."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import bot.polls.ballot_box
from bot.polls import repository as polls
from bot.polls.ballot_box import BallotBox
from bot.store.database import Database
from bot.store.sql import ROOMS
from tests.store.things import COMMUNITY, NOW, REFUSED, Raw, poll, vote

LINK = "INSERT INTO links (poll, number, step, commitment, replaces, receipt, before, hash) VALUES"
H = "a" * 64


@pytest.fixture
async def voted(box: BallotBox) -> None:
    await box.open(poll())
    await box.cast(vote(1, "0"))
    await box.cast(vote(2, "1"))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE links SET commitment = hash",
        "UPDATE links SET number = 9 WHERE number = 1",
        "DELETE FROM links",
        "DELETE FROM links WHERE number = 2",
        "DELETE FROM polls",
        f"{LINK} ('p1', 2, 'cast', '{H}', 0, '{H}', '{H}', '{H}')",
        "UPDATE polls SET question = 'What else?'",
        "UPDATE polls SET max_choices = 2",
        "UPDATE polls SET secret = 0",
        "UPDATE poll_options SET name = 'Beer' WHERE position = 0",
        "DELETE FROM poll_options WHERE position = 2",
        "INSERT INTO poll_options (poll, position, name) VALUES ('p1', 3, 'Beer')",
    ],
)
@pytest.mark.usefixtures("voted")
async def test_what_has_been_voted_on_stays(raw: Raw, sql: str) -> None:
    """A poll's links are append-only, and its question, rules and options are frozen at its first vote."""
    with pytest.raises(REFUSED):
        await raw.run(sql)


@pytest.mark.usefixtures("voted")
async def test_no_statement_that_replaces_rows_slips_past(raw: Raw) -> None:
    """The schema refuses SQLite's INSERT OR REPLACE and PostgreSQL's TRUNCATE of links."""
    replacing = f"{LINK} ('p1', 1, 'cast', '{H}', 0, '{H}', '{H}', '{H}')".replace("INSERT", "INSERT OR REPLACE")
    with pytest.raises(REFUSED):
        await raw.run(replacing if raw.sqlite else "TRUNCATE links")


@pytest.mark.usefixtures("voted")
async def test_a_poll_goes_whole_and_leaves_a_line(raw: Raw) -> None:
    """A poll with a row in `erasures` can be deleted with its links, but not the links alone. The row stays."""
    await raw.run("INSERT INTO erasures SELECT id, links, head, 'because', 1 FROM polls")
    with pytest.raises(REFUSED):
        await raw.run("DELETE FROM links")
    await raw.run("DELETE FROM polls")
    assert await raw.run("SELECT count(*) FROM links") == [(0,)]
    assert await raw.run("SELECT poll, links FROM erasures") == [("p1", 2)]
    for sql in ("DELETE FROM erasures", "UPDATE erasures SET reason = 'no'"):
        with pytest.raises(REFUSED):
            await raw.run(sql)


async def test_an_erased_poll_never_comes_back(raw: Raw, box: BallotBox) -> None:
    """No new poll may have an id that stands in `erasures`."""
    await raw.run("INSERT INTO erasures (poll, links, head, reason, erased_at) VALUES ('p1', 0, $1, 'test', 1)", H)
    with pytest.raises(REFUSED):
        await box.open(poll())


async def test_a_closed_poll_stays_closed(raw: Raw, box: BallotBox) -> None:
    """The schema refuses a change of a closed poll's state or closing time."""
    await box.open(poll())
    await box.close("p1", NOW)
    for change in (
        "UPDATE polls SET state = 'open', closed_at = NULL",
        "UPDATE polls SET state = 'cancelled'",
        "UPDATE polls SET closes_at = closes_at + 1",
    ):
        with pytest.raises(REFUSED):
            await raw.run(change)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"id": "two words"},
        {"question": ""},
        {"question": "?" * 301},
        {"closes_at": NOW},
        {"max_choices": 0},
        {"max_choices": 26},
        {"quorum": -1},
        {"community": "nowhere"},
    ],
)
async def test_a_poll_that_breaks_a_rule_is_not_stored(
    box: BallotBox, database: Database, changes: dict[str, Any]
) -> None:
    """The schema refuses a poll that breaks one of the model's limits, and the store keeps nothing of it."""
    with pytest.raises(REFUSED):
        await box.open(poll(**changes))
    assert await database.read(polls.all_polls) == []


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO poll_options (poll, position, name) VALUES ('p1', 25, 'x')",
        "INSERT INTO poll_options (poll, position, name) VALUES ('p1', 3, 'Tea')",
        "INSERT INTO poll_options (poll, position, name) VALUES ('p1', 3, '')",
        "INSERT INTO poll_options (poll, position, name) VALUES ('p9', 0, 'x')",
        "INSERT INTO choice_counts (poll, choice, count) VALUES ('p1', '0', -1)",
        "INSERT INTO ballots (poll, voter, choice) VALUES ('p1', 'v', '0')",
        "INSERT INTO ballots (poll, voter, choice, link) VALUES ('p1', 'v', '0', 1)",
        "INSERT INTO poll_secrets (poll, wrapped) VALUES ('p1', 'x')",
        "UPDATE polls SET state = 'closed'",
        "UPDATE polls SET state = 'asleep'",
        "UPDATE polls SET ballots = 1",
        "UPDATE polls SET head = ''",
        f"{LINK} ('p1', 1, 'cast', '', 0, '{H}', '{H}', '{H}')",
        f"{LINK} ('p1', 1, 'cast', '{H}', 0, '', '{H}', '{H}')",
        f"{LINK} ('p1', 1, 'change', '{H}', 0, '{H}', '{H}', '{H}')",
        f"{LINK} ('p1', 2, 'change', '{H}', 2, '{H}', '{H}', '{H}')",
        f"{LINK} ('p1', 0, 'cast', '{H}', 0, '{H}', '{H}', '{H}')",
    ],
)
async def test_a_row_that_breaks_a_rule_is_refused(raw: Raw, box: BallotBox, sql: str) -> None:
    """The schema refuses a row that breaks a key or a CHECK, also from outside the program."""
    await box.open(poll())
    with pytest.raises(REFUSED):
        await raw.run(sql)


async def test_numbers_are_numbers(raw: Raw, box: BallotBox) -> None:
    """Both databases refuse a text in a column of numbers, SQLite by STRICT tables."""
    await box.open(poll())
    with pytest.raises(Exception, match=r"(?i)cannot store TEXT|invalid input syntax"):
        await raw.run("UPDATE polls SET quorum = 'many'")


def test_every_named_query_is_used_and_every_used_one_is_named() -> None:
    """The program uses every named query and no unknown name. Each query for PostgreSQL alone replaces a common one."""
    special = set(ROOMS.glob("*/*.postgres.sql"))
    common, postgres = (
        {name for path in files for name in re.findall(r"-- name: (\w+)", path.read_text("utf-8"))}
        for files in (set(ROOMS.glob("*/*.sql")) - special, special)
    )
    root = Path(bot.polls.ballot_box.__file__).parents[1]
    used = {
        name
        for path in root.rglob("*.py")
        for name in re.findall(r'tx\.(?:rows|column|one|value|run|many)\(\s*"(\w+)"', path.read_text("utf-8"))
    }
    used |= {
        name
        for path in root.rglob("*.py")
        for block in re.findall(r"tx\.together\((.*?)\n        \)", path.read_text("utf-8"), re.DOTALL)
        for name in re.findall(r'^ +"(\w+)": ', block, re.MULTILINE)
    }
    assert used == common
    assert postgres <= common


def limited_in_lists(sql: str) -> list[str]:
    """Return the first line of each subquery with a LIMIT that an IN looks rows up in."""
    lists = re.findall(r"\bIN \(\s*(SELECT\b(?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)", sql)
    return [subquery.split("\n")[0] for subquery in lists if "LIMIT" in subquery]


@pytest.mark.parametrize(
    ("looking_up", "lists"),
    [
        ("IN (\n {}\n)", 1),
        ("IN ({})", 1),
        ("= (\n {}\n)", 0),
    ],
)
def test_an_in_with_a_limit_is_noticed(looking_up: str, lists: int) -> None:
    """The search finds an IN over a subquery with a LIMIT, also around other brackets, but no `=` over one."""
    inner = "SELECT id FROM things WHERE id IN (SELECT id FROM others) ORDER BY id"
    assert len(limited_in_lists("WHERE id " + looking_up.format(f"{inner} LIMIT 1"))) == lists
    assert limited_in_lists("WHERE id " + looking_up.format(inner)) == []


@pytest.mark.parametrize("path", sorted(ROOMS.glob("*/*.sql")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_row_is_looked_up_by_an_in_with_a_limit(path: Path) -> None:
    """No query looks up rows by an IN over a subquery with a LIMIT.

    PostgreSQL may run that subquery once for each row, and each run may pick another row. With `=` it runs once.
    """
    assert limited_in_lists(path.read_text("utf-8")) == []


@pytest.mark.usefixtures("voted")
async def test_a_community_with_polls_can_not_vanish(raw: Raw) -> None:
    """The schema refuses to delete a community that still has polls."""
    with pytest.raises(REFUSED):
        await raw.run("DELETE FROM communities WHERE id = $1", COMMUNITY)
