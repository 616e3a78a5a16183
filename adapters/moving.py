"""`parley db copy`: a whole database, from SQLite to PostgreSQL or back."""

from __future__ import annotations

import asyncio
import sys

import click


@click.command()
@click.argument("source")
@click.argument("target")
def copy(source: str, target: str) -> None:
    """Copy the database at SOURCE into the empty one at TARGET: a file for SQLite, or a postgresql:// address.

    All rows are read back and compared, and every poll's record is verified. Stop the bot first: what is voted
    meanwhile is not in the copy. The instance's key goes with it, unchanged. Ends with 1 if a record does not hold.
    """
    from bot.store.moving import copy_database  # noqa: PLC0415 - kept off the path of --help

    moved = asyncio.run(copy_database(source, target))
    for table, rows in moved.rows.items():
        click.echo(f"{table}\t{rows}")
    for poll, findings in moved.findings.items():
        for finding in findings:
            click.echo(f"{poll}: {finding}", err=True)
    if moved.findings:
        sys.exit(1)
    click.echo(f"Copied and compared; the records of {moved.polls} polls hold. Set PARLEY_DATABASE to the new address.")
