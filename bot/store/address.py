"""The address of a database: its kind, and whether that kind can be used here. Nothing is opened."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from bot.errors import UsageError

NO_DRIVER = "The driver for PostgreSQL isn't installed here"
INSTALL_DRIVER = "pip install 'parley-bot[postgres]'"


def sqlite_path(url: str) -> Path | None:
    """The file that a database's URL names; None for a PostgreSQL server. Raise `UsageError` for any other URL."""
    scheme, separator, rest = url.partition("://")
    if scheme in {"postgresql", "postgres"}:
        return None
    if separator and scheme != "sqlite":
        raise UsageError(f"Use sqlite:///PATH or postgresql://… for the database, not “{scheme}://”.")
    path = rest.removeprefix("/") if separator else url
    if not path:
        raise UsageError("Name a file in the database's URL, as in sqlite:///parley.db.")
    return Path(path)


def need_driver() -> None:
    """Raise `UsageError` if the PostgreSQL driver isn't installed: it is an extra."""
    if not has_driver():
        raise UsageError(f"{NO_DRIVER}. Install it: {INSTALL_DRIVER}")


def has_driver() -> bool:
    return find_spec("asyncpg") is not None
