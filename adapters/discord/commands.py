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

from bot.command import Command, Param
from bot.i18n import Translator
from bot.markup import shorten

DESCRIPTION_MAX = 100
CHOICES_MAX = 25
STRING_MAX = 4000

Interaction = discord.Interaction[Any]
SlashCommand = app_commands.Command[Any, ..., None]
Run = Callable[[Interaction, Command, Mapping[str, object]], Awaitable[None]]
"""(interaction, command, the arguments that were given) → nothing."""
Complete = Callable[[Interaction, Command, str, str], Awaitable[list[app_commands.Choice[str]]]]
"""(interaction, command, the argument's name, what was typed) → suggestions."""


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


def _split(command: Command) -> tuple[str, str]:
    """The group's name, or nothing, and the command's own."""
    group, _, name = command.name.rpartition(" ")
    return group, name


def _group(name: str, commands: Iterable[Command]) -> app_commands.Group:
    members = ", ".join(own for group, own in map(_split, commands) if group == name)
    return app_commands.Group(name=name, description=shorten(members, DESCRIPTION_MAX))


def _slash_command(command: Command, name: str, t: Translator, run: Run, complete: Complete) -> SlashCommand:
    async def call(interaction: Interaction, **given: object) -> None:
        await run(interaction, command, {key: value for key, value in given.items() if value is not None})

    call.__signature__ = _signature(command)  # type: ignore[attr-defined]
    descriptions = {param.name: _described(t, param.description) for param in command.params}
    choices = {
        param.name: [app_commands.Choice(name=t(label), value=value) for value, label in param.choices.items()]
        for param in command.params
        if 0 < len(param.choices) <= CHOICES_MAX
    }
    suggested = {
        param.name: _completion(command, param, complete)
        for param in command.params
        if param.name not in choices and (param.completer or param.choices)
    }
    for decorate in (
        app_commands.describe(**descriptions),
        app_commands.choices(**choices),
        app_commands.autocomplete(**suggested),
    ):
        decorate(call)
    return app_commands.Command(name=name, description=_described(t, command.description), callback=call)


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


def _option_type(param: Param) -> Any:
    if param.kind in {bool, int}:
        return param.kind if param.required else param.kind | None
    return RangeTransformer(discord.AppCommandOptionType.string, min=1, max=min(param.longest, STRING_MAX))


def _completion(command: Command, param: Param, complete: Complete) -> Callable[..., Any]:
    async def suggest(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await complete(interaction, command, param.name, typed)

    return suggest
