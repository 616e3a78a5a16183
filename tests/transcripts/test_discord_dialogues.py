"""The dialogues that all platforms share, played on Discord with the real library against a simulated server."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from simcord.backend.errors import SetupError

from bot.instance import Instance
from tests.transcripts.dialogue import DIRECT, LOOKUPS, MENTIONS, POLLS, Dialogue, Wait, play, play_together
from tests.transcripts.discord_driver import DiscordDriver, check_message, discord_driver, discord_people, raw
from tests.world import Clock, make_bot

PEOPLE = ("Ada", "Ben", "Chen", "Mo")
TERMINAL_ONLY = {"a typing mistake"}
"""On Discord a member can't type a command that doesn't exist, or leave a quote open."""
HIDDEN = {"a community's settings"}
"""Discord hides the moderators' commands from other members."""
PLAIN_WORDS = {**MENTIONS, **DIRECT}
SHOWN_ON_DISCORD = {name: dialogue for name, dialogue in LOOKUPS.items() if name not in TERMINAL_ONLY}


def check_all(people: Mapping[str, DiscordDriver]) -> None:
    for person in people.values():
        for message in person.messages():
            if message.author.bot:
                check_message(raw(message))


@pytest.mark.parametrize("dialogue", SHOWN_ON_DISCORD.values(), ids=SHOWN_ON_DISCORD)
async def test_look_ups(dialogue: Dialogue) -> None:
    async with discord_driver(make_bot()) as driver:
        await play(driver, dialogue)
        check_all({"Ada": driver})


@pytest.mark.parametrize("dialogue", PLAIN_WORDS.values(), ids=PLAIN_WORDS)
async def test_plain_words(dialogue: Dialogue) -> None:
    """Parley answers a mention for everyone and a direct message in private; the answers' controls work in both."""
    async with discord_driver(make_bot()) as driver:
        driver.direct = True
        await play(driver, dialogue)
        check_all({"Ada": driver})


def settling(wait: Wait, people: Mapping[str, DiscordDriver]) -> Wait:
    """Return a wait that ends when Discord has shown everything that the passed time brought about."""

    async def settled(words: str) -> None:
        await wait(words)
        await next(iter(people.values())).env.settle()

    return settled


STEP_BY_STEP = "scores, option by option"
"""Discord asks for all scores of a ballot in one form."""
IN_ONE_FORM: Dialogue = (
    ('Ada> /poll create post:yes question:"Which tea?" options:"Green | Black" method:score', "for all: [Vote]"),
    ("Ben> press Vote",),
    ("Ben> fill Green: 5", "for you: Your vote is counted", "Green: 5", "Black: no score"),
)
POLLS_ON_DISCORD = {
    **{name: dialogue for name, dialogue in POLLS.items() if name not in {*HIDDEN, STEP_BY_STEP}},
    "scores in one form": IN_ONE_FORM,
}


@pytest.mark.parametrize("dialogue", POLLS_ON_DISCORD.values(), ids=POLLS_ON_DISCORD)
async def test_polls(instance: Instance, clock: Clock, wait: Wait, dialogue: Dialogue) -> None:
    """Members can run a poll from its opening to its announcement with nothing but Discord's commands and controls."""
    async with discord_people(instance.bot, clock, *PEOPLE) as people:
        await play_together(people, dialogue, settling(wait, people))
        check_all(people)


async def test_moderators_commands_are_hidden_and_checked_again(instance: Instance, clock: Clock, wait: Wait) -> None:
    async with discord_people(instance.bot, clock, *PEOPLE) as people:
        assert "settings" not in people["Ada"].member.available_commands(people["Ada"].channel)
        with pytest.raises(SetupError, match="default-member-permissions"):
            await people["Ada"].say("/settings")
        await play_together(people, POLLS["a community's settings"][1:], settling(wait, people))
