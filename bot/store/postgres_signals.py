"""Signals between processes that share a PostgreSQL database: LISTEN and NOTIFY on one channel.

https://www.postgresql.org/docs/current/sql-notify.html
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from contextvars import Context
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from bot.aio import wait_for_event
from bot.store.signals import Signals

CHANNEL = "parley"
SEND = "SELECT pg_notify($1, line) FROM unnest(CAST($2 AS TEXT[])) AS line"
GATHER = 0.05
"""Seconds between two sends: signals in between go together, repeated ones once."""
STILL_THERE = 15.0
"""Seconds between two checks of the connection, since a cut one may stay silent."""
CONNECT_SECONDS = 10.0
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before each attempt to reconnect; the last value repeats."""

logger = logging.getLogger("parley.store")


class Notices:
    """Listens on one connection and sends through the pool. `outside`: the exceptions of a lost connection."""

    def __init__(self, url: str, pool: Any, signals: Signals, outside: tuple[type[BaseException], ...]) -> None:
        self._url = url
        self._pool = pool
        self._signals = signals
        self._outside = outside
        self._name = secrets.token_hex(8)
        self._unsent: dict[tuple[str, str], None] = {}
        self._sending: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None

    def listen(self) -> None:
        """Start to listen, unless it has started."""
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())

    def send(self, signal: str, about: str) -> None:
        """Tell the other processes soon. Never fail: they also look for themselves now and then."""
        self._unsent[signal, about] = None
        if self._sending is None:
            # outside any request's context: many requests may share one send
            self._sending = asyncio.create_task(self._send(), context=Context())

    async def close(self) -> None:
        """Send everything unsent, for a second at most."""
        if self._sending is not None:
            await asyncio.wait({self._sending}, timeout=1.0)
        running = [task for task in (self._sending, self._listening) if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _send(self) -> None:
        try:
            while self._unsent:
                news, self._unsent = self._unsent, {}
                lines = [json.dumps([self._name, *each]) for each in news]
                try:
                    async with self._pool.acquire() as connection:
                        await connection.execute(SEND, CHANNEL, lines)
                except self._outside as error:
                    logger.warning("can't signal other processes: %s", type(error).__name__)
                await asyncio.sleep(GATHER)
        finally:
            self._sending = None

    async def _listen(self) -> None:
        failures = 0
        while True:
            try:
                connection = await asyncpg.connect(
                    self._url, timeout=CONNECT_SECONDS, server_settings={"application_name": "parley"}
                )
                try:
                    await connection.add_listener(CHANNEL, self._hear)
                    failures = 0
                    self._signals.spread_all()  # earlier signals were missed
                    await self._while_it_stands(connection)
                finally:
                    connection.terminate()
            except (*self._outside, asyncpg.PostgresError) as error:
                logger.warning("can't hear PostgreSQL's notices right now: %s", type(error).__name__)
            await asyncio.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
            failures += 1

    async def _while_it_stands(self, connection: Any) -> None:
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        while not await wait_for_event(ended, STILL_THERE):
            await connection.execute("SELECT 1", timeout=CONNECT_SECONDS)

    def _hear(self, _connection: Any, _pid: int, _channel: str, line: str) -> None:
        try:
            sender, signal, about = json.loads(line)
        except (ValueError, TypeError):
            return  # another program uses this channel
        if sender != self._name and isinstance(signal, str) and isinstance(about, str):
            self._signals.spread(signal, about)
