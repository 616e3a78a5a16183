"""These tests attack a poll's record and check who sees it, for every cell of the tables in docs/record-format.md.

The attacker has the database but not the instance's key, and adjusts everything that needs no key: counts, numbers and
unkeyed commitments.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot.polls import audit
from bot.polls import repository as polls
from bot.polls.audit import Record
from bot.polls.ballot_box import BallotBox
from bot.polls.discrepancies import Tampered
from bot.polls.model import Cast, ChainLink, EndReason, PollState, Step
from bot.polls.receipts import Receipt, look_up, shown_head, typed_receipt, written
from bot.polls.record_file import as_json, read_record
from bot.polls.record_format import Format2
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.open import open_database
from bot.store.timestamps import to_stored
from tests.databases import begin_database
from tests.docs.documents import ROOT
from tests.store.things import AFTER, KEY, Raw, findings, poll, record_of, vote

VOTERS = 10


@dataclass
class Scene:
    """A poll with ten ballots, the receipts and heads outside its database, and the attacker's connection."""

    database: Database
    box: BallotBox
    raw: Raw
    casts: list[Cast] = field(default_factory=list)
    card_head: str = ""
    """The head that a member noted from the poll's card after the last vote."""
    victim: int = 0
    """The voter whose receipt is looked up after the attack."""

    @property
    def restarted(self) -> BallotBox:
        """Return Parley after a restart, when it remembers nothing."""
        return BallotBox(self.database, Keys(KEY), random_bytes=random.Random(9).randbytes)

    async def vote(self, count: int) -> None:
        start = len(self.casts)
        self.casts += [await self.box.cast(vote(n, str(n % 3))) for n in range(start, start + count)]
        self.card_head = shown_head(self.casts[-1].head)

    def receipt(self, number: int) -> str:
        return written(self.casts[number].code, self.casts[number].head)

    async def recount(self) -> None:
        """Adjust the numbers that follow from the ballots."""
        await self.raw.run("DELETE FROM choice_counts")
        await self.raw.run("INSERT INTO choice_counts SELECT poll, choice, count(*) FROM ballots GROUP BY poll, choice")
        await self.raw.run("UPDATE polls SET ballots = (SELECT count(*) FROM ballots)")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    await begin_database(tmp_path / "parley.db")
    opened = await open_database(str(tmp_path / "parley.db"))
    yield opened
    await opened.close()


@pytest.fixture
async def scene(database: Database, tmp_path: Path) -> AsyncIterator[Scene]:
    async with Raw.connect(f"sqlite:///{tmp_path / 'parley.db'}") as raw:
        box = BallotBox(database, Keys(KEY), random_bytes=random.Random(7).randbytes)
        yield Scene(database, box, raw)
        await box.aclose()


# --- attacks on an open poll ---


async def flip(scene: Scene) -> None:
    """Turn three ballots of ten over."""
    for number in (1, 4, 7):
        await scene.raw.run("UPDATE ballots SET choice = '0' WHERE link = $1", number + 1)
        [(nonce, voter)] = await scene.raw.run("SELECT nonce, voter FROM ballots WHERE link = $1", number + 1)
        commitment = Format2(b"").ballot(nonce, "p1", voter, "0")
        await scene.raw.run("UPDATE links SET commitment = $1 WHERE number = $2", commitment, number + 1)
    await scene.recount()
    scene.victim = 1


async def invent(scene: Scene) -> None:
    """Add five voters, with links under a key of the attacker's own."""
    made = Format2(b"x" * 32)
    [(head,)] = await scene.raw.run("SELECT head FROM polls")
    for number in range(VOTERS + 1, VOTERS + 6):
        voter, nonce, receipt = f"{number:064x}", f"{number:032x}", "e" * 64
        commitment = made.ballot(nonce, "p1", voter, "0")
        link = made.link("p1", number, "cast", commitment, 0, receipt, head)
        fields = (number, commitment, receipt, head, link)
        await scene.raw.run("INSERT INTO links VALUES ('p1', $1, 'cast', $2, 0, $3, $4, $5, NULL)", *fields)
        await scene.raw.run(
            "INSERT INTO ballots (poll, voter, choice, link, nonce) VALUES ('p1', $1, '0', $2, $3)",
            voter,
            number,
            nonce,
        )
        head = link
    await scene.raw.run("UPDATE polls SET head = $1, links = $2", head, VOTERS + 5)
    await scene.recount()


async def drop_last(scene: Scene) -> None:
    """Drop the last four ballots with their links."""
    first = VOTERS - 3
    [(head,)] = await scene.raw.run("SELECT before FROM links WHERE number = $1", first)
    await scene.raw.run("DELETE FROM ballots WHERE link >= $1", first)
    await scene.raw.run("DELETE FROM links WHERE number >= $1", first)
    await scene.recount()
    await scene.raw.run("UPDATE polls SET head = $1, links = $2", head, first - 1)
    scene.victim = VOTERS - 1


async def reorder(scene: Scene) -> None:
    """Have two voters vote in the other order."""
    for old, new in ((5, 99), (6, 5), (99, 6)):
        await scene.raw.run("UPDATE links SET number = $1 WHERE number = $2", new, old)
        await scene.raw.run("UPDATE ballots SET link = $1 WHERE link = $2", new, old)
    scene.victim = 4


async def reattribute(scene: Scene) -> None:
    """Give a named ballot to another member."""
    await scene.raw.run("UPDATE ballots SET voter = 'test:demo:mallory', name = 'Mallory' WHERE link = 3")
    scene.victim = 2


async def end_by_hand(scene: Scene) -> None:
    """Close the poll with other ballots, under a chain key of the attacker's own."""
    record, key = await record_of(scene.database), b"x" * 32
    shape = replace(
        record.poll, state=PollState.CLOSED, closed_at=AFTER, end_reason=EndReason.DEADLINE, chain_key=key.hex()
    )
    ballots = [replace(row, link=None, nonce=None, seal="5" * 32) for row in record.ballots]
    made = Format2(key)
    closing_list = [made.closing(row.seal or "", "p1", row.choice) for row in ballots]
    last = ChainLink(VOTERS + 1, Step.CLOSE, "", 0, "", "", "")
    forged = remade(Record(shape, [*record.links, last], ballots, closing_list, {}), from_the_opening=True)
    await scene.raw.run("DELETE FROM links")
    for link in forged.links:
        fields = (link.number, link.step, link.commitment, link.replaces, link.receipt, link.before, link.hash)
        await scene.raw.run("INSERT INTO links VALUES ('p1', $1, $2, $3, $4, $5, $6, $7, NULL)", *fields)
    await scene.raw.run("DELETE FROM ballots")
    for number, row in enumerate(forged.ballots):
        sealed = (f"{number:032x}", row.choice, row.seal)
        await scene.raw.run("INSERT INTO ballots (poll, voter, choice, seal) VALUES ('p1', $1, $2, $3)", *sealed)
    await scene.raw.run("DROP TABLE closing_commitments")
    await scene.raw.run("CREATE TABLE closing_commitments (poll TEXT, commitment TEXT)")
    for commitment in forged.closing:
        await scene.raw.run("INSERT INTO closing_commitments VALUES ('p1', $1)", commitment)
    await scene.recount()
    await scene.raw.run(
        "UPDATE polls SET state = 'closed', closed_at = $1, question = $2, head = $3, links = $4, chain_key = $5",
        to_stored(AFTER), forged.poll.question, forged.poll.head, VOTERS + 1, key.hex(),
    )  # fmt: skip
    await scene.raw.run("DELETE FROM poll_secrets")
    assert audit.verify(await scene.database.read(lambda tx: polls.record(tx, "p1"))) == []


def change(statement: str, *values: object) -> Callable[[Scene], Awaitable[None]]:
    async def attack(scene: Scene) -> None:
        await scene.raw.run(statement, *values)

    return attack


async def roll_back(scene: Scene) -> None:
    """Put an older copy of the whole database in its place."""
    with closing(sqlite3.connect(":memory:")) as copy:
        scene.raw._connection.backup(copy)
        await scene.vote(4)
        copy.backup(scene.raw._connection)
    scene.victim = len(scene.casts) - 1


LATER = to_stored(AFTER)
ATTACKS: Mapping[str, Callable[[Scene], Awaitable[None]]] = {
    "turn three votes over": flip,
    "invent five voters": invent,
    "drop the last four votes": drop_last,
    "put votes in another order": reorder,
    "give a named ballot to another member": reattribute,
    "move the deadline": change("UPDATE polls SET closes_at = $1, first_closes_at = $1", LATER),
    "change the question": change("UPDATE polls SET question = 'What else?'"),
    "change the quorum": change("UPDATE polls SET quorum = 3"),
    "change when results are shown": change("UPDATE polls SET results = 'live'"),
    "close it by hand with other votes": end_by_hand,
    "set everything back to an older copy": roll_back,
}

# --- who looks ---


async def at_the_next_vote(scene: Scene, box: BallotBox) -> bool:
    try:
        await box.cast(vote(99, "0"))
    except Tampered:
        return True
    return False


async def bot(scene: Scene) -> bool:
    return await at_the_next_vote(scene, scene.box)


async def bot_after_a_restart(scene: Scene) -> bool:
    return await at_the_next_vote(scene, scene.restarted)


async def operator(scene: Scene) -> bool:
    """`parley polls verify` with the instance's key."""
    return bool(await findings(scene.database))


async def voter(scene: Scene) -> bool:
    return await scene.restarted.find_receipt("p1", scene.receipt(scene.victim)) is not Receipt.INCLUDED


async def card_reader(scene: Scene) -> bool:
    return not audit.has_head(await record_of(scene.database), scene.card_head)


async def outsider(scene: Scene) -> bool:
    """Look as somebody with export and heads: the poll doesn't close, or its export is wrong or lacks a shown head."""
    box = scene.restarted
    try:
        await box.close("p1", AFTER)
    except Tampered:
        return True
    record = read_record(as_json(await box.record("p1")))
    return bool(audit.verify(record)) or not audit.has_head(record, scene.card_head)


WITNESSES: Mapping[str, Callable[[Scene], Awaitable[bool]]] = {
    "the bot, at the next vote": bot,
    "the bot, after a restart": bot_after_a_restart,
    "`parley polls verify`": operator,
    "a voter, by the receipt": voter,
    "a reader of the card": card_reader,
    "an outsider, by export and head": outsider,
}
SEEN: Mapping[str, str] = {
    "turn three votes over": "yes yes yes yes no yes",
    "invent five voters": "yes yes yes no no yes",
    "drop the last four votes": "yes yes yes yes yes yes",
    "put votes in another order": "yes yes yes yes no yes",
    "give a named ballot to another member": "yes yes yes yes no yes",
    "move the deadline": "yes yes yes no no yes",
    "change the question": "yes yes yes no no yes",
    "change the quorum": "yes yes yes no no yes",
    "change when results are shown": "yes yes yes no no yes",
    "close it by hand with other votes": "yes no yes yes yes yes",
    "set everything back to an older copy": "yes no no yes yes yes",
}
CELLS = [
    (attack, witness, answer == "yes")
    for attack, answers in SEEN.items()
    for witness, answer in zip(WITNESSES, answers.split(), strict=True)
]


@pytest.mark.parametrize(("attack", "witness", "seen"), CELLS)
async def test_who_sees_an_attack_on_an_open_poll(scene: Scene, attack: str, witness: str, seen: bool) -> None:
    """A running bot sees every change made without the instance's key, and `verify` all but a true older copy."""
    await scene.box.open(poll(secret=attack != "give a named ballot to another member"))
    await scene.vote(VOTERS)
    assert not await voter(scene)
    assert not await operator(scene)
    await scene.raw.disarm("links", "polls", "poll_options", "poll_secrets")
    await ATTACKS[attack](scene)
    assert await WITNESSES[witness](scene) is seen


def test_a_table_has_every_cell() -> None:
    """docs/record-format.md says of each attack who sees it, in the words of these tests."""
    text = (ROOT / "docs" / "record-format.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")
    ]
    for witnesses, seen in ((WITNESSES, SEEN), (CLOSED_WITNESSES, CLOSED_SEEN)):
        assert [witness for row in rows for witness in row[1:] if row[1:] == list(witnesses)] == list(witnesses)
        for attack, answers in seen.items():
            assert [row[1:] for row in rows if row[0].lower() == attack] == [answers.split()], attack


# --- attacks on a closed poll, whose chain key is public ---


def remade(record: Record, *, from_the_opening: bool) -> Record:
    """Return the record with one ballot changed, made whole again under its published key."""
    made = record.format
    assert made is not None
    assert isinstance(made, Format2)
    changed = record.poll
    links = list(record.links[:-1])
    if from_the_opening:
        changed = replace(changed, question="Water, of course?")
        before, anew = made.opening(changed), []
        for link in links:
            values = (link.number, link.step.value, link.commitment, link.replaces, link.receipt, before)
            before = made.link("p1", *values)
            anew.append(replace(link, before=values[-1], hash=before))
        links = anew
    row = record.ballots[0]
    ballots = [replace(row, choice="0" if row.choice != "0" else "1"), *record.ballots[1:]]
    closing_list = sorted(made.closing(each.seal or "", "p1", each.choice) for each in ballots)
    counts: dict[str, int] = {}
    for each in ballots:
        counts[each.choice] = counts.get(each.choice, 0) + 1
    last, before = record.links[-1], links[-1].hash
    commitment = made.close("p1", audit.ending_of(changed), closing_list, counts)
    head = made.link("p1", last.number, "close", commitment, 0, "", before)
    links.append(replace(last, commitment=commitment, before=before, hash=head))
    return Record(replace(changed, head=head), links, ballots, closing_list, counts)


def look_up_text(record: Record, receipt: str) -> Receipt:
    typed = typed_receipt(receipt)
    assert typed is not None
    return look_up(typed, record.links, record.poll.state)


CLOSED_WITNESSES = ("`parley polls verify`", "a voter, by the receipt", "a reader of the announcement")
CLOSED_SEEN: Mapping[str, str] = {
    "change ballots and the closing link": "no no yes",
    "change the question and every link": "no yes yes",
}


@pytest.mark.parametrize("attack", CLOSED_SEEN)
async def test_who_sees_an_attack_on_a_closed_poll(scene: Scene, attack: str) -> None:
    """A closed poll's chain key is public, so a forged record can be valid; a receipt or the announced head tells."""
    await scene.box.open(poll())
    await scene.vote(VOTERS)
    await scene.box.close("p1", AFTER)
    record = await record_of(scene.database)
    announced = shown_head(record.poll.head)
    forged = read_record(as_json(remade(record, from_the_opening="question" in attack)))
    receipt = scene.receipt(3)
    seen = (
        bool(audit.verify(forged)),
        look_up_text(forged, receipt) is not Receipt.INCLUDED,
        not audit.has_head(forged, announced),
    )
    assert seen == tuple(answer == "yes" for answer in CLOSED_SEEN[attack].split())
    assert look_up_text(record, receipt) is Receipt.INCLUDED
    assert audit.has_head(record, announced)
