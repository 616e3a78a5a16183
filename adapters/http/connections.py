"""Limit the number and duration of a server's connections, so that slow and half-open ones hold up nobody.

A `Doorkeeper` stands between the sockets and aiohttp's protocol, because aiohttp has no deadline for a request's body
and no limit on connections. It closes a connection whose request or reading takes too long. If too many are open, it
closes the one that has waited longest without a request: a member's request comes within milliseconds, an attacker's
half-open connection never sends one.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import cast

from aiohttp import web
from aiohttp.http import HttpProcessingError

REPORT_EVERY = 10.0
"""Seconds over which the log sums up the connections that were closed."""
IPV6_SITE = 64
"""Bits of an IPv6 address that identify one customer of a network."""

logger = logging.getLogger("parley.http")


def is_proxy(address: str) -> bool:
    """Tell whether an address is a proxy's, so that many members share it.

    Addresses of this machine and of private networks, such as a container's, count as proxies. The proxy limits each
    member itself.
    """
    try:
        return not ip_address(address.partition("%")[0]).is_global
    except ValueError:  # a socket without an internet address
        return True


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Deadlines in seconds, and the most connections of one server, in all and from one address.

    Four servers with these totals stay below a process's default limit of 1,024 open files.
    """

    head: float = 10.0
    """From the first byte of a request, or from the connection, to the end of the headers."""
    body: float = 10.0
    """From the end of the headers to the end of the body."""
    idle: float = 30.0
    """Between two requests."""
    reading: float = 30.0
    """In which the peer must read what the server sends, once the buffers are full."""
    total: int = 200
    per_address: int = 100
    is_proxy: Callable[[str], bool] = is_proxy
    """Tells which addresses have no limit of their own."""


class Connection(asyncio.Protocol):
    """A connection, which passes everything on to aiohttp's protocol until its deadline."""

    def __init__(self, doorkeeper: Doorkeeper, new_protocol: Callable[[], asyncio.Protocol]) -> None:
        self._doorkeeper = doorkeeper
        self._new_protocol = new_protocol
        self._limits = doorkeeper.limits
        self._loop = asyncio.get_running_loop()
        self._inner = asyncio.Protocol()  # does nothing, until the connection is admitted
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._reading_deadline: asyncio.TimerHandle | None = None
        self._is_idle = True
        self.is_busy = False
        """Whether the server is answering a request."""
        self.address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.address = site_of(transport.get_extra_info("peername"))
        if not self._doorkeeper.admit(self, transport):
            self.abort("too many")
            return
        self._inner = self._new_protocol()
        self._inner.connection_made(transport)
        self._set_deadline(self._limits.head, "")  # browsers open connections that they never use, so don't log those

    def data_received(self, data: bytes) -> None:
        if self._is_idle:
            self._is_idle = False
            self._set_deadline(self._limits.head, "no whole request")
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._reading_deadline = self._loop.call_later(self._limits.reading, self.abort, "nobody reads")
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._cancel(self._reading_deadline)
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel(self._deadline, self._reading_deadline)
        self._doorkeeper.discard(self)
        self._transport = None
        self._inner.connection_lost(exc)

    def begin(self, request: web.BaseRequest) -> None:
        """Note that a request's headers have arrived. Its body has its own deadline."""
        self.is_busy, self._is_idle = True, False
        self._cancel(self._deadline)
        if not request.content.is_eof():
            self._deadline = self._loop.call_later(self._limits.body, self._expect_body, request)

    def end(self) -> None:
        """Note that a request is answered."""
        self.is_busy, self._is_idle = False, True
        self._set_deadline(self._limits.idle, "")

    def abort(self, reason: str) -> None:
        """Close the connection at once. A close without a reason, as of an idle connection, isn't logged."""
        if reason:
            self._doorkeeper.count(reason)
        if self._transport is not None:
            self._transport.abort()

    def _expect_body(self, request: web.BaseRequest) -> None:
        if not request.content.is_eof():
            self.abort("no whole body")

    def _set_deadline(self, seconds: float, reason: str) -> None:
        self._cancel(self._deadline)
        if self._transport is not None:
            self._deadline = self._loop.call_later(seconds, self.abort, reason)

    @staticmethod
    def _cancel(*timers: asyncio.TimerHandle | None) -> None:
        for timer in timers:
            if timer is not None:
                timer.cancel()


class Doorkeeper:
    """Makes the connections of one server, and keeps them within the limits."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._connections: dict[Connection, asyncio.BaseTransport] = {}
        """Oldest first."""
        self._by_transport: dict[asyncio.BaseTransport | None, Connection] = {}
        self._by_address: Counter[str] = Counter()
        self._closed: Counter[str] = Counter()
        self._report_timer: asyncio.TimerHandle | None = None

    def watch(self, app: web.Application) -> None:
        """Watch each request of the application. Call this before the application starts."""
        app.middlewares.insert(0, self._watch)
        app.middlewares.append(_refuse_broken_body)

    def admit(self, connection: Connection, transport: asyncio.BaseTransport) -> bool:
        """Make room for a new connection. Return False if all others are busy."""
        is_crowded = self._by_address[connection.address] >= self.limits.per_address
        if is_crowded and not self.limits.is_proxy(connection.address):
            is_in = self._close_oldest(address=connection.address)
        else:
            is_in = len(self._connections) < self.limits.total or self._close_oldest()
        if is_in:
            self._connections[connection] = transport
            self._by_transport[transport] = connection
            self._by_address[connection.address] += 1
        return is_in

    def discard(self, connection: Connection) -> None:
        """Forget a closed or refused connection."""
        transport = self._connections.pop(connection, None)
        if transport is not None:
            del self._by_transport[transport]
            self._by_address -= Counter([connection.address])  # keeps no zeros

    def count(self, reason: str) -> None:
        """Count a closed connection. The log gets one line for many."""
        self._closed[reason] += 1
        if self._report_timer is None:
            self._report_timer = asyncio.get_running_loop().call_later(REPORT_EVERY, self.report)

    def report(self) -> None:
        """Log how many connections were closed since the last line, and why."""
        if self._report_timer is not None:
            self._report_timer.cancel()
            self._report_timer = None
        if self._closed:
            reasons = ", ".join(f"{count} {reason}" for reason, count in self._closed.most_common())
            logger.warning("connections closed: %s", reasons)
            self._closed.clear()

    def _close_oldest(self, address: str | None = None) -> bool:
        """Close a connection that waits for a request: this address's, or else one of the address with the most
        connections."""
        waiting = [
            connection
            for connection in self._connections
            if not connection.is_busy and address in {None, connection.address}
        ]
        if not waiting:
            return False
        victim = max(waiting, key=lambda connection: self._by_address[connection.address])  # the first is the oldest
        self.discard(victim)
        victim.abort("too many")
        return True

    @web.middleware
    async def _watch(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        connection = self._by_transport.get(request.transport)
        if connection is None:  # the connection was closed before its request was looked at
            return web.Response()
        connection.begin(request)
        try:
            return await handler(request)
        except ConnectionError:
            if connection in self._connections:
                raise
            return web.Response()  # nobody is there to read the answer, which is no bug
        finally:
            connection.end()


@web.middleware
async def _refuse_broken_body(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer a body that breaks HTTP's rules with 400, as aiohttp does for headers, instead of reporting a bug."""
    try:
        return await handler(request)
    except (web.RequestPayloadError, HttpProcessingError) as error:
        logger.info("bad request from %s: %s", request.remote, type(error).__name__)
        raise web.HTTPBadRequest from None


def shorten(record: logging.LogRecord) -> bool:
    """Filter aiohttp's log: log a malformed request as one short line, without a traceback or its content."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError | web.RequestPayloadError):
        record.msg = f"bad request from %s: {type(error).__name__}"
        record.levelno = min(record.levelno, logging.INFO)
        record.levelname = logging.getLevelName(record.levelno)
        record.exc_info = record.exc_text = None
    return True


def site_of(peer: tuple[str, int] | str | None) -> str:
    """Return the address that limits count by: an IPv4 address, or an IPv6 site's network."""
    host = peer[0] if isinstance(peer, tuple) else ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    return str(address.ipv4_mapped or ip_network((address, IPV6_SITE), strict=False).network_address)
