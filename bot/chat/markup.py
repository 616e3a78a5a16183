"""The text of a reply: a small tree that every platform can draw.

A `Text` is a tuple of blocks; a block holds inlines. The words of members and editors stand only in a `Plain`,
a `Code` or a `Link`'s label, so that no platform can mistake them for formatting: each renderer escapes those and
nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.i18n import Sentence

ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Plain:
    text: str


@dataclass(frozen=True, slots=True)
class Bold:
    text: str


@dataclass(frozen=True, slots=True)
class Italic:
    text: str


@dataclass(frozen=True, slots=True)
class Code:
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Time:
    """A moment, shown in the reader's own zone on platforms that can. Other platforms show `text`."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class RoleMention:
    """A role of a community. A platform that knows its name shows it; the others show `text`.

    It pings nobody unless `pings` is set, and even then only in a new message, not in a redrawn one.
    """

    id: str
    text: str
    pings: bool = False


@dataclass(frozen=True, slots=True)
class ChannelMention:
    """A channel of a community, shown like a role."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class CommandMention:
    """One of the bot's own commands, as members type it. A platform that can make it clickable sets its `id`; others
    show it as code if `code` is set, else as text. Its last words may not belong to the command's name.
    """

    text: str
    id: str = ""
    code: bool = False


@dataclass(frozen=True, slots=True)
class Emoji:
    """An emoji. `text` is the character, or a platform's own as `:tea:`; `mark` is how that platform writes its own."""

    text: str
    mark: str = ""


NO_EMOJI = Emoji("")

Inline = Plain | Bold | Italic | Code | Link | Time | RoleMention | ChannelMention | CommandMention | Emoji
_UNCUT = Link | Time | RoleMention | ChannelMention | CommandMention | Emoji


@dataclass(frozen=True, slots=True)
class Paragraph:
    inlines: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    inlines: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a list. `number` is None in a list without numbers."""

    inlines: tuple[Inline, ...]
    number: int | None = None


Block = Paragraph | Quote | Item
Text = tuple[Block, ...]
Measure = Callable[[Text], int]
"""The length of a text as one platform counts it, after its escaping. A prefix never measures more than the whole, and
every character measures at least 1: cutting relies on both.
"""


def _inlines(pieces: Iterable[str | Inline]) -> tuple[Inline, ...]:
    return tuple([inline for piece in pieces if piece for inline in _inlines_of(piece)])


def _inlines_of(piece: str | Inline) -> Iterable[Inline]:
    if isinstance(piece, Sentence):
        return _with_mentions(piece)
    if isinstance(piece, str):
        return (Plain(clean(piece)),)
    return (piece if piece.text.isprintable() else replace(piece, text=clean(piece.text)),)


def _with_mentions(sentence: Sentence) -> Iterable[Inline]:
    """Yield the words of a sentence and each command that the program names in it."""
    end = 0
    for start, after in sentence.commands:
        if start > end:
            yield Plain(clean(sentence[end:start]))
        yield CommandMention(sentence[start:after])
        end = after
    if end < len(sentence):
        yield Plain(clean(sentence[end:]))


def paragraph(*pieces: str | Inline) -> Paragraph:
    return Paragraph(_inlines(pieces))


def quote(*pieces: str | Inline) -> Quote:
    return Quote(_inlines(pieces))


def bullets(items: Iterable[str | Inline | tuple[str | Inline, ...]], *, numbered: bool = False) -> Text:
    """One `Item` for each, counted from 1 if `numbered`."""
    return tuple(
        [
            Item(
                _inlines(item if isinstance(item, tuple) else (item,)),
                number if numbered else None,
            )
            for number, item in enumerate(items, 1)
        ]
    )


def text(*blocks: str | Block | Text) -> Text:
    """Join blocks and texts; a string becomes a paragraph, an empty string nothing."""
    flat: list[Block] = []
    for block in blocks:
        if isinstance(block, str):
            if block:
                flat.append(paragraph(block))
        elif isinstance(block, tuple):
            flat.extend(block)
        else:
            flat.append(block)
    return tuple(flat)


_KEPT_FORMAT_CHARACTERS = "\u200c\u200d"  # joiners: words in Persian and Hindi, and many emoji, need them


def clean(written: str) -> str:
    """Remove invisible characters: controls, direction overrides, lone surrogates.

    Tabs and line ends become a space. The visible text stays the same.
    """
    if written.isprintable():  # no controls, no format characters, no line ends: nothing to take away
        return written
    return "".join(_visible(character) for character in written)


def _visible(character: str) -> str:
    if character in "\t\n\r\u2028\u2029":
        return " "
    category = unicodedata.category(character)
    if category in {"Cc", "Cs"} or (category == "Cf" and character not in _KEPT_FORMAT_CHARACTERS):
        return ""
    return character


def clean_lines(written: str) -> str:
    """`clean`, but keep line ends."""
    return "\n".join(clean(line) for line in written.splitlines())


def plain(content: Text) -> str:
    """The text without formatting, for notifications, alt texts, screen readers and tests."""
    return "\n".join(_plain_block(block) for block in content)


def _plain_block(block: Block) -> str:
    words = "".join(_plain_inline(piece) for piece in block.inlines)
    match block:
        case Quote():
            return f"> {words}"
        case Item(number=None):
            return f"• {words}"
        case Item(number=number):
            return f"{number}. {words}"
    return words


def _plain_inline(piece: Inline) -> str:
    if isinstance(piece, Link) and piece.text != piece.url:
        return f"{piece.text} ({piece.url})"
    return piece.text


def plain_length(content: Text) -> int:
    return len(plain(content))


_ADDRESS = re.compile(r"https?://[^\s<>|\"]+")


def linkable(address: str) -> bool:
    """Whether a renderer may make this a link: http or https, without characters that could end the link early."""
    return _ADDRESS.fullmatch(address) is not None and clean(address) == address


_PIECES_MAX = 16
"""Characters to look back for a safe place to cut. Longer chains of marks exist only to break programs."""


def _whole(written: str, at: int) -> int:
    """The last place up to `at` where a cut separates no letter from its accent and no emoji from its parts."""
    for cut in range(at, max(at - _PIECES_MAX, 0), -1):
        if cut >= len(written) or not _belongs(written[cut - 1], written[cut]):
            return cut
    return at


def _belongs(before: str, after: str) -> bool:
    if after.isascii() and before.isascii():
        return False
    is_mark = unicodedata.category(after)[0] == "M" or "\U0001f3fb" <= after <= "\U0001f3ff"
    return is_mark or "\u200d" in {before, after}


def shorten(written: str, most: int) -> str:
    """The words themselves if they fit, else as many whole characters as fit, and a visible mark."""
    if len(written) <= most:
        return written
    if most <= 0:
        return ""
    cut = most - 1 if written.isascii() else _whole(written, most - 1)
    return written[:cut].rstrip() + ELLIPSIS


def shorten_words(written: str, most: int) -> str:
    """`shorten` for sentences: cut between words, unless that would lose half of the room."""
    if len(written) <= most:
        return written
    space = written[:most].rfind(" ")
    return written[:space].rstrip(" ,;:–") + ELLIPSIS if space > most // 2 else shorten(written, most)


def coded(written: str) -> tuple[Inline, ...]:
    """Turn a sentence of the program into inlines: the text between backticks is code."""
    pieces = written.split("`")
    if len(pieces) % 2 == 0:  # the last backtick has no partner
        pieces[-2:] = ["`".join(pieces[-2:])]
    return tuple([Code(piece) if place % 2 else Plain(piece) for place, piece in enumerate(pieces) if piece])


def shorten_by(written: str, most: int, measure: Callable[[str], int]) -> str:
    """`shorten` for a platform with its own count: the longest prefix that measures at most `most`."""
    if measure(written) <= most:
        return written
    low, high = 0, min(len(written), max(most, 0))
    while low < high:
        middle = (low + high + 1) // 2
        if measure(written[:middle].rstrip() + ELLIPSIS) <= most:
            low = middle
        else:
            high = middle - 1
    return written[: _whole(written, low)].rstrip() + ELLIPSIS if low or measure(ELLIPSIS) <= most else ""


def split(content: Text, most: int, measure: Measure = plain_length) -> list[Text]:
    """Split the content, in order, into texts that measure at most `most`: between blocks if possible, else inside one.

    The pieces together hold every character. A link or a time is never cut; if even one alone is too long, its label is
    shortened with a visible mark.
    """
    if content and measure(content) <= most:
        return [content]
    chunks: list[Text] = []
    current: Text = ()
    for block in content:
        if measure((*current, block)) <= most:
            current = (*current, block)
            continue
        if current:
            chunks.append(current)
        *full, current = _split_block(block, most, measure)
        chunks.extend(full)
    if current:
        chunks.append(current)
    return chunks


def _split_block(block: Block, most: int, measure: Measure) -> list[Text]:
    """Split a block into at least one text, all but the last as full as possible."""
    parts: list[Text] = []
    line: list[Inline] = []
    queue = list(block.inlines)
    while queue:
        piece = queue.pop(0)
        if measure((replace(block, inlines=(*line, piece)),)) <= most:
            line.append(piece)
            continue
        head, tail = _cut(piece, _room(block, line, piece, most, measure))
        if head is not None:
            line.append(head)
        elif not line:
            head, tail = _forced(piece, block, most, measure)
            line.append(head)
        if tail is not None:
            queue.insert(0, tail)
        if queue:
            parts.append((replace(block, inlines=tuple(line)),))
            line = []
    return [*parts, (replace(block, inlines=tuple(line)),)]


def _room(block: Block, line: list[Inline], piece: Inline, most: int, measure: Measure) -> int:
    """Count the characters of the piece that still fit."""
    low, high = 0, min(len(piece.text), most)
    while low < high:
        middle = (low + high + 1) // 2
        if measure((replace(block, inlines=(*line, replace(piece, text=piece.text[:middle]))),)) <= most:
            low = middle
        else:
            high = middle - 1
    return low


def _cut(piece: Inline, room: int) -> tuple[Inline | None, Inline | None]:
    if isinstance(piece, _UNCUT) or room <= 0:
        return None, piece
    space = piece.text.rfind(" ", 0, room + 1)
    at = space + 1 if 0 < space < room and space > room // 2 else _whole(piece.text, room)
    return replace(piece, text=piece.text[:at]), replace(piece, text=piece.text[at:]) if at < len(piece.text) else None


def _forced(piece: Inline, block: Block, most: int, measure: Measure) -> tuple[Inline, Inline | None]:
    """Force in a piece that can't be cut and fits nowhere: shorten its label, and keep its address if possible."""

    def size(label: str, label_only: Callable[[str], Inline]) -> int:
        return measure((replace(block, inlines=(label_only(label),)),))

    if isinstance(piece, _UNCUT):
        label = shorten_by(piece.text, most, lambda words: size(words, lambda t: replace(piece, text=t)))
        label_only: Inline = replace(piece, text=label)
        if label and measure((replace(block, inlines=(label_only,)),)) <= most:
            return label_only, None
        return Plain(shorten_by(piece.text, most, lambda words: size(words, Plain))), None
    message = f"a limit of {most} leaves no room for a single character"
    raise ValueError(message)
