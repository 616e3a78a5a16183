"""If only a member has installed Parley, look-ups work; polls and settings need a server with the bot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.polls import repository as polls
from tests.wire.discord import Channel, Member
from tests.wire.discord.members import CannotDo
from tests.wire.discord_world import World, bugs, discord_world

LOOK_UPS = ("fact", "counter", "source", "define", "policy", "timeline", "topic", "search", "ask", "help")
AT_HOME = ("poll create", "poll list", "poll close", "settings", "privacy show", "content queue", "log")


def elsewhere(world: World) -> tuple[Member, Channel]:
    """Return Ada and a channel in a server without the bot."""
    server = world.server
    guild = server.add_guild("Elsewhere", has_bot=False)
    channel = server.add_channel("lounge", guild)
    return server.member("Ada", channel=channel), channel


def between_people(world: World) -> tuple[Member, Channel]:
    """Return Ada and her conversation with Ben."""
    ada, ben = world.server.member("Ada"), world.server.member("Ben")
    return ada, world.server.between(ada.user, ben.user)


Placing = Callable[[World], tuple[Member, Channel]]
PLACES: dict[str, Placing] = {"a server without the bot": elsewhere, "a conversation between people": between_people}


@pytest.mark.parametrize("placing", PLACES.values(), ids=PLACES)
async def test_look_ups_work_where_only_a_member_has_the_bot(
    tmp_path: Path, placing: Placing, caplog: pytest.LogCaptureFixture
) -> None:
    """Where only a member has installed Parley, commands, buttons and *Find facts* answer that member privately.

    They offer no *Share*, which could only be refused there, and Parley makes no calls but these answers.
    """
    async with discord_world(tmp_path) as world:
        ada, place = placing(world)
        before = len(world.server.calls)
        answer = await ada.slash("fact", here=place, words="tea drinkers", share=True)
        assert answer.private
        assert "Most people in the office drink tea." in answer.text
        more = await ada.click(answer.messages[0], "Counterarguments")
        assert more.private
        assert "Share" not in more.message.labels
        message = world.server.add_message(ada.user, place, "Everybody in the office drinks tea here")
        found = await ada.context("Find facts", message)
        assert found.private
        assert "tea" in found.text
        assert "Share" not in [*found.message.labels, found.text]
        assert "Share" not in (await ada.slash("help", here=place)).text
        sent = [
            call
            for call in list(world.server.calls)[before:]
            if not call.template.startswith(("/interactions", "/webhooks"))
        ]
        assert sent == []
        assert bugs(caplog) == []


@pytest.mark.parametrize("placing", PLACES.values(), ids=PLACES)
async def test_polls_and_settings_are_not_offered_there(tmp_path: Path, placing: Placing) -> None:
    """Where only a member has installed Parley, Discord offers every look-up, but no polls or settings."""
    async with discord_world(tmp_path) as world:
        ada, place = placing(world)
        ada.administrator = ada.moderator = True
        for name in LOOK_UPS:
            assert world.server.offered(name, 1, ada.guild, place) is not None, name
        for name in AT_HOME:
            with pytest.raises(CannotDo):
                ada.start_slash(name, here=place)
        host = world.server.member("Host")
        assert all(world.server.offered(name.split()[0], 1, host.guild, host.channel) for name in AT_HOME)


@pytest.mark.parametrize("placing", PLACES.values(), ids=PLACES)
async def test_a_poll_that_is_forged_there_is_refused(
    tmp_path: Path, placing: Placing, caplog: pytest.LogCaptureFixture
) -> None:
    """Where only a member has installed Parley, a forged button for a new poll opens no form, and Parley stores no poll.

    Parley privately tells the member that it can't write there.
    """
    async with discord_world(tmp_path) as world:
        ada, place = placing(world)
        message = world.server.add_message(world.server.bot, place, "old")
        answer = await ada.press(message, "v1:poll-new")
        assert answer.modal is None
        assert answer.private
        assert "can't write" in answer.text
        assert await world.instance.database.read(polls.all_polls) == []
        assert bugs(caplog) == []
