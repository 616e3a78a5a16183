"""`parley new`: what editors do with packs in a terminal. Thin: the work is in bot/exchange/."""

from __future__ import annotations

from pathlib import Path

import click


def content_folder(given: Path | None) -> Path:
    """The folder that holds the packs: the one given, else the configured one, short where it lies below."""
    from bot.config import load_settings  # noqa: PLC0415 - kept off the path of --help

    path = given or load_settings().content
    here = Path.cwd()
    return path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path


_content = click.option("--content", type=click.Path(path_type=Path), help="Folder that holds the packs.")


@click.command()
@click.argument("pack")
@click.option("--essay", type=click.Path(path_type=Path), required=True, help="The essay, as text in UTF-8.")
@click.option("--title", default="", help="The topic in a few words.")
@click.option("--language", default="en", show_default=True, help="The language that the pack is written in.")
@_content
def new(pack: str, essay: Path, title: str, language: str, content: Path | None) -> None:
    """Make a pack with the id PACK from an essay: its claims proposed, ready for an editor to judge."""
    from datetime import UTC, datetime  # noqa: PLC0415 - kept off the path of --help

    from bot.exchange.skeleton import NOTES, new_pack  # noqa: PLC0415

    today = datetime.now(UTC).date()
    made = new_pack(pack, essay, content_folder(content), today, title=title, language=language)
    found, quotes = made.found, made.report.quotes
    click.echo(f"Made {made.folder} from {made.paragraphs} paragraphs with {made.sentences} sentences.")
    click.echo(
        f"Claims proposed: {len(found.proposals)} of {found.checkable} found; "
        f"their quotes show {quotes.share or 0:.0%} of the essay."
    )
    click.echo(f"Names found: {len(found.names)}; dates: {len(found.dates)}; both are listed in {made.folder / NOTES}.")
    click.echo("\nTo fill in:")
    for problem in made.to_fill:
        click.echo(f"{problem.file}:{problem.line}:{problem.column}: {problem.message}")
    click.echo("\nFor each fact also: is it a claim, whose, of which kind, and which sources bear on it?")
    click.echo(f"Then delete `draft: true` in {made.folder / 'pack.yaml'}. What is left: ", nl=False)
    click.echo(f"parley check {made.folder} --essay {essay}")


COMMANDS: tuple[click.Command, ...] = (new,)
"""What the command line takes in."""
