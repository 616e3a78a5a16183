"""`parley new`, `export` and `import`: what editors do with packs in a terminal. Thin: the work is in bot/exchange/."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from bot.library.model import Pack
    from bot.library.overview import Interest


def content_folder(given: Path | None) -> Path:
    """The folder that holds the packs: the one given, else the configured one.

    One that lies below is named as seen from here: what is printed of it is then short, and clickable.
    """
    from bot.sources import load_settings  # noqa: PLC0415 - kept off the path of --help

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
    click.echo(f"parley check {shlex.quote(str(made.folder))} --essay {shlex.quote(str(essay))}")


@click.command()
@click.argument("pack", required=False)
@click.option("--format", "style", type=click.Choice(["claimreview", "markdown", "csv"]), required=True)
@click.option("--output", type=click.Path(path_type=Path), help="Write there: a file, or for csv a folder or a .zip.")
@click.option("--url", help="claimreview: the address of the page that shows the facts.")
@_content
def export(
    pack: str | None,
    style: Literal["claimreview", "markdown", "csv"],
    output: Path | None,
    url: str | None,
    content: Path | None,
) -> None:
    """Export a pack, the same way each time: ClaimReview (JSON-LD) of its facts, a briefing to read, or tables."""
    from bot.exchange.folders import pack_folder  # noqa: PLC0415 - kept off the path of --help
    from bot.library.loader import load_pack  # noqa: PLC0415

    loaded = load_pack(pack_folder(content_folder(content), pack))
    if style == "claimreview":
        _save_reviews(loaded, url, output)
    elif style == "markdown":
        from bot.exchange.briefing import briefing  # noqa: PLC0415

        _save(briefing(loaded).encode(), output)
    else:
        _save_tables(loaded, output)


def _save_reviews(pack: Pack, url: str | None, output: Path | None) -> None:
    from bot.exchange.claimreview import claim_reviews  # noqa: PLC0415 - kept off the path of --help

    reviews = claim_reviews(pack, url)
    _save(reviews.text().encode(), output)
    if reviews.left_out:
        names = ", ".join(fact.id for fact in reviews.left_out)
        click.echo(f"Left out, since only facts that can be checked are rated: {names}", err=True)
    if url is None:
        click.echo("Without --url the reviews name no page; search engines need it.", err=True)


def _save_tables(pack: Pack, output: Path | None) -> None:
    from bot.exchange.tables import as_zip, tables  # noqa: PLC0415 - kept off the path of --help

    files = tables(pack)
    if output is not None and output.suffix != ".zip":
        output.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            _save(text.encode(), output / name)
    elif output is None and sys.stdout.isatty():
        raise click.UsageError("These are several tables: name a folder or a .zip file with --output.")
    else:
        _save(as_zip(files), output)


def _save(data: bytes, output: Path | None) -> None:
    from bot.exchange.writing import replace_file  # noqa: PLC0415 - kept off the path of --help

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
    """Take entries over from other programs."""


@import_.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--pack", help="Append them to the sources of this pack, instead of printing them.")
@_content
def sources(file: Path, pack: str | None, content: Path | None) -> None:
    """Sources from a BibTeX or CSL JSON file, as YAML. Ends with 1 if an entry could not be read."""
    from bot.exchange.bibliography import read_bibliography  # noqa: PLC0415 - kept off the path of --help
    from bot.exchange.importing import append_sources, as_yaml, report, sources_for  # noqa: PLC0415

    read = read_bibliography(file)
    folder = None
    if pack is not None:
        from bot.exchange.folders import pack_folder  # noqa: PLC0415

        folder = pack_folder(content_folder(content), pack)
    found = sources_for(read.works, folder)
    written = append_sources(folder, found.new) if folder is not None else None
    if written is None:
        click.echo(as_yaml(found.new), nl=False)
    for line in report(file, read, found, written):
        click.echo(line, err=written is None)
    if read.malformed:
        sys.exit(1)


def ask_links(sources: Sequence[Path], day: date) -> None:
    """Asks the addresses of packs, or of folders of packs, and tells what was found on standard error."""
    import asyncio  # noqa: PLC0415 - kept off the path of --help

    from adapters.links import Asker, check_links, session  # noqa: PLC0415
    from bot.library.loader import pack_folders  # noqa: PLC0415

    async def work() -> list[str]:
        async with session() as opened:
            return await check_links([one for source in sources for one in pack_folders(source)], Asker(opened), day)

    click.echo(
        "Asking the sources' addresses, politely: this takes some minutes. Ctrl+C keeps what was found.", err=True
    )
    for line in asyncio.run(work()):
        click.echo(line, err=True)


@click.group("content")
def content_() -> None:
    """Look at the content as a whole."""


@content_.command("report")
@click.option("--database", "url", help="A file for SQLite, or a postgresql:// address.")
@_content
def content_report(content: Path | None, url: str | None) -> None:
    """Which topics' review is due, how each position is argued, and what members look for."""
    from datetime import UTC, datetime  # noqa: PLC0415 - kept off the path of --help

    from bot.library.loader import load_library  # noqa: PLC0415
    from bot.library.overview import as_text, overview  # noqa: PLC0415

    library, today = load_library(content_folder(content)), datetime.now(UTC).date()
    click.echo(as_text(overview(library, today, _interest(url))), nl=False)


def _interest(url: str | None) -> Interest | None:
    """What a bot over this database has counted; None where there is no database, which is not made for it."""
    from adapters.records import with_database  # noqa: PLC0415 - kept off the path of --help
    from bot.interest import read_interest  # noqa: PLC0415
    from bot.sources import load_settings  # noqa: PLC0415
    from bot.store.address import sqlite_path  # noqa: PLC0415

    file = sqlite_path(load_settings(database=url).database)
    if file is not None and not file.exists():
        return None
    return with_database(lambda database: database.read(read_interest), url)


COMMANDS: tuple[click.Command, ...] = (new, export, import_, content_)
"""What the command line takes in."""
