"""Parley and the local Discord run here as programs, the way a person starts them."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.programs import last_words, program
from tests.waits import PATIENCE
from tests.wire.discord import TOKEN, DiscordServer
from tests.wire.discord_world import new_server, parley


def run_parley(folder: Path, server: DiscordServer, **settings: str) -> AbstractAsyncContextManager[Process]:
    address = server.url.removesuffix("/api/v10")
    arguments = ("tests.wire.discord.parley", address, "run", "--port", str(free_port()))
    return program(folder, *arguments, PARLEY_DISCORD_TOKEN=TOKEN, **settings)


@pytest.mark.parametrize("shards", ["", "2"], ids=["one connection", "two"])
@pytest.mark.parametrize("when", ["before the start", "while it runs"])
async def test_a_revoked_token_ends_parley_with_a_clear_message(tmp_path: Path, when: str, shards: str) -> None:
    """A revoked token ends Parley with exit code 1 and a sentence that names the setting, without a traceback and
    without the token."""
    async with new_server() as server:
        server.revoked = when == "before the start"
        async with run_parley(tmp_path, server, PARLEY_DISCORD_SHARDS=shards) as process:
            if not server.revoked:
                await server.until(lambda: server.gateway.connected and server.commands[""], PATIENCE)
                await server.revoke_token()
            code, output = await last_words(process)
        assert code == 1, output
        assert "PARLEY_DISCORD_TOKEN" in output
        assert "Traceback" not in output
        assert TOKEN not in output


async def test_parley_started_while_discord_is_away_waits_for_it(tmp_path: Path) -> None:
    """If Discord is away at the start, Parley goes on trying and connects when Discord is back. Terminated, it ends
    with exit code 0."""
    async with new_server() as server:
        server.outage()
        async with run_parley(tmp_path, server) as process:
            await server.until(lambda: server.answers(503), PATIENCE)
            server.back()
            await server.until(lambda: server.gateway.connected, PATIENCE)
            process.terminate()
            code, output = await last_words(process)
        assert code == 0, output
        assert "Traceback" not in output


async def test_a_person_can_watch_a_bot(tmp_path: Path) -> None:
    """`python -m tests.wire.discord` draws what the bot answers to typed commands and pressed buttons."""
    port = str(free_port())
    async with program(tmp_path, "tests.wire.discord", "--port", port) as process, asyncio.timeout(PATIENCE):
        assert process.stdin is not None
        assert process.stdout is not None
        await process.stdout.readuntil(b"DEFAULT_GATEWAY`.")
        elsewhere = DiscordServer(port=int(port))  # only for its addresses: it never listens
        async with parley(elsewhere, tmp_path):
            process.stdin.write(b'/fact words="most people drink tea"\n')
            await process.stdout.readuntil(b"Most people in the office drink tea")
            await process.stdout.readuntil(b"[Sources]")
            process.stdin.write(b"!Sources\n")
            await process.stdout.readuntil(b"A count of the kitchen")
        process.stdin.write(b"quit\n")
        code, _ = await last_words(process)
        assert code == 0
