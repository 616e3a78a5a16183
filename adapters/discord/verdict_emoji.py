"""Parley's own emoji for the signs of verdicts, which an application uploads once.

    await upload_missing(client, await read_marks(client))
    marks = await read_marks(client)
    marks["✖"]        "<:parley_contradicted:1234…>", which shows the emoji in a text

They work in every server without a permission, and an application has room for 2,000:
https://docs.discord.com/developers/resources/emoji. A screen reader speaks an emoji's name. Its picture never changes,
so a changed drawing needs another name. Older emoji stay, since older messages show them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import discord

from bot.charts import png_async
from bot.chat.vocabulary import Card, Reply, Tone
from bot.packs.labels import VERDICTS
from bot.packs.model import Verdict

Marks = Mapping[str, str]
"""How Discord writes the emoji of each sign."""

_SIDE = 84
"""Pixels of a drawing. Its PNG is half as large again: Discord proposes 128 pixels."""
_COLOURS: Mapping[Tone, str] = {
    Tone.GOOD: "#32955c",
    Tone.CAUTION: "#b98c00",
    Tone.BAD: "#c0392b",
    Tone.INFO: "#3477db",
    Tone.NEUTRAL: "#80848e",
}
"""Each has a contrast of 3 to white, and those of signs without a white mark also to Discord's dark ground."""
_DISC = '<circle cx="32" cy="32" r="30" fill="{colour}"/>'
_LINE = '<path d="{path}" fill="none" stroke="#fff" stroke-width="8" stroke-linecap="round" stroke-linejoin="round"/>'
_RING = '<circle cx="32" cy="32" r="26" fill="none" stroke="{colour}" stroke-width="8"/>'
_SHAPES: Mapping[Verdict, str] = {
    Verdict.SUPPORTED: _DISC + _LINE.format(path="M18 33 28 43 47 22"),
    Verdict.NUANCED: _RING + '<path d="M32 6a26 26 0 0 1 0 52z" fill="{colour}"/>',
    Verdict.OVERSTATED: '<path d="M32 4 62 58H2z" fill="{colour}"/>',
    Verdict.UNSUPPORTED: _RING,
    Verdict.CONTRADICTED: _DISC + _LINE.format(path="M21 21 43 43M43 21 21 43"),
    Verdict.UNVERIFIED: _DISC + _LINE.format(path="M23 25a9 9 0 1 1 13 8q-4 2-4 6M32 49v.1"),
    Verdict.NOT_CHECKABLE: _DISC + _LINE.format(path="M20 32H44"),
}


def drawing(verdict: Verdict) -> str:
    """Return a verdict's sign as SVG. Each has its own shape, since colour alone carries no meaning."""
    shape = _SHAPES[verdict].format(colour=_COLOURS[VERDICTS[verdict].tone])
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{_SIDE}" height="{_SIDE}" viewBox="0 0 64 64">{shape}</svg>'


def emoji_name(verdict: Verdict) -> str:
    """Return the emoji's name: at most 32 letters, digits and underscores."""
    return f"parley_{verdict.value.replace('-', '_')}"


async def read_marks(client: discord.Client) -> Marks:
    """Return how to write each emoji that the application has. Raises discord.HTTPException."""
    signs = {emoji_name(verdict): label.sign for verdict, label in VERDICTS.items()}
    return {signs[emoji.name]: str(emoji) for emoji in await client.fetch_application_emojis() if emoji.name in signs}


async def upload_missing(client: discord.Client, present: Marks) -> None:
    """Upload the emoji that the application lacks. Raises discord.HTTPException."""
    for verdict, label in VERDICTS.items():
        if label.sign not in present:
            await client.create_application_emoji(name=emoji_name(verdict), image=await png_async(drawing(verdict)))


def mark_signs(reply: Reply, marks: Marks) -> Reply:
    """Return the reply with the emoji of the signs that its cards' titles begin with."""
    return replace(reply, cards=tuple(_marked(card, marks) for card in reply.cards))


def _marked(card: Card, marks: Marks) -> Card:
    return replace(card, sign=replace(card.sign, mark=marks.get(card.sign.text, "")))
