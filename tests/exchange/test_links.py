"""`parley check --links` asks web addresses politely, tells what each answer means, and notes it in the pack's file."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import aiohttp
import pytest
import yaml
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.http.link_checker import AT_ONCE, LONGEST_WAIT, Asker, Guarded, check_links, is_public, session
from bot.authoring.link_notes import LinkAnswer
from bot.packs.model import LinkStatus
from tests.ports import free_port, serve
from tests.unit.packs import SOURCES, make_pack
from tests.unit.test_cli import parley

DAY = date(2026, 11, 26)
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


class Names(AbstractResolver):
    """The tests' own resolver: each name is this machine, but `dead.test` is unknown and `later.test` fails for now."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        wrong = {"dead.test": socket.EAI_NONAME, "later.test": socket.EAI_AGAIN}
        if host in wrong:
            raise socket.gaierror(wrong[host], "no")
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None: ...


@dataclass
class Time:
    """A clock that only sleeping moves."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@dataclass
class Site:
    """A real server on this machine with pages of all kinds, which records its requests."""

    time: Time
    port: int = 0
    requests: list[tuple[str, str, float]] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    bytes_sent: int = 0
    active: int = 0
    most: int = 0
    cut_off: asyncio.Event = field(default_factory=asyncio.Event)
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    def at(self, path: str, host: str = "site.test") -> str:
        return f"http://{host}:{self.port}{path}"

    def methods(self, path: str) -> list[str]:
        return [method for method, requested, _ in self.requests if requested == path]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path, self.time.now))
        self.agents.add(request.headers["User-Agent"])
        leaf = request.path.strip("/")
        if leaf.isdecimal():
            return web.Response(status=int(leaf))
        special = getattr(self, f"_{leaf.replace('-', '_').replace('.', '_')}", None)
        return await special(request) if special else web.Response(text="here")

    async def _moved(self, _request: web.Request) -> web.Response:
        return web.Response(status=301, headers={"Location": "/new place?a=1|2"})

    async def _moved_for_good(self, _request: web.Request) -> web.Response:
        return web.Response(status=308, headers={"Location": "/page"})

    async def _for_now(self, _request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": self.at("/page", "other.test")})

    async def _gone_after(self, _request: web.Request) -> web.Response:
        return web.Response(status=308, headers={"Location": "/404"})

    async def _home(self, _request: web.Request) -> web.Response:
        return web.Response(status=301, headers={"Location": "/"})

    async def _garbled(self, _request: web.Request) -> web.Response:
        return web.Response(status=301, headers={"Location": "http://site.test:99999/\udcff"})

    async def _loop(self, _request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/loop"})

    async def _inside(self, _request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data"})

    async def _elsewhere(self, _request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "file:///etc/passwd"})

    async def _no_head(self, request: web.Request) -> web.Response:
        return web.Response(status=405 if request.method == "HEAD" else 200)

    async def _busy(self, _request: web.Request) -> web.Response:
        first = len(self.methods("/busy")) == 1
        return web.Response(status=429, headers={"Retry-After": "7"}) if first else web.Response()

    async def _busy_until(self, _request: web.Request) -> web.Response:
        first = len(self.methods("/busy-until")) == 1
        when = (NOW + timedelta(seconds=9)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        return web.Response(status=503, headers={"Retry-After": when}) if first else web.Response()

    async def _busy_all_day(self, _request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": str(int(LONGEST_WAIT) + 1)})

    async def _slow(self, _request: web.Request) -> web.Response:
        await self.cut_off.wait()
        return web.Response()

    async def _report_pdf(self, _request: web.Request) -> web.Response:
        return web.Response(text="<p>Not found</p>", content_type="text/html")

    async def _huge(self, request: web.Request) -> web.StreamResponse:
        if request.method == "HEAD":
            return web.Response(status=405)
        response = web.StreamResponse(headers={"Content-Length": str(2**40)})
        await response.prepare(request)
        try:
            while True:
                await response.write(bytes(65536))
                self.bytes_sent += 65536
        except (ConnectionError, asyncio.CancelledError):
            self.cut_off.set()
            raise

    async def _crowd(self, _request: web.Request) -> web.Response:
        self.active += 1
        self.most = max(self.most, self.active)
        if self.active >= AT_ONCE:
            self.enough.set()
        await self.enough.wait()
        await asyncio.sleep(0.05)
        self.active -= 1
        return web.Response()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    local_site = Site(Time())
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", local_site.answer)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    local_site.port = await serve(runner)
    yield local_site
    local_site.cut_off.set()
    await runner.cleanup()


@asynccontextmanager
async def asker(time: Time, resolver: AbstractResolver | None = None, patience: float = 20.0) -> AsyncIterator[Asker]:
    """Yield an asker that may reach this machine, on a clock that only sleeping moves."""
    async with session(resolver or Names()) as opened:
        yield Asker(
            opened, timeout=patience, sleep=time.sleep, clock=time.clock, now=lambda: NOW, open_to=lambda _: True
        )


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/page", LinkStatus.WORKS, ""),
        ("/404", LinkStatus.DEAD, "404"),
        ("/410", LinkStatus.DEAD, "410"),
        ("/gone-after", LinkStatus.DEAD, "404"),
        ("/403", LinkStatus.UNCLEAR, "answers 403"),
        ("/500", LinkStatus.UNCLEAR, "answers 500"),
        ("/429", LinkStatus.UNCLEAR, "answers 429"),
        ("/no-head", LinkStatus.WORKS, ""),
        ("/for-now", LinkStatus.WORKS, ""),
        ("/moved", LinkStatus.MOVED, ""),
        ("/home", LinkStatus.UNCLEAR, "leads to a site's front page"),
        ("/garbled", LinkStatus.UNCLEAR, "redirects to something that isn't a web address"),
        ("/loop", LinkStatus.UNCLEAR, "redirects too often"),
        ("/elsewhere", LinkStatus.UNCLEAR, "redirects to something that isn't a web address"),
        ("/report.pdf", LinkStatus.UNCLEAR, "sends a web page instead of a PDF"),
    ],
)
async def test_dead_is_told_from_what_cannot_be_told(site: Site, path: str, status: LinkStatus, detail: str) -> None:
    """An answer of 404 or 410 means dead; a refusal, a fault or an unexpected answer is unclear."""
    async with asker(site.time) as asking:
        answer = await asking.ask(site.at(path))
    assert (answer.status, answer.detail) == (status, detail)


@pytest.mark.parametrize(
    ("host", "status", "detail"),
    [
        ("dead.test", LinkStatus.DEAD, "no such host"),
        ("later.test", LinkStatus.UNCLEAR, "its name can't be resolved right now"),
    ],
)
async def test_a_name_that_nobody_knows_is_dead(site: Site, host: str, status: LinkStatus, detail: str) -> None:
    """An address whose host doesn't exist is dead; one whose host can't be resolved right now is unclear."""
    async with asker(site.time) as asking:
        answer = await asking.ask(f"http://{host}/")
    assert (answer.status, answer.detail) == (status, detail)


async def test_the_way_is_shown_and_only_a_lasting_move_is_a_new_address(site: Site) -> None:
    """An answer of 301 or 308 means that an address has changed, and 302 doesn't. Parley shows where each leads."""
    async with asker(site.time) as asking:
        moved, lent = await asking.ask(site.at("/moved")), await asking.ask(site.at("/for-now"))
        for_good = await asking.ask(site.at("/moved-for-good"))
    assert (for_good.trail, for_good.moved_to) == ((site.at("/page"),), site.at("/page"))
    assert moved.trail == (moved.moved_to,)
    assert moved.moved_to.startswith(site.at("/new%20place"))
    assert (lent.trail, lent.moved_to) == ((site.at("/page", "other.test"),), "")


async def test_a_page_is_asked_by_head_and_only_then_by_get(site: Site) -> None:
    """Parley asks by HEAD, and by GET only if the server refuses HEAD. Each request says that it comes from Parley."""
    async with asker(site.time) as asking:
        await asking.ask(site.at("/page"))
        await asking.ask(site.at("/no-head"))
    assert site.methods("/page") == ["HEAD"]
    assert site.methods("/no-head") == ["HEAD", "GET"]
    assert all(re.match(r"Parley/\d", agent) for agent in site.agents)


async def test_a_huge_page_is_not_downloaded(site: Site) -> None:
    """Parley ends the connection once an answer has begun, so of a terabyte it downloads less than 256 MiB."""
    async with asker(site.time) as asking:
        assert (await asking.ask(site.at("/huge"))).status is LinkStatus.WORKS
        await site.cut_off.wait()
    assert site.bytes_sent < 2**28


async def test_who_does_not_answer_in_time_is_unclear(site: Site) -> None:
    """An address whose server doesn't answer in time is unclear, not dead."""
    async with asker(site.time, patience=0.05) as asking:
        answer = await asking.ask(site.at("/slow"))
    assert (answer.status, answer.detail) == (LinkStatus.UNCLEAR, "no answer in time")


@pytest.mark.parametrize(("path", "seconds"), [("/busy", 7), ("/busy-until", 9)])
async def test_a_server_that_asks_to_wait_is_waited_for(site: Site, path: str, seconds: float) -> None:
    """Parley asks once more after the time in `Retry-After`, whether it is in seconds or a date, and not before."""
    async with asker(site.time) as asking:
        assert (await asking.ask(site.at(path))).status is LinkStatus.WORKS
    first, second = (when for _, path_asked, when in site.requests if path_asked == path)
    assert second - first >= seconds


async def test_a_server_that_asks_for_more_than_a_minute_is_left_alone(site: Site) -> None:
    """If a server asks for a wait of more than a minute, Parley doesn't ask it again."""
    async with asker(site.time) as asking:
        assert (await asking.ask(site.at("/busy-all-day"))).detail == "answers 429"
    assert site.methods("/busy-all-day") == ["HEAD"]


async def test_one_host_is_asked_with_a_pause_between(site: Site) -> None:
    """Parley pauses between two requests to one host, however many of its pages are cited."""
    answers: dict[str, LinkAnswer] = {}
    async with asker(site.time) as asking:
        await asking.all([site.at(f"/page{number}") for number in range(4)], answers)
        pause = asking.pause
    times = sorted(when for _, _, when in site.requests)
    assert len(times) == len(answers) == 4
    assert all(later - earlier >= pause for earlier, later in pairwise(times))


async def test_few_hosts_are_asked_at_a_time(site: Site) -> None:
    """Parley asks at most four hosts at a time."""
    answers: dict[str, LinkAnswer] = {}
    async with asker(site.time) as asking:
        await asking.all([site.at("/crowd", f"host{number}.test") for number in range(8)], answers)
    assert len(answers) == 8
    assert site.most == AT_ONCE


async def test_what_is_no_web_server_is_unclear() -> None:
    """An address is unclear if another program listens at its port, or none."""

    async def garbage(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
        writer.close()

    port = free_port()
    server = await asyncio.start_server(garbage, "127.0.0.1", port)
    async with asker(Time()) as asking:
        answer = await asking.ask(f"http://site.test:{port}/page")
        server.close()
        await server.wait_closed()
        refused = await asking.ask(f"http://site.test:{port}/page")
    assert (answer.status, answer.detail) == (LinkStatus.UNCLEAR, "its answer isn't valid")
    assert (refused.status, refused.detail) == (LinkStatus.UNCLEAR, "no connection")


async def test_a_certificate_that_cannot_be_trusted_is_dead(tmp_path: Path) -> None:
    """An address whose certificate can't be trusted is dead, since browsers refuse the connection."""
    runner = web.AppRunner(web.Application())
    await runner.setup()
    port = await serve(runner, ssl_context=untrusted(tmp_path))
    async with asker(Time()) as asking:
        answer = await asking.ask(f"https://site.test:{port}/")
    await runner.cleanup()
    assert (answer.status, answer.detail) == (LinkStatus.DEAD, "its certificate can't be trusted")


def untrusted(folder: Path) -> ssl.SSLContext:
    """Return the server's side of TLS with a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "site.test")])
    unsigned = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW - timedelta(1), NOW + timedelta(36500))
    certificate = unsigned.sign(key, hashes.SHA256())
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "site.pem"
    file.write_bytes(plain + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1:248:1893:25c8:1946", True), ("127.0.0.1", False), ("10.1.2.3", False),
        ("172.16.0.1", False), ("192.168.1.1", False), ("169.254.169.254", False), ("100.64.0.1", False),
        ("0.0.0.0", False), ("224.0.0.1", False), ("255.255.255.255", False), ("::1", False), ("::", False),
        ("fe80::1", False), ("fd00::1", False), ("::ffff:127.0.0.1", False), ("::ffff:93.184.216.34", True),
        ("64:ff9b::7f00:1", False), ("64:ff9b::5db8:d822", True), ("2002:7f00:1::", False),
    ],
)  # fmt: skip
def test_only_addresses_of_the_open_internet_are_public(address: str, public: bool) -> None:
    """Loopback, private, link-local and multicast addresses are not public, even when wrapped in IPv6."""
    assert is_public(ipaddress.ip_address(address)) is public


@pytest.mark.parametrize("address", ["http://127.0.0.1:{port}/page", "http://site.test:{port}/page", "http://[::1]:{port}/page",
                                     "http://2130706433:{port}/page", "http://[::ffff:7f00:1]:{port}/page"])  # fmt: skip
async def test_a_private_network_is_never_asked(site: Site, address: str) -> None:
    """Parley sends no request into a private network, whether the address has a number in any form or a name."""
    async with session(Guarded(Names())) as opened:
        answer = await Asker(opened, sleep=site.time.sleep, clock=site.time.clock).ask(address.format(port=site.port))
    assert answer.status is LinkStatus.UNCLEAR
    assert answer.detail in {
        "is on a private network, which is never asked",
        "redirects to something that isn't a web address",
    }
    assert site.requests == []


async def test_a_redirect_into_a_private_network_is_not_followed(site: Site) -> None:
    """Parley checks each step of a redirect like the first, and doesn't follow it into a private network."""
    async with session(Names()) as opened:
        answer = await Asker(opened, sleep=site.time.sleep, clock=site.time.clock).ask(site.at("/inside"))
    assert answer.detail == "is on a private network, which is never asked"
    assert answer.trail == ("http://169.254.169.254/latest/meta-data",)


@dataclass
class Unhurried(Asker):
    """An asker that finds the first address dead, and never gets an answer from the others."""

    waiting: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, address: str) -> LinkAnswer:
        if address.endswith("/survey"):
            return LinkAnswer(LinkStatus.DEAD, "404")
        self.waiting.set()
        return await asyncio.Future()


async def test_what_was_found_is_noted_even_where_the_asking_is_stopped(tmp_path: Path) -> None:
    """If the check is stopped in the middle, as by Ctrl+C, the file has the answers so far."""
    folder = make_pack(
        tmp_path / "pack", {"sources.yaml": SOURCES + SOURCES.partition("\n")[2].replace("survey", "other")}
    )
    async with session(Names()) as opened:
        asking = Unhurried(opened)
        work = asyncio.create_task(check_links([folder], asking, DAY))
        await asking.waiting.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
    written: Mapping[str, list[dict[str, object]]] = yaml.safe_load((folder / "sources.yaml").read_text())
    assert [bool(source.get("link")) for source in written["sources"]] == [True, False]


async def test_a_check_tells_what_does_not_simply_work(site: Site, tmp_path: Path) -> None:
    """The check prints a line with place and target for each address that doesn't simply work, then the counts.

    It asks an address once, even if two sources have it.
    """
    sources = SOURCES.replace("https://example.org/survey", site.at("/moved"))
    second = sources.partition("\n")[2].replace("survey", "other")
    folder = make_pack(tmp_path / "pack", {"sources.yaml": sources + second})
    async with asker(site.time) as asking:
        lines = await check_links([folder], asking, DAY)
    assert lines[0].startswith(
        f"{folder / 'sources.yaml'}:5:10: moved: {site.at('/moved')} → {site.at('/new%20place')}"
    )
    assert lines[-1] == "2 addresses asked: 0 works, 2 moved, 0 dead, 0 unclear"
    assert site.methods("/moved") == ["HEAD"]


async def test_each_address_of_a_source_is_asked_and_told_with_its_own_place(site: Site, tmp_path: Path) -> None:
    """The check asks the addresses of `other_urls` too, with the same pause at a host, but writes no note for them."""
    others = f"    other_urls:\n      - {site.at('/page2')}\n      - not an address\n      - {site.at('/404')}\n"
    sources = SOURCES.replace("https://example.org/survey", site.at("/page")) + others
    folder = make_pack(tmp_path / "pack", {"sources.yaml": sources})
    async with asker(site.time) as asking:
        lines = await check_links([folder], asking, DAY)
        pause = asking.pause
    assert lines == [
        f"{folder / 'sources.yaml'}:12:9: dead (404): {site.at('/404')}",
        "3 addresses asked: 2 works, 0 moved, 1 dead, 0 unclear",
    ]
    times = sorted(when for method, _, when in site.requests if method == "HEAD")
    assert all(later - earlier >= pause for earlier, later in pairwise(times))
    written = (folder / "sources.yaml").read_text()
    assert written.count("checked:") == 1
    assert written.endswith(others)


def test_the_command_notes_what_it_found_and_then_checks(tmp_path: Path) -> None:
    """The command notes the answers before it checks the pack. It refuses this machine like any private network."""
    make_pack(tmp_path / "pack", {"sources.yaml": SOURCES.replace("https://example.org", "http://127.0.0.1:9")})
    done = parley("check", "pack", "--links", folder=tmp_path)
    assert done.returncode == 0
    assert "pack/sources.yaml:5:10: unclear (is on a private network, which is never asked)" in done.stderr
    assert "parking: 0 errors" in done.stdout
    assert "status: unclear" in (tmp_path / "pack" / "sources.yaml").read_text()


def test_the_session_refuses_private_networks_by_itself() -> None:
    """Each session has the guard against private networks without being told."""

    async def opened() -> type:
        async with session() as one:
            assert isinstance(one.connector, aiohttp.TCPConnector)
            return type(one.connector._resolver)

    assert asyncio.run(opened()) is Guarded
