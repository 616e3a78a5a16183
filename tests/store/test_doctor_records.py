"""`parley doctor` over both databases: well, not set up yet, of another version, under another key."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.doctor import records
from adapters.doctor.finding import End, Finding
from bot.config import Settings
from bot.polls.box import BallotBox
from bot.store.database import open_database
from bot.store.keys import load_or_create_key, new_key
from tests.store.things import Raw, poll


@pytest.fixture
def settings(url: str, tmp_path: Path) -> Settings:
    return Settings(database=url, key_file=tmp_path / "parley.key")


async def examined(settings: Settings) -> dict[str, Finding]:
    return {finding.check: finding async for finding in records.database(settings)}


async def open_a_poll(settings: Settings) -> None:
    database = await open_database(settings.database)
    await BallotBox(database, load_or_create_key(settings.key_file)).open(poll())
    await database.close()


async def test_a_database_that_is_well_is_told(settings: Settings) -> None:
    """Its rows, its schema, how fast it writes, and that the key opens its polls."""
    await open_a_poll(settings)
    found = await examined(settings)
    assert {found[check].end for check in ("database", "key")} == {End.OK}
    assert "A durable write takes" in found["write speed"].says


async def test_a_new_database_is_left_alone(settings: Settings, url: str) -> None:
    """The doctor applies no migration: the next start does."""
    assert (await examined(settings))["database"].end is not End.WRONG
    if url.startswith("postgres"):
        async with Raw.connect(url) as raw:
            assert await raw.run("SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []


async def test_a_schema_that_is_newer_is_told(settings: Settings, url: str) -> None:
    """With what to install."""
    await open_a_poll(settings)
    async with Raw.connect(url) as raw:
        await raw.run("INSERT INTO migrations SELECT 900, name, checksum FROM migrations WHERE number = 1")
    found = (await examined(settings))["database"]
    assert (found.end, "version 900" in found.says, "Install" in found.mend) == (End.WRONG, True, True)


async def test_another_key_is_told(settings: Settings) -> None:
    """Polls that are open could take no vote."""
    await open_a_poll(settings)
    settings.key_file.write_bytes(new_key())
    assert (await examined(settings))["key"].end is End.WRONG
