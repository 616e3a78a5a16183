"""Make command names clickable: `</poll close:id>` for each command of Parley that an answer names.

https://discord.com/developers/docs/reference#message-formatting
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import discord

from bot.chat.markup import Block, Code, CommandMention, Inline, Plain, Text
from bot.chat.vocabulary import Button, Card, Control, Reply

_SLASH = discord.AppCommandType.chat_input.value
_SUBCOMMAND = discord.AppCommandOptionType.subcommand.value

CommandIds = Mapping[str, str]
"""Discord's ids by a command's full name. A group's commands share the group's id."""


def command_ids(registered: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the ids from Discord's response to a registration."""
    ids: dict[str, str] = {}
    for entry in registered:
        if entry.get("type", _SLASH) == _SLASH:
            members = [option["name"] for option in entry.get("options") or () if option["type"] == _SUBCOMMAND]
            names = [f"{entry['name']} {member}" for member in members] or [entry["name"]]
            ids |= dict.fromkeys(names, str(entry["id"]))
    return ids


def clickable(reply: Reply, ids: CommandIds) -> Reply:
    """Return the reply with the ids of the commands that it names."""
    return replace(reply, cards=tuple(_card(card, ids) for card in reply.cards)) if ids else reply


def _card(card: Card, ids: CommandIds) -> Card:
    return replace(
        card,
        body=link_commands(card.body, ids),
        fields=tuple(replace(field, value=link_commands(field.value, ids)) for field in card.fields),
        controls=tuple(_control(control, ids) for control in card.controls),
    )


def _control(control: Control, ids: CommandIds) -> Control:
    """Link the control's line too, since `render` finds it in the body by equality."""
    if isinstance(control, Button) and control.line is not None:
        return replace(control, line=_block(control.line, ids))
    return control


def link_commands(content: Text, ids: CommandIds) -> Text:
    """Return the text with the ids of the commands that it names. An unknown command stays as it is."""
    return tuple(_block(block, ids) for block in content)


def _block(block: Block, ids: CommandIds) -> Block:
    if not any(isinstance(piece, CommandMention) for piece in block.inlines):
        return block
    return replace(block, inlines=tuple(inline for piece in block.inlines for inline in _pieces(piece, ids)))


def _pieces(piece: Inline, ids: CommandIds) -> Iterator[Inline]:
    if not isinstance(piece, CommandMention) or (name := _name(piece.text, ids)) is None:
        yield piece
        return
    yield CommandMention(f"/{name}", id=ids[name])
    if rest := piece.text[len(name) + 1 :]:
        yield Code(rest) if piece.code else Plain(rest)


def _name(typed: str, ids: CommandIds) -> str | None:
    """Return the longest command name that the typed words begin with."""
    group, _, rest = typed.removeprefix("/").partition(" ")
    return next((name for name in (f"{group} {rest.partition(' ')[0]}", group) if name in ids), None)
