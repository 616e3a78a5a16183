"""The bot lends nobody its rights on Discord: a member who may not write in a place can't make the bot write there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.polls import repository as polls
from tests.wire.discord import Interaction, Member, Message
from tests.wire.discord.model import NEWS, SEND_MESSAGES, Overwrite
from tests.wire.discord_world import World, bugs, discord_world, shown_once


async def test_a_moderator_points_the_bot_only_where_they_may_write(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A moderator may pick only a moderators' channel in which they may write themselves, because the bot posts a
    greeting there."""
    async with discord_world(tmp_path) as world:
        server, mo = world.server, world.server.member("Mo", moderator=True)
        news, office = server.add_channel("news", kind=NEWS), server.add_channel("office")
        server.deny(news, SEND_MESSAGES)
        refused = await mo.slash("settings", channel=news.id)
        assert "You can't write in that channel" in refused.text
        assert shown_once(refused)
        assert server.posted(news) == []
        await mo.slash("settings", channel=office.id)
        assert len(server.posted(office)) == 1
        assert bugs(caplog) == []


@asynccontextmanager
async def announcements(folder: Path, patience: float = 1.5) -> AsyncIterator[tuple[World, Member, Member]]:
    """Yield the world, Host and Eve, in a channel in which Host writes and Eve only reads."""
    async with discord_world(folder, patience=patience) as world:
        news = world.server.add_channel("news", kind=NEWS)
        world.server.deny(news, SEND_MESSAGES)
        host, eve = (world.server.member(name, channel=news) for name in ("Host", "Eve"))
        news.overwrites[host.user.id] = Overwrite(allow=SEND_MESSAGES)
        yield world, host, eve


async def press_everything(member: Member, message: Message) -> list[Interaction]:
    """Press each button of a message that does something. Return the answers."""
    return [await member.press(message, control["custom_id"]) for control in message.controls if "custom_id" in control]


def public(interaction: Interaction) -> list[Message]:
    """Return the messages of the answer that others see."""
    return [message for message in interaction.messages if message.only_for is None]


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "a poll": ("poll create", {"question": "Which tea?", "options": "Green | Black"}),
    "a poll on the topic's options": ("poll policy", {"options": "Ban tea | Free tea"}),
    "a poll once more": ("poll post", {"poll": "p1"}),
}


@pytest.mark.parametrize("patience", [1.5, 0.0], ids=["quick", "slow"])
@pytest.mark.parametrize(("name", "options"), REFUSED.values(), ids=REFUSED)
async def test_who_may_not_write_can_t_make_the_bot_post(
    tmp_path: Path, name: str, options: dict[str, Any], patience: float
) -> None:
    """Parley refuses in private to open or to post a poll for a member who may not write in the channel, and stores
    nothing."""
    async with announcements(tmp_path, patience) as (world, host, eve):
        await host.slash("poll create", post=True, question="Who?", options="A | B", here=world.server.main)
        answer = await eve.slash(name, **options)
        assert public(answer) == []
        assert "Not allowed" in answer.text
        assert world.server.posted(eve.channel) == []
        assert "can't write in this channel" in answer.text
        stored = await world.instance.database.read(polls.all_polls)
        assert [poll.id for poll in stored] == ["p1"]


async def test_a_form_is_refused_if_its_member_may_no_longer_write(tmp_path: Path) -> None:
    """Parley refuses a poll's form if its member may no longer write in the channel when they send it."""
    async with discord_world(tmp_path) as world:
        eve = world.server.member("Eve")
        form = await eve.slash("poll create", post=True)
        world.server.deny(world.server.main, SEND_MESSAGES)
        answer = await eve.submit(form, question="Which tea?", options="Green\nBlack")
        assert public(answer) == []
        assert world.server.posted() == []
        assert await world.instance.database.read(polls.all_polls) == []


@pytest.mark.parametrize("patience", [1.5, 0.0], ids=["quick", "slow"])
async def test_who_may_not_write_shares_nothing(tmp_path: Path, patience: float) -> None:
    """A member who may not write in a channel gets in private what they share there: a fact, results, and the facts
    that *Find facts* finds."""
    async with announcements(tmp_path, patience) as (world, host, eve):
        await host.slash("poll create", post=True, question="Which tea?", options="Green | Black", results="live")
        (poll,) = world.server.posted(host.channel)
        shared = await eve.slash("fact", words="tea", share=True)
        assert "Most people in the office drink tea" in shared.text
        results = await eve.slash("poll results", poll="p1", share=True)
        facts = await eve.context("Find facts", message_of(world, host, "Everybody in the office drinks tea."))
        pressed = await press_everything(eve, facts.message)
        assert [public(answer) for answer in (shared, results, facts, *pressed) if public(answer)] == []
        assert world.server.posted(eve.channel)[:1] == [poll]
        assert {message.author.name for message in world.server.posted(eve.channel)[1:]} <= {"Host"}


def message_of(world: World, author: Member, content: str) -> Message:
    message = Message(world.server.new_id(), author.channel, author.user, world.clock(), content)
    author.channel.messages[message.id] = message
    return message


async def test_no_button_of_a_public_card_lends_the_bot_s_rights(tmp_path: Path) -> None:
    """Only the member who pressed sees the answers to the buttons of a shared fact, and to the buttons of those
    answers, if they may not write in the channel."""
    async with announcements(tmp_path) as (world, host, eve):
        card = (await host.slash("fact", words="most people drink tea", share=True)).message
        assert card.only_for is None
        answers = await press_everything(eve, card)
        for answer in list(answers):
            answers += await press_everything(eve, answer.message) if answer.messages else []
        assert len(answers) > 2
        assert [public(answer) for answer in answers if public(answer)] == []
        assert world.server.posted(eve.channel) == [card]


async def test_a_member_who_may_write_shares_as_before(tmp_path: Path) -> None:
    """A member who may write in a channel shares facts and opens polls there for all."""
    async with announcements(tmp_path) as (world, host, _):
        assert public(await host.slash("fact", words="most people drink tea", share=True)) != []
        assert (
            "The poll is open" in (await host.slash("poll create", post=True, question="Which?", options="A | B")).text
        )
        assert len(world.server.posted(host.channel)) == 2


async def test_where_the_bot_may_not_write_nothing_is_public(tmp_path: Path) -> None:
    """Where the bot may not write, it answers in private only, even if Discord would take a public answer to a
    command."""
    async with discord_world(tmp_path) as world:
        ada = world.server.member("Ada")
        world.server.forbid(world.server.main, SEND_MESSAGES)
        answer = await ada.slash("fact", words="tea", share=True)
        assert "Most people in the office drink tea" in answer.text
        assert public(answer) == []


async def test_in_a_locked_thread_a_member_shares_nothing(tmp_path: Path) -> None:
    """In a locked thread, where only moderators write, a member who shares a fact gets it in private."""
    async with discord_world(tmp_path) as world:
        thread = world.server.add_thread("side", world.server.main)
        world.server.archive(thread, archived=False, locked=True)
        ada = world.server.member("Ada", channel=thread)
        assert public(await ada.slash("fact", words="tea", share=True)) == []
