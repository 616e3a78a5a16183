"""After the close of a secret poll nobody can tell who voted how, and anybody can still check the ballots."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import NotFound
from bot.polls import audit, ballot_box, poll_end
from bot.polls import repository as polls
from bot.polls.ballot_box import BallotBox
from bot.polls.discrepancies import RecordRule, Tampered
from bot.polls.model import CastEnd, PollState, Step
from bot.polls.poll_secrets import OpenSecrets
from bot.polls.receipts import Receipt
from bot.polls.sealing import Sealed, seal
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.open import open_database
from bot.store.sql import Transaction
from tests.store.things import AFTER, CLOSES, KEY, Raw, findings, poll, record_of, vote


async def _vote(box: BallotBox, count: int = 20, on: str = "p1") -> list[str]:
    casts = await asyncio.gather(*(box.cast(vote(number, str(number % 3), on)) for number in range(count)))
    return [cast.code for cast in casts]


async def test_a_secret_poll_forgets_who_and_keeps_what(box: BallotBox, database: Database, raw: Raw) -> None:
    """After the close no row joins a ballot with a voter, a link or a receipt, and the record still verifies."""
    await box.open(poll())
    codes = await _vote(box)
    before = await database.read(lambda tx: polls.record(tx, "p1"))
    assert await box.close("p1", AFTER, "test:demo:ada")
    after = await database.read(lambda tx: polls.record(tx, "p1"))
    assert Counter(row.choice for row in after.ballots) == Counter(row.choice for row in before.ballots)
    assert not {row.voter for row in after.ballots} & {row.voter for row in before.ballots}
    assert all((row.link, row.nonce, row.name) == (None, None, None) and row.seal for row in after.ballots)
    assert await raw.run("SELECT count(*) FROM poll_secrets") == [(0,)]
    assert await box.standing("p1", vote(1, None).voter) is None
    assert {await box.find_receipt("p1", code) for code in codes} == {Receipt.INCLUDED}
    assert (after.links[-1].step, after.poll.state, after.poll.closed_at) == (Step.CLOSE, PollState.CLOSED, AFTER)
    assert audit.verify(after) == []


async def test_the_order_of_closed_ballots_tells_nothing(box: BallotBox, database: Database, raw: Raw) -> None:
    """The ballots of a closed poll are stored in the order of new random names, not in the order of the votes."""
    await box.open(poll())
    await asyncio.gather(*(box.cast(vote(number, "0" if number < 100 else "1")) for number in range(200)))
    await box.close("p1", AFTER)
    stored = [choice for (choice,) in await raw.run("SELECT choice FROM ballots")]
    halves = Counter(stored[:100])
    assert 25 < halves["0"] < 75
    rows = await database.read(lambda tx: polls.ballots(tx, "p1"))
    assert [row.voter for row in rows] == sorted(row.voter for row in rows)


async def test_a_named_poll_keeps_its_names(box: BallotBox, database: Database) -> None:
    """The ballots of a named poll keep names and links after the close.

    A member can still read their vote, and every receipt still leads to its ballot.
    """
    await box.open(poll(secret=False))
    codes = await _vote(box, 5)
    assert await box.close("p1", AFTER)
    rows = await database.read(lambda tx: polls.ballots(tx, "p1"))
    assert {row.name for row in rows} == {f"Member {number}" for number in range(5)}
    assert {row.link for row in rows} == set(range(1, 6))
    standing = await box.standing("p1", vote(1, None).voter)
    assert standing is not None
    assert standing.choice == "1"
    assert {await box.find_receipt("p1", code) for code in codes} == {Receipt.INCLUDED}
    assert await findings(database) == []


async def test_a_poll_closes_once(box: BallotBox, database: Database) -> None:
    """Of five closes and a cancellation at once only one takes effect, and a later close returns False.

    Closing an unknown poll raises NotFound.
    """
    await box.open(poll())
    ended = await asyncio.gather(*(box.close("p1", AFTER) for _ in range(5)), box.cancel("p1", AFTER))
    assert sorted(ended) == [False] * 5 + [True]
    head = (await database.read(lambda tx: polls.get(tx, "p1"))).head
    assert not await box.close("p1", AFTER)
    assert (await database.read(lambda tx: polls.get(tx, "p1"))).head == head
    with pytest.raises(NotFound):
        await box.close("p9", AFTER)


async def test_a_poll_that_has_closed_is_not_closed_again_though_its_record_was_changed(
    box: BallotBox, database: Database, raw: Raw
) -> None:
    """Closing a closed poll again returns False, also if somebody changed its record since."""
    await box.open(poll())
    await _vote(box, 3)
    assert await box.close("p1", AFTER)
    await raw.run("UPDATE ballots SET choice = '2' WHERE choice = '0'")
    assert await findings(database) != []
    assert not await box.close("p1", AFTER)


async def test_a_close_that_was_prepared_is_written_as_it_is(box: BallotBox, database: Database, raw: Raw) -> None:
    """The store writes a prepared close unchanged, and computes one if none was prepared.

    It refuses a prepared close if the poll's row was changed meanwhile.
    """
    secrets, chance = OpenSecrets(Keys(KEY)), random.Random(7).randbytes
    prepared: dict[str, Sealed] = {}
    for name in ("p1", "p2", "p3"):
        await box.open(poll(name))
        await _vote(box, 3, name)
        prepared[name] = seal(await record_of(database, name), chance)

    def unneeded(_count: int) -> bytes:
        raise AssertionError

    async def close(name: str, sealed: Sealed | None, random_bytes: Callable[[int], bytes]) -> bool:
        ending = (PollState.CLOSED, AFTER, "")
        return await database.write(lambda tx: poll_end.write_end(tx, secrets, random_bytes, name, ending, sealed))

    assert await close("p1", prepared["p1"], unneeded)
    assert await close("p2", None, chance)
    await raw.disarm("polls")
    await raw.run("UPDATE polls SET ballots = 2 WHERE id = 'p3'")
    with pytest.raises(Tampered) as caught:
        await close("p3", prepared["p3"], unneeded)
    assert [finding.rule for finding in caught.value.findings] == [RecordRule.ROW]
    assert await findings(database, "p1") == await findings(database, "p2") == []
    stored = {row.voter for row in await database.read(lambda tx: polls.ballots(tx, "p1"))}
    assert stored == {row["voter"] for row in prepared["p1"].ballots}


async def test_what_goes_along_is_written_with_its_step_or_not_at_all(box: BallotBox, database: Database) -> None:
    """The store writes additional rows in the transaction of a poll's opening, extension or end.

    It writes none if the step doesn't happen, and undoes the step if they can't be written.
    """
    along: list[str] = []

    async def write(_tx: Transaction) -> None:
        along.append("written")

    async def fail(_tx: Transaction) -> None:
        raise LookupError

    later = AFTER + timedelta(days=1)
    with pytest.raises(LookupError):
        await box.open(poll(), also=fail)
    assert await database.read(lambda tx: polls.find(tx, "p1")) is None
    await box.open(poll(), also=write)
    with pytest.raises(LookupError):
        await box.extend("p1", later, None, also=fail)
    assert not await box.extend("p1", CLOSES, None, also=write)
    assert along == ["written"]
    assert await box.extend("p1", AFTER, None, also=write)
    with pytest.raises(LookupError):
        await box.close("p1", later, also=fail)
    assert (await database.read(lambda tx: polls.get(tx, "p1"))).state is PollState.OPEN
    assert await box.close("p1", later, also=write)
    assert not await box.close("p1", later, also=write)
    assert not await box.cancel("p1", later, also=write)
    assert not await box.extend("p1", later, None, also=write)
    assert along == ["written"] * 3


async def test_remains_are_cleared_at_the_start_and_after_each_end(
    box: BallotBox, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ballot box clears deleted rows at its start and after each end of a poll, and retries until it succeeds."""
    tries: list[bool] = []

    async def forget_deleted() -> bool:
        tries.append(len(tries) != 0)  # a reader blocks the first try
        return tries[-1]

    monkeypatch.setattr(database, "forget_deleted", forget_deleted)
    for _ in range(3):
        await box.tidy()
    assert tries == [False, True]
    await box.open(poll())
    await box.cancel("p1", AFTER)
    await box.tidy()
    assert tries == [False, True, True]
    await box.tidy(due=True)
    assert tries == [False, True, True, True]


async def test_an_end_is_proved_by_its_instance_key(box: BallotBox, database: Database) -> None:
    """An ended poll's record verifies under its instance key, and not under another one.

    Without a key, the audit doesn't check this. Under another key, it reports an open poll as one without its key.
    """
    for name in ("p1", "p2", "p3"):
        await box.open(poll(name))
    await box.close("p1", AFTER)
    await box.cancel("p2", AFTER)
    other = OpenSecrets(Keys(b"B" * 43 + b"="))
    for name in ("p1", "p2"):
        assert await findings(database, name) == []
        stranger = await database.read(lambda tx, name=name: polls.record(tx, name, other))  # type: ignore[misc]
        assert [finding.rule for finding in audit.verify(stranger)] == [RecordRule.ROW]
        keyless = await database.read(lambda tx, name=name: polls.record(tx, name))  # type: ignore[misc]
        assert audit.verify(keyless) == []
    assert await findings(database, "p3") == []
    still_open = await database.read(lambda tx: polls.record(tx, "p3", other))
    assert audit.verify(still_open) == [audit.NO_KEY]


async def test_an_empty_poll_closes(box: BallotBox, database: Database) -> None:
    """A poll without a vote closes, and its record verifies."""
    await box.open(poll())
    assert await box.close("p1", AFTER)
    assert await findings(database) == []


async def test_votes_that_came_before_the_close_are_counted(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A close counts all votes that arrived before it, not only the group that is being written."""
    monkeypatch.setattr(ballot_box, "GROUP_MAX", 10)
    box = BallotBox(database, Keys(KEY))
    await box.open(poll())
    casts = [asyncio.create_task(box.cast(vote(number, "0"))) for number in range(35)]
    await asyncio.sleep(0)
    await box.close("p1", AFTER)
    assert {(await cast).end for cast in casts} == {CastEnd.CAST}
    assert (await database.read(lambda tx: polls.get(tx, "p1"))).ballots == 35


@pytest.mark.parametrize(("on", "counted"), [("p2", 20), ("p1", 21)])
async def test_votes_go_on_while_a_close_is_worked_out(
    box: BallotBox, database: Database, monkeypatch: pytest.MonkeyPatch, on: str, counted: int
) -> None:
    """The store takes votes while it computes a close, and the close counts a vote in the same poll."""
    for name in ("p1", "p2"):
        await box.open(poll(name))
    await _vote(box)
    loop = asyncio.get_running_loop()
    votes = [vote(99, "0", on)]

    def slow(record: audit.Record, random_bytes: Callable[[int], bytes]) -> Sealed:
        while votes:
            cast = asyncio.run_coroutine_threadsafe(box.cast(votes.pop()), loop).result()
            assert cast.end is CastEnd.CAST
        return seal(record, random_bytes)

    monkeypatch.setattr("bot.polls.ballot_box.seal", slow)
    assert await box.close("p1", AFTER)
    record = await record_of(database)
    assert (audit.verify(record), len(record.ballots), len(record.links)) == ([], counted, counted + 1)


@pytest.mark.parametrize("secret", [True, False])
async def test_a_cancelled_poll_has_no_ballots(box: BallotBox, database: Database, raw: Raw, secret: bool) -> None:
    """A cancellation deletes a poll's ballots, counts and secret, also if the poll is named. Its chain verifies."""
    await box.open(poll(secret=secret))
    codes = await _vote(box)
    assert await box.cancel("p1", AFTER)
    record = await record_of(database)
    assert (record.ballots, record.counts, record.closing) == ([], {}, [])
    assert (record.poll.state, record.poll.ballots, len(record.links)) == (PollState.CANCELLED, 0, 21)
    assert await raw.run("SELECT count(*) FROM poll_secrets") == [(0,)]
    assert audit.verify(record) == []
    assert await box.find_receipt("p1", codes[0]) is Receipt.CANCELLED


async def test_a_tampered_poll_does_not_close(box: BallotBox, database: Database, raw: Raw) -> None:
    """A tampered poll can't close, since its closing link would make the change look genuine, but can be cancelled."""
    await box.open(poll())
    await _vote(box)
    await raw.run("UPDATE ballots SET choice = '2' WHERE choice = '0'")
    with pytest.raises(Tampered) as caught:
        await box.close("p1", AFTER)
    assert {finding.rule for finding in caught.value.findings} >= {RecordRule.BALLOT_CHANGED, RecordRule.COUNTS}
    assert (await database.read(lambda tx: polls.get(tx, "p1"))).state is PollState.OPEN
    assert await box.cancel("p1", AFTER)


@pytest.mark.parametrize("seed", [1, 112, 451])
async def test_the_secret_is_gone_from_the_file(tmp_path: Path, seed: int) -> None:
    """After the close neither the SQLite file nor its log holds the poll's wrapped secret, voters' keys or nonces.

    With 112 and 451, SQLite moves rows so that copies of deleted ones stay in the unused part of a page.
    """
    path = tmp_path / "parley.db"
    database = await open_database(str(path))
    box = BallotBox(database, Keys(KEY), random_bytes=random.Random(seed).randbytes)
    names = [f"p{number}" for number in range(60)]
    keep = set(names[::7])
    for name in names:
        await box.open(poll(name))
    await asyncio.gather(*(_vote(box, 15, name) for name in names))
    with closing(sqlite3.connect(path)) as reader:
        wrapped = dict(reader.execute("SELECT poll, wrapped FROM poll_secrets").fetchall())
        voters = [(row[0], row[1]) for row in reader.execute("SELECT poll, voter FROM ballots")]
        nonces = [(row[0], row[1]) for row in reader.execute("SELECT poll, nonce FROM ballots")]
    assert all(text.encode() in _bytes(path) for text in wrapped.values())
    for name in names:
        if name not in keep:
            await box.close(name, AFTER)
    stored = _bytes(path)
    for name in names:
        assert (wrapped[name].encode() in stored) is (name in keep), name
    assert [name for name, voter in [*voters, *nonces] if name not in keep and voter.encode() in stored] == []
    await database.close()


async def test_a_rebuild_waits_its_turn(tmp_path: Path) -> None:
    """While another process writes, deleted rows can't be cleared from the file; once it has finished, they can."""
    path = tmp_path / "parley.db"
    database = await open_database(str(path), busy_seconds=0.1)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert not await database.forget_deleted()
        writer.execute("COMMIT")
        assert await database.forget_deleted()
    await database.close()


def _bytes(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(path.name + "*")))


async def test_two_processes_close_each_poll_once(url: str, box: BallotBox, database: Database) -> None:
    """If two processes close the same polls at once, exactly one of them closes each poll, and every chain holds."""
    names = [f"p{number}" for number in range(20)]
    for name in names:
        await box.open(poll(name))
    await asyncio.gather(*(_vote(box, 5, name) for name in names))
    closer = Path(__file__).with_name("closer.py")
    process = await asyncio.create_subprocess_exec(
        sys.executable, closer, url, *names, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(closer.parents[2])},
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    process.stdin.write(b"go\n")
    await process.stdin.drain()
    mine = [await box.close(name, AFTER) for name in names]
    theirs = json.loads((await process.communicate())[0])
    assert [one + other for one, other in zip(mine, theirs, strict=True)] == [1] * len(names)
    for name in names:
        assert await findings(database, name) == []


async def test_a_poll_with_the_same_votes_has_other_hashes(box: BallotBox, database: Database) -> None:
    """Each poll has its own nonces and secret, so equal votes in two polls have different hashes."""
    await box.open(poll())
    await box.open(poll("p2"))
    await asyncio.gather(_vote(box, 10, "p1"), _vote(box, 10, "p2"))
    one, other = [await database.read(lambda tx, name=name: polls.record(tx, name)) for name in ("p1", "p2")]  # type: ignore[misc]
    assert not {row.voter for row in one.ballots} & {row.voter for row in other.ballots}
    assert not {link.commitment for link in one.links} & {link.commitment for link in other.links}
    assert not {link.receipt for link in one.links} & {link.receipt for link in other.links}


async def test_the_chain_binds_the_question(box: BallotBox, database: Database) -> None:
    """A chain doesn't verify under another question than the one that members voted on."""
    await box.open(poll())
    await _vote(box, 3)
    record = await record_of(database)
    other = replace(record, poll=replace(record.poll, question="What else to drink?"))
    assert [finding.rule for finding in audit.verify(other)] == [RecordRule.FROZEN_TEXT]
    assert record.poll.closes_at == CLOSES
