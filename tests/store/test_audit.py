"""Tampering is found and named, before and after the close: no row can be changed, dropped or swapped unnoticed."""

from __future__ import annotations

import asyncio
import base64
import hmac

import pytest

from bot.polls.audit import Finding, Rule, closing_commitment, link_hash, receipt_code, typed_code
from bot.polls.box import BallotBox
from bot.store.database import Database
from tests.store.things import AFTER, Raw, findings, poll, vote


async def _voted(box: BallotBox, *, closed: bool, secret: bool = True) -> None:
    """Links 1 to 10 cast, 11 changes link 1, 12 withdraws link 2; 13 closes."""
    await box.open(poll(secret=secret))
    for number in range(10):
        await box.cast(vote(number, str(number % 3)))
    await box.cast(vote(0, "1"))
    await box.cast(vote(1, None))
    if closed:
        await box.close("p1", AFTER)


def _told(found: list[Finding]) -> set[tuple[Rule, str]]:
    return {(finding.rule, finding.place) for finding in found}


@pytest.mark.parametrize("secret", [True, False])
@pytest.mark.parametrize("closed", [True, False])
async def test_an_honest_record_holds(box: BallotBox, database: Database, closed: bool, secret: bool) -> None:
    """With changes and withdrawals in it, secret or named, open or closed."""
    await _voted(box, closed=closed, secret=secret)
    assert await findings(database) == []


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("UPDATE links SET receipt = hash WHERE number = 5", (Rule.LINK_CHANGED, "link 5")),
        ("UPDATE links SET replaces = 3 WHERE number = 11", (Rule.LINK_CHANGED, "link 11")),
        ("DELETE FROM links WHERE number = 5", (Rule.LINK_MISSING, "link 5")),
        ("DELETE FROM links WHERE number = 12", (Rule.LINK_MISSING, "link 12")),
        ("DELETE FROM links WHERE number = 1", (Rule.LINK_MISSING, "link 1")),
        ("UPDATE polls SET question = 'What else?'", (Rule.FROZEN_TEXT, "poll")),
        ("UPDATE polls SET quorum = 3", (Rule.FROZEN_TEXT, "poll")),
        ("UPDATE poll_options SET name = 'Beer' WHERE position = 1", (Rule.FROZEN_TEXT, "poll")),
        ("UPDATE polls SET head = (SELECT hash FROM links WHERE number = 3)", (Rule.HEAD, "poll")),
        ("UPDATE choice_counts SET count = count + 1 WHERE choice = '2'", (Rule.COUNTS, "count of 2")),
    ],
)
async def test_a_changed_record_is_named(
    box: BallotBox, database: Database, raw: Raw, closed: bool, sql: str, expected: tuple[Rule, str]
) -> None:
    """Whatever is changed in chain, poll or counts is found, with its place."""
    await _voted(box, closed=closed)
    await raw.disarm("links", "polls", "poll_options")
    await raw.run(sql)
    assert expected in _told(await findings(database))


@pytest.mark.parametrize("closed", [True, False])
async def test_swapped_links_are_named(box: BallotBox, database: Database, raw: Raw, closed: bool) -> None:
    """Two links that change places are both found."""
    await _voted(box, closed=closed)
    await raw.disarm("links")
    for old, new in ((5, 99), (6, 5), (99, 6)):
        await raw.run(f"UPDATE links SET number = {new} WHERE number = {old}")  # noqa: S608 - the test's own text
    assert {(Rule.LINK_CHANGED, "link 5"), (Rule.LINK_CHANGED, "link 6")} <= _told(await findings(database))


@pytest.mark.parametrize("closed", [True, False])
async def test_a_link_that_was_made_anew_is_named(box: BallotBox, database: Database, raw: Raw, closed: bool) -> None:
    """A forged link that fits in itself doesn't fit the next one."""
    await _voted(box, closed=closed)
    await raw.disarm("links")
    [(commitment, receipt, before)] = await raw.run("SELECT commitment, receipt, before FROM links WHERE number = 5")
    forged = link_hash("p1", 5, "cast", commitment[::-1], 0, receipt, before)
    await raw.run(f"UPDATE links SET commitment = '{commitment[::-1]}', hash = '{forged}' WHERE number = 5")  # noqa: S608 - the test's own text
    assert (Rule.LINK_OUT_OF_CHAIN, "link 6") in _told(await findings(database))


async def test_a_changed_ballot_of_an_open_poll_is_named(box: BallotBox, database: Database, raw: Raw) -> None:
    """The row is named, and the link that it no longer fits."""
    await _voted(box, closed=False)
    await raw.run("UPDATE ballots SET choice = '2' WHERE link = 4")
    [(voter,)] = await raw.run("SELECT voter FROM ballots WHERE link = 4")
    found = await findings(database)
    assert (Rule.BALLOT_CHANGED, f"ballot {voter[:16]}") in _told(found)
    assert any("link 4" in str(finding) for finding in found)
    assert {(Rule.COUNTS, "count of 0"), (Rule.COUNTS, "count of 2")} <= _told(found)


async def test_a_deleted_ballot_of_an_open_poll_is_named(box: BallotBox, database: Database, raw: Raw) -> None:
    """The link that lost its ballot is named."""
    await _voted(box, closed=False)
    await raw.run("DELETE FROM ballots WHERE link = 4")
    assert (Rule.BALLOT_MISSING, "link 4") in _told(await findings(database))


async def test_a_ballot_put_back_is_named(box: BallotBox, database: Database, raw: Raw) -> None:
    """A ballot that points to a link which was replaced doesn't stand."""
    await _voted(box, closed=False)
    await raw.run("UPDATE ballots SET link = 1 WHERE link = 11")
    told = {rule for rule, _ in _told(await findings(database))}
    assert told >= {Rule.BALLOT_UNKNOWN, Rule.BALLOT_MISSING}


async def test_a_changed_ballot_of_a_closed_poll_is_named(box: BallotBox, database: Database, raw: Raw) -> None:
    """Though nobody knows whose it was."""
    await _voted(box, closed=True)
    [(voter,)] = await raw.run("SELECT min(voter) FROM ballots")
    await raw.run(f"UPDATE ballots SET choice = '0,1' WHERE voter = '{voter}'")  # noqa: S608 - the test's own text
    assert (Rule.BALLOT_CHANGED, f"ballot {voter[:16]}") in _told(await findings(database))


async def test_a_deleted_ballot_of_a_closed_poll_is_named(box: BallotBox, database: Database, raw: Raw) -> None:
    """Its closing commitment stands without it."""
    await _voted(box, closed=True)
    [(voter,)] = await raw.run("SELECT min(voter) FROM ballots")
    await raw.run(f"DELETE FROM ballots WHERE voter = '{voter}'")  # noqa: S608 - the test's own text
    found = await findings(database)
    assert any(finding.place.startswith("closing commitment") for finding in found)
    assert Rule.BALLOT_MISSING in {finding.rule for finding in found}


async def test_a_closed_ballot_deleted_with_its_commitment_is_named(
    box: BallotBox, database: Database, raw: Raw
) -> None:
    """The closing link binds the list of commitments, so a shorter list is found too."""
    await _voted(box, closed=True)
    [(voter, choice, seal), *_] = await raw.run("SELECT voter, choice, seal FROM ballots")
    commitment = closing_commitment(seal, "p1", choice)
    for sql in (
        f"DELETE FROM ballots WHERE voter = '{voter}'",  # noqa: S608 - the test's own text
        f"DELETE FROM closing_commitments WHERE commitment = '{commitment}'",  # noqa: S608 - the test's own text
        f"UPDATE choice_counts SET count = count - 1 WHERE choice = '{choice}'",  # noqa: S608 - the test's own text
        "UPDATE polls SET ballots = ballots - 1",
    ):
        await raw.run(sql)
    assert _told(await findings(database)) == {(Rule.CLOSING, "link 13"), (Rule.CLOSING, "poll")}


async def test_a_poll_reopened_by_hand_is_named(box: BallotBox, database: Database, raw: Raw) -> None:
    """An open poll whose chain has a close doesn't hold."""
    await _voted(box, closed=True)
    await raw.disarm("polls")
    await raw.run("UPDATE polls SET state = 'open', closed_at = NULL")
    assert (Rule.STATE, "link 13") in _told(await findings(database))


async def test_a_close_without_its_link_is_named(box: BallotBox, database: Database, raw: Raw) -> None:
    """A poll closed by hand doesn't hold."""
    await _voted(box, closed=False)
    await raw.run("UPDATE polls SET state = 'closed', closed_at = 1")
    assert (Rule.STATE, "poll") in _told(await findings(database))


def test_a_receipt_is_base32_as_the_standard_has_it() -> None:
    """The code is the first 80 bits of an HMAC in RFC 4648's alphabet, as anybody can make it who has the secret."""
    for number in range(1, 50):
        digest = hmac.digest(b"secret", f"receipt\nvoter\n{number}".encode(), "sha256")
        code = receipt_code(b"secret", "voter", number)
        assert code.replace("-", "") == base64.b32encode(digest[:10]).decode()
        assert typed_code(code.lower().replace("-", " ")) == code


async def test_an_erased_voter_of_a_named_poll_leaves_the_record_whole(box: BallotBox, database: Database) -> None:
    """The ballot stays under its closing commitment, and whose it was is gone."""
    await _voted(box, closed=True, secret=False)
    await asyncio.gather(box.forget_member(vote(3, None).voter, AFTER))
    assert await findings(database) == []
