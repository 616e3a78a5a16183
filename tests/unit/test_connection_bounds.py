"""Each deadline and limit of a connection at its bound, on a clock that the test moves and without a network."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import TransferEncodingError
from aiohttp.streams import EMPTY_PAYLOAD
from aiohttp.test_utils import make_mocked_request

from adapters.http.connections import REPORT_EVERY, Connection, ConnectionLimits, Doorkeeper, shorten

LIMITS = ConnectionLimits(head=10, body=20, idle=30, reading=40, total=3, per_address=2, is_proxy=lambda _: False)
JUST = 0.01
"""Seconds before a deadline."""

Forward = Callable[[float], Awaitable[None]]
Lines = Callable[[], list[str]]


class Wire(asyncio.Transport):
    """A transport that leads nowhere and knows whether it was cut."""

    def __init__(self, host: str) -> None:
        super().__init__({"peername": (host, 1)})
        self.is_cut = False

    def abort(self) -> None:
        self.is_cut = True


class Inner(asyncio.Protocol):
    """Notes the events that reach the server's protocol."""

    def __init__(self) -> None:
        self.events: list[object] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.events.append(transport)

    def data_received(self, data: bytes) -> None:
        self.events.append(data)

    def eof_received(self) -> bool:
        self.events.append("end")
        return True

    def pause_writing(self) -> None:
        self.events.append("pause")

    def resume_writing(self) -> None:
        self.events.append("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self.events.append(exc)


class Peer:
    """A client as the server sees it."""

    def __init__(self, doorkeeper: Doorkeeper, host: str = "9.9.9.1") -> None:
        self.wire, self.inner = Wire(host), Inner()
        self.connection = Connection(doorkeeper, lambda: self.inner)
        self.connection.connection_made(self.wire)

    @property
    def is_cut(self) -> bool:
        return self.wire.is_cut

    def begin(self, body: StreamReader = EMPTY_PAYLOAD) -> None:
        self.connection.begin(make_mocked_request("POST", "/", payload=body))


@pytest.fixture
async def forward(monkeypatch: pytest.MonkeyPatch) -> Forward:
    """Return a function that moves the loop's clock by so many seconds and lets its timers run."""
    loop = asyncio.get_running_loop()
    now = loop.time()
    monkeypatch.setattr(loop, "time", lambda: now)

    async def move(seconds: float) -> None:
        nonlocal now
        now += seconds
        for _ in range(2):
            await asyncio.sleep(0)

    return move


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Lines:
    """Return a function that gives the lines logged since its last call."""
    caplog.set_level(logging.INFO, "parley")

    def read() -> list[str]:
        texts = [record.getMessage() for record in caplog.records]
        caplog.clear()
        return texts

    return read


async def closes_after(peer: Peer, seconds: float, forward: Forward) -> bool:
    """Tell whether the peer is cut after these seconds, and not a moment earlier."""
    await forward(seconds - JUST)
    was_cut = peer.is_cut
    await forward(JUST)
    return peer.is_cut and not was_cut


async def test_a_connection_that_is_never_used_is_closed_in_silence(forward: Forward, lines: Lines) -> None:
    """The server closes a connection without a request at its deadline, and logs nothing.

    Browsers open some connections in advance.
    """
    doorkeeper = Doorkeeper(LIMITS)
    assert await closes_after(Peer(doorkeeper), 10, forward)
    await forward(REPORT_EVERY)
    assert lines() == []


async def test_a_request_has_its_time_from_its_first_byte(forward: Forward, lines: Lines) -> None:
    """A request must be complete within its time from its first byte, and sending more of the headers doesn't move the
    deadline. The log counts an unfinished request."""
    doorkeeper = Doorkeeper(LIMITS)
    peer = Peer(doorkeeper)
    await forward(5)
    peer.connection.data_received(b"GET")
    await forward(4)
    peer.connection.data_received(b" /")
    assert await closes_after(peer, 6, forward)
    await forward(REPORT_EVERY)
    assert lines() == ["connections closed: 1 no whole request"]


async def test_a_whole_request_may_be_answered_as_slowly_as_it_takes(forward: Forward, lines: Lines) -> None:
    """A complete request has no deadline for its answer.

    Afterwards the connection may be idle for its own time, and a new request begins with the deadline for requests.
    """
    peer = Peer(Doorkeeper(LIMITS))
    peer.connection.data_received(b"two requests at once")
    for _ in range(2):
        peer.begin()
        peer.connection.data_received(b"more")
        await forward(100)
        assert not peer.is_cut
        peer.connection.end()
    assert await closes_after(peer, 30, forward)
    peer = Peer(Doorkeeper(LIMITS))
    peer.begin()
    peer.connection.end()
    await forward(30 - JUST)
    peer.connection.data_received(b"GET")
    assert await closes_after(peer, 10, forward)
    await forward(REPORT_EVERY)
    assert lines() == ["connections closed: 1 no whole request"]


async def test_a_body_has_its_time_from_the_end_of_the_headers(forward: Forward, lines: Lines) -> None:
    """A request's body must arrive within its time from the end of the headers.

    A body that is already complete has no deadline.
    """
    doorkeeper = Doorkeeper(LIMITS)
    bodies = [StreamReader(BaseProtocol(asyncio.get_running_loop()), 2**16) for _ in range(2)]
    slow, whole = Peer(doorkeeper), Peer(doorkeeper)
    for peer, body in zip((slow, whole), bodies, strict=True):
        peer.begin(body)
    bodies[1].feed_eof()
    assert await closes_after(slow, 20, forward)
    await forward(REPORT_EVERY)
    assert not whole.is_cut
    assert lines() == ["connections closed: 1 no whole body"]


async def test_what_is_sent_must_be_read_in_time(forward: Forward, lines: Lines) -> None:
    """The server closes the connection of a client that doesn't read its answer in time.

    A client that reads on gets a new deadline for its next pause.
    """
    doorkeeper = Doorkeeper(LIMITS)
    peer = Peer(doorkeeper)
    peer.begin()
    peer.connection.pause_writing()
    await forward(40 - JUST)
    peer.connection.resume_writing()
    await forward(100)
    assert not peer.is_cut
    peer.connection.pause_writing()
    assert await closes_after(peer, 40, forward)
    await forward(REPORT_EVERY)
    assert lines() == ["connections closed: 1 nobody reads"]


async def test_a_connection_that_the_client_closed_is_not_counted(forward: Forward, lines: Lines) -> None:
    """A connection that the client closed has no deadlines left, and the log doesn't count it."""
    doorkeeper = Doorkeeper(LIMITS)
    peer = Peer(doorkeeper)
    peer.connection.data_received(b"GET")
    peer.connection.pause_writing()
    peer.connection.connection_lost(None)
    await forward(100)
    await forward(REPORT_EVERY)
    assert lines() == []
    assert not peer.is_cut


async def test_the_server_is_told_everything(forward: Forward) -> None:
    """The server's protocol gets every event of a connection in order, and nothing of a refused connection."""
    doorkeeper = Doorkeeper(LIMITS)
    peer, broken = Peer(doorkeeper), ConnectionResetError()
    peer.connection.data_received(b"GET")
    assert peer.connection.eof_received() is True
    peer.connection.pause_writing()
    peer.connection.resume_writing()
    peer.connection.connection_lost(broken)
    assert peer.inner.events == [peer.wire, b"GET", "end", "pause", "resume", broken]
    for host in ("9.9.9.1", "9.9.9.2", "9.9.9.3"):
        Peer(doorkeeper, host).begin()
    refused = Peer(doorkeeper, "9.9.9.4")
    refused.connection.connection_lost(None)
    assert (refused.is_cut, refused.inner.events) == (True, [])


async def test_newcomers_at_once_close_one_connection_each(forward: Forward, lines: Lines) -> None:
    """At the limit each newcomer closes one waiting connection, even if others are still ending.

    A connection whose answer is finished counts as waiting again.
    """
    doorkeeper = Doorkeeper(LIMITS)
    busy, second, third = (Peer(doorkeeper, f"9.9.9.{number}") for number in range(1, 4))
    busy.begin()
    newcomers = [Peer(doorkeeper, "9.9.9.4"), Peer(doorkeeper, "9.9.9.5")]
    assert [peer.is_cut for peer in (busy, second, third, *newcomers)] == [False, True, True, False, False]
    busy.connection.end()
    newcomers.append(Peer(doorkeeper, "9.9.9.6"))
    assert [peer.is_cut for peer in (busy, *newcomers)] == [True, False, False, False]
    await forward(REPORT_EVERY)
    assert "connections closed: 3 too many" in lines()


async def test_a_crowded_address_pays_itself() -> None:
    """An address at its limit loses its own oldest connection, even if an address without a limit has as many."""
    doorkeeper = Doorkeeper(ConnectionLimits(total=10, per_address=2, is_proxy=lambda host: host == "10.0.0.1"))
    proxy = [Peer(doorkeeper, "10.0.0.1") for _ in range(3)]
    own = [Peer(doorkeeper, "9.9.9.1") for _ in range(3)]
    assert [peer.is_cut for peer in (*proxy, *own)] == [False] * 3 + [True, False, False]


async def test_the_log_sums_closed_connections_up(forward: Forward, lines: Lines) -> None:
    """The log sums closed connections up in one line for each period, and counts each connection once.

    It has no line for a period in which none was closed.
    """
    doorkeeper = Doorkeeper(LIMITS)
    for reason in ("too many", "nobody reads", "nobody reads"):
        doorkeeper.count(reason)
    await forward(REPORT_EVERY - JUST)
    assert lines() == []
    await forward(JUST)
    assert lines() == ["connections closed: 2 nobody reads, 1 too many"]
    doorkeeper.count("too many")
    await forward(1)
    doorkeeper.report()
    doorkeeper.report()
    assert lines() == ["connections closed: 1 too many"]
    doorkeeper.count("too many")
    await forward(REPORT_EVERY - JUST)
    assert lines() == []  # the report ended the period that was running
    await forward(JUST)
    assert lines() == ["connections closed: 1 too many"]


@web.middleware
async def _between(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    return await handler(request)


async def test_each_request_is_watched_before_anything_else_sees_it() -> None:
    """The watch over requests runs before every other middleware, and doesn't handle a request whose connection is
    gone. If a handler fails because its own connection broke, that is no bug; any other failure is."""
    app, doorkeeper = web.Application(middlewares=[_between]), Doorkeeper(LIMITS)
    doorkeeper.watch(app)
    watch, between, _ = app.middlewares
    assert between is _between
    peer = Peer(doorkeeper)
    requests = []

    async def fail(request: web.Request) -> web.StreamResponse:
        requests.append(request)
        assert peer.connection.is_busy
        if len(requests) > 1:
            peer.connection.connection_lost(None)
        raise ConnectionResetError

    request = make_mocked_request("GET", "/", transport=peer.wire)
    with pytest.raises(ConnectionResetError):
        await watch(request, fail)
    assert not peer.connection.is_busy
    assert (await watch(request, fail)).status == 200
    assert (await watch(request, fail)).status == 200
    request.protocol.transport = None
    assert (await watch(request, fail)).status == 200
    assert requests == [request, request]


@pytest.mark.parametrize("error", [web.RequestPayloadError(), TransferEncodingError("bad")])
async def test_a_body_that_breaks_while_it_is_read_is_a_bad_request(error: Exception, lines: Lines) -> None:
    """A body that breaks while the server reads it makes a bad request with one line in the log.

    Any other error is raised as it is.
    """
    app = web.Application(middlewares=[_between])
    Doorkeeper(LIMITS).watch(app)
    request, errors = make_mocked_request("POST", "/"), [error, ValueError("a bug")]

    async def fail(_request: web.Request) -> web.StreamResponse:
        raise errors.pop(0)

    with pytest.raises(web.HTTPBadRequest):
        await app.middlewares[-1](request, fail)
    assert lines() == [f"bad request from {request.remote}: {type(error).__name__}"]
    with pytest.raises(ValueError, match="a bug"):
        await app.middlewares[-1](request, fail)


def test_a_line_without_an_error_is_logged_as_it_is() -> None:
    """The log shortens only lines about malformed requests; a line without an error stays as it is."""
    record = logging.LogRecord("parley.http.server", logging.WARNING, "", 0, "as it is", (), None)
    assert shorten(record)
    assert (record.getMessage(), record.levelno) == ("as it is", logging.WARNING)
