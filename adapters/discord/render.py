"""A reply as Discord messages of Components V2. Pure functions: the same reply, the same messages.

Each card is a container with an accent: its words, its picture, up to eight lines with a button each, more words,
then rows of up to five buttons and rows of one select. Components are written as the JSON that Discord reads
(docs/decisions/0015): https://discord.com/developers/docs/components/reference
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import discord
from discord import ui

from adapters.discord.markdown import escape, escape_line, inline_markdown, link, markdown
from bot.chat import Action, Attachment, Button, ButtonStyle, Card, Choice, Control, Image, Limits, Reply, Select, Tone
from bot.fit import fit, fit_option
from bot.markup import ELLIPSIS, Block, Bold, Inline, Plain, Text, paragraph, shorten, split

BUTTONS_IN_ROW = 5
TITLE = "### {}"
SMALL = "-# {}"
LINE_END = "\n"
LINE_LABEL_MAX = 24
"""Characters of a button at the end of a line: the line says the rest, and needs the room."""
LINES_MAX = 8
"""Lines with a button each: three components a line, of the 40 that a message holds."""
FIELD = "\n**{}**"
_AROUND_LINE = len(FIELD.format("")) + 2
_AROUND_TEXT = 2


def characters(written: str) -> int:
    """As JavaScript counts them, which is never less than Discord's servers do."""
    return len(written) if written.isascii() else len(written.encode("utf-16-le", "surrogatepass")) // 2


def measure(content: Text) -> int:
    """Characters of a body or a field's value, with the line ends around it."""
    return characters(markdown(content)) + _AROUND_TEXT if content else 0


def measure_line(written: str) -> int:
    """Characters of a title, a footer, a field's name or an alt text, with the marks and line ends around it."""
    return characters(escape_line(written)) + _AROUND_LINE if written else 0


def count_components(card: Card) -> int:
    """The container, its texts and picture, its lines and rows, and what is in them: nested components count too."""
    lines, others = _lines_and_others(card)
    around = 3 if lines else 0
    picture = 2 if card.image else 0
    return 2 + picture + around + 3 * len(lines) + sum([1 + len(row) for row in _rows(others)])


LIMITS = Limits(
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
)
"""One message: 40 components with nested ones, 4000 characters in all text displays; 25 options in a select.

Two components are kept for files to save, and some characters for the bold names of lines with a button.
"""

ACCENTS: Mapping[Tone, int | None] = {
    Tone.NEUTRAL: None,
    Tone.GOOD: 0x2E8B57,
    Tone.CAUTION: 0xD9A400,
    Tone.BAD: 0xC0392B,
    Tone.INFO: 0x3477DB,
}

_KINDS = discord.ComponentType
_ROW, _BUTTON, _SELECT = _KINDS.action_row.value, _KINDS.button.value, _KINDS.select.value
_SECTION, _TEXT, _GALLERY = _KINDS.section.value, _KINDS.text_display.value, _KINDS.media_gallery.value
_FILE, _SEPARATOR, _CONTAINER = _KINDS.file.value, _KINDS.separator.value, _KINDS.container.value

_STYLES: Mapping[ButtonStyle, int] = {
    ButtonStyle.PRIMARY: discord.ButtonStyle.primary.value,
    ButtonStyle.SECONDARY: discord.ButtonStyle.secondary.value,
    ButtonStyle.DANGER: discord.ButtonStyle.danger.value,
}
_LINK_STYLE: int = discord.ButtonStyle.link.value

Json = dict[str, Any]
Draw = Callable[[Text], str]
"""What makes markdown of a text."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to draw and upload beside a message, which names it `attachment://{name}`."""

    name: str
    image: Image


class Message(ui.LayoutView):
    """One message, and what is uploaded with it: a view as far as the library asks one when it sends a message.

    What a view prepares for being pressed, a random id and a future among it, is left out: whatever is pressed is
    answered by its id alone (`client.py`).
    """

    timeout: None = None

    def __init__(self, draw: Draw = markdown) -> None:
        self._draw = draw
        self.title = ""
        """What its first card is called, as plain text."""
        self.components: list[Json] = []
        self.pictures: list[Picture] = []
        self.files: tuple[Attachment, ...] = ()
        self.used: dict[str, int] = {}
        """How often each action's id was asked for in the message: Discord wants each once."""

    def to_components(self) -> list[Json]:
        return self.components

    def has_components_v2(self) -> bool:
        return True

    def is_finished(self) -> bool:
        """The library keeps no view that is."""
        return True

    def is_dispatchable(self) -> bool:
        return False

    def add_card(self, card: Card) -> None:
        self.title = self.title or card.title
        self.components.append(container(self._card(card), card.tone))

    def add_file(self, file: Attachment) -> None:
        self.files = (*self.files, file)
        self.components.append({"type": _FILE, "file": {"url": f"attachment://{file_name(file.name)}"}})

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
            yield separator()
            yield from (self._line(button) for button in lines)
        if len(written) > 1 and written[1]:
            if lines:
                yield separator()
            yield from _texts(written[1])
        for group in _rows(others):
            yield row(_control(control, self.used) for control in group)

    def _line(self, given: Button) -> Json:
        shown = _beside(given.line) if given.line else ELLIPSIS
        beside = button(given, self.used, label=shorten(given.label, LINE_LABEL_MAX))
        return {"type": _SECTION, "components": [words(shown)], "accessory": beside}

    def _picture(self, image: Image) -> Json:
        name = f"{file_name(image.name)}-{len(self.pictures) + 1}.png"
        self.pictures.append(Picture(name, image))
        item: Json = {"media": {"url": f"attachment://{name}"}}
        return {"type": _GALLERY, "items": [item | {"description": image.alt} if image.alt else item]}


# --- components ---


def container(components: Iterable[Json], tone: Tone) -> Json:
    """One card's frame, with the colour of its tone."""
    framed: Json = {"type": _CONTAINER, "components": list(components)}
    accent = ACCENTS[tone]
    return framed if accent is None else framed | {"accent_color": accent}


def words(written: str) -> Json:
    """A text in markdown."""
    return {"type": _TEXT, "content": written}


def separator() -> Json:
    return {"type": _SEPARATOR}


def row(controls: Iterable[Json]) -> Json:
    """Up to five buttons beside each other, or one select."""
    return {"type": _ROW, "components": list(controls)}


def button(given: Button, used: dict[str, int] | None = None, label: str | None = None) -> Json:
    """A button. `used` counts the actions of its message; without it, it is the only one there."""
    shown = _shown(given.label if label is None else label)
    made: Json = {"type": _BUTTON, "label": shown, "disabled": given.disabled}
    if given.action is None:
        made["style"], made["url"] = _LINK_STYLE, given.url
    else:
        made["style"], made["custom_id"] = _STYLES[given.style], _unique_id(given.action, used)
    return made


def _control(control: Control, used: dict[str, int]) -> Json:
    return _select(control, used) if isinstance(control, Select) else button(control, used)


def _select(select: Select, used: dict[str, int]) -> Json:
    return {
        "type": _SELECT,
        "custom_id": _unique_id(select.action, used),
        "placeholder": _shown(select.label),
        "min_values": select.least,
        "max_values": min(select.most, len(select.options)),
        "options": [_option(given) for given in select.options],
    }


def option(given: Choice) -> Json:
    """One entry of a select in a form."""
    return _option(fit_option(given, LIMITS))


def _option(given: Choice) -> Json:
    made: Json = {"label": _shown(given.label), "value": given.value, "default": given.chosen}
    if given.description:
        made["description"] = given.description
    return made


def _unique_id(action: Action, used: dict[str, int] | None) -> str:
    """Discord wants each id once in a message."""
    encoded = action.encode()
    if used is None:
        return encoded
    copy = used.get(encoded, 0)
    used[encoded] = copy + 1
    return action.encode(copy) if copy else encoded


def _shown(label: str) -> str:
    """Discord refuses a label in which nothing can be seen."""
    return label if label.strip() else ELLIPSIS


# --- messages ---


class _Drawn:
    """Each text's markdown, made once for a message: fitting counts it, then drawing shows it."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Text, str]] = {}

    def markdown(self, content: Text) -> str:
        found = self._known.get(id(content))
        if found is None:
            found = self._known[id(content)] = content, markdown(content)  # kept, so that no other text gets its id
        return found[1]

    def measure(self, content: Text) -> int:
        return characters(self.markdown(content)) + _AROUND_TEXT if content else 0


def messages(reply: Reply) -> list[Message]:
    """The reply as one or more messages, in order, each within Discord's limits. A form is none of them."""
    if reply.form is not None:
        return []
    drawn = _Drawn()
    return [message(part, drawn.markdown) for part in fit(reply, LIMITS, drawn.measure)]


def message(reply: Reply, draw: Draw = markdown) -> Message:
    """One message from a reply that fits."""
    view = Message(draw)
    for card in reply.cards:
        view.add_card(card)
    for file in reply.files:
        view.add_file(file)
    return view


def fitted(reply: Reply, messages: int) -> Reply:
    """The reply such that it takes at most so many messages: its texts are cut with a visible mark, if they must be.

    A message that was posted can't become two. No control is lost, and nearly always nothing has to be cut.
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


_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def file_name(name: str) -> str:
    """The name as Discord keeps it: it replaces other signs itself, and the reference would no longer match."""
    return _UNSAFE.sub("_", name).strip("_.") or "file"


def _texts(written: str) -> Iterator[Json]:
    if written.strip():
        yield words(written)


def _lines_and_others(card: Card) -> tuple[list[Button], tuple[Control, ...]]:
    """The buttons whose line stands in this card's body, as neighbours and not too many, and all other controls."""
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
    """What stands before the lines that have buttons, and what after them."""
    if not lines or lines[0].line is None:
        return body, ()
    start = body.index(lines[0].line)
    return body[:start], body[start + len(lines) :]


def _beside(block: Block) -> str:
    """A line with a button at its end: no mark of a list, a bare name in bold, a bar of a chart below the words."""
    pieces: tuple[Inline, ...] = block.inlines
    if all(isinstance(piece, Plain) for piece in pieces):
        pieces = (Bold("".join(piece.text for piece in pieces)),)
    bar = pieces[0].text.strip() if len(pieces) > 1 and not pieces[0].text.strip("█░ ") else ""
    return inline_markdown(pieces[1:]) + f"\n{bar}" if bar else inline_markdown(pieces)


def card_text(card: Card, draw: Draw = markdown) -> str:
    """All words of a card but its controls', as markdown. The small print stands apart."""
    head, tail = _head(card, card.body, draw), _fields(card, "", draw)
    return _above(_above(head, tail, 1), _small(card), 2)


def _head(card: Card, body: Text, draw: Draw) -> str:
    """The title and what is said below it."""
    title = TITLE.format(escape_line(card.title)) if card.title else ""
    if card.url:
        title = TITLE.format(link(card.title or card.url, card.url))
    return _above(title, draw(body), 1)


def _tail(card: Card, draw: Draw) -> str:
    """The rest of the body, the fields and the small print."""
    return _above(_fields(card, draw(card.body), draw), _small(card), 2)


def _fields(card: Card, words: str, draw: Draw) -> str:
    for field in card.fields:
        name = FIELD.format(escape(field.name)) if field.name else ""
        words = _above(words, _above(name, draw(field.value), 1), 1)
    return words


def _small(card: Card) -> str:
    return SMALL.format(escape_line(card.footer)) if card.footer else ""


def _above(first: str, second: str, lines: int) -> str:
    """Both, so many line ends apart; or the one that there is."""
    return f"{first}{lines * LINE_END}{second}" if first and second else first or second


def _rows(controls: tuple[Control, ...]) -> list[list[Control]]:
    """Buttons that follow each other share rows; a select has a row of its own."""
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
