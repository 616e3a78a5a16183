"""A pack as tables: one for each list, one row an entry, one column a key.

tables(pack) -> {"facts.csv": text, ...}
as_zip(tables) -> bytes                      the same bytes for the same pack, always
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel

from bot.library.model import PARTS, Pack
from bot.spreadsheet import cell

BETWEEN = " | "
"""Stands between the items of a list, which share a cell."""


def tables(pack: Pack) -> dict[str, str]:
    """Name of a file → a table with a head. UTF-8 with a byte order mark, which spreadsheets need to see."""
    return {
        f"{name}.csv": _table([entry.model_dump(mode="json", by_alias=True) for entry in pack.all(model)], model)
        for lists in PARTS.values()
        for name, model in lists.items()
    }


def _table(rows: list[dict[str, Any]], model: type[BaseModel]) -> str:
    columns = list(_columns(model))
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow("_".join(column) for column in columns)
    for row in rows:
        writer.writerow(cell(_shown(row, column)) for column in columns)
    return "\ufeff" + written.getvalue()


def _columns(model: type[BaseModel], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Keys in the order of the model, `id` first as editors write them; a table in a cell has columns of its own."""
    found: list[tuple[str, ...]] = []
    for name, info in model.model_fields.items():
        path = (*above, info.alias or name)
        choices = (info.annotation, *get_args(info.annotation))  # a table may be optional
        inner = next((one for one in choices if isinstance(one, type) and issubclass(one, BaseModel)), None)
        found += [path] if inner is None else _columns(inner, path)
    return found


def _shown(row: Any, column: tuple[str, ...]) -> str:
    for key in column:
        row = row[key] if isinstance(row, Mapping) else None
    if isinstance(row, list):
        return BETWEEN.join(map(str, row))
    return "" if row is None else str(row)


_EPOCH = (1980, 1, 1, 0, 0, 0)


def as_zip(files: Mapping[str, str]) -> bytes:
    """The files in one archive, without the time at which it was made."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text.encode())
    return made.getvalue()
