"""A running process acknowledges no vote once its database file was moved, replaced or deleted."""

from __future__ import annotations

import logging
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.communities import repository as communities
from bot.errors import Unavailable
from bot.polls.ballot_box import BallotBox
from bot.polls.model import CastEnd
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.open import open_database
from bot.store.sql import Transaction
from tests.store.things import KEY, poll, vote


def _replace(path: Path) -> None:
    """Put a copy in the place of the file, as an editor or a restore does."""
    copy = path.with_name("copy")
    shutil.copy(path, copy)
    copy.replace(path)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "the file is moved": lambda path: path.rename(path.with_name("elsewhere.db")),
    "the file is deleted": Path.unlink,
    "the file is replaced": _replace,
    "the log is deleted": lambda path: Path(f"{path}-wal").unlink(),
    "the log is replaced": lambda path: _replace(Path(f"{path}-wal")),
}
each_damage = pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "parley.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    opened = await open_database(str(path))
    yield opened
    await opened.close()


@pytest.fixture
async def box(database: Database) -> BallotBox:
    opened = BallotBox(database, Keys(KEY))
    await opened.open(poll())
    await opened.cast(vote(1, "0"))
    return opened


@each_damage
async def test_a_vote_is_refused_where_its_file_is_gone(
    path: Path, box: BallotBox, damage: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    """Parley refuses every vote while its database file or log is gone. Its log names the file and says what to do."""
    damage(path)
    with caplog.at_level(logging.ERROR, "parley.store"):
        for number in (2, 3):
            with pytest.raises(Unavailable, match="isn't counted"):
                await box.cast(vote(number, "1"))
    assert "parley.db" in caplog.text
    assert "start again" in caplog.text


@each_damage
async def test_a_commit_under_way_is_not_acknowledged(
    path: Path, box: BallotBox, database: Database, damage: Callable[[Path], object]
) -> None:
    """If the database file or its log is lost between a write and its commit, Parley doesn't acknowledge the write."""

    async def loses_its_file(tx: Transaction) -> None:
        await communities.ensure(tx, "test:other")
        damage(path)

    with pytest.raises(Unavailable):
        await database.write(loses_its_file)


async def test_a_file_that_is_put_back_is_used_again(path: Path, box: BallotBox) -> None:
    """Once the same file is back under its own name, Parley counts votes again and still has the earlier ones."""
    DAMAGE["the file is moved"](path)
    with pytest.raises(Unavailable):
        await box.cast(vote(2, "1"))
    shutil.move(path.with_name("elsewhere.db"), path)
    cast = await box.cast(vote(2, "1"))
    assert (cast.end, cast.ballots) == (CastEnd.CAST, 2)


async def test_a_deleted_log_loses_no_vote_that_was_acknowledged(path: Path, box: BallotBox, tmp_path: Path) -> None:
    """If the log is deleted, Parley writes the log's votes into the database file as soon as it notices."""
    DAMAGE["the log is deleted"](path)
    with pytest.raises(Unavailable):
        await box.cast(vote(2, "1"))
    copy = shutil.copy(path, tmp_path / "after.db")
    again = await open_database(str(copy))
    assert await BallotBox(again, Keys(KEY)).standing("p1", vote(1, "0").voter) is not None
    await again.close()
