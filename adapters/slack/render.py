"""Draw a reply as Slack messages of Block Kit. Pure functions: the same reply gives the same blocks.

Text becomes `rich_text`, whose pieces Slack shows as they are: in mrkdwn, `*`, `_`, `~` and backticks can't be escaped,
and `:name:` would turn into an emoji. Titles, labels and small print are `plain_text` without emoji codes, except an
option that begins with an emoji. https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from adapters.slack.texts import (
    Json,
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
from bot.chat.fit import fit, fit_option
from bot.chat.markup import ELLIPSIS, Bold, Link, Paragraph, clean, plain, shorten, shorten_by
from bot.chat.platform import Limits
from bot.chat.vocabulary import Action, Button, ButtonStyle, Card, Choice, Control, Reply, Select

COMMAND = "/parley"
"""Slack's only command; the core's commands follow it as words."""
BLOCKS_MAX = 50
BUTTONS_IN_BLOCK = 25
FALLBACK_MAX = 4000
LETTERS_MIN = 0
"""Letters that a member types before Slack asks for a type-ahead select's options. At 0, it asks when the select opens;
Slack's default is 3."""
LINK_ID = "link"
"""Prefix of the id of a button that opens an address. Slack reports its use, which needs no answer."""

_STYLES: Mapping[ButtonStyle, str | None] = {
    ButtonStyle.PRIMARY: "primary",
    ButtonStyle.SECONDARY: None,
    ButtonStyle.DANGER: "danger",
}


def count_blocks(card: Card) -> int:
    """Count the card's blocks, and the divider between it and the previous card."""
    texts = (card.title or card.url, card.image, card.body, card.footer)
    return 1 + sum(map(bool, texts)) + len(card.fields) + sum(1 for _ in _groups(card.controls))


LIMITS = Limits(
    commands=f"{COMMAND} ",
    asks_place=True,
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
"""Limits of one message: 50 blocks, a header of 150, a text of 3000, and about 12,000 characters in all, which Slack
doesn't document."""


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """A message's blocks, and its text for notifications and screen readers."""

    text: str
    blocks: list[Json]


def messages(reply: Reply) -> list[SlackMessage]:
    """Draw the reply as one or more messages, in order, each within Slack's limits."""
    return [message(part) for part in fit(reply, LIMITS)]


def filling(drawn: list[SlackMessage], count: int) -> list[SlackMessage]:
    """Return exactly `count` messages for a redraw, since posted messages can't be added or removed.

    A spare message shows an ellipsis. If there are too few, an ellipsis ends the last one.
    """
    spare = SlackMessage(ELLIPSIS, more())
    filled = [*drawn[:count], *[spare] * (count - len(drawn))]
    if len(drawn) > count:
        last = filled[-1]
        filled[-1] = SlackMessage(last.text, [*last.blocks[: BLOCKS_MAX - 1], *more()])
    return filled


def more() -> list[Json]:
    """Return the mark of omitted content."""
    return [_words(ELLIPSIS)]


def picture(file: str, alt: str) -> SlackMessage:
    """Draw an uploaded picture as its own message. `file` is Slack's id of it."""
    words = shorten(clean(alt), LIMITS.alt) or ELLIPSIS
    return SlackMessage(
        escape(shorten_by(words, FALLBACK_MAX, measure_line)),
        [{"type": "image", "slack_file": {"id": file}, "alt_text": words}],
    )


def message(reply: Reply) -> SlackMessage:
    """Draw a reply that fits as one message."""
    used: Counter[str] = Counter()
    blocks: list[Json] = []
    for card in reply.cards:
        drawn = list(_blocks(card, used))
        if blocks and drawn:
            blocks.append({"type": "divider"})
        blocks += drawn
    fallback = shorten_by("\n\n".join(filter(None, map(as_text, reply.cards))) or ELLIPSIS, FALLBACK_MAX, measure_line)
    return SlackMessage(escape(fallback), blocks or more())


def as_text(card: Card) -> str:
    """Return all words of a card except its controls', unformatted."""
    lines = [card.title or card.url or "", plain(card.body), card.image.alt if card.image else ""]
    for field in card.fields:
        lines += [field.name, plain(field.value)]
    return "\n".join(line for line in (*lines, card.footer) if line.strip())


def _blocks(card: Card, used: Counter[str]) -> Iterator[Json]:
    if card.url:
        yield rich_text([section([link(Link(card.title or card.url, card.url), "bold")])])
    elif card.title.strip():
        yield {"type": "header", "text": plain_text(card.title)}
    if visible(card.body):
        yield rich_text(elements(card.body))
    if card.image and card.image.alt.strip():  # the picture follows later, or never
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
    """Group consecutive buttons into one block; a select gets its own."""
    for is_button, group in groupby(controls, lambda control: isinstance(control, Button)):
        run = tuple(group)
        width = BUTTONS_IN_BLOCK if is_button else 1
        for start in range(0, len(run), width):
            yield run[start : start + width]


def _words(words: str) -> Json:
    """Draw small print."""
    return {"type": "context", "elements": [plain_text(words)]}


def _controls(controls: tuple[Control, ...], used: Counter[str]) -> Json:
    first = controls[0]
    if isinstance(first, Select) and first.most > 1:  # Slack accepts a multi-select only beside a text
        return {"type": "section", "text": plain_text(first.label), "accessory": _select(first, used)}
    drawn = [_select(control, used) if isinstance(control, Select) else _button(control, used) for control in controls]
    return {"type": "actions", "elements": drawn}


def _button(button: Button, used: Counter[str]) -> Json:
    """Draw a button. Slack has no disabled ones: the core tells a member who presses one why nothing happens."""
    element: Json = {
        "type": "button",
        "text": plain_text(button.label, emoji=button.emoji is not None),
        "action_id": _unique_id(button.action, used),
    }
    if button.url:
        element["url"] = button.url
    if style := _STYLES[button.style]:
        element["style"] = style
    return element


def _select(select: Select, used: Counter[str]) -> Json:
    return list_of(
        _unique_id(select.action, used), select.label, select.options, most=select.most, type_ahead=select.type_ahead
    )


def list_of(name: str, label: str, options: Iterable[Choice], *, most: int, type_ahead: bool) -> Json:
    """Draw a select of options that already fit.

    Slack's client filters them while the member types. With `type_ahead`, it asks Parley instead, which may have more.
    """
    drawn = [(option_of(option), option.chosen) for option in options]
    chosen = [option for option, is_chosen in drawn if is_chosen]
    kind = "external_select" if type_ahead else "static_select"
    element: Json = {"type": kind, "placeholder": plain_text(label), "action_id": name}
    if type_ahead:
        element["min_query_length"] = LETTERS_MIN
    else:
        element["options"] = [option for option, _ in drawn]
    if most > 1:
        element |= {"type": f"multi_{kind}", "max_selected_items": most}
        return {**element, "initial_options": chosen} if chosen else element
    return {**element, "initial_option": chosen[0]} if chosen else element


def buttons_of(name: str, options: Iterable[Choice], *, several: bool) -> Json:
    """Draw all options at once, already fitted: check boxes for several answers, else radio buttons."""
    drawn = [(option_of(option), option.chosen) for option in options]
    kind = "checkboxes" if several else "radio_buttons"
    element: Json = {"type": kind, "action_id": name, "options": [option for option, _ in drawn]}
    if chosen := [option for option, is_chosen in drawn if is_chosen]:
        element |= {"initial_options": chosen} if several else {"initial_option": chosen[0]}
    return element


def option_of(option: Choice) -> Json:
    """Draw an option that already fits. https://docs.slack.dev/reference/block-kit/composition-objects/option-object"""
    element: Json = {"value": option.value, "text": plain_text(option.label, emoji=option.emoji is not None)}
    return {**element, "description": plain_text(option.description)} if option.description.strip() else element


def suggested(choices: Iterable[Choice]) -> list[Json]:
    """Draw the options of a type-ahead select, each value once."""
    once = {choice.value: choice for choice in choices}
    return [option_of(fit_option(choice, LIMITS)) for choice in once.values()][: LIMITS.options]


def _unique_id(action: Action | None, used: Counter[str]) -> str:
    """Return an id for a control. Slack wants each id once in a message."""
    encoded = action.encode() if action else LINK_ID
    copy = used[encoded]
    used[encoded] += 1
    if action is None:
        return f"{LINK_ID}#{copy}"
    return action.encode(copy=copy) if copy else encoded
