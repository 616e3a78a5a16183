"""The dialogues that all platforms share, played in the terminal and on the chat page."""

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
    """A member's look-ups in a terminal get the same answers as on every other platform."""
    await play(terminal_driver(make_bot(), "Ada", Clock()), dialogue)


@pytest.mark.parametrize("dialogue", LOOKED_UP.values(), ids=LOOKED_UP)
async def test_look_ups_on_the_page(dialogue: Dialogue) -> None:
    """A member's look-ups on the chat page, over real HTTP, get the same answers as on every other platform."""
    async with web_drivers(make_bot(), Clock()) as members:
        await play(members["Ada"], dialogue)


@pytest.mark.parametrize("dialogue", DIRECT.values(), ids=DIRECT)
async def test_plain_words_in_a_terminal(dialogue: Dialogue) -> None:
    """A question in plain words gets a private answer in a terminal, where a member is alone with Parley."""
    await play(terminal_driver(make_bot(), "Ada", Clock()), dialogue)


@pytest.mark.parametrize("dialogue", MENTIONS.values(), ids=MENTIONS)
async def test_mentions_on_the_page(dialogue: Dialogue) -> None:
    """On the chat page, Parley answers a line that begins with its name for everybody to see."""
    async with web_drivers(make_bot(), Clock()) as members:
        await play(members["Ada"], dialogue)


async def test_a_line_that_only_names_the_bot_is_left_alone() -> None:
    """On the chat page a line is a question to Parley only if it begins with `@Parley`, in any case and with a comma or
    colon after it. A longer name, or the name later in the line, asks nothing."""
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
    """Members can run a poll in a terminal from its opening to its announcement with the controls on display."""
    people = {
        name: terminal_driver(instance.bot, name, clock, moderator=name == "Mo")
        for name in ("Ada", "Ben", "Chen", "Mo")
    }
    await play_together(people, dialogue, wait)


@pytest.mark.parametrize("dialogue", POLLS.values(), ids=POLLS)
async def test_polls_on_the_page(instance: Instance, clock: Clock, wait: Wait, dialogue: Dialogue) -> None:
    """Members can run a poll on the chat page from its opening to its announcement with the controls on display."""
    async with web_drivers(instance.bot, clock) as members:
        await play_together(members, dialogue, wait)


async def test_the_page_has_one_channel_and_no_roles(instance: Instance, clock: Clock) -> None:
    """On the chat page `/settings` takes no channel but `main`, and no role.

    A role that was stored before is still shown.
    """
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
