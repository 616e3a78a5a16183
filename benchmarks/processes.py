"""Measure durable votes a second with 1, 2 and 4 processes on one PostgreSQL server, as ratios of one run.

    python -m benchmarks.processes              some two minutes
    python -m benchmarks.processes --quick      shorter runs

Each process has VOTERS voters who wait for their answer and vote again; each vote is acknowledged after it is synced.
On a machine that others use too, compare the votes for each second of a processor. There are three crowds: all in one
poll (whose row is locked by one transaction at a time), spread over 32 polls that all processes share, and over 32
polls divided among the processes. Each line also shows the processors that the processes and the server kept busy, the
votes in one commit, and the voters' waits.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from benchmarks.votes import KEY, NOW, poll
from bot.polls.ballot_box import BallotBox
from bot.polls.model import Vote
from bot.store.keys import Keys
from bot.store.open import open_database
from bot.telemetry.meter import Meter
from tests.store.server import PostgresServer, programs

PROCESSES = (1, 2, 4)
VOTERS = 256
"""Voters of each process: a new process brings its own crowd, as a new server or workspace does."""
POLLS = 32
TICKS = os.sysconf("SC_CLK_TCK")


class Groups(Meter):
    """Counts commits."""

    def __init__(self) -> None:
        self.commits = 0

    def wrote_votes(self, ends: Mapping[str, int], seconds: float) -> None:  # noqa: ARG002 - the meter's names
        self.commits += 1


async def work(url: str, name: str, voters: int, seconds: float, polls: list[str]) -> None:
    """Say `ready`, wait for a line, vote, and print the figures."""
    groups = Groups()
    database = await open_database(url)
    box = BallotBox(database, Keys(KEY), meter=groups)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    numbers = count()
    waits: list[float] = []
    cpu = time.process_time()
    end = time.perf_counter() + seconds

    async def voter() -> None:
        while (start := time.perf_counter()) < end:
            number = next(numbers)
            await box.cast(Vote(polls[number % len(polls)], f"bench:1:{name}-{number}", "", str(number % 3), NOW))
            waits.append(time.perf_counter() - start)

    await asyncio.gather(*(voter() for _ in range(voters)))
    waits.sort()
    result = {
        "votes": len(waits),
        "commits": groups.commits,
        "cpu": time.process_time() - cpu,
        "p50": waits[len(waits) // 2],
        "p99": waits[len(waits) * 99 // 100],
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    print(json.dumps(result), flush=True)
    await asyncio.to_thread(sys.stdin.readline)  # the server's processes are read first
    await database.close()


@dataclass(frozen=True, slots=True)
class Result:
    rate: float
    ours: float
    server: float
    """Processors that the server kept busy."""
    group: float
    p50: float
    p99: float


async def crowd(server: PostgresServer, name: str, processes: int, seconds: float) -> Result:
    """Measure one crowd. `name` is `one`, `shared` or `own`."""
    database_name = f"{name}{processes}"
    server.psql(f"CREATE DATABASE {database_name}")
    url = server.url(database_name)
    every = ["p0"] if name == "one" else [f"p{number}" for number in range(POLLS)]
    database = await open_database(url)
    box = BallotBox(database, Keys(KEY))
    for each in every:
        await box.open(poll(each))
    await database.close()
    parts = [every[number::processes] if name == "own" else every for number in range(processes)]
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.processes", "--work", url, str(number), str(VOTERS),
            str(seconds), *part, stdin=PIPE, stdout=PIPE,
        )
        for number, part in enumerate(parts)
    ]  # fmt: skip
    await asyncio.gather(*(_line(process) for process in started))
    before = server_seconds(server)
    for process in started:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
    results = [json.loads(await _line(process)) for process in started]
    busy = server_seconds(server) - before
    for process in started:
        assert process.stdin is not None
        process.stdin.write(b"end\n")
        assert await process.wait() == 0
    votes = sum(result["votes"] for result in results)
    return Result(
        votes / seconds,
        sum(result["cpu"] for result in results) / seconds,
        busy / seconds,
        votes / sum(result["commits"] for result in results),
        max(result["p50"] for result in results),
        max(result["p99"] for result in results),
    )


async def _line(process: Process) -> bytes:
    assert process.stdout is not None
    return await process.stdout.readline()


def server_seconds(server: PostgresServer) -> float:
    """Return the processor time of the server's processes."""
    total = 0
    for fields in _processes():
        if int(fields[1]) == server.pid:
            total += sum(int(field) for field in fields[11:15])
    return total / TICKS


def _processes() -> Iterator[list[str]]:
    """Yield the fields of /proc/PID/stat after the name, from the state on (man 5 proc)."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            yield path.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue


def main(*, quick: bool) -> None:
    if programs() is None:
        print("PostgreSQL's server is not installed (Debian: postgresql).")
        return
    seconds = 2.0 if quick else 8.0
    print(
        f"{VOTERS} voters a process, {os.cpu_count()} processors, one server on the same machine, synchronous_commit=on"
    )
    print("crowd   processes  votes/s  of one   processors busy    votes a     votes a  wait p50   p99")
    print("                            process  Parley's server's  processor-s commit   ms         ms")
    with PostgresServer() as server:
        for name in ("one", "shared", "own"):
            first = 0.0
            for processes in PROCESSES:
                got = asyncio.run(crowd(server, name, processes, seconds))
                first = first or got.rate
                print(
                    f"{name:7} {processes:9}  {got.rate:7.0f}  {got.rate / first:7.2f}  {got.ours:8.2f} {got.server:8.2f}"
                    f"  {got.rate / (got.ours + got.server):11.0f}  {got.group:7.0f}  {got.p50 * 1000:8.1f}"
                    f" {got.p99 * 1000:7.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        _, _, target, who, each, span, *which = sys.argv
        asyncio.run(work(target, who, int(each), float(span), which))
    else:
        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--quick", action="store_true")
        main(quick=parser.parse_args().quick)
