"""Give each test here its own server, since it is restarted, filled up and cut off."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.faults.crowd import Crowd
from tests.require import require
from tests.store.conftest import new_database
from tests.store.server import PostgresServer, programs


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    require("postgres", programs() is not None, "no PostgreSQL server is installed (Debian: postgresql)")
    with PostgresServer() as running:
        yield running


@pytest.fixture
async def crowd(server: PostgresServer, tmp_path: Path) -> AsyncIterator[Crowd]:
    """Yield a crowd over PostgreSQL."""
    gathered = Crowd(new_database(server), tmp_path)
    yield gathered
    await gathered.abandon()


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Crowd]:
    """Yield a crowd over a file, which one process owns."""
    gathered = Crowd(f"sqlite:///{tmp_path / 'parley.db'}", tmp_path)
    yield gathered
    await gathered.abandon()
