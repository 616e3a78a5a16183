"""Draw a reply's text as Discord's markdown: the bot's formatting is drawn, members' words stay text.

Discord's formatting: https://support.discord.com/hc/en-us/articles/210298617 and, for mentions, timestamps and emoji,
https://discord.com/developers/docs/reference#message-formatting. A backslash before any ASCII character except letters,
digits and space shows the character itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.chat.markup import (
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
    Paragraph,
    Plain,
    Quote,
    RoleMention,
    Text,
    Time,
    linkable,
)

_FORMATTING = re.compile(r"[\\`*_~|<\[\]@:](?:(?<!:)|(?=\S))")
"""Emphasis, code, spoilers, masked links, mentions and timestamps; a colon opens an emoji's name or ends `https`.

All characters are in one set, which a search skips many times faster than a choice of two patterns.
"""

_LINE_START = re.compile(r"^(\s*)(?:(\d+)(?=[.)])|(?=[-+>#]))")
"""The beginning of a list, a quote, a heading or small print."""

_SNOWFLAKE = re.compile(r"[0-9]{15,20}")
"""A Discord id. A mention of a role or a channel shows its name, and pings nobody if pings are forbidden."""

CUSTOM_EMOJI = re.compile(r"<a?:(?P<name>\w{1,32}):(?P<id>\d{1,20})>", re.ASCII)
"""A custom emoji: https://discord.com/developers/docs/reference#message-formatting"""

_MASKS_BADLY = re.compile(r"[\[\]]|://")
"""Labels that Discord refuses: brackets can end a label early, and Discord distrusts one that looks like an address."""

_MARKS: Mapping[type[Inline], str] = {Bold: "**", Italic: "_", Code: "`"}

_WHOLE = frozenset((Link, Time, RoleMention, ChannelMention, CommandMention, Emoji))
"""Pieces that are never joined with their neighbour, and that show something even without words."""

_ENDS_TARGET = re.compile(r"[()\\]")
"""Characters that could end a masked link's address early. They are percent-encoded instead."""


def escape(written: str) -> str:
    """Escape a member's words so that Discord shows them as written, inside a line. A line end becomes a space.

    A bare address stays text too and doesn't become a link.
    """
    return _FORMATTING.sub(_escaped, " ".join(written.splitlines()))


def _escaped(sign: re.Match[str]) -> str:
    return f"\\{sign[0]}"


def escape_line(written: str) -> str:
    """Escape words at the beginning of a line."""
    return _guarded(escape(written))


def markdown(content: Text) -> str:
    """Draw the whole text. An empty line precedes a paragraph and separates two kinds of lists; other blocks begin a
    new line."""
    lines: list[str] = []
    before: Block | None = None
    for block in content:
        if before is not None and (isinstance(block, Paragraph) or _another_list(before, block)):
            lines.append("")
        lines.append(_block(block))
        before = block
    return "\n".join(lines)


def _another_list(before: Block, block: Block) -> bool:
    """Tell whether a bulleted list follows a numbered one, or the other way round."""
    return isinstance(before, Item) and isinstance(block, Item) and (before.number is None) != (block.number is None)


def link(label: str, address: str) -> str:
    """Draw a masked link if Discord accepts it, else the label and the address beside it."""
    if not linkable(address):
        return escape(label) if label == address else f"{escape(label)} ({escape(address)})"
    target = _ENDS_TARGET.sub(_percent_encoded, address)
    if label == address or not label.strip():
        return f"<{target}>"
    if _MASKS_BADLY.search(label):
        return f"{escape(label)} (<{target}>)"
    return f"[{escape(label)}]({target})"


def _percent_encoded(sign: re.Match[str]) -> str:
    return f"%{ord(sign[0]):02X}"


def _block(block: Block) -> str:
    words = inline_markdown(block.inlines)
    match block:
        case Quote():
            return f"> {words}"
        case Item(number=None):
            return f"- {words}"
        case Item(number=number):
            return f"{number}. {words}"
    return words


def inline_markdown(inlines: Sequence[Inline]) -> str:
    """Draw one line."""
    return _guarded("".join(map(_inline, _merged(inlines))))


def _guarded(line: str) -> str:
    mark = _LINE_START.match(line)
    return line if mark is None else f"{mark[0]}\\{line[mark.end() :]}"


def _merged(inlines: Sequence[Inline]) -> list[Inline]:
    """Join neighbours of the same kind, since `**a****b**` isn't two bold words."""
    merged: list[Inline] = []
    last: type[Inline] | None = None
    pieces = [piece for piece in inlines if piece.text or type(piece) in _WHOLE]
    for place, piece in enumerate(pieces, 1):
        drawn = piece
        if type(piece) in _MARKS and not _has_marks(piece, pieces[place] if place < len(pieces) else None):
            drawn = Plain(piece.text)
        kind = type(drawn)
        if kind is last and kind not in _WHOLE:
            merged[-1] = replace(merged[-1], text=merged[-1].text + drawn.text)
        else:
            merged.append(drawn)
        last = kind
    return merged


def _has_marks(piece: Inline, after: Inline | None) -> bool:
    """Tell whether Discord can mark this emphasis or code here; if not, the words are plain."""
    if not piece.text.strip():
        return False
    match piece:
        case Italic():  # an underscore before a letter does not end emphasis
            return not isinstance(after, Plain) or not after.text[:1].isalnum() or piece.text[-1:].isspace()
        case Code():  # nothing can be escaped inside code
            return not set(piece.text) & {"`", "\n"}
    return True


def _inline(piece: Inline) -> str:
    match piece:
        case Bold() | Italic() | Code():
            return _wrapped(piece)
        case Link():
            return link(piece.text, piece.url)
        case Time():
            when = int(piece.at.timestamp())
            return f"<t:{when}:f> (<t:{when}:R>)"
        case RoleMention() | ChannelMention() | CommandMention() | Emoji() if mention := _mention(piece):
            return mention
        case CommandMention(code=True):
            return _wrapped(Code(piece.text))
    return escape(piece.text)


def _mention(piece: RoleMention | ChannelMention | CommandMention | Emoji) -> str:
    """Draw an emoji, a command, a channel or a role as a mention; empty if it isn't Discord's."""
    if isinstance(piece, Emoji):
        return piece.mark if CUSTOM_EMOJI.fullmatch(piece.mark) else ""
    if not _SNOWFLAKE.fullmatch(piece.id):
        return ""
    if isinstance(piece, CommandMention):
        return f"<{piece.text}:{piece.id}>"
    return f"<{'#' if isinstance(piece, ChannelMention) else '@&'}{piece.id}>"


def _wrapped(piece: Bold | Italic | Code) -> str:
    """Put the marks directly around the words: emphasis may not begin or end with a space, and code would swallow
    it."""
    mark = _MARKS[type(piece)]
    core = piece.text.strip()
    words = core if isinstance(piece, Code) else escape(core)
    start = piece.text.index(core)
    return f"{piece.text[:start]}{mark}{words}{mark}{piece.text[start + len(core) :]}"
