"""Every dialogue in the pseudo-locale, which puts brackets around each sentence that goes through gettext: law 10."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from bot.chat.vocabulary import Control, Select
from bot.i18n import FOLDER, PSEUDO, languages
from bot.instance import Instance
from tests.transcripts.dialogue import DIRECT, FACTS, LOOKUPS, MENTIONS, POLLS, Dialogue, Display, Wait, do
from tests.transcripts.terminal_driver import TerminalDriver, terminal_driver
from tests.world import CONTENT, NOBODY, NOWHERE, Clock, make_bot

_ACCENTS = str.maketrans("áçéíñóúýÁÇÉÍÑÓÚÝ", "aceinouyACEINOUY", "⟦⟧")
PEOPLE = ("Ada", "Ben", "Chen", "Mo")
LOOKED_UP = {**FACTS, **LOOKUPS, **DIRECT}


def in_english(label: str) -> str:
    """Return a label as English has it, without brackets and accents."""
    return label.translate(_ACCENTS)


@dataclass
class PseudoDriver(TerminalDriver):
    """A person who reads the pseudo-locale and finds a control by its English label."""

    async def press(self, label: str) -> Display:
        return await super().press(next(self._labels(label), label))

    async def pick(self, label: str, option: str) -> Display:
        return await super().pick(next(self._labels(label), label), next(self._options(option), option))

    async def fill(self, label: str, words: str) -> Display:
        forms = [reply.form for reply in self.replies if reply.form is not None]
        named = (each.label for form in reversed(forms) for each in form.inputs)
        return await super().fill(next(name for name in named if in_english(name) == in_english(label)), words)

    def _controls(self) -> Iterator[Control]:
        return (control for reply in self._newest() for card in reply.cards for control in card.controls)

    def _labels(self, label: str) -> Iterator[str]:
        return (each.label for each in self._controls() if in_english(each.label) == in_english(label))

    def _options(self, option: str) -> Iterator[str]:
        selects = (each for each in self._controls() if isinstance(each, Select))
        return (each.label for select in selects for each in select.options if in_english(each.label) == option)


def pseudo_driver(driver: TerminalDriver) -> PseudoDriver:
    return PseudoDriver(driver.bot, replace(driver.request, locale=PSEUDO), driver.wall, driver.clock)


async def listen(cast: dict[str, PseudoDriver], dialogue: Dialogue, wait: Wait | None = None) -> None:
    """Play a dialogue and check each display: words without brackets must be typed words, content or people's names."""
    typed: set[str] = {name.lower() for name in PEOPLE}
    for step, *_ in dialogue:
        if step.startswith("wait ") and wait is not None:
            await wait(step.removeprefix("wait "))
            continue
        name, _, what = step.rpartition("> ") if re.match(r"[A-Z][a-z]+> ", step) else ("", "", step)
        typed |= words_typed(what)
        display = await do(cast[name], what)
        foreign = _own_words(display.all, CONTENT_WORDS | typed)
        assert foreign == set(), f"after {step!r}: {foreign} in\n{display.all}"


def words_typed(step: str) -> set[str]:
    """Return the words that a person types of their own: not the command, the arguments' names or their choices."""
    if step.startswith(("press ", "pick ")):
        return set()
    own = re.sub(r"^/(?:poll|privacy|content) \w+|^/\w+|^fill [^:]+: |\b\w+:(?!\s)(?!\")\S+|\b\w+:(?=\")", " ", step)
    return {word.lower() for word in _WORDS.findall(own)}


@pytest.mark.parametrize("dialogue", LOOKED_UP.values(), ids=LOOKED_UP)
async def test_no_sentence_of_a_look_up_skips_the_translation(dialogue: Dialogue) -> None:
    """Law 10: every sentence of Parley's own in a look-up is translated, in each step of each dialogue."""
    await listen({"": pseudo_driver(terminal_driver(make_bot(), "Ada", Clock()))}, dialogue)


@pytest.mark.parametrize("dialogue", MENTIONS.values(), ids=MENTIONS)
async def test_no_sentence_of_a_mention_skips_the_translation(instance: Instance, dialogue: Dialogue) -> None:
    """Law 10: every sentence in the answer to a mention is translated, into the community's language."""
    mo = terminal_driver(instance.bot, "Mo", Clock(), moderator=True)
    await mo.say(f"/settings language:{PSEUDO}")
    await listen({"": pseudo_driver(terminal_driver(instance.bot, "Ada", Clock()))}, dialogue)


@pytest.mark.parametrize("dialogue", POLLS.values(), ids=POLLS)
async def test_no_sentence_of_a_dialogue_of_polls_skips_the_translation(
    instance: Instance, clock: Clock, wait: Wait, dialogue: Dialogue
) -> None:
    """Law 10: every sentence about polls is translated, and posts for everyone are in the community's language."""
    cast = {name: pseudo_driver(terminal_driver(instance.bot, name, clock, moderator=name == "Mo")) for name in PEOPLE}
    await cast["Mo"].say(f"/settings language:{PSEUDO}")
    await listen(cast, dialogue, wait)


_WORDS = re.compile(r"[A-Za-z]{3,}")


@pytest.mark.parametrize(
    "line",
    [
        "/help",
        "/help counter",
        "/ask who drinks tea",
        "/ask zzzz",
        "/timeline kettle",
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
        "/poll create post:yes question:q options:a",
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
    """Law 10: every sentence of Parley's own in the answer to a command is translated; content and names are not."""
    driver = terminal_driver(instance.bot, "Mo", Clock(), moderator=True, locale=PSEUDO)
    display = await driver.say(line)
    foreign = _own_words(display.all, CONTENT_WORDS)
    assert foreign == set(), display.all


@pytest.mark.parametrize("method", ["single", "approval", "ranked", "score"])
async def test_no_sentence_of_a_poll_skips_the_translation(instance: Instance, clock: Clock, method: str) -> None:
    """Law 10: every sentence of a poll's card, ballots, receipts and result is translated."""
    mo = terminal_driver(instance.bot, "Mo", clock, moderator=True, locale=PSEUDO)
    await mo.say(f"/settings language:{PSEUDO}")
    displays = [
        await mo.say(
            f'/poll create post:yes question:"Xx" options:"Yy | Zz" method:{method} closes:1h quorum:2 secret:no'
        )
    ]
    request = replace(mo.request, now=clock())
    steps: dict[str, list[tuple[str, tuple[str, ...]]]] = {
        "single": [("v1:vote:p1:0", ())],
        "approval": [("v1:vote:p1", ("0", "1"))],
        "ranked": [("v1:ballot:p1:", ()), ("v1:ballot:p1:", ("1",)), ("v1:cast:p1:1>0", ())],
        "score": [("v1:ballot:p1:", ()), ("v1:ballot:p1:", ("5",)), ("v1:cast:p1:5,1", ())],
    }
    for action, values in steps[method]:
        displays.append(mo._display(await instance.bot.press(request, action, values)))
    displays.append(await mo.say("/poll list"))
    displays.append(await mo.say("/poll receipt"))
    displays.append(await mo.say("/poll close"))
    clock.forward(hours=1)
    await instance.scheduler.run_due()
    await instance.copies.drain()
    displays.append(await mo.say("/poll results"))
    displays.append(await mo.say("/poll export"))
    for display in displays:
        assert _own_words(display.all, CONTENT_WORDS) == set(), display.all


async def test_only_languages_that_exist_are_offered(instance: Instance) -> None:
    """`/settings language:` offers English and each language with a catalogue, and takes each of them.

    It refuses any other language and lists the ones it speaks.
    """
    mo = terminal_driver(instance.bot, "Mo", Clock(), moderator=True)
    offered = [choice.value for choice in await instance.bot.complete(mo.request, "settings", "language", "", {})]
    assert offered == languages()
    assert set(offered) == {"en", *(file.parent.parent.name.replace("_", "-") for file in FOLDER.rglob("*.mo"))}
    for language in offered:
        assert f"Language: {language}" in (await mo.say(f"/settings language:{language}")).private
    display = await mo.say("/settings language:tlh")
    assert f"I don't speak “tlh”. Choose one of these: {', '.join(offered)}." in display.private
    assert f"Language: {offered[-1]}" in (await mo.say("/settings")).private


CONTENT_FILES = CONTENT / "tea"
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
"""Words of the pack, and names that nobody translates."""


def _own_words(text: str, ignored: set[str]) -> set[str]:
    """Return the words outside of translated sentences that are neither content nor commands."""
    bare = re.sub(r"(?m)^• \S+\.yaml:\d+:\d+: .*$", " ", text)  # a finding of the checker, which speaks English
    while (shorter := re.sub(r"⟦[^⟦⟧]*⟧", " ", bare)) != bare:
        bare = shorter
    bare = re.sub(
        r"/[a-z ]+(\[[a-z]+\])?|(?m:^• \w+(?= ⟦|$| ))|\b[a-z_]+:\S*|\bp\d+\S*|\[words\]|en-XA|\b[A-Z2-7]{4}\b|\b[0-9a-f]{12,64}\b",
        " ",
        bare,
    )
    return {word for word in _WORDS.findall(bare) if word.lower() not in ignored}
