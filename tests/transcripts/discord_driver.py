"""A member of a simulated Discord server, who sees what a person sees."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import discord
import simcord

from adapters.discord.client import ParleyClient
from bot.app import Bot
from bot.i18n import translator
from bot.typed import parse
from tests.transcripts.dialogue import Seen
from tests.world import NOW

Component = Mapping[str, Any]

COMPONENTS_MAX = 40
CHARACTERS_MAX = 4000
TEXT, BUTTON, SELECT, GALLERY = 10, 2, 3, 12


@dataclass
class DiscordDriver:
    """Types slash commands as Discord's own client does: one option for each argument."""

    env: Any
    channel: Any
    member: Any
    bot: Bot
    known: dict[int, str] = field(default_factory=dict)

    async def say(self, text: str) -> Seen:
        call = parse(text, self.bot.commands, translator("en"))
        given = {
            param.name: call.args[param.name] for param in call.command.params if call.args[param.name] != param.default
        }
        await self.member.slash(self.channel, call.command.name, **given)
        return self.seen()

    async def press(self, label: str) -> Seen:
        message, component = self.newest(lambda found: found.get("label") == label)
        await self.member.click(message, custom_id=component["custom_id"])
        return self.seen()

    async def pick(self, label: str, option: str) -> Seen:
        message, component = self.newest(
            lambda found: found.get("placeholder") == label and option in [o["label"] for o in found["options"]]
        )
        value = next(o["value"] for o in component["options"] if o["label"] == option)
        await self.member.select(message, [value], custom_id=component["custom_id"])
        return self.seen()

    def messages(self) -> list[discord.Message]:
        return list(self.channel.history(viewer=self.member))

    def newest(self, wanted: Any) -> tuple[discord.Message, Component]:
        for message in reversed(self.messages()):
            for component in walk(raw(message)):
                if wanted(component):
                    return message, component
        raise AssertionError(f"nobody could use that control; there is:\n{self.known}")

    def seen(self) -> Seen:
        """What is new or has changed since the last time."""
        now = {message.id: (words(message), message.flags.ephemeral) for message in self.messages()}
        fresh = [shown for id_, shown in now.items() if self.known.get(id_) != shown[0]]
        self.known = {id_: shown for id_, (shown, _) in now.items()}
        return Seen(
            private="\n".join(shown for shown, private in fresh if private),
            public="\n".join(shown for shown, private in fresh if not private),
        )


@asynccontextmanager
async def discord_driver(bot: Bot, **options: Any) -> AsyncIterator[DiscordDriver]:
    """Ada in a channel of a server with the bot. `options` go to the client."""
    async with discord_people(bot, lambda: NOW, "Ada", **options) as people:
        yield people["Ada"]


@asynccontextmanager
async def discord_people(
    bot: Bot, clock: Callable[[], datetime], *names: str, **options: Any
) -> AsyncIterator[Mapping[str, DiscordDriver]]:
    """Members of one server, in one channel with the bot. Mo may manage the server."""
    client = ParleyClient(bot, clock=clock, **options)
    async with simcord.run(client) as env:
        guild = env.create_guild()
        channel = guild.create_text_channel("general")
        may_manage = guild.create_role("Moderators", permissions=discord.Permissions(manage_guild=True))
        people = {}
        for name in names:
            member = guild.add_member(env.create_user(name), roles=[may_manage] if name == "Mo" else [])
            people[name] = DiscordDriver(env, channel, member, bot)
        with env.time_context():
            yield people


def raw(message: discord.Message) -> list[Component]:
    return [component.to_dict() for component in message.components]


def sent(view: discord.ui.LayoutView) -> list[Component]:
    """What goes over the wire of a message that was drawn."""
    return list(view.to_components())  # type: ignore[no-untyped-call]


def walk(components: list[Component]) -> Iterator[Component]:
    """Every component, however deep, in the order in which they are read."""
    for component in components:
        yield component
        yield from walk(component.get("components", []))
        if "accessory" in component:
            yield component["accessory"]


def words(message: discord.Message) -> str:
    return "\n".join(
        _words(component) for component in walk(raw(message)) if component["type"] in {TEXT, BUTTON, SELECT, GALLERY}
    )


def _words(component: Component) -> str:
    if component["type"] == TEXT:
        return shown(component["content"])
    if component["type"] == GALLERY:
        return "\n".join(str(item.get("description") or "") for item in component["items"])
    if component["type"] == BUTTON:
        return f"[{component['label']}]"
    return "\n".join((f"[{component['placeholder']}]", *(option["label"] for option in component["options"])))


def shown(markdown: str) -> str:
    """What a reader sees of what this bot writes: its marks taken away, what is escaped laid bare."""
    lines = [re.sub(r"^(#{3}|-#|>|-) ", "", line) for line in markdown.split("\n")]
    return "\n".join(_bare(line) for line in lines)


_MARKS = re.compile(
    r"\\(?P<escaped>[^0-9A-Za-z\s])"
    r"|\*\*|_|`"
    r"|\[(?P<label>(?:\\.|[^\]\\])*)\]\((?P<target>[^\s)]*)\)"
    r"|<(?P<address>https?:[^\s>]*)>"
)


def _bare(line: str) -> str:
    def without_marks(match: re.Match[str]) -> str:
        if match["escaped"]:
            return match["escaped"]
        if match["target"]:
            return f"{_bare(match['label'])} ({match['target']})"
        return match["address"] or ""

    return _MARKS.sub(without_marks, line)


def check_message(components: list[Component]) -> None:
    """Raises AssertionError for what Discord refuses in a message, where neither discord.py nor simcord would.

    https://discord.com/developers/docs/components/reference
    """
    every = list(walk(components))
    assert 1 <= len(every) <= COMPONENTS_MAX, f"{len(every)} components"
    text = [component["content"] for component in every if component["type"] == TEXT]
    assert sum(map(len, text)) <= CHARACTERS_MAX, f"{sum(map(len, text))} characters"
    assert all(content.strip() for content in text)
    ids = [component["custom_id"] for component in every if "custom_id" in component]
    assert len(ids) == len(set(ids)), "a custom id stands twice"
    assert all(1 <= len(id_) <= 100 for id_ in ids)
    for component in every:
        _check_component(component)


def _check_component(component: Component) -> None:
    match component["type"]:
        case 1:
            kinds = [child["type"] for child in component["components"]]
            assert kinds == [SELECT] or (set(kinds) == {BUTTON} and len(kinds) <= 5)
        case 2:
            assert 1 <= len(component["label"]) <= 80
            assert ("url" in component) != ("custom_id" in component)
            assert len(component.get("url") or "") <= 512
        case 3:
            values = [option["value"] for option in component["options"]]
            assert 1 <= len(values) <= 25
            assert 0 <= component["min_values"] <= component["max_values"] <= len(values)
            assert len(component["placeholder"]) <= 150
            for option in component["options"]:
                assert 1 <= len(option["label"]) <= 100
                assert 1 <= len(option["value"]) <= 100
                assert len(option.get("description") or "") <= 100
        case 9:
            assert [child["type"] for child in component["components"]] == [TEXT]
            assert component["accessory"]["type"] == BUTTON
        case 12:
            assert 1 <= len(component["items"]) <= 10
            assert all(len(item.get("description") or "") <= 1024 for item in component["items"])
        case 17:
            assert component["components"]
