"""All entries of a kind, page by page, each to be opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.chat.vocabulary import Action, Button, Control, Select
from bot.commands.entry_choices import entry_choices
from bot.commands.entry_views import ARGUABLE
from bot.i18n import N_, Translator
from bot.packs.model import Argument, Entry, Event, Fact, Option, Position, Source, Statement, Term
from bot.packs.pack import Pack

EVERYTHING: tuple[type[Entry], ...] = (Fact, Position, Argument, Source, Option, Statement, Term, Event)
PAGE = 25
"""Entries on a page: as many as the smallest list of a platform holds."""
START_MAX = 9
"""Digits of a page's start."""
_ARGUABLE = "arguable"

KINDS: Mapping[str, tuple[type[Entry], ...]] = {
    _ARGUABLE: ARGUABLE,
    **{kind.__name__.lower(): (kind,) for kind in EVERYTHING},
}
"""The kinds of a list, by the name in its actions; EVERYTHING for any other name."""

_HEADINGS: Mapping[type[Entry], str] = {
    Fact: N_("Facts"),
    Position: N_("Positions"),
    Argument: N_("Arguments"),
    Source: N_("Sources"),
    Option: N_("Policy options"),
    Statement: N_("Statements"),
    Term: N_("Terms"),
    Event: N_("Timeline"),
}


def list_heading(t: Translator, kinds: Sequence[type[Entry]]) -> str:
    """Name the list of these kinds."""
    return t(_HEADINGS[kinds[0]]) if len(kinds) == 1 else t("Cards")


def entries_of(packs: Sequence[Pack], kinds: Sequence[type[Entry]]) -> list[tuple[str, Entry]]:
    """Return the entries of these kinds with their packs' ids, in the packs' own order."""
    return [(pack.id, entry) for pack in packs for kind in kinds for entry in pack.all(kind)]


def page_start(written: str) -> int:
    """Read a page's start from an action; 0 for anything invalid."""
    return int(written) if written.isascii() and written.isdecimal() and len(written) <= START_MAX else 0


def list_controls(
    t: Translator,
    entries: Sequence[tuple[str, Entry]],
    kinds: Sequence[type[Entry]],
    view: str,
    topic: str,
    *,
    label: str = "",
    start: int = 0,
) -> tuple[Control, ...]:
    """Offer a page of entries to open, a search of all entries by typing, and the neighbouring pages."""
    page = entries[start : start + PAGE]
    if not page:
        return ()
    kind = next((name for name, each in KINDS.items() if each == tuple(kinds)), "")
    searched = _ARGUABLE if view == "counter" else kind
    action = Action("pick", (view, searched, topic, str(start)) if start else (view, searched, topic))
    controls: list[Control] = [
        Select(action, label or t("Open one"), entry_choices(t, page, mixed=len(kinds) > 1), type_ahead=True)
    ]
    if start > 0:
        controls.append(Button(t("Back"), Action("browse", (view, kind, topic, str(max(start - PAGE, 0))))))
    if start + PAGE < len(entries):
        controls.append(Button(t("Next"), Action("browse", (view, kind, topic, str(start + PAGE)))))
    return tuple(controls)
