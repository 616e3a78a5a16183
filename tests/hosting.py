"""Press buttons and fill in forms as hosts and members, for tests of polls that are prepared, run and repeated."""

from __future__ import annotations

from dataclasses import replace

from bot.chat.vocabulary import Action, Answers, Form, Outcome, Reply, Request, Select
from bot.instance import Instance
from tests.talk import buttons, press, wall


def form_of(outcome: Outcome) -> Form:
    assert outcome.answer is not None
    assert outcome.answer.form is not None, outcome
    return outcome.answer.form


async def fill(here: Instance, who: Request, form: Form, /, **words: str | tuple[str, ...]) -> Outcome:
    """Send the form as it is, with these answers replaced."""
    answers: dict[str, str | tuple[str, ...]] = {
        each.name: tuple(choice.value for choice in each.options if choice.chosen) if each.picks else each.value
        for each in form.inputs
    }
    filled: Answers = {**answers, **words}
    return await here.bot.submit(replace(who, now=here.scheduler._now()), form.action.encode(), filled)


async def click(here: Instance, who: Request, reply: Reply | Outcome, label: str) -> Outcome:
    """Press the button with this label."""
    shown = reply.answer if isinstance(reply, Outcome) else reply
    assert shown is not None
    return await press(here, who, buttons(shown)[label])


def choices(outcome: Outcome, label: str) -> dict[str, tuple[str, str]]:
    """Return the options of the select with this label: each label with its action id and value."""
    assert outcome.answer is not None
    for control in (control for card in outcome.answer.cards for control in card.controls):
        if isinstance(control, Select) and control.label == label:
            return {choice.label: (control.action.encode(), choice.value) for choice in control.options}
    raise AssertionError(f"there is no list {label!r}")


async def choose(here: Instance, who: Request, outcome: Outcome, label: str, option: str) -> Outcome:
    action, value = choices(outcome, label)[option]
    return await press(here, who, action, value)


def newest(here: Instance) -> Reply:
    """Return the newest message on the wall."""
    return wall(here).posted[-1][1]


def labels(outcome: Outcome) -> set[str]:
    assert outcome.answer is not None
    return set(buttons(outcome.answer))


def on(verb: str, *args: str) -> str:
    return Action(verb, args).encode()
