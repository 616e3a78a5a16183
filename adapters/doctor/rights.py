"""Name the bot's missing permissions on Discord where it must write, as `/settings check` does for an admin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime

import discord

from adapters.discord.granted import bot_in, missing_in
from adapters.discord.interactions import NAME
from adapters.doctor.check_result import CheckResult, note, ok
from bot.chat.vocabulary import Place
from bot.commands.rights_check import writing_places
from bot.communities import repository as communities
from bot.communities.model import is_direct
from bot.communities.service import Communities
from bot.errors import BotError
from bot.i18n import translator
from bot.polls import posted_messages
from bot.settings.model import Settings
from bot.store.address import sqlite_path
from bot.store.database import Database
from bot.store.open import open_database
from bot.store.sql import Transaction

CHECK = "discord permissions"
GRANT = "An admin grants these in the channel's permissions, and tries /settings check"
"""The instance isn't at fault, so the server's admin must change this."""

Places = Mapping[Place, Sequence[str]]


async def discord_rights(settings: Settings, token: str) -> AsyncIterator[CheckResult]:
    """Check each place where Parley must write, and name the missing permissions. Changes nothing.

    Reports nothing without a readable database, which another check reports.
    """
    places, lacking = await _places(settings), 0
    if not places:
        return
    async with discord.Client(intents=discord.Intents(guilds=True)) as client:
        await client.login(token)
        bots: dict[str, discord.Member] = {}
        for place, uses in places.items():
            try:
                if place.workspace not in bots:
                    bots[place.workspace] = await bot_in(client, place.workspace)
                missing = await missing_in(bots[place.workspace], place)
            except BotError as error:
                missing = [error.message]
            if missing:
                lacking += 1
                address = f"https://discord.com/channels/{place.workspace}/{place.channel}"
                yield note(CHECK, f"{address} ({', '.join(uses)}): {', '.join(missing)}", GRANT)
    if not lacking:
        yield ok(CHECK, f"Parley has all that it needs in {len(places)} {'place' if len(places) == 1 else 'places'}")


async def _places(settings: Settings) -> Places:
    path = sqlite_path(settings.database)
    if path is not None and not path.exists():
        return {}
    try:
        database = await open_database(settings.database, read_only=True)
    except BotError:
        return {}
    try:
        return await _places_in(database)
    finally:
        await database.close()


async def _places_in(database: Database) -> Places:
    """Return the places where Parley must write in the servers that have it, with their uses."""

    async def rows(tx: Transaction) -> tuple[list[str], list[posted_messages.PostedMessage]]:
        ids = [each for each in await communities.all_ids(tx) if each.startswith(f"{NAME}:") and not is_direct(each)]
        here = [each for each in ids if await communities.is_here(tx, each)]
        return here, await posted_messages.copies_of_open_polls(tx)

    here, copies = await database.read(rows)
    service, now = Communities(database), datetime.now(UTC)
    places: dict[Place, Sequence[str]] = {}
    for community in here:
        places |= writing_places(await service.get(community, now), copies, translator("en"))
    return places
