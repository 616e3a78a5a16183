"""Run mixed traffic over every adapter at once, and watch memory, file handles and answer times.

    python -m benchmarks.soak                   a minute
    python -m benchmarks.soak --seconds 3600    an hour: `make soak`

Parley runs as a separate program, over a file, against the tests' Discord and Slack on this machine, with its chat
page. Members look things up, press buttons, vote and change their votes as fast as they are answered, a few on each
platform at a time; questions in a terminal go on beside them. Every answer is awaited and timed. The report shows the
answers, their 99th percentile, and Parley's memory and open files over time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from adapters import terminal
from adapters.cli import main as run
from bot.chat.vocabulary import Actor, Place, Request
from bot.i18n import translator
from bot.search.encoder import open_encoder
from tests.ports import free_port
from tests.transcripts.web_driver import WebDriver, drivers_at
from tests.waits import until
from tests.wire import discord_world
from tests.wire.discord import TOKEN, DiscordServer
from tests.wire.discord.parley import turned as turn_discord
from tests.wire.slack import APP_TOKEN, BOT_TOKEN, SlackServer
from tests.wire.slack import world as slack_world
from tests.wire.slack.parley import turned as turn_slack
from tests.world import SHIPPED, make_bot

AIM = 0.25
"""Seconds that 99 of 100 answers should stay within."""
AT_ONCE = 4
"""Members who wait for an answer at the same time, on each platform."""
MEMBERS = 400
"""Members, so many that each stays below the limit of requests a minute."""
WARM = 0.4
"""Share of the time after which memory should stop growing."""
OPTIONS = ("Green", "Black", "Oolong")
QUESTIONS = ("fentanyl", "tariffs", "border wall", "insurrection", "posse comitatus", "drones", "sheinbaum", "cartel")
CREATE = f'poll create post:yes question:"Which tea?" options:"{" | ".join(OPTIONS)}" results:live closes:9h'
MEGABYTE = 1024 * 1024
FAILURES_SHOWN = 5
"""Most common kinds of failures in the report."""
LINE = 200


@dataclass
class Soak:
    """The observations. Memory in bytes, one reading a second."""

    answers: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    violations: list[object] = field(default_factory=list)
    output: str = ""

    def p99(self, platform: str = "") -> float:
        every = sorted(self.answers[platform] if platform else [t for part in self.answers.values() for t in part])
        return every[len(every) * 99 // 100]

    @property
    def growth(self) -> float:
        """The growth from the memory once warm to the highest of the last tenth, in bytes."""
        warm = int(len(self.memory) * WARM)
        return max(self.memory[-max(len(self.memory) // 10, 1) :]) - max(self.memory[warm : warm + 5])


async def soak(seconds: float, folder: Path) -> Soak:
    soak_run = Soak()
    port = free_port()
    async with slack_world.new_server() as slack, discord_world.new_server() as discord:
        process = await start(folder, discord, slack, port)
        output = asyncio.create_task(read_output(process))
        try:
            await meaning_learned(folder)
            await discord.until(lambda: discord.gateway.connected and discord.commands[""], 60)
            async with drivers_at(f"http://127.0.0.1:{port}/") as web:
                await _traffic(soak_run, seconds, process, discord, slack, list(web.values()))
        finally:
            if process.returncode is None:
                process.terminate()
            await asyncio.wait_for(process.wait(), 30)
            soak_run.output = await output
        soak_run.violations = [*slack.violations, *discord.violations]
    return soak_run


async def start(folder: Path, discord: DiscordServer, slack: SlackServer, port: int) -> Process:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    tokens = {
        "PARLEY_DISCORD_TOKEN": TOKEN,
        "PARLEY_SLACK_BOT_TOKEN": BOT_TOKEN,
        "PARLEY_SLACK_APP_TOKEN": APP_TOKEN,
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    address = discord.url.removesuffix("/api/v10")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.soak", "--parley", address, slack.url, str(port),
        cwd=folder, env={**environment, **tokens}, stdout=PIPE, stderr=STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    while b"Parley is ready" not in (line := await process.stdout.readline()):
        assert line, "Parley did not start"
    return process


async def meaning_learned(folder: Path) -> None:
    """Wait until Parley has stored its cards' vectors, which take 55 MB, once."""
    if open_encoder() is not None:  # None without the extra `semantic`
        await until(lambda: [*folder.glob("*/meaning-*.npy")])


async def read_output(process: Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.read()).decode(errors="replace")


async def _traffic(
    soak_run: Soak, seconds: float, process: Process, discord: DiscordServer, slack: SlackServer, web: list[WebDriver]
) -> None:
    chance = random.Random(7)
    members = [discord.member(f"M{number}") for number in range(MEMBERS)]  # each call makes a new person
    await slack.member("Host").command(f"/parley {CREATE}")
    await discord.member("Host").slash(
        "poll create", post=True, question="Which tea?", options=" | ".join(OPTIONS), results="live", closes="9h"
    )
    await web[0].say(f"/{CREATE}")
    on_slack, on_discord = slack.posted()[0], discord.posted()[0]
    end = time.monotonic() + seconds

    async def on(platform: str, act: Callable[[], Awaitable[object]], pause: float = 0.0) -> None:
        while time.monotonic() < end and process.returncode is None:
            began = time.perf_counter()
            try:
                await act()
            except Exception as error:
                soak_run.failures.append(f"{platform}: {type(error).__name__}: {error}"[:200])
            else:
                soak_run.answers[platform].append(time.perf_counter() - began)
            await asyncio.sleep(pause)

    async def discord_act() -> None:
        member = chance.choice(members)
        vote, question = chance.random() < 0.5, chance.choice(QUESTIONS)
        act = member.click(on_discord, chance.choice(OPTIONS)) if vote else member.slash("fact", words=question)
        discord.forget(await act)

    async def slack_act() -> None:
        member = slack.member(f"M{chance.randrange(MEMBERS)}")
        vote, question = chance.random() < 0.5, chance.choice(QUESTIONS)
        act = member.press(on_slack, chance.choice(OPTIONS)) if vote else member.command(f"/parley fact {question}")
        slack.forget(await act)

    def web_act(driver: WebDriver) -> Callable[[], Awaitable[object]]:
        async def act() -> None:
            if chance.random() < 0.5:
                await driver.press(chance.choice(OPTIONS))
            else:
                await driver.say(f"/fact {chance.choice(QUESTIONS)}")

        return act

    bot = make_bot(SHIPPED)

    async def terminal_act() -> None:
        asking = Request(
            Actor("terminal", "local", "you", "You"), Place("terminal", "local", "terminal"), datetime.now(UTC)
        )
        outcome = await bot.say(asking, f"/fact {chance.choice(QUESTIONS)}")
        assert outcome.answer is not None
        terminal.as_plain(outcome.answer, translator("en"))

    async def watch() -> None:
        while time.monotonic() < end and process.returncode is None:
            soak_run.memory.append(resident(process.pid))
            soak_run.files.append(open_files(process.pid))
            discord.calls.clear()  # the servers' records aren't Parley's, and slow them down more and more
            slack.calls.clear()
            await asyncio.sleep(1)

    await asyncio.gather(
        watch(),
        *(on("discord", discord_act) for _ in range(AT_ONCE)),
        *(on("slack", slack_act) for _ in range(AT_ONCE)),
        *(on("web", web_act(driver), pause=1.0) for driver in web),  # four members, one request a second each
        on("terminal", terminal_act, pause=0.05),
    )
    assert process.returncode is None, "Parley ended"


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def open_files(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def parley(discord: str, slack: str, port: str) -> None:
    """Run Parley against both test servers."""
    turn_discord(discord)
    turn_slack(slack)
    run(["run", "--port", port])


def main(seconds: float) -> None:
    with tempfile.TemporaryDirectory(prefix="parley-soak-") as folder:
        soak_run = asyncio.run(soak(seconds, Path(folder)))
    for platform, times in sorted(soak_run.answers.items()):
        times.sort()
        print(
            f"{platform:9} {len(times):8} answers  {len(times) / seconds:7.1f} a second   p50 "
            f"{times[len(times) // 2] * 1000:6.0f} ms   p99 {soak_run.p99(platform) * 1000:6.0f} ms"
        )
    print(f"all: p99 {soak_run.p99() * 1000:.0f} ms (aim {AIM * 1000:.0f})")
    warm = int(len(soak_run.memory) * WARM)
    print(
        f"memory: {soak_run.memory[0] / MEGABYTE:.0f} MB at the start, {soak_run.memory[warm] / MEGABYTE:.0f} when warm, "
        f"{soak_run.memory[-1] / MEGABYTE:.0f} at the end; open files: {soak_run.files[warm]} when warm, {soak_run.files[-1]} at the end"
    )
    for what, failures in (("failed", soak_run.failures), ("refused by a platform", soak_run.violations)):
        print(f"{what}: {len(failures)}")
        for each, count in Counter(map(str, failures)).most_common(FAILURES_SHOWN):
            print(f"    {count:6} times {each[:LINE]}")
    print(f"tracebacks: {soak_run.output.count('Traceback')}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--parley"]:
        parley(*sys.argv[2:5])
    else:
        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--seconds", type=float, default=60.0)
        main(parser.parse_args().seconds)
