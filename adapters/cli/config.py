"""`parley config`: show the settings and print their reference."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType
from typing import Literal, get_args, get_origin

import click
from pydantic.fields import FieldInfo

from bot.settings.model import MASK, SECRETS, Settings, without_password
from bot.settings.sources import FROM_FILES, LoadedSettings, load, variable

REFERENCE = """\
# Configuration

Made by `parley config docs` from the settings themselves; a test holds it against them.

An operator wants the page of figures and her community's time. She writes three lines into a file and starts Parley in the same folder:

```toml
# parley.toml
port = 9000
zone = "Europe/Berlin"
health_bind = "8081"
```

`parley config` prints what holds there and where each value comes from, with secrets masked; `parley doctor` checks whether it works.

## Where a setting comes from

The first of these that has it:

1. an option of the command line, such as `parley run --port 9000`;
2. an environment variable: `PARLEY_` and the setting's name in capitals; an empty one counts as unset;
3. for a secret, the file that the same variable with `_FILE` names, as containers mount them;
4. `parley.toml` in the folder where Parley is started;
5. the default.

A wrong or unknown setting stops the start with its name, its source and what to do, and so does a variable that begins with `PARLEY_` but is none: a misspelt token would otherwise be a platform that stays silent.

```console
$ PARLEY_PROT=9000 parley config  # exits with 1
Error: PARLEY_PROT, in the environment, isn't a setting. Did you mean PARLEY_PORT? Rename it or unset it.
```

In Kubernetes, a service that is called `parley` makes such variables. Give it another name, or set `enableServiceLinks: false`.

## Every setting

In brackets stands what a setting takes, then its default. In `parley.toml` it has its variable's name in small letters, without `PARLEY_`.

{settings}
## Secrets

A secret comes from a variable or from the file that the same variable with `_FILE` names, and Parley refuses it in `parley.toml`, which people share; so too a `database` address that holds a password. Secrets are never printed, logged, exported or shown in figures. White space around a secret in its file doesn't count. Secrets are {secrets}.

`key` is the instance key; Parley makes the file that `key_file` names at the first start. [operators.md](operators.md#keys-and-tokens) says how to keep and change it, and how to change a token.

## Who can reach what

- **The chat page:** 127.0.0.1 at `port`, always. It lets anyone be any member, so no setting opens it.
- **`/healthz`, `/readyz`, `/metrics`** at `health_bind`: for what watches over Parley.
- **`/slack/events`** at `slack_bind`: Slack, through a proxy with a certificate; each request must carry Slack's signature.
- **`/slack/install`, `/slack/oauth_redirect`** at `slack_bind`, with `slack_client_id`: admins of workspaces, through the same proxy.
- **Poll pages** at `public_bind`: anyone for polls marked public, a private poll's by its link, which stands in the log of the proxy with the certificate.

Each but the first is served only where its setting names a port: at `bind`, unless it names a host too, as in `127.0.0.1:8081`.
"""


_KINDS = {"Path": "path", "SecretStr": "secret", "bool": "true or false", "float": "number"}


@click.group(invoke_without_command=True)
@click.pass_context
def config(context: click.Context) -> None:
    """Show each setting, where its value comes from, and whether it is wrong."""
    if context.invoked_subcommand is None:
        for line in settings_lines(load({})):
            click.echo(line)


@config.command()
def docs() -> None:
    """Print the reference of all settings as Markdown."""
    click.echo(reference(), nl=False)


def settings_lines(loaded: LoadedSettings) -> Iterator[str]:
    """Yield one line a setting: name, value, source. Secrets are masked."""
    rows = []
    for name, value in loaded.settings:
        if name in SECRETS:
            printed = "–" if value is None else MASK
        else:
            printed = without_password(str(value)) if name == "database" else str(value)
        rows.append((name, printed or "–", str(loaded.origins.get(name, "the default"))))
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for name, printed, origin in rows:
        yield f"{name:<{widths[0]}}  {printed:<{widths[1]}}  {origin}"


def reference() -> str:
    """Make docs/configuration.md from the settings."""
    lines = "".join(
        f"- `{variable(name)}` ({_takes(info)}{_default(name, info)}): {info.description or ''}\n"
        for name, info in Settings.model_fields.items()
    )
    secrets = ", ".join(f"`{name}`" for name in Settings.model_fields if name in SECRETS | FROM_FILES)
    return REFERENCE.replace("{settings}", lines).replace("{secrets}", secrets)


def _default(name: str, info: FieldInfo) -> str:
    if name == "content":
        return "; the shipped packs"
    return "" if info.default in {None, "", ()} else f"; `{info.default}`"


def _takes(info: FieldInfo) -> str:
    """Return the kind of value, in a word or two."""
    if get_origin(info.annotation) is Literal:
        return "one of " + ", ".join(f"`{choice}`" for choice in get_args(info.annotation))
    kind = next(kind for kind in (*get_args(info.annotation), info.annotation) if kind is not NoneType)
    return _number(info) if kind is int else _KINDS.get(kind.__name__, "text")


def _number(info: FieldInfo) -> str:
    least = next((rule.ge for rule in info.metadata if hasattr(rule, "ge")), None)
    most = next((rule.le for rule in info.metadata if hasattr(rule, "le")), None)
    if least is None and most is None:
        return "whole number"
    return f"{least} to {most}" if most is not None else f"{least} or more"
