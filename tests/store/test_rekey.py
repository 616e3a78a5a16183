"""`rekey` replaces the instance key, and an interruption at any moment loses no data."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.communities import installations
from bot.errors import Unavailable
from bot.maintenance import rekey as rekeying
from bot.maintenance.rekey import rekey
from bot.polls import audit
from bot.polls import repository as polls
from bot.polls.ballot_box import BallotBox
from bot.polls.model import CastEnd
from bot.store.database import Database
from bot.store.keys import Keys, new_key
from bot.store.open import open_database
from tests.logs import logs
from tests.store.things import AFTER, KEY, NOW, poll, vote
from tests.talk import ADA, CREATE, say
from tests.world import running

PURPOSE = "tests"


async def store(database: Database) -> None:
    """Store a poll with a ballot, and an installation."""
    box = BallotBox(database, Keys(KEY), random_bytes=random.Random(7).randbytes)
    await box.open(poll())
    assert (await box.cast(vote("Ada", "0"))).end is CastEnd.CAST
    sealed = Keys(KEY).derived(PURPOSE).encrypt(b"a token").decode()
    await database.write(lambda tx: installations.put(tx, "slack:T1", sealed, NOW))


async def opens(database: Database, text: bytes) -> bool:
    """Tell whether this key opens the installation and the poll, and recognises the poll's voter."""
    keys = Keys(text)
    try:
        voted = await BallotBox(database, keys).cast(vote("Ada", "0"))
    except Unavailable:
        return False
    installation = await database.read(lambda tx: installations.find(tx, "slack:T1"))
    assert installation is not None
    return voted.end is CastEnd.UNCHANGED and keys.derived(PURPOSE).decrypt(installation.sealed.encode()) == b"a token"


async def test_the_new_key_opens_everything_and_the_old_one_nothing(database: Database, tmp_path: Path) -> None:
    """After `rekey` only the new key opens the open polls and the installations. Only its owner may read its file."""
    file = tmp_path / "new.key"
    await store(database)
    done = await rekey(database, KEY, file, PURPOSE)
    assert (done.polls, done.installations) == (1, 1)
    new = file.read_bytes()
    assert len(new.split()) == 1
    assert await opens(database, new)
    assert not await opens(database, KEY)
    assert oct(file.stat().st_mode)[-3:] == "600"


async def test_polls_that_have_ended_stay_proved(database: Database, tmp_path: Path) -> None:
    """After `rekey` the records of ended polls verify under the new key only, and a forged end never does."""
    box = BallotBox(database, Keys(KEY), random_bytes=random.Random(7).randbytes)
    for name in ("p1", "p2", "p3"):
        await box.open(poll(name))
        await box.cast(vote("Ada", "0", name))
    await box.close("p1", AFTER)
    await box.cancel("p2", AFTER)
    await box.close("p3", AFTER)
    await database.write(lambda tx: polls.seal_end(tx, "p3", "0" * 64))
    file = tmp_path / "new.key"
    await rekey(database, KEY, file, PURPOSE)

    async def holds(text: bytes, name: str) -> bool:
        return not audit.verify(await BallotBox(database, Keys(text)).record(name))

    assert [await holds(file.read_bytes(), name) for name in ("p1", "p2", "p3")] == [True, True, False]
    assert [await holds(KEY, name) for name in ("p1", "p2", "p3")] == [False, False, False]


async def test_a_rekey_that_is_interrupted_loses_nothing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key file opens the database if `rekey` dies before or after the rewrite. A second `rekey` completes it."""
    file = tmp_path / "parley.key"
    file.write_bytes(KEY)
    await store(database)
    whole, write = rekeying.replace_key, database.write

    async def dies(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(database, "write", dies)
    with pytest.raises(KeyboardInterrupt):
        await rekey(database, file.read_bytes(), file, PURPOSE)
    monkeypatch.setattr(database, "write", write)
    assert await opens(database, file.read_bytes())

    def only_both(path: Path, text: bytes) -> None:
        if len(text.split()) == 1:
            raise KeyboardInterrupt
        whole(path, text)

    monkeypatch.setattr(rekeying, "replace_key", only_both)
    with pytest.raises(KeyboardInterrupt):
        await rekey(database, file.read_bytes(), file, PURPOSE)
    assert await opens(database, file.read_bytes())
    monkeypatch.setattr(rekeying, "replace_key", whole)
    await rekey(database, file.read_bytes(), file, PURPOSE)
    assert len(file.read_bytes().split()) == 1
    assert await opens(database, file.read_bytes())


async def test_the_old_key_is_kept_while_the_file_has_what_it_opens(tmp_path: Path) -> None:
    """While another program reads the file, its old rows can't be cleared, so `rekey` refuses to drop the old key."""
    path, file = tmp_path / "parley.db", tmp_path / "parley.key"
    database = await open_database(str(path), busy_seconds=0.1)
    await store(database)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM polls").fetchall()
        with pytest.raises(Unavailable, match="run this command again"):
            await rekey(database, KEY, file, PURPOSE)
    assert await opens(database, file.read_bytes())
    assert KEY in file.read_bytes()
    await rekey(database, file.read_bytes(), file, PURPOSE)
    assert KEY not in file.read_bytes()
    assert await opens(database, file.read_bytes())
    await database.close()


async def test_a_wrong_key_changes_nothing(database: Database, tmp_path: Path) -> None:
    """`rekey` with a key that doesn't open the database changes nothing, and the right key still opens it."""
    await store(database)
    with pytest.raises(Unavailable, match="another instance key"):
        await rekey(database, new_key(), tmp_path / "parley.key", PURPOSE)
    assert await opens(database, KEY)


async def test_a_key_s_file_that_can_not_be_written_is_told(database: Database, tmp_path: Path) -> None:
    """If the new key's file can't be written, `rekey` raises Unavailable and changes nothing."""
    await store(database)
    with pytest.raises(Unavailable, match="can't be written"):
        await rekey(database, KEY, tmp_path / "nowhere" / "parley.key", PURPOSE)
    assert await opens(database, KEY)


async def test_a_start_under_another_key_says_so(url: str, tmp_path: Path) -> None:
    """If the key file is lost, Parley starts with a new key, and logs an error with the polls that it doesn't open."""
    async with running(tmp_path, url=url) as instance:
        await say(instance, ADA, CREATE)
        with logs() as lines:
            await instance.start()
    assert not any("instance key" in line["event"] for line in lines())
    (tmp_path / "parley.key").unlink()
    async with running(tmp_path, url=url) as instance:
        with logs() as lines:
            await instance.start()
    (warning,) = [line for line in lines() if "instance key" in line["event"]]
    assert warning["level"] == "error"
    assert "doesn't open 1 of 1 open polls" in warning["event"]
