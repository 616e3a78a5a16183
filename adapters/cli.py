"""The command line, and the one place where the core and the adapters are put together."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import click

from adapters import configuration, moving, records, rekeying
from adapters import packs as editing
from adapters.discord import console
from adapters.doctor import command as doctoring
from adapters.preview import console as preview_console
from adapters.slack import console as slack_console

if TYPE_CHECKING:
    from adapters.health import Health
    from bot.app import Bot
    from bot.chat import Outcome
    from bot.config import Settings
    from bot.instance import Instance
    from bot.library.shelf import Shelf
    from bot.metrics import Metrics

    class Service(Protocol):
        """A platform for as long as the process runs."""

        @property
        def name(self) -> str: ...

        def is_connected(self) -> bool: ...

        async def run(self) -> None: ...


END_SECONDS = 8.0
"""For which a platform may finish what it has taken."""


def now() -> datetime:
    return datetime.now(UTC)


def new_reference() -> str:
    """Eight characters that a person can read out."""
    import secrets  # noqa: PLC0415 - kept off the path of --help

    return "".join(secrets.choice("23456789ABCDEFGHJKMNPQRSTUVWXYZ") for _ in range(8))


@contextmanager
def told() -> Iterator[None]:
    """Shows a BotError as its message, on standard error, and ends with 1. A bug keeps its traceback."""
    from bot.errors import BotError, ContentError  # noqa: PLC0415 - kept off the path of --help

    try:
        yield
    except ContentError as error:
        for problem in error.problems:
            if str(problem) != error.message:  # as where it is the only one
                click.echo(str(problem), err=True)
        raise click.ClickException(error.message) from None
    except BotError as error:
        raise click.ClickException(error.message) from None


def open_shelf(content: Path) -> Shelf:
    from bot.library.loader import load_library  # noqa: PLC0415 - kept off the path of --help
    from bot.library.shelf import Edition, Shelf  # noqa: PLC0415

    return Shelf(Edition.of(load_library(content)))


def lookup_bot(shelf: Shelf) -> Bot:
    """A bot without polls, and so without a database: for asking in a terminal."""
    from bot.app import Bot  # noqa: PLC0415 - kept off the path of --help
    from bot.commands.help import Help  # noqa: PLC0415
    from bot.commands.lookup import Lookup  # noqa: PLC0415
    from bot.limiter import Limiter  # noqa: PLC0415

    helper = Help()
    bot = Bot.of((Lookup(shelf), helper), new_reference=new_reference, limiter=Limiter())
    helper.commands = bot.commands
    return bot


class Told(click.Group):
    """A group whose commands show a BotError as its message."""

    def invoke(self, ctx: click.Context) -> object:
        with told():
            return super().invoke(ctx)


@click.group(cls=Told, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="parley-bot", prog_name="parley")
def main() -> None:
    """Parley: facts, counterarguments and polls for communities that discuss a policy."""


@main.command()
@click.option("--port", type=int, help="Port of the chat page on this machine (8765).")
@click.option("--content", type=click.Path(path_type=Path), help="Folder that holds the packs.")
def run(port: int | None, content: Path | None) -> None:
    """Start the bot: the chat page on this machine, and each platform that has a token."""
    from bot.sources import load_settings  # noqa: PLC0415 - kept off the path of --help
    from bot.telemetry import set_up_logs  # noqa: PLC0415

    settings = load_settings(port=port, content=content)
    set_up_logs(settings.log_level, settings.secrets())
    asyncio.run(serve(settings))


async def serve(settings: Settings) -> None:
    """Runs every platform that is configured until the process is told to stop."""
    import signal  # noqa: PLC0415 - kept off the path of --help

    from adapters.health import Health  # noqa: PLC0415 - each adapter's framework is imported only where it runs
    from bot.metrics import Metrics  # noqa: PLC0415

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    metrics = Metrics()
    health = Health(metrics)
    await health.start(settings.address(settings.health_bind))
    try:
        instance = await open_instance(settings, metrics)
        await run_instance(settings, instance, health, stop)
    finally:
        await health.stop()


async def open_instance(settings: Settings, metrics: Metrics) -> Instance:
    """The packs read and the database up to date. Nothing runs yet."""
    from bot.instance import Outside, build  # noqa: PLC0415 - kept off the path of --help
    from bot.library.reader import ReaderProcess  # noqa: PLC0415
    from bot.library.shelf import Shelf  # noqa: PLC0415
    from bot.limiter import for_communities  # noqa: PLC0415
    from bot.store.database import open_database  # noqa: PLC0415

    reader = ReaderProcess()
    shelf = Shelf(await asyncio.to_thread(reader.open, settings.content, now().date()))
    database = await open_database(settings.database, meter=metrics)
    outside = Outside(now=now, new_reference=new_reference)
    return build(
        shelf,
        database,
        records.keys(settings),
        outside,
        zone=settings.zone,
        language=settings.language,
        editors=settings.editors,
        editors_channel=settings.editors_channel,
        source=settings.content,
        watch=settings.content_watch,
        reader=reader,
        crowd=for_communities(settings.community_per_minute),
        meter=metrics,
    )


async def run_instance(settings: Settings, instance: Instance, health: Health, stop: asyncio.Event) -> None:
    """Runs every platform that is configured until `stop` is set, or raises what ended one of them for good."""
    from adapters.web.pages import PollPages  # noqa: PLC0415 - each adapter's framework is imported only where it runs
    from adapters.web.public import PublicPages  # noqa: PLC0415
    from adapters.web.server import WebChat  # noqa: PLC0415
    from bot.instance import settle  # noqa: PLC0415

    pages = PollPages.of(instance, now)
    services = platform_services(settings, instance)
    web, public = WebChat(instance.bot, clock=now, ids=new_reference, pages=pages), PublicPages(pages)
    running: list[asyncio.Task[None]] = []
    try:
        address = await web.start(port=settings.port)
        await public.start(settings.address(settings.public_bind))
        running = [asyncio.create_task(service.run()) for service in services]
        await instance.start()
        settle()
        health.watch(instance, {service.name: service.is_connected for service in services})
        click.echo(f"Parley is ready: open {address} and type /help. Stop it with Ctrl+C.")
        await until_stopped(stop, running)
    finally:
        health.drain()
        await instance.rest()
        await ended(running)
        await public.stop()
        await web.stop()
        await instance.stop()


def platform_services(settings: Settings, instance: Instance) -> list[Service]:
    """One for each platform of which something is set: it runs until it is cancelled, or raises why it can't go on.

    Each takes its place among the instance's platforms at once, so that nothing that is due there is missed.
    """
    from adapters.slack import settings as slack_settings  # noqa: PLC0415 - kept off the path of --help

    services: list[Service] = []
    if settings.discord_token is not None:
        from adapters.discord.running import DiscordService  # noqa: PLC0415 - imported only where it runs
        from bot.config import Shards  # noqa: PLC0415 - kept off the path of --help

        token, shards = settings.discord_token.get_secret_value(), Shards.of(settings.discord_shards)
        services.append(DiscordService(instance, token, now, shards=shards))
    if slack_settings.is_wanted(settings):
        from adapters.slack.running import SlackService  # noqa: PLC0415 - imported only where it runs

        services.append(SlackService.of(settings, instance, now))
    return services


async def until_stopped(stop: asyncio.Event, running: list[asyncio.Task[None]]) -> None:
    """Returns when the process is told to stop. Raises what ended a platform for good."""
    told = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait({told, *running}, return_when=asyncio.FIRST_COMPLETED)
        for task in done - {told}:
            task.result()
    finally:
        told.cancel()


async def ended(running: list[asyncio.Task[None]]) -> None:
    """Ends the platforms, each in its own way. One that goes on is told once more, and then left.

    On Python 3.11 `asyncio.wait_for` can swallow a cancellation: https://github.com/python/cpython/issues/86296.
    """
    going = set(running)
    for _ in range(2):
        for task in going:
            task.cancel()
        if going:
            _, going = await asyncio.wait(going, timeout=END_SECONDS)
    for task in running:
        if task.done() and not task.cancelled():
            task.exception()  # it has been raised where it was waited for


@main.command()
@click.argument("line", nargs=-1, required=True)
@click.option("--plain", "style", flag_value="plain", help="Text without colours or frames.")
@click.option("--json", "style", flag_value="json", help="The whole answer as JSON.")
@click.option("--press", multiple=True, metavar="ACTION", help="Press a control of the answer by its action id.")
@click.option("--content", type=click.Path(path_type=Path), help="Folder that holds the packs.")
@click.option("--lang", help="Language of the bot's sentences.")
def ask(
    line: tuple[str, ...], style: str | None, press: tuple[str, ...], content: Path | None, lang: str | None
) -> None:
    """Ask the packs a question here, such as: parley ask "/fact fentanyl". Ends with 1 when nothing was found."""
    from adapters import terminal  # noqa: PLC0415 - kept off the path of --help
    from bot.chat import Actor, Place, Request  # noqa: PLC0415
    from bot.i18n import translator  # noqa: PLC0415

    locale = lang or "en"
    actor = Actor("terminal", "local", os.environ.get("USER", "you"), os.environ.get("USER", "you"))
    request = Request(actor, Place("terminal", "local", "terminal", direct=True), now(), locale)
    bot = lookup_bot(open_shelf(editing.content_folder(content)))

    async def answer() -> Outcome:
        outcome = await bot.say(request, " ".join(line))
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
    if not outcome.found:
        sys.exit(1)


@main.command()
@click.argument("packs", nargs=-1, type=click.Path(path_type=Path))
@click.option("--essay", type=click.Path(path_type=Path), help="The essay's text, to prove every quote against.")
@click.option("--format", "style", type=click.Choice(["text", "json", "github"]), default="text", show_default=True)
@click.option("--links", is_flag=True, help="First ask every address of the sources, and note what was found.")
def check(packs: tuple[Path, ...], essay: Path | None, style: Literal["text", "json", "github"], links: bool) -> None:
    """Check packs: the shipped ones, or those given: folders, or files of them. Ends with 1 if there is an error."""
    from bot.library.check import main_report  # noqa: PLC0415 - kept off the path of --help

    folders = packs or (editing.content_folder(None),)
    if links:
        editing.ask_links(folders, now().date())
    printed, status = main_report(folders, essay, now().date(), style)
    click.echo(printed, nl=False)
    sys.exit(status)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), default="schemas")
def schema(folder: Path) -> None:
    """Write the JSON Schemas that help while a pack is typed."""
    from bot.library.schema import write_schemas  # noqa: PLC0415 - kept off the path of --help

    for file in write_schemas(folder):
        click.echo(file)


main.add_command(records.polls)
for command in editing.COMMANDS:
    main.add_command(command)
main.add_command(records.db)
records.db.add_command(moving.copy)
records.db.add_command(rekeying.rekey)
main.add_command(configuration.config)
main.add_command(doctoring.doctor)
main.add_command(console.discord)
main.add_command(slack_console.slack)
main.add_command(preview_console.preview)

if __name__ == "__main__":
    main()
