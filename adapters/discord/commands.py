"""Convert the core's declarations to Discord's slash commands and context menus, as Discord's JSON.

https://discord.com/developers/docs/interactions/application-commands: 25 options, names of 32 characters, descriptions
of 100, required options first, a sub-command inside a group.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import discord

from bot.chat.markup import shorten
from bot.dispatch.declare import Command, Param, Permission, Shortcut
from bot.i18n import N_, Translator

NAME_MAX = 32
DESCRIPTION_MAX = 100
CHOICES_MAX = 25
STRING_MAX = 4000

Json = dict[str, Any]

_COMMANDS, _OPTIONS = discord.AppCommandType, discord.AppCommandOptionType
_CHANNELS = discord.ChannelType
PLACES = frozenset(
    kind.value
    for kind in (
        _CHANNELS.text,
        _CHANNELS.news,
        _CHANNELS.news_thread,
        _CHANNELS.public_thread,
        _CHANNELS.private_thread,
        _CHANNELS.voice,
        _CHANNELS.forum,
    )
)
"""Types of channels that take messages. In a forum, each message is a new post."""

_IN_SERVERS = discord.app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False)
_EVERYWHERE = discord.app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False)
_ANYWHERE = discord.app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True)
_BY_SERVERS = discord.app_commands.AppInstallationType(guild=True, user=False)
_BY_ANYBODY = discord.app_commands.AppInstallationType(guild=True, user=True)
_AT_HOME = frozenset({"poll", "settings", "privacy", "content", "log", "suggest", "suggestions"})
"""Groups and commands that belong to a server with the bot, even if one of them would work elsewhere."""

OPENS_POLL = "poll create"
"""The command that a message's menu runs, with the message as the question."""
POLL_ON_THIS = N_("Start a poll on this")

MODERATORS = str(discord.Permissions(manage_guild=True).value)
"""The permission that members need by default to see moderators' and editors' commands. The core checks again."""


def declared(commands: Iterable[Command], shortcuts: Iterable[Shortcut], t: Translator) -> list[Json]:
    """Return one entry for each command, group and shortcut, ordered by kind and name.

    A command with a name of two words belongs to the group of the first word. Raises ValueError if a name is both a
    command and a group, which Discord refuses.
    """
    groups: dict[str, list[Command]] = {}
    alone: list[Command] = []
    for command in commands:
        group, _ = split(command)
        (groups.setdefault(group, []) if group else alone).append(command)
    for command in alone:
        if command.name in groups:
            raise ValueError(f"/{command.name} is a command and can't be a group as well")
    opens_poll = any(command.name == OPENS_POLL for members in groups.values() for command in members)
    entries = [
        *(_command(command, t) for command in alone),
        *(_group(name, members, t) for name, members in groups.items()),
        *(_menu(menu_name(shortcut.label, t), _ANYWHERE) for shortcut in shortcuts),
        *([_menu(menu_name(POLL_ON_THIS, t), _IN_SERVERS)] if opens_poll else ()),
    ]
    return sorted(entries, key=lambda entry: (entry["type"], entry["name"]))


def menu_name(label: str, t: Translator) -> str:
    """Return the name of an entry in a message's menu, which is all that an interaction tells about it."""
    return shorten(t(label), NAME_MAX)


def split(command: Command) -> tuple[str, str]:
    """Return the group's name, or "", and the command's own."""
    group, _, name = command.name.rpartition(" ")
    return group, name


def _menu(name: str, places: discord.app_commands.AppCommandContext) -> Json:
    return {"type": _COMMANDS.message.value, "name": name, **_offer(places)}


def _group(name: str, members: Sequence[Command], t: Translator) -> Json:
    """Declare a group. It's hidden if none of its commands is for every member, since Discord hides only whole groups.

    For the same reason, direct messages offer a group unless all of its commands need a server.
    """
    listed = ", ".join(sorted(split(command)[1] for command in members))
    hidden = all(command.permission is not Permission.MEMBER for command in members)
    return _entry(name, listed, hidden=hidden, in_servers=all(command.needs_community for command in members)) | {
        "options": [
            {"type": _OPTIONS.subcommand.value, "name": split(command)[1], **_description_and_options(command, t)}
            for command in members
        ]
    }


def _command(command: Command, t: Translator) -> Json:
    hidden = command.permission is not Permission.MEMBER
    return _entry(command.name, "", hidden=hidden, in_servers=command.needs_community) | _description_and_options(
        command, t
    )


def _offer(places: discord.app_commands.AppCommandContext) -> Json:
    """Return the places and installs of an entry. Entries for private channels are for members who installed the app
    themselves.

    https://discord.com/developers/docs/interactions/application-commands#interaction-contexts
    """
    installs = _BY_ANYBODY if places.private_channel else _BY_SERVERS
    return {"contexts": places.to_array(), "integration_types": installs.to_array()}


def _entry(name: str, description: str, *, hidden: bool, in_servers: bool) -> Json:
    return {
        "type": _COMMANDS.chat_input.value,
        "name": name,
        "description": shorten(description, DESCRIPTION_MAX),
        "default_member_permissions": MODERATORS if hidden else None,
        **_offer(_IN_SERVERS if in_servers else _EVERYWHERE if hidden or name in _AT_HOME else _ANYWHERE),
    }


def _description_and_options(command: Command, t: Translator) -> Json:
    options = sorted(command.named, key=lambda param: not param.required)
    return {
        "description": shorten(t(command.description), DESCRIPTION_MAX),
        "options": [_option(param, t) for param in options],
    }


def _option(param: Param, t: Translator) -> Json:
    option: Json = {
        "type": _option_type(param).value,
        "name": param.name,
        "description": shorten(t(param.description), DESCRIPTION_MAX),
        "required": param.required,
    }
    if option["type"] == _OPTIONS.string.value:
        option |= {"min_length": 1, "max_length": min(param.longest, STRING_MAX)}
    if option["type"] == _OPTIONS.channel.value:
        option["channel_types"] = sorted(PLACES)
    if 0 < len(param.choices) <= CHOICES_MAX:
        option["choices"] = [{"name": t(label), "value": param.kind(value)} for value, label in param.choices.items()]
    elif not param.picks and (param.completer or param.choices):
        option["autocomplete"] = True
    return option


def _option_type(param: Param) -> discord.AppCommandOptionType:
    if param.picks:
        return _OPTIONS.role if param.picks == "role" else _OPTIONS.channel
    return {bool: _OPTIONS.boolean, int: _OPTIONS.integer}.get(param.kind, _OPTIONS.string)
