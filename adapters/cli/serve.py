"""Run the process: put the core and the platforms together, from the first connection to the last."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Protocol

import click

from adapters.cli.database import instance_keys
from adapters.cli.options import new_reference, now
from adapters.http.health import Health
from adapters.http.prometheus import Metrics
from adapters.slack import settings as slack_settings
from adapters.web.pages import PollPages
from adapters.web.public import PublicPages
from adapters.web.server import WebChat
from bot.dispatch.rate_limit import for_communities
from bot.instance import Instance, Outside, build, settle
from bot.library.edition import Shelf
from bot.library.meanings import Meanings
from bot.library.reader_process import ReaderProcess
from bot.polls.closing_time import read_once
from bot.settings.model import Settings, Shards
from bot.store.open import open_database

END_SECONDS = 8.0
"""Seconds that a platform has to finish its work."""


class Service(Protocol):
    """A platform for the life of the process."""

    @property
    def name(self) -> str: ...

    def is_connected(self) -> bool: ...

    async def run(self) -> None: ...


async def serve(settings: Settings) -> None:
    """Run every configured platform until the process is told to stop."""
    # NumPy is loaded later. With a thread for each processor, its products wait for each other more than they compute:
    # a large discussion's close took four times the processor time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    metrics = Metrics()
    health = Health(metrics)
    await health.start(settings.address(settings.health_bind))
    try:
        instance = await open_instance(settings, metrics)
        try:
            await run_instance(settings, instance, health, stop)
        finally:
            await instance.database.close()  # closed already, unless a platform's settings were refused
    finally:
        await health.stop()


async def open_instance(settings: Settings, metrics: Metrics) -> Instance:
    """Read the packs and update the database. Nothing runs yet."""
    reader = ReaderProcess()
    shelf = Shelf(await asyncio.to_thread(reader.open, settings.content, now().date()))
    keys = instance_keys(settings)  # may refuse, so before the database is open
    database = await open_database(settings.database, meter=metrics)
    outside = Outside(now=now, new_reference=new_reference)
    instance = build(
        shelf,
        database,
        keys,
        outside,
        zone=settings.zone,
        language=settings.language,
        editors=settings.editors,
        editors_channel=settings.editors_channel,
        public_url=settings.public_url,
        source=settings.content,
        watch=settings.content_watch,
        meanings=Meanings(settings.cache),
        reader=reader,
        crowd=for_communities(settings.community_per_minute),
        meter=metrics,
    )
    instance.pause_polls()
    return instance


async def run_instance(settings: Settings, instance: Instance, health: Health, stop: asyncio.Event) -> None:
    """Run every configured platform until `stop` is set. Raises the error that ended one of them for good."""
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
        reading = asyncio.get_running_loop().run_in_executor(None, read_once)  # so that the first host needn't wait
        health.watch(instance, {service.name: service.is_connected for service in services})
        click.echo(f"Parley is ready: open {address} and type /help. Stop it with Ctrl+C.")
        await until_stopped(stop, running)
        await reading
    finally:
        health.drain()
        await instance.rest()
        await end_services(running)
        await public.stop()
        await web.stop()
        await instance.stop()


def platform_services(settings: Settings, instance: Instance) -> list[Service]:
    """Make a service for each configured platform. It runs until cancelled, or raises why it can't continue.

    Each joins the instance's platforms at once, so that no due message is missed.
    """
    services: list[Service] = []
    if settings.discord_token is not None:
        from adapters.discord.running import DiscordService  # noqa: PLC0415 - only where it runs: it is heavy

        token, shards = settings.discord_token.get_secret_value(), Shards.of(settings.discord_shards)
        services.append(DiscordService(instance, token, now, shards=shards))
    if slack_settings.is_wanted(settings):
        from adapters.slack.running import SlackService  # noqa: PLC0415 - only where it runs: it is heavy

        services.append(SlackService.of(settings, instance, now))
    return services


async def until_stopped(stop: asyncio.Event, running: list[asyncio.Task[None]]) -> None:
    """Wait until the process is told to stop. Raises the error that ended a platform for good."""
    stopping = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait({stopping, *running}, return_when=asyncio.FIRST_COMPLETED)
        for task in done - {stopping}:
            task.result()
    finally:
        stopping.cancel()


async def end_services(running: list[asyncio.Task[None]]) -> None:
    """End the platforms, each in its own way. Cancel one that continues a second time, then leave it.

    On Python 3.11, `asyncio.wait_for` can swallow a cancellation: https://github.com/python/cpython/issues/86296.
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
