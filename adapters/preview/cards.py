"""Draw an entry as members see it: on the chat page and in a terminal, and how full it is on each platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters import terminal
from adapters.preview.limits import LimitMeter, of_discord, of_reply, of_slack
from adapters.web import render as web_render
from bot.chat.vocabulary import Action, Actor, Place, Reply, Request
from bot.commands.lookup import lookup_features
from bot.dispatch.bot import Bot
from bot.dispatch.rate_limit import Limiter
from bot.i18n import translator
from bot.library.edition import Edition, Shelf
from bot.packs.pack import Pack

Json = dict[str, Any]

VIEWS: Mapping[str, str] = {
    "card": "Card",
    "counter": "Counterarguments",
    "support": "Arguments for",
    "sources": "Sources",
}
"""Names of an entry's views in an address, with their titles."""
WHOLE: Mapping[str, str] = {"": "The topic", "timeline": "The timeline"}
"""Names of the views of a whole pack, with their titles."""

COLUMNS = 80


@dataclass(frozen=True, slots=True)
class Drawing:
    """A reply on a platform: its cards as data for the chat page's script, its text in a terminal, or its number of
    messages.

    `meters` say how full they are.
    """

    platform: str
    note: str
    meters: Sequence[LimitMeter] = ()
    messages: int = 1
    web: Sequence[Json] = ()
    text: str = ""


async def reply(edition: Edition, now: datetime, pack: str, entry: str, view: str = "card") -> Reply | None:
    """Return the reply to a member who opens this entry; None if it doesn't exist. `entry` may be a name in WHOLE."""
    content = edition.library.packs.get(pack)
    if content is None or (entry not in WHOLE and entry not in content.entries):
        return None
    bot = Bot.of(lookup_features(Shelf(edition)), new_reference=lambda: "preview", limiter=Limiter())
    request = Request(Actor("preview", "", "editor", "Editor"), Place("preview", "", "", direct=True), now)
    if entry in WHOLE:
        outcome = await bot.say(request, f"/{entry or 'topic'} topic:{pack}")
    else:
        outcome = await bot.press(request, Action("view", (view, pack, entry)).encode())
    return outcome.answer


def views_of(pack: Pack, entry: str) -> list[str]:
    """Return the names of the views that an entry's card links to."""
    subject = pack.entries[entry]
    there = {
        "card": True,
        "counter": bool(pack.arguments(entry, "against")),
        "support": bool(pack.arguments(entry, "for")),
        "sources": bool(getattr(subject, "sources", ())),
    }
    return [view for view in VIEWS if there[view]]


def drawings(reply: Reply) -> Iterator[Drawing]:
    """Draw the reply for each platform, in the order of the page."""
    note = "Drawn by the chat page's own script."
    yield Drawing("Web chat", note, [*of_reply(reply, web_render.LIMITS)], web=web_render.reply_cards(reply))
    note = f"A terminal has no limits; this one has {COLUMNS} columns, and shows no colours here."
    yield Drawing("Terminal", note, text=terminal.as_drawn(reply, translator("en"), COLUMNS))
    for platform, (messages, meters) in (("Discord", of_discord(reply)), ("Slack", of_slack(reply))):
        yield Drawing(platform, f"The same card, measured by {platform}'s limits.", meters, messages)
