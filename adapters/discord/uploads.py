"""Prepare the uploads of a message: pictures, drawn once and off the event loop, and downloadable files."""

from __future__ import annotations

import asyncio
import gzip
import io
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TypeVar

import discord

from adapters.discord import components, render
from adapters.discord.clickable import CommandIds, clickable
from adapters.discord.verdict_emoji import Marks, mark_signs
from bot.charts import png_async
from bot.chat.fit import fit
from bot.chat.markup import paragraph, text
from bot.chat.vocabulary import Attachment, Card, Control, Reply, Select
from bot.i18n import Translator, translator

PICTURES_KEPT = 32
FILE_MAX = 10 * 1024 * 1024 - 1024
"""Bytes of a file, below 10 MiB in a server without boosts:
https://discord.com/developers/docs/reference#uploading-files"""

NOT_UPLOADED = frozenset({HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.FORBIDDEN})
"""Statuses of a refused upload: code 40005 for its size, 50013 if the bot may not attach files."""
INVALID_FORM = 50035
"""A possible error of an edit that adds a picture: https://github.com/discord/discord-api-docs/issues/7529."""

T = TypeVar("T")

logger = logging.getLogger("parley.discord")


@dataclass(frozen=True, slots=True)
class Ready:
    """A message with the bytes of its uploads. It can be sent more than once."""

    view: render.DiscordMessage
    uploads: tuple[tuple[str, bytes, str], ...] = ()
    reply: Reply = field(default_factory=Reply)
    t: Translator = field(default_factory=lambda: translator("en"))

    def in_words(self) -> Ready:
        """Return the message without uploads: it describes its pictures, and says how to get its files."""
        cards = [_with_described_picture(card) if card.image else card for card in self.reply.cards]
        cards += [Card(body=text(_kept_out(file.name, self.t))) for file in self.reply.files]
        return Ready(render.message(render.fitted(Reply(tuple(cards)), 1)))

    def without_emoji(self) -> Ready:
        """Return the message with emoji as plain text in its labels, since Discord refuses those of servers without the
        bot."""
        cards = tuple(replace(card, controls=tuple(map(_without_emoji, card.controls))) for card in self.reply.cards)
        reply = replace(self.reply, cards=cards)
        return replace(self, view=render.message(reply), reply=reply)

    def has_emoji(self) -> bool:
        controls = [control for card in self.reply.cards for control in card.controls]
        return any(map(_has_emoji, controls))

    def files(self) -> list[discord.File]:
        return [discord.File(io.BytesIO(content), name, description=alt or None) for name, content, alt in self.uploads]


class Uploads:
    """Prepares replies for sending. It caches the last pictures, so that each is drawn once."""

    def __init__(self) -> None:
        self._pictures: OrderedDict[str, asyncio.Future[bytes]] = OrderedDict()
        self.command_ids: CommandIds = {}
        """The registered commands' ids; empty until Discord has sent them."""
        self.marks: Marks = {}
        """The application's emoji for signs; empty until they are uploaded."""

    def in_discords_words(self, reply: Reply) -> Reply:
        """Return the reply with the ids of the commands and emoji that Discord knows."""
        return mark_signs(clickable(reply, self.command_ids), self.marks)

    async def ready(self, reply: Reply, t: Translator) -> list[Ready]:
        """Return the reply's messages. Words replace a picture that can't be drawn and a file that is too large."""
        reply = self.in_discords_words(reply)
        if not reply.files and not any(card.image for card in reply.cards):
            return [Ready(view, reply=part, t=t) for part, view in render.parts(reply)]
        drawn = await self._drawn(reply)
        cards = tuple(
            _with_described_picture(card) if card.image and card.image.svg not in drawn else card
            for card in reply.cards
        )
        saved, cards = await _saved(reply.files, cards, t)
        files = tuple(Attachment(name, "", "") for name in saved)
        return [_ready(part, drawn, saved, t) for part in fit(replace(reply, cards=cards, files=files), render.LIMITS)]

    async def _drawn(self, reply: Reply) -> Mapping[str, bytes]:
        drawn = {}
        for svg in {card.image.svg for card in reply.cards if card.image}:
            try:
                drawn[svg] = await self._picture(svg)
            except Exception:
                logger.exception("bug while drawing a picture")
        return drawn

    async def _picture(self, svg: str) -> bytes:
        drawing = self._pictures.pop(svg, None)
        if drawing is None or drawing.cancelled() or (drawing.done() and drawing.exception()):
            drawing = asyncio.ensure_future(png_async(svg))
        self._pictures[svg] = drawing
        if len(self._pictures) > PICTURES_KEPT:
            self._pictures.popitem(last=False)
        return await asyncio.shield(drawing)


async def uploaded(send: Callable[[Ready], Awaitable[T]], ready: Ready) -> T:
    """Send the message with its uploads, or in words if Discord refuses the uploads; with its emoji, or without those
    that Discord refuses.

    Raises discord.HTTPException.
    """
    try:
        return await send(ready)
    except discord.HTTPException as error:
        if error.code == INVALID_FORM and ready.has_emoji():
            logger.warning("Discord doesn't take an emoji of an option")
            return await uploaded(send, ready.without_emoji())
        if not ready.uploads or not (error.status in NOT_UPLOADED or error.code == INVALID_FORM):
            raise
        logger.warning("Discord takes no upload here (%s, code %s)", error.status, error.code)
        return await send(ready.in_words())


def _has_emoji(control: Control) -> bool:
    if isinstance(control, Select):
        return any(option.emoji for option in control.options)
    return control.emoji is not None


def _without_emoji(control: Control) -> Control:
    if isinstance(control, Select):
        return replace(control, options=tuple(replace(option, emoji=None) for option in control.options))
    return replace(control, emoji=None)


def _ready(part: Reply, drawn: Mapping[str, bytes], saved: Mapping[str, bytes], t: Translator) -> Ready:
    view = render.message(part)
    files = ((components.file_name(one.name), saved[one.name], "") for one in part.files)
    return Ready(view, (*_pictures(view, drawn), *files), part, t)


def _pictures(view: render.DiscordMessage, drawn: Mapping[str, bytes]) -> tuple[tuple[str, bytes, str], ...]:
    return tuple((one.name, drawn[one.image.svg], one.image.alt) for one in view.pictures)


def _with_described_picture(card: Card) -> Card:
    alt = card.image.alt if card.image else ""
    return replace(card, image=None, body=(*card.body, *text(paragraph(alt))))


async def _saved(
    files: tuple[Attachment, ...], cards: tuple[Card, ...], t: Translator
) -> tuple[dict[str, bytes], tuple[Card, ...]]:
    """Return the files' bytes by name, compressed if too large. A card names a file that is too large even then."""
    saved: dict[str, bytes] = {}
    for file in files:
        name, content = file.name, file.content.encode()
        if len(content) > FILE_MAX:
            name, content = f"{name}.gz", await asyncio.to_thread(gzip.compress, content)
        if len(content) > FILE_MAX:
            cards = (*cards, Card(body=text(_kept_out(file.name, t))))
        else:
            saved[name] = content
    return saved, cards


def _kept_out(name: str, t: Translator) -> str:
    return t(
        "I can't upload {name} here: it's too large, or I can't attach files in this channel. Try another channel, "
        "or ask the operator for it.",
        name=name,
    )
