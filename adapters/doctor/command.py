"""`parley doctor`: what is wrong with this instance, and the command that mends it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from adapters.doctor.finding import Finding
    from bot.config import Address, Settings

SIGNS = {"ok": "✔", "note": "•", "wrong": "✖"}
FOREIGN = "parley config, and docs/configuration.md"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The findings as JSON.")
@click.option("--offline", is_flag=True, help="Ask neither Discord nor Slack.")
def doctor(*, as_json: bool, offline: bool) -> None:
    """Check this machine, the settings, the database, the packs and the platforms. Ends with 1 if something is wrong."""
    from adapters.doctor.finding import End  # noqa: PLC0415 - kept off the path of --help

    findings = asyncio.run(collected(offline=offline))
    if as_json:
        click.echo(json.dumps([finding.as_dict() for finding in findings], ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            click.echo(f"{SIGNS[finding.end]} {finding.check}: {finding.says}")
            if finding.mend and finding.end is not End.OK:
                click.echo(f"    → {finding.mend}")
        count = sum(finding.end is End.WRONG for finding in findings)
        click.echo("Nothing is wrong." if not count else f"{count} {'thing is' if count == 1 else 'things are'} wrong.")
    if any(finding.end is End.WRONG for finding in findings):
        sys.exit(1)


async def collected(*, offline: bool) -> list[Finding]:
    """Every finding, in the order in which things rest on each other."""
    from adapters.doctor import machine  # noqa: PLC0415 - kept off the path of --help
    from adapters.doctor.finding import ok, wrong  # noqa: PLC0415
    from bot.errors import UsageError  # noqa: PLC0415
    from bot.sources import load  # noqa: PLC0415

    found = [machine.python(), machine.fonts()]
    try:
        loaded = load({})
    except UsageError as error:
        return [*found, *(wrong("configuration", line, FOREIGN) for line in error.message.splitlines())]
    count = len(loaded.sources)
    are = "setting is" if count == 1 else "settings are"
    found.append(ok("configuration", f"{count} {are} set, the others have their defaults"))
    return [*found, *[finding async for finding in examined(loaded.settings, offline=offline)]]


async def examined(settings: Settings, *, offline: bool) -> AsyncIterator[Finding]:
    """What rests on the settings."""
    from datetime import UTC, datetime  # noqa: PLC0415 - kept off the path of --help

    from adapters.doctor import machine, records  # noqa: PLC0415
    from adapters.doctor.platforms import Platforms  # noqa: PLC0415

    yield await asyncio.to_thread(machine.packs, settings.content)
    async for finding in records.database(settings):
        yield finding
    for finding in await machine.ports(addresses(settings)):
        yield finding
    if not offline:
        async for finding in Platforms(settings, lambda: datetime.now(UTC)).check():
            yield finding


def addresses(settings: Settings) -> Mapping[str, Address]:
    """What `parley run` will serve at, by the variable that sets it."""
    from bot.config import Address  # noqa: PLC0415 - kept off the path of --help

    found = {"PARLEY_PORT": Address("127.0.0.1", settings.port)}
    for name in ("health_bind", "public_bind", "slack_bind"):
        if address := settings.address(getattr(settings, name)):
            found[f"PARLEY_{name.upper()}"] = address
    if settings.slack_client_id and settings.slack_app_token and not settings.slack_bind:
        from adapters.slack.running import INSTALL_PORT  # noqa: PLC0415 - heavy, and seldom needed

        found["PARLEY_SLACK_BIND"] = Address.of(INSTALL_PORT, settings.bind)
    return found
