"""Texts as Slack takes them: pieces of `rich_text`, `plain_text`, and what is escaped where Slack reads mrkdwn.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from adapters.slack.decoding import EMOJI, NO_NAMES, Names, decode, unescape
from bot.chat.markup import (
    ELLIPSIS,
    Block,
    Bold,
    ChannelMention,
    Code,
    CommandMention,
    Emoji,
    Inline,
    Italic,
    Item,
    Link,
    Quote,
    RoleMention,
    Text,
    Time,
    linkable,
    plain,
)

Json = dict[str, Any]

CHANNEL = re.compile(r"[CG][A-Z0-9]{1,20}")
"""The id of a channel, public or private; not of a conversation with one person."""
GROUP = re.compile(r"S[A-Z0-9]{1,20}")
"""The id of a user group. Slack pings whom a message names by it; so a group that isn't to be pinged is text."""
_TIME = "{date_long_pretty} {time}"


def escape(written: str) -> str:
    """The words such that no mention, link or command lives in them, where Slack reads mrkdwn. Once, never twice.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return written.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def measure_line(written: str) -> int:
    return len(escape(written))


def measure(content: Text) -> int:
    """Characters as if everything were escaped, with two for the gap after each block."""
    return len(escape(plain(content))) + 2 * len(content)


def visible(content: Text) -> bool:
    return any(piece.text.strip() for block in content for piece in block.inlines)


def rich_text(drawn: list[Json]) -> Json:
    return {"type": "rich_text", "elements": drawn}


def section(drawn: list[Json]) -> Json:
    return {"type": "rich_text_section", "elements": drawn}


def elements(content: Text) -> list[Json]:
    """Paragraphs that follow each other share a section, with an empty line between; items make up lists."""
    blocks = [block for block in content if any(piece.text for piece in block.inlines)]
    drawn: list[Json] = []
    for kind, group in groupby(enumerate(blocks), _run):
        run = [block for _, block in group]
        if kind[0] is Item:
            drawn.append(_list(run))
        elif kind[0] is Quote:
            drawn.append({"type": "rich_text_quote", "elements": _joined(run, "\n")})
        else:
            drawn.append(section(_joined(run, "\n\n")))
    return drawn


def _run(numbered: tuple[int, Block]) -> tuple[type[Block], int | None]:
    """What neighbours must share to be drawn as one: their kind and, in a list with numbers, an unbroken count."""
    place, block = numbered
    number = _number(block)
    return type(block), None if number is None else number - place


def _number(block: Block) -> int | None:
    return block.number if isinstance(block, Item) else None


def _list(items: list[Block]) -> Json:
    number = _number(items[0])
    drawn = [section(_pieces(item.inlines)) for item in items]
    element: Json = {"type": "rich_text_list", "style": "bullet" if number is None else "ordered", "elements": drawn}
    return element if number is None or number <= 1 else {**element, "offset": number - 1}


def _joined(blocks: list[Block], gap: str) -> list[Json]:
    drawn: list[Json] = []
    for block in blocks:
        if drawn:
            drawn.append({"type": "text", "text": gap})
        drawn += _pieces(block.inlines)
    return drawn


def _pieces(inlines: tuple[Inline, ...]) -> list[Json]:
    return [_piece(piece) for piece in inlines if piece.text or isinstance(piece, Link | Time)]


_STYLES: Mapping[type[Inline], str] = {Bold: "bold", Italic: "italic", Code: "code"}


def _piece(piece: Inline) -> Json:
    if isinstance(piece, Link):
        return link(piece)
    if isinstance(piece, Time):
        when = int(piece.at.timestamp())
        return {"type": "date", "timestamp": when, "format": _TIME, "fallback": piece.text or piece.at.isoformat()}
    if isinstance(piece, RoleMention) and piece.pings and GROUP.fullmatch(piece.id):
        return {"type": "usergroup", "usergroup_id": piece.id}
    if isinstance(piece, ChannelMention) and CHANNEL.fullmatch(piece.id):
        return {"type": "channel", "channel_id": piece.id}
    if isinstance(piece, Emoji) and (code := EMOJI.fullmatch(piece.mark)):
        return {"type": "emoji", "name": code[1]}
    style = "code" if isinstance(piece, CommandMention) and piece.code else _STYLES.get(type(piece))
    return _styled({"type": "text", "text": piece.text}, style)


def link(piece: Link, style: str | None = None) -> Json:
    """A link, or its words and address as text where the address is not one that may be followed."""
    if linkable(piece.url):
        return _styled({"type": "link", "url": piece.url, "text": piece.text or piece.url}, style)
    words = piece.text if piece.text == piece.url else f"{piece.text} ({piece.url})"
    return _styled({"type": "text", "text": words}, style)


def _styled(piece: Json, style: str | None) -> Json:
    return {**piece, "style": {style: True}} if style else piece


def plain_text(words: str, *, emoji: bool = False) -> Json:
    """Slack refuses a text in which nothing can be seen. With `emoji`, it draws codes such as `:tea:`."""
    return {"type": "plain_text", "text": words if words.strip() else ELLIPSIS, "emoji": emoji}


def words_of(message: Mapping[str, Any], names: Names = NO_NAMES) -> str:
    """All words of a message: what was written or what an app laid out, what was shared or linked, and files' names."""
    parts = [own_words(message, names)]
    for shared in message.get("attachments") or ():
        parts += _attached(shared, names)
    for file in message.get("files") or ():
        parts += [_read(file.get(name), names) for name in ("title", "preview")]
    return "\n".join(part for part in parts if part)


def own_words(message: Mapping[str, Any], names: Names = NO_NAMES) -> str:
    """What somebody wrote. An app's layout says more than the text beside it, which is for notifications."""
    blocks, written = message.get("blocks") or (), _read(message.get("text"), names)
    if written and all(block.get("type") == "rich_text" for block in blocks):
        return written
    return "\n".join(line for line in map(str.strip, _lines(blocks, names)) if line) or written


def _attached(shared: Mapping[str, Any], names: Names) -> Iterator[str]:
    """A message that was shared, the preview of a link, or what an app hung on to its text."""
    inside = [each.get("message") or {} for each in shared.get("message_blocks") or ()] or [shared]
    drawn = "\n".join(filter(None, (words_of({"blocks": each.get("blocks")}, names) for each in inside)))
    texts = [shared.get(name) for name in ("pretext", "title", "text")]
    texts += [field.get(name) for field in shared.get("fields") or () for name in ("title", "value")]
    words = [_read(each, names) for each in texts if each]
    if drawn:
        yield drawn
    elif words:
        yield from words
    else:
        yield _read(shared.get("fallback"), names)


_CONTROLS = frozenset({"actions", "input"})
_INLINE = frozenset({"rich_text_section", "rich_text_quote", "rich_text_preformatted"})


def _lines(blocks: Iterable[Mapping[str, Any]], names: Names) -> Iterator[str]:
    """The texts of blocks in the order in which they are seen; no control's."""
    for block in blocks:
        kind = block.get("type")
        if kind in _CONTROLS:
            continue
        if kind in _INLINE:
            yield "".join(_word(piece, names) for piece in block.get("elements") or ())
            continue
        for name in ("title", "text", "description", "alt_text"):
            yield _text_in(block.get(name), names)
        yield from (_text_in(each, names) for each in block.get("fields") or ())
        yield from _lines(block.get("elements") or (), names)


def _text_in(content: object, names: Names) -> str:
    """Of a text object or a plain string. Markdown and mrkdwn come as they were written."""
    if isinstance(content, Mapping):
        plain_words = content.get("type") == "plain_text"
        written = str(content.get("text") or "")
        return unescape(written) if plain_words else _read(written, names)
    return _read(content, names) if isinstance(content, str) else ""


_ID_NAMES = {"user": "@", "usergroup": "@", "channel": "#"}


def _word(piece: Mapping[str, Any], names: Names) -> str:
    """In rich text nothing is escaped."""
    kind = str(piece.get("type"))
    if kind in _ID_NAMES:
        id_ = str(piece.get(f"{kind}_id"))
        return _ID_NAMES[kind] + names.get(id_, id_ if kind == "user" else ELLIPSIS)
    if kind == "emoji":
        return f":{piece.get('name')}:"
    if kind == "broadcast":
        return f"@{piece.get('range')}"
    return str(piece.get("text") or piece.get("url") or piece.get("fallback") or "")


def _read(written: object, names: Names) -> str:
    """What somebody wrote, without the addresses of its links."""
    return decode(str(written or ""), names, addresses=False).strip()
