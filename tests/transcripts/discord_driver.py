"""Act as a member of a simulated Discord server, and read what that member sees."""

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
from bot.dispatch.bot import Bot
from bot.dispatch.parse import parse
from bot.i18n import translator
from tests.transcripts.dialogue import Display
from tests.world import NOW

Component = Mapping[str, Any]

COMPONENTS_MAX = 40
CHARACTERS_MAX = 4000
TEXT, BUTTON, SELECT, GALLERY, RADIO_BUTTONS = 10, 2, 3, 12, 21


@dataclass
class DiscordDriver:
    """A member who types slash commands as Discord's own client sends them: one option for each argument.

    With `direct`, the member also reads their direct messages with the bot, which only they see.
    """

    env: Any
    channel: Any
    member: Any
    bot: Bot
    drawn_before: dict[int, str] = field(default_factory=dict)
    form: Any = None
    """The response that opened the newest form."""
    direct: bool = False

    async def say(self, text: str) -> Display:
        call = parse(text, self.bot.commands, translator("en"))
        arguments = {
            param.name: call.args[param.name] for param in call.command.params if call.args[param.name] != param.default
        }
        self._keep_form(await self.member.slash(self.channel, call.command.name, **arguments))
        return self.changes()

    async def mention(self, words: str) -> Display:
        await self.member.send(self.channel, f"<@{self.env.bot.user.id}> {words}")
        return self.changes()

    async def write(self, words: str) -> Display:
        await self.member.user.send_dm(words)
        return self.changes()

    async def press(self, label: str) -> Display:
        message, component = self.newest(lambda part: part["type"] == BUTTON and _label(part) == label)
        self._keep_form(await self._actor(message).click(message, custom_id=component["custom_id"]))
        return self.changes()

    async def pick(self, label: str, option: str) -> Display:
        message, component = self.newest(
            lambda part: part.get("placeholder") == label and option in map(_label, part["options"])
        )
        value = next(o["value"] for o in component["options"] if _label(o) == option)
        await self._actor(message).select(message, [value], custom_id=component["custom_id"])
        return self.changes()

    async def fill(self, label: str, words: str) -> Display:
        inputs = {each["label"]: each["component"] for each in self.form.modal["components"]}
        filled = {each["custom_id"]: _as_it_stands(each) for each in inputs.values()}
        await self.member.submit_modal(self.form, {**filled, inputs[label]["custom_id"]: words})
        return self.changes()

    def _keep_form(self, response: Any) -> None:
        if response.modal is not None:
            self.form = response

    def messages(self) -> list[discord.Message]:
        shown = list(self.channel.history(viewer=self.member))
        if self.direct:
            shown += self.member.user.dm_channel.history(viewer=self.member.user)
        return shown

    def _is_direct(self, message: discord.Message) -> bool:
        return bool(message.channel.id != self.channel.id)

    def _actor(self, message: discord.Message) -> Any:
        return self.member.user if self._is_direct(message) else self.member

    def newest(self, is_wanted: Any) -> tuple[discord.Message, Component]:
        for message in reversed(self.messages()):
            for component in walk(raw(message)):
                if is_wanted(component):
                    return message, component
        raise AssertionError(f"nobody could use that control; there is:\n{self.drawn_before}")

    def changes(self) -> Display:
        """Return the new or changed messages since the last time."""
        now = {
            message.id: (words(message), message.flags.ephemeral or self._is_direct(message))
            for message in self.messages()
        }
        fresh = [drawing for id_, drawing in now.items() if self.drawn_before.get(id_) != drawing[0]]
        self.drawn_before = {id_: text for id_, (text, _) in now.items()}
        return Display(
            private="\n".join(text for text, private in fresh if private),
            public="\n".join(text for text, private in fresh if not private),
        )


def _as_it_stands(component: Component) -> str | list[str] | None:
    """Return the value that Discord sends for an untouched input."""
    if "options" in component:
        chosen = [option["value"] for option in component["options"] if option.get("default")]
        return next(iter(chosen), None) if component["type"] == RADIO_BUTTONS else chosen
    return str(component.get("value") or "")


@asynccontextmanager
async def discord_driver(bot: Bot, **options: Any) -> AsyncIterator[DiscordDriver]:
    """Yield Ada in a channel of a server with the bot. `options` go to the client."""
    async with discord_people(bot, lambda: NOW, "Ada", **options) as people:
        yield people["Ada"]


@asynccontextmanager
async def discord_people(
    bot: Bot, clock: Callable[[], datetime], *names: str, **options: Any
) -> AsyncIterator[Mapping[str, DiscordDriver]]:
    """Yield members of one server, in one channel with the bot. Mo may manage the server."""
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


def components_of(view: discord.ui.LayoutView) -> list[Component]:
    """Return the JSON of a drawn message."""
    return list(view.to_components())  # type: ignore[no-untyped-call]


def walk(components: list[Component]) -> Iterator[Component]:
    """Yield every component, at any depth, in reading order."""
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
        return as_displayed(component["content"])
    if component["type"] == GALLERY:
        return "\n".join(str(item.get("description") or "") for item in component["items"])
    if component["type"] == BUTTON:
        return f"[{_label(component)}]"
    return "\n".join((f"[{component['placeholder']}]", *(_label(option) for option in component["options"])))


def _label(component: Component) -> str:
    """Return a button's or an option's label as a member sees it, with its emoji first."""
    emoji = component.get("emoji") or {}
    picture = f":{emoji['name']}:" if emoji.get("id") else emoji.get("name", "")
    return f"{picture} {component.get('label') or ''}".strip()


def as_displayed(markdown: str) -> str:
    """Return the bot's markdown as a reader sees it: without marks and escapes."""
    lines = [re.sub(r"^(#{3}|-#|>|-) ", "", line) for line in markdown.split("\n")]
    return "\n".join(_bare(line) for line in lines)


_MARKS = re.compile(
    r"\\(?P<escaped>[^0-9A-Za-z\s])"
    r"|\*\*|_|`"
    r"|\[(?P<label>(?:\\.|[^\]\\])*)\]\((?P<target>[^\s)]*)\)"
    r"|<(?P<address>https?:[^\s>]*)>"
    r"|<(?P<command>/[a-z ]+):[0-9]+>"
)


def _bare(line: str) -> str:
    def without_marks(match: re.Match[str]) -> str:
        if match["escaped"]:
            return match["escaped"]
        if match["target"]:
            return f"{_bare(match['label'])} ({match['target']})"
        return match["address"] or match["command"] or ""

    return _MARKS.sub(without_marks, line)


def check_message(components: list[Component]) -> None:
    """Raise AssertionError for a message that Discord would refuse, although discord.py and simcord accept it.

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
            assert len(component.get("label") or "") <= 80
            assert component.get("label") or component.get("emoji")
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
