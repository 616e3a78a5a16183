"""Fit a reply to the limits of a platform's message.

Split long content over further cards and messages, in order. Shorten only a title, a label, a footer or an alt text,
with a visible mark, and repeat a shortened title whole in the body. Never drop a control.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from bot.chat.markup import ELLIPSIS, Bold, Link, Measure, Text, clean, paragraph, shorten, shorten_by, split
from bot.chat.platform import Limits
from bot.chat.vocabulary import Button, Card, Choice, Control, Field, Image, Reply, Select


def fit(reply: Reply, limits: Limits, measure: Measure | None = None) -> tuple[Reply, ...]:
    """The reply as one or more messages, each within the limits; files go with the last.

    A form travels alone and unchanged. An empty reply gives no message. `measure` replaces the limits' own if the
    caller caches its measurements.
    """
    if reply.form is not None:
        return (reply,)
    scale = _Scale(limits, cache(measure or limits.measure), cache(limits.measure_line))
    cards = [part for card in reply.cards for part in _fit_card(card, scale)]
    groups = list(_messages(cards, scale)) or ([()] if reply.files else [])
    last = len(groups) - 1
    return tuple(
        replace(reply, cards=group, files=reply.files if number == last else ()) for number, group in enumerate(groups)
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """A platform's limits and its measures of text, cached because most texts are measured more than once."""

    limits: Limits
    measure: Measure
    measure_line: Callable[[str], int]


def _fit_card(card: Card, scale: _Scale) -> tuple[Card, ...]:
    """The card as one or more cards, each within the limits; the titles of the later ones begin with an ellipsis."""
    limits = scale.limits
    first, body = _head(card, scale)
    fields, controls = tuple(_fields(card.fields, scale)), tuple(_controls(card.controls, limits))
    footer = shorten_by(clean(card.footer), min(limits.footer, limits.total // 4), scale.measure_line)
    whole = replace(first, body=body, fields=fields, footer=footer, controls=controls, grid=card.grid)
    if scale.measure(body) <= limits.body and _fits([whole], scale):
        return (whole,)
    more = _continuation(card, scale)
    most = min(limits.body, limits.total - max(_size(first, scale), _size(more, scale)))
    texts = split(body, most, scale.measure) or [()]
    parts = [replace(first, body=texts[0]), *(replace(more, body=text) for text in texts[1:])]
    for field in fields:
        _append(parts, more, scale, Card(fields=(field,)))
    if footer:
        _append(parts, more, scale, Card(footer=footer))
    for control in controls:
        _append(parts, more, scale, Card(controls=(control,)))
    return tuple(parts)


def size(card: Card, limits: Limits) -> int:
    """Count the characters of the card's text as the platform does, with its link and its picture's alt text."""
    return _size(card, _Scale(limits, limits.measure, limits.measure_line))


def _size(card: Card, scale: _Scale) -> int:
    lines = (card.title, card.footer, card.image.alt if card.image else "", *(field.name for field in card.fields))
    sign = (paragraph(card.sign),) if card.sign.mark else ()
    texts = (sign, card.body, *(field.value for field in card.fields))
    return _link_size(card, scale) + sum(map(scale.measure_line, lines)) + sum(map(scale.measure, texts))


def _link_size(card: Card, scale: _Scale) -> int:
    return scale.measure(_link(card.url)) if card.url else 0


def _link(url: str) -> Text:
    """The text that a title's link adds; a generous estimate, as if the address stood beside the title as a label."""
    return (paragraph(Link(url, url)),)


def _head(card: Card, scale: _Scale) -> tuple[Card, Text]:
    """The first card's title, link and picture, and the body with everything that didn't fit in them put first."""
    cleaned = clean(card.title)
    title = shorten_by(cleaned, scale.limits.title, scale.measure_line)
    whole = () if title == cleaned else (paragraph(Bold(card.title)),)
    fits = _link_size(card, scale) <= scale.limits.total // 4
    address = () if fits or card.url is None else (paragraph(card.url),)
    image = _image(card.image, scale)
    url = card.url if fits else None
    head = Card(title=title, url=url, image=image, tone=card.tone, poll=card.poll, sign=card.sign)
    return head, (*whole, *address, *card.body)


def _continuation(card: Card, scale: _Scale) -> Card:
    title = f"{ELLIPSIS} {clean(card.title)}" if card.title else ELLIPSIS
    return Card(title=shorten_by(title, min(scale.limits.title, 80), scale.measure_line), tone=card.tone)


def _append(parts: list[Card], more: Card, scale: _Scale, extra: Card) -> None:
    """Add the content of the extra card to the last part if it still fits, else to a new one."""
    grown = _joined(parts[-1], extra)
    if _fits([grown], scale):
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


def _fits(cards: Sequence[Card], scale: _Scale) -> bool:
    """Whether all these cards fit in one message."""
    limits = scale.limits
    controls = [control for card in cards for control in card.controls]
    buttons = len([control for control in controls if isinstance(control, Button)])
    return (
        len(cards) <= limits.cards
        and max(len(card.fields) for card in cards) <= limits.fields
        and buttons <= limits.buttons
        and len(controls) - buttons <= limits.selects
        and sum(map(limits.count_parts, cards)) <= limits.parts
        and sum(_size(card, scale) for card in cards) <= limits.total
    )


def _image(image: Image | None, scale: _Scale) -> Image | None:
    if image is None:
        return None
    alt = shorten(clean(image.alt), scale.limits.alt)
    return replace(image, alt=shorten_by(alt, scale.limits.total // 4, scale.measure_line))


def _fields(fields: tuple[Field, ...], scale: _Scale) -> Iterator[Field]:
    for field in fields:
        name = shorten_by(clean(field.name), scale.limits.field_name, scale.measure_line)
        value: Text = field.value if name == clean(field.name) else (paragraph(Bold(field.name)), *field.value)
        most = min(scale.limits.field_value, scale.limits.total // 2)
        for number, text in enumerate(split(value, most, scale.measure) or [()]):
            yield Field(
                name if number == 0 else shorten_by(f"{ELLIPSIS} {name}", scale.limits.field_name, scale.measure_line),
                text,
            )


def _controls(controls: tuple[Control, ...], limits: Limits) -> Iterator[Control]:
    for control in controls:
        if isinstance(control, Button):
            yield replace(control, label=_label(control.label, limits.button_label))
        else:
            yield from _selects(control, limits)


def _selects(select: Select, limits: Limits) -> Iterator[Select]:
    """Split a select with too many options into several that share its action."""
    options = tuple([fit_option(option, limits) for option in select.options])
    groups = [options[start : start + limits.options] for start in range(0, len(options), limits.options)]
    for number, group in enumerate(groups, 1):
        mark = "" if len(groups) == 1 else f" ({number}/{len(groups)})"
        yield replace(
            select,
            label=_label(select.label, limits.option_label - len(mark)) + mark,
            options=group,
            least=select.least if len(groups) == 1 else min(select.least, 1),
            most=min(select.most, len(group)),
        )


def fit_option(option: Choice, limits: Limits) -> Choice:
    """The option, with its label and description shortened to the platform's limits."""
    return replace(
        option,
        label=_label(option.label, limits.option_label),
        description=_label(option.description, limits.option_description),
    )


def _label(written: str, most: int) -> str:
    return shorten(clean(written), most)


def _messages(cards: list[Card], scale: _Scale) -> Iterator[tuple[Card, ...]]:
    group: list[Card] = []
    for card in cards:
        if group and not _fits([*group, card], scale):
            yield tuple(group)
            group = []
        group.append(card)
    if group:
        yield tuple(group)
