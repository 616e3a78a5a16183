"""Replies that a rehearsal posts, of Parley's own kinds and drawn by the adapters like any other."""

from __future__ import annotations

from dataclasses import replace

from bot.chat.markup import text
from bot.chat.vocabulary import Action, Attachment, Button, Card, Choice, Form, Image, Input, InputKind, Reply, Select

VERB = "rehearse"
WORDS = "Tea & two  spaces, 1 < 2 > 0, *stars*, @everyone, #general, :tea: end"
"""Text that services like to trim, escape, format or turn into a mention."""
CHANGED = "The card has changed."
PRESS, CHOOSE, OPEN = Action(VERB, ("press",)), Action(VERB, ("choose",)), Action(VERB, ("open",))
FORM = Form(Action(VERB, ("form",)), "Rehearsal", (Input("words", "Words", InputKind.LINE),))
_TEAS = (Choice("Green", "green"), Choice("Black", "black", chosen=True))
FORM_WITH_CHOICE = replace(FORM, inputs=(*FORM.inputs, Input("tea", "Tea", InputKind.CHOICE, options=_TEAS)))
OPTIONS = (Choice("Green", "0"), Choice("Black", "1"))
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="160" height="80"><rect width="160" height="80" fill="#2e5e4e"/></svg>'
ALT = "A green rectangle"


def card(words: str, *controls: Button | Select) -> Reply:
    """Make a card with these words and controls."""
    return Reply((Card(title="Rehearsal", body=text(words), footer="Parley deletes this message.", controls=controls),))


def picture() -> Reply:
    """Make a card with a picture, and a file to save."""
    image = Image(SVG, ALT, "rehearsal")
    return Reply((Card(title="Rehearsal", image=image),), files=(Attachment("rehearsal.csv", "a,b\n", "text/csv"),))


def press_card() -> Reply:
    return card("Something to press.", Button("Green", PRESS))


def choose_card() -> Reply:
    return card("Something to choose from.", Select(CHOOSE, "Which tea?", OPTIONS))


def open_card() -> Reply:
    return card("A form to fill in.", Button("Open", OPEN))
