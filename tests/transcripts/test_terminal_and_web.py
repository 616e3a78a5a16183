"""The same dialogues over the terminal and over the chat page."""

from __future__ import annotations

import pytest

from bot.communities import repository as communities
from bot.instance import Instance
from tests.transcripts.dialogue import DIRECT, FACTS, LOOKUPS, MENTIONS, POLLS, Dialogue, Wait, play, play_together
from tests.transcripts.terminal_driver import terminal_driver
from tests.transcripts.web_driver import web_drivers
from tests.world import Clock, make_bot

LOOKED_UP = {**FACTS, **LOOKUPS}


@pytest.mark.parametrize("dialogue", LOOKED_UP.values(), ids=LOOKED_UP)
async def test_look_ups_in_a_terminal(dialogue: Dialogue) -> None:
    """What a member is told in a terminal is what they are told everywhere."""
    await play(terminal_driver(make_bot(), "Ada", Clock()), dialogue)


@pytest.mark.parametrize("dialogue", LOOKED_UP.values(), ids=LOOKED_UP)
async def test_look_ups_on_the_page(dialogue: Dialogue) -> None:
    """The chat page says the same, over real HTTP."""
    async with web_drivers(make_bot(), Clock()) as members:
        await play(members["Ada"], dialogue)


@pytest.mark.parametrize("dialogue", DIRECT.values(), ids=DIRECT)
async def test_plain_words_in_a_terminal(dialogue: Dialogue) -> None:
    """A member at a terminal is alone with the bot."""
    await play(terminal_driver(make_bot(), "Ada", Clock()), dialogue)


@pytest.mark.parametrize("dialogue", MENTIONS.values(), ids=MENTIONS)
async def test_mentions_on_the_page(dialogue: Dialogue) -> None:
    """A line that begins with the bot's name is answered before everybody."""
    async with web_drivers(make_bot(), Clock()) as members:
        await play(members["Ada"], dialogue)


async def test_a_line_that_only_names_the_bot_is_left_alone() -> None:
    """On the page a line asks when it begins with the name: case, a comma and a colon don't matter, other letters do."""
    async with web_drivers(make_bot(), Clock()) as members:
        await play(
            members["Ada"],
            [
                ("hello @Parley who drinks tea", "not: Supported"),
                ("@Parleys who drinks tea", "not: Supported"),
                ("@parley.example who drinks tea", "not: Supported"),
                ("@PARLEY, who drinks tea", "for all: ✔ Supported"),
                ("@Parley: who drinks tea", "for all: ✔ Supported"),
            ],
        )
        assert "@PARLEY, who drinks tea" in (await members["Ben"].look()).public


@pytest.mark.parametrize("dialogue", POLLS.values(), ids=POLLS)
async def test_polls_in_a_terminal(instance: Instance, clock: Clock, wait: Wait, dialogue: Dialogue) -> None:
    """A poll runs from its opening to its announcement with nothing but what is shown."""
    people = {
        name: terminal_driver(instance.bot, name, clock, moderator=name == "Mo")
        for name in ("Ada", "Ben", "Chen", "Mo")
    }
    await play_together(people, dialogue, wait)


@pytest.mark.parametrize("dialogue", POLLS.values(), ids=POLLS)
async def test_polls_on_the_page(instance: Instance, clock: Clock, wait: Wait, dialogue: Dialogue) -> None:
    """Several members of the demonstration run the same poll in the browser's own words."""
    async with web_drivers(instance.bot, clock) as members:
        await play_together(members, dialogue, wait)


async def test_the_page_has_one_channel_and_no_roles(instance: Instance, clock: Clock) -> None:
    """What it does not have is refused in words; what was stored of before is shown as it stands."""
    before = {"moderator_role": "Board"}
    await instance.database.write(lambda tx: communities.put_settings(tx, "web:demo", before))
    async with web_drivers(instance.bot, clock) as members:
        await play(
            members["Mo"],
            [
                ("/settings channel:hello", "for you: Pick a channel from the list"),
                ("/settings moderators:Board", "for you: Pick a role from the list"),
                ("/settings", "for you: Moderators' role: Board", "for you: Moderators' channel: none"),
                (
                    "/settings channel:main",
                    "for all: I'll post news for moderators here",
                    "for you: Moderators' channel: main",
                ),
            ],
        )
