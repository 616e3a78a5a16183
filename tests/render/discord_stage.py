"""The stage of Discord's pictures: the people of a simulated server, and what scenes do with them."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from simcord.backend.cdn import CDN_BASE

from adapters.discord.markdown import CUSTOM_EMOJI
from adapters.discord.verdict_emoji import drawing, read_marks, upload_missing
from bot.charts import png
from bot.deliberation.service import Discussions
from bot.packs.labels import VERDICTS
from bot.packs.model import Verdict
from tests.transcripts.discord_driver import DiscordDriver
from tests.world import Clock

Target = Any
"""A message, or an interaction whose form is shown."""


@dataclass(slots=True)
class Stage:
    """A server's people, its clock and jobs, its content and discussions, and the viewer whose screen is pictured."""

    people: Mapping[str, DiscordDriver]
    clock: Clock
    run_due: Callable[[], Awaitable[None]]
    content: Path
    discussions: Discussions
    viewer: str = "Ada"
    direct: bool = False
    """Whether the picture is of the viewer's conversation with the bot."""
    assets: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Pictures that Discord would serve, by their address."""

    @property
    def ada(self) -> DiscordDriver:
        return self.people["Ada"]

    @property
    def mo(self) -> DiscordDriver:
        """Return Mo, and make her the viewer. She moderates the only community, so she may edit the content."""
        self.viewer = "Mo"
        return self.people["Mo"]

    async def forward(self, **span: float) -> None:
        self.clock.now += timedelta(**span)
        await self.run_due()
        await self.ada.env.settle()


Scene = Callable[[Stage], Awaitable[Target]]


def line_scene(line: str, *pressed: str, by: str = "Ada") -> Scene:
    """Picture the answer to a command, or to the last of the buttons that the member then presses."""

    async def play(stage: Stage) -> Target:
        stage.viewer, driver = by, stage.people[by]
        await driver.say(line)
        for label in pressed:
            await driver.press(label)
        return driver.messages()[-1]

    return play


def posted(stage: Stage) -> Target:
    """Return the last public message."""
    return next(message for message in reversed(stage.ada.messages()) if not message.flags.ephemeral)


async def pressed(stage: Stage, label: str) -> Target:
    await stage.ada.press(label)
    return stage.ada.messages()[-1]


def custom_emoji(stage: Stage, name: str, colour: str) -> Any:
    """Add an emoji to the server: a cup seen from above."""
    emoji, picture, drawn = stage.ada.member.guild.create_emoji(name), io.BytesIO(), Image.new("RGBA", (96, 96))
    cup = ImageDraw.Draw(drawn)
    cup.ellipse((4, 4, 92, 92), fill="white")
    cup.ellipse((16, 16, 80, 80), fill=colour)
    drawn.save(picture, "PNG")
    stage.assets[f"{CDN_BASE}/emojis/{emoji.id}.png"] = ("emoji.png", picture.getvalue())
    return emoji


async def add_verdict_emoji(stage: Stage) -> None:
    """Upload the verdicts' emoji, as Parley does at its first start."""
    client = stage.ada.env.bot
    await upload_missing(client, {})
    client._uploads.marks = await read_marks(client)
    for verdict in Verdict:
        mark = CUSTOM_EMOJI.fullmatch(client._uploads.marks[VERDICTS[verdict].sign])
        assert mark is not None
        stage.assets[f"{CDN_BASE}/emojis/{mark['id']}.png"] = ("sign.png", png(drawing(verdict)))


Event = dict[str, Any]


def hide_server(driver: DiscordDriver, installed_for: Callable[[Event], Event]) -> None:
    """Keep the server's events from the bot. Interactions come as for a member who installed the bot for herself.

    Simcord's bot is in every server.
    """
    backend, channel = driver.env.backend, driver.channel
    (deliver,) = backend.subscribers
    deliver("GUILD_DELETE", {"id": str(driver.member.guild.id)})

    def pass_on(event: str, payload: Event) -> None:
        if event == "INTERACTION_CREATE" and payload["channel_id"] == str(channel.id):
            deliver(event, installed_for(payload))

    backend.subscribers[:] = [pass_on]


def as_in_server(payload: Event) -> Event:
    """Return an interaction in a server without the bot."""
    guild = {"id": payload["guild_id"], "locale": "en-US", "features": []}
    return {**payload, "guild": guild, **_installed_by(payload["member"]["user"])}


def as_between_people(payload: Event) -> Event:
    """Return an interaction in a conversation of two people."""
    user, ben = payload["member"]["user"], {"id": "9", "username": "ben", "discriminator": "0", "avatar": None}
    place = {"channel": {"id": payload["channel_id"], "type": 1, "recipients": [ben]}, "context": 2, "user": user}
    kept = {name: value for name, value in payload.items() if name not in {"guild_id", "guild_locale", "member"}}
    return {**kept, **place, **_installed_by(user)}


def _installed_by(user: Event) -> Event:
    """https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object"""
    return {"authorizing_integration_owners": {"1": user["id"]}}
