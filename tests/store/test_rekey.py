"""A new instance key: what the old one wrapped is opened by the new one, at every moment that can be interrupted."""

from __future__ import annotations

import random
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
from tests.logs import logs
from tests.store.things import AFTER, KEY, NOW, poll, vote
from tests.talk import ADA, CREATE, say
from tests.world import running

PURPOSE = "tests"


async def store(database: Database) -> None:
    """A poll with a ballot, and an installation."""
    box = BallotBox(database, Keys(KEY), random_bytes=random.Random(7).randbytes)
    await box.open(poll())
    assert (await box.cast(vote("Ada", "0"))).end is CastEnd.CAST
    sealed = Keys(KEY).derived(PURPOSE).encrypt(b"a token").decode()
    await database.write(lambda tx: installations.put(tx, "slack:T1", sealed, NOW))


async def opens(database: Database, text: bytes) -> bool:
    """Whether this key opens the poll, whose voters are then known again, and the installation."""
    keys = Keys(text)
    try:
        voted = await BallotBox(database, keys).cast(vote("Ada", "0"))
    except Unavailable:
        return False
    installation = await database.read(lambda tx: installations.find(tx, "slack:T1"))
    assert installation is not None
    return voted.end is CastEnd.UNCHANGED and keys.derived(PURPOSE).decrypt(installation.sealed.encode()) == b"a token"


async def test_the_new_key_opens_everything_and_the_old_one_nothing(database: Database, tmp_path: Path) -> None:
    """The old key can't open what is stored from now on; the file is its owner's alone."""
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
    """Their records hold under the new key, and no longer under the old one; one that was ended by hand still doesn't."""
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
    """Before and after the database is rewritten, the file opens it; the command is simply given again."""
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


async def test_a_wrong_key_changes_nothing(database: Database, tmp_path: Path) -> None:
    """What it doesn't open stays as it is, for the key that does."""
    await store(database)
    with pytest.raises(Unavailable, match="another instance key"):
        await rekey(database, new_key(), tmp_path / "parley.key", PURPOSE)
    assert await opens(database, KEY)


async def test_a_key_s_file_that_can_not_be_written_is_told(database: Database, tmp_path: Path) -> None:
    """And nothing has changed."""
    await store(database)
    with pytest.raises(Unavailable, match="can't be written"):
        await rekey(database, KEY, tmp_path / "nowhere" / "parley.key", PURPOSE)
    assert await opens(database, KEY)


async def test_a_start_under_another_key_says_so(url: str, tmp_path: Path) -> None:
    """Where the key's file was lost, or a second process was given none, a new one is made; the log tells it at once."""
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
