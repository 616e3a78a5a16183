"""Run the checks of `parley doctor`, each before those that depend on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

from adapters.doctor import machine, records
from adapters.doctor.check_result import CheckResult, ok, wrong
from adapters.doctor.platforms import Platforms
from adapters.slack.running import INSTALL_PORT
from bot.errors import UsageError
from bot.settings.model import Address, Settings
from bot.settings.sources import load

FOREIGN = "parley config, and docs/configuration.md"


async def collect_results(*, offline: bool) -> list[CheckResult]:
    """Run every check, each before those that depend on it."""
    results = [machine.python(), machine.fonts(), machine.meaning()]
    try:
        loaded = load({})
    except UsageError as error:
        return [*results, *(wrong("configuration", line, FOREIGN) for line in error.message.splitlines())]
    count = len(loaded.origins)
    are = "setting is" if count == 1 else "settings are"
    results.append(ok("configuration", f"{count} {are} set, the others have their defaults"))
    return [*results, *[result async for result in check_settings(loaded.settings, offline=offline)]]


async def check_settings(settings: Settings, *, offline: bool) -> AsyncIterator[CheckResult]:
    """Run the checks that depend on the settings."""
    yield await asyncio.to_thread(machine.packs, settings.content)
    for result in records.key_place(settings):
        yield result
    async for result in records.database(settings):
        yield result
    for result in await machine.ports(addresses(settings)):
        yield result
    if not offline:
        async for result in Platforms(settings, lambda: datetime.now(UTC)).check():
            yield result


def addresses(settings: Settings) -> Mapping[str, Address]:
    """Return the addresses that `parley run` will serve at, by the variable that sets each."""
    served = {"PARLEY_PORT": Address("127.0.0.1", settings.port)}
    for name in ("health_bind", "public_bind", "slack_bind"):
        if address := settings.address(getattr(settings, name)):
            served[f"PARLEY_{name.upper()}"] = address
    if settings.slack_client_id and settings.slack_app_token and not settings.slack_bind:
        served["PARLEY_SLACK_BIND"] = Address.of(INSTALL_PORT, settings.bind)
    return served
