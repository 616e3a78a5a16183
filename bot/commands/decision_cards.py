"""Decisions as cards and forms. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo

from bot.chat.markup import Bold, Link, Plain, Text, bullets, paragraph, shorten, text
from bot.chat.vocabulary import (
    Action,
    Button,
    ButtonStyle,
    Card,
    Choice,
    Control,
    Field,
    Form,
    Input,
    InputKind,
    Reply,
    Select,
    Tone,
)
from bot.commands.discussion_results import HASH_SHOWN
from bot.decisions.model import OUTCOME_MAX, OWNER_MAX, WORDS_MAX, Decision, DecisionState, DecisionStep
from bot.decisions.service import DecisionDraft
from bot.i18n import N_, Translator

STATES: Mapping[DecisionState, str] = {
    DecisionState.STANDING: N_("standing"),
    DecisionState.DONE: N_("done"),
    DecisionState.CHANGED: N_("changed"),
    DecisionState.DROPPED: N_("dropped"),
}
STEPS: Mapping[DecisionStep, str] = {
    DecisionStep.RECORDED: N_("Recorded"),
    DecisionStep.DONE: N_("Done"),
    DecisionStep.CHANGED: N_("Changed"),
    DecisionStep.POSTPONED: N_("Look again"),
    DecisionStep.DROPPED: N_("Dropped"),
}
_TONES: Mapping[DecisionState, Tone] = {
    DecisionState.STANDING: Tone.INFO,
    DecisionState.DONE: Tone.GOOD,
    DecisionState.CHANGED: Tone.CAUTION,
    DecisionState.DROPPED: Tone.CAUTION,
}
LISTED = 25
"""Decisions in one list: as many as every platform lets a member pick from."""
LINE_MAX = 100
LINKS_LONGEST = 2000
EXPORT = "decisions-export"


def day(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d}"


def decision_card(t: Translator, decision: Decision, zone: tzinfo, *, may_answer: bool, may_post: bool = True) -> Card:
    """Draw a decision with its history and controls."""
    return Card(
        title=t("Decision"),
        body=text(paragraph(Bold(decision.outcome)), bullets(_facts(t, decision, zone)), *_links(decision)),
        fields=(Field(t("History"), bullets(_history(t, decision, zone))),),
        footer=t("Decision {id}", id=decision.id),
        tone=_TONES[decision.state],
        controls=tuple(_controls(t, decision, may_answer=may_answer, may_post=may_post)),
    )


def shared_card(t: Translator, decision: Decision, zone: tzinfo) -> Card:
    """Draw a decision for everybody in a place."""
    return Card(
        title=t("Decision"),
        body=text(paragraph(Bold(decision.outcome)), bullets(_facts(t, decision, zone)), *_links(decision)),
        footer=t("Decision {id}", id=decision.id),
        tone=_TONES[decision.state],
        controls=(Button(t("Open the decision"), Action("decision", (decision.id,))),),
    )


def _facts(t: Translator, decision: Decision, zone: tzinfo) -> Iterator[str]:
    yield t("State: {state}", state=t(STATES[decision.state]))
    if decision.owner_name:
        yield t("Owner: {name}", name=decision.owner_name)
    if decision.review_at and decision.state is DecisionState.STANDING:
        yield t("Review: {day}", day=day(decision.review_at, zone))
    recorded = day(decision.at, zone)
    who = decision.member_name
    yield t("Recorded {day} by {who}", day=recorded, who=who) if who else t("Recorded {day}", day=recorded)
    if decision.discussion:
        yield t("From discussion {id}, totals {hash}", id=decision.discussion, hash=decision.totals_hash[:HASH_SHOWN])


def _links(decision: Decision) -> Iterator[Text]:
    addresses = [link for link in decision.links if "://" in link]
    if addresses:
        yield bullets((Link(shorten(link, LINE_MAX), link),) for link in addresses)


def _history(t: Translator, decision: Decision, zone: tzinfo) -> Iterator[str]:
    for entry in decision.history:
        words = f": {entry.words}" if entry.words else ""
        who = f" ({entry.member_name})" if entry.member_name else ""
        yield f"{day(entry.at, zone)} {t(STEPS[entry.step])}{words}{who}"


def _controls(t: Translator, decision: Decision, *, may_answer: bool, may_post: bool) -> Iterator[Control]:
    if may_answer and decision.state is DecisionState.STANDING:
        yield from answer_buttons(t, decision)
    if decision.poll:
        yield Button(t("Show the poll"), Action("poll-show", (decision.poll,)))
        yield Button(t("Check the record"), Action("poll-record", (decision.poll,)))
    if decision.discussion:
        yield Button(t("Show the discussion's result"), Action("discuss-results", (decision.discussion,)))
    if may_post:
        yield Button(t("Post it here"), Action("decision-share", (decision.id,)))
    cards = tuple(Choice(link.partition(":")[2], link) for link in decision.links if "://" not in link)
    if cards:
        yield Select(Action("pick", ("card",)), t("Read the evidence"), cards)


def answer_buttons(t: Translator, decision: Decision) -> Iterator[Control]:
    yield Button(t("Done"), Action("decision-done", (decision.id,)), style=ButtonStyle.PRIMARY)
    yield Button(t("Changed"), Action("decision-change", (decision.id,)))
    yield Button(t("Look again on …"), Action("decision-postpone", (decision.id,)))
    yield Button(t("Dropped"), Action("decision-drop", (decision.id,)))


def question(t: Translator, decision: Decision, zone: tzinfo) -> Reply:
    """Ask about a decision on the day of its review."""
    card = Card(
        title=t("Is this decision carried out?"),
        body=text(paragraph(Bold(decision.outcome)), bullets(_facts(t, decision, zone))),
        footer=t("Decision {id}", id=decision.id),
        tone=Tone.INFO,
        controls=tuple(answer_buttons(t, decision)),
    )
    return Reply((card,))


def list_card(t: Translator, decisions: Sequence[Decision], zone: tzinfo, asked: str) -> Card:
    """List decisions, each to be opened. `asked` is the member's search."""
    lines = [
        (Bold(decision.outcome), Plain(f" ({day(decision.at, zone)} · {t(STATES[decision.state])})"))
        for decision in decisions[:LISTED]
    ]
    more = len(decisions) - LISTED
    left_out = t.count("and {n} more decision", "and {n} more decisions", more) if more > 0 else ""
    choices = tuple(
        Choice(shorten(decision.outcome, LINE_MAX), decision.id, day(decision.at, zone))
        for decision in decisions[:LISTED]
    )
    return Card(
        title=t("Decisions: {asked}", asked=asked) if asked else t("Decisions"),
        body=text(bullets(lines), left_out),
        controls=(
            Select(Action("decision-pick"), t("Open a decision"), choices),
            Button(t("Save as files"), Action(EXPORT)),
        ),
    )


def decide_form(t: Translator, draft: DecisionDraft, source: str) -> Form:
    """Ask for a decision. `source` is the id of the poll or discussion whose outcome the form shows, or empty."""
    return Form(
        Action("decide", (source,) if source else ()),
        t("Record the decision"),
        (
            Input(
                "outcome",
                t("What was decided, in a sentence"),
                InputKind.LINES,
                value=draft.outcome[:OUTCOME_MAX],
                longest=OUTCOME_MAX,
            ),
            Input("owner", t("Who carries it out"), value=draft.owner, required=False, longest=OWNER_MAX),
            Input(
                "review",
                t("When to look at it again"),
                hint=t("In 3 months, 2027-03-01; empty for never"),
                value=draft.review,
                required=False,
                longest=60,
            ),
            Input(
                "links",
                t("Links to evidence, one a line"),
                InputKind.LINES,
                value="\n".join(draft.links),
                required=False,
                longest=LINKS_LONGEST,
            ),
        ),
    )


def words_form(t: Translator, decision: Decision, verb: str) -> Form:
    """Ask for the change, the reason for dropping it, or the next review."""
    titles = {
        "decision-changed": (t("The decision has changed"), t("What changed")),
        "decision-dropped": (t("The decision is dropped"), t("Why")),
        "decision-postponed": (t("Look again later"), t("On which day")),
    }
    title, label = titles[verb]
    postponed = verb == "decision-postponed"
    field = Input(
        "words",
        label,
        InputKind.LINE if postponed else InputKind.LINES,
        hint=t("In 3 months, 2027-03-01") if postponed else "",
        longest=60 if postponed else WORDS_MAX,
    )
    return Form(Action(verb, (decision.id,)), title, (field,))
