"""`parley schema`: write schemas for editors' programs."""

from __future__ import annotations

from pathlib import Path

import click

from bot.packs.schema import write_schemas


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default="schemas")
def schema(folder: Path) -> None:
    """Write the JSON Schemas that help editors type a pack."""
    for file in write_schemas(folder):
        click.echo(file)
