"""`parley db rekey`: a new instance key."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click


@click.command()
@click.option("--to", type=click.Path(path_type=Path), help="The file for the new key; the key's own file if left out.")
def rekey(to: Path | None) -> None:
    """Make a new instance key, and wrap what the old one protects anew. Stop every Parley of this database first."""
    from adapters.slack.installations import PURPOSE  # noqa: PLC0415 - kept off the path of --help
    from bot.errors import Unavailable, UsageError  # noqa: PLC0415
    from bot.sources import load_settings  # noqa: PLC0415
    from bot.store.database import open_database  # noqa: PLC0415
    from bot.store.rekey import Rewrapped, rekey  # noqa: PLC0415

    settings = load_settings()
    if settings.key is not None and to is None:
        raise UsageError(
            "The key comes from PARLEY_KEY, which no command can change. Name a file for the new one with --to, and "
            "then set PARLEY_KEY_FILE to it instead of PARLEY_KEY."
        )
    try:
        old = settings.key.get_secret_value().encode() if settings.key is not None else settings.key_file.read_bytes()
    except OSError as error:
        raise Unavailable(f"The instance key {settings.key_file} can't be read: {error.strerror}.") from None
    file = to or settings.key_file

    async def work() -> Rewrapped:
        database = await open_database(settings.database)
        try:
            return await rekey(database, old, file, PURPOSE)
        finally:
            await database.close()

    done = asyncio.run(work())
    click.echo(f"{file} holds the new key: it opens {done.polls} open polls and {done.installations} installations.")
    click.echo("Copy it to where you keep it, apart from backups. A backup from before opens with the old key alone.")
