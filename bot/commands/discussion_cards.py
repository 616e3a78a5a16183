"""Cards of discussions: the public one, a statement to answer, a member's own answers, and the promises to members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from bot.chat.markup import Bold, Plain, Time, bullets, paragraph, quote, text
from bot.chat.vocabulary import Action, Button, ButtonStyle, Card, Choice, Control, Select, Tone, Use
from bot.deliberation.model import PEOPLE_MIN, SHOWN_MIN, Discussion, DiscussionStatement, StatementState, Turn
from bot.i18n import N_, Translator
from bot.polls.model import PollState
from bot.store.sql import Dialect

ADD_FROM = 8
"""Answers after which a member may add a statement."""
PAUSE_EVERY = 10
ANSWERS: Mapping[int, str] = {1: N_("You agree"), 0: N_("You passed"), -1: N_("You disagree")}
_AFTERWARDS: Mapping[Dialect, str] = {
    "sqlite": N_("After the close nobody can, unless someone kept a copy of the open database with the key."),
    "postgres": N_(
        "After the close the operator still could, from kept logs and backups of the database, with the key."
    ),
}


def when(discussion: Discussion, zone: tzinfo) -> Time:
    """The time when the discussion closes."""
    return Time(discussion.closes_at, f"{discussion.closes_at.astimezone(zone):%Y-%m-%d %H:%M %Z}")


def taking_part(t: Translator, people: int) -> str:
    """Say how many members take part, without a number below seven."""
    if people < PEOPLE_MIN:
        return t("Fewer than {n} take part so far", n=PEOPLE_MIN)
    return t.count("{n} takes part", "{n} take part", people)


def footer(t: Translator, discussion: Discussion) -> str:
    """Name the discussion, and the member who opened it."""
    by = t("Started by {who}", who=discussion.creator_name) + " · " if discussion.creator_name else ""
    return by + t("Discussion {id}", id=discussion.id)


def public_card(t: Translator, discussion: Discussion, zone: tzinfo) -> Card:
    """Draw the posted message of an open or cancelled discussion."""
    if discussion.state is PollState.CANCELLED:
        notice = t("This discussion was cancelled, and its answers are deleted.")
        return Card(title=discussion.question, body=text(notice), footer=footer(t, discussion))
    lead = t("Say what you think of short statements. At the close everyone sees where we agree.")
    line = paragraph(
        t("Closes "), when(discussion, zone), " · ", taking_part(t, discussion.people), " · ",
        t("Secret: your answers are yours alone."),
    )  # fmt: skip
    return Card(
        title=discussion.question,
        body=text(lead, line),
        footer=footer(t, discussion),
        tone=Tone.INFO,
        controls=(
            Button(t("Take part"), Action("discuss-join", (discussion.id,)), style=ButtonStyle.PRIMARY),
            Button(t("How secret?"), Action("discuss-secrecy", (discussion.id,))),
        ),
    )


def secrecy_card(t: Translator, discussion: Discussion, dialect: Dialect) -> Card:
    """State the promises to a member, and their limits."""
    promises = (
        t("Other members never see how you answered, nor who wrote a statement."),
        t("Totals and groups appear at the close alone."),
        t("No number appears that fewer than {n} people answered.", n=SHOWN_MIN),
        t("The operator could look while the discussion is open."),
        t(_AFTERWARDS[dialect]),
        t("At the close I delete all answers. Only totals stay, and nobody can recompute them."),
    )
    return Card(
        title=t("How secret is this discussion?"), body=text(paragraph(Bold(discussion.question)), bullets(promises))
    )


def turn_card(t: Translator, turn: Turn) -> Card:
    """Draw the member's next step: a statement with its buttons, or the end."""
    discussion = turn.discussion
    if discussion.state is not PollState.OPEN:
        notice = t("This discussion has ended, so answers no longer count.")
        return Card(title=discussion.question, body=text(notice), controls=(_results(t, discussion),))
    if turn.statement is None:
        done = t("You have answered every statement. Come back later: others may add some.")
        return Card(
            title=t("That's all for now"),
            body=text(done),
            footer=_progress(t, turn),
            tone=Tone.GOOD,
            controls=(add_button(t, discussion), mine_button(t, discussion)),
        )
    return statement_card(t, turn, turn.statement)


def statement_card(t: Translator, turn: Turn, statement: DiscussionStatement, own: int | None = None) -> Card:
    """Draw one statement to answer; `own` is the member's standing answer."""
    discussion, position = turn.discussion, str(statement.position)
    origin = t("Starter") if statement.starter else t("From a member")
    standing = () if own is None else (paragraph(t(ANSWERS[own]) + "."),)

    def say(label: str, vote: str) -> Button:
        return Button(label, Action("discuss-say", (discussion.id, position, vote)), style=ButtonStyle.PRIMARY)

    known = (Button(t("What's known"), Action("discuss-known", (discussion.id, position))),) if discussion.pack else ()
    add = (add_button(t, discussion),) if turn.answered >= ADD_FROM else ()
    return Card(
        title=discussion.question,
        body=text(quote(Bold(statement.words)), paragraph(origin), *standing),
        footer=_progress(t, turn),
        tone=Tone.INFO,
        controls=(
            say(t("Agree"), "agree"),
            say(t("Disagree"), "disagree"),
            say(t("Pass"), "pass"),
            *known,
            *add,
            Button(t("Stop here"), Action("discuss-stop", (discussion.id,))),
        ),
    )


def pause_card(t: Translator, turn: Turn) -> Card:
    """Ask after ten answers whether to continue."""
    discussion = turn.discussion
    title = t("{n} of {all}; go on?", n=turn.answered, all=turn.statements)
    more = Button(t("Go on"), Action("discuss-on", (discussion.id,)), style=ButtonStyle.PRIMARY)
    stop = Button(t("Stop here"), Action("discuss-stop", (discussion.id,)))
    body = text(t("Your answers are saved. You can come back at any time until the close."))
    return Card(title=title, body=body, controls=(more, add_button(t, discussion), mine_button(t, discussion), stop))


def stop_card(t: Translator, turn: Turn) -> Card:
    """Say that everything is saved, and how to come back."""
    discussion = turn.discussion
    body = text(t("Your answers are saved. Press Take part, or type /discuss join, to go on."))
    more = Button(t("Go on"), Action("discuss-on", (discussion.id,)))
    return Card(title=t("Thank you"), body=body, footer=_progress(t, turn), controls=(more, mine_button(t, discussion)))


def mine_card(t: Translator, discussion: Discussion, answers: Sequence[tuple[DiscussionStatement, int]]) -> Card:
    """List a member's own answers, each with a way to change it."""
    lines = [(Bold(f"{t(ANSWERS[vote])}: "), Plain(statement.words)) for statement, vote in answers]
    nothing = text(t("You haven't answered anything yet."))
    choices = tuple(
        Choice(statement.words[:100], str(statement.position), t(ANSWERS[vote]))
        for statement, vote in answers
        if statement.state is StatementState.OPEN
    )
    controls: tuple[Control, ...] = (Button(t("Go on"), Action("discuss-on", (discussion.id,))),)
    if choices:
        change = Action("discuss-change", (discussion.id,))
        controls = (Select(change, t("Change an answer"), choices, use=Use.PICK), *controls)
    return Card(title=t("Your answers"), body=bullets(lines) if lines else nothing, controls=controls)


def add_button(t: Translator, discussion: Discussion) -> Button:
    """A button that opens the form for a member's own statement."""
    return Button(t("Add your own"), Action("discuss-add", (discussion.id,)))


def mine_button(t: Translator, discussion: Discussion) -> Button:
    """A button that shows a member's own answers."""
    return Button(t("My answers"), Action("discuss-mine", (discussion.id,)))


def _results(t: Translator, discussion: Discussion) -> Button:
    return Button(t("Show the result"), Action("discuss-results", (discussion.id,)), style=ButtonStyle.PRIMARY)


def _progress(t: Translator, turn: Turn) -> str:
    return t("{n} of {all} answered", n=turn.answered, all=turn.statements)
