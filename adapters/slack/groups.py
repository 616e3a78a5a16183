"""Show user groups by their handles, since Slack pings a group that a message names by its id. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.chat.markup import Inline, RoleMention, Text
from bot.chat.vocabulary import Card, Reply


def names_groups(reply: Reply) -> bool:
    """Tell whether a reply names a user group."""
    texts = (content for card in reply.cards for content in (card.body, *(field.value for field in card.fields)))
    return any(isinstance(piece, RoleMention) for content in texts for block in content for piece in block.inlines)


def with_handles(reply: Reply, handles: Mapping[str, str]) -> Reply:
    """Return the reply with each user group shown by its handle, where one is known."""
    return replace(reply, cards=tuple(_card(card, handles) for card in reply.cards))


def _card(card: Card, handles: Mapping[str, str]) -> Card:
    fields = tuple(replace(field, value=_text(field.value, handles)) for field in card.fields)
    return replace(card, body=_text(card.body, handles), fields=fields)


def _text(content: Text, handles: Mapping[str, str]) -> Text:
    return tuple(replace(block, inlines=tuple(_piece(piece, handles) for piece in block.inlines)) for block in content)


def _piece(piece: Inline, handles: Mapping[str, str]) -> Inline:
    if isinstance(piece, RoleMention) and piece.id in handles:
        return replace(piece, text=f"@{handles[piece.id]}")
    return piece
