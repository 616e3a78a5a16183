"""The core's declarations as Discord's slash commands and context menus, in the JSON that Discord is told.

https://discord.com/developers/docs/interactions/application-commands: 25 options, names of 32 characters,
descriptions of 100, required options first, a sub-command inside a group.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import discord

from bot.command import Command, Param, Permission, Shortcut
from bot.i18n import Translator
from bot.markup import shorten

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
"""The kinds of channels that take messages. In a forum each is a new post."""

_CONTEXTS = discord.app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False)
_INSTALLS = discord.app_commands.AppInstallationType(guild=True, user=False)
_EVERYWHERE: Json = {"contexts": _CONTEXTS.to_array(), "integration_types": _INSTALLS.to_array()}

MODERATORS = discord.Permissions(manage_guild=True).value
"""Who sees moderators' and editors' commands, unless a server's own settings say otherwise. The core checks again."""


def declared(commands: Iterable[Command], shortcuts: Iterable[Shortcut], t: Translator) -> list[Json]:
    """One entry for each command, those whose names have two words in a group named by the first, and one for each
    shortcut, by kind and name, whatever the order of the declarations.

    Raises ValueError where one name is both a command and a group, which Discord doesn't take.
    """
    groups: dict[str, list[Command]] = {}
    alone: list[Command] = []
    for command in commands:
        group, _ = split(command)
        (groups.setdefault(group, []) if group else alone).append(command)
    for command in alone:
        if command.name in groups:
            raise ValueError(f"/{command.name} is a command and can't be a group as well")
    entries = [
        *(_command(command, t) for command in alone),
        *(_group(name, members, t) for name, members in groups.items()),
        *(_context_menu(shortcut, t) for shortcut in shortcuts),
    ]
    return sorted(entries, key=lambda entry: (entry["type"], entry["name"]))


def menu_name(shortcut: Shortcut, t: Translator) -> str:
    """What a message's menu calls it. Discord tells this name alone when it is used."""
    return shorten(t(shortcut.label), NAME_MAX)


def split(command: Command) -> tuple[str, str]:
    """The group's name, or nothing, and the command's own."""
    group, _, name = command.name.rpartition(" ")
    return group, name


def _context_menu(shortcut: Shortcut, t: Translator) -> Json:
    return {"type": _COMMANDS.message.value, "name": menu_name(shortcut, t), **_EVERYWHERE}


def _group(name: str, members: Sequence[Command], t: Translator) -> Json:
    """Discord hides whole groups only, so one is hidden where none of its commands is for every member."""
    listed = ", ".join(sorted(split(command)[1] for command in members))
    hidden = all(command.permission is not Permission.MEMBER for command in members)
    return _entry(name, listed, hidden=hidden) | {
        "options": [
            {"type": _OPTIONS.subcommand.value, "name": split(command)[1], **_told(command, t)} for command in members
        ]
    }


def _command(command: Command, t: Translator) -> Json:
    hidden = command.permission is not Permission.MEMBER
    return _entry(command.name, "", hidden=hidden) | _told(command, t)


def _entry(name: str, description: str, *, hidden: bool) -> Json:
    return {
        "type": _COMMANDS.chat_input.value,
        "name": name,
        "description": shorten(description, DESCRIPTION_MAX),
        "default_member_permissions": MODERATORS if hidden else None,
        **_EVERYWHERE,
    }


def _told(command: Command, t: Translator) -> Json:
    options = sorted(command.params, key=lambda param: not param.required)
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
