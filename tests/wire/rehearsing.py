"""Rehearse on the tests' servers, with an operator who follows the printed instructions."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from adapters.rehearsal.discord import discord_stage
from adapters.rehearsal.ledger import Ledger
from adapters.rehearsal.plan import Stage, ledger_path, run_steps
from adapters.rehearsal.slack import slack_stage
from tests.wire.discord import TOKEN, DiscordServer, impatient, pointed_at
from tests.wire.discord import Member as DiscordMember
from tests.wire.discord_world import new_server as new_discord
from tests.wire.slack import APP_TOKEN, BOT_TOKEN, SlackServer
from tests.wire.slack import Member as SlackMember
from tests.world import Clock

_DIFFERENCE = re.compile(r"^✖ ([DS]-[\w-]+) ", re.MULTILINE)
HURRY = 25.0
"""How many times faster Slack's rate-limit windows pass than in reality."""

Obey = Callable[[str], Awaitable[None]]


@dataclass
class Operator:
    """An operator who reads the output, and does in the client what each line with an arrow asks for."""

    obey: Obey
    lines: list[str] = field(default_factory=list)
    stop_at: str = ""
    """Beginning of the line at which the operator presses Ctrl+C."""
    _doing: set[asyncio.Task[None]] = field(default_factory=set)

    def say(self, line: str) -> None:
        self.lines.append(line)
        if self.stop_at and line.startswith(self.stop_at):
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        elif line.startswith("→"):
            doing, rehearsing = asyncio.ensure_future(self.obey(line)), asyncio.current_task()
            self._doing.add(doing)
            doing.add_done_callback(
                lambda done: done.cancelled() or (done.exception() and rehearsing and rehearsing.cancel())
            )

    @property
    def report(self) -> str:
        return "\n".join(self.lines)

    @property
    def facts(self) -> set[str]:
        """Return the facts for which the report names a difference."""
        return set(_DIFFERENCE.findall(self.report))

    async def end(self) -> None:
        """Raise the operator's error, unless the operator was to stop the rehearsal."""
        for task in self._doing:
            if task.done() and not self.stop_at:
                task.result()
            task.cancel()


def on_discord(server: DiscordServer, ada: DiscordMember) -> Obey:
    async def obey(line: str) -> None:
        newest = server.posted()[-1] if server.posted() else None
        if line.startswith("→ Type"):
            typed = line.partition("this channel, ")[2]
            await ada.slash("rehearse", words=f"<@{ada.user.id}> <#{server.main.id}> {typed}")
        elif "Green" in line:
            assert newest is not None
            await ada.click(newest, "Green")
        elif "Black" in line:
            assert newest is not None
            await ada.choose(newest, "Black")
        else:
            assert newest is not None
            await ada.submit(await ada.click(newest, "Open"), words="two  teas")

    return obey


def on_slack(server: SlackServer, ada: SlackMember) -> Obey:
    async def obey(line: str) -> None:
        if line.startswith("→ Type"):
            typed = line.partition("this channel, ")[2]
            await ada.command(f"/parley @{ada.user.name} #{server.main.name} {typed}")
        elif "Green" in line:
            await ada.press(ada.newest("Green"), "Green")
        elif "Black" in line:
            await ada.select(ada.newest("Black"), "Which tea?", "Black")
        else:
            opened = await ada.press(ada.newest("Open"), "Open")
            assert opened.view is not None
            await ada.submit(opened.view, {"Words": "two  teas"})

    return obey


async def do_nothing(_line: str) -> None: ...


Server = DiscordServer | SlackServer


def discord_service() -> DiscordServer:
    return new_discord()


def slack_service() -> SlackServer:
    server = SlackServer(now=Clock(), patience=30.0)
    server.rate_limits.enabled = False
    return server


@asynccontextmanager
async def staged(server: Server, ledger: Ledger, operator: Operator) -> AsyncIterator[Stage]:
    if isinstance(server, SlackServer):
        async with slack_stage(BOT_TOKEN, APP_TOKEN, ledger, operator.say, base_url=server.base_url) as stage:
            yield stage
        return
    with pointed_at(server.url, server.gateway_url), impatient():
        async with discord_stage(TOKEN, ledger, operator.say, guild_ready_timeout=0.05) as stage:
            yield stage


def operator_of(server: Server) -> Operator:
    """Return Ada as the operator, in the main channel."""
    if isinstance(server, SlackServer):
        return Operator(on_slack(server, server.member("Ada")))
    return Operator(on_discord(server, ada_of(server)))


async def rehearse(server: Server, folder: Path, *, stop_at: str = "", obey: Obey | None = None) -> Operator:
    """Run a rehearsal in the main channel to its end, or to the line at which the operator stops it.

    The operator follows the instructions, or does what `obey` does instead.
    """
    operator, platform = operator_of(server), "slack" if isinstance(server, SlackServer) else "discord"
    operator.stop_at = stop_at
    operator.obey = obey or operator.obey
    ledger = Ledger.open(ledger_path(folder, platform), server.main.id)

    async def run() -> None:
        async with staged(server, ledger, operator) as stage:
            await run_steps(stage, ledger, operator.say)

    running = asyncio.create_task(run())
    try:
        await asyncio.wait({running})
        if not (stop_at and running.cancelled()):
            running.result()
    finally:
        await operator.end()
    return operator


def ada_of(server: DiscordServer) -> DiscordMember:
    """Return the same Ada in each run."""
    return next((each for each in server.members if each.user.name == "Ada"), None) or server.member("Ada")
