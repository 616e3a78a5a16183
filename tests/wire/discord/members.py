"""People: they type, press, choose and fill in what they see, and nothing that they don't see.

answer = await server.member("Ada").slash("fact", query="tariffs")
await ada.click(answer.message, "Sources")
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.wire.discord.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL, Interaction
from tests.wire.discord.model import (
    BUTTON,
    LABEL,
    MANAGE_GUILD,
    MEMBER_PERMISSIONS,
    SELECT,
    TEXT_DISPLAY,
    Channel,
    Guild,
    Json,
    Message,
    User,
    walk,
)

if TYPE_CHECKING:
    from tests.wire.discord.server import DiscordServer

GROUPS = {1, 2}
STRING, WHOLE, YES_NO, NUMBER = 3, 4, 5, 10
PATIENCE = 20.0
"""Real seconds after which a test that waits for an answer is told that there is none."""


class CannotDo(AssertionError):
    """Discord's client does not offer this: there is no such command, option, button or message to be seen."""


@dataclass(slots=True, eq=False)
class Member:
    """A person in one server, who speaks in one channel unless told otherwise."""

    server: DiscordServer
    user: User
    guild: Guild
    channel: Channel
    joined: datetime
    roles: tuple[str, ...] = ()
    moderator: bool = False
    locale: str = "en-US"
    done: list[Interaction] = field(default_factory=list)

    @property
    def permissions(self) -> int:
        return MEMBER_PERMISSIONS | (MANAGE_GUILD if self.moderator else 0)

    def sees(self, channel: Channel | None = None) -> list[Message]:
        """The messages of a channel, those that only this person sees among them."""
        return (channel or self.channel).posted(self.user)

    # --- what the person does, and waits for ---

    async def slash(self, name: str, *, here: Channel | None = None, **options: object) -> Interaction:
        """`name` with its group, as `poll create`; the options by their names."""
        return await self.wait(self.start_slash(name, here=here, **options))

    async def click(self, message: Message, label: str) -> Interaction:
        return await self.wait(self.start_click(message, label))

    async def choose(self, message: Message, *options: str, placeholder: str = "") -> Interaction:
        """Picks options of a select by their labels; by its placeholder where there are several selects."""
        return await self.wait(self.start_choose(message, *options, placeholder=placeholder))

    async def autocomplete(self, name: str, option: str, typed: str, **others: object) -> list[Json]:
        """The suggestions, each with `name` and `value`."""
        answer = await self.wait(self.start_autocomplete(name, option, typed, **others))
        return answer.choices or []

    async def submit(self, opened: Interaction, **filled: str | Sequence[str]) -> Interaction:
        """Fills in the modal that an interaction opened, by the custom ids of its inputs."""
        return await self.wait(self.start_submit(opened, **filled))

    async def context(self, name: str, message: Message) -> Interaction:
        """A command of a message's menu."""
        return await self.wait(self.start_context(name, message))

    async def press(self, message: Message | None, custom_id: str, *values: str) -> Interaction:
        """Sends a custom id as it is, even one that no message shows: a forged or a very old control."""
        return await self.wait(self.start_press(message, custom_id, *values))

    async def wait(self, interaction: Interaction, patience: float = PATIENCE) -> Interaction:
        """Until something is shown that is more than «thinking», or Discord says that it failed."""
        async with asyncio.timeout(patience):
            await interaction.settled.wait()
        return interaction

    # --- the same, without waiting ---

    def start_slash(self, name: str, *, here: Channel | None = None, **options: object) -> Interaction:
        command, offered, path = self._command(name)
        known = {option["name"]: option for option in offered}
        missing = [key for key, option in known.items() if option.get("required") and key not in options]
        if missing or set(options) - set(known):
            raise CannotDo(f"/{name} has the options {list(known)}; {missing} are missing, given are {list(options)}")
        given = [_option(known[key], value) for key, value in options.items()]
        return self._send(COMMAND, _nested(command, path, given), here)

    def start_autocomplete(self, name: str, option: str, typed: str, **others: object) -> Interaction:
        command, offered, path = self._command(name)
        known = {one["name"]: one for one in offered}
        if not known.get(option, {}).get("autocomplete"):
            raise CannotDo(f"/{name} completes no option {option!r}")
        given = [_option(known[key], value) for key, value in others.items()]
        typing = {"name": option, "type": known[option]["type"], "value": typed, "focused": True}
        return self._send(AUTOCOMPLETE, _nested(command, path, [*given, typing]), None)

    def start_click(self, message: Message, label: str) -> Interaction:
        button = self._control(message, BUTTON, "label", label)
        return self.start_press(message, button["custom_id"])

    def start_choose(self, message: Message, *options: str, placeholder: str = "") -> Interaction:
        select = self._control(message, SELECT, "placeholder", placeholder)
        values = {option["label"]: option["value"] for option in select["options"]}
        if set(options) - set(values):
            raise CannotDo(f"the select has the options {list(values)}")
        if not select.get("min_values", 1) <= len(options) <= select.get("max_values", 1):
            raise CannotDo(f"the select does not take {len(options)} options")
        return self.start_press(message, select["custom_id"], *(values[label] for label in options))

    def start_press(self, message: Message | None, custom_id: str, *values: str) -> Interaction:
        data: Json = {"custom_id": custom_id, "component_type": BUTTON, "id": 1}
        if values:
            data |= {"component_type": SELECT, "values": list(values)}
        return self._send(COMPONENT, data, message.channel if message else None, message)

    def start_submit(self, opened: Interaction, **filled: str | Sequence[str]) -> Interaction:
        if opened.modal is None:
            raise CannotDo("no form was opened")
        components = [_filled(component, filled) for component in opened.modal["components"]]
        data = {"custom_id": opened.modal["custom_id"], "components": components}
        return self._send(MODAL, data, opened.channel, opened.origin)

    def start_context(self, name: str, message: Message) -> Interaction:
        command, _, _ = self._command(name, kind=3)
        data = {
            "id": command["id"],
            "name": name,
            "type": 3,
            "target_id": message.id,
            "resolved": {"messages": {message.id: message.json()}},
        }
        return self._send(COMMAND, data, message.channel)

    def _send(self, kind: int, data: Json, channel: Channel | None, origin: Message | None = None) -> Interaction:
        interaction = self.server.interact(self, kind, data, channel or self.channel, origin)
        self.done.append(interaction)
        return interaction

    # --- what the person sees ---

    def _command(self, name: str, kind: int = 1) -> tuple[Json, list[Json], list[Json]]:
        """(the command, the options to fill in, the groups on the way to them)."""
        first, *rest = name.split(" ") if kind == 1 else [name]
        command = self.server.offered(first, kind, self.guild)
        if command is None or not self._may_use(command):
            raise CannotDo(f"there is no command {first!r}")
        path: list[Json] = []
        options: list[Json] = command.get("options") or []
        for step in rest:
            found = next((option for option in options if option["name"] == step and option["type"] in GROUPS), None)
            if found is None:
                raise CannotDo(f"there is no command {name!r}")
            path.append(found)
            options = found.get("options") or []
        return command, options, path

    def _may_use(self, command: Json) -> bool:
        wanted = command.get("default_member_permissions")
        return wanted is None or (bool(int(wanted)) and self.permissions & int(wanted) == int(wanted))

    def _control(self, message: Message, kind: int, key: str, shown: str) -> Json:
        if message.deleted or message.only_for not in {None, self.user}:
            raise CannotDo(f"{self.user.name} does not see this message")
        for control in message.controls:
            if control["type"] == kind and (control.get(key) == shown or not shown):
                if control.get("disabled") or "custom_id" not in control:
                    raise CannotDo(f"{shown!r} can't be pressed")
                return control
        raise CannotDo(f"there is no {shown!r} among {message.labels}")


def _option(option: Json, value: object) -> Json:
    allowed = [choice["value"] for choice in option.get("choices") or ()]
    if allowed and value not in allowed:
        raise CannotDo(f"{option['name']} is one of {allowed}, not {value!r}")
    kinds = {STRING: str, WHOLE: int, YES_NO: bool, NUMBER: float}
    if not isinstance(value, kinds.get(option["type"], str)):
        raise CannotDo(f"{option['name']} does not take {value!r}")
    if isinstance(value, str) and not option.get("min_length", 0) <= len(value) <= option.get("max_length", 6000):
        raise CannotDo(f"{option['name']} does not take {len(value)} characters")
    return {"name": option["name"], "type": option["type"], "value": value}


def _nested(command: Json, path: list[Json], given: list[Json]) -> Json:
    for step in reversed(path):
        given = [{"name": step["name"], "type": step["type"], "options": given}]
    return {"id": command["id"], "name": command["name"], "type": command.get("type", 1), "options": given}


def _filled(component: Json, filled: dict[str, Any]) -> Json:
    """A part of a modal as it is sent back: labels around inputs, rows around inputs, or text."""
    shared = {"type": component["type"], "id": component.get("id", 0)}
    if component["type"] == LABEL:
        return {**shared, "component": _input(component["component"], filled)}
    if component["type"] == TEXT_DISPLAY:
        return shared
    return {**shared, "components": [_input(one, filled) for one in component["components"]]}


def _input(component: Json, filled: dict[str, Any]) -> Json:
    name = component["custom_id"]
    shared = {"type": component["type"], "id": component.get("id", 0), "custom_id": name}
    if component["type"] == SELECT:
        chosen = [option["value"] for option in component["options"] if option.get("default")]
        return {**shared, "values": list(filled.get(name, chosen))}
    return {**shared, "value": filled.get(name, component.get("value") or "")}


def inputs(modal: Json) -> Iterator[Json]:
    """The inputs of a form."""
    return (found for found in walk(modal["components"]) if "custom_id" in found)
