"""`parley rehearse`: check Parley's assumptions in one place of the real service."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from adapters.rehearsal.discord import discord_stage
from adapters.rehearsal.ledger import Ledger
from adapters.rehearsal.plan import Stage, ledger_path, run_steps, undo
from adapters.rehearsal.slack import slack_stage
from bot.errors import UsageError
from bot.settings.sources import load_settings

STOPPED = 130
"""Exit code after Ctrl+C."""
place_option = click.option("--place", required=True, metavar="CHANNEL", help="The channel's id. No other is touched.")
undo_option = click.option("--undo", "undoing", is_flag=True, help="Delete what a stopped rehearsal made.")


@click.group()
def rehearse() -> None:
    """Try in one channel of Discord or Slack what Parley assumes of it, and report each difference."""


@rehearse.command()
@place_option
@undo_option
def discord(place: str, undoing: bool) -> None:
    """Rehearse on Discord, with the token of a test bot in PARLEY_DISCORD_TOKEN. Ends with 1 for a difference."""
    token = load_settings().discord_token
    if token is None:
        raise UsageError("Set PARLEY_DISCORD_TOKEN to a test bot's token first.")
    ledger = Ledger.open(ledger_path(Path.cwd(), "discord"), place)

    async def work() -> int:
        async with discord_stage(token.get_secret_value(), ledger, click.echo) as stage:
            return await _rehearse(stage, ledger, undoing=undoing)

    _end(work)


@rehearse.command()
@place_option
@undo_option
def slack(place: str, undoing: bool) -> None:
    """Rehearse on Slack, with a test app's PARLEY_SLACK_BOT_TOKEN and PARLEY_SLACK_APP_TOKEN. Ends with 1 for a difference."""
    settings = load_settings()
    bot, app = settings.slack_bot_token, settings.slack_app_token
    if bot is None or app is None:
        raise UsageError("Set PARLEY_SLACK_BOT_TOKEN and PARLEY_SLACK_APP_TOKEN to a test app's tokens first.")
    ledger = Ledger.open(ledger_path(Path.cwd(), "slack"), place)

    async def work() -> int:
        async with slack_stage(bot.get_secret_value(), app.get_secret_value(), ledger, click.echo) as stage:
            return await _rehearse(stage, ledger, undoing=undoing)

    _end(work)


async def _rehearse(stage: Stage, ledger: Ledger, *, undoing: bool) -> int:
    if undoing:
        await undo(stage, ledger, click.echo)
        return 0
    return await run_steps(stage, ledger, click.echo)


def _end(work: Callable[[], Awaitable[int]]) -> None:
    """Run to the end or until Ctrl+C, and exit with 1 if there are differences."""

    async def worked() -> int:
        return await work()

    try:
        differences = asyncio.run(worked())
    except KeyboardInterrupt:
        click.echo("\nStopped. Run the same command to go on, or with --undo to delete what it made.")
        sys.exit(STOPPED)
    sys.exit(min(differences, 1))
