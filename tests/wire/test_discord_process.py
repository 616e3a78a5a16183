"""Programs as a person starts them: Parley with a token that is worth nothing, and the local Discord to watch."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from pathlib import Path

import pytest

from tests.wire.discord import TOKEN, DiscordServer
from tests.wire.discord_world import new_server, parley

REPOSITORY = Path(__file__).parents[2]
PATIENCE = 40.0


def free_port() -> str:
    return str(random.randint(20_000, 31_999))


async def started(folder: Path, *arguments: str, **environment: str) -> Process:
    """A module of this repository as a program, in a folder of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *arguments,
        cwd=folder,
        env={**kept, "PYTHONPATH": str(REPOSITORY), **environment},
        stdin=PIPE,
        stdout=PIPE,
        stderr=STDOUT,
    )


async def run_parley(folder: Path, server: DiscordServer) -> Process:
    address = server.url.removesuffix("/api/v10")
    arguments = ("tests.wire.discord.parley", address, "run", "--port", free_port())
    return await started(folder, *arguments, PARLEY_DISCORD_TOKEN=TOKEN)


@pytest.mark.parametrize("when", ["before the start", "while it runs"])
async def test_a_revoked_token_ends_parley_with_a_clear_message(tmp_path: Path, when: str) -> None:
    """Exit code 1 and a sentence that names the setting, without a traceback and without the token."""
    async with new_server() as server:
        if when == "before the start":
            server.revoked = True
        process = await run_parley(tmp_path, server)
        try:
            if when == "while it runs":
                await server.until(lambda: server.gateway.connected and server.commands[""], PATIENCE)
                await server.revoke_token()
            said, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 1
        assert "PARLEY_DISCORD_TOKEN" in said.decode()
        assert "Traceback" not in said.decode()
        assert TOKEN not in said.decode()


async def test_a_person_can_watch_a_bot(tmp_path: Path) -> None:
    """`python -m tests.wire.discord` draws what the bot answers to typed commands and pressed buttons."""
    port = free_port()
    process = await started(tmp_path, "tests.wire.discord", "--port", port)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        stand_in = DiscordServer(port=int(port))  # only for its addresses: it never listens
        async with asyncio.timeout(PATIENCE):
            await process.stdout.readuntil(b"DEFAULT_GATEWAY`.")
            async with parley(stand_in, tmp_path):
                process.stdin.write(b"/fact words=tea\n")
                await process.stdout.readuntil(b"Most people in the office drink tea")
                await process.stdout.readuntil(b"[Sources]")
                process.stdin.write(b"!Sources\n")
                await process.stdout.readuntil(b"A count of the kitchen")
            process.stdin.write(b"quit\n")
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
