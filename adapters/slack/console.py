"""`parley slack`: what whoever runs the bot does with Slack itself."""

from __future__ import annotations

from datetime import UTC, datetime

import click


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
    import yaml  # noqa: PLC0415 - kept off the path of --help

    from adapters.slack.manifest import manifest as made  # noqa: PLC0415
    from bot.i18n import translator  # noqa: PLC0415
    from bot.instance import declared  # noqa: PLC0415

    if socket and http:
        raise click.UsageError("Either --socket or --http.")
    if any(url and not url.startswith("https://") for url in (http, redirect)):
        raise click.UsageError("Slack takes only an address that begins with https://.")

    shown = made(declared(), translator("en"), http, redirect)
    click.echo(yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=120), nl=False)


@slack.command()
@click.option("--database", "url", help="A file for SQLite, or a postgresql:// address.")
def workspaces(url: str | None) -> None:
    """List the workspaces that have installed the app, one a line: id, name, since when."""
    from adapters.records import keys, with_database  # noqa: PLC0415 - kept off the path of --help
    from adapters.slack.installations import Installations  # noqa: PLC0415
    from bot.sources import load_settings  # noqa: PLC0415

    key = keys(load_settings(database=url))
    found = with_database(lambda database: Installations(database, key, lambda: datetime.now(UTC)).listed(), url)
    for team, name, since in found:
        click.echo(f"{team}\t{name or '(under another key: to be installed again)'}\t{since:%Y-%m-%d}")
