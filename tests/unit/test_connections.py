"""Slow, half-open, broken or too many connections hold up nobody else, over real sockets with short deadlines."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from adapters.http.connections import ConnectionLimits, is_proxy, site_of
from adapters.http.health import Health
from adapters.http.listen import HttpServer, listen
from adapters.http.prometheus import Metrics
from adapters.preview.desk import Desk
from adapters.preview.server import Preview
from adapters.slack.app import SlackChat
from bot.settings.model import Address
from tests.browser.served import serving_polls
from tests.ports import free_port
from tests.waits import PATIENCE
from tests.world import CONTENT, NOW, make_bot, request

LONG = 600.0
"""Seconds: a deadline that no test reaches."""
PATIENT = ConnectionLimits(head=LONG, body=LONG, idle=LONG, reading=LONG)
SHORT = 0.2
SECRET = "marmalade"
HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
WHOLE = HEAD + b"\r\n"


@dataclass
class Served:
    """A small server whose `/slow` waits for a gate."""

    address: Address
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    started: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    bodies: list[bytes | str] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)

    async def hello(self, _request: web.Request) -> web.Response:
        return web.Response(text="hello")

    async def wait(self, _request: web.Request) -> web.Response:
        self.started.put_nowait("waiting")
        await self.gate.wait()
        return web.Response(text="waited")

    async def receive(self, request: web.Request) -> web.Response:
        try:
            self.bodies.append(await request.read())
        except Exception as error:
            self.bodies.append(type(error).__name__)
            raise
        return web.Response(text="received")

    async def pour(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        self.started.put_nowait("pouring")
        try:
            while True:
                await response.write(b"x" * 65_536)
        finally:
            self.started.put_nowait("ended")

    async def ask(self, path: str = "/") -> str:
        """Ask as any other client does, on a new connection."""
        async with aiohttp.ClientSession(f"http://{self.address}") as session, session.get(path) as response:
            assert response.status == 200
            return await response.text()

    async def connect(self, data: bytes = b"", host: str = "127.0.0.1") -> Client:
        reader, writer = await asyncio.open_connection(*self.address, local_addr=(host, 0))
        client = Client(reader, writer)
        self.clients.append(client)
        await client.send(data)
        return client


@dataclass(frozen=True, slots=True)
class Client:
    """One raw connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        with suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()

    async def answer(self) -> bytes:
        """Read one answer with a body of known length."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length: "))
            return head + await self.reader.readexactly(int(length.split()[1]))

    async def rest(self) -> bytes:
        """Read until the server closes the connection."""
        pieces = []
        async with asyncio.timeout(PATIENCE):
            try:
                while piece := await self.reader.read(65_536):
                    pieces.append(piece)
            except ConnectionResetError:
                pass
        return b"".join(pieces)

    async def is_closed(self) -> bool:
        """Wait for the server to close the connection without an answer."""
        return await self.rest() == b""

    async def is_open(self) -> bool:
        """Ask on this connection, and say whether there is an answer."""
        try:
            await self.send(WHOLE)
            return b"hello" in await self.answer()
        except (ConnectionError, asyncio.IncompleteReadError):
            return False


@asynccontextmanager
async def serving(limits: ConnectionLimits) -> AsyncIterator[Served]:
    app = web.Application(client_max_size=1_000)
    served = Served(Address("127.0.0.1", free_port()))
    app.router.add_get("/", served.hello)
    app.router.add_get("/slow", served.wait)
    app.router.add_get("/pour", served.pour)
    app.router.add_post("/", served.receive)
    server = await listen(app, served.address, "PARLEY_BIND", limits)
    try:
        yield served
    finally:
        served.gate.set()
        for client in served.clients:
            await client.close()
        await server.cleanup()


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Return a function that gives all lines logged under `parley`, with their tracebacks."""
    caplog.set_level(logging.INFO, "parley")
    formatter = logging.Formatter("%(levelname)s %(message)s")
    return lambda: [formatter.format(record) for record in caplog.records if record.name.startswith("parley")]


# --- deadlines ---


@pytest.mark.parametrize("data", [b"", b"G", HEAD, b"\r\n\r\n", HEAD + b"X-Long: " + b"a" * 4_000])
async def test_a_connection_without_a_whole_request_is_closed(data: bytes) -> None:
    """The server closes a connection that hasn't sent complete headers by the deadline, and still answers others."""
    async with serving(replace(PATIENT, head=SHORT)) as served:
        client = await served.connect(data)
        assert await client.is_closed()
        assert await served.ask() == "hello"


async def test_headers_that_drip_are_no_excuse() -> None:
    """The deadline for headers counts from the first byte, and sending more of them bit by bit doesn't move it."""
    async with serving(replace(PATIENT, head=SHORT)) as served:
        client = await served.connect(HEAD)

        async def drip() -> None:
            while not client.writer.is_closing():
                await client.send(b"X: y\r\n")
                await asyncio.sleep(SHORT / 10)

        dripping = asyncio.create_task(drip())
        assert await client.is_closed()
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 100\r\n\r\nhalf of it",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"Content-Length: 100\r\n\r\n",
    ],
)
async def test_a_body_that_does_not_come_is_closed(body: bytes, lines: Callable[[], list[str]]) -> None:
    """The server closes a connection whose body doesn't arrive by the deadline.

    Its handler ends, the log has no traceback, and other clients are answered.
    """
    async with serving(replace(PATIENT, body=SHORT)) as served:
        client = await served.connect(b"POST / HTTP/1.1\r\nHost: x\r\n" + body)
        assert await client.is_closed()
        assert await served.ask() == "hello"
        assert all(isinstance(outcome, str) for outcome in served.bodies)  # a failure, never half a body
    assert [line for line in lines() if "Traceback" in line or "half of it" in line] == []


async def test_a_whole_body_has_no_deadline_any_more() -> None:
    """Once a request's body is complete, its answer may take longer than the deadline for bodies."""
    async with serving(replace(PATIENT, body=SHORT)) as served:
        client = await served.connect(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        whole = await served.connect(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody")
        assert b"received" in await whole.answer()
        assert await (await served.connect(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n")).is_closed()
        served.gate.set()
        assert b"waited" in await client.answer()


async def test_an_idle_connection_is_closed_and_may_be_used_before() -> None:
    """Between two requests a connection has its own deadline, after which the server closes it.

    A request that begins has the deadline for headers again.
    """
    async with serving(replace(PATIENT, head=SHORT)) as served:
        client = await served.connect()
        assert await client.is_open()
        assert await (await served.connect()).is_closed()  # now more than the deadline for headers has passed
        assert await client.is_open()
        await client.send(HEAD)
        assert await client.is_closed()
    async with serving(replace(PATIENT, idle=SHORT)) as served:
        client = await served.connect()
        assert await client.is_open()
        assert await client.is_closed()


async def test_a_client_that_reads_nothing_is_closed() -> None:
    """The server closes the connection of a client that doesn't read its answer, and ends the handler."""
    async with serving(replace(PATIENT, reading=SHORT)) as served:
        await served.connect(b"GET /pour HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(PATIENCE):
            assert [await served.started.get(), await served.started.get()] == ["pouring", "ended"]


# --- limits on the number of connections ---


async def test_too_many_connections_close_the_one_that_waited_longest() -> None:
    """At the limit a new connection closes the one that has waited longest for its request.

    A connection whose request is being answered stays.
    """
    async with serving(replace(PATIENT, total=3)) as served:
        busy = await served.connect(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        await served.started.get()
        first, second = await served.connect(HEAD), await served.connect(HEAD)
        assert await served.ask() == "hello"
        assert await first.is_closed()
        await second.send(b"\r\n")
        assert b"hello" in await second.answer()
        served.gate.set()
        assert b"waited" in await busy.answer()


async def test_where_all_are_busy_a_new_connection_is_refused() -> None:
    """If all connections at the limit are being answered, the server refuses a new one and finishes those answers."""
    async with serving(replace(PATIENT, total=3)) as served:
        busy = [await served.connect(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(3)]
        for _ in busy:
            await served.started.get()
        assert await (await served.connect()).is_closed()
        served.gate.set()
        assert [b"waited" in await client.answer() for client in busy] == [True] * 3


async def test_one_address_has_its_share() -> None:
    """An address at its limit loses its own oldest connection, and never another address's."""
    limits = replace(PATIENT, total=10, per_address=2, is_proxy=lambda address: address == "127.0.0.9")
    async with serving(limits) as served:
        other = await served.connect(HEAD, "127.0.0.2")
        crowd = [await served.connect(HEAD, "127.0.0.3") for _ in range(3)]
        assert await crowd[0].is_closed()
        for client in (other, *crowd[1:]):
            await client.send(b"\r\n")
            assert b"hello" in await client.answer()


async def test_one_busy_address_is_refused_more() -> None:
    """The server refuses a new connection from an address at its limit whose connections are all being answered.

    Other addresses can still connect.
    """
    limits = replace(PATIENT, total=10, per_address=1, is_proxy=lambda _: False)
    async with serving(limits) as served:
        await served.connect(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n", "127.0.0.3")
        await served.started.get()
        assert await (await served.connect(HEAD, "127.0.0.3")).is_closed()
        assert await (await served.connect(b"", "127.0.0.2")).is_open()


async def test_a_proxy_has_no_limit_of_its_own() -> None:
    """A proxy's address has no limit of its own, since all its members share it."""
    limits = replace(PATIENT, total=10, per_address=2, is_proxy=lambda address: address == "127.0.0.9")
    async with serving(limits) as served:
        members = [await served.connect(HEAD, "127.0.0.9") for _ in range(6)]
        for client in members:
            await client.send(b"\r\n")
            assert b"hello" in await client.answer()


async def test_where_all_is_full_the_largest_crowd_pays() -> None:
    """At the total limit the address with the most connections loses some, even if another's connection is older."""
    async with serving(replace(PATIENT, total=5)) as served:
        member = await served.connect(HEAD, "127.0.0.2")
        crowd = [await served.connect(HEAD, "127.0.0.3") for _ in range(20)]
        assert [await client.is_closed() for client in crowd[:16]] == [True] * 16
        await member.send(b"\r\n")
        assert b"hello" in await member.answer()


async def test_a_connection_that_ends_makes_room() -> None:
    """The limit counts open connections only, so any number may follow one after the other."""
    async with serving(replace(PATIENT, total=2, per_address=2, is_proxy=lambda _: False)) as served:
        for _ in range(10):
            client = await served.connect()
            assert await client.is_open()
            await client.close()


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1", True), ("::1", True), ("10.1.2.3", True), ("172.17.0.1", True), ("192.168.0.9", True),
     ("fd00::1", True), ("fe80::1%eth0", True), ("100.64.0.1", True), ("", True), ("9.9.9.9", False),
     ("172.32.0.1", False), ("2620:fe::fe", False)],
)  # fmt: skip
def test_a_proxy_is_on_this_machine_or_in_a_private_network(address: str, expected: bool) -> None:
    """An address counts as a proxy's if it is on this machine or in a private network, or if it is unknown.

    A public address doesn't.
    """
    assert is_proxy(address) is expected


def test_an_address_is_counted_as_its_owner_has_it() -> None:
    """The server counts connections by IPv4 address, even inside IPv6, and by /64 network for other IPv6 addresses."""
    assert site_of(("9.9.9.9", 5)) == "9.9.9.9"
    assert site_of(("::ffff:9.9.9.9", 5)) == "9.9.9.9"
    assert site_of(("2620:fe::1", 5)) == site_of(("2620:fe::8000:0:0:1", 5)) != site_of(("2620:fe:0:1::1", 5))
    assert site_of("") == site_of(None) == ""


# --- malformed requests ---

BAD = {
    "garbage": b"\x16\x03\x01\x02\x00" + SECRET.encode() + b"\r\n\r\n",
    "a method that is none": f"{SECRET} / HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    "another protocol": f"GET /{SECRET} SIP/2.0\r\n\r\n".encode(),
    "a huge header": HEAD + b"X: " + SECRET.encode() * 10_000 + b"\r\n\r\n",
    "a huge line": b"GET /" + SECRET.encode() * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "many headers": HEAD + b"".join(f"X-{n}: {SECRET}\r\n".encode() for n in range(2_000)) + b"\r\n",
    "a zero byte": HEAD + f"X: {SECRET}\0\r\n\r\n".encode(),
    "a length that is none": f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {SECRET}\r\n\r\n".encode(),
    "two lengths": f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{SECRET}".encode(),
    "a length and chunks": (
        f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n{SECRET}".encode()
    ),
    "bad chunks": f"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{SECRET}\r\n\r\n".encode(),
    "bad chunks later": (
        f"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n{SECRET}\r\n".encode()
    ),
    "a chunk that is too long": (
        f"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{SECRET}\r\n0\r\n\r\n".encode()
    ),
}  # fmt: skip


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
async def test_a_request_that_is_no_http_is_one_short_line(data: bytes, lines: Callable[[], list[str]]) -> None:
    """The server answers a malformed request with an error or closes it.

    The log has at most one short line about it, without the request's words or a traceback.
    """
    async with serving(replace(PATIENT, head=SHORT, body=SHORT)) as served:
        client = await served.connect(data)
        answer = await client.rest()
        assert answer == b"" or answer.split()[1] in {b"400", b"405", b"505"}
        assert await served.ask() == "hello"
        logged = lines()
    assert len(logged) <= 1  # an unknown method has no line, since scanners send them all day
    assert all(len(line) < 150 and "\n" not in line and SECRET not in line for line in logged)


async def test_garbage_after_a_good_request_harms_that_connection_alone(lines: Callable[[], list[str]]) -> None:
    """After a good request, the server refuses garbage on the same connection once and closes it.

    Other clients are still answered.
    """
    async with serving(PATIENT) as served:
        client = await served.connect(WHOLE)
        assert b"hello" in await client.answer()
        await client.send(b"GET \0garbage\r\n\r\n" * 1_000)
        assert (await client.rest()).count(b" 400 ") == 1
        pipelined = await served.connect(WHOLE + b"GET \0garbage\r\n\r\n" * 1_000)
        assert (await pipelined.rest()).count(b" 400 ") == 1
        assert await served.ask() == "hello"
        logged = lines()
    assert len(logged) == 2
    assert "garbage" not in "".join(logged)


async def test_a_bug_keeps_its_traceback(lines: Callable[[], list[str]]) -> None:
    """A bug in a handler is logged with its whole traceback."""
    app = web.Application()

    async def fail(_request: web.Request) -> web.Response:
        raise RuntimeError("a bug")

    app.router.add_get("/", fail)
    address = Address("127.0.0.1", free_port())
    server = await listen(app, address, "PARLEY_BIND")
    async with aiohttp.ClientSession(f"http://{address}") as session, session.get("/") as response:
        assert response.status == 500
    await server.cleanup()
    assert "RuntimeError: a bug" in "".join(lines())


# --- the servers of a running Parley ---


async def test_a_vote_is_counted_among_half_open_connections(tmp_path: Path, lines: Callable[[], list[str]]) -> None:
    """A member can vote while 400 half-open connections are there, and the log has fewer than 10 lines."""
    async with serving_polls(tmp_path) as hall, aiohttp.ClientSession(hall.url) as page:
        headers = {"X-Parley-Member": "ada", "X-Parley-Token": (await _json(page, "api/hello"))["token"]}
        await hall.instance.bot.say(
            request("Ada", platform="web"), '/poll create post:yes question:"Tea?" options:"Yes|No"'
        )
        host, port = hall.url.removeprefix("http://").rstrip("/").split(":")
        clients = [Client(*await asyncio.open_connection(host, int(port))) for _ in range(400)]
        for client in clients:
            await client.send(b"POST /api/press HTTP/1.1\r\nHost: x\r\n")
        body = {"action": "v1:vote:p1:0", "message": "", "values": []}
        async with page.post("api/press", json=body, headers=headers) as response:
            assert response.status == 200
            assert "Your vote is counted" in await response.text()
        for client in clients:
            await client.close()
    assert len(lines()) < 10


async def _json(session: aiohttp.ClientSession, path: str) -> Any:
    async with session.get(path) as response:
        return await response.json()


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b"Content-Length: 50\r\n\r\n{", b""), (b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\nmarmalade\r\n", b" 400 ")],
)
async def test_a_broken_body_is_no_bug_of_the_chat(
    tmp_path: Path, lines: Callable[[], list[str]], body: bytes, expected: bytes
) -> None:
    """A broken body sent to the chat page makes no traceback and no bug in the log."""
    async with serving_polls(tmp_path) as hall, aiohttp.ClientSession(hall.url) as page:
        token = (await _json(page, "api/hello"))["token"]
        host, port = hall.url.removeprefix("http://").rstrip("/").split(":")
        client = Client(*await asyncio.open_connection(host, int(port)))
        head = f"POST /api/say HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
        await client.send(f"{head}X-Parley-Member: ada\r\nX-Parley-Token: {token}\r\n".encode() + body)
        if not expected:
            client.writer.write_eof()
        assert expected in await client.rest()
        await client.close()
    assert [line for line in lines() if "Traceback" in line or SECRET in line or "bug" in line] == []


async def test_every_server_of_parley_closes_what_is_half_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The chat page, the public pages, the health server, the preview and the server for Slack close a half-open
    connection in time."""
    short = replace(PATIENT, head=SHORT)

    async def listen_briefly(app: web.Application, address: Address, setting: str) -> HttpServer:
        return await listen(app, address, setting, short)

    for module in ("web.server", "web.public", "http.health", "preview.server", "slack.app"):
        monkeypatch.setattr(f"adapters.{module}.listen", listen_briefly)
    health, preview = Health(Metrics()), Preview(Desk.of(CONTENT, lambda: NOW), CONTENT)
    slack, slack_address = SlackChat(make_bot(), clock=lambda: NOW), Address("127.0.0.1", free_port())
    await slack.listen(slack_address)
    async with serving_polls(tmp_path) as hall:
        urls = [
            hall.url,
            hall.public_url,
            await health.start(Address("127.0.0.1", free_port())),
            await preview.start(0),
            f"http://{slack_address}",
        ]
        try:
            for url in urls:
                host, _, port = url.removeprefix("http://").rstrip("/").partition(":")
                client = Client(*await asyncio.open_connection(host, int(port)))
                await client.send(HEAD)
                assert await client.is_closed(), url
                await client.close()
        finally:
            await health.stop()
            await preview.stop()
            await slack.stop()
