"""Run programs as a person starts them."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

from yarl import URL

from tests.waits import PATIENCE
from tests.world import CONTENT

REPOSITORY = Path(__file__).parents[1]
MEANING_CACHE = REPOSITORY / ".pytest_cache" / "meaning"
"""Cache of the cards' vectors for programs under test, so that only the first program computes them."""


@asynccontextmanager
async def program(folder: Path, *arguments: str, **environment: str) -> AsyncIterator[Process]:
    """Run a module of this repository as a program, in the given folder, with the small pack.

    The program is killed if it still runs when the block ends.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    settings = {"PYTHONPATH": str(REPOSITORY), "PARLEY_CACHE": str(MEANING_CACHE), "PARLEY_CONTENT": str(CONTENT)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *arguments,
        cwd=folder,
        env={**inherited, **settings, **environment},
        stdin=PIPE,
        stdout=PIPE,
        stderr=STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def fetch(address: str) -> bytes:
    """Fetch an address of a program on this machine. Raises OSError for any status but 200."""
    place = URL(address)
    assert place.host is not None
    with closing(HTTPConnection(place.host, place.port, timeout=PATIENCE)) as connection:
        connection.request("GET", place.raw_path_qs)
        answer = connection.getresponse()
        content = answer.read()
    if answer.status != HTTPStatus.OK:
        message = f"{address} answers {answer.status}"
        raise OSError(message)
    return content


async def last_words(process: Process) -> tuple[int | None, str]:
    """Wait until the program ends, and return its exit code and everything it printed."""
    output, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    return process.returncode, output.decode()
