"""A poll's preview for its host, with its forms. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

from bot.chat.markup import Bold, Paragraph, Plain, RoleMention, paragraph, text
from bot.chat.vocabulary import (
    Action,
    Answers,
    Button,
    ButtonStyle,
    Card,
    Choice,
    Control,
    Form,
    Input,
    InputKind,
    Reply,
    Select,
    Tone,
)
from bot.commands import poll_cards, poll_forms, poll_labels
from bot.commands.answers import answer
from bot.i18n import Translator
from bot.polls.model import Poll
from bot.polls.rules import QUORUM_MAX, PollDraft
from bot.polls.secrecy import Secrecy

SECRET, NAMED = "secret", "named"
PUBLIC, JOINED_BEFORE, PING = "public", "joined-before", "ping"


def preview(t: Translator, poll: Poll, draft: PollDraft, preview_id: str, zone: tzinfo, secrecy: Secrecy) -> Reply:
    """Draw the poll as members will see it, with the host's controls."""
    lead = Card(
        title=t("Preview"),
        body=text(
            paragraph(t("Only you see this. Members will see the poll below.")),
            *_closes(t, poll, draft, zone),
            paragraph(t("When it opens, I'll ping "), RoleMention(poll.ping, poll.ping), ".") if poll.ping else (),
        ),
        tone=Tone.INFO,
    )
    card = poll_cards.poll_card(t, poll, zone, secrecy)
    shown = Card(
        title=card.title,
        body=card.body,
        footer=" · ".join((t("Opened by {who}", who=poll.creator_name), t(poll_labels.METHODS[poll.method]))),
        tone=card.tone,
        controls=tuple(_controls(t, preview_id)),
    )
    return Reply((lead, shown))


def _closes(t: Translator, poll: Poll, draft: PollDraft, zone: tzinfo) -> Iterator[Paragraph]:
    """Repeat the closing time as understood."""
    when = poll_labels.when(poll, zone)
    if draft.closes:
        ready = poll_forms.READY_CLOSES.get(draft.closes)
        label = t(ready) if ready else draft.closes
        typed = draft.closes if label.casefold() == draft.closes else label
        yield paragraph(Plain(t("You asked for “{typed}”. It closes ", typed=typed)), when, Plain("."))
    else:
        yield paragraph(Plain(t("It closes ")), when, Plain("."))


def _controls(t: Translator, preview_id: str) -> Iterator[Control]:
    yield Button(t("Post"), Action("draft-post", (preview_id,)), style=ButtonStyle.PRIMARY)
    yield Button(t("Edit"), Action("draft-edit", (preview_id,)))
    yield Button(t("More settings"), Action("draft-more", (preview_id,)))
    yield Button(t("Schedule"), Action("draft-schedule", (preview_id,)))
    yield Button(t("Save as a template"), Action("template-name", ("draft", preview_id)))
    yield Button(t("Cancel"), Action("draft-cancel", (preview_id,)))
    ready = tuple(Choice(t(label), words) for words, label in poll_forms.READY_CLOSES.items())
    yield Select(Action("draft-closes", (preview_id,)), t("Another closing time"), ready)


def more_form(
    t: Translator,
    preview_id: str,
    draft: PollDraft,
    roles: str,
    *,
    may_be_public: bool,
    knows_joins: bool,
    may_ping: bool,
) -> Form:
    """Ask for settings that most polls leave alone. `roles` are those that may vote, as one types them."""
    levels = (
        Choice(t("Secret"), SECRET, t("Nobody sees who voted for what."), chosen=draft.secret),
        Choice(t("Named"), NAMED, t("Everyone sees who voted for what."), chosen=not draft.secret),
    )
    inputs = [
        Input("secrecy", t("How secret"), InputKind.CHOICE, options=levels),
        Input(
            "quorum",
            t("Quorum"),
            hint=t("How many ballots it takes to decide; empty for none"),
            value=str(draft.quorum or ""),
            required=False,
            longest=len(str(QUORUM_MAX)),
        ),
        Input(
            "role",
            t("Who may vote"),
            hint=t("A role, mentioned with @; empty for everyone"),
            value=roles,
            required=False,
            longest=100,
        ),
        Input(
            "most",
            t("At most"),
            hint=t("With approval: how many options a voter can choose; empty for any number"),
            value=str(draft.max_choices or ""),
            required=False,
            longest=2,
        ),
    ]
    others = []
    if may_be_public:
        others.append(Choice(t("Anyone can open its result page"), PUBLIC, chosen=draft.public))
    if knows_joins:
        label = t("Only members who joined before it opens")
        others.append(Choice(label, JOINED_BEFORE, chosen=draft.joined_before))
    if may_ping:
        others.append(Choice(t("Ping the community's role for polls when it opens"), PING, chosen=draft.ping))
    if others:
        inputs.append(
            Input(
                "others",
                t("Other settings"),
                InputKind.CHOICE,
                required=False,
                options=tuple(others),
                least=0,
                most=len(others),
            )
        )
    return Form(Action("draft-settings", (preview_id,)), t("More settings"), tuple(inputs))


def filled_number(t: Translator, answers: Answers, name: str, wrong: dict[str, str]) -> int:
    """Read a number from a form, 0 if it is empty. A mistake goes into `wrong`."""
    words = answer(answers, name).strip()
    if words and not (words.isascii() and words.isdigit()):
        wrong[name] = t("Type a whole number, or leave it empty.")
        return 0
    return int(words or 0)


def posted_card(t: Translator, poll: Poll, zone: tzinfo) -> Card:
    """Say that the poll is open, and until when."""
    return Card(
        title=t("The poll is open"),
        body=text(
            paragraph(Bold(poll.question)),
            paragraph(t("It closes by itself: "), poll_labels.when(poll, zone), "."),
            paragraph(t("Press Manage on the poll to extend, close or cancel it.")),
        ),
        tone=Tone.GOOD,
    )
