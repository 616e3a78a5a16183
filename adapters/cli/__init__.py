"""The command line: one module a command or group of commands, imported once its name is typed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from adapters.cli.lazy import LazyCommand, LazyGroup
from bot.errors import BotError
from bot.packs.problems import ContentError

COMMANDS = (
    ("ask", "adapters.cli.ask:ask", 'Ask the packs a question here, in plain words or by a command such as "/fact fentanyl".'),
    ("check", "adapters.cli.check:check", "Check packs: the shipped ones, or those given: folders, or files of them."),
    ("config", "adapters.cli.config:config", "Show each setting, where its value comes from, and whether it is wrong."),
    ("content", "adapters.cli.content:content", "Look at the content as a whole."),
    ("db", "adapters.cli.db:db", "Upgrade, back up and check the database."),
    ("discord", "adapters.cli.discord:discord", "Set the bot up on Discord: its commands and its invitation."),
    ("doctor", "adapters.cli.doctor:doctor", "Check this machine, the settings, the database, the packs and the platforms."),
    ("export", "adapters.cli.packs:export", "Export a pack as a briefing to read: the same pack gives the same bytes."),
    ("import", "adapters.cli.packs:import_", "Import entries from other programs."),
    ("new", "adapters.cli.packs:new", "Make a pack with the id PACK from an essay, its claims proposed for an editor to judge."),
    ("polls", "adapters.cli.polls:polls", "List, show, export and verify polls."),
    ("preview", "adapters.cli.preview:preview", "Show each card, and how full it is on each platform, on a page that updates as you save."),
    ("rehearse", "adapters.cli.rehearse:rehearse", "Try in one channel of Discord or Slack what Parley assumes of it, and report each difference."),
    ("run", "adapters.cli.run:run", "Start the bot: the chat page on this machine, and each platform that has a token."),
    ("schema", "adapters.cli.schema:schema", "Write the JSON Schemas that help editors type a pack."),
    ("slack", "adapters.cli.slack:slack", "Set the app up on Slack."),
)  # fmt: skip
"""Each command's name, its import path, and the first sentence of its help, which a test compares with its
docstring."""


@contextmanager
def report_errors() -> Iterator[None]:
    """Print a BotError's message to standard error and exit with 1. A bug keeps its traceback."""
    try:
        yield
    except ContentError as error:
        for problem in error.problems:
            if str(problem) != error.message:  # a sole problem is the message itself
                click.echo(str(problem), err=True)
        raise click.ClickException(error.message) from None
    except BotError as error:
        raise click.ClickException(error.message) from None


class CommandLine(LazyGroup):
    """The group of all commands, which shows a BotError as its message."""

    def invoke(self, ctx: click.Context) -> object:
        # NumPy reads this once, at its import. More threads slow down a question's small products on a busy machine,
        # and the start too.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        with report_errors():
            return super().invoke(ctx)


@click.group(
    cls=CommandLine,
    commands=[LazyCommand(*command) for command in COMMANDS],
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="parley-bot", prog_name="parley")
def main() -> None:
    """Parley: facts, counterarguments and polls for communities that discuss a policy."""
