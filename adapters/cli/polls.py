"""`parley polls`: read and check polls' records."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import click

from adapters.cli.database import existing_keys, look_into
from adapters.cli.options import database_option
from adapters.terminal import as_plain
from bot.chat.vocabulary import Reply
from bot.commands.poll_forms import code_parts
from bot.commands.result_cards import result_card
from bot.commands.result_details import details
from bot.errors import Refused
from bot.i18n import amount, translator
from bot.polls import audit
from bot.polls import repository as rows
from bot.polls.audit import Record
from bot.polls.counting.ballots import Ballot
from bot.polls.export import as_csv, rows_of
from bot.polls.model import PollState
from bot.polls.poll_secrets import OpenSecrets
from bot.polls.receipts import HEAD_LETTERS, Receipt, look_up, typed_head, typed_receipt
from bot.polls.record_file import as_json, read_record
from bot.polls.record_format import Format1
from bot.polls.rules import tally_of
from bot.polls.secrecy import RECEIPTS
from bot.settings.sources import load_settings

FORMAT_1 = (
    "Its record has format 1, of an earlier Parley: anyone who could write to the database could forge it. Compare "
    "its head with the announced one."
)


@click.group()
def polls() -> None:
    """List, show, export and verify polls."""


@polls.command("list")
@database_option
def list_polls(url: str | None) -> None:
    """List every poll of the database, one a line."""
    for poll in look_into(lambda database: database.read(rows.all_polls), url):
        click.echo(f"{poll.id}\t{poll.state}\t{poll.ballots}\t{poll.community}\t{poll.question}")


@polls.command()
@click.argument("poll")
@database_option
def show(poll: str, url: str | None) -> None:
    """Show one poll, and its result once it is closed."""
    record = _record(poll, url)
    for name, value in rows_of(record.poll):
        click.echo(f"{name}: {value}")
    if record.poll.state is PollState.CLOSED:
        t = translator("en")
        result = tally_of(record.poll, {Ballot(choice): n for choice, n in record.counts.items()})
        card = replace(result_card(t, record.poll, result), fields=details(t, result), controls=())
        click.echo("\n" + as_plain(Reply((card,)), t), nl=False)


@polls.command()
@click.argument("poll")
@click.option("--format", "style", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="Write to this file instead of standard output.")
@database_option
def export(poll: str, style: Literal["csv", "json"], output: Path | None, url: str | None) -> None:
    """Export the ballots of a closed poll. No file names a voter of a secret poll."""
    record = _record(poll, url)
    if record.poll.state is not PollState.CLOSED:
        message = f"Poll {poll} is {record.poll.state}. You can export it once it is closed."
        raise click.ClickException(message)
    content = as_csv(record) if style == "csv" else as_json(record)
    if output is None:
        click.echo(content, nl=False)
    else:
        output.write_bytes(content.encode())
        click.echo(f"Wrote {output}.")


@polls.command()
@click.argument("subjects", metavar="[POLL|FILE]...", nargs=-1)
@click.option("--receipt", "receipts", multiple=True, metavar="RECEIPT", help="A ballot that must be in the record.")
@click.option("--head", "heads", multiple=True, metavar="HEAD", help="A head that the record must have had.")
@database_option
def verify(subjects: tuple[str, ...], receipts: tuple[str, ...], heads: tuple[str, ...], url: str | None) -> None:
    """Recompute chain, ballots and counts. Ends with 1 if anything doesn't hold.

    POLL is a poll of the database, all of them if left out; those that are open take the instance's key. FILE is a closed
    poll's record as /poll export writes it, and takes neither. Heads stand on cards and announcements.
    """
    records = [_read_file(Path(name)) if Path(name).is_file() else _record(name, url) for name in subjects]
    if not subjects:
        polls_of_all = look_into(lambda database: database.read(rows.all_polls), url)
        records = [_record(poll.id, url) for poll in polls_of_all]
    if not records:
        click.echo("There are no polls in this database.")
    if (receipts or heads) and len(records) != 1:
        raise click.UsageError("A receipt or a head belongs to one poll. Name it.")
    reports = [_report(record, receipts, heads) for record in records]
    sys.exit(0 if all(reports) else 1)


def _report(record: Record, receipts: Sequence[str], heads: Sequence[str]) -> bool:
    """Print whether a record holds and agrees with the receipts and heads, and return it."""
    poll = record.poll
    problems = [str(finding) for finding in audit.verify(record)]
    problems += [f"receipt {text}: {problem}" for text in receipts if (problem := _receipt_problem(record, text))]
    problems += [f"head {text}: {problem}" for text in heads if (problem := _head_problem(record, text))]
    for problem in problems:
        click.echo(f"{poll.id} ({poll.question}): {problem}", err=True)
    if not problems:
        ballots, links = amount(len(record.ballots), "ballot"), amount(len(record.links), "link")
        click.echo(f"{poll.id} ({poll.question}): whole. {ballots}, {links}, head {poll.head}")
        if poll.format == Format1.number:
            click.echo(f"{poll.id}: {FORMAT_1}")
    return not problems


def _receipt_problem(record: Record, text: str) -> str:
    poll_id, bare = code_parts(text, record.poll.id)
    receipt = typed_receipt(bare)
    if receipt is None or poll_id != record.poll.id:
        return "it is no receipt of this poll; check each letter"
    verdict = look_up(receipt, record.links, record.poll.state)
    if verdict is not Receipt.INCLUDED:
        return RECEIPTS[verdict]
    return ""


def _head_problem(record: Record, text: str) -> str:
    head = typed_head(text)
    if not head:
        return f"a head has {HEAD_LETTERS} to 64 of the letters 0-9 and a-f; check each letter"
    return "" if audit.has_head(record, head) else "the record never had it, so it was changed or set back since"


def _read_file(path: Path) -> Record:
    try:
        return read_record(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path} can't be read: {error}") from None
    except Refused as error:
        raise click.ClickException(f"{path}: {error.message}") from None


def _record(poll: str, url: str | None) -> Record:
    keys = existing_keys(load_settings(database=url))
    secrets = None if keys is None else OpenSecrets(keys)
    return look_into(lambda database: database.read(lambda tx: rows.record(tx, poll, secrets)), url)
