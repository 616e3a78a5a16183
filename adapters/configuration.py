"""`parley config`: the settings as they are, and their reference."""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, Literal, get_args, get_origin

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

    from bot.sources import Loaded

REFERENCE = """\
# Configuration

Made by `parley config docs` from the settings themselves; a test holds it against them.

## Where a setting comes from

Parley reads each setting from the first of these that has it:

1. an option of the command line, such as `parley run --port 9000`;
2. an environment variable: `PARLEY_` and the setting's name in capitals; an empty one counts as unset;
3. for a secret, the file that the same variable with `_FILE` names, as containers mount them;
4. `parley.toml` in the folder where Parley is started;
5. the default.

```toml
# parley.toml
port = 9000
zone = "Europe/Berlin"
health_bind = "8081"
```

`parley config` prints what holds where it is run, and where each value comes from, with secrets masked. `parley doctor` checks whether it works.

## What is wrong stops the start

A value that can't be used, a setting that doesn't exist and a variable that begins with `PARLEY_` but is none are told all at once, each with its name, its source and what to do, and Parley doesn't start: a token whose name is misspelt would otherwise be a platform that stays silent.

```console
$ PARLEY_PROT=9000 parley config  # exits with 1
Error: PARLEY_PROT, in the environment, is no setting. Did you mean PARLEY_PORT? Rename it or unset it.
```

In Kubernetes, a service that is called `parley` makes variables such as `PARLEY_SERVICE_HOST` in each container. Give it another name, or set `enableServiceLinks: false`.

## Every setting

{settings}
## Secrets

{secrets}
Parley takes a secret from a variable or from a file, and refuses it in `parley.toml`, which is a file for showing around. So it does with a `database` address that holds a password. Secrets are never printed, logged, exported or shown in figures. What is around a secret in its file, such as the end of the line, is not part of it.

`key` is the instance key; its file is named by `key_file`, and made at the first start where there is none. [operations.md](operations.md#keys-and-tokens) says how to keep and change it, and how to change a token.

## Who can reach what

| What | Where | Who should reach it |
| --- | --- | --- |
| The chat page | 127.0.0.1, at `port`, always | whoever sits at this machine: it lets anyone be any member, so no setting opens it |
| `/healthz`, `/readyz`, `/metrics` | `bind`, at `health_bind` | what watches over Parley |
| `/slack/events` | `bind`, at `slack_bind` | Slack, through a proxy with a certificate; each request must carry Slack's signature |
| `/slack/install`, `/slack/oauth_redirect` | `bind`, at `slack_bind` | with `slack_client_id`: admins of workspaces, through the same proxy |
| Pages of polls marked public | `bind`, at `public_bind` | anybody, through a proxy with a certificate |

Each of the last three is served only where its setting names a port. Where it names only that, as in `8081`, the address is `bind`; `127.0.0.1:8081` decides for itself. `bind` is 127.0.0.1 unless it is set, and 0.0.0.0 or :: in a container, whose ports its engine publishes or doesn't.
"""


_KINDS = {"Path": "path", "SecretStr": "secret", "bool": "true or false", "float": "number"}


@click.group(invoke_without_command=True)
@click.pass_context
def config(context: click.Context) -> None:
    """Show the settings as they are, where each comes from, and which are wrong."""
    if context.invoked_subcommand is None:
        from bot.sources import load  # noqa: PLC0415 - kept off the path of --help

        for line in shown(load({})):
            click.echo(line)


@config.command()
def docs() -> None:
    """Print the reference of all settings as Markdown."""
    click.echo(reference(), nl=False)


def shown(loaded: Loaded) -> Iterator[str]:
    """One line a setting: name, value, source. No secret is in them."""
    from bot.config import MASK, SECRETS, without_password  # noqa: PLC0415 - kept off the path of --help

    rows = []
    for name, value in loaded.settings:
        if name in SECRETS:
            printed = "–" if value is None else MASK
        else:
            printed = without_password(str(value)) if name == "database" else str(value)
        rows.append((name, printed or "–", str(loaded.sources.get(name, "the default"))))
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for name, printed, source in rows:
        yield f"{name:<{widths[0]}}  {printed:<{widths[1]}}  {source}"


def reference() -> str:
    """docs/configuration.md, made from the settings."""
    from bot.config import SECRETS, Settings  # noqa: PLC0415 - kept off the path of --help
    from bot.sources import FROM_FILES, variable  # noqa: PLC0415

    head = ("In parley.toml", "Variable", "Takes", "Default", "What it is")
    rows = [
        (
            f"`{name}`" if name not in SECRETS else "–",
            f"`{variable(name)}`",
            _takes(info),
            _default(name, info),
            _said(info),
        )
        for name, info in Settings.model_fields.items()
    ]
    secret_rows = [
        (f"`{name}`", f"`{variable(name)}`", f"`{variable(name + '_file')}`")
        for name in Settings.model_fields
        if name in SECRETS | FROM_FILES
    ]
    secrets = _table(("Secret", "Variable", "Variable that names its file"), *secret_rows)
    return REFERENCE.replace("{settings}", _table(head, *rows)).replace("{secrets}", secrets)


def _said(info: FieldInfo) -> str:
    return info.description or ""


def _default(name: str, info: FieldInfo) -> str:
    if name == "content":
        return "the shipped packs"
    return "–" if info.default in {None, "", ()} else f"`{info.default}`"


def _takes(info: FieldInfo) -> str:
    """What kind of value it is, in a word or two."""
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


def _table(*rows: tuple[str, ...]) -> str:
    head, *others = rows
    lines = [head, ("---",) * len(head), *others]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in lines)
