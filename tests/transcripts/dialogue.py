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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Step = tuple[str, ...]
Dialogue = Sequence[Step]


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
        seen = await do(driver, said)
        for wanted in expected:
            assert holds(seen, wanted), f"after {said!r}, expected {wanted!r} in:\n{seen.private}\n--\n{seen.public}"


async def do(driver: Driver, said: str) -> Seen:
    if said.startswith("press "):
        return await driver.press(said.removeprefix("press "))
    if said.startswith("pick "):
        label, _, option = said.removeprefix("pick ").partition(": ")
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
