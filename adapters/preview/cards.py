"""One entry as each platform shows it: the reply that a member gets, drawn by each platform's own renderer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters import terminal
from adapters.discord import render as discord_render
from adapters.preview import blocks, components
from adapters.preview.limits import Meter, of_reply
from adapters.slack import render as slack_render
from adapters.web import render as web_render
from adapters.web.elements import Html, el
from bot.app import Bot
from bot.chat import Action, Actor, Place, Reply, Request
from bot.commands.lookup import Lookup
from bot.i18n import translator
from bot.library.model import Pack
from bot.library.shelf import Edition, Shelf
from bot.limiter import Limiter

Json = dict[str, Any]

VIEWS: Mapping[str, str] = {
    "card": "Card",
    "counter": "Counterarguments",
    "support": "Arguments for",
    "sources": "Sources",
}
"""Name in an address → what is shown of an entry."""
WHOLE: Mapping[str, str] = {"": "The topic", "timeline": "The timeline"}
"""What is shown of a pack as a whole, by name."""

COLUMNS = 80
COMPONENTS_MAX, CHARACTERS_MAX = 40, 4000
SLACK_CHARACTERS_MAX = 12_000


@dataclass(frozen=True, slots=True)
class Shown:
    """What one platform makes of a reply. `web` are the cards as data, for the chat page's own script to draw."""

    name: str
    note: str
    messages: tuple[Html, ...]
    meters: tuple[Meter, ...]
    web: list[Json] | None = None


async def reply(edition: Edition, now: datetime, pack: str, entry: str, view: str = "card") -> Reply | None:
    """What a member gets who opens this entry; None if there is no such entry. `entry` may be a name in WHOLE."""
    found = edition.library.packs.get(pack)
    if found is None or (entry not in WHOLE and entry not in found.entries):
        return None
    bot = Bot.of((Lookup(Shelf(edition)),), new_reference=lambda: "preview", limiter=Limiter())
    request = Request(Actor("preview", "", "editor", "Editor"), Place("preview", "", "", direct=True), now)
    if entry in WHOLE:
        outcome = await bot.say(request, f"/{entry or 'topic'} topic:{pack}")
    else:
        outcome = await bot.press(request, Action("view", (view, pack, entry)).encode())
    return outcome.answer


def views_of(pack: Pack, entry: str) -> list[str]:
    """The names of what can be opened from an entry's card."""
    found = pack.entries[entry]
    there = {
        "card": True,
        "counter": bool(pack.arguments(entry, "against")),
        "support": bool(pack.arguments(entry, "for")),
        "sources": bool(getattr(found, "sources", ())),
    }
    return [view for view in VIEWS if there[view]]


def drawn(shown: Reply) -> Iterator[Shown]:
    """The reply on each platform, in the order of the page."""
    yield _discord(shown)
    yield _slack(shown)
    yield _web(shown)
    yield _terminal(shown)


def _discord(shown: Reply) -> Shown:
    made: list[list[Json]] = [message.to_components() for message in discord_render.messages(shown)]
    meters = [*of_reply(shown, discord_render.LIMITS)]
    for name, number in _numbered(len(made)):
        written = sum(discord_render.characters(words) for words in components.words_of(made[number]))
        meters.append(Meter(f"{name}: characters", written, CHARACTERS_MAX))
        meters.append(Meter(f"{name}: components", sum(1 for _ in components.every(made[number])), COMPONENTS_MAX))
    note = "Drawn nearly as Discord does; fonts, colours and widths differ."
    return Shown("Discord", note, tuple(components.draw(message) for message in made), tuple(meters))


def _slack(shown: Reply) -> Shown:
    made = slack_render.messages(shown)
    meters = [*of_reply(shown, slack_render.LIMITS)]
    for name, number in _numbered(len(made)):
        meters.append(Meter(f"{name}: characters", len(blocks.words_of(made[number].blocks)), SLACK_CHARACTERS_MAX))
        meters.append(Meter(f"{name}: blocks", len(made[number].blocks), slack_render.BLOCKS_MAX))
    note = "Drawn nearly as Slack does; fonts, colours and widths differ."
    return Shown("Slack", note, tuple(blocks.draw(message.blocks) for message in made), tuple(meters))


def _web(shown: Reply) -> Shown:
    meters = tuple(of_reply(shown, web_render.LIMITS))
    return Shown("Web chat", "Drawn by the chat page's own script.", (), meters, web_render.reply_cards(shown))


def _terminal(shown: Reply) -> Shown:
    text = terminal.as_drawn(shown, translator("en"), COLUMNS)
    note = f"A terminal has no limits; this one has {COLUMNS} columns, and shows no colours here."
    return Shown(
        "Terminal", note, (el("pre", text, tabindex="0", role="group", aria_label="The card in a terminal"),), ()
    )


def _numbered(count: int) -> Iterator[tuple[str, int]]:
    """What a message is called among so many, and its index."""
    for number in range(count):
        yield "Message" if count == 1 else f"Message {number + 1}", number
