"""Named SQL beside the modules that run it: one text for both databases.

`bot/<room>/<module>.sql` speaks SQLite. A query of the same name in `<module>.postgres.sql` replaces it on PostgreSQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol

import aiosql

ROOMS = Path(__file__).parent.parent

Dialect = Literal["sqlite", "postgres"]
Queries = Mapping[str, Callable[..., Any]]
"""Name → query, made by aiosql: called with the connection and the values by name."""


class Row(Protocol):
    """A row of either driver: values by column."""

    def __getitem__(self, column: str, /) -> Any: ...


class Transaction:
    """The argument of a unit of work: the named queries over one open transaction.

    A unit awaits nothing else, so that a transaction never waits for a network or a person.
    """

    __slots__ = ("_queries", "connection")

    def __init__(self, queries: Queries, connection: Any) -> None:
        self._queries = queries
        self.connection = connection

    async def rows(self, query: str, /, **values: object) -> list[Row]:
        """All rows of a SELECT."""
        return [row async for row in self._queries[query](self.connection, **values)]

    async def column(self, query: str, /, **values: object) -> list[Any]:
        """The first column of all rows, whatever its name."""
        return [row[0] async for row in self._queries[query](self.connection, **values)]

    async def one(self, query: str, /, **values: object) -> Row | None:
        """The first row of a query marked `^`."""
        row: Row | None = await self._queries[query](self.connection, **values)
        return row

    async def value(self, query: str, /, **values: object) -> Any:
        """The first value of the first row of a query marked `$`; None without a row."""
        return await self._queries[query](self.connection, **values)

    async def run(self, query: str, /, **values: object) -> int:
        """Run a query marked `!` and return the number of rows it touched."""
        count: int = await self._queries[query](self.connection, **values)
        return count

    async def many(self, query: str, values: Sequence[Mapping[str, object]]) -> None:
        """Run a query marked `*!` once for each set of values; or once, if it takes them all as JSON in `rows`."""
        if not values:
            return
        run = self._queries[query]
        if getattr(run, "parameters", None) == ["rows"]:
            await run(self.connection, rows=json.dumps(values))
        else:
            await run(self.connection, values)

    async def together(self, writes: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
        """Run `many` for each query. They touch different rows, so their order doesn't matter."""
        for query, values in writes.items():
            await self.many(query, values)


@cache
def load_queries(dialect: Dialect, driver: str | Callable[[], Any], rooms: Path = ROOMS) -> Queries:
    """Read the named queries of every room for one database, once in a process: aiosql takes 50 ms.

    `driver` is the name of aiosql's adapter, or an adapter of our own. Raise ValueError if two queries of one database
    share a name.
    """
    special = set(rooms.glob("*/*.postgres.sql"))
    queries = _read_queries(set(rooms.glob("*/*.sql")) - special, driver)
    return queries | _read_queries(special, driver) if dialect == "postgres" else queries


def _read_queries(files: Iterable[Path], driver: str | Callable[[], Any]) -> dict[str, Callable[..., Any]]:
    queries: dict[str, Callable[..., Any]] = {}
    for file in sorted(files):
        loaded = aiosql.from_path(file, driver, encoding="utf-8")
        for name in loaded.available_queries:
            if name in queries:
                message = f"{file}: another room has a query named {name}"
                raise ValueError(message)
            queries[name] = getattr(loaded, name)
    return queries
