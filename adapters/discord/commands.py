"""The core's declarations as Discord's slash commands.

https://discord.com/developers/docs/interactions/application-commands: 25 options, names of 32 characters,
descriptions of 100, required options first, a sub-command inside a group.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import discord
from discord import app_commands
from discord.app_commands.transformers import RangeTransformer

from bot.command import Command, Param, Permission, Shortcut
from bot.i18n import Translator
from bot.markup import shorten

NAME_MAX = 32
DESCRIPTION_MAX = 100
CHOICES_MAX = 25
STRING_MAX = 4000

Interaction = discord.Interaction[Any]
SlashCommand = app_commands.Command[Any, ..., None]
Run = Callable[[Interaction, Command, Mapping[str, object]], Awaitable[None]]
"""(interaction, command, the arguments that were given) → nothing."""
Choice = app_commands.Choice[str | int | float]
Complete = Callable[[Interaction, Command, Param, str], Awaitable[list[Choice]]]
"""(interaction, command, the argument, what was typed) → suggestions."""
Look = Callable[[Interaction, Shortcut, discord.Message], Awaitable[None]]
"""(interaction, shortcut, the message that it was used on) → nothing."""

MODERATORS = discord.Permissions(manage_guild=True)
"""Who sees moderators' and editors' commands, unless a server's own settings say otherwise. The core checks again."""


def slash_commands(
    commands: Iterable[Command], t: Translator, run: Run, complete: Complete
) -> list[SlashCommand | app_commands.Group]:
    """One entry for each command; those whose names have two words stand in a group named by the first.

    Raises ValueError where one name is both a command and a group, which Discord doesn't take.
    """
    wanted = list(commands)
    groups = {group: _group(group, wanted) for group in {_split(command)[0] for command in wanted} - {""}}
    alone: list[SlashCommand] = []
    for command in wanted:
        group, name = _split(command)
        if name in groups and not group:
            raise ValueError(f"/{name} is a command and can't be a group as well")
        slash = _slash_command(command, name, t, run, complete)
        if group:
            groups[group].add_command(slash)
        else:
            alone.append(slash)
    return [*alone, *groups.values()]


def context_menus(shortcuts: Iterable[Shortcut], t: Translator, look: Look) -> list[app_commands.ContextMenu]:
    """What can be done with a message, for its menu."""
    return [_context_menu(shortcut, t, look) for shortcut in shortcuts]


def _context_menu(shortcut: Shortcut, t: Translator, look: Look) -> app_commands.ContextMenu:
    async def call(interaction: Interaction, message: discord.Message) -> None:
        await look(interaction, shortcut, message)

    return app_commands.ContextMenu(name=shorten(t(shortcut.label), NAME_MAX), callback=call)


def _split(command: Command) -> tuple[str, str]:
    """The group's name, or nothing, and the command's own."""
    group, _, name = command.name.rpartition(" ")
    return group, name


def _group(name: str, commands: Iterable[Command]) -> app_commands.Group:
    """Discord hides whole groups only, so one is hidden where none of its commands is for every member."""
    members = [command for command in commands if _split(command)[0] == name]
    listed = ", ".join(_split(command)[1] for command in members)
    hidden = all(command.permission is not Permission.MEMBER for command in members)
    return app_commands.Group(
        name=name,
        description=shorten(listed, DESCRIPTION_MAX),
        default_permissions=MODERATORS if hidden else None,
    )


def _slash_command(command: Command, name: str, t: Translator, run: Run, complete: Complete) -> SlashCommand:
    async def call(interaction: Interaction, **given: object) -> None:
        await run(interaction, command, {key: _given(value) for key, value in given.items() if value is not None})

    call.__signature__ = _signature(command)  # type: ignore[attr-defined]
    descriptions = {param.name: _described(t, param.description) for param in command.params}
    choices = {
        param.name: [
            app_commands.Choice(name=t(label), value=param.kind(value)) for value, label in param.choices.items()
        ]
        for param in command.params
        if 0 < len(param.choices) <= CHOICES_MAX
    }
    suggested = {
        param.name: _completion(command, param, complete)
        for param in command.params
        if param.name not in choices and not param.picks and (param.completer or param.choices)
    }
    for decorate in (
        app_commands.describe(**descriptions),
        app_commands.choices(**choices),
        app_commands.autocomplete(**suggested),
    ):
        decorate(call)
    slash: SlashCommand = app_commands.Command(name=name, description=_described(t, command.description), callback=call)
    if command.permission is not Permission.MEMBER and slash.name == command.name:
        slash.default_permissions = MODERATORS
    return slash


def _described(t: Translator, sentence: str) -> str:
    return shorten(t(sentence), DESCRIPTION_MAX)


def _signature(command: Command) -> inspect.Signature:
    """What the library reads the options from. It puts the required ones first itself."""
    kind = inspect.Parameter.KEYWORD_ONLY
    options = [
        inspect.Parameter(
            param.name,
            kind,
            annotation=_option_type(param),
            default=inspect.Parameter.empty if param.required else None,
        )
        for param in command.params
    ]
    first = inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=discord.Interaction)
    return inspect.Signature([first, *options])


def _given(value: object) -> object:
    """What was picked from Discord's own list of roles stands for its id."""
    return str(value.id) if isinstance(value, discord.Role) else value


def _option_type(param: Param) -> Any:
    if param.picks == "role":
        return discord.Role if param.required else discord.Role | None
    if param.kind in {bool, int}:
        return param.kind if param.required else param.kind | None
    return RangeTransformer(discord.AppCommandOptionType.string, min=1, max=min(param.longest, STRING_MAX))


def _completion(command: Command, param: Param, complete: Complete) -> Callable[..., Any]:
    async def suggest(interaction: Interaction, typed: str) -> list[Choice]:
        return await complete(interaction, command, param, typed)

    return suggest
