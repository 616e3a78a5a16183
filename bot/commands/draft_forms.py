"""The form in which an editor changes a draft, and the preview of the resulting card. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.authoring.draft_fields import LISTS_OF_LINES, Revision
from bot.authoring.drafts import Trial
from bot.chat.markup import Bold, Plain, bullets, clean_lines, paragraph, shorten, text
from bot.chat.vocabulary import Action, Answers, Card, Choice, Form, Input, InputKind, Tone
from bot.commands import cards
from bot.commands.answers import answer
from bot.i18n import N_, Translator
from bot.packs.labels import COPIES, SOURCE_KINDS
from bot.packs.model import Provenance, SourceKind
from bot.suggestions.repository import Suggestion

LONGEST = 3000
"""Characters that each platform takes in one input of a form."""
SHOWN = 200

LABELS: Mapping[str, str] = {
    "statement": N_("The claim or position, in one sentence"),
    "reason": N_("Why this verdict"),
    "name": N_("Its name"),
    "point": N_("The argument in one sentence"),
    "text": N_("The text"),
    "title": N_("The title"),
    "summary": N_("What the source establishes"),
    "url": N_("The address"),
    "kind": N_("The kind of source"),
    "copy": N_("The kind of copy"),
    "note": N_("A caution for readers"),
    "description": N_("What would be done"),
    "pro": N_("The best reason for it"),
    "con": N_("The best reason against it"),
    "term": N_("The word"),
    "definition": N_("What it means"),
    "date": N_("When"),
    "event": N_("What happened"),
    "aliases": N_("Other ways to ask for it, one a line"),
    "sources": N_("Sources by their ids, one a line"),
}
OPTIONAL = LISTS_OF_LINES | {"url", "note"}
ON_ONE_LINE = frozenset(("name", "url", "term", "date"))
_CHOICES: Mapping[str, Mapping[str, str]] = {
    "kind": {kind.value: SOURCE_KINDS[kind] for kind in SourceKind},
    "copy": {copy.value: COPIES[copy] for copy in Provenance},
}


def draft_form(t: Translator, suggestion: Suggestion, texts: Mapping[str, str]) -> Form:
    """Ask for the draft's texts, with the present ones filled in."""
    return Form(
        Action("queue-edited", (suggestion.id,)),
        t("Change the draft {id}", id=suggestion.id),
        tuple(_input(t, key, texts[key]) for key in _keys(texts)),
    )


def form_values(texts: Mapping[str, str], answers: Answers) -> dict[str, str]:
    """Read the answers to the form that `draft_form` makes of these texts."""
    return {key: clean_lines(answer(answers, key)) for key in _keys(texts)}


def empty_inputs(t: Translator, values: Mapping[str, str]) -> dict[str, str]:
    """Find empty inputs that need a text, and say so beside each."""
    return {
        key: t("Write something first.") for key, words in values.items() if not words.strip() and key not in OPTIONAL
    }


def mistakes_by_input(t: Translator, texts: Mapping[str, str], trial: Trial) -> dict[str, str]:
    """Put each mistake of the trial beside its input, or beside the first if it belongs to none."""
    keys = _keys(texts)
    if not trial.is_new:
        return {keys[0]: t("The topic says all this already. Change something first.")}
    errors: dict[str, str] = {}
    for mistake in trial.mistakes:
        here = mistake.key in keys
        words = mistake.message if here else f"{mistake.file}:{mistake.line}: {mistake.message}"
        errors.setdefault(mistake.key if here else keys[0], words)
    return errors


def preview_cards(t: Translator, revision: Revision) -> Iterator[Card]:
    """Show the changes, and the card as members will see it."""
    lines = [_change(t, key, value) for key, value in revision.changes.items()]
    lead = t("Nothing is published yet. This is the card as members will see it. What changes:")
    yield Card(title=t("Preview"), body=text(paragraph(lead), bullets(lines)), tone=Tone.INFO)
    trial = revision.trial
    if trial.pack is not None:
        yield cards.card(t, trial.pack, trial.pack.entries[trial.entry_id])


def _change(t: Translator, key: str, value: str) -> tuple[Bold | Plain, ...]:
    """The label of a changed text; and the value of a list, which the card doesn't show whole."""
    items = shorten(value.replace("\n", ", ") or "–", SHOWN)
    return (Bold(t(LABELS[key])), Plain(f": {items}")) if key in LISTS_OF_LINES else (Bold(t(LABELS[key])),)


def _keys(texts: Mapping[str, str]) -> list[str]:
    """The keys that the form asks for: a text that doesn't fit into an input can only be changed in the file."""
    return [key for key, value in texts.items() if len(value) <= LONGEST]


def _input(t: Translator, key: str, value: str) -> Input:
    label = t(LABELS[key])
    if key in _CHOICES:
        options = tuple(Choice(t(words), name, chosen=name == value) for name, words in _CHOICES[key].items())
        return Input(key, label, InputKind.CHOICE, options=options)
    kind = InputKind.LINE if key in ON_ONE_LINE else InputKind.LINES
    return Input(key, label, kind, value=value, required=key not in OPTIONAL, longest=LONGEST)
