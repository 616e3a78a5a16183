"""What is uploaded beside a message: pictures, drawn off the event loop and each once, and files to save."""

from __future__ import annotations

import asyncio
import gzip
import io
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import discord

from adapters.discord import render
from bot.charts import png_async
from bot.chat import Attachment, Card, Reply
from bot.i18n import Translator
from bot.markup import paragraph, text

PICTURES_KEPT = 32
FILE_MAX = 10 * 1024 * 1024 - 1024
"""https://discord.com/developers/docs/reference#uploading-files: 10 MiB a file where a server has no boosts."""

logger = logging.getLogger("parley.discord")


@dataclass(frozen=True, slots=True)
class Ready:
    """One message, with the bytes of all that goes with it. It can be sent more than once."""

    view: render.Message
    uploads: tuple[tuple[str, bytes, str], ...] = ()

    def files(self) -> list[discord.File]:
        return [discord.File(io.BytesIO(content), name, description=alt or None) for name, content, alt in self.uploads]


class Uploads:
    """Makes replies ready to be sent. The same picture is drawn once, for whoever asks while it is remembered."""

    def __init__(self) -> None:
        self._pictures: OrderedDict[str, asyncio.Future[bytes]] = OrderedDict()

    async def ready(self, reply: Reply, t: Translator) -> list[Ready]:
        """The reply's messages. A picture that can't be drawn is told in words; a file that is too large is named."""
        if not reply.files and not any(card.image for card in reply.cards):
            return [Ready(_stopped(view)) for view in render.messages(reply)]
        drawn = await self._drawn(reply)
        cards = tuple(_told(card) if card.image and card.image.svg not in drawn else card for card in reply.cards)
        saved, cards = await _saved(reply.files, cards, t)
        files = tuple(Attachment(name, "", "") for name in saved)
        return [
            Ready(
                _stopped(view),
                (*_pictures(view, drawn), *((render.file_name(one.name), saved[one.name], "") for one in view.files)),
            )
            for view in render.messages(replace(reply, cards=cards, files=files))
        ]

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


def _pictures(view: render.Message, drawn: Mapping[str, bytes]) -> tuple[tuple[str, bytes, str], ...]:
    return tuple((one.name, drawn[one.image.svg], one.image.alt) for one in view.pictures)


def _told(card: Card) -> Card:
    alt = card.image.alt if card.image else ""
    return replace(card, image=None, body=(*card.body, *text(paragraph(alt))))


async def _saved(
    files: tuple[Attachment, ...], cards: tuple[Card, ...], t: Translator
) -> tuple[dict[str, bytes], tuple[Card, ...]]:
    """The files' bytes by name, packed where they are too large; what is too large even then is named in a card."""
    saved: dict[str, bytes] = {}
    for file in files:
        name, content = file.name, file.content.encode()
        if len(content) > FILE_MAX:
            name, content = f"{name}.gz", await asyncio.to_thread(gzip.compress, content)
        if len(content) > FILE_MAX:
            said = t("{name} is too large for Discord. Whoever runs the bot can hand it out.", name=file.name)
            cards = (*cards, Card(body=text(said)))
        else:
            saved[name] = content
    return saved, cards


def _stopped(view: render.Message) -> render.Message:
    """The library remembers no view that has been stopped."""
    view.stop()
    return view
