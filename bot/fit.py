"""Making a reply fit what one platform's message holds.

What is too long is split over further cards and messages, in order; only a title, a label, a footer or an alt text
is shortened, with a visible mark, and a shortened title stands whole in the body. No control is ever dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.chat import Button, Card, Choice, Control, Field, Image, Limits, Reply, Select
from bot.markup import ELLIPSIS, Bold, Text, paragraph, shorten, shorten_by, split


def fit(reply: Reply, limits: Limits) -> tuple[Reply, ...]:
    """The reply as one or more messages, each within the limits. A form travels alone and unchanged."""
    if reply.form is not None:
        return (reply,)
    cards = [part for card in reply.cards for part in fit_card(card, limits)]
    return tuple(replace(reply, cards=group) for group in _messages(cards, limits))


def fit_card(card: Card, limits: Limits) -> tuple[Card, ...]:
    """The card as one or more cards, each within the limits; the later ones' titles begin with an ellipsis."""
    title = shorten_by(card.title, limits.title, limits.measure_line)
    body = card.body if title == card.title else (paragraph(Bold(card.title)), *card.body)
    most = min(limits.body, limits.total - limits.measure_line(title))
    footer = shorten_by(card.footer, min(limits.footer, limits.total // 4), limits.measure_line)
    texts = split(body, most, limits.measure) or [()]
    first = replace(
        card,
        title=title,
        body=texts[0],
        image=_image(card.image, limits),
        fields=(),
        footer="",
        controls=(),
    )
    more = _continuation(card, limits)
    parts = [first, *(replace(more, body=text) for text in texts[1:])]
    for field in _fields(card.fields, limits):
        _append(parts, more, limits, Card(fields=(field,)))
    if footer:
        _append(parts, more, limits, Card(footer=footer))
    for control in _controls(card.controls, limits):
        _append(parts, more, limits, Card(controls=(control,)))
    return tuple(parts)


def size(card: Card, limits: Limits) -> int:
    """How many of the platform's characters the card's text takes."""
    lines = (card.title, card.footer, *(field.name for field in card.fields))
    texts = (card.body, *(field.value for field in card.fields))
    return sum(map(limits.measure_line, lines)) + sum(map(limits.measure, texts))


def _continuation(card: Card, limits: Limits) -> Card:
    title = f"{ELLIPSIS} {card.title}" if card.title else ELLIPSIS
    return Card(title=shorten_by(title, min(limits.title, 80), limits.measure_line), tone=card.tone)


def _append(parts: list[Card], more: Card, limits: Limits, extra: Card) -> None:
    """Add what the extra card holds to the last part if it then still fits, else to a new one."""
    grown = _joined(parts[-1], extra)
    if _fits(grown, limits):
        parts[-1] = grown
    else:
        parts.append(_joined(more, extra))


def _joined(card: Card, extra: Card) -> Card:
    return replace(
        card,
        fields=(*card.fields, *extra.fields),
        footer=extra.footer or card.footer,
        controls=(*card.controls, *extra.controls),
    )


def _fits(card: Card, limits: Limits) -> bool:
    buttons = sum(isinstance(control, Button) for control in card.controls)
    return (
        size(card, limits) <= limits.total
        and len(card.fields) <= limits.fields
        and buttons <= limits.buttons
        and len(card.controls) - buttons <= limits.selects
    )


def _image(image: Image | None, limits: Limits) -> Image | None:
    return replace(image, alt=shorten(image.alt, limits.alt)) if image else None


def _fields(fields: tuple[Field, ...], limits: Limits) -> Iterator[Field]:
    for field in fields:
        name = shorten_by(field.name, limits.field_name, limits.measure_line)
        value: Text = field.value if name == field.name else (paragraph(Bold(field.name)), *field.value)
        most = min(limits.field_value, limits.total // 2)
        for number, text in enumerate(split(value, most, limits.measure)):
            yield Field(
                name if number == 0 else shorten_by(f"{ELLIPSIS} {name}", limits.field_name, limits.measure_line), text
            )


def _controls(controls: tuple[Control, ...], limits: Limits) -> Iterator[Control]:
    for control in controls:
        if isinstance(control, Button):
            yield replace(control, label=shorten(control.label, limits.button_label))
        else:
            yield from _selects(control, limits)


def _selects(select: Select, limits: Limits) -> Iterator[Select]:
    """One select, or, where it has more options than fit, several that share its action."""
    options = tuple(_option(option, limits) for option in select.options)
    groups = [options[start : start + limits.options] for start in range(0, len(options), limits.options)]
    for number, group in enumerate(groups, 1):
        label = select.label if len(groups) == 1 else f"{select.label} ({number}/{len(groups)})"
        yield replace(
            select,
            label=shorten(label, limits.option_label),
            options=group,
            least=select.least if len(groups) == 1 else min(select.least, 1),
            most=min(select.most, len(group)),
        )


def _option(option: Choice, limits: Limits) -> Choice:
    return replace(
        option,
        label=shorten(option.label, limits.option_label),
        description=shorten(option.description, limits.option_description),
    )


def _messages(cards: list[Card], limits: Limits) -> Iterator[tuple[Card, ...]]:
    group: list[Card] = []
    for card in cards:
        if group and not _together([*group, card], limits):
            yield tuple(group)
            group = []
        group.append(card)
    if group:
        yield tuple(group)


def _together(cards: list[Card], limits: Limits) -> bool:
    controls = [control for card in cards for control in card.controls]
    buttons = sum(isinstance(control, Button) for control in controls)
    return (
        len(cards) <= limits.cards
        and sum(size(card, limits) for card in cards) <= limits.total
        and buttons <= limits.buttons
        and len(controls) - buttons <= limits.selects
    )
