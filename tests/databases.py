"""Make empty SQLite databases. Migration is most of the cost of opening one, so a run migrates only once."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from bot.store.open import open_database

_MIGRATED: list[bytes] = []


async def begin_database(file: Path) -> None:
    """Copy a migrated database without rows to `file`, unless there is a file already."""
    if not _MIGRATED:
        with TemporaryDirectory() as folder:
            await (await open_database(f"{folder}/parley.db")).close()
            _keep(Path(folder, "parley.db"))
    _put(file)


def _keep(file: Path) -> None:
    _MIGRATED.append(file.read_bytes())


def _put(file: Path) -> None:
    if not file.exists():
        file.write_bytes(_MIGRATED[0])
