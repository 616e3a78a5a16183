"""A whole instance answers everything that members type and press, and none of it is a bug."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st

from bot.chat.vocabulary import Action, Form, Outcome
from bot.commands.help import EXAMPLES
from bot.dispatch.parse import half_typed, parse
from bot.errors import BotError, UsageError
from bot.i18n import translator
from bot.instance import Instance
from bot.polls import audit
from bot.polls.closing_time import closing_time
from bot.polls.counting.ballots import InvalidBallot, Method, parse_ballot
from tests.fuzz.inputs import WORDS, texts
from tests.fuzz.target import EFFORTS, Bug, check_refusal, fuzz, opened
from tests.world import NOW, request, running

LINES = (
    *EXAMPLES.values(),
    "/fact tea drinkers share:yes",
    "/counter tea",
    "/policy",
    "/search “green tea”",
    "/source kitchen",
    "/define tea",
    "/timeline",
    "/help poll create",
    '/poll create question:"Which tea?" options:"Green | Black" closes:"tomorrow 18:00" quorum:3',
    '/poll create question:Tea? options:"A|B|C" method:ranked secret:no results:live closes:2h public:yes',
    "/poll policy topic:tea closes:2026-12-01",
    "/poll results poll:p1",
    "/poll extend closes:3d poll:p1",
    "/poll export poll:p4",
    "/poll receipt code:ABCD-EFGH-IJKL poll:p1",
    "/poll list",
    "/privacy show",
    "/settings zone:Europe/Berlin creators:everyone reminder:30 keep:10 language:en topic:tea moderators:<@&5>",
    "/log",
    "/content status",
    "/content problems",
)
ACTIONS = (
    "v1:vote:p1:0",
    "v1:vote:p1:1#2",
    "v1:ballot:p2:",
    "v1:ballot:p2:10",
    "v1:cast:p2:012",
    "v1:mine:p1",
    "v1:withdraw:p1",
    "v1:close:p1",
)
FILLED: tuple[dict[str, Any], ...] = (
    {"question": "Which tea?", "options": "Green\nBlack"},
    {"question": "", "options": ("a", "b")},
    {},
)


@contextmanager
def polling(folder: Path) -> Iterator[tuple[Instance, Any]]:
    """Open four polls, one of each method, and close the last."""
    with opened(running(folder)) as (instance, run):
        for method in ("single", "ranked", "score", "approval"):
            line = f'/poll create post:yes question:"Tea?" options:"Green | Black | Oolong" method:{method}'
            run(instance.bot.say(request("Host"), line))
        run(instance.box.close("p4", NOW))
        yield instance, run


def verbs(instance: Instance) -> tuple[str, ...]:
    """Return an action id of every button and form there is."""
    registry = instance.bot.registry
    return tuple(f"v1:{verb}:p{number}:0" for number, verb in enumerate((*registry.actions, *registry.forms)))


def answered(outcome: Outcome) -> None:
    """Check that something was said or posted, and that every control of it can be sent."""
    if outcome.answer is None:
        if not (outcome.posts or outcome.errors):
            raise Bug("silence")
        return
    for card in outcome.answer.cards:
        for control in card.controls:
            if control.action is not None:
                assert Action.decode(control.action.encode()) == control.action
    if isinstance(outcome.answer.form, Form):
        outcome.answer.form.action.encode()


@pytest.mark.parametrize("effort", EFFORTS)
def test_whatever_is_typed_is_answered(tmp_path: Path, effort: int) -> None:
    """Parley answers any typed line, for members and moderators and in each language, and can complete it."""
    with polling(tmp_path) as (instance, run):
        people = [replace(request(name, moderator=mo), locale=locale)
                  for name, mo, locale in (("Ada", False, "en"), ("Mo", True, "en-XA"))]  # fmt: skip

        def check(line: str) -> None:
            for member_request in people:
                answered(run(instance.bot.say(member_request, line)))
            run(instance.bot.complete_line(people[0], line))

        fuzz(check, texts(LINES), LINES, 80 * effort)


@pytest.mark.parametrize("effort", EFFORTS)
def test_whatever_is_pressed_is_answered(tmp_path: Path, effort: int) -> None:
    """Parley answers any id of a button, form or list with any values, and the record of each poll stays valid."""
    with polling(tmp_path) as (instance, run):
        ids = (*ACTIONS, *verbs(instance))
        moderator = request("Mo", moderator=True)

        def check(example: tuple[str, tuple[str, ...], dict[str, Any]]) -> None:
            pressed, values, filled = example
            answered(run(instance.bot.press(moderator, pressed, values)))
            answered(run(instance.bot.submit(moderator, pressed, filled)))
            run(instance.bot.reopen(moderator, pressed))
            run(instance.bot.suggest(moderator, pressed, "".join(values)))

        answers = st.dictionaries(
            st.sampled_from(("question", "options", "method", "closes")) | WORDS, WORDS | st.tuples(WORDS)
        )
        inputs = st.tuples(
            texts(ids), st.lists(st.sampled_from("012") | WORDS, max_size=3).map(tuple), answers | st.sampled_from(FILLED)
        )  # fmt: skip
        fuzz(check, inputs, ((each, ("1",), FILLED[0]) for each in ids), 60 * effort)
        for poll in run(instance.polls.listed("test:demo")):
            assert audit.verify(run(instance.polls.record(poll))) == []


@pytest.mark.parametrize("effort", EFFORTS)
def test_parts_of_a_command_are_read_or_refused(effort: int) -> None:
    """Each parser of an action id, a ballot or a time takes any text or refuses it with its own error.

    A ballot or an action id that was read can be written and read again.
    """
    t = translator("en")
    zones = (ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Apia"), timezone(timedelta(hours=-23)))

    def check(text: str) -> None:
        for zone in zones:
            try:
                assert closing_time(text, NOW, zone, t) > NOW
            except BotError:
                continue
        for method in Method:
            try:
                read = parse_ballot(method, text, 5, 3 if method is Method.APPROVAL else None)
            except InvalidBallot:
                continue
            assert parse_ballot(method, read, 5, 3 if method is Method.APPROVAL else None) == read
        try:
            action = Action.decode(text)
        except UsageError:
            return
        assert Action.decode(action.encode()) == action

    seeds = (*ACTIONS, "2h", "3 days", "2026-12-01 18:00", "tomorrow 18:00", "18:00", "0>1=2", "1,2", "5,0,-,2", "0")
    fuzz(check, texts(seeds), seeds, 300 * effort)


@pytest.mark.parametrize("effort", EFFORTS)
def test_a_line_is_parsed_or_refused(tmp_path: Path, effort: int) -> None:
    """The parser takes any line or refuses it with what to type instead, and its completion raises nothing."""
    with opened(running(tmp_path)) as (instance, _):
        commands, t = instance.bot.commands, translator("en-XA")

        def check(line: str) -> None:
            half_typed(line, commands)
            try:
                call = parse(line, commands, t)
            except BotError as error:
                check_refusal(error)
            else:
                assert set(call.args) == {param.name for param in call.command.params}

        fuzz(check, texts(LINES), LINES, 300 * effort)
