"""Check whether the sources' addresses still answer: a few at a time, with a pause at each host, and without downloads.

Addresses come from packs, which anybody may have written, and servers may redirect anywhere. So each address on the
way, and all IP addresses of its name, must be public. `Guarded` resolves the name for the connection itself, so no
second look-up happens between check and use.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from time import monotonic

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.authoring.link_notes import LinkAnswer, describe, judge, links_of, note
from bot.packs.loader import read_pack
from bot.packs.model import LinkStatus

AT_ONCE = 4
"""Addresses checked at the same time, each at another host."""
PAUSE = 2.0
"""Seconds between two requests to one host."""
TIMEOUT = 20.0
"""Seconds for one request, until its response begins."""
LONGEST_WAIT = 60.0
"""Longest wait, in seconds, that a server may ask for (Retry-After) before the second try."""
MAX_HOPS = 10
FOR_GOOD = (HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT)
REDIRECTS = (*FOR_GOOD, HTTPStatus.FOUND, HTTPStatus.SEE_OTHER, HTTPStatus.TEMPORARY_REDIRECT)

ASKING_TO_WAIT = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: IPAddress) -> bool:
    """Tell whether an address is on the public internet, even if IPv6 wraps an IPv4 address."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class NotPublic(OSError):
    """Refuses a connection because the name leads to a private network or to this machine."""


class Guarded(AbstractResolver):
    """Resolves names, and refuses a name if any of its addresses isn't public."""

    def __init__(self, inner: AbstractResolver | None = None) -> None:
        self._inner = inner or aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        addresses = await self._inner.resolve(host, port, family)
        if any(not is_public(ipaddress.ip_address(one["host"].partition("%")[0])) for one in addresses):
            message = f"{host} is on a private network"
            raise NotPublic(message)
        return addresses

    async def close(self) -> None:
        await self._inner.close()


@dataclass(slots=True)
class _Host:
    """The queue of requests to one host."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0


@dataclass(slots=True)
class Asker:
    """Checks addresses. `open_to` allows IP addresses that a link spells out; the resolver guards names."""

    session: aiohttp.ClientSession
    pause: float = PAUSE
    timeout: float = TIMEOUT
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    clock: Callable[[], float] = monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    open_to: Callable[[IPAddress], bool] = is_public
    _hosts: dict[str, _Host] = field(default_factory=dict)
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def all(self, addresses: Iterable[str], into: dict[str, LinkAnswer]) -> None:
        """Check each address once, and store each answer at once, so that a stop loses none."""

        async def one(address: str) -> None:
            into[address] = await self.ask(address)

        async with asyncio.TaskGroup() as group:
            for address in dict.fromkeys(addresses):
                group.create_task(one(address))

    async def ask(self, address: str) -> LinkAnswer:
        """Check one address. Every failure becomes an answer."""
        trail: list[tuple[str, bool]] = []
        try:
            return await self._follow(address, trail)
        except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as error:
            status, detail = _fault(error)
            return LinkAnswer(status, detail, trail=tuple(place for place, _ in trail))

    async def _follow(self, address: str, trail: list[tuple[str, bool]]) -> LinkAnswer:
        place = URL(address)
        for _ in range(MAX_HOPS + 1):
            status, headers = await self._answer(place)
            target = headers.get("Location")
            if status not in REDIRECTS or target is None:
                return judge(address, status, headers.get("Content-Type", ""), trail)
            place = place.join(URL(target)).with_fragment(None)
            trail.append((str(place), status in FOR_GOOD))
        return LinkAnswer(LinkStatus.UNCLEAR, "redirects too often", trail=tuple(step for step, _ in trail))

    async def _answer(self, place: URL) -> tuple[int, dict[str, str]]:
        """Return an address's status and headers, by HEAD, or by GET if the server refuses HEAD."""
        status, headers = await self._request("HEAD", place)
        wait = self._wait(headers.get("Retry-After", "")) if status in ASKING_TO_WAIT else None
        if wait is not None:
            host = self._hosts[place.host or ""]
            host.free_at = max(host.free_at, self.clock() + wait)
        if wait is not None or (status >= HTTPStatus.BAD_REQUEST and status != HTTPStatus.TOO_MANY_REQUESTS):
            status, headers = await self._request("GET", place)
        return status, headers

    def _wait(self, retry_after: str) -> float | None:
        """Return the seconds that a server asks us to wait; None without a number, or for more than LONGEST_WAIT."""
        try:
            seconds = (
                float(retry_after)
                if retry_after.isdecimal()
                else (parsedate_to_datetime(retry_after) - self.now()).total_seconds()
            )
        except (ValueError, TypeError):
            return None
        return max(0.0, seconds) if seconds <= LONGEST_WAIT else None

    async def _request(self, method: str, place: URL) -> tuple[int, dict[str, str]]:
        """Send a request at its host's turn. Close the connection instead of reading the body."""
        self._refuse(place)
        host = self._hosts.setdefault(place.host or "", _Host())
        async with host.lock:
            await self.sleep(max(0.0, host.free_at - self.clock()))
            try:
                async with self._room, asyncio.timeout(self.timeout):
                    response = await self.session.request(
                        method, place.with_user(None), allow_redirects=False, headers={"Connection": "close"}
                    )
                    response.close()
            finally:
                host.free_at = self.clock() + self.pause
        return response.status, {name.title(): value for name, value in response.headers.items()}

    def _refuse(self, place: URL) -> None:
        if place.scheme not in {"http", "https"} or not place.host:
            message = f"{place} isn't a web address"
            raise ValueError(message)
        # The resolver never gets a host that the connection may read as a number: 2130706433 and 127.1 are refused.
        looks_like_one = ":" in place.host or place.host.replace(".", "").isdecimal()
        if not looks_like_one:
            return
        literal = ipaddress.ip_address(place.host.partition("%")[0])
        if not self.open_to(literal):
            message = f"{place.host} is on a private network"
            raise NotPublic(message)


def _fault(error: BaseException) -> tuple[LinkStatus, str]:
    """Classify a failure. An unknown name or an untrusted certificate means a dead link, anything else an unclear
    one."""
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return LinkStatus.DEAD, "its certificate can't be trusted"
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, socket.gaierror) and cause.errno in _UNKNOWN:
        return LinkStatus.DEAD, "no such host"
    return LinkStatus.UNCLEAR, next(words for kind, words in _FAULTS if isinstance(cause, kind))


_UNKNOWN = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
_FAULTS: tuple[tuple[type[BaseException], str], ...] = (
    (NotPublic, "is on a private network, which is never asked"),
    (socket.gaierror, "its name can't be resolved right now"),
    (TimeoutError, "no answer in time"),
    (OSError, "no connection"),
    (ValueError, "redirects to something that isn't a web address"),
    (BaseException, "its answer isn't valid"),
)


def session(resolver: AbstractResolver | None = None) -> aiohttp.ClientSession:
    """Open a session that names its user agent and reaches only public machines."""
    connector = aiohttp.TCPConnector(
        resolver=resolver or Guarded(), use_dns_cache=False, limit=AT_ONCE, force_close=True
    )
    agent = f"Parley/{version('parley-bot')} (checks once whether a cited source is still there)"
    return aiohttp.ClientSession(
        connector=connector,
        headers={"User-Agent": agent},
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    )


async def check_links(folders: Sequence[Path], asker: Asker, day: date) -> list[str]:
    """Check every address of these packs, note each answer beside it, and return the lines to print.

    If the run is stopped, note the answers so far.
    """
    askings = {folder: links_of(read_pack(folder)) for folder in folders}
    by_address: dict[str, LinkAnswer] = {}
    lines: list[str] = []
    try:
        await asker.all((one.address for several in askings.values() for one in several), by_address)
    finally:
        for folder, several in askings.items():
            answers = {one: by_address[one.address] for one in several if one.address in by_address}
            lines += describe(answers, note(folder, answers, day))
    return lines
