"""`parley polls` and `parley db`: what whoever runs the bot does with its records."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.polls.audit import Record
    from bot.store.database import Database
    from bot.store.keys import Keys

T = TypeVar("T")


def with_database(work: Callable[[Database], Coroutine[Any, Any, T]], url: str | None, *, new: bool = False) -> T:
    """Runs work over the configured database, beside a running bot if there is one. Raises BotError.

    A file that isn't there is made only where `new` says so: a misspelt name is no empty database that is whole.
    """
    from bot.errors import NotFound  # noqa: PLC0415 - kept off the path of --help
    from bot.sources import load_settings  # noqa: PLC0415
    from bot.store.address import sqlite_path  # noqa: PLC0415
    from bot.store.database import open_database  # noqa: PLC0415

    address = load_settings(database=url).database
    file = sqlite_path(address)
    if not new and file is not None and not file.exists():
        raise NotFound(f"There is no database {file}. Correct its name, or make it: parley db upgrade")

    async def run() -> T:
        database = await open_database(address, shared=True)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def keys(settings: Settings) -> Keys:
    """The instance's key: given directly, or from its file, which is made where there is none."""
    from bot.store.keys import load_key  # noqa: PLC0415 - kept off the path of --help

    return load_key(settings.key.get_secret_value() if settings.key else "", settings.key_file)


_database = click.option("--database", "url", help="A file for SQLite, or a postgresql:// address.")


@click.group()
def polls() -> None:
    """List, show, export and verify polls."""


@polls.command("list")
@_database
def list_polls(url: str | None) -> None:
    """List every poll of the database, one a line."""
    from bot.store import polls as rows  # noqa: PLC0415 - kept off the path of --help

    for poll in with_database(lambda database: database.read(rows.all_polls), url):
        click.echo(f"{poll.id}\t{poll.state}\t{poll.ballots}\t{poll.community}\t{poll.question}")


@polls.command()
@click.argument("poll")
@_database
def show(poll: str, url: str | None) -> None:
    """Show one poll, and its result once it is closed."""
    from adapters.terminal import as_plain  # noqa: PLC0415 - kept off the path of --help
    from bot.chat import Reply  # noqa: PLC0415
    from bot.commands.poll_cards import result_card  # noqa: PLC0415
    from bot.i18n import translator  # noqa: PLC0415
    from bot.polls.ballots import Ballot  # noqa: PLC0415
    from bot.polls.export import rows_of  # noqa: PLC0415
    from bot.polls.model import State  # noqa: PLC0415
    from bot.polls.service import tally_of  # noqa: PLC0415

    record = _record(poll, url)
    for name, value in rows_of(record.poll):
        click.echo(f"{name}: {value}")
    if record.poll.state is State.CLOSED:
        t = translator("en")
        card = result_card(
            t, record.poll, tally_of(record.poll, {Ballot(choice): n for choice, n in record.counts.items()})
        )
        click.echo("\n" + as_plain(Reply((card,)), t), nl=False)


@polls.command()
@click.argument("poll")
@click.option("--format", "style", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="Write there instead of to standard output.")
@_database
def export(poll: str, style: Literal["csv", "json"], output: Path | None, url: str | None) -> None:
    """Export the ballots of a closed poll. No file names a voter of a secret poll."""
    from bot.polls.export import as_csv, as_json  # noqa: PLC0415 - kept off the path of --help
    from bot.polls.model import State  # noqa: PLC0415

    record = _record(poll, url)
    if record.poll.state is not State.CLOSED:
        message = f"Poll {poll} is {record.poll.state}. A poll can be exported once it is closed."
        raise click.ClickException(message)
    content = as_csv(record) if style == "csv" else as_json(record)
    if output is None:
        click.echo(content, nl=False)
    else:
        output.write_bytes(content.encode())
        click.echo(f"Wrote {output}.")


@polls.command()
@click.argument("ids", metavar="[POLL]...", nargs=-1)
@_database
def verify(ids: tuple[str, ...], url: str | None) -> None:
    """Recompute chain, ballots and counts of these polls, or of all. Ends with 1 if anything does not hold."""
    from bot.polls.audit import verify as findings_of  # noqa: PLC0415 - kept off the path of --help
    from bot.store import polls as rows  # noqa: PLC0415

    wanted = ids or tuple(poll.id for poll in with_database(lambda database: database.read(rows.all_polls), url))
    if not wanted:
        click.echo("There is no poll in this database.")
    broken = 0
    for poll in wanted:
        record = _record(poll, url)
        findings = findings_of(record)
        broken += bool(findings)
        for finding in findings:
            click.echo(f"{poll}: {finding}", err=True)
        if not findings:
            number = len(record.links)
            click.echo(f"{poll}: whole. {len(record.ballots)} ballots, {number} links, head {record.poll.head}")
    sys.exit(1 if broken else 0)


def _record(poll: str, url: str | None) -> Record:
    from bot.store import polls as rows  # noqa: PLC0415 - kept off the path of --help

    return with_database(lambda database: database.read(lambda tx: rows.record(tx, poll)), url)


@click.group()
def db() -> None:
    """Upgrade, back up and check the database."""


@db.command()
@_database
def upgrade(url: str | None) -> None:
    """Bring the schema up to this version of the program."""

    async def nothing(_database: Database) -> None: ...

    with_database(nothing, url, new=True)
    click.echo("The database is up to date.")


@db.command()
@click.argument("target", type=click.Path(path_type=Path))
@_database
def backup(target: Path, url: str | None) -> None:
    """Write a consistent copy of the database to TARGET, while the bot runs. Keep it apart from the key."""
    with_database(lambda database: database.backup(target), url)
    click.echo(f"Wrote {target}. Without the instance's key it opens no secret of a poll; keep the two apart.")


@db.command("check")
@_database
def check_database(url: str | None) -> None:
    """Check the database's own structure. Ends with 1 if it is damaged."""
    problems = with_database(lambda database: database.check(), url)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        sys.exit(1)
    click.echo("The database is whole.")
