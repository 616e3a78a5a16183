"""Members who use Discord's client: they type, press, choose and fill in only the controls that it shows them.

answer = await server.member("Ada").slash("fact", query="tariffs")
await ada.click(answer.message, "Sources")
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.waits import PATIENCE
from tests.wire.discord.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL, Interaction
from tests.wire.discord.model import (
    BUTTON,
    CHANNEL_SELECT,
    CHECK_BOXES,
    LABEL,
    RADIO_BUTTONS,
    SELECT,
    SEND_IN_THREADS,
    SEND_MESSAGES,
    TEXT_DISPLAY,
    USE_COMMANDS,
    VIEW_CHANNEL,
    Channel,
    Guild,
    Json,
    Message,
    User,
    role_json,
    walk,
)
from tests.wire.discord.rights import member_permissions

if TYPE_CHECKING:
    from tests.wire.discord.server import DiscordServer

GROUPS = {1, 2}
_MENTION = re.compile(r"<(@[!&]?|#)(\d+)>")
STRING, WHOLE, YES_NO, CHANNEL, ROLE, NUMBER = 3, 4, 5, 7, 8, 10


class CannotDo(AssertionError):
    """Discord's client doesn't offer this: there is no such visible command, option, button or message."""


@dataclass(slots=True, eq=False)
class Member:
    """A person in a server, who speaks in one channel by default."""

    server: DiscordServer
    user: User
    guild: Guild
    channel: Channel
    joined: datetime
    roles: tuple[str, ...] = ()
    moderator: bool = False
    locale: str = "en-US"
    administrator: bool = False
    pending: bool = False
    """Whether the member must still accept the server's rules."""
    timed_out: datetime | None = None
    """End of the timeout, if there is one."""
    extra: int = 0
    """Permissions beyond @everyone's."""
    done: list[Interaction] = field(default_factory=list)

    def sees(self, channel: Channel | None = None) -> list[Message]:
        """Return the channel's messages, with those that only this member sees."""
        place = channel or self.channel
        return place.posted(self.user) if self.may(VIEW_CHANNEL, place) else []

    def may(self, permission: int, channel: Channel) -> bool:
        """Tell whether the member has the permission. A conversation with the bot needs none."""
        return channel.guild is None or bool(member_permissions(self, channel) & permission)

    # --- writing ---

    def write(self, words: str, *, here: Channel | None = None, to: Message | None = None) -> Message:
        """Write a message in the channel, or a reply, which pings the author of the first message."""
        place = here or self.channel
        if not self.may(SEND_IN_THREADS if place.is_thread else SEND_MESSAGES, place):
            raise CannotDo(f"{self.user.name} may not write in {place.name!r}")
        return self.server.add_message(self.user, place, words, replied_to=to)

    def write_directly(self, words: str) -> Message:
        """Write to the bot directly."""
        return self.server.add_message(self.user, self.direct, words)

    def edit(self, message: Message, words: str) -> None:
        """Edit the member's own message; Discord reads its mentions again."""
        if message.author is not self.user:
            raise CannotDo("nobody edits what others have written")
        message.content, message.edited = words, self.server.now()
        bot = self.server.bot
        message.mentions = (bot,) if f"<@{bot.id}>" in words else ()
        self.server.tell("UPDATE", message)

    @property
    def direct(self) -> Channel:
        """The member's conversation with the bot."""
        return self.server.direct(self.user)

    # --- acting, and waiting for the answer ---

    async def slash(self, name: str, *, here: Channel | None = None, **options: object) -> Interaction:
        """Use a command. `name` includes the group, as in `poll create`; the options go by name."""
        return await self.wait(self.start_slash(name, here=here, **options))

    async def click(self, message: Message, label: str) -> Interaction:
        return await self.wait(self.start_click(message, label))

    async def choose(self, message: Message, *options: str, placeholder: str = "") -> Interaction:
        """Pick options of a select by their labels. `placeholder` names the select if there are several."""
        return await self.wait(self.start_choose(message, *options, placeholder=placeholder))

    async def autocomplete(self, name: str, option: str, text: str, **others: object) -> list[Json]:
        """Return the suggestions, each with `name` and `value`."""
        answer = await self.wait(self.start_autocomplete(name, option, text, **others))
        return answer.choices or []

    async def submit(self, opened: Interaction, **filled: str | Sequence[str]) -> Interaction:
        """Fill in the modal that an interaction opened, by its inputs' custom ids."""
        return await self.wait(self.start_submit(opened, **filled))

    async def context(self, name: str, message: Message) -> Interaction:
        """Use a command in a message's menu."""
        return await self.wait(self.start_context(name, message))

    async def press(self, message: Message | None, custom_id: str, *values: str) -> Interaction:
        """Send a custom id, even one that no message shows, such as a forged or a very old control."""
        return await self.wait(self.start_press(message, custom_id, *values))

    async def wait(self, interaction: Interaction, patience: float = PATIENCE) -> Interaction:
        """Wait for an answer that is more than «thinking», or for Discord's notice of a failure."""
        async with asyncio.timeout(patience):
            await interaction.settled.wait()
        return interaction

    # --- acting without waiting ---

    def start_slash(self, name: str, *, here: Channel | None = None, **options: object) -> Interaction:
        command, offered, path = self._command(name, here=here)
        declared = {option["name"]: option for option in offered}
        missing = [key for key, option in declared.items() if option.get("required") and key not in options]
        if missing or set(options) - set(declared):
            raise CannotDo(
                f"/{name} has the options {list(declared)}; {missing} are missing, given are {list(options)}"
            )
        values = [_option(declared[key], value) for key, value in options.items()]
        data = _nested(command, path, values) | self._resolved(values)
        return self._send(COMMAND, data, here)

    def start_autocomplete(self, name: str, option: str, text: str, **others: object) -> Interaction:
        command, offered, path = self._command(name)
        declared = {one["name"]: one for one in offered}
        if not declared.get(option, {}).get("autocomplete"):
            raise CannotDo(f"/{name} completes no option {option!r}")
        values = [_option(declared[key], value) for key, value in others.items()]
        typing = {"name": option, "type": declared[option]["type"], "value": text, "focused": True}
        return self._send(AUTOCOMPLETE, _nested(command, path, [*values, typing]), None)

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
            data |= {"component_type": SELECT, "values": list(values)}  # D-choose
        return self._send(COMPONENT, data, message.channel if message else None, message)

    def start_submit(self, opened: Interaction, **filled: str | Sequence[str]) -> Interaction:
        if opened.modal is None:
            raise CannotDo("no form was opened")
        components = [_filled(component, filled) for component in opened.modal["components"]]
        picked = [
            {"type": CHANNEL, "value": channel}
            for each in inputs({"components": components})
            if each["type"] == CHANNEL_SELECT
            for channel in each["values"]
        ]
        for each in picked:
            if not self.may(VIEW_CHANNEL, self.server.channels[each["value"]]):
                raise CannotDo(f"{self.user.name} isn't offered the channel {each['value']}")
        data = {"custom_id": opened.modal["custom_id"], "components": components, **self._resolved(picked)}
        return self._send(MODAL, data, opened.channel, opened.origin)

    def start_context(self, name: str, message: Message) -> Interaction:
        command, _, _ = self._command(name, kind=3, here=message.channel)
        data = {
            "id": command["id"],
            "name": name,
            "type": 3,
            "target_id": message.id,
            "resolved": {"messages": {message.id: message.json()}},
        }
        return self._send(COMMAND, data, message.channel)

    def _send(self, kind: int, data: Json, channel: Channel | None, origin: Message | None = None) -> Interaction:
        place = channel or self.channel
        if not self.may(VIEW_CHANNEL, place):
            raise CannotDo(f"{self.user.name} does not see the channel {place.name!r}")
        interaction = self.server.interact(self, kind, data, place, origin)
        self.done.append(interaction)
        return interaction

    # --- the client ---

    def _command(self, name: str, kind: int = 1, here: Channel | None = None) -> tuple[Json, list[Json], list[Json]]:
        """Return the command, the options to fill in, and the groups on the way to them."""
        first, *rest = name.split(" ") if kind == 1 else [name]
        place = here or self.channel
        command = self.server.offered(first, kind, self.guild, place)
        if command is None or not self._may_use(command, place):
            raise CannotDo(f"there is no command {first!r}")
        path: list[Json] = []
        options: list[Json] = command.get("options") or []
        for step in rest:
            group = next((option for option in options if option["name"] == step and option["type"] in GROUPS), None)
            if group is None:
                raise CannotDo(f"there is no command {name!r}")
            path.append(group)
            options = group.get("options") or []
        return command, options, path

    def _may_use(self, command: Json, place: Channel) -> bool:
        """Tell whether the server's default settings offer the command to the member. "0" is for administrators
        only."""
        if place.guild is None:
            return True
        permissions = member_permissions(self, place)
        required = int(command.get("default_member_permissions") or 0) | USE_COMMANDS
        hidden = command.get("default_member_permissions") == "0" and not self.administrator
        return permissions & required == required and not hidden

    def _resolved(self, options: list[Json]) -> Json:
        """Return the resolved data that Discord adds for the ids in a command, even those within text: D-raw, D-resolved.

        `permissions` of a channel are the member's own there.

        https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object-resolved-data-structure
        """
        texts = " ".join(str(option["value"]) for option in options if option["type"] == STRING)
        named = {option["value"] for option in options if option["type"] in {CHANNEL, ROLE}}
        named |= {mark[2] for mark in _MENTION.finditer(texts)}
        channels = {
            id_: {**channel.partial_json(), "permissions": str(member_permissions(self, channel))}
            for id_, channel in self.guild.channels.items()
            if id_ in named
        }
        all_roles = {self.guild.id: "@everyone", **self.guild.roles}
        roles = {id_: role_json(id_, name) for id_, name in all_roles.items() if id_ in named}
        here = [member.user for member in self.server.members if member.guild is self.guild]
        users = {user.id: user.json() for user in here if user.id in named}
        resolved = {key: value for key, value in (("channels", channels), ("roles", roles), ("users", users)) if value}
        return {"resolved": resolved} if resolved else {}

    def _control(self, message: Message, kind: int, key: str, label: str) -> Json:
        if message.deleted or message.only_for not in {None, self.user}:
            raise CannotDo(f"{self.user.name} does not see this message")
        for control in message.controls:
            if control["type"] == kind and (control.get(key) == label or not label):
                if control.get("disabled") or "custom_id" not in control:
                    raise CannotDo(f"{label!r} can't be pressed")
                return control
        raise CannotDo(f"there is no {label!r} among {message.labels}")


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


def _nested(command: Json, path: list[Json], options: list[Json]) -> Json:
    for step in reversed(path):
        options = [{"name": step["name"], "type": step["type"], "options": options}]
    return {"id": command["id"], "name": command["name"], "type": command.get("type", 1), "options": options}


def _filled(component: Json, filled: dict[str, Any]) -> Json:
    """Return a part of a modal as the client sends it: labels around inputs, rows around inputs, or text. D-form"""
    shared = {"type": component["type"], "id": component.get("id", 0)}
    if component["type"] == LABEL:
        return {**shared, "component": sent_back(component["component"], filled)}
    if component["type"] == TEXT_DISPLAY:
        return shared
    return {**shared, "components": [sent_back(one, filled) for one in component["components"]]}


def sent_back(component: Json, filled: Mapping[str, Any]) -> Json:
    """Return an input with the member's answer, or with its old value. Radio buttons have one value or null. D-form"""
    name = component["custom_id"]
    shared = {"type": component["type"], "id": component.get("id", 0), "custom_id": name}
    if component["type"] == CHANNEL_SELECT:
        return {**shared, "values": list(filled[name])}
    if component["type"] in {SELECT, RADIO_BUTTONS, CHECK_BOXES}:
        chosen = [option["value"] for option in component["options"] if option.get("default")]
        values = list(filled.get(name, chosen))
        if component["type"] == RADIO_BUTTONS:
            return {**shared, "value": values[0] if values else None}
        return {**shared, "values": values}
    return {**shared, "value": filled.get(name, component.get("value") or "")}


def inputs(modal: Json) -> Iterator[Json]:
    """Return the inputs of a form."""
    return (component for component in walk(modal["components"]) if "custom_id" in component)
