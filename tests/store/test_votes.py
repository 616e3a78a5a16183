"""The ballot box takes votes in groups, with changes, withdrawals and failures."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import Unavailable
from bot.polls import ballot_box, objections, record_guard
from bot.polls import repository as polls
from bot.polls.ballot_box import GROUP_MAX, BallotBox, BoxState
from bot.polls.counting.ballots import Method
from bot.polls.discrepancies import RecordRule, Tampered
from bot.polls.model import Cast, CastEnd, Vote
from bot.polls.own_ballots import OwnBallot
from bot.polls.receipts import Receipt
from bot.polls.record_format import Format1
from bot.polls.vote_batch import VoteBatch
from bot.store.database import Database, Unit
from bot.store.keys import Keys
from bot.store.open import open_database
from bot.store.sql import Transaction
from bot.telemetry.meter import Meter
from tests.store.things import AFTER, CLOSES, KEY, NOW, Raw, findings, poll, vote


async def test_a_vote_is_cast_changed_repeated_and_withdrawn(box: BallotBox, database: Database) -> None:
    """Each vote, change or withdrawal appends one link. The same vote again appends none and shows the same code."""
    await box.open(poll())
    cast = await box.cast(vote(1, "0"))
    assert (cast.end, cast.choice, cast.links, cast.ballots) == (CastEnd.CAST, "0", 1, 1)
    assert await box.cast(vote(1, "0")) == Cast(CastEnd.UNCHANGED, cast.code, "0", 1, 1, cast.head)
    changed = await box.cast(vote(1, "2"))
    assert (changed.end, changed.links, changed.ballots) == (CastEnd.CHANGED, 2, 1)
    assert changed.code != cast.code
    assert await box.standing("p1", vote(1, None).voter) == OwnBallot("2", changed.code, changed.head)
    assert await box.cast(vote(1, None)) == Cast(CastEnd.WITHDRAWN, links=3, ballots=0)
    assert await box.cast(vote(1, None)) == Cast(CastEnd.NOTHING_TO_WITHDRAW, links=3, ballots=0)
    assert await box.standing("p1", vote(1, None).voter) is None
    again = await box.cast(vote(1, "1"))
    assert (again.end, again.links, again.ballots) == (CastEnd.CAST, 4, 1)
    assert await findings(database) == []
    assert await database.read(lambda tx: polls.choice_counts(tx, "p1")) == {"1": 1}


async def test_a_vote_that_the_poll_does_not_take(box: BallotBox, database: Database) -> None:
    """An unknown, closed or cancelled poll refuses a vote as such. A vote at the very deadline is too late."""
    await box.open(poll())
    await box.open(poll("p2"))
    await box.cancel("p2", NOW)
    assert (await box.cast(vote(1, "0", "nowhere"))).end is CastEnd.UNKNOWN
    assert (await box.cast(vote(1, "0", "nul\0"))).end is CastEnd.UNKNOWN
    assert (await box.cast(vote(1, "0", "\udc80"))).end is CastEnd.UNKNOWN
    assert (await box.cast(vote(1, "0", "p2"))).end is CastEnd.CANCELLED
    assert (await box.cast(vote(1, "0", at=CLOSES))).end is CastEnd.CLOSED
    assert (await box.cast(vote(1, "0", at=CLOSES - timedelta(microseconds=1)))).end is CastEnd.CAST
    await box.close("p1", CLOSES)
    assert (await box.cast(vote(2, "0"))).end is CastEnd.CLOSED
    assert (await database.read(lambda tx: polls.get(tx, "p1"))).ballots == 1


@pytest.mark.parametrize("name", ["nul\0", "pöll", "\udc80"])
async def test_an_id_that_no_poll_has_is_not_looked_for(box: BallotBox, name: str) -> None:
    """A poll's id is printable ASCII. The box answers that any other id is unknown without asking the database."""
    box.state = BoxState.DAMAGED
    assert (await box.cast(vote(1, "0", name))).end is CastEnd.UNKNOWN
    with pytest.raises(Unavailable):
        await box.cast(vote(1, "0", "p1"))


@pytest.mark.parametrize("secret", [True, False])
async def test_a_poll_of_format_1_takes_votes_without_a_salt(
    box: BallotBox, database: Database, raw: Raw, secret: bool
) -> None:
    """A poll that an earlier release opened in format 1 takes votes, can be extended without a link, and verifies."""
    old = poll(secret=secret, format=1)
    old = replace(old, head=Format1().opening(old))
    await database.write(lambda tx: polls.insert(tx, old, Keys(KEY).wrap(bytes(32))))
    for number, choice in ((1, "0"), (2, "1"), (1, "2")):
        await box.cast(vote(number, choice))
    assert await raw.run("SELECT who, salt FROM ballots") == [(None, None)] * 2
    assert await findings(database) == []
    assert await box.extend("p1", AFTER, None)
    assert (await database.read(lambda tx: polls.get(tx, "p1"))).links == 3
    assert await box.close("p1", AFTER)
    assert await findings(database) == []


async def test_an_objection_is_stored_with_its_ballot(box: BallotBox, database: Database) -> None:
    """A vote in a consent poll stores the member's objection, which their next vote withdraws.

    A poll of another method stores none.
    """
    await box.open(poll(method=Method.CONSENT))
    await box.open(poll("p2"))
    for name in ("p1", "p2"):
        await box.cast(replace(vote(1, "2", name), reason="Too dear"))
    [stored] = await database.read(lambda tx: objections.of_poll(tx, "p1"))
    assert (stored.member, stored.name, stored.reason, stored.stands) == (
        vote(1, None).voter,
        "Member 1",
        "Too dear",
        True,
    )
    await box.cast(vote(1, "0"))
    [stored] = await database.read(lambda tx: objections.of_poll(tx, "p1"))
    assert not stored.stands
    assert await database.read(lambda tx: objections.of_poll(tx, "p2")) == []


async def test_a_row_that_somebody_changed_takes_no_vote(
    box: BallotBox, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a poll's row was changed outside Parley, its seal shows it: the box refuses votes, extensions and edits."""
    monkeypatch.setattr(record_guard, "LINKS_AT_ONCE", 0)
    await box.open(poll())
    await raw.run("UPDATE polls SET closes_at = closes_at + 1")
    with pytest.raises(Tampered) as caught:
        await box.cast(vote(1, "0"))
    assert [finding.rule for finding in caught.value.findings] == [RecordRule.ROW]
    with pytest.raises(Tampered):
        await box.extend("p1", AFTER, None)
    with pytest.raises(Tampered):
        await box.edit(poll())


async def test_votes_at_one_instant_share_a_transaction(
    box: BallotBox, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Votes that arrive while a transaction is being written share the next one, for all polls and voters."""
    await box.open(poll())
    await box.open(poll("p2", secret=False))
    written = 0
    write = database.write

    async def counting(unit: Unit[object]) -> object:
        nonlocal written
        written += 1
        return await write(unit)

    monkeypatch.setattr(database, "write", counting)
    await asyncio.gather(*(box.cast(vote(n, "0", on)) for n in range(50) for on in ("p1", "p2")))
    assert written <= 2
    assert await findings(database, "p1") == await findings(database, "p2") == []


async def test_several_votes_of_one_voter_in_a_group(box: BallotBox, database: Database) -> None:
    """The box takes several votes of one member within a group in order, also withdrawals, and the last one stands."""
    await box.open(poll())
    choices: list[str | None] = ["0", "1", "1", None, "2", "0"]
    casts = await asyncio.gather(*(box.cast(vote(1, choice)) for choice in choices), box.cast(vote(2, "2")))
    ends = [cast.end.value for cast in casts]
    assert ends == ["cast", "changed", "unchanged", "withdrawn", "cast", "changed", "cast"]
    await asyncio.gather(
        box.cast(vote(2, "1")), box.cast(vote(2, None)), box.cast(vote(3, "1")), box.cast(vote(3, None))
    )
    record = await database.read(lambda tx: polls.record(tx, "p1"))
    assert [row.choice for row in record.ballots] == ["0"]
    assert record.counts == {"0": 1}
    assert len(record.links) == 10
    assert await findings(database) == []


async def test_two_hundred_members_each_change_three_times(box: BallotBox, database: Database) -> None:
    """200 members who vote at once and change their votes three times leave 200 ballots and a chain of 800 links."""
    await box.open(poll())

    async def member(number: int) -> None:
        for choice in ("0", "1", "2", str(number % 2)):
            await box.cast(vote(number, choice))

    await asyncio.gather(*(member(number) for number in range(200)))
    record = await database.read(lambda tx: polls.record(tx, "p1"))
    assert (len(record.ballots), len(record.links)) == (200, 800)
    assert record.counts == {"0": 100, "1": 100}
    assert await findings(database) == []


async def test_one_hundred_clicks_are_one_vote(box: BallotBox, database: Database) -> None:
    """The same vote sent 100 times at once appends one link, and has one code."""
    await box.open(poll())
    casts = await asyncio.gather(*(box.cast(vote(1, "0")) for _ in range(100)))
    assert len({cast.code for cast in casts}) == 1
    assert (await database.read(lambda tx: polls.get(tx, "p1"))).links == 1


async def test_a_crowd_is_taken_in_bounded_groups(box: BallotBox, database: Database) -> None:
    """The box counts every vote of a crowd that doesn't fit into one group."""
    await box.open(poll())
    await asyncio.gather(*(box.cast(vote(number, "1")) for number in range(GROUP_MAX + 10)))
    assert await database.read(lambda tx: polls.choice_counts(tx, "p1")) == {"1": GROUP_MAX + 10}


@pytest.mark.parametrize("choice", ["", "0\0", "é", "1" * 1001])
async def test_a_choice_that_no_parser_returns_is_a_bug(box: BallotBox, choice: str) -> None:
    """The box raises ValueError for a choice that isn't canonical, before it meets other votes.

    A choice has up to 1,000 characters.
    """
    await box.open(poll())
    assert (await box.cast(vote(3, "1" * 1000))).end is CastEnd.CAST
    neighbour = asyncio.create_task(box.cast(vote(2, "0")))
    with pytest.raises(ValueError, match="canonical"):
        await box.cast(vote(1, choice))
    assert (await neighbour).end is CastEnd.CAST


@pytest.mark.parametrize("voter", ["", "a\nb", "a\0"])
async def test_a_voter_that_no_platform_has_is_a_bug(box: BallotBox, voter: str) -> None:
    """The box raises an error for a voter that isn't printable text and for a time without a zone.

    Either would break the statement that the vote shares with others.
    """
    await box.open(poll())
    with pytest.raises(ValueError, match="printable text"):
        await box.cast(replace(vote(1, "0"), voter=voter))
    with pytest.raises(TypeError):
        await box.cast(vote(1, "0", at=NOW.replace(tzinfo=None)))
    assert (await box.cast(vote(1, "0"))).end is CastEnd.CAST


async def test_a_name_that_no_database_takes_is_made_plain(box: BallotBox, database: Database) -> None:
    """In a display name the box drops a NUL, and replaces half a surrogate pair with a question mark."""
    await box.open(poll(secret=False))
    odd = vote(1, "0")
    object.__setattr__(odd, "name", "A\0d\udc80a")
    await box.cast(odd)
    rows = await database.read(lambda tx: polls.ballots(tx, "p1"))
    assert [row.name for row in rows] == ["Ad?a"]


async def test_a_vote_that_breaks_the_transaction_fails_alone(box: BallotBox, database: Database, raw: Raw) -> None:
    """If the database refuses one vote of a group, the other votes of the group still count."""
    await box.open(poll())
    await box.open(poll("p2"))
    await box.cast(vote(1, "0", "p2"))
    await raw.disarm("links")
    head = (await database.read(lambda tx: polls.get(tx, "p2"))).head
    await raw.run(
        "INSERT INTO links (poll, number, step, commitment, replaces, receipt, before, hash) "
        "VALUES ('p2', 2, 'withdraw', '', 1, '', $1, $1)",
        head,
    )
    casts = (box.cast(vote(2, "0", on)) for on in ("p1", "p2", "p1"))
    first, broken, third = await asyncio.gather(*casts, return_exceptions=True)
    assert isinstance(broken, Exception)
    assert isinstance(first, Cast)
    assert isinstance(third, Cast)
    assert await findings(database, "p1") == []


def stumble_at_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a bug break the transaction of the second voter's vote."""
    take = VoteBatch.take

    def stumble(batch: VoteBatch, asked: Vote, *others: Any) -> Cast:
        if asked.voter.endswith(":2"):
            raise RuntimeError("bug")
        return take(batch, asked, *others)

    monkeypatch.setattr(VoteBatch, "take", stumble)


async def test_a_bug_with_one_vote_is_that_votes_alone(
    box: BallotBox, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """If a bug with one vote breaks a group's transaction, each vote gets its own, and the others count.

    The log names the failed group once.
    """
    await box.open(poll())
    stumble_at_the_second(monkeypatch)
    first, broken, third = await asyncio.gather(
        *(box.cast(vote(number, "0")) for number in (1, 2, 3)), return_exceptions=True
    )
    assert isinstance(broken, RuntimeError)
    assert isinstance(first, Cast)
    assert isinstance(third, Cast)
    assert caplog.text.count("a group of 3 votes failed; trying each alone") == 1
    alone = await asyncio.gather(box.cast(vote(2, "0")), return_exceptions=True)
    assert isinstance(alone[0], RuntimeError)
    assert "a group of 1 votes" not in caplog.text
    assert await database.read(lambda tx: polls.choice_counts(tx, "p1")) == {"0": 2}
    assert await findings(database) == []


class CountingMeter(Meter):
    """A meter that keeps how the votes of each group ended."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[Counter[str]] = []

    def wrote_votes(self, ends: Mapping[str, int], seconds: float) -> None:
        self.ends.append(Counter(ends))


async def test_each_vote_is_counted_by_its_end(database: Database) -> None:
    """The box reports to its meter how many votes were cast, changed and withdrawn."""
    meter = CountingMeter()
    box = BallotBox(database, Keys(KEY), meter=meter)
    await box.open(poll())
    await asyncio.gather(box.cast(vote(1, "0")), box.cast(vote(2, "0")), box.cast(vote(1, "1")))
    await box.cast(vote(1, None))
    assert sum(meter.ends, Counter()) == {"cast": 2, "changed": 1, "withdrawn": 1}


async def test_a_vote_that_fails_is_counted_as_such(box: BallotBox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The meter counts a failed vote once, when it fails alone, and not with the group that it broke."""
    meter = CountingMeter()
    monkeypatch.setattr(box, "_meter", meter)
    await box.open(poll())
    stumble_at_the_second(monkeypatch)
    await asyncio.gather(box.cast(vote(1, "0")), box.cast(vote(2, "0")), return_exceptions=True)
    assert sum(meter.ends, Counter()) == {"cast": 1, "failed": 1}


@pytest.mark.parametrize(
    ("waited", "patience"),
    [(0.0, None), (ballot_box.HURRY_FROM, None), (ballot_box.HURRY_FROM + 0.25, ballot_box.VOTE_SECONDS - 0.75)],
)
async def test_a_vote_that_has_waited_gets_the_rest_of_its_time(
    database: Database, monkeypatch: pytest.MonkeyPatch, waited: float, patience: float | None
) -> None:
    """A vote that has waited for more than half a second has only the rest of its time for the database."""
    times = iter((100.0, 100.0 + waited))
    box = BallotBox(database, Keys(KEY), clock=lambda: next(times))
    await box.open(poll())
    asked: list[float | None] = []
    write = database.write

    async def timed(unit: Unit[object], *, patience: float | None = None) -> object:
        asked.append(patience)
        return await write(unit, patience=patience)

    monkeypatch.setattr(database, "write", timed)
    assert (await box.cast(vote(1, "0"))).end is CastEnd.CAST
    assert asked == [patience]


async def test_a_poll_whose_secret_is_gone_spoils_no_other(box: BallotBox, database: Database, raw: Raw) -> None:
    """A vote in a poll without its secret fails with Unavailable, and votes in other polls of the same group count."""
    await box.open(poll())
    await box.open(poll("p2"))
    await raw.run("DELETE FROM poll_secrets WHERE poll = 'p2'")
    good, bad = await asyncio.gather(box.cast(vote(1, "0")), box.cast(vote(1, "0", "p2")), return_exceptions=True)
    assert isinstance(good, Cast)
    assert isinstance(bad, Unavailable)


async def test_a_wrong_instance_key_is_told(box: BallotBox, database: Database) -> None:
    """The box refuses a vote under a wrong instance key, with a message that names the key, and appends no link."""
    await box.open(poll())
    await box.cast(vote(1, "0"))
    stranger = BallotBox(database, Keys(b"B" * 43 + b"="))
    with pytest.raises(Unavailable, match="key"):
        await stranger.cast(vote(1, "1"))
    assert (await database.read(lambda tx: polls.get(tx, "p1"))).links == 1


async def test_a_voter_who_does_not_wait_still_votes(box: BallotBox, database: Database) -> None:
    """A vote counts even if its request is cancelled, and the other votes of its group count too."""
    await box.open(poll())
    impatient = asyncio.create_task(box.cast(vote(1, "0")))
    patient = asyncio.create_task(box.cast(vote(2, "0")))
    await asyncio.sleep(0)
    impatient.cancel()
    await box.aclose()
    assert patient.done()
    assert (await patient).end is CastEnd.CAST
    assert await database.read(lambda tx: polls.choice_counts(tx, "p1")) == {"0": 2}


async def test_two_boxes_on_one_database_share_a_chain(box: BallotBox, database: Database) -> None:
    """Two ballot boxes on one database extend one chain without losing a vote."""
    await box.open(poll())
    other = BallotBox(database, Keys(KEY_AGAIN))
    await asyncio.gather(*(each.cast(vote(n, str(n % 3))) for n in range(100) for each in (box, other)))
    assert await findings(database) == []
    assert (await database.read(lambda tx: polls.get(tx, "p1"))).ballots == 100


async def test_receipts(box: BallotBox) -> None:
    """A receipt's code tells whether its ballot is included, replaced or withdrawn, before and after the close.

    It is unknown in another poll. A member may type it in small letters and with spaces.
    """
    await box.open(poll())
    first, second, gone = (await box.cast(vote(1, "0")), await box.cast(vote(1, "1")), await box.cast(vote(2, "0")))
    await box.cast(vote(2, None))
    for _ in range(2):
        assert await box.find_receipt("p1", first.code) is Receipt.REPLACED
        assert await box.find_receipt("p1", second.code.lower().replace("-", " ")) is Receipt.INCLUDED
        assert await box.find_receipt("p1", gone.code) is Receipt.WITHDRAWN
        assert await box.find_receipt("p1", "AAAA-BBBB-CCCC-DDDD") is Receipt.UNKNOWN
        assert await box.find_receipt("p1", "") is Receipt.UNKNOWN
        assert await box.find_receipt("p2", first.code) is Receipt.UNKNOWN
        await box.close("p1", CLOSES)


async def test_a_locked_row_makes_the_vote_unavailable_and_the_next_one_works(url: str) -> None:
    """If the database is locked too long, the box answers that the votes aren't counted, and writes nothing."""
    database = await open_database(url, busy_seconds=0.2)
    box = BallotBox(database, Keys(KEY_AGAIN))
    await box.open(poll())
    async with Raw.connect(url) as raw:
        await raw.run("BEGIN IMMEDIATE" if raw.sqlite else "BEGIN")
        if not raw.sqlite:
            await raw.run("LOCK TABLE ballots IN ACCESS EXCLUSIVE MODE")
        answers = await asyncio.gather(*(box.cast(vote(n, "0")) for n in range(5)), return_exceptions=True)
        assert all(isinstance(answer, Unavailable) and "isn't counted" in answer.message for answer in answers)
        await raw.run("ROLLBACK")
    assert (await box.cast(vote(1, "0"))).links == 1
    assert await findings(database) == []
    await database.close()


async def test_a_failed_unit_leaves_nothing(database: Database) -> None:
    """The store undoes a unit that raises, and passes its exception to the caller."""

    async def unit(tx: Transaction) -> None:
        await polls.insert(tx, poll(head="0" * 64), "w" * 100)
        raise LookupError("changed my mind")

    with pytest.raises(LookupError):
        await database.write(unit)
    assert await database.read(lambda tx: polls.find(tx, "p1")) is None


async def test_reads_do_not_write(database: Database) -> None:
    """A unit for reading can't write: the store raises Unavailable."""
    with pytest.raises(Unavailable):
        await database.read(lambda tx: tx.run("ensure_community", id="test:x"))


def test_rules_have_names() -> None:
    """Every rule of a record has a name in small letters."""
    assert all(rule.value == rule.value.lower() for rule in RecordRule)


KEY_AGAIN = b"A" * 43 + b"="
