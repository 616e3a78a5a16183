"""Checks of this machine: Python, packs, fonts, ports, the disk."""

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
from pathlib import Path

import aiohttp

from adapters.doctor.finding import Finding, note, ok, wrong
from adapters.listening import why_not
from bot.charts import font_files, png
from bot.config import Address
from bot.errors import BotError, ContentError
from bot.library.loader import load_library

PYTHON, SQLITE = (3, 11), (3, 37)
"""The oldest that Parley runs on."""
FREE_LEAST = 200 * 1024 * 1024
"""Bytes that the disk of the database needs for its log, a copy and some growth."""
SLOW_WRITE = 0.05
"""Seconds for a durable write, from which on voters feel it."""
WRITES = 7
SET_CONTENT = "Set PARLEY_CONTENT to the folder that holds the packs"
PAGE = b"p" * 4096
_TEXT = '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="40"><rect width="100" height="40" fill="#fff"/>{}</svg>'
WILDCARDS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared
NO_LETTER = "\ue000"
"""Of private use, so that fonts have a box for it, if anything."""
_SCRIPTS = {"Latin": "Poll", "Arabic": "سلام", "Devanagari": "मत"}


def python(version: tuple[int, ...] = sys.version_info[:3], sqlite: str = sqlite3.sqlite_version) -> Finding:
    """Python, and the SQLite that comes with it."""
    said = f"Python {'.'.join(map(str, version))} with SQLite {sqlite}, on {platform.system()}"
    if version < PYTHON:
        return wrong("python", f"{said}: too old", "Install Python 3.11 or newer, then: make run")
    if tuple(map(int, sqlite.split("."))) < SQLITE:
        return wrong(
            "python", f"{said}: SQLite is too old", "Install a Python with SQLite 3.37 or newer, or use PostgreSQL"
        )
    return ok("python", said)


def packs(content: Path) -> Finding:
    """Whether they can be served. `parley check` says more."""
    if not content.is_dir():
        return wrong("packs", f"There is no folder {content}", SET_CONTENT)
    try:
        library = load_library(content)
    except ContentError as error:
        first = f": {error.problems[0]}" if error.problems and str(error.problems[0]) != error.message else ""
        return wrong("packs", f"{error.message}{first}", f"parley check {content}")
    except (BotError, OSError) as error:
        return wrong("packs", str(error), SET_CONTENT)
    if not library.packs:
        return wrong("packs", f"There is no pack in {content}", SET_CONTENT)
    return ok("packs", f"{len(library.packs)} in {content}")


def fonts(files: Sequence[str] | None = None) -> Finding:
    """Whether charts have letters: a word in each script must leave more than nothing, or boxes, on a picture."""
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


def disk(folder: Path, size: int, *, least: int = FREE_LEAST, slow: float = SLOW_WRITE) -> Iterator[Finding]:
    """Whether the database's folder has room, can be written, and how long a durable write takes. `size` in bytes."""
    least = max(least, 2 * size)
    try:
        free = shutil.disk_usage(folder).free
        seconds = _durable_write(folder)
    except OSError as error:
        yield wrong(
            "disk",
            f"{folder} can't be written: {error.strerror}",
            f"Make it, and let Parley write there: mkdir -p {folder}",
        )
        return
    if free < least:
        yield wrong(
            "disk",
            f"{_megabytes(free)} are free in {folder}, {_megabytes(least)} are needed",
            f"Free some: df -h {folder}",
        )
    else:
        yield ok("disk", f"{_megabytes(free)} are free in {folder}")
    yield write_speed(seconds, slow)


def write_speed(seconds: float, slow: float = SLOW_WRITE) -> Finding:
    """Of one durable write, wherever the database is."""
    said = f"A durable write takes {seconds * 1000:.1f} ms"
    if seconds > slow:
        mend = "Put the database on a fast disk of this machine, or the server of the database nearer"
        return note("write speed", f"{said}: voters wait for it", mend)
    return ok("write speed", said)


def _durable_write(folder: Path) -> float:
    """Seconds, the median of a few."""
    taken = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(WRITES):
            started = time.perf_counter()
            file.write(PAGE)
            file.flush()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def _megabytes(size: int) -> str:
    return f"{size // 1024 // 1024:,} MB"


async def ports(addresses: Mapping[str, Address]) -> list[Finding]:
    """Whether each address is free, or held by a Parley that runs. `addresses` by the variable that sets them.

    Two settings that name the same address are both free until one of them is served.
    """
    found = []
    for number, (setting, address) in enumerate(addresses.items()):
        other = next((name for name, one in [*addresses.items()][:number] if _same(one, address)), None)
        if other is None:
            found.append(await _port(setting, address))
        else:
            said = f"{address} ({setting}) is the same as {addresses[other]} ({other})"
            found.append(wrong(f"port {address.port}", said, f"Set {setting} to another"))
    return found


def _same(one: Address, other: Address) -> bool:
    """Whether one can't be served beside the other. All addresses of a machine (0.0.0.0) hold each of them."""
    return one.port == other.port and (one.host == other.host or bool({one.host, other.host} & WILDCARDS))


async def _port(setting: str, address: Address) -> Finding:
    check = f"port {address.port}"
    try:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if await _is_parley(address):
            return ok(check, f"{address} ({setting}) is served by a Parley that runs")
        reason = why_not(error)
        return wrong(
            check,
            f"{address} ({setting}) can't be used: {reason}",
            f"Set {setting} to another, or see who holds it: ss -ltnp",
        )
    return ok(check, f"{address} ({setting}) is free")


async def _is_parley(address: Address) -> bool:
    here = Address({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.host, address.host), address.port)  # noqa: S104 - compared
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3)) as session,
            session.get(f"http://{here}/", allow_redirects=False) as answer,
        ):
            return answer.headers.get("Server") == "Parley"
    except (aiohttp.ClientError, TimeoutError):
        return False
