"""Programs as a person starts them."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
PATIENCE = 40.0
"""Seconds, so many that only what never happens takes them."""


@asynccontextmanager
async def program(folder: Path, *arguments: str, **environment: str) -> AsyncIterator[Process]:
    """A module of this repository as a program, in a folder of its own; it ends with the test at the latest."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *arguments,
        cwd=folder,
        env={**kept, "PYTHONPATH": str(REPOSITORY), **environment},
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


async def last_words(process: Process) -> tuple[int | None, str]:
    """The exit code, and everything that was printed."""
    said, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    return process.returncode, said.decode()
