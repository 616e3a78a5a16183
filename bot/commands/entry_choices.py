"""Entries to pick from: the lists under an answer, and completions of a word that a member is typing."""

from __future__ import annotations

from collections.abc import Iterable

from bot.chat.markup import shorten
from bot.chat.vocabulary import Action, Choice, Select
from bot.commands.cards import TITLE_SHOWN, describe, detail
from bot.i18n import Translator
from bot.packs.model import Entry
from bot.search.answer import Match


def entry_choices(t: Translator, entries: Iterable[tuple[str, Entry]], *, mixed: bool = True) -> tuple[Choice, ...]:
    """Offer each entry, with the id of its pack, by its title. A choice's value is `pack:entry`.

    Without `mixed` the list is of one kind, which its heading names, so no choice names it again.
    """
    words = describe if mixed else detail
    return tuple(
        [Choice(shorten(entry.title, TITLE_SHOWN), f"{pack}:{entry.id}", words(t, entry)) for pack, entry in entries]
    )


def pick_entry(t: Translator, label: str, entries: Iterable[tuple[str, Entry]], view: str = "card") -> Select:
    """List entries to open one in this view."""
    return Select(Action("pick", (view,)), label, entry_choices(t, entries))


def pick_match(t: Translator, label: str, matches: Iterable[Match], view: str = "card") -> Select:
    """List matches of a look-up, to open one in this view."""
    return pick_entry(t, label, [(match.pack_id, match.entry) for match in matches], view)
