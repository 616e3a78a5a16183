"""Encode text for Slack as `rich_text`, `plain_text` or escaped mrkdwn, and read messages' words.

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
"""A channel's id, public or private; not that of a conversation with one person."""
GROUP = re.compile(r"S[A-Z0-9]{1,20}")
"""A user group's id. Slack pings a group that a message names by id, so a group that must not be pinged becomes
text."""
_TIME = "{date_long_pretty} {time}"


def escape(written: str) -> str:
    """Escape the text for mrkdwn, so that it holds no mention, link or command. Apply it once only.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return written.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def measure_line(written: str) -> int:
    """Count the characters of a line once escaped."""
    return len(escape(written))


def measure(content: Text) -> int:
    """Count the characters as if all were escaped, with two for the gap after each block."""
    return len(escape(plain(content))) + 2 * len(content)


def visible(content: Text) -> bool:
    """Tell whether the text shows anything but spaces."""
    return any(piece.text.strip() for block in content for piece in block.inlines)


def rich_text(drawn: list[Json]) -> Json:
    """Make a `rich_text` block of these elements."""
    return {"type": "rich_text", "elements": drawn}


def section(drawn: list[Json]) -> Json:
    """Make a section of these pieces, for a `rich_text` block."""
    return {"type": "rich_text_section", "elements": drawn}


def elements(content: Text) -> list[Json]:
    """Draw the blocks. Consecutive paragraphs share a section, with an empty line between; items form lists."""
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
    """Return a key that is equal for neighbours drawn as one: the kind and, in a numbered list, an unbroken count."""
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
    """Draw a link, or its words and address as text if the address isn't safe to follow."""
    if linkable(piece.url):
        return _styled({"type": "link", "url": piece.url, "text": piece.text or piece.url}, style)
    words = piece.text if piece.text == piece.url else f"{piece.text} ({piece.url})"
    return _styled({"type": "text", "text": words}, style)


def _styled(piece: Json, style: str | None) -> Json:
    return {**piece, "style": {style: True}} if style else piece


def plain_text(words: str, *, emoji: bool = False) -> Json:
    """Draw plain text, with an ellipsis for an invisible one, which Slack refuses. With `emoji`, Slack draws codes such
    as `:tea:`."""
    return {"type": "plain_text", "text": words if words.strip() else ELLIPSIS, "emoji": emoji}


def words_of(message: Mapping[str, Any], names: Names = NO_NAMES) -> str:
    """Return all words of a message: its text or an app's layout, shared messages, link previews, and files' names."""
    parts = [own_words(message, names)]
    for shared in message.get("attachments") or ():
        parts += _attached(shared, names)
    for file in message.get("files") or ():
        parts += [_read(file.get(name), names) for name in ("title", "preview")]
    return "\n".join(part for part in parts if part)


def own_words(message: Mapping[str, Any], names: Names = NO_NAMES) -> str:
    """Return the message's own words. An app's layout holds more than its text, which is for notifications."""
    blocks, written = message.get("blocks") or (), _read(message.get("text"), names)
    if written and all(block.get("type") == "rich_text" for block in blocks):
        return written
    return "\n".join(line for line in map(str.strip, _lines(blocks, names)) if line) or written


def _attached(shared: Mapping[str, Any], names: Names) -> Iterator[str]:
    """Yield the words of a shared message, a link's preview, or an app's attachment."""
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
    """Yield the blocks' texts in reading order, without controls."""
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
    """Read a text object or a plain string. Markdown and mrkdwn stay as they were written."""
    if isinstance(content, Mapping):
        plain_words = content.get("type") == "plain_text"
        written = str(content.get("text") or "")
        return unescape(written) if plain_words else _read(written, names)
    return _read(content, names) if isinstance(content, str) else ""


_ID_NAMES = {"user": "@", "usergroup": "@", "channel": "#"}


def _word(piece: Mapping[str, Any], names: Names) -> str:
    """Return the words of a piece of rich text, where Slack escapes nothing."""
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
    """Decode a text, without the addresses of its links."""
    return decode(str(written or ""), names, addresses=False).strip()
