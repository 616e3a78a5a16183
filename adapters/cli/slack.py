"""`parley slack`: set up the app on Slack."""

from __future__ import annotations

import click
import yaml

from adapters.cli.database import instance_keys, with_database
from adapters.cli.options import database_option, now
from adapters.slack.installations import Installations
from adapters.slack.manifest import manifest as app_manifest
from bot.i18n import translator
from bot.instance import declared
from bot.settings.sources import load_settings


@click.group()
def slack() -> None:
    """Set the app up on Slack."""


@slack.command()
@click.option("--socket", is_flag=True, help="For Socket Mode, which needs no address. The default.")
@click.option("--http", metavar="URL", default="", help="For HTTP: the address at which Slack reaches Parley.")
@click.option(
    "--redirect", metavar="URL", default="", help="For several workspaces: the address of /slack/oauth_redirect."
)
def manifest(socket: bool, http: str, redirect: str) -> None:
    """Print the app's manifest as YAML, to paste at api.slack.com/apps."""
    if socket and http:
        raise click.UsageError("Use either --socket or --http, not both.")
    if any(url and not url.startswith("https://") for url in (http, redirect)):
        raise click.UsageError("Use an address that begins with https://; Slack takes no other.")

    document = app_manifest(declared(), translator("en"), http, redirect)
    click.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120), nl=False)


@slack.command()
@database_option
def workspaces(url: str | None) -> None:
    """List the workspaces that have installed the app, one a line: id, name, since when."""
    key = instance_keys(load_settings(database=url))
    installations = with_database(lambda database: Installations(database, key, now).listed(), url)
    for team, name, since in installations:
        click.echo(f"{team}\t{name or '(under another key: install it again)'}\t{since:%Y-%m-%d}")
