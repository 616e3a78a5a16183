"""The closest matches, when none is a sure answer: one short card, and two more behind buttons (law 13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.chat.markup import Bold, paragraph, shorten, shorten_words, text
from bot.chat.vocabulary import Action, Button, ButtonStyle, Card, Tone
from bot.commands import cards
from bot.i18n import Translator
from bot.packs.model import Argument, Entry, Event, Fact, Option, Source, Term
from bot.packs.pack import Pack
from bot.search.answer import Match

SHOWN = 3
BRIEF_TEXT_MAX = 280
LABEL_MAX = 60


def closest_cards(
    t: Translator, packs: Mapping[str, Pack], matches: Sequence[Match], view: str = "card"
) -> tuple[Card, ...]:
    """Say that the first match may not answer, show it in short, and offer the next two. There must be one match."""
    first, *others = matches[:SHOWN]
    lead = Card(title=t("Closest match; it may not answer this"), tone=Tone.CAUTION)
    brief = brief_card(t, packs[first.pack_id], first.entry, view)
    return lead, replace(brief, controls=(*brief.controls, *other_buttons(others, view)))


def other_buttons(matches: Sequence[Match], view: str = "card") -> tuple[Button, ...]:
    """A button for each match, labelled with its title."""
    return tuple(
        Button(shorten(match.entry.title, LABEL_MAX), _open(match.pack_id, match.entry.id, view)) for match in matches
    )


def brief_card(t: Translator, pack: Pack, entry: Entry, view: str = "card") -> Card:
    """Show an entry in a few lines, with its controls."""
    whole = cards.card(t, pack, entry)
    statement = () if entry.title == whole.title else paragraph(Bold(entry.title))
    if isinstance(entry, Argument):  # its card names its target
        body = text(whole.body[0], shorten_words(entry.text, BRIEF_TEXT_MAX))
    else:
        body = text(statement, shorten_words(_gist(entry), BRIEF_TEXT_MAX))
    return Card(
        title=whole.title,
        body=body,
        tone=whole.tone,
        sign=whole.sign,
        controls=(
            Button(t("Read all"), _open(pack.id, entry.id, view)),
            Button(t("Share"), Action("share", ("card", pack.id, entry.id)), style=ButtonStyle.PRIMARY),
        ),
    )


def _open(pack: str, entry: str, view: str) -> Action:
    return Action("open", (pack, entry)) if view == "card" else Action("view", (view, pack, entry))


def _gist(entry: Entry) -> str:
    match entry:
        case Fact():
            return entry.reason
        case Source():
            return entry.summary
        case Option():
            return entry.description
        case Term():
            return entry.definition
        case Event():
            return ""
        case _:
            return entry.body
