"""`parley discord`: what whoever runs the bot does with Discord itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from adapters.discord.client import ParleyClient
    from bot.config import Settings
    from bot.store.database import Database

Work = Callable[["ParleyClient", "Database"], Awaitable[None]]


@click.group()
def discord() -> None:
    """Set the bot up on Discord: its commands and its invitation."""


@discord.command("sync")
@click.option(
    "--guild",
    type=int,
    metavar="ID",
    help="Only for this server, where they appear at once; beside those for all servers, so each is seen twice.",
)
@click.option("--clear", is_flag=True, help="With --guild: take away what was told to this server alone.")
@click.option("--dry-run", is_flag=True, help="Only say what Discord would be told.")
def sync_commands(guild: int | None, clear: bool, dry_run: bool) -> None:
    """Tell Discord the commands, whether they have changed or not. `parley run` does it when they have."""
    if clear and guild is None:
        raise click.UsageError("--clear takes away one server's own commands. Name the server with --guild.")

    async def work(client: ParleyClient, database: Database) -> None:
        from adapters.discord.sync import changed, sync  # noqa: PLC0415 - kept off the path of --help
        from adapters.discord.sync import clear as clear_guild  # noqa: PLC0415

        if clear and guild is not None:
            click.echo("This server keeps the commands for all servers, and loses its own.")
            if not dry_run:
                await clear_guild(client, database, guild)
                click.echo("Discord is told.")
            return
        new = await changed(client, database, guild)
        for entry in client.declared:
            click.echo(f"{'/' if entry['type'] == 1 else ''}{entry['name']}")
        click.echo("They have changed since Discord was told last." if new else "Discord was told exactly these.")
        if not dry_run:
            await sync(client, database, guild)
            click.echo("Discord is told.")

    _with_discord(work)


@discord.command()
def invite() -> None:
    """Print the link at which a server's owner adds the bot, with no more permissions than it uses."""

    async def work(client: ParleyClient, _database: Database) -> None:
        from adapters.discord.sync import invitation  # noqa: PLC0415 - kept off the path of --help

        if client.application_id is not None:
            click.echo(invitation(client.application_id))

    _with_discord(work)


def _with_discord(work: Work) -> None:
    """Runs work with a client that is logged in but not connected. Raises BotError."""
    from bot.errors import UsageError  # noqa: PLC0415
    from bot.sources import load_settings  # noqa: PLC0415 - kept off the path of --help

    settings = load_settings()
    if settings.discord_token is None:
        raise UsageError("Set PARLEY_DISCORD_TOKEN to the bot's token first.")
    asyncio.run(_logged_in(work, settings, settings.discord_token.get_secret_value()))


async def _logged_in(work: Work, settings: Settings, token: str) -> None:
    import aiohttp  # noqa: PLC0415 - kept off the path of --help
    from discord import HTTPException, LoginFailure  # noqa: PLC0415

    from adapters.discord.running import token_refused  # noqa: PLC0415
    from bot.errors import Refused, Unavailable  # noqa: PLC0415
    from bot.store.database import open_database  # noqa: PLC0415

    database = await open_database(settings.database, shared=True)
    client = _client(database, settings)
    try:
        await client.login(token)
        await work(client, database)
    except LoginFailure:
        raise Refused(token_refused()) from None
    except HTTPException as error:
        raise Refused(f"Discord says no: {error}") from None
    except (aiohttp.ClientError, OSError) as error:
        raise Unavailable(f"Discord can't be reached: {type(error).__name__}.") from None
    finally:
        with suppress(aiohttp.ClientError):
            await client.close()
        await database.close()


def _client(database: Database, settings: Settings) -> ParleyClient:
    """A client that knows every command and answers none."""
    from datetime import UTC, datetime  # noqa: PLC0415 - kept off the path of --help

    from cryptography.fernet import Fernet  # noqa: PLC0415

    from adapters.discord.sync import SilentClient  # noqa: PLC0415
    from bot.instance import Outside, build  # noqa: PLC0415
    from bot.library.loader import load_library  # noqa: PLC0415
    from bot.library.shelf import Edition, Shelf  # noqa: PLC0415
    from bot.store.keys import Keys  # noqa: PLC0415

    def now() -> datetime:
        return datetime.now(UTC)

    shelf = Shelf(Edition.of(load_library(settings.content)))
    outside = Outside(now=now, new_reference=str)
    instance = build(shelf, database, Keys(Fernet.generate_key()), outside)
    return SilentClient(instance.bot, clock=now)
