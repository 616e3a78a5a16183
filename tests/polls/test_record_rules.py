"""Each rule of a record, broken once: the check finds that rule at that place, and nothing else.

Records are made by hand (records.py), in both formats, so each field can be wrong alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from itertools import product
from typing import Any

import pytest

from bot.errors import Refused
from bot.polls.audit import NO_KEY, Record, has_head, proven_names, stands, verify
from bot.polls.discrepancies import RecordRule as Rule
from bot.polls.discrepancies import Tampered
from bot.polls.model import EndReason, PollState, Results, Step
from bot.polls.poll_secrets import OpenSecrets, read_secret, sealed_secret
from bot.polls.record_file import as_json, read_record
from bot.polls.record_format import Ending, Format1, Format2, extension_commitment, pack
from bot.polls.sealing import seal
from bot.store.keys import Keys
from tests.polls.records import (
    CHAIN_KEY,
    LATER,
    RecordMaker,
    honest,
    with_ballot,
    with_link,
    with_poll,
    without_ballot,
    without_links,
)
from tests.store.things import AFTER, CLOSES, COMMUNITY, KEY

OPEN, CLOSED, CANCELLED = PollState
Break = Callable[[Record], Record]


def found(record: Record) -> set[tuple[Rule, str]]:
    """Return the broken rules with their places; a ballot's place is its number among the rows."""
    places = {
        f"ballot {'of ' if row.name else ''}{row.voter[: None if row.name else 16]}": f"ballot {at}"
        for at, row in enumerate(record.ballots)
    }
    return {(finding.rule, places.get(finding.place, finding.place)) for finding in verify(record)}


@pytest.mark.parametrize(("state", "secret", "number"), list(product(PollState, (True, False), (1, 2))))
def test_an_honest_record_is_whole(state: PollState, secret: bool, number: int) -> None:
    """The check finds nothing in an honest record of either format, secret or named, open, closed or cancelled."""
    assert found(honest(state, secret=secret, number=number)) == set()


@pytest.mark.parametrize("state", PollState)
def test_a_record_without_a_vote_is_whole(state: PollState) -> None:
    """A record without a vote is whole: it has no link while its poll is open, and one after its end."""
    maker = RecordMaker()
    if state is not OPEN:
        maker.end(state)
    assert found(maker.record()) == set()


LINKS: dict[str, tuple[Break, set[tuple[Rule, str]]]] = {
    "another question": (lambda r: with_poll(r, question="What else?"), {(Rule.FROZEN_TEXT, "poll")}),
    "another quorum": (lambda r: with_poll(r, quorum=1), {(Rule.FROZEN_TEXT, "poll")}),
    "another role": (lambda r: with_poll(r, roles=frozenset({"board"})), {(Rule.FROZEN_TEXT, "poll")}),
    "other results": (lambda r: with_poll(r, results=Results.LIVE), {(Rule.FROZEN_TEXT, "poll")}),
    "another first close": (lambda r: with_poll(r, first_closes_at=LATER), {(Rule.FROZEN_TEXT, "poll")}),
    "another topic": (lambda r: with_poll(r, topic="tea"), {(Rule.FROZEN_TEXT, "poll")}),
    "another community": (lambda r: with_poll(r, community="test:else"), {(Rule.FROZEN_TEXT, "poll")}),
    "who joined before": (lambda r: with_poll(r, joined_before=True), {(Rule.FROZEN_TEXT, "poll")}),
    "another head": (lambda r: with_poll(r, head="0" * 64), {(Rule.HEAD, "poll")}),
    "an earlier head": (lambda r: with_poll(r, head=r.links[-2].hash), {(Rule.HEAD, "poll")}),
    "a link more is counted": (lambda r: with_poll(r, links=10), {(Rule.LINK_MISSING, "link 10")}),
    "a link fewer is counted": (lambda r: with_poll(r, links=8), {(Rule.HEAD, "poll")}),
    "the first link is gone": (lambda r: without_links(r, 3), {(Rule.LINK_MISSING, "link 3"), (Rule.CLOSING, "poll")}),
    "two links are gone": (
        lambda r: without_links(r, 3, 4),
        {(Rule.LINK_MISSING, "link 3"), (Rule.LINK_MISSING, "link 4"), (Rule.CLOSING, "poll")},
    ),
    "the extension is gone": (
        lambda r: without_links(r, 8),
        {(Rule.LINK_MISSING, "link 8"), (Rule.DEADLINE, "poll")},
    ),
    "the close is gone": (
        lambda r: without_links(r, 9),
        {(Rule.LINK_MISSING, "link 9"), (Rule.HEAD, "poll"), (Rule.STATE, "poll")},
    ),
    "a receipt is another": (lambda r: with_link(r, 3, receipt="0"), {(Rule.LINK_CHANGED, "link 3")}),
    "a commitment is another": (lambda r: with_link(r, 3, commitment="0"), {(Rule.LINK_CHANGED, "link 3")}),
    "a hash is another": (
        lambda r: with_link(r, 3, hash="0" * 64),
        {(Rule.LINK_CHANGED, "link 3"), (Rule.LINK_OUT_OF_CHAIN, "link 4")},
    ),
    "a link before is another": (
        lambda r: with_link(r, 3, before="0" * 64),
        {(Rule.LINK_CHANGED, "link 3"), (Rule.LINK_OUT_OF_CHAIN, "link 3")},
    ),
    "the link before the first is another": (
        lambda r: with_link(r, 1, before="0" * 64),
        {(Rule.LINK_CHANGED, "link 1"), (Rule.FROZEN_TEXT, "poll")},
    ),
    "an extension to another time": (
        lambda r: with_poll(with_link(r, 8, closes_at=CLOSES), closes_at=CLOSES),
        {(Rule.LINK_CHANGED, "link 8")},
    ),
    "an extension without a time": (
        lambda r: with_link(r, 8, closes_at=None),
        {(Rule.LINK_CHANGED, "link 8"), (Rule.DEADLINE, "poll")},
    ),
    "a vote with a time": (
        lambda r: with_link(r, 5, closes_at=LATER),
        {(Rule.LINK_CHANGED, "link 5")},
    ),
    "another close": (lambda r: with_poll(r, closes_at=CLOSES), {(Rule.DEADLINE, "poll")}),
    "nobody ended it": (lambda r: replace(r, ended_here=False), {(Rule.ROW, "poll")}),
    "a closing link of another reason": (
        lambda r: with_poll(r, end_reason=EndReason.DEADLINE),
        {(Rule.CLOSING, "link 9")},
    ),
    "another end": (
        lambda r: with_poll(r, closed_at=CLOSES),
        {(Rule.CLOSING, "link 9")},
    ),
    "another chain key": (
        lambda r: with_poll(r, chain_key="00" * 32),
        {(Rule.FROZEN_TEXT, "poll"), *((Rule.LINK_CHANGED, f"link {number}") for number in range(1, 10))},
    ),
    "another count": (
        lambda r: replace(r, counts={**r.counts, "1": 3}),
        {(Rule.COUNTS, "count of 1"), (Rule.CLOSING, "link 9")},
    ),
    "a count of what nobody chose": (
        lambda r: replace(r, counts={**r.counts, "0,1": 1}),
        {(Rule.COUNTS, "count of 0,1"), (Rule.CLOSING, "link 9")},
    ),
    "a count is gone": (
        lambda r: replace(r, counts={"1": 2, "2": 1}),
        {(Rule.COUNTS, "count of 0"), (Rule.CLOSING, "link 9")},
    ),
    "a ballot more is counted": (lambda r: with_poll(r, ballots=5), {(Rule.COUNTS, "poll")}),
    "a ballot fewer is counted": (lambda r: with_poll(r, ballots=3), {(Rule.COUNTS, "poll")}),
    "a commitment too many": (
        lambda r: replace(r, closing=[*r.closing, "f" * 64]),
        {
            (Rule.BALLOT_MISSING, "closing commitment ffffffffffff"),
            (Rule.CLOSING, "link 9"),
            (Rule.CLOSING, "poll"),
        },
    ),
    "another choice": (
        lambda r: with_ballot(r, 0, choice="0"),
        {
            (Rule.BALLOT_CHANGED, "ballot 0"),
            (Rule.BALLOT_MISSING, "closing commitment "),
            (Rule.COUNTS, "count of 0"),
            (Rule.COUNTS, "count of 2"),
        },
    ),
    "another seal": (
        lambda r: with_ballot(r, 0, seal="0"),
        {(Rule.BALLOT_CHANGED, "ballot 0"), (Rule.BALLOT_MISSING, "closing commitment ")},
    ),
    "a ballot is gone": (
        lambda r: without_ballot(r, 0),
        {(Rule.BALLOT_MISSING, "closing commitment "), (Rule.COUNTS, "count of 2"), (Rule.COUNTS, "poll")},
    ),
    "a ballot stands twice": (
        lambda r: replace(r, ballots=[*r.ballots, replace(r.ballots[0], voter="y")]),
        {(Rule.BALLOT_CHANGED, "ballot 4"), (Rule.COUNTS, "count of 2"), (Rule.COUNTS, "poll")},
    ),
}


@pytest.mark.parametrize("case", LINKS)
def test_one_break_of_a_closed_secret_record_is_found(case: str) -> None:
    """The check finds each break of a closed secret record, by its rule and its place, and nothing else."""
    damage, expected = LINKS[case]
    commitments = {f"closing commitment {each[:12]}" for each in honest().closing}
    assert {
        (rule, "closing commitment " if place in commitments else place) for rule, place in found(damage(honest()))
    } == expected


def test_a_record_without_its_links_lacks_each_of_them() -> None:
    """In a record without its links, the check finds each of them missing, and state and deadline unproven.

    A record that counts no links still has to fit its opening and its head.
    """
    closed = replace(honest(), links=[])
    missing = {(Rule.LINK_MISSING, f"link {number}") for number in range(1, 10)}
    assert found(closed) == missing | {(Rule.STATE, "poll"), (Rule.DEADLINE, "poll")}
    assert found(with_poll(RecordMaker().record(), question="What else?")) == {(Rule.FROZEN_TEXT, "poll")}
    assert found(with_poll(honest(), links=0)) == {(Rule.HEAD, "poll")}


def test_a_row_without_time_or_reason_of_its_end_is_found() -> None:
    """The check finds a closed poll's row without its end's time or reason, as the closing link commits to both."""
    assert found(with_poll(honest(), end_reason=None)) == {(Rule.CLOSING, "link 9")}
    assert found(with_poll(honest(), closed_at=None)) == {(Rule.CLOSING, "link 9")}


def test_an_ended_poll_is_proven_by_its_end_alone() -> None:
    """After a poll's end, the check ignores keys that are still at hand, because the row has another seal by then."""
    assert found(replace(honest(), secret=honest(OPEN).secret)) == set()


def test_a_vote_can_not_pass_for_an_extension() -> None:
    """A vote with a closing time is found as a changed link, even if it commits to that time."""
    maker = RecordMaker()
    maker.add(Step.CAST, extension_commitment("p1", LATER), closes_at=LATER)
    assert (Rule.LINK_CHANGED, "link 1") in found(maker.record())


def test_a_finding_says_what_it_found() -> None:
    """A finding names the link that isn't continued, and gives both numbers of a count."""
    broken = verify(with_link(honest(), 3, hash="0" * 64))
    assert "it doesn't continue link 3" in {finding.text for finding in broken}
    changed = verify(with_ballot(honest(), 0, choice="0,1"))
    assert "0 in the count, 1 ballot in the record" in {finding.text for finding in changed}


OPEN_POLL: dict[str, tuple[Break, set[tuple[Rule, str]]]] = {
    "another question": (
        lambda r: with_poll(r, question="What else?"),
        {(Rule.FROZEN_TEXT, "poll")},
    ),
    "another choice": (
        lambda r: with_ballot(r, 0, choice="0"),
        {(Rule.BALLOT_CHANGED, "ballot 0"), (Rule.COUNTS, "count of 0"), (Rule.COUNTS, "count of 2")},
    ),
    "another voter": (lambda r: with_ballot(r, 0, voter="mallory"), {(Rule.BALLOT_CHANGED, "ballot 0")}),
    "another nonce": (lambda r: with_ballot(r, 0, nonce="0"), {(Rule.BALLOT_CHANGED, "ballot 0")}),
    "no nonce": (
        lambda r: with_ballot(r, 0, nonce=None),
        {(Rule.BALLOT_UNKNOWN, "ballot 0"), (Rule.BALLOT_MISSING, "link 3")},
    ),
    "no link": (
        lambda r: with_ballot(r, 0, link=None),
        {(Rule.BALLOT_UNKNOWN, "ballot 0"), (Rule.BALLOT_MISSING, "link 3")},
    ),
    "a link that was replaced": (
        lambda r: with_ballot(r, 0, link=1),
        {(Rule.BALLOT_UNKNOWN, "ballot 0"), (Rule.BALLOT_MISSING, "link 3")},
    ),
    "a link of another": (
        lambda r: with_ballot(r, 1, link=3),
        {(Rule.BALLOT_UNKNOWN, "ballot 1"), (Rule.BALLOT_MISSING, "link 4")},
    ),
    "a salted voter in a secret poll": (
        lambda r: with_ballot(r, 0, who=r.ballots[0].voter),
        {(Rule.BALLOT_CHANGED, "ballot 0")},
    ),
    "a ballot is gone": (
        lambda r: without_ballot(r, 0),
        {(Rule.BALLOT_MISSING, "link 3"), (Rule.COUNTS, "count of 2"), (Rule.COUNTS, "poll")},
    ),
    "another row seal": (lambda r: with_poll(r, row_seal="0" * 64), {(Rule.ROW, "poll")}),
    "another close": (lambda r: with_poll(r, closes_at=CLOSES), {(Rule.ROW, "poll"), (Rule.DEADLINE, "poll")}),
    "another count of ballots": (lambda r: with_poll(r, ballots=3), {(Rule.ROW, "poll"), (Rule.COUNTS, "poll")}),
    "nobody is said to have ended it": (lambda r: replace(r, ended_here=False), set()),
}


@pytest.mark.parametrize("case", OPEN_POLL)
def test_one_break_of_an_open_record_is_found(case: str) -> None:
    """With the keys at hand, the check finds each break of an open record, by its rule and its place."""
    damage, expected = OPEN_POLL[case]
    assert found(damage(honest(OPEN))) == expected


NAMED: dict[str, tuple[Break, set[tuple[Rule, str]]]] = {
    "another name": (lambda r: with_ballot(r, 0, name="Mallory"), {(Rule.BALLOT_CHANGED, "ballot 0")}),
    "another voter": (lambda r: with_ballot(r, 0, voter="test:demo:m"), {(Rule.BALLOT_CHANGED, "ballot 0")}),
    "another salt": (lambda r: with_ballot(r, 0, salt="0"), {(Rule.BALLOT_CHANGED, "ballot 0")}),
    "another who": (lambda r: with_ballot(r, 0, who="0"), {(Rule.BALLOT_CHANGED, "ballot 0")}),
    "a name without its salt": (lambda r: with_ballot(r, 0, salt=None), {(Rule.BALLOT_CHANGED, "ballot 0")}),
    "erased": (lambda r: with_ballot(r, 0, salt=None, name=None, voter="stranger"), set()),
    "no link": (
        lambda r: with_ballot(r, 0, link=None),
        {(Rule.BALLOT_UNKNOWN, "ballot 0"), (Rule.BALLOT_MISSING, "link 3")},
    ),
}


@pytest.mark.parametrize("state", [OPEN, CLOSED])
@pytest.mark.parametrize("case", NAMED)
def test_one_break_of_a_named_record_is_found(case: str, state: PollState) -> None:
    """The check finds each break of a named record by its rule and its place; an erased voter is no break."""
    damage, expected = NAMED[case]
    assert found(damage(honest(state, secret=False))) == expected


def test_a_named_record_of_format_1_has_no_salted_voters() -> None:
    """A salted voter in a named record of format 1 is a break.

    A ballot without a link is an erased voter's in a closed record, and a break in an open one.
    """
    record = honest(secret=False, number=1)
    assert found(with_ballot(record, 0, who=record.ballots[0].voter)) == {(Rule.BALLOT_CHANGED, "ballot 0")}
    assert found(with_ballot(record, 0, link=None, nonce=None, voter="stranger", name=None)) == set()
    assert found(with_ballot(record, 0, link=None)) == set()
    still_open = honest(OPEN, secret=False, number=1)
    erased = with_ballot(still_open, 0, link=None, nonce=None, voter="stranger", name=None)
    assert found(erased) == {(Rule.BALLOT_UNKNOWN, "ballot 0"), (Rule.BALLOT_MISSING, "link 3")}


def test_format_1_binds_no_close_and_no_row() -> None:
    """Format 1 binds neither the closing time nor the row, so the check finds no change of either."""
    assert found(with_poll(honest(OPEN, number=1), closes_at=LATER)) == set()
    assert found(with_poll(honest(number=1), closes_at=LATER, first_closes_at=CLOSES)) == set()


def test_format_1_has_no_extension() -> None:
    """Format 1 has no extensions, so a link that claims to be one is found as changed."""
    maker = RecordMaker(number=1)
    maker.vote(1, "0")
    maker.extend()
    assert found(maker.record()) == {(Rule.LINK_CHANGED, "link 2")}


@pytest.mark.parametrize(
    ("step", "replaces", "rule"),
    [
        (Step.CAST, 1, Rule.LINK_OUT_OF_STEP),
        (Step.CHANGE, 0, Rule.LINK_OUT_OF_STEP),
        (Step.CHANGE, 2, Rule.LINK_OUT_OF_STEP),
        (Step.WITHDRAW, 0, Rule.LINK_OUT_OF_STEP),
        (Step.WITHDRAW, 7, Rule.LINK_OUT_OF_STEP),
    ],
)
def test_a_link_replaces_what_stands_or_nothing(step: Step, replaces: int, rule: Rule) -> None:
    """Only a change and a withdrawal replace a link, and only one that stands: here link 3 has replaced link 2."""
    maker = RecordMaker()
    maker.vote(0, "0")
    maker.vote(1, "0")
    maker.vote(1, "1")
    maker.add(step, "0" * 64, replaces)
    assert (rule, "link 4") in found(maker.record())


def test_an_extension_and_a_close_replace_nothing() -> None:
    """An extension and a close replace no link, so a vote before an extension can still be changed after it.

    After the close that vote's change is in the count.
    """
    maker = RecordMaker()
    maker.vote(0, "0")
    maker.extend()
    maker.vote(0, "1")
    assert found(maker.record()) == set()
    maker.end()
    assert found(maker.record()) == set()
    assert maker.counts == {"1": 1}


@pytest.mark.parametrize("state", PollState)
def test_a_poll_that_has_ended_ends_with_one_close(state: PollState) -> None:
    """A poll that has ended has exactly one close, as its last link; an open poll has none."""
    maker = RecordMaker()
    maker.vote(0, "0")
    maker.end()
    twice = replace(maker)
    twice.links = [*maker.links]
    twice.add(Step.CLOSE, maker.links[-1].commitment)
    after = replace(maker)
    after.links = [*maker.links]
    after.add(Step.CAST, "0" * 64)
    for subject, places in ((maker, {"link 2"}), (twice, {"link 2", "link 3"}), (after, {"link 2"})):
        subject.state = state
        rules = {place for rule, place in found(subject.record()) if rule is Rule.STATE}
        assert rules == (places if state is OPEN else set() if subject is maker else {"poll"})


def test_a_close_binds_as_many_ballots_as_stood() -> None:
    """A close binds as many ballots as stood: one too few is found, even if everything else fits.

    A cancelled poll's close binds none.
    """
    maker = RecordMaker()
    maker.vote(0, "0")
    maker.vote(1, "1")
    maker.ballots.pop()
    maker.end()
    assert found(maker.record()) == {(Rule.CLOSING, "poll")}
    assert found(honest(CANCELLED)) == set()


def test_an_open_record_without_its_keys_says_what_cannot_be_checked() -> None:
    """Without the keys of an open record, the check first says that they are missing, and calls no link changed.

    It still checks counts, missing links and the head.
    """
    keyless = replace(honest(OPEN), secret=None)
    assert verify(keyless) == [NO_KEY] + [finding for finding in verify(keyless) if finding != NO_KEY]
    assert Rule.LINK_CHANGED not in {finding.rule for finding in verify(keyless)}
    assert Rule.FROZEN_TEXT not in {finding.rule for finding in verify(keyless)}
    assert (Rule.COUNTS, "poll") in found(with_poll(keyless, ballots=9))
    assert (Rule.LINK_MISSING, "link 9") in found(with_poll(keyless, links=9))
    assert (Rule.HEAD, "poll") in found(with_poll(keyless, head="0" * 64))


def test_as_many_equal_ballots_stand_as_have_a_commitment() -> None:
    """Of ballots with the same choice and seal, as many stand as the close has commitments; one more is a break."""
    maker = RecordMaker()
    for voter in range(3):
        maker.vote(voter, "0")
    maker.end()
    one, two, three = maker.ballots
    maker.ballots, maker.links = [one, replace(two, seal=one.seal), replace(three, seal=one.seal)], maker.links[:-1]
    commitment = maker.format.closing(one.seal or "", "p1", "0")
    for equal, expected in ((3, set()), (2, {(Rule.BALLOT_CHANGED, "ballot 2"), (Rule.CLOSING, "poll")})):
        closing = [commitment] * equal
        ending = Ending(CLOSED, EndReason.HOST, AFTER)
        made = replace(maker, closing=closing, links=[*maker.links])
        made.add(Step.CLOSE, maker.format.close("p1", ending, closing, maker.counts))
        assert found(made.record()) == expected


@pytest.mark.parametrize("secret", [True, False])
def test_a_seal_tells_nothing_of_votes(secret: bool) -> None:
    """A close gives each ballot a fresh random seal.

    In a secret poll it gives each a fresh name too, and the rows stand in the order of these names, not of the votes.
    """
    record = honest(OPEN, secret=secret)
    draws = iter(number.to_bytes(16, "big") for number in (5, 9, 7, 6, 0xD, 0xB, 0xC, 0xA))
    sealed = seal(record, lambda _count: next(draws))
    seals = [f"{number:032x}" for number in (5, 9, 7, 6)]
    rows = record.ballots
    if secret:
        names = [f"{number:032x}" for number in (0xD, 0xB, 0xC, 0xA)]
        drawn = [
            {"poll": "p1", "voter": name, "choice": row.choice, "seal": each}
            for name, row, each in zip(names, rows, seals, strict=True)
        ]
        assert sealed.ballots == [drawn[place] for place in (3, 1, 2, 0)]
    else:
        expected = [{"poll": "p1", "voter": row.voter, "seal": each} for row, each in zip(rows, seals, strict=True)]
        assert sealed.ballots == expected
    commitments = [Format2(CHAIN_KEY).closing(each, "p1", row.choice) for row, each in zip(rows, seals, strict=True)]
    assert sealed.closing == sorted(commitments)


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        (lambda r: with_ballot(r, 0, choice="0"), Rule.BALLOT_CHANGED),
        (lambda r: with_poll(r, row_seal="0" * 64), Rule.ROW),
        (lambda r: replace(r, secret=None), Rule.KEY),
    ],
)
def test_a_record_that_does_not_hold_is_not_sealed(damage: Break, rule: Rule) -> None:
    """A record that doesn't hold is not sealed, because its close would hide the change.

    A record whose keys are away is not sealed either.
    """
    with pytest.raises(Tampered) as caught:
        seal(damage(honest(OPEN)), bytes)
    assert rule in {finding.rule for finding in caught.value.findings}


def test_which_keys_a_record_is_hashed_under() -> None:
    """A record of format 1 is hashed without a key; one of format 2 under the open poll's key or the published one."""
    assert isinstance(honest(OPEN, number=1).format, Format1)
    assert replace(honest(OPEN), secret=None).format is None
    assert honest(OPEN).format == honest().format == honest(CANCELLED).format == Format2(CHAIN_KEY)


@pytest.mark.parametrize("state", PollState)
def test_a_head_that_was_once_there_is_found(state: PollState) -> None:
    """Each head that a record ever had is found, whole or by its first 16 letters.

    Without the keys of an open poll, the head of its opening can't be found.
    """
    record = honest(state)
    record_format = record.format
    assert record_format is not None
    heads = [record_format.opening(record.poll), *(link.hash for link in record.links)]
    assert all(has_head(record, head) and has_head(record, head[:16]) for head in heads)
    assert not has_head(record, "0" * 16)
    if state is OPEN:
        keyless = replace(record, secret=None)
        assert [has_head(keyless, head) for head in heads] == [False] + [True] * len(record.links)


@pytest.mark.parametrize(("state", "secret"), list(product((OPEN, CLOSED), (True, False))))
def test_a_standing_link_has_its_ballot(state: PollState, secret: bool) -> None:
    """A link stands only if the one given row is its ballot, and in a closed secret poll no row leads to a link.

    Without any row it stands once the poll has ended.
    """
    record = honest(state, secret=secret)
    link = record.links[2]
    alone = replace(record, ballots=record.ballots[:1])
    knows_its_link = state is OPEN or not secret
    assert stands(alone, link) is knows_its_link
    assert not stands(with_ballot(alone, 0, choice="0"), link)
    assert not stands(with_ballot(alone, 0, nonce=None), link)
    assert stands(replace(record, ballots=[]), link) is (state is not OPEN)
    assert not stands(replace(record, ballots=[]), replace(link, receipt="0"))
    assert not stands(alone, replace(link, receipt="0"))
    if not secret:
        assert not stands(with_ballot(alone, 0, name="Mallory"), link)
        assert stands(with_ballot(alone, 0, name=None, salt=None, voter="stranger"), link)
    if state is OPEN:
        assert not stands(replace(alone, secret=None), link)


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("state", [OPEN, CLOSED])
def test_names_are_those_that_the_record_proves(state: PollState, number: int) -> None:
    """If any part of a named row doesn't fit the record, its name is not shown, and the other names are."""
    record = honest(state, secret=False, number=number)
    names = [name for name, _ in proven_names(record)]
    assert names == ["Member 2", "Member 3", "Member 4", "Member 0"]
    assert [choice for _, choice in proven_names(record)] == [row.choice for row in record.ballots]
    changes: list[dict[str, Any]] = [
        {"choice": "0"},
        {"voter": "test:demo:m"},
        {"nonce": None},
        {"nonce": "0"},
        {"link": None},
        {"link": 1},
    ]
    changes += [{"link": 4}] if number == 1 else [{"name": "M"}, {"salt": None}, {"who": None}, {"link": 4}]
    for change in changes:
        assert [name for name, _ in proven_names(with_ballot(record, 0, **change))] == ["", *names[1:]], change
    assert next(name for name, _ in proven_names(with_ballot(record, 0, name=None))) == ""
    if state is OPEN and number == 2:
        assert [name for name, _ in proven_names(replace(record, secret=None))] == [""] * 4


def test_a_ballot_that_was_changed_proves_no_name_any_more() -> None:
    """A ballot that its voter has replaced proves no name when it is put back, nor does a row without a link."""
    maker = RecordMaker(secret=False)
    maker.vote(0, "0")
    [old] = maker.ballots
    alone = maker.record()
    maker.vote(0, "1")
    assert proven_names(maker.record()) == [("Member 0", "1")]
    assert proven_names(replace(maker.record(), ballots=[old])) == [("", "0")]
    assert proven_names(alone) == [("Member 0", "0")]
    assert proven_names(with_ballot(alone, 0, link=None)) == [("", "0")]


# --- the file ---


@pytest.mark.parametrize(("secret", "number"), list(product((True, False), (1, 2))))
def test_a_file_is_read_as_it_was_written(secret: bool, number: int) -> None:
    """A record's file verifies without a database, and writing it again gives the same text.

    Only a named poll's file has names and voters.
    """
    text = as_json(honest(secret=secret, number=number))
    again = read_record(text)
    assert verify(again) == []
    assert as_json(again) == text
    assert ("Member" in text, COMMUNITY + ":" in text) == (not secret, not secret)
    assert [row.link is None for row in again.ballots] == [secret] * 4


def test_a_file_of_a_secret_poll_has_no_place_for_a_voter() -> None:
    """A secret poll's file has no place for a voter or anything that leads to one, and a reader ignores additions."""
    document = json.loads(as_json(honest()))
    assert all(each.keys() == {"choice", "seal"} for each in document["ballots"])
    document["ballots"][0] |= {
        "voter": "test:demo:m",
        "name": "Mallory",
        "salt": "0",
        "link": 1,
        "nonce": "0",
        "who": "0",
    }
    assert read_record(json.dumps(document)) == read_record(as_json(honest()))


def test_a_file_is_easy_to_read() -> None:
    """A record's file is indented by two blanks, keeps every letter as it is, and ends with a line end."""
    text = as_json(with_poll(honest(), question="“Tea” or 茶?"))
    assert text.startswith('{\n  "format": 2,\n  "opening": {\n    "poll": "p1",\n')
    assert "“Tea” or 茶?" in text
    assert text.endswith("\n}\n")


@pytest.mark.parametrize("secret", [True, False])
def test_the_order_of_a_file_follows_the_seals(secret: bool) -> None:
    """The order of ballots in a file follows their seals, and doesn't depend on the order of the stored rows."""
    record = honest(secret=secret)
    assert as_json(replace(record, ballots=record.ballots[::-1])) == as_json(record)


def test_an_erased_voters_ballot_that_was_changed_is_found_in_a_file() -> None:
    """A changed ballot of an erased voter is found in a file by its count and its place in the chain."""
    record = with_ballot(honest(secret=False), 0, name=None, salt=None, voter="stranger")
    changed = read_record(as_json(with_ballot(record, 0, choice="0")))
    assert {Rule.BALLOT_CHANGED, Rule.COUNTS} <= {rule for rule, _ in found(changed)}


@pytest.mark.parametrize("part", ["community", "results", "topic", "closes_at", "words"])
def test_a_file_lacks_nothing_that_its_opening_binds(part: str) -> None:
    """A reader refuses a file of format 2 that lacks a part bound by its opening."""
    document = json.loads(as_json(honest()))
    assert verify(read_record(json.dumps(document))) == []
    lacking = document["opening"]["options"][1] if part == "words" else document["opening"]
    del lacking[part]
    with pytest.raises(Refused, match="holds no record"):
        read_record(json.dumps(document))


def test_a_file_of_format_1_has_what_that_binds() -> None:
    """A file of format 1 lacks the community, results, topic, first close and words of cards: it binds none of them."""
    opening = json.loads(as_json(honest(number=1)))["opening"]
    newer = json.loads(as_json(honest()))["opening"]
    assert newer.keys() - opening.keys() == {"community", "results", "topic", "closes_at"}
    assert newer["options"][0].keys() - opening["options"][0].keys() == {"words"}


@pytest.mark.parametrize("part", ["closed_at", "end_reason"])
def test_an_end_that_is_not_known_is_written_as_a_state_alone(part: str) -> None:
    """A file has the state, reason and time of a poll's end, or its state alone if one of the others isn't known."""
    ended = json.loads(as_json(with_poll(honest(), **{part: None})))
    assert ended["closing"] == {"state": "closed"}
    assert json.loads(as_json(honest()))["closing"].keys() == {"state", "reason", "closed_at"}


@pytest.mark.parametrize("number", [1, 2])
def test_an_erased_voter_is_in_no_file(number: int) -> None:
    """A file has neither an erased voter's name nor the random text that stands in the voter's place."""
    record = honest(secret=False, number=number)
    erased = with_ballot(record, 0, name=None, salt=None, voter="stranger")
    text = as_json(erased)
    assert "stranger" not in text
    assert "Member 2" not in text
    assert "Member 3" in text
    assert number == 1 or verify(read_record(text)) == []


def changed_file(old: str, new: str) -> str:
    text = as_json(honest())
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"format": 2', '"format": 3'),
        ('"format": 2', '"format": "2"'),
        ('"secret": true', '"secret": 1'),
        ('"quorum": 0', '"quorum": -1'),
        ('"quorum": 0', '"quorum": 9007199254740992'),
        ('"quorum": 0', '"quorum": 0.0'),
        ('"state": "closed"', '"state": "open"'),
        ('"state": "closed"', '"state": "cancelled"'),
        ('"reason": "host"', '"reason": "nobody"'),
        ('"roles": []', '"roles": ["b", "a"]'),
        ('"roles": []', '"roles": ["a", "a"]'),
        ('"1": 2', '"1": 0'),
        ('"1": 2', '"1": 9007199254740992'),
        ("+00:00", "Z"),
        ("+00:00", ""),
        ("+00:00", "+01:00"),
        ('"method": "single"', '"method": "lot"'),
        ('"head": "', '"head": "0'),
        ('"start": "', '"start": "G'),
    ],
)
def test_a_file_of_another_shape_is_refused(old: str, new: str) -> None:
    """A reader refuses a file in which a number, time, word, list or hash has another shape than Parley writes."""
    with pytest.raises(Refused, match="holds no record"):
        read_record(changed_file(old, new))


@pytest.mark.parametrize(
    ("old", "new"), [('"quorum": 0', '"quorum": 9007199254740991'), ('"roles": []', '"roles": ["a", "b"]')]
)
def test_a_file_beside_these_is_read_and_does_not_hold(old: str, new: str) -> None:
    """A reader takes a file with other values of the right shape, and the check finds that its opening was changed."""
    assert (Rule.FROZEN_TEXT, "poll") in found(read_record(changed_file(old, new)))


@pytest.mark.parametrize(
    ("number", "lacking", "refused"),
    [
        (1, ("name",), False),
        (2, ("name",), True),
        (2, ("voter",), True),
        (2, ("salt",), True),
        (2, ("name", "salt"), True),
        (2, ("name", "voter", "salt"), False),
    ],
)
def test_a_voter_is_shown_whole_or_not_at_all(number: int, lacking: tuple[str, ...], refused: bool) -> None:
    """Under format 2, a reader takes a voter's name, id and salt only together, or none of them.

    Under format 1 an earlier erasure may have left an id without a name.
    """
    document = json.loads(as_json(honest(secret=False, number=number)))
    document["ballots"][0] |= dict.fromkeys(lacking)
    if refused:
        with pytest.raises(Refused, match="holds no record"):
            read_record(json.dumps(document))
    else:
        read_record(json.dumps(document))


# --- the secret ---


@pytest.mark.parametrize(
    ("stored", "number", "fits"),
    [
        (bytes(32), 1, True),
        (bytes(31), 1, False),
        (bytes(33), 1, False),
        (bytes(32), 2, False),
        (sealed_secret("p1", bytes(32)), 2, True),
        (sealed_secret("p1", bytes(32)), 1, False),
        (sealed_secret("p1", bytes(32)), 3, False),
        (sealed_secret("p1", bytes(31)), 2, False),
        (sealed_secret("p1", bytes(33)), 2, False),
        (sealed_secret("p2", bytes(32)), 2, False),
    ],
)
def test_a_secret_fits_its_poll_and_its_format(stored: bytes, number: int, fits: bool) -> None:
    """A secret has 32 bytes, bare under format 1 and after the poll's id under format 2; any other one is refused."""
    if fits:
        assert read_secret("p1", stored, number).format.number == number
    else:
        with pytest.raises(Tampered) as caught:
            read_secret("p1", stored, number)
        assert [finding.rule for finding in caught.value.findings] == [Rule.KEY]


def test_each_key_follows_from_the_secret_for_one_purpose() -> None:
    """Each key follows from the secret for one purpose, and another secret gives others.

    Format 1 has neither a chain key nor a row's seal.
    """
    one, other = (read_secret("p1", sealed_secret("p1", bytes([each]) * 32), 2) for each in (0, 1))
    assert len({one.voter_key, one.row_key, bytes.fromhex(one.chain_key), other.voter_key}) == 4
    assert one.pseudonym("ada") != one.pseudonym("ben") != other.pseudonym("ben")
    assert one.code("ada", 1) == one.code("ada", 1)
    assert len({one.code("ada", 1), one.code("ada", 2), one.code("ben", 1), other.code("ada", 1)}) == 4
    seals = {one.row_seal("p1", "h", 1, 1, 1), one.row_seal("p2", "h", 1, 1, 1), one.row_seal("p1", "g", 1, 1, 1)}
    seals |= {one.row_seal("p1", "h", 2, 1, 1), one.row_seal("p1", "h", 1, 2, 1), one.row_seal("p1", "h", 1, 1, 2)}
    assert len(seals) == 6
    old = read_secret("p1", bytes(32), 1)
    assert (old.chain_key, old.row_seal("p1", "h", 1, 1, 1)) == ("", "")


# --- what is hashed ---


def test_a_field_is_written_with_its_length_in_bytes() -> None:
    """Each hashed field is written with its length in bytes, so no two lists of fields are the same bytes."""
    assert pack("a", "", "bc") == b"1:a,0:,2:bc,"
    assert pack("ä", "b") == b"2:\xc3\xa4,1:b,"


def test_format_1_hashes_lines_of_text() -> None:
    """Format 1 hashes the same lines of text as the releases that wrote it, to the byte."""
    opened = replace(honest(number=1).poll, roles=frozenset({"b", "a"}))
    frozen = (
        '{"id":"p1","joined_before":false,"max_choices":1,"method":"single","opened_at":"2026-11-25T12:00:00+00:00",'
        '"options":[["Tea","tea-option"],["Coffee",""],["Water",""]],"question":"What to drink?","quorum":0,'
        '"roles":["a","b"],"secret":true}'
    )
    assert Format1().opening(opened) == sha256(f"parley poll 1\n{frozen}".encode()).hexdigest()
    link = Format1().link("p1", 2, "change", "c", 1, "r", "b")
    assert link == sha256(b"parley link 1\np1\n2\nchange\nc\n1\nr\nb").hexdigest()
    assert Format1().ballot("n", "p1", "v", "0") == sha256(b"parley ballot 1\nn\np1\nv\n0").hexdigest()
    assert Format1().closing("n", "p1", "0") == sha256(b"parley seal 1\nn\np1\n0").hexdigest()
    close = Format1().close("p1", Ending(CLOSED, EndReason.HOST, AFTER), ["t", "s"], {"1": 2, "0": 1, "2": 0})
    assert close == sha256(b"parley close 1\np1\nclosed\n0 1\n1 2\ns\nt").hexdigest()


@pytest.mark.parametrize("number", [1, 2])
def test_a_count_of_none_is_not_bound(number: int) -> None:
    """A close doesn't bind a count of 0: with and without it the close is the same."""
    record = honest(number=number)
    assert found(replace(record, counts={**record.counts, "9": 0})) == set()


def test_times_are_those_of_the_record() -> None:
    """Times count to the microsecond: a close that is one microsecond later is another close."""
    assert found(with_poll(honest(), closes_at=LATER + timedelta(microseconds=1))) == {(Rule.DEADLINE, "poll")}


def test_an_end_is_proven_by_the_instance_key() -> None:
    """The instance's key proves an end of one poll with its state, head and chain key.

    Format 1 has no proof and needs none.
    """
    keys, other = OpenSecrets(Keys(KEY)), OpenSecrets(Keys(b"B" * 43 + b"="))
    ended = honest().poll
    sealed = replace(ended, row_seal=keys.end_seal(ended))
    assert keys.ended(sealed)
    assert not keys.ended(ended)
    assert not other.ended(sealed)
    for change in ({"id": "p2"}, {"state": CANCELLED}, {"head": "0" * 64}, {"chain_key": "00" * 32}):
        assert not keys.ended(replace(sealed, **change)), change
    assert keys.ended(honest(number=1).poll)


class CountingKeys(Keys):
    """Keys that count how often they unwrap something."""

    unwraps = 0

    def unwrap(self, wrapped: str) -> bytes:
        self.unwraps += 1
        return super().unwrap(wrapped)


def test_a_secret_is_unwrapped_once_while_its_poll_is_open() -> None:
    """A poll's secret is unwrapped once, and again only after it was wrapped anew or forgotten.

    Forgetting one poll's secret keeps the others in memory.
    """
    keys = CountingKeys(KEY)
    secrets = OpenSecrets(keys)
    wrapped = {poll: keys.wrap(sealed_secret(poll, bytes(32))) for poll in ("p1", "p2")}
    for poll in ("p1", "p1", "p2", "p2"):
        secrets.of(poll, wrapped[poll], 2)
    assert keys.unwraps == 2
    wrapped["p1"] = keys.wrap(sealed_secret("p1", bytes(32)))
    secrets.of("p1", wrapped["p1"], 2)
    assert keys.unwraps == 3
    secrets.forget("p1")
    secrets.forget("no such poll")
    secrets.of("p2", wrapped["p2"], 2)
    assert keys.unwraps == 3
    secrets.of("p1", wrapped["p1"], 2)
    assert keys.unwraps == 4


def test_memory_holds_a_bounded_number_of_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory holds a bounded number of secrets: when it is full, all are forgotten and unwrapped again on demand."""
    monkeypatch.setattr("bot.polls.poll_secrets.SECRETS_MAX", 2)
    keys = CountingKeys(KEY)
    secrets = OpenSecrets(keys)
    wrapped = {poll: keys.wrap(sealed_secret(poll, bytes(32))) for poll in ("p1", "p2", "p3")}
    for poll in ("p1", "p2", "p1", "p3", "p1"):
        secrets.of(poll, wrapped[poll], 2)
    assert keys.unwraps == 4
