"""`parley db`: maintain the database and its key."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from adapters.cli.database import existing_keys, look_into, with_database
from adapters.cli.options import database_option
from adapters.slack.installations import PURPOSE
from bot.errors import Unavailable, UsageError
from bot.i18n import amount
from bot.maintenance.copy_database import copy_database
from bot.maintenance.rekey import Rewrapped, rekey
from bot.settings.sources import load_settings
from bot.store.database import Database
from bot.store.open import open_database


@click.group()
def db() -> None:
    """Upgrade, back up and check the database."""


@db.command()
@database_option
def upgrade(url: str | None) -> None:
    """Bring the schema up to this version of the program."""

    async def nothing(_database: Database) -> None: ...

    with_database(nothing, url, new=True)
    click.echo("The database is up to date.")


@db.command()
@click.argument("target", type=click.Path(path_type=Path))
@database_option
def backup(target: Path, url: str | None) -> None:
    """Write a consistent copy of the database to TARGET, while the bot runs. Keep it apart from the key."""
    look_into(lambda database: database.backup(target), url, any_version=True)
    click.echo(f"Wrote {target}. It opens no poll's secret without the instance's key, so keep the two apart.")


@db.command("check")
@database_option
def check_database(url: str | None) -> None:
    """Check the database's own structure. Ends with 1 if it is damaged."""
    problems = look_into(lambda database: database.check(), url, any_version=True)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        sys.exit(1)
    click.echo("The database is whole.")


@db.command()
@click.argument("source")
@click.argument("target")
def copy(source: str, target: str) -> None:
    """Copy the database at SOURCE into the empty one at TARGET: a file for SQLite, or a postgresql:// address.

    All rows are read back and compared, and every poll's record is verified. Stop the bot first: what is voted
    meanwhile is not in the copy. The instance's key goes with it, unchanged. Ends with 1 if a record does not hold.
    """
    moved = asyncio.run(copy_database(source, target, keys=existing_keys(load_settings())))
    for table, rows in moved.rows.items():
        click.echo(f"{table}\t{rows}")
    for poll, findings in moved.findings.items():
        for finding in findings:
            click.echo(f"{poll}: {finding}", err=True)
    if moved.findings:
        sys.exit(1)
    if moved.without_key:
        click.echo(
            f"The links of {amount(moved.without_key, 'open poll')} were copied and compared, and not recomputed: the instance's key "
            "isn't here. Run parley polls verify where it is."
        )
    click.echo(f"Copied and compared; all poll records hold ({moved.polls}). Set PARLEY_DATABASE to the new address.")


@db.command("rekey")
@click.option("--to", type=click.Path(path_type=Path), help="The file for the new key (default: the old key's file).")
def change_key(to: Path | None) -> None:
    """Make a new instance key, and wrap again what the old one protects. Stop every Parley of this database first."""
    settings = load_settings()
    if settings.key is not None and to is None:
        raise UsageError(
            "Name a file for the new key with --to, then set PARLEY_KEY_FILE to it instead of PARLEY_KEY. No command "
            "can change a variable."
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
    click.echo(
        f"{file} holds the new key. It opens {amount(done.polls, 'open poll')} and "
        f"{amount(done.installations, 'installation')}."
    )
    click.echo("Copy it to a safe place, apart from backups. Earlier backups open only with the old key.")
