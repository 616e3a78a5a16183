"""Make empty databases. Migration is most of the cost of opening one, so a run migrates only once."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from weakref import WeakSet

from bot.store.open import open_database
from tests.store.server import PostgresServer

_MIGRATED: list[bytes] = []
TEMPLATE = "migrated"
_PREPARED: WeakSet[PostgresServer] = WeakSet()
"""Servers that have the template."""


async def begin_database(file: Path) -> None:
    """Copy a migrated database without rows to `file`, unless there is a file already."""
    if not _MIGRATED:
        with TemporaryDirectory() as folder:
            await (await open_database(f"{folder}/parley.db")).close()
            _keep(Path(folder, "parley.db"))
    _put(file)


async def begin_postgres_database(server: PostgresServer, url: str) -> None:
    """Create the database that the address names: a migrated one without rows."""
    if server not in _PREPARED:
        server.psql(f"CREATE DATABASE {TEMPLATE}")
        await (await open_database(server.url(TEMPLATE))).close()
        _PREPARED.add(server)
    server.psql(f"CREATE DATABASE {url.rpartition('/')[2]} TEMPLATE {TEMPLATE}")


def _keep(file: Path) -> None:
    _MIGRATED.append(file.read_bytes())


def _put(file: Path) -> None:
    if not file.exists():
        file.write_bytes(_MIGRATED[0])
