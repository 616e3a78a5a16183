"""The same dialogues over the terminal and over the chat page, and once more in a language that shows what it misses."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.i18n import PSEUDO
from bot.instance import Instance
from bot.store import communities
from tests.transcripts.dialogue import FACTS, LOOKUPS, POLLS, Dialogue, Wait, play, play_together
from tests.transcripts.terminal_driver import terminal_driver
from tests.transcripts.web_driver import web_drivers
from tests.world import NOBODY, NOWHERE, Clock, make_bot

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
                ("/settings channel:hello", "for you: is no channel here"),
                ("/settings moderators:Board", "for you: is no role here"),
                ("/settings", "for you: Moderators' role: Board", "for you: Moderators' channel: none"),
                (
                    "/settings channel:main",
                    "for all: From now on I tell you here",
                    "for you: Moderators' channel: main",
                ),
            ],
        )


_WORDS = re.compile(r"[A-Za-z]{3,}")


@pytest.mark.parametrize(
    "line",
    [
        "/help",
        "/help counter",
        "/fact coffee ban",
        "/fact tea",
        "/fact",
        "/fact zzzz",
        "/fact x topic:y",
        "/counter free tea",
        "/counter tea tastes best",
        "/source house rules",
        "/source tea report",
        "/search kettle",
        "/define oolong",
        "/policy tea fund",
        "/timeline",
        "/topic",
        "/nonsense",
        '/fact "',
        "/poll",
        "/poll list",
        "/poll results",
        "/poll create question:q options:a",
        "/settings",
        f"/settings channel:{NOWHERE}",
        f"/settings moderators:{NOBODY}",
        "/log",
        "/content log",
        "/content reload",
        "/privacy show",
        "/privacy erase",
    ],
)
async def test_no_sentence_skips_the_translation(instance: Instance, line: str) -> None:
    """Law 10: in the pseudo-locale every sentence of the bot's own is bracketed; only content and names are not."""
    driver = terminal_driver(instance.bot, "Mo", Clock(), moderator=True, locale=PSEUDO)
    seen = await driver.say(line)
    left = _own_words(seen.all, CONTENT_WORDS)
    assert left == set(), seen.all


@pytest.mark.parametrize("method", ["single", "approval", "ranked", "score"])
async def test_no_sentence_of_a_poll_skips_the_translation(instance: Instance, clock: Clock, method: str) -> None:
    """The same for a poll's card, ballots, receipts and result, in the community's language."""
    mo = terminal_driver(instance.bot, "Mo", clock, moderator=True, locale=PSEUDO)
    await mo.say(f"/settings language:{PSEUDO}")
    heard = [await mo.say(f'/poll create question:"Xx" options:"Yy | Zz" method:{method} closes:1h quorum:2 secret:no')]
    request = replace(mo.asked, now=clock())
    steps: dict[str, list[tuple[str, tuple[str, ...]]]] = {
        "single": [("v1:vote:p1:0", ())],
        "approval": [("v1:vote:p1", ("0", "1"))],
        "ranked": [("v1:ballot:p1:", ()), ("v1:ballot:p1:", ("1",)), ("v1:cast:p1:1>0", ())],
        "score": [("v1:ballot:p1:", ()), ("v1:ballot:p1:", ("5",)), ("v1:cast:p1:5,1", ())],
    }
    for action, values in steps[method]:
        heard.append(mo._seen(await instance.bot.press(request, action, values)))
    heard.append(await mo.say("/poll list"))
    heard.append(await mo.say("/poll receipt"))
    heard.append(await mo.say("/poll close"))
    clock.forward(hours=1)
    await instance.scheduler.run_due()
    await instance.copies.drain()
    heard.append(await mo.say("/poll results"))
    heard.append(await mo.say("/poll export"))
    for seen in heard:
        assert _own_words(seen.all, CONTENT_WORDS) == set(), seen.all


CONTENT_FILES = Path(__file__).parents[1] / "content" / "tea"
CONTENT_WORDS = {word.lower() for file in CONTENT_FILES.iterdir() for word in _WORDS.findall(file.read_text())} | {
    "test",
    "https",
    "http",
    "example",
    "org",
    "utc",
    "europe",
    "berlin",
    "topic",
}
"""What stands in the pack, or is a name that nobody translates."""


def _own_words(shown: str, known: set[str]) -> set[str]:
    """Words outside the brackets of translated sentences that are neither content nor commands."""
    bare = shown
    while (shorter := re.sub(r"⟦[^⟦⟧]*⟧", " ", bare)) != bare:
        bare = shorter
    bare = re.sub(
        r"/[a-z ]+(\[[a-z]+\])?|(?m:^• \w+(?= ⟦|$| ))|\b[a-z_]+:\S*|\bp\d+\S*|\[words\]|en-XA|\b[A-Z2-7]{4}\b|\b[0-9a-f]{16}\b",
        " ",
        bare,
    )
    return {word for word in _WORDS.findall(bare) if word.lower() not in known}
