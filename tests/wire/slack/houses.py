"""Workspaces with and without the app, for tests with several."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.communities import installations as rows
from tests.wire.slack import Browser, Channel, Member, SlackServer, Team
from tests.wire.slack.installs import query_of
from tests.wire.slack.world import World, slack_world


@dataclass(slots=True)
class House:
    """A workspace, its channel, and a host."""

    team: Team
    channel: Channel
    host: Member


def house(server: SlackServer, name: str) -> House:
    team = server.add_team(name)
    channel = server.add_channel("main", team)
    return House(team, channel, server.member("Host", team).at(channel))


async def install(world: World, *teams: Team) -> None:
    for team in teams:
        page = await Browser().install(world.install_page, team)
        assert page.status == 200, page.html


@asynccontextmanager
async def two_houses(folder: Path, *, http: bool = False) -> AsyncIterator[tuple[World, House, House]]:
    """Run Parley with two workspaces that have installed the app."""
    async with slack_world(folder, http=http, several=True) as world:
        north, south = house(world.server, "North House"), house(world.server, "South House")
        await install(world, north.team, south.team)
        yield world, north, south


async def departures(world: World) -> list[str]:
    """Return the communities that are marked as left."""
    return [str(row["id"]) for row in await world.instance.database.read(lambda tx: tx.rows("left_before", then=2**62))]


async def stored(world: World, team: Team) -> rows.Installation | None:
    return await world.instance.database.read(lambda tx: rows.find(tx, f"slack:{team.id}"))


async def settled(world: World) -> None:
    """Wait until everything that arrived is handled."""
    while world.chat.running:
        await asyncio.wait(world.chat.running)


async def begin(world: World) -> tuple[Browser, str, str]:
    """Begin an installation: return a browser, the address that Slack redirects it to, and the state."""
    browser = Browser()
    state = query_of((await browser.open(world.install_page)).link("Add to Slack"))["state"]
    return browser, world.server.installs.redirect_url, state
