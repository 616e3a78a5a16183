"""`parley check`: check packs against their rules."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import click

from adapters.cli.options import content_folder, now
from bot.packs.check import main_report
from bot.packs.loader import pack_folders
from bot.packs.rule_index import rule_lines


@click.command()
@click.argument("packs", nargs=-1, type=click.Path(path_type=Path))
@click.option("--essay", type=click.Path(path_type=Path), help="The essay's text, to prove every quote against.")
@click.option("--format", "style", type=click.Choice(["text", "json", "github"]), default="text", show_default=True)
@click.option("--warnings", is_flag=True, help="Show warnings as well as errors.")
@click.option("--links", is_flag=True, help="Check every source's address first, and note the answers.")
@click.option("--rules", is_flag=True, help="Explain every rule, and check nothing.")
def check(
    packs: tuple[Path, ...],
    essay: Path | None,
    style: Literal["text", "json", "github"],
    warnings: bool,
    links: bool,
    rules: bool,
) -> None:
    """Check packs: the shipped ones, or those given: folders, or files of them. Ends with 1 if there is an error."""
    if rules:
        click.echo("\n".join(rule_lines()), nl=False)
        return
    folders = packs or (content_folder(None),)
    if links:
        ask_links(folders, now().date())
    report, status = main_report(folders, essay, now().date(), style, warnings=warnings)
    click.echo(report, nl=False)
    sys.exit(status)


def ask_links(sources: Sequence[Path], day: date) -> None:
    """Check the addresses of packs, or of folders of packs, and print the answers to standard error."""
    from adapters.http.link_checker import Asker, check_links, session  # noqa: PLC0415 - aiohttp takes longer to load than a pack

    async def work() -> list[str]:
        async with session() as opened:
            return await check_links([one for source in sources for one in pack_folders(source)], Asker(opened), day)

    click.echo("Checking the sources' addresses takes some minutes. Ctrl+C keeps the answers so far.", err=True)
    for line in asyncio.run(work()):
        click.echo(line, err=True)
