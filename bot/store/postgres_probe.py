"""Examine a PostgreSQL database before Parley opens it: its migrations, and how fast it writes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from bot.errors import Unavailable
from bot.store.postgres import OUTSIDE, UNREADABLE, checksums, describe_failure

PROBES = 5


@dataclass(frozen=True, slots=True)
class Probe:
    """A server's database. `write_seconds` is the time of a durable commit, there and back."""

    applied: Mapping[int, str]
    write_seconds: float


async def probe(url: str) -> Probe:
    """Return the migrations of a server's database (none if it is new), and its speed of writing.

    Change nothing: the probe writes a log message that nobody reads. Raise `Unavailable`.
    """
    try:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            migrations_table = await connection.fetchval("SELECT to_regclass('migrations')")
            applied = await checksums(connection) if migrations_table else {}
            return Probe(applied, statistics.median([await _durable_write(connection) for _ in range(PROBES)]))
        finally:
            await connection.close()
    except ValueError:
        raise Unavailable(UNREADABLE) from None
    except (*OUTSIDE, asyncpg.PostgresError) as error:
        raise Unavailable(f"PostgreSQL can't be reached: {describe_failure(error)}") from error


async def _durable_write(connection: Any) -> float:
    started = time.perf_counter()
    await connection.execute("SELECT pg_logical_emit_message(true, 'parley', 'doctor')")
    return time.perf_counter() - started
