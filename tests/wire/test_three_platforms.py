"""One poll on Slack, Discord and the web at once has one count, and each copy shows it.

The real libraries and one instance over SQLite, against a local server for each platform.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.chat.vocabulary import Place
from bot.instance import Instance
from tests.transcripts.web_driver import WebDriver, web_drivers
from tests.wire import discord_world
from tests.wire.discord import DiscordServer, impatient, pointed_at
from tests.wire.slack import SlackServer, words
from tests.wire.slack import world as slack_world
from tests.world import Clock, running

TEAS = ("Green", "Black", "Oolong")
VOTERS = 30
WEB_VOTERS = ("Ada", "Ben", "Chen")
CREATE = f'/parley poll create post:yes question:"Which tea?" options:"{" | ".join(TEAS)}" results:live closes:1h'


@dataclass(slots=True)
class Everywhere:
    """Parley in a Slack workspace, on a Discord server and at a chat page."""

    instance: Instance
    clock: Clock
    slack: SlackServer
    discord: DiscordServer
    web: Mapping[str, WebDriver]

    async def poll(self) -> None:
        """Open a poll on Slack as its host, and post it on the two other platforms."""
        await self.slack.member("Host").command(CREATE)
        poll = (await self.instance.polls.listed(f"slack:{self.slack.team.id}"))[0]
        discord = Place("discord", self.discord.guild.id, self.discord.main.id)
        for place in (discord, Place("web", "demo", "main")):
            community = await self.instance.communities.get(f"{place.platform}:{place.workspace}", self.clock())
            reply = await self.instance.copies._draw(poll, community)
            ref = await self.instance.platforms[place.platform].post(place, reply)
            assert ref is not None
            await self.instance.polls.posted(poll.id, ref, self.clock())

    async def vote(self) -> None:
        """Let 30 members on Slack, 30 on Discord and 3 on the web vote at once. Assert that each vote is confirmed in
        private."""
        slack, discord = self.slack.posted()[0], self.discord.posted()[0]
        on_slack, on_discord, on_web = await asyncio.gather(
            asyncio.gather(*(self.slack.member(f"S{n}").press(slack, TEAS[n % 3]) for n in range(VOTERS))),
            asyncio.gather(*(self.discord.member(f"D{n}").click(discord, TEAS[n % 3]) for n in range(VOTERS))),
            asyncio.gather(*(self.web[name].press(tea) for name, tea in zip(WEB_VOTERS, TEAS, strict=True))),
        )
        answers = [answer.text for answer in on_slack if answer.private]
        answers += [answer.text for answer in on_discord if answer.private]
        answers += [answer.private for answer in on_web]
        assert sum("Your vote is counted" in answer for answer in answers) == 2 * VOTERS + 3
        await self.instance.copies.drain()

    async def cards(self) -> dict[str, str]:
        """Return what everybody reads, by platform."""
        page = await self.web["Mo"].look()
        return {
            "slack": "\n".join(words(message.blocks) for message in self.slack.posted()),
            "discord": "\n".join(message.text.replace("*", "") for message in self.discord.posted()),
            "web": page.public,
        }


@asynccontextmanager
async def everywhere(folder: Path) -> AsyncIterator[Everywhere]:
    """Run Parley on the three platforms. At the end, assert that Slack's and Discord's servers have kept no
    violation."""
    clock = Clock()
    async with slack_world.new_server() as slack, discord_world.new_server() as discord:
        with pointed_at(discord.url, discord.gateway_url), impatient():
            async with (
                running(folder, clock=clock) as instance,
                slack_world.connected(instance, slack, clock),
                discord_world.connected(instance, discord, clock, 1.5),
                web_drivers(instance.bot, clock) as web,
            ):
                await instance.start()
                yield Everywhere(instance, clock, slack, discord, web)
        assert slack.violations == []
        assert discord.violations == []


async def test_a_poll_on_three_platforms_has_one_count(tmp_path: Path) -> None:
    """Votes of all three make one tally, which every copy shows while the poll is open and when it has closed."""
    async with everywhere(tmp_path) as world:
        await world.poll()
        await world.vote()
        for platform, text in (await world.cards()).items():
            assert text.count("21 (33.3%)") == 3, platform
        world.clock.forward(hours=1)
        await world.instance.scheduler.run_due()
        await world.instance.copies.drain()
        for platform, text in (await world.cards()).items():
            assert "This poll is closed. Tie between: Green, Black, Oolong." in text, platform


async def test_the_same_name_on_three_platforms_is_three_voters(tmp_path: Path) -> None:
    """Platforms are not linked: each Ada has a ballot of her own, and can change only that one."""
    async with everywhere(tmp_path) as world:
        await world.poll()
        await world.slack.member("Ada").press(world.slack.posted()[0], "Green")
        await world.discord.member("Ada").click(world.discord.posted()[0], "Green")
        await world.web["Ada"].press("Green")
        changed = await world.web["Ada"].press("Black")
        assert "Your vote has changed" in changed.private
        await world.instance.copies.drain()
        for platform, text in (await world.cards()).items():
            assert "Green ★ 2 (66.7%)" in text or "Green 2 (66.7%)" in text, platform
