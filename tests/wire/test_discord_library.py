"""Parley uses discord.py through its public names, and keeps nothing in memory of a finished interaction."""

from __future__ import annotations

import ast
import asyncio
import gc
from contextlib import suppress
from pathlib import Path

import discord
import pytest
from discord import ui

import adapters.discord
from adapters.discord import render
from adapters.discord.client import ParleyClient
from tests.wire.discord import impatient, pointed_at
from tests.wire.discord.errors import invalid_form
from tests.wire.discord_world import bugs, discord_world, new_server, parley, shown_once, words
from tests.world import Clock, running

ORIGINAL = r"^/webhooks/\d+/\w+/messages/@original$"
PUBLIC = {
    "discord": None,
    "discord.http": {"Route", "handle_message_parameters"},
}
"""The modules of the library that the adapter may import from, with the names it may import; None is all names."""


def sources() -> list[Path]:
    return sorted(Path(next(iter(adapters.discord.__path__))).glob("*.py"))


@pytest.mark.parametrize("source", sources(), ids=lambda path: path.stem)
def test_the_adapter_uses_public_names_of_the_library_alone(source: Path) -> None:
    """The adapter uses no private attribute of another object, and imports only the library's names in `PUBLIC`."""
    tree = ast.parse(source.read_text("utf-8"))
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    foreign = [node for node in attributes if not (isinstance(node.value, ast.Name) and node.value.id == "self")]
    private = [node.attr for node in foreign if node.attr.startswith("_") and not node.attr.startswith("__")]
    assert private == []
    assert not {node.attr for node in attributes} & {"parsers", "async_context"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "discord":
            names = PUBLIC[node.module or ""]
            assert names is None or {name.name for name in node.names} <= names


async def test_a_vote_right_after_a_start_counts_with_its_roles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vote that arrives before Discord has described the server waits until it has.

    Then it counts only if the member has the poll's role.
    """
    board = "77"
    async with new_server() as server:
        server.guild.roles[board] = "Board"
        async with parley(server, tmp_path) as world:
            poll = await world.poll(server.member("Host"), role=board)
        guilds = list(server.guilds_of((0, 1)))
        answers = iter([guilds, []])  # READY names the servers, and no GUILD_CREATE describes them
        monkeypatch.setattr(server, "guilds_of", lambda _shard: next(answers))
        clock = Clock()
        with pointed_at(server.url, server.gateway_url), impatient():
            async with running(tmp_path, clock=clock) as instance:
                client = ParleyClient(instance.bot, clock=clock, patience=0.0)
                run = asyncio.create_task(client.start(server.token))
                await server.until(lambda: client.guilds)
                ada, ben = server.member("Ada", roles=[board]), server.member("Ben")
                votes = [member.start_click(poll, "Green") for member in (ada, ben)]
                await server.until(lambda: all(vote.thinking for vote in votes))
                server.gateway.dispatch("GUILD_CREATE", guilds[0], server.guild.id)
                for vote in votes:
                    await vote.member.wait(vote)
                await client.close()
                with suppress(asyncio.CancelledError):
                    await run
        assert "Your vote is counted" in words(votes[0].message)
        assert "a role that you don't have" in words(votes[1].message)


async def test_a_picture_that_an_edit_may_not_add_is_told_in_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """If Discord refuses the picture of a slow answer (50035), Parley sends the numbers in words instead."""
    async with discord_world(tmp_path, patience=0.0) as world:
        server, host = world.server, world.server.member("Host")
        poll = await world.poll(host, results="live")
        await host.click(poll, "Green")
        server.faults.refuse(ORIGINAL, invalid_form(["components: the attachment was not found"]), "PATCH")
        answer = await host.slash("poll results", poll="p1")
        assert shown_once(answer)
        assert not answer.message.attachments
        assert "Green: 1" in words(answer.message)
        assert bugs(caplog) == []


def live_views() -> list[object]:
    """Return the messages, forms and interactions that are still in memory."""
    gc.collect()
    return [
        each for each in gc.get_objects() if isinstance(each, (render.DiscordMessage, ui.Modal, discord.Interaction))
    ]


@pytest.mark.parametrize("patience", [1.5, 0.0], ids=["quick", "slow"])
async def test_nothing_stays_in_memory_of_what_is_answered(tmp_path: Path, patience: float) -> None:
    """No message, form or interaction stays in memory after an answer, a follow-up, a post, an edit or a form."""
    async with discord_world(tmp_path, patience=patience) as world:
        before = len(live_views())
        server, host = world.server, world.server.member("Host")
        poll = await world.poll(host, results="live")
        await host.click(poll, "Green")
        await host.slash("poll create", post=True)
        with world.long("poll results"):
            results = await host.slash("poll results", poll="p1")
        await server.until(lambda: len(results.messages) == 2)
        await world.quiet()
        await world.answered()
        assert len(live_views()) == before
