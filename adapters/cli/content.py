"""`parley content`: report on the packs as a whole."""

from __future__ import annotations

from pathlib import Path

import click

from adapters.cli.database import with_database
from adapters.cli.options import content_folder, content_option, database_option, now
from bot.packs.loader import load_library
from bot.packs.overview import Interest, as_text, overview
from bot.search.usage import read_interest
from bot.settings.sources import load_settings
from bot.store.address import sqlite_path


@click.group()
def content() -> None:
    """Look at the content as a whole."""


@content.command()
@database_option
@content_option
def report(content: Path | None, url: str | None) -> None:
    """List which cards and reviews are due, newer editions of sources, how positions are argued, what members look for."""
    library = load_library(content_folder(content))
    click.echo(as_text(overview(library, now().date(), _interest(url))), nl=False)


def _interest(url: str | None) -> Interest | None:
    """Return a bot's counts from this database, or None without a database, which isn't created."""
    file = sqlite_path(load_settings(database=url).database)
    if file is not None and not file.exists():
        return None
    return with_database(lambda database: database.read(read_interest), url)
