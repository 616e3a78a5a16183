"""The gateway: one websocket for each shard, with sessions that outlive it.

https://discord.com/developers/docs/events/gateway. A session keeps its events, so that RESUME can resend the ones that
a dropped connection lost.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import zstandard
from aiohttp import WSCloseCode, WSMsgType, web

from tests.wire.discord.model import Json

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, RECONNECT, MEMBERS, INVALID, HELLO, ACK = (
    *range(5),
    *range(6, 12),
)
UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED, BAD_TOKEN, TWICE, BAD_SEQUENCE = (*range(4001, 4006), 4007)
DISALLOWED_INTENTS = 4014
BUFFER_MAX = 5000
"""Events that a session can send again."""
HEARTBEAT_MS = 41_250

INTENTS = {"GUILD": 1, "CHANNEL": 1, "THREAD": 1}
"""The intent bit of an event, by the first word of its name. All sessions get the others."""
GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT = 1 << 9, 1 << 12, 1 << 15
"""Message events have the same names in servers and direct messages; those of servers have a `guild_id`."""
PRIVILEGED = 1 << 1 | 1 << 8 | MESSAGE_CONTENT
"""Intents for members, presences and the words of all messages, which take Discord's permission:
https://discord.com/developers/docs/events/gateway#privileged-intents"""


class Compressor(Protocol):
    def __call__(self, text: str) -> bytes: ...


def zlib_stream() -> Compressor:
    """Return a compressor for a connection's single stream, flushed after each message."""
    stream = zlib.compressobj()
    return lambda text: stream.compress(text.encode()) + stream.flush(zlib.Z_SYNC_FLUSH)


def zstd_stream() -> Compressor:
    """Return a Zstandard compressor for a connection's single stream, flushed after each message."""
    stream = zstandard.ZstdCompressor().compressobj()
    return lambda text: stream.compress(text.encode()) + stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)


STREAMS: dict[str, Callable[[], Compressor]] = {"zlib-stream": zlib_stream, "zstd-stream": zstd_stream}


class Connection:
    """A websocket. Its messages leave in the order in which they were queued: D-order."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self._socket = socket
        self._request = request
        compression = request.query.get("compress", "")
        self._compress = STREAMS[compression]() if compression else None
        self._waiting: asyncio.Queue[str] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write())

    def send(self, op: int, data: object = None, *, event: str | None = None, seq: int | None = None) -> None:
        self._waiting.put_nowait(json.dumps({"op": op, "d": data, "t": event, "s": seq}))

    async def _write(self) -> None:
        with suppress(ConnectionError):
            while True:
                text = await self._waiting.get()
                if self._compress:
                    await self._socket.send_bytes(self._compress(text))
                else:
                    await self._socket.send_str(text)

    def drop(self) -> None:
        """Break the connection like a pulled cable: unsent messages are lost, and no close is sent."""
        self._writer.cancel()
        if self._request.transport is not None:
            self._request.transport.abort()

    async def close(self, code: int) -> None:
        self._writer.cancel()
        with suppress(ConnectionError):
            await self._socket.close(code=code)

    def stop(self) -> None:
        self._writer.cancel()


@dataclass(slots=True, eq=False)
class Session:
    """A session, opened by READY. It continues over several connections until it is invalidated."""

    id: str
    shard: tuple[int, int]
    intents: int
    connection: Connection | None
    seq: int = 0
    buffer: deque[tuple[int, str, Json]] = field(default_factory=lambda: deque(maxlen=BUFFER_MAX))

    def wants(self, event: str, data: Json) -> bool:
        kind = event.split("_", maxsplit=1)[0]
        bit = INTENTS.get(kind, 0)
        if kind == "MESSAGE":
            bit = GUILD_MESSAGES if "guild_id" in data else DIRECT_MESSAGES
        return not bit or bool(self.intents & bit)

    def dispatch(self, event: str, data: Json) -> None:
        if not self.wants(event, data):
            return
        self.seq += 1
        self.buffer.append((self.seq, event, data))
        if self.connection:
            self.connection.send(DISPATCH, data, event=event, seq=self.seq)

    def missed(self, after: int) -> list[tuple[int, str, Json]]:
        return [entry for entry in self.buffer if entry[0] > after]


class Home(Protocol):
    """The gateway's view of the server behind it."""

    def knows(self, token: str) -> bool: ...
    def ready(self, session: Session) -> Json: ...
    def guilds_of(self, shard: tuple[int, int]) -> Iterable[Json]: ...
    def log(self, line: str) -> None: ...
    def new_id(self) -> str: ...
    def unreachable(self) -> bool: ...


class Gateway:
    """All sessions and connections of an application."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.sessions: dict[str, Session] = {}
        self.identified = 0
        self.resumed = 0
        self.beats = 0
        self.silent = False
        """Whether heartbeats stay unacknowledged, as on a connection that died silently."""
        self.streams: set[str] = set()
        """The compressions that clients asked for."""
        self._connections: set[Connection] = set()

    def dispatch(self, event: str, data: Json, guild: str | None) -> None:
        """Send an event to the sessions whose shard holds the guild; without a guild, to the first shard."""
        for session in self.sessions.values():
            number, shards = session.shard
            if number == ((int(guild) >> 22) % shards if guild else 0):
                session.dispatch(event, data)

    @property
    def connected(self) -> bool:
        return any(session.connection for session in self.sessions.values())

    def drop(self) -> None:
        """Break every connection. The sessions can be resumed."""
        for connection in list(self._connections):
            connection.drop()
        for session in self.sessions.values():
            session.connection = None

    def ask_reconnect(self) -> None:
        """Send op 7, which asks the client to connect again and resume."""
        for connection in self._connections:
            connection.send(RECONNECT)

    def invalidate(self) -> None:
        """Send op 9 with false: the sessions end, and the missed events are lost."""
        self.forget()
        for connection in self._connections:
            connection.send(INVALID, data=False)

    def forget(self) -> None:
        """End the sessions silently, so that the next RESUME is refused."""
        self.sessions.clear()

    async def close(self, code: int) -> None:
        for connection in list(self._connections):
            await connection.close(code)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if self._home.unreachable():
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse(max_msg_size=4096 + 1)
        await socket.prepare(request)
        connection = Connection(socket, request)
        self.streams.add(request.query.get("compress", ""))
        self._connections.add(connection)
        try:
            connection.send(HELLO, {"heartbeat_interval": HEARTBEAT_MS, "_trace": []})
            await _Talk(self, self._home, connection, socket).run()
        finally:
            connection.stop()
            self._connections.discard(connection)
            self._hung_up(connection, socket.close_code)
        return socket

    def _hung_up(self, connection: Connection, code: int | None) -> None:
        """End the session of a client that closes properly."""
        for session in list(self.sessions.values()):
            if session.connection is connection:
                session.connection = None
                if code in {WSCloseCode.OK, WSCloseCode.GOING_AWAY}:
                    del self.sessions[session.id]


class _Talk:
    """The exchange over one connection."""

    def __init__(self, gateway: Gateway, home: Home, connection: Connection, socket: web.WebSocketResponse) -> None:
        self._gateway = gateway
        self._home = home
        self._connection = connection
        self._socket = socket
        self._session: Session | None = None

    async def run(self) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                await self._connection.close(DECODE_ERROR)
                return
            payload = json.loads(message.data)
            code = self._hear(payload.get("op"), payload.get("d"))
            if code:
                await self._connection.close(code)
                return

    def _hear(self, op: int | None, data: Any) -> int | None:
        """Answer a message. Return a close code if the connection must be closed."""
        if op == HEARTBEAT:
            self._gateway.beats += 1
            if not self._gateway.silent:
                self._connection.send(ACK)
            return None
        if op == IDENTIFY:
            return TWICE if self._session else self._identify(data)
        if op == RESUME:
            return TWICE if self._session else self._resume(data)
        if op in {PRESENCE, VOICE, MEMBERS}:
            return None if self._session else NOT_AUTHENTICATED
        return UNKNOWN_OPCODE

    def _identify(self, data: Json) -> int | None:
        if not self._home.knows(data["token"]):
            return BAD_TOKEN
        if data["intents"] & PRIVILEGED:
            return DISALLOWED_INTENTS
        number, shards = data.get("shard", (0, 1))
        session = Session(self._home.new_id(), (number, shards), data["intents"], self._connection)
        self._gateway.sessions[session.id] = self._session = session
        self._gateway.identified += 1
        self._home.log(f"shard {number} of {shards} identified")
        session.dispatch("READY", self._home.ready(session))
        for guild in self._home.guilds_of(session.shard):
            session.dispatch("GUILD_CREATE", guild)
        return None

    def _resume(self, data: Json) -> int | None:
        if not self._home.knows(data["token"]):
            return BAD_TOKEN
        session = self._gateway.sessions.get(data["session_id"] or "")
        seq = data["seq"] or 0
        if session is None:
            self._connection.send(INVALID, data=False)
            return None
        if seq > session.seq:
            return BAD_SEQUENCE
        missed = session.missed(seq)
        for number, event, body in missed:
            self._connection.send(DISPATCH, body, event=event, seq=number)
        session.connection, self._session = self._connection, session
        session.dispatch("RESUMED", {"_trace": []})
        self._gateway.resumed += 1
        self._home.log(f"shard {session.shard[0]} resumed, {len(missed)} events sent again")
        return None
