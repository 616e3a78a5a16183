"""An application's own emoji for the signs of verdicts, on the local Discord."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapters.discord.running import RunningClient
from adapters.discord.verdict_emoji import emoji_name
from bot.packs.labels import VERDICTS
from bot.packs.model import Verdict
from tests.wire.discord import DiscordServer
from tests.wire.discord.errors import invalid_form
from tests.wire.discord_world import Served, bugs, new_server, served

SIGN = VERDICTS[Verdict.SUPPORTED].sign
UPLOAD = r"^/applications/\d+/emojis$"


def uploads(server: DiscordServer) -> int:
    """Count the emoji that Discord was sent."""
    return sum(call.method == "POST" and call.path.endswith("/emojis") for call in server.calls)


async def have_marks(server: DiscordServer, world: Served) -> None:
    """Wait until Parley knows an emoji for each verdict."""
    await server.until(lambda: len(world.client._uploads.marks) == len(Verdict))


async def test_each_verdict_has_its_emoji_from_the_first_start_on(tmp_path: Path) -> None:
    """Parley uploads an emoji for each verdict once, and none at later starts. A fact's title shows it in the place of
    the sign, before the word."""
    async with new_server() as server:
        for _ in range(2):
            async with served(server, tmp_path) as world:
                await have_marks(server, world)
                answer = await server.member("Ada").slash("fact", words="tea drinkers")
        assert uploads(server) == len(Verdict)
        assert {emoji["name"] for emoji in server.emojis} == {emoji_name(verdict) for verdict in Verdict}
        (supported,) = (emoji for emoji in server.emojis if emoji["name"] == emoji_name(Verdict.SUPPORTED))
        assert answer.text.startswith(f"### <:{supported['name']}:{supported['id']}> Supported\n")
        assert SIGN not in answer.text
        assert server.violations == []


async def test_one_of_several_processes_uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process without the first connection uploads no emoji. It takes those that another process uploads meanwhile."""
    reads, uploaded = asyncio.Event(), asyncio.Event()

    async def wait(_client: RunningClient) -> None:
        reads.set()
        await uploaded.wait()

    monkeypatch.setattr(RunningClient, "_wait_for_upload", wait)
    (tmp_path / "first").mkdir()
    async with new_server() as server, served(server, tmp_path, shards="1/2") as second:
        await reads.wait()
        assert uploads(server) == 0
        async with served(server, tmp_path / "first", shards="0/2") as first:
            await have_marks(server, first)
            uploaded.set()
            await have_marks(server, second)
        assert uploads(server) == len(Verdict)
        assert server.violations == []


async def test_only_a_missing_emoji_is_uploaded(tmp_path: Path) -> None:
    """If somebody deletes an emoji of the application, the next start uploads that one again."""
    async with new_server() as server:
        async with served(server, tmp_path) as world:
            await have_marks(server, world)
        server.emojis.pop()
        async with served(server, tmp_path) as world:
            await have_marks(server, world)
        assert uploads(server) == len(Verdict) + 1
        assert len(server.emojis) == len(Verdict)


async def test_without_emoji_the_sign_is_text(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """If Discord refuses an upload, Parley runs all the same, and a fact's title begins with the sign as text."""
    async with new_server() as server:
        refusal = server.faults.refuse(UPLOAD, invalid_form(["no"]), "POST")
        async with served(server, tmp_path):
            await server.until(lambda: refusal.hit == 1)
            answer = await server.member("Ada").slash("fact", words="tea drinkers")
        assert answer.text.startswith(f"### {SIGN} Supported\n")
        assert not bugs(caplog)


async def test_a_refused_emoji_costs_no_other(tmp_path: Path) -> None:
    """If Discord refuses one upload, the emoji that the application already has are shown all the same."""
    async with new_server() as server:
        async with served(server, tmp_path) as world:
            await have_marks(server, world)
        server.emojis[:] = [emoji for emoji in server.emojis if emoji["name"] != emoji_name(Verdict.CONTRADICTED)]
        refusal = server.faults.refuse(UPLOAD, invalid_form(["no"]), "POST")
        async with served(server, tmp_path):
            await server.until(lambda: refusal.hit == 1)
            supported = await server.member("Ada").slash("fact", words="tea drinkers")
            contradicted = await server.member("Ben").slash("fact", words="coffee banned")
        assert supported.text.startswith(f"### <:{emoji_name(Verdict.SUPPORTED)}:")
        assert contradicted.text.startswith(f"### {VERDICTS[Verdict.CONTRADICTED].sign} Contradicted\n")


async def test_a_members_sign_stays_text(tmp_path: Path) -> None:
    """A poll's question that begins with a verdict's sign shows the sign that its host typed."""
    async with new_server() as server:
        async with served(server, tmp_path) as world:
            await have_marks(server, world)
            host = server.member("Host")
            await host.slash("poll create", post=True, question=f"{SIGN} Supported?", options="Yes | No")
        (poll,) = server.posted()
        assert f"### {SIGN} Supported?" in poll.text
