"""Parley, whole, on the local Slack: the real library, the real instance, SQLite, and clocks that stand still."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from adapters.slack.app import SlackChat
from bot.instance import Instance
from tests.wire.slack.hooks import PATH
from tests.wire.slack.interactions import Interaction
from tests.wire.slack.members import Member
from tests.wire.slack.model import Message
from tests.wire.slack.server import APP_TOKEN, BOT_TOKEN, PORTS, SECRET, SlackServer
from tests.world import CONTENT, Clock, running

QUESTION = "Which tea?"
TEAS = ("Green", "Black", "Oolong")
VOTED = ("Your vote is counted", "Your vote stands as it was")


@dataclass(slots=True)
class World:
    """A workspace with Parley. The server has a clock of its own, so that a pause of Parley's ages no trigger."""

    server: SlackServer
    instance: Instance
    chat: SlackChat
    clock: Clock

    async def poll(self, host: Member, **options: str) -> Message:
        """A poll opened by the host: its message, as everybody sees it."""
        before = len(self.server.posted(host.channel))
        more = " ".join(f"{name}:{value}" for name, value in options.items())
        await host.command(f'/parley poll create question:"{QUESTION}" options:"{" | ".join(TEAS)}" {more}')
        return self.server.posted(host.channel)[before]

    async def quiet(self) -> None:
        """Until every copy of every poll is up to date."""
        await self.instance.copies.drain()

    async def tally(self, poll: str = "p1") -> dict[str, int]:
        """Option → ballots, as they are stored."""
        rows = await self.instance.database.read(lambda tx: tx.rows("choice_counts", poll=poll))
        return {TEAS[int(row["choice"])]: row["count"] for row in rows if row["count"]}

    def members(self, count: int) -> list[Member]:
        return [self.server.member(f"Voter{number}") for number in range(count)]


def counted(answer: Interaction) -> bool:
    """The person was told, alone and once, that the vote is in."""
    return len(answer.messages) == 1 and answer.private and answer.text.startswith(VOTED)


def new_server() -> SlackServer:
    """A server that waits for acknowledgements as long as a busy machine may take."""
    return SlackServer(now=Clock(), patience=30.0)


@asynccontextmanager
async def slack_world(folder: Path, *, content: Path = CONTENT, http: bool = False) -> AsyncIterator[World]:
    """Parley on a server which at the end has seen nothing that Slack would refuse or people would suffer from."""
    async with new_server() as server:
        async with parley(server, folder, content=content, http=http) as world:
            yield world
        assert server.violations == []
        assert server.sockets.unknown == []


@asynccontextmanager
async def parley(
    server: SlackServer, folder: Path, *, clock: Clock | None = None, content: Path = CONTENT, http: bool = False
) -> AsyncIterator[World]:
    """Parley on a server that runs already. Entering it again is a restart. Rate limits run by Parley's clock."""
    clock = clock or Clock()
    server.rate_limits.seconds = lambda: clock().timestamp()
    async with running(folder, clock=clock, content=content) as instance:
        chat = SlackChat(
            instance.bot,
            clock=clock,
            token=BOT_TOKEN,
            signing_secret=SECRET if http else None,
            base_url=server.base_url,
        )
        opened = server.sockets.opened
        await chat.start(None if http else APP_TOKEN)
        try:
            async with listening(server, chat, http=http):
                if not http:
                    await server.sockets.ready(opened + 1)
                await instance.start()
                yield World(server, instance, chat, clock)
        finally:
            await chat.stop()


@asynccontextmanager
async def listening(server: SlackServer, chat: SlackChat, *, http: bool) -> AsyncIterator[None]:
    """The app's address, where it has one."""
    if not http:
        yield
        return
    runner = web.AppRunner(chat.app.server(path=PATH).web_app, access_log=None)
    await runner.setup()
    for port in PORTS:
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        except OSError:
            continue
        server.hooks.url = f"http://127.0.0.1:{port}{PATH}"
        break
    try:
        yield
    finally:
        await runner.cleanup()
