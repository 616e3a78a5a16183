"""*Start a poll on this* in a message's menu opens the form of `/poll create`, under the same rights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.polls.model import QUESTION_MAX
from tests.wire.discord import Interaction, Message
from tests.wire.discord.members import CannotDo, inputs
from tests.wire.discord.model import SEND_MESSAGES, Json
from tests.wire.discord_world import World, bugs, discord_world, shown_once
from tests.wire.test_discord_installs import PLACES, Placing

MENU = "Start a poll on this"
LINKED: list[Json] = [{"type": "link", "title": "Tea - Wikipedia", "description": "An aromatic beverage"}]
PICTURE: Json = {"id": "1", "filename": "tea.png", "description": "A cup", "size": 1, "url": "", "proxy_url": ""}


def message_of(world: World, words: str, **more: Any) -> Message:
    server, ben = world.server, world.server.member("Ben")
    written = Message(server.new_id(), server.main, ben.user, server.now(), content=words, **more)
    server.main.messages[written.id] = written
    return written


def question_of(opened: Interaction) -> str:
    assert opened.modal is not None, opened.text
    return next(str(each.get("value", "")) for each in inputs(opened.modal) if each["custom_id"] == "question")


async def test_a_message_becomes_the_question_of_a_poll(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The form takes the message's words as its question, with names for mentions and without a link's preview. The
    member who opened the form is the poll's host."""
    async with discord_world(tmp_path) as world:
        ada = world.server.member("Ada")
        written = message_of(
            world, f"Does <@{ada.user.id}> like\ntea? https://t.example", mentions=(ada.user,), embeds=LINKED
        )
        opened = await ada.context(MENU, written)
        assert question_of(opened) == "Does @Ada like tea? https://t.example"
        preview = await ada.submit(opened, options="Yes\nNo")
        await ada.click(preview.message, "Post")
        await world.server.until(lambda: world.server.posted()[-1] is not written)
        poll = world.server.posted()[-1]
        assert r"Does \@Ada like tea?" in poll.text
        assert "Opened by Ada" in poll.text
        assert bugs(caplog) == []


@pytest.mark.parametrize("length", [QUESTION_MAX, QUESTION_MAX + 1])
async def test_a_long_message_is_cut_to_a_question(tmp_path: Path, length: int) -> None:
    """The form cuts a message of more than 300 characters to its first 300."""
    async with discord_world(tmp_path) as world:
        opened = await world.server.member("Ada").context(MENU, message_of(world, "x" * length))
        assert question_of(opened) == "x" * QUESTION_MAX


@pytest.mark.parametrize(
    ("shown", "question"),
    [({"embeds": LINKED}, "Tea - Wikipedia An aromatic beverage"), ({"attachments": [PICTURE]}, "")],
    ids=["an embed", "a picture"],
)
async def test_a_message_without_words_of_its_own(tmp_path: Path, shown: dict[str, list[Json]], question: str) -> None:
    """For a message without words the form takes the text that its embed shows. For a picture alone it opens empty."""
    async with discord_world(tmp_path) as world:
        opened = await world.server.member("Ada").context(MENU, message_of(world, "", **shown))
        assert question_of(opened) == question


async def test_who_may_not_write_opens_no_poll_from_a_message(tmp_path: Path) -> None:
    """A member who may not write in the channel gets no form, but a private refusal in the words of `/poll create`."""
    async with discord_world(tmp_path) as world:
        server, eve = world.server, world.server.member("Eve")
        written = message_of(world, "Which tea?")
        server.deny(server.main, SEND_MESSAGES)
        refused = await eve.context(MENU, written)
        assert refused.modal is None
        assert shown_once(refused)
        typed = await eve.slash("poll create", question="Which tea?")
        assert refused.text == typed.text


@pytest.mark.parametrize("placing", PLACES.values(), ids=PLACES)
async def test_it_is_offered_in_servers_with_the_bot_alone(tmp_path: Path, placing: Placing) -> None:
    """Discord offers *Start a poll on this* in servers that have the bot, but not in a conversation with the bot. Where
    only a member has the bot, Discord offers *Find facts* without it."""
    async with discord_world(tmp_path) as world:
        ada, place = placing(world)
        message = world.server.add_message(ada.user, place, "Which tea?")
        with pytest.raises(CannotDo):
            ada.start_context(MENU, message)
        assert world.server.offered("Find facts", 3, ada.guild, place) is not None
        assert world.server.offered(MENU, 3, ada.guild, ada.direct) is None
        assert await world.server.member("Ben").context(MENU, message_of(world, "Which tea?"))
