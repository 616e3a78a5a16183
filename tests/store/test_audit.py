"""The audit finds and names every changed, deleted or swapped row of a poll's record, before and after the close."""

from __future__ import annotations

import base64
import hmac

import pytest

from bot.polls.ballot_box import BallotBox
from bot.polls.discrepancies import Discrepancy, RecordRule
from bot.polls.privacy import Privacy
from bot.polls.receipts import TypedReceipt, code_of, typed_receipt
from bot.polls.record_format import Format2
from bot.store.database import Database
from tests.store.things import AFTER, Raw, findings, member, poll, record_of, vote


async def _voted(box: BallotBox, *, closed: bool, secret: bool = True) -> None:
    """Cast votes in links 1 to 10, change the first in link 11, withdraw the second in link 12; link 13 closes."""
    await box.open(poll(secret=secret))
    for number in range(10):
        await box.cast(vote(number, str(number % 3)))
    await box.cast(vote(0, "1"))
    await box.cast(vote(1, None))
    if closed:
        await box.close("p1", AFTER)


def _rules_and_ballots(discrepancies: list[Discrepancy]) -> set[tuple[RecordRule, str]]:
    return {(finding.rule, finding.place) for finding in discrepancies}


@pytest.mark.parametrize("secret", [True, False])
@pytest.mark.parametrize("closed", [True, False])
async def test_an_honest_record_holds(box: BallotBox, database: Database, closed: bool, secret: bool) -> None:
    """The audit finds nothing in an honest record with changed and withdrawn votes, secret or named, open or closed."""
    await _voted(box, closed=closed, secret=secret)
    assert await findings(database) == []


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("UPDATE links SET receipt = hash WHERE number = 5", (RecordRule.LINK_CHANGED, "link 5")),
        ("UPDATE links SET replaces = 3 WHERE number = 11", (RecordRule.LINK_CHANGED, "link 11")),
        ("DELETE FROM links WHERE number = 5", (RecordRule.LINK_MISSING, "link 5")),
        ("DELETE FROM links WHERE number = 12", (RecordRule.LINK_MISSING, "link 12")),
        ("DELETE FROM links WHERE number = 1", (RecordRule.LINK_MISSING, "link 1")),
        ("UPDATE polls SET question = 'What else?'", (RecordRule.FROZEN_TEXT, "poll")),
        ("UPDATE polls SET quorum = 3", (RecordRule.FROZEN_TEXT, "poll")),
        ("UPDATE poll_options SET name = 'Beer' WHERE position = 1", (RecordRule.FROZEN_TEXT, "poll")),
        ("UPDATE polls SET head = (SELECT hash FROM links WHERE number = 3)", (RecordRule.HEAD, "poll")),
        ("UPDATE choice_counts SET count = count + 1 WHERE choice = '2'", (RecordRule.COUNTS, "count of 2")),
    ],
)
async def test_a_changed_record_is_named(
    box: BallotBox, database: Database, raw: Raw, closed: bool, sql: str, expected: tuple[RecordRule, str]
) -> None:
    """The audit names the place of a change in a poll's chain, question, rules, options, head or counts."""
    await _voted(box, closed=closed)
    await raw.disarm("links", "polls", "poll_options")
    await raw.run(sql)
    assert expected in _rules_and_ballots(await findings(database))


@pytest.mark.parametrize("closed", [True, False])
async def test_swapped_links_are_named(box: BallotBox, database: Database, raw: Raw, closed: bool) -> None:
    """The audit names both of two links that were swapped."""
    await _voted(box, closed=closed)
    await raw.disarm("links")
    for old, new in ((5, 99), (6, 5), (99, 6)):
        await raw.run("UPDATE links SET number = $1 WHERE number = $2", new, old)
    assert {(RecordRule.LINK_CHANGED, "link 5"), (RecordRule.LINK_CHANGED, "link 6")} <= _rules_and_ballots(
        await findings(database)
    )


@pytest.mark.parametrize("closed", [True, False])
async def test_a_link_that_was_made_anew_is_named(box: BallotBox, database: Database, raw: Raw, closed: bool) -> None:
    """A forged link with a correct hash of its own doesn't fit the next link, and the audit names that one."""
    await _voted(box, closed=closed)
    await raw.disarm("links")
    [(commitment, receipt, before)] = await raw.run("SELECT commitment, receipt, before FROM links WHERE number = 5")
    record_format = (await record_of(database)).format
    assert record_format is not None
    forged = record_format.link("p1", 5, "cast", commitment[::-1], 0, receipt, before)
    await raw.run("UPDATE links SET commitment = $1, hash = $2 WHERE number = 5", commitment[::-1], forged)
    assert (RecordRule.LINK_OUT_OF_CHAIN, "link 6") in _rules_and_ballots(await findings(database))


async def test_a_changed_ballot_of_an_open_poll_is_named(box: BallotBox, database: Database, raw: Raw) -> None:
    """The audit names a changed ballot, the link that it no longer fits, and both wrong counts."""
    await _voted(box, closed=False)
    await raw.run("UPDATE ballots SET choice = '2' WHERE link = 4")
    [(voter,)] = await raw.run("SELECT voter FROM ballots WHERE link = 4")
    discrepancies = await findings(database)
    assert (RecordRule.BALLOT_CHANGED, f"ballot {voter[:16]}") in _rules_and_ballots(discrepancies)
    assert any("link 4" in str(finding) for finding in discrepancies)
    assert {(RecordRule.COUNTS, "count of 0"), (RecordRule.COUNTS, "count of 2")} <= _rules_and_ballots(discrepancies)


async def test_a_deleted_ballot_of_an_open_poll_is_named(box: BallotBox, database: Database, raw: Raw) -> None:
    """The audit names the link whose ballot was deleted."""
    await _voted(box, closed=False)
    await raw.run("DELETE FROM ballots WHERE link = 4")
    assert (RecordRule.BALLOT_MISSING, "link 4") in _rules_and_ballots(await findings(database))


async def test_a_ballot_put_back_is_named(box: BallotBox, database: Database, raw: Raw) -> None:
    """The audit reports a ballot that points to a replaced link, and the missing ballot of the newer link."""
    await _voted(box, closed=False)
    await raw.run("UPDATE ballots SET link = 1 WHERE link = 11")
    rules = {rule for rule, _ in _rules_and_ballots(await findings(database))}
    assert rules >= {RecordRule.BALLOT_UNKNOWN, RecordRule.BALLOT_MISSING}


async def test_a_changed_ballot_of_a_closed_poll_is_named(box: BallotBox, database: Database, raw: Raw) -> None:
    """The audit names a changed ballot of a closed poll, though nobody knows its voter."""
    await _voted(box, closed=True)
    [(voter,)] = await raw.run("SELECT min(voter) FROM ballots")
    await raw.run("UPDATE ballots SET choice = '0,1' WHERE voter = $1", voter)
    assert (RecordRule.BALLOT_CHANGED, f"ballot {voter[:16]}") in _rules_and_ballots(await findings(database))


async def test_a_deleted_ballot_of_a_closed_poll_is_named(box: BallotBox, database: Database, raw: Raw) -> None:
    """The audit reports the closing commitment whose ballot was deleted."""
    await _voted(box, closed=True)
    [(voter,)] = await raw.run("SELECT min(voter) FROM ballots")
    await raw.run("DELETE FROM ballots WHERE voter = $1", voter)
    discrepancies = await findings(database)
    assert any(finding.place.startswith("closing commitment") for finding in discrepancies)
    assert RecordRule.BALLOT_MISSING in {finding.rule for finding in discrepancies}


async def test_a_closed_ballot_deleted_with_its_commitment_is_named(
    box: BallotBox, database: Database, raw: Raw
) -> None:
    """The closing link binds the list of commitments, so the audit finds a ballot deleted with its commitment."""
    await _voted(box, closed=True)
    [(voter, choice, seal), *_] = await raw.run("SELECT voter, choice, seal FROM ballots")
    commitment = Format2(b"").closing(seal, "p1", choice)
    await raw.run("DELETE FROM ballots WHERE voter = $1", voter)
    await raw.run("DELETE FROM closing_commitments WHERE commitment = $1", commitment)
    await raw.run("UPDATE choice_counts SET count = count - 1 WHERE choice = $1", choice)
    await raw.run("UPDATE polls SET ballots = ballots - 1")
    assert _rules_and_ballots(await findings(database)) == {
        (RecordRule.CLOSING, "link 13"),
        (RecordRule.CLOSING, "poll"),
    }


async def test_a_poll_reopened_by_hand_is_named(box: BallotBox, database: Database, raw: Raw) -> None:
    """The audit reports an open poll whose chain has a closing link."""
    await _voted(box, closed=True)
    await raw.disarm("polls")
    await raw.run("UPDATE polls SET state = 'open', closed_at = NULL")
    assert (RecordRule.STATE, "link 13") in _rules_and_ballots(await findings(database))


async def test_a_close_without_its_link_is_named(box: BallotBox, database: Database, raw: Raw) -> None:
    """The audit reports a closed poll whose chain has no closing link."""
    await _voted(box, closed=False)
    await raw.run("UPDATE polls SET state = 'closed', closed_at = 1")
    assert (RecordRule.STATE, "poll") in _rules_and_ballots(await findings(database))


def test_a_receipt_is_base32_as_the_standard_has_it() -> None:
    """A receipt's code is the first 80 bits of an HMAC, in the base32 of RFC 4648."""
    for number in range(1, 50):
        digest = hmac.digest(b"secret", f"receipt\nvoter\n{number}".encode(), "sha256")
        code = code_of(digest)
        assert code.replace("-", "") == base64.b32encode(digest[:10]).decode()
        assert typed_receipt(code.lower().replace("-", " ")) == TypedReceipt(code)


async def test_an_erased_voter_of_a_named_poll_leaves_the_record_whole(
    box: BallotBox, database: Database, privacy: Privacy
) -> None:
    """The record of a closed named poll still holds after the erasure of one of its voters."""
    await _voted(box, closed=True, secret=False)
    await privacy.erase(member(3), AFTER)
    assert await findings(database) == []
