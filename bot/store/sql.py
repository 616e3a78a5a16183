"""The named SQL of `queries/`: one text for both databases, with overrides for PostgreSQL beside it.

The common files speak SQLite. A query of the same name in `queries/postgres/` replaces the common one there.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import aiosql

FOLDER = Path(__file__).parent / "queries"

Dialect = Literal["sqlite", "postgres"]
Queries = Mapping[str, Callable[..., Any]]
"""Name → query, made by aiosql: called with the connection and the values by name."""


class Row(Protocol):
    """What both drivers return: values by column."""

    def __getitem__(self, column: str, /) -> Any: ...


class Transaction:
    """What a unit of work gets: the named queries over one open transaction.

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
        """Runs a query marked `!` and returns how many rows it touched."""
        count: int = await self._queries[query](self.connection, **values)
        return count

    async def many(self, query: str, values: Sequence[Mapping[str, object]]) -> None:
        """Runs a query marked `*!` once for each set of values; or once, where it takes them all as JSON in `rows`."""
        if not values:
            return
        run = self._queries[query]
        if getattr(run, "parameters", None) == ["rows"]:
            await run(self.connection, rows=json.dumps(values))
        else:
            await run(self.connection, values)

    async def together(self, writes: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
        """Runs `many` for each query. They touch different rows, so that their order doesn't matter."""
        for query, values in writes.items():
            await self.many(query, values)


class SqliteAdapter:
    """aiosql over a plain `sqlite3` connection, in coroutines that never suspend (see sqlite.py)."""

    is_aio_driver = True

    def process_sql(self, _name: str, _kind: object, sql: str) -> str:
        return sql

    async def select(
        self, connection: Any, _name: str, sql: str, values: Any, _record: object = None
    ) -> AsyncIterator[Row]:
        for row in connection.execute(sql, values).fetchall():
            yield row

    async def select_one(
        self, connection: Any, _name: str, sql: str, values: Any, _record: object = None
    ) -> Row | None:
        rows = connection.execute(sql, values).fetchall()
        return rows[0] if rows else None

    async def select_value(self, connection: Any, _name: str, sql: str, values: Any) -> Any:
        rows = connection.execute(sql, values).fetchall()
        return rows[0][0] if rows else None

    async def insert_update_delete(self, connection: Any, _name: str, sql: str, values: Any) -> int:
        count: int = connection.execute(sql, values).rowcount
        return count

    async def insert_update_delete_many(self, connection: Any, _name: str, sql: str, values: Any) -> None:
        connection.executemany(sql, values)


def load_queries(dialect: Dialect, adapter: Callable[[], Any], folder: Path = FOLDER) -> Queries:
    """Reads the named queries for one database."""
    queries = _named(folder, adapter)
    if dialect == "postgres":
        queries |= _named(folder / "postgres", adapter)
    return queries


def _named(folder: Path, adapter: Callable[[], Any]) -> dict[str, Callable[..., Any]]:
    text = "\n".join(_without_preamble(path.read_text("utf-8")) for path in _files(folder))
    made = aiosql.from_str(text, adapter)
    return {name: getattr(made, name) for name in made.available_queries if not name.endswith("_cursor")}


def _files(folder: Path) -> Iterable[Path]:
    return sorted(folder.glob("*.sql"))


def _without_preamble(text: str) -> str:
    start = text.find("-- name:")
    return text[start:] if start >= 0 else ""
