"""`copy_database` moves a large database to another server without a loss."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.maintenance import copy_database as moving
from tests.store.conftest import new_database, server
from tests.store.server import PostgresServer
from tests.store.test_moving import fill

__all__ = ["server"]  # a fixture of tests/store, which pytest finds by name

pytestmark = pytest.mark.slow

BALLOTS = 100_000
VOTERS = -(-BALLOTS // 27) * 10
"""Each member votes in three polls that keep their ballots, and one in ten withdraws the vote."""


async def test_a_hundred_thousand_ballots_go_to_a_server_and_back(server: PostgresServer, tmp_path: Path) -> None:
    """A hundred thousand ballots move from SQLite to PostgreSQL and back with as many rows, and without a finding."""
    start, there, back = f"sqlite:///{tmp_path / 'a.db'}", new_database(server), f"sqlite:///{tmp_path / 'b.db'}"
    await fill(start, VOTERS)
    out = await moving.copy_database(start, there)
    home = await moving.copy_database(there, back)
    assert out.rows == home.rows
    assert out.rows["ballots"] >= BALLOTS
    assert (out.findings, home.findings) == ({}, {})
