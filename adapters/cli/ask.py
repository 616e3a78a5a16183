"""`parley ask`: ask the packs in a terminal, without a database."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import click

from adapters import terminal
from adapters.cli.options import content_folder, content_option, new_reference, now
from bot.chat.vocabulary import Actor, Outcome, Place, Request
from bot.commands.help import Help
from bot.commands.lookup import lookup_features
from bot.dispatch.bot import Bot
from bot.dispatch.parse import question_of
from bot.dispatch.rate_limit import Limiter
from bot.i18n import translator
from bot.library.edition import Edition, Shelf
from bot.library.meanings import Meanings
from bot.packs.loader import load_library
from bot.settings.sources import load_settings


@click.command()
@click.argument("line", nargs=-1, required=True)
@click.option("--plain", "style", flag_value="plain", help="Text without colours or frames.")
@click.option("--json", "style", flag_value="json", help="The whole answer as JSON.")
@click.option("--press", multiple=True, metavar="ACTION", help="Press a control of the answer by its action id.")
@content_option
@click.option("--lang", help="Language of the bot's sentences.")
def ask(
    line: tuple[str, ...], style: str | None, press: tuple[str, ...], content: Path | None, lang: str | None
) -> None:
    """Ask the packs a question here, in plain words or by a command such as "/fact fentanyl". Ends with 1 when nothing
    was found.
    """
    locale = lang or "en"
    actor = Actor("terminal", "local", os.environ.get("USER", "you"), os.environ.get("USER", "you"))
    request = Request(actor, Place("terminal", "local", "terminal", direct=True), now(), locale)
    shelf = Shelf(Edition.of(load_library(content_folder(content))))
    Meanings(load_settings().cache).recall(shelf.current)
    bot = lookup_bot(shelf)

    async def answer() -> Outcome:
        words = " ".join(line).strip()
        question = question_of(words)
        if question is None and words.startswith("/"):
            outcome = await bot.say(request, words)
        else:
            outcome = await bot.ask(request, words if question is None else question)
        for pressed in press:
            action, _, value = pressed.partition("=")
            outcome = await bot.press(request, action, (value,) if value else ())
        return outcome

    outcome = asyncio.run(answer())
    if style == "json":
        click.echo(terminal.as_json(outcome), nl=False)
    elif outcome.answer is not None and style == "plain":
        click.echo(terminal.as_plain(outcome.answer, translator(locale)), nl=False)
    elif outcome.answer is not None:
        terminal.print_reply(outcome.answer, translator(locale))
    if not outcome.success:
        sys.exit(1)


def lookup_bot(shelf: Shelf) -> Bot:
    """Make a bot without polls, and so without a database, for questions in a terminal."""
    helper = Help()
    bot = Bot.of((*lookup_features(shelf), helper), new_reference=new_reference, limiter=Limiter())
    helper.commands = bot.commands
    return bot
