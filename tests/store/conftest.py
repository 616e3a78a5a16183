"""Run every test that takes `url`, `database` or `box` on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import gc
import random
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from itertools import count
from pathlib import Path

import aiosqlite
import pytest

from bot.communities.model import Community
from bot.polls.ballot_box import BallotBox
from bot.polls.privacy import Privacy
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.open import open_database
from tests.databases import begin_database, begin_postgres_database
from tests.require import require
from tests.store.server import PostgresServer, programs
from tests.store.things import KEY, Raw

_numbers = count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """Yield a PostgreSQL server, one for each worker of the run. Each test makes its own database on it."""
    require("postgres", programs() is not None, "no PostgreSQL server is installed (Debian: postgresql)")
    with PostgresServer() as running:
        yield running


@pytest.fixture
def lone_server(server: PostgresServer) -> Iterator[PostgresServer]:
    """Yield a server that the test may crash. It only holds this test's database, so its recovery takes no time."""
    with PostgresServer() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database. For a test that takes `database`, that fixture makes the database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'parley.db'}"
    running = request.getfixturevalue("server")
    return running.url(_new_name()) if "database" in request.fixturenames else new_database(running)


def new_database(running: PostgresServer) -> str:
    """Make another empty database on the server, and return its address."""
    name = _new_name()
    running.psql(f"CREATE DATABASE {name}")
    return running.url(name)


def _new_name() -> str:
    return f"test{next(_numbers)}"


@pytest.fixture
async def database(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> AsyncIterator[Database]:
    if url.startswith("sqlite"):
        await begin_database(tmp_path / "parley.db")
    else:
        await begin_postgres_database(request.getfixturevalue("server"), url)
    opened = await open_database(url)
    yield opened
    await opened.close()


@pytest.fixture
async def raw(url: str, database: Database) -> AsyncIterator[Raw]:
    """Yield a second connection beside the program's, like an operator's or an intruder's."""
    async with Raw.connect(url) as connection:
        yield connection


@pytest.fixture
def box(database: Database) -> BallotBox:
    return BallotBox(database, Keys(KEY), random_bytes=random.Random(7).randbytes)


@pytest.fixture
def privacy(database: Database, box: BallotBox) -> Privacy:
    """Return the program's export and erasure of members' data."""
    chance = random.Random(8)

    async def community_of(community: str, _now: datetime) -> Community:
        return Community(community)

    return Privacy(database, box, community_of, new_stranger=lambda: chance.randbytes(16).hex())


def pytest_unconfigure() -> None:
    """End the threads of databases that failed tests left open: they would keep the run from ending."""
    for thing in gc.get_objects():
        if isinstance(thing, aiosqlite.Connection):
            thing.stop()
