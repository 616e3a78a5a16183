"""`parley preview`: show packs' cards on a page while an editor writes them."""

from __future__ import annotations

import asyncio
import signal
import webbrowser
from pathlib import Path

import click

from adapters.cli.options import content_folder, content_option, now
from adapters.preview import PORT
from adapters.preview.desk import Desk
from adapters.preview.server import Preview
from bot.authoring.pack_paths import places_of
from bot.errors import NotFound


@click.command()
@click.argument("pack", required=False, type=click.Path(path_type=Path))
@click.argument("card", required=False, default="")
@click.option("--port", type=int, default=PORT, show_default=True, help="Port of the page on this machine.")
@click.option("--open", "browser", is_flag=True, help="Open the page in the browser.")
@content_option
def preview(pack: Path | None, card: str, port: int, browser: bool, content: Path | None) -> None:
    """Show each card, and how full it is on each platform, on a page that updates as you save.

    PACK is a pack's folder or its id, CARD the id of the entry to begin with. Without them, all packs are shown.
    """
    source = _folder(pack, content)
    if not source.exists():
        raise NotFound(f"There's no pack {source}: name the folder of a pack, or the id of one in the content folder.")
    asyncio.run(_serve(source, card, port, browser=browser))


def _folder(pack: Path | None, content: Path | None) -> Path:
    """Return the folder or file if it exists, else the pack of that name. With --content, look among its packs only."""
    if pack is None:
        return content_folder(content)
    places = places_of(content_folder(content), pack, only=content is not None)
    return next((place for place in places if place.exists()), content_folder(content) / pack)


async def _serve(source: Path, card: str, port: int, *, browser: bool) -> None:

    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    desk = await asyncio.to_thread(Desk.of, source, now)
    page = Preview(desk, Path.cwd())
    address = await page.start(port)
    pack = next(iter(desk.reading.edition.library.packs), "")
    begin = f"{address}{pack}/{card}" if card and pack else address
    try:
        for problem in desk.reading.problems:
            click.echo(str(problem), err=True)
        click.echo(f"The preview is ready: open {begin} and edit the files. Stop it with Ctrl+C.")
        if browser:
            webbrowser.open(begin)
        await stop.wait()
    finally:
        await page.stop()
