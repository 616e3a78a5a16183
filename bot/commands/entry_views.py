"""The views of an entry: its card, the arguments against or for it, its sources; and the controls between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.chat.markup import Bold, Plain, bullets, paragraph, shorten, text
from bot.chat.vocabulary import Action, Button, ButtonStyle, Card, Control, Tone
from bot.commands import cards
from bot.commands.entry_choices import pick_entry
from bot.i18n import Translator
from bot.packs.model import Argument, Entry, Fact, Option, Position
from bot.packs.pack import Pack

ARGUABLE: tuple[type[Entry], ...] = (Position, Fact, Option, Argument)
"""The kinds of entries that arguments can speak for or against."""

ARGUMENTS_SHOWN = 3
TARGET_SHOWN = 60


def view_cards(t: Translator, pack: Pack, entry: Entry, view: str) -> tuple[Card, ...]:
    """Show the entry in the view of this name; in its card for an unknown name."""
    return _VIEWS.get(view, _card_view)(t, pack, entry)


def view_controls(t: Translator, pack: Pack, entry: Entry, view: str, *, public: bool) -> tuple[Control, ...]:
    """Offer the other views that have content, and a way to share a private answer."""

    def button(label: str, target: str) -> Button:
        return Button(label, Action("view", (target, pack.id, entry.id)))

    controls: list[Control] = []
    if view != "card":
        controls.append(Button(t("Back to the card"), Action("open", (pack.id, entry.id))))
    if view == "card" and isinstance(entry, Fact) and cards.has_more(entry):
        controls.append(button(t("More"), "whole"))
    if isinstance(entry, Argument):  # up its chain, one step at a time
        target = pack.entries[entry.target]
        label = t("Up: {title}", title=shorten(target.title, TARGET_SHOWN))
        controls.append(Button(label, Action("open", (pack.id, target.id))))
    if view != "counter" and isinstance(entry, ARGUABLE) and pack.arguments(entry.id, "against"):
        controls.append(button(t("Counterarguments"), "counter"))
    if view == "counter" and pack.arguments(entry.id, "for"):
        controls.append(button(t("Arguments for"), "support"))
    if view != "sources" and cards.sources_of(pack, entry):
        controls.append(button(t("Sources"), "sources"))
    if view == "card" and isinstance(entry, Position) and (arguments := pack.arguments_about.get(entry.id)):
        controls.append(pick_entry(t, t("Open an argument"), [(pack.id, argument) for argument in arguments]))
    if not public:
        share = Action("share", (view, pack.id, entry.id))
        controls.append(Button(t("Share"), share, style=ButtonStyle.PRIMARY))
    return tuple(controls)


def _card_view(t: Translator, pack: Pack, entry: Entry) -> tuple[Card, ...]:
    return (cards.card(t, pack, entry),)


def _whole_view(t: Translator, pack: Pack, entry: Entry) -> tuple[Card, ...]:
    return (cards.whole_fact(t, pack, entry),) if isinstance(entry, Fact) else _card_view(t, pack, entry)


def _counter_view(t: Translator, pack: Pack, entry: Entry) -> tuple[Card, ...]:
    return _arguments_view(t, pack, entry, pack.arguments(entry.id, "against"), t("Counterarguments to:"))


def _support_view(t: Translator, pack: Pack, entry: Entry) -> tuple[Card, ...]:
    return _arguments_view(t, pack, entry, pack.arguments(entry.id, "for"), t("Arguments for:"))


def _arguments_view(
    t: Translator, pack: Pack, entry: Entry, arguments: tuple[Argument, ...], heading: str
) -> tuple[Card, ...]:
    about = Card(title=heading, body=text(paragraph(Bold(entry.title))), tone=Tone.INFO)
    if not arguments:
        none = text(t("None has been written down yet, so silence here says nothing about who is right."))
        return (replace(about, body=(*about.body, *none)),)
    strongest = (_argument_part(t, pack, argument) for argument in arguments[:ARGUMENTS_SHOWN])
    # the controls for all of them get a separate card
    select = pick_entry(t, t("Open one"), [(pack.id, argument) for argument in arguments])
    beside = Card(footer=cards.kind_and_topic(t, pack, entry), controls=(select,))
    return (about, *strongest, beside)


def _argument_part(t: Translator, pack: Pack, argument: Argument) -> Card:
    replies = pack.arguments(argument.id, "against")
    button = Button(t("The reply to this"), Action("view", ("counter", pack.id, argument.id)))
    return Card(
        title=argument.point,
        body=text(argument.text, cards.sources_text(t, pack, argument)),
        controls=(button,) if replies else (),
    )


def _sources_view(t: Translator, pack: Pack, entry: Entry) -> tuple[Card, ...]:
    sources = cards.sources_of(pack, entry)
    heading = Card(title=t("Sources for:"), body=text(paragraph(Bold(entry.title))))
    if not sources:
        return (replace(heading, body=(*heading.body, *text(t("This has no sources.")))),)
    lines = bullets(
        (*cards.source_line(t, source, use), Plain(f". {source.summary}" if use.bears else f": {source.summary}"))
        for source, use in cards.source_uses(pack, entry)
    )
    select = pick_entry(t, t("Open one"), [(pack.id, source) for source in sources])
    return (replace(heading, body=(*heading.body, *lines), controls=(select,)),)


_VIEWS: Mapping[str, Callable[[Translator, Pack, Entry], tuple[Card, ...]]] = {
    "card": _card_view,
    "whole": _whole_view,
    "counter": _counter_view,
    "support": _support_view,
    "sources": _sources_view,
}
