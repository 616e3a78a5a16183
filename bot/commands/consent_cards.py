"""Consent polls: the parts of their cards and forms that other polls lack. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.charts.words import consent_outcome
from bot.chat.markup import Block, Bold, Plain, Text, bullets, paragraph, shorten
from bot.chat.vocabulary import (
    Action,
    Button,
    ButtonStyle,
    Card,
    Choice,
    Control,
    Form,
    Input,
    InputKind,
    Tone,
)
from bot.commands.poll_forms import closes_input
from bot.i18n import Translator
from bot.polls.counting.ballots import ABSTAIN, AGREE, OBJECT, Method
from bot.polls.counting.results import Result
from bot.polls.model import Poll, PollState
from bot.polls.objections import REASON_MAX, Objection

SHOWN = 10
"""Objections on a card; the others are counted."""
LABEL_MAX = 60


def lines(t: Translator, poll: Poll, objections: Sequence[Objection]) -> Iterator[Text]:
    """Yield the notices to read before a vote, and the standing objections."""
    if poll.method is not Method.CONSENT:
        return
    if poll.follows:
        followed = t("This changes the proposal of poll {id}. Everyone is asked again.", id=poll.follows)
        yield (paragraph(followed),)
    if poll.state is PollState.OPEN:
        yield (paragraph(t("An objection shows your name and your reason to everyone here.")),)
    standing = [objection for objection in objections if objection.stands]
    if standing:
        yield (paragraph(Bold(t.count("{n} objection", "{n} objections", len(standing)))),)
        yield bullets(_line(t, objection) for objection in standing[:SHOWN])
    if len(standing) > SHOWN:
        more = len(standing) - SHOWN
        yield (paragraph(t.count("and {n} more objection", "and {n} more objections", more)),)


def _line(t: Translator, objection: Objection) -> tuple[Bold | Plain, ...]:
    name = Bold(objection.name or t("erased"))
    answer = t(" (the host answers: {words})", words=objection.answer) if objection.answer else ""
    return (name, Plain(f": {objection.reason}{answer}"))


def buttons(poll: Poll, lines: Mapping[int, Block]) -> Iterator[Control]:
    """Yield a button for each answer, all in one style, so that none looks better than another."""
    for option in (AGREE, ABSTAIN, OBJECT):
        press = Action("poll-object", (poll.id,)) if option == OBJECT else Action("vote", (poll.id, str(option)))
        yield Button(poll.options[option].name, press, style=ButtonStyle.PRIMARY, line=lines[option])


def outcome(t: Translator, poll: Poll, result: Result) -> str:
    """Say in a sentence whether the proposal passes."""
    return consent_outcome(t, result, final=poll.state is not PollState.OPEN)


def passes(result: Result) -> bool:
    """Whether a closed poll's proposal passes."""
    return result.winners == (AGREE,) and (result.quorum is None or result.quorum.reached)


def objection_form(t: Translator, poll: Poll, reason: str = "") -> Form:
    hint = t("Everyone here sees your name and your reason.")
    field = Input("reason", t("Why you object"), InputKind.LINES, hint=hint, value=reason, longest=REASON_MAX)
    return Form(Action("poll-objected", (poll.id,)), t("Object to the proposal"), (field,))


def answer_form(t: Translator, poll: Poll, objection: Objection) -> Form:
    label = t("Your answer to {name}", name=objection.name or t("erased"))
    field = Input("answer", label, InputKind.LINES, value=objection.answer, longest=REASON_MAX)
    return Form(Action("objection-answered", (poll.id, str(objection.number))), t("Answer an objection"), (field,))


def objections_card(t: Translator, poll: Poll, objections: Sequence[Objection], *, hosts: bool) -> Card:
    """Draw every objection, even withdrawn ones; a host picks one to answer."""
    standing = [objection for objection in objections if objection.stands]
    rows = [(*_line(t, objection), Plain("" if objection.stands else t(" (withdrawn)"))) for objection in objections]
    controls: tuple[Control, ...] = ()
    if hosts and standing and poll.state is PollState.OPEN:
        controls = tuple(
            Button(
                t("Answer {name}", name=shorten(objection.name or t("erased"), LABEL_MAX)),
                Action("objection-answer", (poll.id, str(objection.number))),
            )
            for objection in standing[:SHOWN]
        )
    return Card(
        title=t("Objections"),
        body=(paragraph(Bold(poll.question)), *(bullets(rows) or (paragraph(t("Nobody objects.")),))),
        tone=Tone.INFO,
        controls=controls,
        poll=poll.id,
    )


def proposal_form(t: Translator, poll: Poll) -> Form:
    """Ask for the changed proposal."""
    field = Input("question", t("The changed proposal"), InputKind.LINES, value=poll.question, longest=300)
    return Form(Action("poll-followed", (poll.id,)), t("Change the proposal"), (field, closes_input(t)))


def choice_of(objection: Objection) -> Choice:
    return Choice(shorten(objection.reason, LABEL_MAX), str(objection.number))
