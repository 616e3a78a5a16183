"""A reply as Slack messages of Block Kit. Pure functions: the same reply, the same blocks.

Texts become `rich_text`, whose pieces Slack shows as they are: in mrkdwn `*`, `_`, `~` and backticks can't be
escaped, and `:name:` would turn into a picture. Titles, labels and small print are `plain_text` without emoji codes.
https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    DividerBlock,
    ExternalDataMultiSelectElement,
    ExternalDataSelectElement,
    HeaderBlock,
    ImageBlock,
    Option,
    SectionBlock,
    StaticMultiSelectElement,
    StaticSelectElement,
)
from slack_sdk.models.blocks.basic_components import SlackFile

from adapters.slack.texts import (
    Style,
    elements,
    escape,
    link,
    measure,
    measure_line,
    plain_text,
    rich_text,
    section,
    visible,
)
from bot.chat import Action, Button, ButtonStyle, Card, Choice, Control, Limits, Reply, Select
from bot.fit import fit, fit_option
from bot.markup import ELLIPSIS, Bold, Link, Paragraph, clean, plain, shorten, shorten_by

Json = dict[str, Any]

BLOCKS_MAX = 50
BUTTONS_IN_BLOCK = 25
FALLBACK_MAX = 4000
LETTERS_MIN = 0
"""Letters before Slack asks what a type-ahead select offers: it asks when the select is opened. Unsaid, it is 3."""
LINK_ID = "link"
"""Begins the id of a button that opens an address. Slack reports its use, and nothing follows from it."""

_STYLES: Mapping[ButtonStyle, str | None] = {
    ButtonStyle.PRIMARY: "primary",
    ButtonStyle.SECONDARY: None,
    ButtonStyle.DANGER: "danger",
}


def count_blocks(card: Card) -> int:
    """The card's blocks and the line that parts it from the card before."""
    texts = (card.title or card.url, card.image, card.body, card.footer)
    return 1 + sum(map(bool, texts)) + len(card.fields) + sum(1 for _ in _groups(card.controls))


LIMITS = Limits(
    title=150,
    body=3000,
    total=10_000,
    cards=20,
    fields=20,
    field_name=250,
    field_value=2700,
    footer=2000,
    buttons=100,
    button_label=75,
    selects=20,
    options=100,
    option_label=75,
    option_description=75,
    alt=1000,
    measure=measure,
    measure_line=measure_line,
    parts=BLOCKS_MAX,
    count_parts=count_blocks,
)
"""One message: 50 blocks, header 150, a text of 3000, and near 12,000 characters in all, which Slack doesn't state."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: blocks, and the same as text for notifications and screen readers."""

    text: str
    blocks: list[Json]


def messages(reply: Reply) -> list[Message]:
    """The reply as one or more messages, in order, each within Slack's limits."""
    return [message(part) for part in fit(reply, LIMITS)]


def filling(drawn: list[Message], count: int) -> list[Message]:
    """So many messages of these: for a redraw, since what is posted can be neither more nor fewer.

    What is not needed any more shows an ellipsis. What there is no room for is named by one, at the end of the last.
    """
    spare = Message(ELLIPSIS, more())
    filled = [*drawn[:count], *[spare] * (count - len(drawn))]
    if len(drawn) > count:
        last = filled[-1]
        filled[-1] = Message(last.text, [*last.blocks[: BLOCKS_MAX - 1], *more()])
    return filled


def more() -> list[Json]:
    """The mark of what is left out."""
    return [_words(ELLIPSIS).to_dict()]


def picture(file: str, alt: str) -> Message:
    """A picture that Slack has, as a message of its own."""
    shown = shorten(clean(alt), LIMITS.alt) or ELLIPSIS
    return Message(
        escape(shorten_by(shown, FALLBACK_MAX, measure_line)),
        [ImageBlock(slack_file=SlackFile(id=file), alt_text=shown).to_dict()],
    )


def message(reply: Reply) -> Message:
    """One message from a reply that fits. Raises SlackObjectFormationError for what the kit's own checks find."""
    used: Counter[str] = Counter()
    blocks: list[Block] = []
    for card in reply.cards:
        drawn = list(_blocks(card, used))
        if blocks and drawn:
            blocks.append(DividerBlock())
        blocks += drawn
    fallback = shorten_by("\n\n".join(filter(None, map(as_text, reply.cards))) or ELLIPSIS, FALLBACK_MAX, measure_line)
    return Message(escape(fallback), [block.to_dict() for block in blocks or [_words(ELLIPSIS)]])


def as_text(card: Card) -> str:
    """All words of a card but its controls', without any formatting."""
    lines = [card.title or card.url or "", plain(card.body)]
    if card.image and not visible(card.body):
        lines.append(card.image.alt)
    for field in card.fields:
        lines += [field.name, plain(field.value)]
    return "\n".join(line for line in (*lines, card.footer) if line.strip())


def _blocks(card: Card, used: Counter[str]) -> Iterator[Block]:
    if card.url:
        yield rich_text([section([link(Link(card.title or card.url, card.url), Style(bold=True))])])
    elif card.title.strip():
        yield HeaderBlock(text=plain_text(card.title))
    if visible(card.body):
        yield rich_text(elements(card.body))
    elif card.image and card.image.alt.strip():  # the picture follows, or never does
        yield _words(card.image.alt)
    for field in card.fields:
        name = (Paragraph((Bold(field.name),)),) if field.name.strip() else ()
        if name or visible(field.value):
            yield rich_text([*elements(name), *elements(field.value)])
    if card.footer.strip():
        yield _words(card.footer)
    for group in _groups(card.controls):
        yield _controls(group, used)


def _groups(controls: tuple[Control, ...]) -> Iterator[tuple[Control, ...]]:
    """Buttons that follow each other share a block; a select has one of its own."""
    for is_button, group in groupby(controls, lambda control: isinstance(control, Button)):
        run = tuple(group)
        width = BUTTONS_IN_BLOCK if is_button else 1
        for start in range(0, len(run), width):
            yield run[start : start + width]


def _words(words: str) -> ContextBlock:
    """Small print."""
    return ContextBlock(elements=[plain_text(words)])


def _controls(controls: tuple[Control, ...], used: Counter[str]) -> Block:
    first = controls[0]
    if isinstance(first, Select) and first.most > 1:  # Slack takes a list of several only beside a text
        return SectionBlock(text=plain_text(first.label), accessory=_several(first, used))
    return ActionsBlock(
        elements=[
            _one(control, used) if isinstance(control, Select) else _button(control, used) for control in controls
        ]
    )


def _button(button: Button, used: Counter[str]) -> ButtonElement:
    """Slack has no disabled buttons: whoever presses one is told by the core why nothing happens."""
    return ButtonElement(
        text=plain_text(button.label),
        action_id=_unique_id(button.action, used),
        url=button.url,
        style=_STYLES[button.style],
    )


def _one(select: Select, used: Counter[str]) -> StaticSelectElement | ExternalDataSelectElement:
    """Slack's own client filters the options while a person types, or asks for them where there may be more."""
    chosen = next((option_of(option) for option in select.options if option.chosen), None)
    shared: Json = {"placeholder": plain_text(select.label), "action_id": _unique_id(select.action, used)}
    if select.type_ahead:
        return ExternalDataSelectElement(**shared, initial_option=chosen, min_query_length=LETTERS_MIN)
    options = [option_of(option) for option in select.options]
    return StaticSelectElement(**shared, options=options, initial_option=chosen)


def _several(select: Select, used: Counter[str]) -> StaticMultiSelectElement | ExternalDataMultiSelectElement:
    shared: Json = {
        "placeholder": plain_text(select.label),
        "action_id": _unique_id(select.action, used),
        "initial_options": [option_of(option) for option in select.options if option.chosen] or None,
        "max_selected_items": select.most,
    }
    if select.type_ahead:
        return ExternalDataMultiSelectElement(**shared, min_query_length=LETTERS_MIN)
    return StaticMultiSelectElement(**shared, options=[option_of(option) for option in select.options])


def option_of(option: Choice) -> Option:
    return Option(
        value=option.value,
        text=plain_text(option.label),
        description=plain_text(option.description) if option.description.strip() else None,
    )


def suggested(choices: Iterable[Choice]) -> list[Json]:
    """What a type-ahead select offers: each value once."""
    once = {choice.value: choice for choice in choices}
    return [option_of(fit_option(choice, LIMITS)).to_dict() for choice in once.values()][: LIMITS.options]


def _unique_id(action: Action | None, used: Counter[str]) -> str:
    """Slack wants each id once in a message."""
    encoded = action.encode() if action else LINK_ID
    copy = used[encoded]
    used[encoded] += 1
    if action:
        return action.encode(copy=copy)
    return f"{LINK_ID}#{copy}"
