"""`parley discord`: set up the bot on Discord."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import aiohttp
import click
from cryptography.fernet import Fernet
from discord import HTTPException, LoginFailure

from adapters.cli.options import now
from adapters.discord.client import ParleyClient
from adapters.discord.running import token_refused
from adapters.discord.sync import SilentClient, changed, invitation, personal_invitation, sync
from adapters.discord.sync import clear as clear_guild
from bot.errors import Refused, Unavailable, UsageError
from bot.instance import Outside, build
from bot.library.edition import Edition, Shelf
from bot.packs.loader import load_library
from bot.settings.model import Settings
from bot.settings.sources import load_settings
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.open import open_database

Work = Callable[[ParleyClient, Database], Awaitable[None]]


@click.group()
def discord() -> None:
    """Set the bot up on Discord: its commands and its invitation."""


@discord.command("sync")
@click.option(
    "--guild",
    type=int,
    metavar="ID",
    help="Only for this server, at once. Each command then appears twice, beside those for all servers.",
)
@click.option("--clear", is_flag=True, help="With --guild: remove this server's own commands.")
@click.option("--dry-run", is_flag=True, help="Only print the commands.")
def sync_commands(guild: int | None, clear: bool, dry_run: bool) -> None:
    """Tell Discord the commands, whether they have changed or not. `parley run` does it when they have."""
    if clear and guild is None:
        raise click.UsageError("Name the server with --guild: --clear removes one server's own commands.")

    async def work(client: ParleyClient, database: Database) -> None:

        if clear and guild is not None:
            click.echo("This server would lose its own commands and keep those for all servers.")
            if not dry_run:
                await clear_guild(client, database, guild)
                click.echo("Registered with Discord.")
            return
        new = await changed(client, database, guild)
        for entry in client.declared:
            click.echo(f"{'/' if entry['type'] == 1 else ''}{entry['name']}")
        click.echo(
            "The commands have changed since the last registration." if new else "Discord has exactly these commands."
        )
        if not dry_run:
            await sync(client, database, guild)
            click.echo("Registered with Discord.")

    _with_discord(work)


@discord.command()
def invite() -> None:
    """Print the links: for a server's owner, with no more permissions than the bot uses, and for oneself."""

    async def work(client: ParleyClient, _database: Database) -> None:

        if client.application_id is not None:
            click.echo(f"For a server: {invitation(client.application_id)}")
            click.echo(f"For yourself: {personal_invitation(client.application_id)}")

    _with_discord(work)


def _with_discord(work: Work) -> None:
    """Run work with a client that is logged in but not connected. Raises BotError."""
    settings = load_settings()
    if settings.discord_token is None:
        raise UsageError("Set PARLEY_DISCORD_TOKEN to the bot's token first.")
    asyncio.run(_logged_in(work, settings, settings.discord_token.get_secret_value()))


async def _logged_in(work: Work, settings: Settings, token: str) -> None:

    database = await open_database(settings.database, shared=True)
    client = _client(database, settings)
    try:
        await client.login(token)
        await work(client, database)
    except LoginFailure:
        raise Refused(token_refused()) from None
    except HTTPException as error:
        raise Refused(f"Discord refused: {error}") from None
    except (aiohttp.ClientError, OSError) as error:
        raise Unavailable(f"Discord can't be reached: {type(error).__name__}.") from None
    finally:
        with suppress(aiohttp.ClientError):
            await client.close()
        await database.close()


def _client(database: Database, settings: Settings) -> ParleyClient:
    """Make a client that knows every command and answers none."""
    shelf = Shelf(Edition.of(load_library(settings.content)))
    outside = Outside(now=now, new_reference=str)
    instance = build(shelf, database, Keys(Fernet.generate_key()), outside)
    return SilentClient(instance.bot, clock=now)
