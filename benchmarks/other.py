"""Run the other process of a benchmark: a module of ours that carries out one order a line, and answers each with one.

async with process("benchmarks.discord", "--serve") as (other, hello):    `hello` is what it says first
    await other.order(do="fact", count=1000)
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

LINE_MAX = 64 << 20
"""Bytes of a line, which may be a whole list of queries."""

Json = dict[str, Any]


async def obey(hello: Json, carry_out: Callable[[Json], Awaitable[Json]]) -> None:
    """Say hello, then carry out one order a line, until standard input ends."""
    print(json.dumps(hello), flush=True)
    while order := json.loads((await asyncio.to_thread(sys.stdin.readline)) or "null"):
        print(json.dumps(await carry_out(order)), flush=True)


async def started(module: str, *arguments: str) -> Process:
    program = (sys.executable, "-m", module, *arguments)
    return await asyncio.create_subprocess_exec(*program, stdin=PIPE, stdout=PIPE, limit=LINE_MAX)


async def read_line(process: Process) -> Json:
    assert process.stdout is not None
    line = await process.stdout.readline()
    assert line, "the other process has ended"
    answer: Json = json.loads(line)
    return answer


class Other:
    """A process that carries out orders."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def order(self, **order: Any) -> Json:
        """Send an order and return its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()
        return await read_line(self._process)


@contextlib.asynccontextmanager
async def process(module: str, *arguments: str) -> AsyncIterator[tuple[Other, Json]]:
    """Start the process, and kill it at the end at the latest."""
    worker = await started(module, *arguments)
    try:
        yield Other(worker), await read_line(worker)
    finally:
        with contextlib.suppress(ProcessLookupError):  # it may have ended itself, because of the error raised here
            worker.kill()
        await worker.wait()
