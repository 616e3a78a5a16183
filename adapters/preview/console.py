"""`parley preview`: the cards of packs on a page, while an editor writes them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click

from adapters.preview import PORT


@click.command()
@click.argument("pack", required=False, type=click.Path(path_type=Path))
@click.argument("card", required=False, default="")
@click.option("--port", type=int, default=PORT, show_default=True, help="Port of the page on this machine.")
@click.option("--open", "browser", is_flag=True, help="Open the page in the browser.")
@click.option("--content", type=click.Path(path_type=Path), help="Folder that holds the packs.")
def preview(pack: Path | None, card: str, port: int, browser: bool, content: Path | None) -> None:
    """Show each card as Discord, Slack, the web and the terminal will, on a page that follows the files as you save.

    PACK is a pack's folder or its id, CARD the id of the entry to begin with. Without them, all packs are shown.
    """
    from bot.errors import NotFound  # noqa: PLC0415 - kept off the path of --help

    source = _folder(pack, content)
    if not source.exists():
        raise NotFound(f"There is no pack {source}: give the folder of a pack, or the id of one in the content folder.")
    asyncio.run(_serve(source, card, port, browser=browser))


def _folder(pack: Path | None, content: Path | None) -> Path:
    """The folder or file, if it is there, else the folder of that name among the packs."""
    from adapters.packs import content_folder  # noqa: PLC0415 - kept off the path of --help

    if pack is None:
        return content_folder(content)
    return pack if pack.exists() else content_folder(content) / pack


async def _serve(source: Path, card: str, port: int, *, browser: bool) -> None:
    import signal  # noqa: PLC0415 - kept off the path of --help
    import webbrowser  # noqa: PLC0415

    from adapters.preview.desk import Desk  # noqa: PLC0415
    from adapters.preview.server import Preview  # noqa: PLC0415

    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    desk = await asyncio.to_thread(Desk.of, source, lambda: datetime.now(UTC))
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
