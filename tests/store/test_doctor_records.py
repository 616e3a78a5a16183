"""`parley doctor` examines either database, and reports one that is new, newer than Parley or under another key."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.doctor import records
from adapters.doctor.check_result import CheckResult, End
from bot.polls.ballot_box import BallotBox
from bot.settings.model import Settings
from bot.store.keys import load_or_create_key, new_key
from bot.store.open import open_database
from tests.store.things import KEY, Raw, path_of, poll


@pytest.fixture
def settings(url: str, tmp_path: Path) -> Settings:
    return Settings(database=url, key_file=tmp_path / "parley.key")


async def examined(settings: Settings) -> dict[str, CheckResult]:
    return {finding.check: finding async for finding in records.database(settings)}


async def open_a_poll(settings: Settings) -> None:
    database = await open_database(settings.database)
    await BallotBox(database, load_or_create_key(settings.key_file)).open(poll())
    await database.close()


async def test_a_database_that_is_well_is_told(settings: Settings) -> None:
    """The doctor reports that the database and the key are right, and how long a durable write takes."""
    await open_a_poll(settings)
    results = await examined(settings)
    assert {results[check].end for check in ("database", "key")} == {End.OK}
    assert "A durable write takes" in results["write speed"].says


async def test_a_new_database_is_left_alone(settings: Settings, url: str) -> None:
    """The doctor applies no migration to a new database, creates no SQLite file, and calls neither wrong."""
    assert (await examined(settings))["database"].end is not End.WRONG
    if url.startswith("postgres"):
        async with Raw.connect(url) as raw:
            assert await raw.run("SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []
    else:
        assert not path_of(url).exists()


async def test_a_schema_that_is_newer_is_told(settings: Settings, url: str) -> None:
    """The doctor reports a schema that is newer than Parley, names its version and says what to install."""
    await open_a_poll(settings)
    async with Raw.connect(url) as raw:
        await raw.run("INSERT INTO migrations SELECT 900, name, checksum FROM migrations WHERE number = 1")
    result = (await examined(settings))["database"]
    assert (result.end, "version 900" in result.says, "Install" in result.mend) == (End.WRONG, True, True)


async def test_another_key_is_told(settings: Settings) -> None:
    """The doctor reports a key that doesn't open the open polls."""
    await open_a_poll(settings)
    settings.key_file.write_bytes(new_key())
    assert (await examined(settings))["key"].end is End.WRONG


def test_a_key_beside_its_database_is_pointed_out(tmp_path: Path) -> None:
    """The doctor notes that the key and the database share a folder, or that the folder of one holds that of the other.

    It notes nothing if the key comes from a variable, or if the database is PostgreSQL.
    """
    database = str(tmp_path / "data" / "parley.db")
    for folder, is_noted in (("data", True), ("data/keys", True), (".", True), ("key", False), ("data2", False)):
        settings = Settings(database=database, key_file=tmp_path / folder / "parley.key")
        assert [result.end for result in records.key_place(settings)] == [End.NOTE] * is_noted, folder
    assert list(records.key_place(Settings(database=database, key=SecretStr(KEY.decode())))) == []
    assert list(records.key_place(Settings(database="postgresql://db/parley"))) == []
