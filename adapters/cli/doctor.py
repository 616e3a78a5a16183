"""`parley doctor`: find faults of this instance, and name the command that mends each."""

from __future__ import annotations

import asyncio
import json
import sys

import click

from adapters.doctor.check_result import End
from adapters.doctor.examination import collect_results

SIGNS = {"ok": "✔", "note": "•", "wrong": "✖"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--offline", is_flag=True, help="Don't contact Discord or Slack.")
def doctor(*, as_json: bool, offline: bool) -> None:
    """Check this machine, the settings, the database, the packs and the platforms. Ends with 1 if something is wrong."""
    results = asyncio.run(collect_results(offline=offline))
    if as_json:
        click.echo(json.dumps([result.as_dict() for result in results], ensure_ascii=False, indent=2))
    else:
        for result in results:
            click.echo(f"{SIGNS[result.end]} {result.check}: {result.says}")
            if result.mend and result.end is not End.OK:
                click.echo(f"    → {result.mend}")
        count = sum(result.end is End.WRONG for result in results)
        click.echo("Nothing is wrong." if not count else f"{count} {'thing is' if count == 1 else 'things are'} wrong.")
    if any(result.end is End.WRONG for result in results):
        sys.exit(1)
