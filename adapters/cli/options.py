"""Options that several commands share, and their values."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

import click

from bot.settings.sources import load_settings

content_option = click.option("--content", type=click.Path(path_type=Path), help="Folder that holds the packs.")
database_option = click.option("--database", "url", help="A file for SQLite, or a postgresql:// address.")


def content_folder(content: Path | None) -> Path:
    """Return the folder of the packs: `content`, else the configured one.

    A folder below the working folder becomes relative, so that printed paths are short and clickable.
    """
    path = content or load_settings().content
    here = Path.cwd()
    return path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path


def now() -> datetime:
    return datetime.now(UTC)


def new_reference() -> str:
    """Make a code of eight characters that a person can read out."""
    return "".join(secrets.choice("23456789ABCDEFGHJKMNPQRSTUVWXYZ") for _ in range(8))
