"""Import a command's module only when the command runs."""

from __future__ import annotations

from importlib import import_module

import click


class LazyCommand(click.Command):
    """Stands for a command whose module isn't imported yet. Help and completion need only its name and summary."""

    def __init__(self, name: str, target: str, summary: str) -> None:
        super().__init__(name, help=summary)
        self.target = target

    def load(self) -> click.Command:
        """Import the command that `target` names, as in "package.module:attribute"."""
        module, _, attribute = self.target.partition(":")
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            message = f"{self.target} isn't a command"
            raise TypeError(message)
        return command


class LazyGroup(click.Group):
    """A group that loads a lazy command once its name is typed.

    Click's own example of lazy loading overrides `get_command`, and so imports every module to list the help texts.
    """

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, LazyCommand) else command, rest
