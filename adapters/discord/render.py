"""Draw a reply as Discord messages of Components V2. Pure functions: the same reply gives the same messages.

Each card is a container with an accent: its words, its picture, up to eight lines with a button each, more words, then
rows of up to five buttons and rows of one select. Components are Discord's own JSON (docs/decisions/0015):
https://discord.com/developers/docs/components/reference
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from discord import ui

from adapters.discord import components
from adapters.discord.components import Json
from adapters.discord.markdown import escape, escape_line, inline_markdown, link, markdown
from bot.chat.fit import fit
from bot.chat.markup import ELLIPSIS, Block, Bold, Emoji, Inline, Plain, Text, paragraph, shorten, split
from bot.chat.platform import Limits
from bot.chat.vocabulary import Attachment, Button, Card, Control, Image, Reply, Select

BUTTONS_IN_ROW = 5
TITLE = "### {}"
SMALL = "-# {}"
LINE_END = "\n"
LINE_LABEL_MAX = 24
"""Characters of a button at the end of a line. The line says the rest and needs the room."""
LINES_MAX = 8
"""Lines with a button each: three components a line, of the 40 in a message."""
FIELD = "\n**{}**"
_AROUND_LINE = len(FIELD.format("")) + 2
_AROUND_TEXT = 2


def characters(written: str) -> int:
    """Count UTF-16 units, as Discord's client does; its servers never count more."""
    return len(written) if written.isascii() else len(written.encode("utf-16-le", "surrogatepass")) // 2


def measure(content: Text) -> int:
    """Count the characters of a body or a field's value, with the line ends around it."""
    return characters(markdown(content)) + _AROUND_TEXT if content else 0


def measure_line(written: str) -> int:
    """Count the characters of a title, footer, field name or alt text, with the marks and line ends around it."""
    return characters(escape_line(written)) + _AROUND_LINE if written else 0


def count_components(card: Card) -> int:
    """Count the container, its texts, picture, lines and rows, and their inner components."""
    lines, others = _lines_and_others(card)
    around = 3 if lines else 0
    picture = 2 if card.image else 0
    return 2 + picture + around + 3 * len(lines) + sum([1 + len(row) for row in _rows(others)])


LIMITS = Limits(
    asks_place=True,
    title=256,
    body=3900,
    total=3900,
    cards=10,
    fields=25,
    field_name=256,
    field_value=2000,
    footer=1000,
    buttons=25,
    button_label=80,
    selects=5,
    options=25,
    option_label=100,
    option_description=100,
    alt=1024,
    measure=measure,
    measure_line=measure_line,
    parts=38,
    count_parts=count_components,
    asks_scores=True,
)
"""One message: 40 components with nested ones, 4000 characters in all text displays; 25 options in a select.

Two components are reserved for files to save, and some characters for the bold names of lines with a button.
"""

Draw = Callable[[Text], str]
"""Draws a text as markdown."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to draw and upload with a message, which names it `attachment://{name}`."""

    name: str
    image: Image


class DiscordMessage(ui.LayoutView):
    """A message, with its pictures and files to upload.

    The library sends the components as they are. It doesn't keep a finished view, and this one is finished from the
    start: the client answers a pressed control by its id alone.
    """

    def __init__(self, draw: Draw = markdown) -> None:
        super().__init__(timeout=None)
        self.stop()
        self._draw = draw
        self.title = ""
        """The first card's title, as plain text."""
        self.components: list[Json] = []
        self.pictures: list[Picture] = []
        self.files: tuple[Attachment, ...] = ()
        self.used: dict[str, int] = {}
        """How often each action occurs in the message: Discord wants each id once."""

    def to_components(self) -> list[Json]:
        return self.components

    def has_components_v2(self) -> bool:
        return True

    def add_card(self, card: Card) -> None:
        self.title = self.title or card.title
        self.components.append(components.container(self._card(card), card.tone))

    def add_file(self, file: Attachment) -> None:
        self.files = (*self.files, file)
        self.components.append(components.file(components.file_name(file.name)))

    def _card(self, card: Card) -> Iterator[Json]:
        lines, others = _lines_and_others(card)
        if lines or card.image:
            before, after = _around(card.body, lines)
            written = [_head(card, before, self._draw), _tail(replace(card, body=after), self._draw)]
        else:
            written = [card_text(card, self._draw)]
        yield from _texts(written[0] if written[0] or others or card.image else ELLIPSIS)
        if card.image:
            yield self._picture(card.image)
        if lines:
            yield components.separator()
            yield from (self._line(button) for button in lines)
        if len(written) > 1 and written[1]:
            if lines:
                yield components.separator()
            yield from _texts(written[1])
        for group in _rows(others):
            yield components.row(components.control(control, self.used) for control in group)

    def _line(self, button: Button) -> Json:
        accessory = components.button(button, self.used, label=shorten(button.label, LINE_LABEL_MAX))
        return components.section(_beside(button.line) if button.line else ELLIPSIS, accessory)

    def _picture(self, image: Image) -> Json:
        name = f"{components.file_name(image.name)}-{len(self.pictures) + 1}.png"
        self.pictures.append(Picture(name, image))
        return components.picture(name, image.alt)


class _MarkdownCache:
    """A cache of each text's markdown: `fit` measures it, then the message draws it."""

    def __init__(self) -> None:
        self._cache: dict[int, tuple[Text, str]] = {}

    def markdown(self, content: Text) -> str:
        entry = self._cache.get(id(content))
        if entry is None:  # the entry keeps the text, so that no other text gets its id
            entry = self._cache[id(content)] = content, markdown(content)
        return entry[1]

    def measure(self, content: Text) -> int:
        return characters(self.markdown(content)) + _AROUND_TEXT if content else 0


def messages(reply: Reply) -> list[DiscordMessage]:
    """Return the reply's messages in order, each within Discord's limits. A form has none."""
    return [view for _, view in parts(reply)]


def parts(reply: Reply) -> list[tuple[Reply, DiscordMessage]]:
    """Return the reply's messages, each with its part of the reply."""
    if reply.form is not None:
        return []
    cache = _MarkdownCache()
    return [(part, message(part, cache.markdown)) for part in fit(reply, LIMITS, cache.measure)]


def message(reply: Reply, draw: Draw = markdown) -> DiscordMessage:
    """Return the message of a reply that fits into one."""
    view = DiscordMessage(draw)
    for card in reply.cards:
        view.add_card(card)
    for file in reply.files:
        view.add_file(file)
    return view


def fitted(reply: Reply, messages: int) -> Reply:
    """Return the reply, cut to at most `messages` messages, with a visible mark at each cut.

    A posted message can't become two. No control is lost, and nearly always nothing must be cut.
    """
    for most in (LIMITS.body, 2000, 1000, 400, 100):
        cut = replace(reply, cards=tuple(_cut(card, most) for card in reply.cards))
        if len(fit(cut, LIMITS)) <= messages:
            return cut
    bare = tuple(replace(card, body=(), fields=(), footer="") for card in reply.cards)
    return replace(reply, cards=bare)


def _cut(card: Card, most: int) -> Card:
    if measure(card.body) <= most:
        return card
    first = split(card.body, most, measure)[0]
    return replace(card, body=(*first, paragraph(ELLIPSIS)))


def _texts(written: str) -> Iterator[Json]:
    if written.strip():
        yield components.words(written)


def _lines_and_others(card: Card) -> tuple[list[Button], tuple[Control, ...]]:
    """Return the buttons that can be beside their lines of the body, and all other controls.

    The lines must be consecutive, and at most LINES_MAX.
    """
    lined = [control for control in card.controls if isinstance(control, Button) and control.line is not None]
    if not lined or len(lined) > LINES_MAX:
        return [], card.controls
    places = [card.body.index(button.line) for button in lined if button.line in card.body]
    together = len(places) == len(lined) and sorted(places) == list(
        range(min(places, default=0), max(places, default=-1) + 1)
    )
    if not together:
        return [], card.controls
    ordered = sorted(lined, key=lambda button: places[lined.index(button)])
    return ordered, tuple(control for control in card.controls if control not in lined)


def _around(body: Text, lines: list[Button]) -> tuple[Text, Text]:
    """Return the body before and after the lines with buttons."""
    if not lines or lines[0].line is None:
        return body, ()
    start = body.index(lines[0].line)
    return body[:start], body[start + len(lines) :]


def _beside(block: Block) -> str:
    """Draw a line with a button at its end: without a list mark, a bare name in bold, and a bar below it."""
    pieces: tuple[Inline, ...] = block.inlines
    if all(isinstance(piece, Plain | Emoji) for piece in pieces):
        pieces = tuple(Bold(piece.text) if isinstance(piece, Plain) else piece for piece in pieces)
    bar = pieces[0].text.strip() if len(pieces) > 1 and not pieces[0].text.strip("█░ ") else ""
    return inline_markdown(pieces[1:]) + f"\n{bar}" if bar else inline_markdown(pieces)


def card_text(card: Card, draw: Draw = markdown) -> str:
    """Return a card's words as markdown, without its controls'. The footer is set apart."""
    head, tail = _head(card, card.body, draw), _fields(card, "", draw)
    return _above(_above(head, tail, 1), _small(card), 2)


def _head(card: Card, body: Text, draw: Draw) -> str:
    """Draw the title and the body."""
    title = TITLE.format(_title(card)) if card.title else ""
    if card.url:
        title = TITLE.format(link(card.title or card.url, card.url))
    return _above(title, draw(body), 1)


def _title(card: Card) -> str:
    """Draw the title, with Discord's emoji in the place of its sign."""
    if not card.sign.mark:
        return escape_line(card.title)
    words = card.title.removeprefix(card.sign.text).lstrip()
    return inline_markdown((card.sign, Plain(f" {words}")))


def _tail(card: Card, draw: Draw) -> str:
    """Draw the rest of the body, the fields and the footer."""
    return _above(_fields(card, draw(card.body), draw), _small(card), 2)


def _fields(card: Card, written: str, draw: Draw) -> str:
    for field in card.fields:
        name = FIELD.format(escape(field.name)) if field.name else ""
        written = _above(written, _above(name, draw(field.value), 1), 1)
    return written


def _small(card: Card) -> str:
    return SMALL.format(escape_line(card.footer)) if card.footer else ""


def _above(first: str, second: str, lines: int) -> str:
    """Join two texts with `lines` line ends, or return the one that isn't empty."""
    return f"{first}{lines * LINE_END}{second}" if first and second else first or second


def _rows(controls: tuple[Control, ...]) -> list[list[Control]]:
    """Group the controls: consecutive buttons share rows, a select has its own."""
    rows: list[list[Control]] = []
    open_row: list[Control] = []
    for control in controls:
        if isinstance(control, Select):
            rows.append([control])
            open_row = []
        elif 0 < len(open_row) < BUTTONS_IN_ROW:
            open_row.append(control)
        else:
            open_row = [control]
            rows.append(open_row)
    return rows
