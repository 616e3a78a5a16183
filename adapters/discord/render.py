"""A reply as Discord messages of Components V2. Pure functions: the same reply, the same messages.

Each card is a container with an accent: one text display (title, picture's words, body, fields, small print), then
rows of up to five buttons and rows of one select. https://discord.com/developers/docs/components/reference
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby

import discord
from discord import ui

from adapters.discord.markdown import escape, escape_line, link, markdown
from bot.chat import Action, Button, ButtonStyle, Card, Choice, Control, Limits, Reply, Select, Tone
from bot.fit import fit
from bot.markup import ELLIPSIS, Text

BUTTONS_IN_ROW = 5
TITLE = "### {}"
SMALL = "-# {}"
FIELD = "\n**{}**"
_AROUND_LINE = len(FIELD.format("")) + 2
_AROUND_TEXT = 2


def characters(written: str) -> int:
    """As JavaScript counts them, which is never less than Discord's servers do."""
    return len(written.encode("utf-16-le", "surrogatepass")) // 2


def measure(content: Text) -> int:
    """Characters of a body or a field's value, with the line ends around it."""
    return characters(markdown(content)) + _AROUND_TEXT if content else 0


def measure_line(written: str) -> int:
    """Characters of a title, a footer, a field's name or an alt text, with the marks and line ends around it."""
    return characters(escape_line(written)) + _AROUND_LINE if written else 0


def count_components(card: Card) -> int:
    """The container, its text, its rows and what is in them: nested components count too."""
    return 2 + sum(1 + len(row) for row in _rows(card.controls))


LIMITS = Limits(
    title=256,
    body=4000,
    total=4000,
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
    parts=40,
    count_parts=count_components,
)
"""One message: 40 components with nested ones, 4000 characters in all text displays; 25 options in a select."""

ACCENTS: Mapping[Tone, int | None] = {
    Tone.NEUTRAL: None,
    Tone.GOOD: 0x2E8B57,
    Tone.CAUTION: 0xD9A400,
    Tone.BAD: 0xC0392B,
    Tone.INFO: 0x3477DB,
}

_STYLES: Mapping[ButtonStyle, discord.ButtonStyle] = {
    ButtonStyle.PRIMARY: discord.ButtonStyle.primary,
    ButtonStyle.SECONDARY: discord.ButtonStyle.secondary,
    ButtonStyle.DANGER: discord.ButtonStyle.danger,
}


def messages(reply: Reply) -> list[ui.LayoutView]:
    """The reply as one or more messages, in order, each within Discord's limits."""
    return [message(part) for part in fit(reply, LIMITS)]


def message(reply: Reply) -> ui.LayoutView:
    """One message from a reply that fits. The view is made for one sending; it holds no callbacks."""
    view = ui.LayoutView(timeout=None)
    used: Counter[Action] = Counter()
    for card in reply.cards:
        view.add_item(_container(card, used))
    return view


def _container(card: Card, used: Counter[Action]) -> ui.Container[ui.LayoutView]:
    rows = [_row(row, used) for row in _rows(card.controls)]
    words = card_text(card)
    if not words.strip() and not rows:
        words = ELLIPSIS
    text = [ui.TextDisplay[ui.LayoutView](words)] if words.strip() else []
    return ui.Container(*text, *rows, accent_colour=ACCENTS[card.tone])


def card_text(card: Card) -> str:
    """All words of a card but its controls', as markdown."""
    return "\n".join(_lines(card))


def _lines(card: Card) -> Iterator[str]:
    if card.url:
        yield TITLE.format(link(card.title or card.url, card.url))
    elif card.title:
        yield TITLE.format(escape_line(card.title))
    if card.image:
        yield SMALL.format(escape_line(card.image.alt))
    if card.body:
        yield markdown(card.body)
    for field in card.fields:
        if field.name:
            yield FIELD.format(escape(field.name))
        yield markdown(field.value)
    if card.footer:
        yield SMALL.format(escape_line(card.footer))


def _rows(controls: tuple[Control, ...]) -> Iterator[tuple[Control, ...]]:
    """Buttons that follow each other share rows; a select has a row of its own."""
    for is_button, group in groupby(controls, lambda control: isinstance(control, Button)):
        run = tuple(group)
        width = BUTTONS_IN_ROW if is_button else 1
        for start in range(0, len(run), width):
            yield run[start : start + width]


def _row(controls: tuple[Control, ...], used: Counter[Action]) -> ui.ActionRow[ui.LayoutView]:
    return ui.ActionRow(*(_control(control, used) for control in controls))


def _control(control: Control, used: Counter[Action]) -> ui.Item[ui.LayoutView]:
    return _select(control, used) if isinstance(control, Select) else _button(control, used)


def _button(button: Button, used: Counter[Action]) -> ui.Button[ui.LayoutView]:
    label = _shown(button.label)
    if button.action is None:
        return ui.Button(label=label, url=button.url, disabled=button.disabled)
    return ui.Button(
        label=label,
        custom_id=_unique_id(button.action, used),
        style=_STYLES[button.style],
        disabled=button.disabled,
    )


def _select(select: Select, used: Counter[Action]) -> ui.Select[ui.LayoutView]:
    return ui.Select(
        custom_id=_unique_id(select.action, used),
        placeholder=_shown(select.label),
        min_values=select.least,
        max_values=min(select.most, len(select.options)),
        options=[_option(option) for option in select.options],
    )


def _option(option: Choice) -> discord.SelectOption:
    return discord.SelectOption(
        label=_shown(option.label),
        value=option.value,
        description=option.description or None,
        default=option.chosen,
    )


def _unique_id(action: Action, used: Counter[Action]) -> str:
    """Discord wants each id once in a message."""
    encoded = action.encode(copy=used[action])
    used[action] += 1
    return encoded


def _shown(label: str) -> str:
    """Discord refuses a label in which nothing can be seen."""
    return label if label.strip() else ELLIPSIS
