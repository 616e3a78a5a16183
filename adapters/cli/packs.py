"""`parley new`, `export` and `import`: editors' work with packs in a terminal. The work is in bot/exchange/."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from adapters.cli.options import content_folder, content_option, now
from bot.authoring.bibliography import read_bibliography
from bot.authoring.briefing import briefing
from bot.authoring.importing import append_sources, as_yaml, report, sources_for
from bot.authoring.new_pack import NOTES, new_pack
from bot.authoring.pack_paths import pack_folder
from bot.authoring.yaml_writing import replace_file
from bot.i18n import amount
from bot.packs.loader import load_pack
from bot.settings.sources import load


@click.command()
@click.argument("pack")
@click.option("--essay", type=click.Path(path_type=Path), required=True, help="The essay, as text in UTF-8.")
@click.option("--title", default="", help="The topic in a few words.")
@click.option("--language", default="en", show_default=True, help="The language that the pack is written in.")
@content_option
def new(pack: str, essay: Path, title: str, language: str, content: Path | None) -> None:
    """Make a pack with the id PACK from an essay, its claims proposed for an editor to judge.

    It is made in the working folder, or in the one that --content or the setting `content` names.
    """
    today = now().date()
    skeleton = new_pack(pack, essay, _folder_for_new(content), today, title=title, language=language)
    claims, quotes = skeleton.claims, skeleton.report.quotes
    paragraphs, sentences = amount(skeleton.paragraphs, "paragraph"), amount(skeleton.sentences, "sentence")
    click.echo(f"Made {skeleton.folder} from {paragraphs} with {sentences}.")
    click.echo(
        f"Claims proposed: {len(claims.proposals)} of {claims.checkable} found; "
        f"their quotes show {quotes.share or 0:.0%} of the essay."
    )
    click.echo(f"Names found: {len(claims.names)}; dates: {len(claims.dates)}; {skeleton.folder / NOTES} lists both.")
    click.echo("\nTo fill in:")
    for problem in skeleton.to_fill:
        click.echo(f"{problem.file}:{problem.line}:{problem.column}: {problem.message}")
    click.echo("\nFor each fact, also check: is it a claim, whose, of which kind, and which sources bear on it?")
    click.echo(f"Then delete `draft: true` in {skeleton.folder / 'pack.yaml'}. To see what's left: ", nl=False)
    click.echo(f"parley check {shlex.quote(str(skeleton.folder))} --essay {shlex.quote(str(essay))}")


def _folder_for_new(content: Path | None) -> Path:
    """Return the folder that the editor has named, else the working folder, since new packs don't belong among the
    shipped ones."""
    return content_folder(content) if content is not None or "content" in load({}).origins else Path()


@click.command()
@click.argument("pack", required=False)
@click.option("--format", type=click.Choice(["markdown"]), default="markdown", show_default=True, expose_value=False)
@click.option("--output", type=click.Path(path_type=Path), help="Write to this file.")
@content_option
def export(pack: str | None, output: Path | None, content: Path | None) -> None:
    """Export a pack as a briefing to read: the same pack gives the same bytes."""
    loaded = load_pack(pack_folder(content_folder(content), pack, only=content is not None))
    _save(briefing(loaded).encode(), output)


def _save(data: bytes, output: Path | None) -> None:
    if output is None:
        click.echo(data, nl=False)
        return
    try:
        replace_file(output, data)
    except OSError as error:
        raise click.ClickException(f"{output} can't be written ({error.strerror}): name another place.") from None
    click.echo(f"Wrote {output}.")


@click.group("import")
def import_() -> None:
    """Import entries from other programs."""


@import_.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--pack", help="Append them to this pack's sources instead of printing them.")
@content_option
def sources(file: Path, pack: str | None, content: Path | None) -> None:
    """Sources from a CSL JSON file, as YAML. Ends with 1 if an entry could not be read."""
    read = read_bibliography(file)
    folder = None
    if pack is not None:
        folder = pack_folder(content_folder(content), pack, only=content is not None)
    new_sources = sources_for(read.works, folder)
    written = append_sources(folder, new_sources.new) if folder is not None else None
    if written is None:
        click.echo(as_yaml(new_sources.new), nl=False)
    for line in report(file, read, new_sources, written):
        click.echo(line, err=written is None)
    if read.malformed:
        sys.exit(1)
