"""Socket Mode: envelopes over websockets, each acknowledged. https://docs.slack.dev/apis/events-api/using-socket-mode"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

from aiohttp import WSMsgType, web

from tests.wire.slack.interactions import Ack
from tests.wire.slack.model import APP, Json

SOCKETS_MAX = 10
HOST = "applink-local"
REFRESH: Json = {"type": "disconnect", "reason": "refresh_requested", "debug_info": {"host": HOST}}


class Connection:
    """A websocket. A `silent` one stays open, but neither sends nor answers pings; a `forgotten` one answers pings
    only."""

    def __init__(self, number: int, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.number = number
        self.socket = socket
        self.silent = False
        self.forgotten = False
        self.waiting: dict[str, asyncio.Future[Ack]] = {}
        self._request = request

    async def send(self, envelope: Json) -> asyncio.Future[Ack]:
        """Send an envelope, and return its future acknowledgement. Raises ConnectionError."""
        acknowledged: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        self.waiting[envelope["envelope_id"]] = acknowledged
        if not self.silent and not self.forgotten:
            await self.socket.send_json(envelope)
        return acknowledged

    def drop(self) -> None:
        """Break the connection like a pulled cable, without a close."""
        if self._request.transport is not None:
            self._request.transport.abort()
        self.forget()

    def forget(self) -> None:
        """Give up on missing acknowledgements, which are not the app's fault."""
        for waiting in self.waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionResetError("the socket broke"))
        self.waiting.clear()


class Sockets:
    """All connections of the app. `log` gets a line for each event."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._open: dict[str, Connection] = {}
        self._tickets: set[str] = set()
        self._numbers = count(1)
        self._envelopes = count(1)
        self._came = asyncio.Event()
        self.opened = 0
        self.rude = 0
        """Number of next connections that get no hello."""
        self.restless = 0
        """Number of next connections that must be replaced at once: the request comes right after the hello."""
        self.unknown: list[str] = []
        """Acknowledgements of envelopes that were never sent, or were already acknowledged."""

    @property
    def connected(self) -> bool:
        return any(not connection.socket.closed for connection in self._open.values())

    async def ready(self, opened: int = 1, *, patience: float = 60.0) -> None:
        """Wait until a socket is open, and `opened` have been opened in all. Raises TimeoutError."""
        async with asyncio.timeout(patience):
            while not self.connected or self.opened < opened:
                self._came.clear()
                await self._came.wait()

    def ticket(self) -> str:
        """Return the ticket for a connection."""
        ticket = f"t{next(self._numbers)}"
        self._tickets.add(ticket)
        return ticket

    async def send(
        self, kind: str, payload: Json, *, answerable: bool, more: Json | None = None
    ) -> asyncio.Future[Ack]:
        """Send an envelope over the newest connection. Raises ConnectionError without one."""
        connection = next((one for one in reversed(self._open.values()) if not one.socket.closed), None)
        if connection is None:
            raise ConnectionError("no socket is open")
        envelope_id = f"e{next(self._envelopes)}"
        shared = {"accepts_response_payload": answerable, **(more or {})}
        return await connection.send({"envelope_id": envelope_id, "type": kind, "payload": payload, **shared})

    async def refresh(self) -> None:
        """Ask for a new connection and soon close the old one, as Slack does every few hours."""
        for connection in list(self._open.values()):
            await connection.socket.send_json(REFRESH)

    def drop(self) -> None:
        """Break all connections."""
        for connection in list(self._open.values()):
            connection.drop()
        self._open.clear()

    def silence(self) -> None:
        """Silence all present connections; they stay open."""
        for connection in self._open.values():
            connection.silent = True

    def forget(self) -> None:
        """Forget all present connections: they stay open and answer pings, but deliver nothing."""
        for connection in self._open.values():
            connection.forgotten = True

    async def close(self) -> None:
        for connection in list(self._open.values()):
            connection.forget()
            with suppress(ConnectionError):
                await connection.socket.close()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            raise web.HTTPForbidden
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        if len(self._open) >= SOCKETS_MAX:
            await socket.send_json(
                {"type": "disconnect", "reason": "too_many_websockets", "debug_info": {"host": HOST}}
            )
            await socket.close()
            return socket
        await self._talk(Connection(len(self._open) + 1, socket, request), ticket)
        return socket

    async def _talk(self, connection: Connection, ticket: str) -> None:
        self._open[ticket] = connection
        hello = {"type": "hello", "num_connections": len(self._open), "connection_info": {"app_id": APP}}
        try:
            if self.rude:
                self.rude -= 1
            else:
                await connection.socket.send_json(
                    {**hello, "debug_info": {"host": HOST, "approximate_connection_time": 18060}}
                )
                if self.restless:
                    self.restless -= 1
                    await connection.socket.send_json(REFRESH)
                self.opened += 1
                self._came.set()
            self._log(f"socket {ticket} is open")
            async for message in connection.socket:
                await self._hear(connection, message.type, message.data)
        except ConnectionError:
            pass
        finally:
            self._open.pop(ticket, None)
            connection.forget()
            self._log(f"socket {ticket} is closed")

    async def _hear(self, connection: Connection, kind: WSMsgType, data: Any) -> None:
        if connection.silent:
            return
        if kind is WSMsgType.PING:
            await connection.socket.pong(data)
        elif kind is WSMsgType.TEXT:
            reply = json.loads(data)
            waiting = connection.waiting.pop(str(reply.get("envelope_id")), None)
            if waiting is None:
                self.unknown.append(data)
            elif not waiting.done():  # unless the person has stopped waiting for it
                waiting.set_result(Ack(200, reply.get("payload")))
