"""The short card of a match that may not answer the question."""

from __future__ import annotations

from bot.chat.markup import plain
from bot.commands.closest import BRIEF_TEXT_MAX, brief_card
from bot.i18n import translator
from bot.packs.loader import load_library
from tests.world import SHIPPED


def test_a_short_card_says_nothing_twice_and_stays_short() -> None:
    """On the short card of any entry, no line repeats the title or another line, and each line is cut at its limit."""
    library = load_library(SHIPPED)
    pairs = [(pack, entry) for pack in library.packs.values() for entry in pack.entries.values()]
    assert {type(entry).__name__ for _, entry in pairs} >= {"Fact", "Argument", "Source", "Option", "Term", "Event"}
    for pack, entry in pairs:
        card = brief_card(translator("en"), pack, entry)
        lines = [card.title, *filter(None, plain(card.body).splitlines())]
        assert len(lines) == len(set(lines)), lines
        assert max(map(len, lines[1:]), default=0) <= max(BRIEF_TEXT_MAX, len(entry.title)) + len("Against: "), lines
