"""Emoji in a poll's options on Discord: in commands, forms, cards, receipts and results, and refused ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.wire.discord import Message
from tests.wire.discord.errors import ApiError
from tests.wire.discord_world import discord_world, words

TEA, CUP, OTHER = "<:tea:12345678901234567>", "<a:cup:22345678901234567>", "<:tea:32345678901234567>"
OPTIONS = f"{TEA} Green | {OTHER} Black | 🍕 | 10:30: lunch"


def drawn(message: Message) -> list[tuple[str | None, Any]]:
    """Return the label and the emoji of each button that votes."""
    votes = [control for control in message.controls if ":vote:" in control.get("custom_id", "")]
    return [(control.get("label"), control.get("emoji")) for control in votes]


EXPECTED = [
    ("Green", {"name": "tea", "id": "12345678901234567"}),
    ("Black", {"name": "tea", "id": "32345678901234567"}),
    (None, {"name": "🍕"}),
    ("10:30: lunch", None),
]


async def test_emoji_stay_what_they_are_from_the_command_to_the_result(tmp_path: Path) -> None:
    """An option keeps its emoji on its button, in the poll's text and in the receipt; the result shows its name."""
    async with discord_world(tmp_path) as world:
        server = world.server
        host = server.member("Host")
        await host.slash("poll create", post=True, question="Tea?", options=OPTIONS, closes="1h")
        (poll,) = server.posted(server.main)
        assert drawn(poll) == EXPECTED
        assert f"{TEA} **Green**" in poll.text
        vote = await host.click(poll, "Green")
        assert f"{TEA} Green" in vote.messages[0].text
        world.forward(hours=1)
        await world.instance.scheduler.run_due()
        await server.until(lambda: len(server.posted(server.main)) > 1)
        result = server.posted(server.main)[1]
        assert "Winner: :tea: Green" in words(result).replace("\\", "")
        assert ":tea: Green" in str(result.attachments) + str(result.components)


async def test_a_form_keeps_the_emoji_that_it_shows_as_names(tmp_path: Path) -> None:
    """A form shows a custom emoji as a name such as `:tea:`. When the host sends it again, the name becomes the emoji.

    A name that is no emoji of the poll stays text.
    """
    async with discord_world(tmp_path) as world:
        server = world.server
        host = server.member("Host")
        opened = await host.slash("poll create")
        preview = await host.submit(opened, question="Tea?", options=f"{TEA} Green\n{OTHER} Black")
        edited = await host.click(preview.messages[0], "Edit")
        assert r":tea: Green\n:tea~1: Black" in str(edited.modal)
        preview = await host.submit(edited, options=f":tea: Green\n:tea~1: Black\n{CUP}\n:no: Milk")
        await host.click(preview.messages[0], "Post")
        (poll,) = server.posted(server.main)
        assert drawn(poll) == [
            *EXPECTED[:2],
            (None, {"name": "cup", "id": "22345678901234567"}),
            (":no: Milk", None),
        ]


async def test_an_emoji_that_discord_refuses_stays_in_the_label(tmp_path: Path) -> None:
    """If Discord refuses a poll's emoji, Parley posts the poll once, with the emoji in the labels' text."""
    async with discord_world(tmp_path) as world:
        server = world.server
        invalid = ApiError(400, 50035, "Invalid Form Body")
        server.faults.refuse("/channels/.*/messages", invalid, "POST")
        await server.member("Host").slash("poll create", post=True, question="Tea?", options=OPTIONS)
        (poll,) = server.posted(server.main)
        assert drawn(poll) == [(":tea: Green", None), (":tea~1: Black", None), ("🍕", None), ("10:30: lunch", None)]
