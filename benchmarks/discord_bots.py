"""Two bots that Parley is measured beside on Discord: a bare handler, and a plain app of the same work."""

from __future__ import annotations

import re
from typing import Any

import discord
from discord import app_commands, ui

from benchmarks.plain_app import PlainStore
from tests.transcripts.discord_driver import Component, components_of


class FactClient(discord.Client):
    """A client with one command, which caches no members and no messages, as Parley doesn't."""

    def __init__(self) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.tree = app_commands.CommandTree(self)

        @self.tree.command()
        async def fact(interaction: discord.Interaction[Any], words: str) -> None:
            """Look up a fact."""
            await self.send_fact(interaction, words)

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def send_fact(self, interaction: discord.Interaction[Any], words: str) -> None:
        raise NotImplementedError


class Bare(FactClient):
    """Sends prepared answers."""

    def __init__(self, prepared: dict[str, ui.LayoutView]) -> None:
        super().__init__()
        self._prepared = prepared

    async def send_fact(self, interaction: discord.Interaction[Any], words: str) -> None:
        del words
        await interaction.response.send_message(view=self._prepared["fact"], ephemeral=True)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        if interaction.type is discord.InteractionType.component:
            await interaction.response.send_message(view=self._prepared["vote"], ephemeral=True)


class Plain(FactClient):
    """Looks questions up and stores votes, and builds each answer anew, with the parts of a prepared one."""

    def __init__(self, prepared: dict[str, ui.LayoutView], store: PlainStore) -> None:
        super().__init__()
        self.parts: dict[str, list[Component]] = {what: components_of(view) for what, view in prepared.items()}
        self.store = store
        self.add_dynamic_items(PlainVote)

    async def send_fact(self, interaction: discord.Interaction[Any], words: str) -> None:
        await self.store.find(words)
        await interaction.response.send_message(view=layout(self.parts["fact"]), ephemeral=True)


class PlainVote(ui.DynamicItem[ui.Button[Any]], template="v1:.+"):
    """A button of a poll. It outlives the process that posted it."""

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str]
    ) -> PlainVote:
        del interaction, item
        return cls(ui.Button(custom_id=match.string))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        plain: Plain = interaction.client
        await plain.store.cast(str(interaction.user.id), self.custom_id)
        await interaction.response.send_message(view=layout(plain.parts["vote"]), ephemeral=True)


def layout(parts: list[Component]) -> ui.LayoutView:
    view = ui.LayoutView()
    for part in parts:
        view.add_item(component(part))
    return view


def component(part: Component) -> ui.Item[Any]:
    """Build one of the components that answers consist of."""
    parts = [component(each) for each in part.get("components", ())]
    match discord.ComponentType(part["type"]):
        case discord.ComponentType.container:
            return ui.Container(*parts, accent_colour=part.get("accent_color"))
        case discord.ComponentType.action_row:
            return ui.ActionRow(*parts)
        case discord.ComponentType.text_display:
            return ui.TextDisplay(part["content"])
        case discord.ComponentType.button:
            style = discord.ButtonStyle(part["style"])
            return ui.Button(label=part["label"], style=style, custom_id=part["custom_id"])
        case discord.ComponentType.select:
            options = [
                discord.SelectOption(label=each["label"], value=each["value"], description=each["description"])
                for each in part["options"]
            ]
            return ui.Select(custom_id=part["custom_id"], placeholder=part["placeholder"], options=options)
        case other:
            raise NotImplementedError(f"no answer had a {other.name}")
