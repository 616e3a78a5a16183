"""Migrations: numbered, forward only, applied in one transaction, recorded with a checksum.

`migrations/NNNN_name.sql` serves both databases; where they differ, `NNNN_name.sqlite.sql` and
`NNNN_name.postgres.sql` stand side by side.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.errors import Refused
from bot.store.sql import Dialect

FOLDER = Path(__file__).parent / "migrations"

RECORD = """\
CREATE TABLE IF NOT EXISTS migrations (
    number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL CHECK (length(checksum) = 64))"""

_NAME = re.compile(r"(?P<number>\d{4})_(?P<name>\w+)(\.(?P<dialect>sqlite|postgres))?\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str
    checksum: str
    """SHA-256 of the file's text with plain line ends, in hex."""


@cache
def load_migrations(dialect: Dialect, folder: Path = FOLDER) -> tuple[Migration, ...]:
    """Return a database's migrations in order, read once in a process. Raise ValueError for a gap or repeated number."""
    migrations = sorted(_read(dialect, folder), key=lambda migration: migration.number)
    if [migration.number for migration in migrations] != list(range(1, len(migrations) + 1)):
        raise ValueError(f"{folder}: migrations are numbered 1, 2, 3 … without a gap")
    return tuple(migrations)


def _read(dialect: Dialect, folder: Path) -> Iterator[Migration]:
    for path in folder.glob("*.sql"):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise ValueError(f"{path}: a migration is named NNNN_name.sql")
        if match["dialect"] in {None, dialect}:
            text = path.read_text("utf-8").replace("\r\n", "\n")
            sql = text if match["dialect"] or dialect == "sqlite" else for_postgres(text)
            yield Migration(int(match["number"]), match["name"], sql, hashlib.sha256(text.encode()).hexdigest())


def pending(migrations: tuple[Migration, ...], applied: Mapping[int, str]) -> tuple[Migration, ...]:
    """The migrations still to apply; `applied` maps numbers to checksums.

    Raise `Refused` if the database has migrations that are unknown to this program or differ from its own.
    """
    latest = max(applied, default=0)
    if latest > len(migrations):
        raise Refused(
            f"Install a newer Parley, or restore a backup made by this one: the database is at version {latest}, and "
            f"this Parley knows versions up to {len(migrations)}."
        )
    for migration in migrations[:latest]:
        if applied.get(migration.number) != migration.checksum:
            raise Refused(
                f"Migration {migration.number:04} ({migration.name}) has changed since this database applied it. "
                "Restore the released file, and write schema changes as a new migration."
            )
    return migrations[latest:]


def for_postgres(sql: str) -> str:
    """Translate the schema to PostgreSQL (see the head of 0001_schema.sql)."""
    return re.sub(r"\) STRICT(, WITHOUT ROWID)?;", ");", re.sub(r"\bINTEGER\b", "BIGINT", sql))


def statements(script: str) -> Iterator[str]:
    """Yield the statements of a script, triggers whole; `sqlite3.executescript` would commit first."""
    piece = ""
    for line in script.splitlines(keepends=True):
        piece += line
        if sqlite3.complete_statement(piece):
            yield piece
            piece = ""
