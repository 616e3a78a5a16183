"""Dialogues as data, and what it takes to play them on a platform.

A step is what a person does and what the answer then shows:

    ("/fact coffee", "Contradicted", "for you: House rules")
    ("press Share", "for all: Shared by Ada")
    ("pick Other matches: Tea tastes better than coffee.", "Not a matter of fact", "not: Contradicted")

What is done: a typed command, `press LABEL`, or `pick LABEL: OPTION`. What is expected: words that are shown, to
this person (`for you: …`), in the channel (`for all: …`), anywhere (no mark), or nowhere (`not: …`). Controls count
by their labels: `[Share]`. Only words that no platform formats: a step is played on all of them.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

Step = tuple[str, ...]
Dialogue = Sequence[Step]
Wait = Callable[[timedelta], Awaitable[None]]
"""Lets so much time pass, with everything that falls due meanwhile."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is new after a step, as plain words: answered to the person alone, and posted for all in the channel.

    Controls stand in the text as `[label]`, a select's options below it.
    """

    private: str = ""
    public: str = ""

    @property
    def all(self) -> str:
        return f"{self.private}\n{self.public}"


class Driver(Protocol):
    """One person on one platform. `press` and `pick` use the newest message, seen by them, that has the control."""

    async def say(self, text: str) -> Seen: ...

    async def press(self, label: str) -> Seen: ...

    async def pick(self, label: str, option: str) -> Seen: ...


async def play(driver: Driver, dialogue: Dialogue) -> None:
    """Plays the steps in order. Raises AssertionError with the step and all that was seen."""
    for said, *expected in dialogue:
        seen = await do(driver, named(driver, said) if said.startswith("press ") else said)
        for wanted in (named(driver, words) for words in expected):
            assert holds(seen, wanted), f"after {said!r}, expected {wanted!r} in:\n{seen.private}\n--\n{seen.public}"


def named(driver: Driver, words: str) -> str:
    """The words with commands as they are typed on the driver's platform."""
    return _COMMAND.sub(getattr(driver, "commands", "/"), words)


_COMMAND = re.compile(r"(?<![\w/:<])/(?=[a-z])(?!invite\b)")


async def play_together(cast: Mapping[str, Driver], dialogue: Dialogue, wait: Wait) -> None:
    """Plays a dialogue of several people: `Ada> /poll list`, and `wait 2 hours` in between."""
    for said, *expected in dialogue:
        if said.startswith("wait "):
            number, unit = said.removeprefix("wait ").split()
            await wait(timedelta(**{unit: int(number)}))
            continue
        name, _, what = said.partition("> ")
        await play(cast[name], [(what, *expected)])


async def do(driver: Driver, said: str) -> Seen:
    if said.startswith("press "):
        return await driver.press(said.removeprefix("press "))
    if said.startswith("pick "):
        label, _, option = said.removeprefix("pick ").rpartition(": ")
        return await driver.pick(label, option)
    return await driver.say(said)


def holds(seen: Seen, wanted: str) -> bool:
    mark, colon, words = wanted.partition(": ")
    match mark if colon else "":
        case "for you":
            return words in seen.private
        case "for all":
            return words in seen.public
        case "not":
            return words not in seen.all
    return wanted in seen.all


FACTS: Mapping[str, Dialogue] = {
    "a fact with its verdict, its words and its sources": (
        (
            "/fact coffee ban",
            "for you: ✖ Contradicted",
            "Coffee was banned from the office.",
            "since coffee was banned",
            "The house rules of 2026 do not mention coffee.",
            "House rules",
            "[Sources]",
            "[Share]",
            "not: Supported",
        ),
    ),
    "counterarguments, and back": (
        ("/fact tea drinkers", "✔ Supported", "[Counterarguments]"),
        ("press Counterarguments", "for you: The count was taken on one day.", "[Back to the card]"),
        ("press Back to the card", "for you: ✔ Supported"),
    ),
    "sources, and one of them opened": (
        ("/fact coffee ban", "[Sources]"),
        ("press Sources", "The rules of the house.", "[Open one]"),
        ("pick Open one: House rules", "for you: an official text, hosted elsewhere"),
    ),
    "sharing posts for all, with the name of who shared": (
        ("/fact tea drinkers", "for you: ✔ Supported", "[Share]"),
        (
            "press Share",
            "for you: Shared here",
            "for all: ✔ Supported",
            "for all: Shared by Ada",
            "not: [Share]",
        ),
        ("press Counterarguments", "for you: The count was taken on one day."),
    ),
    "an answer that is public at once": (("/fact coffee ban share:yes", "for all: ✖ Contradicted", "not: [Share]"),),
    "all facts, and one picked": (
        ("/fact", "for you: There are 3 here.", "[Facts]", "Tea tastes better than coffee."),
        ("pick Facts: Coffee was banned from the office.", "for you: ✖ Contradicted"),
    ),
    "several matches": (
        ("/fact coffee", "[Other matches]", "Tea tastes better than coffee."),
        ("pick Other matches: Tea tastes better than coffee.", "– Not a matter of fact"),
    ),
    "nothing found offers the nearest": (
        ("/fact zzzz", "for you: Nothing found for “zzzz”", "[Open one]"),
        ("pick Open one: Coffee was banned from the office.", "✖ Contradicted"),
    ),
    "what a person writes is shown as they wrote it": (
        (
            "/fact <b>@everyone</b> <!channel> <@U1> *x* _y_ `z` # q",
            "<b>@everyone</b> <!channel> <@U1> *x* _y_ `z` # q",
        ),
    ),
    "a topic that does not exist": (
        ("/fact coffee topic:biscuits", "for you: There is no topic “biscuits”.", "The topics are: tea."),
    ),
}

LOOKUPS: Mapping[str, Dialogue] = {
    "help, and one command explained": (
        ("/help", "What you can ask", "/counter [words]", "[Explain /fact]"),
        ("press Explain /fact", "for you: Find a fact: its verdict, the essay's words and the sources"),
    ),
    "a counterargument and the reply to it": (
        ("/counter free tea", "for you: Some people do not drink tea.", "[The reply to this]"),
        ("press The reply to this", "for you: The hot water serves all."),
    ),
    "a source": (("/source house rules", "an official text, hosted elsewhere", "not yet: an excerpt was read"),),
    "everything that matches": (
        ("/search kettle", "for you: Found for “kettle”", "[Open one]"),
        ("pick Open one: The office bought a kettle.", "2026-02"),
    ),
    "a term": (("/define wulong", "for you: A tea between green and black."),),
    "policy options": (
        ("/policy", "There are 2 here.", "[Policy options]"),
        ("pick Policy options: A tea fund", "Everybody shares the cost.", "People who drink no tea pay as well."),
    ),
    "what happened when": (
        ("/timeline", "The office bought a kettle.", "[Sources of one date]"),
        ("pick Sources of one date: The office bought a kettle.", "House rules"),
    ),
    "the topics": (("/topic", "Tea in the office", "3 facts", "2026-11-01"),),
    "a typing mistake": (
        ("/fcat tea", "for you: Did you mean /fact?"),
        ("/fact “unclosed", "for you: never closed"),
    ),
}

POLLS: Mapping[str, Dialogue] = {
    "one choice, from opening to announcement": (
        (
            'Ada> /poll create question:"Which tea?" options:"Green | Black" closes:2h',
            "for you: The poll is open",
            "for all: Which tea?",
            "for all: [Green]",
        ),
        ("Ben> press Green", "for you: Your vote is counted", "for you: Receipt: ", "not: That did not work"),
        ("Ben> press Black", "for you: Your vote is changed"),
        ("Ada> press Black", "for you: Your vote is counted"),
        ("Chen> /poll results", "for you: shown when it closes"),
        ("wait 2 hours",),
        ("Chen> /poll results", "for you: Winner: Black.", "2 (100.0 %)", "for all: Closed: Which tea?"),
        ("Ben> press My vote", "nobody can look up any more how you voted"),
    ),
    "a ranking, step by step": (
        ('Ada> /poll create question:"Which tea?" options:"Green | Black | Oolong" method:ranked', "for all: [Vote]"),
        ("Ben> press Vote", "for you: Pick your first choice."),
        ("Ben> pick Your choice number 1: Oolong", "for you: Oolong", "Not cast yet."),
        ("Ben> pick Your choice number 2: Green", "[Cast this ballot]"),
        ("Ben> press Cast this ballot", "for you: Your vote is counted"),
        ("Ben> press Withdraw", "for you: Your vote is withdrawn"),
    ),
    "scores, option by option": (
        ('Ada> /poll create question:"Which tea?" options:"Green | Black" method:score', "for all: [Vote]"),
        ("Ben> press Vote", "[Score for: Green]"),
        ("Ben> pick Score for: Green: 5", "[Score for: Black]"),
        ("Ben> pick Score for: Black: No score", "[Cast this ballot]"),
        ("Ben> press Cast this ballot", "for you: Your vote is counted"),
    ),
    "live results are redrawn": (
        (
            'Ada> /poll create question:"Which tea?" options:"Green | Black" results:live',
            "for all: Results so far are shown to all.",
        ),
        ("Ben> press Green", "for you: Your vote is counted"),
        ("wait 5 seconds",),
        ("Chen> /poll results", "So far in front: Green.", "for all: Green ★ 1 (100.0 %)"),
    ),
    "closing early asks once more": (
        ('Ada> /poll create question:"Which tea?" options:"Green | Black"', "for all: [Green]"),
        ("Ben> /poll close", "for you: Only the poll's creator and the moderators"),
        ("Mo> /poll close", "for you: It can't be reopened.", "[Close it and show the result]"),
        ("Mo> press Close it and show the result", "for you: This poll is closed."),
        ("wait 5 seconds",),
        ("Ben> press The whole result", "for you: No valid ballot was cast."),
    ),
    "a community's settings": (
        ("Ada> /settings", "for you: Only moderators"),
        ("Mo> /settings polls:moderators zone:Europe/Berlin", "for you: Settings are changed", "Europe/Berlin"),
        ("Ada> /poll create question:q options:a|b", "for you: only moderators create polls"),
    ),
    "the content and the logs, for moderators who edit": (
        ("Mo> /content status", "for you: The content that is served", "tea", "[Problems]"),
        ("Mo> press Problems", "for you: The content is served."),
        ("Mo> /content reload", "for you: Nothing has changed"),
        ("Mo> /content log", "for you: Nothing so far."),
        ('Mo> /poll create question:"Which tea?" options:"Green | Black"', "for all: [Green]"),
        ("Mo> /poll extend 9d", "for you: The poll is extended"),
        ("Mo> /log", "for you: extended the poll p1"),
    ),
    "what is stored about me": (
        ('Ada> /poll create question:"Which tea?" options:"Green | Black"', "for all: [Green]"),
        ("Ben> press Green", "Your vote is counted"),
        ("Ben> /privacy show", "1 ballot of yours in open secret polls", "[Erase my data]"),
        ("Ben> press Erase my data", "withdrawn from 1 open poll"),
    ),
}
