"""`parley run`: start the bot."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from adapters.cli.options import content_option
from adapters.cli.serve import serve
from bot.settings.sources import load_settings
from bot.telemetry.logs import set_up_logs


@click.command()
@click.option("--port", type=int, help="Port of the chat page on this machine (8765).")
@content_option
def run(port: int | None, content: Path | None) -> None:
    """Start the bot: the chat page on this machine, and each platform that has a token."""
    settings = load_settings(port=port, content=content)
    set_up_logs(settings.log_level, settings.secrets())
    asyncio.run(serve(settings))
