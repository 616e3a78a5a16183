"""Draw one question of a form as fields of a modal, and read its answer. Pure functions.

Most questions are one field. A poll's options get a field each and a button that adds one. A time is a list that the
member can type into, beside Slack's picker of date and time. `question:part` names the fields beyond the first.
https://docs.slack.dev/reference/block-kit/blocks/input-block
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    DateTimePickerElement,
    InputBlock,
    PlainTextInputElement,
)

from adapters.slack.decoding import Names, decode
from adapters.slack.render import LIMITS, buttons_of, list_of
from adapters.slack.texts import plain_text
from bot.chat.fit import fit_option
from bot.chat.markup import clean, shorten
from bot.chat.vocabulary import Answers, Choice, Input, InputKind
from bot.i18n import Translator

LABEL_MAX = 2000
TEXT_MAX = 3000
PLACEHOLDER_MAX = 150
FIELDS_SHOWN = 4
"""Fields for options in an empty form."""
ADD = "add-field"
"""Id of the button that adds a field."""
PART, AT, TYPED = ":", "at", "typed"

Json = dict[str, Any]


def blocks_of(question: Input, t: Translator) -> Iterator[Block]:
    """Yield the question's blocks."""
    match question.kind:
        case InputKind.OPTIONS:
            yield from _option_fields(question, t)
        case InputKind.TIME:
            yield _block(question, question.name, _time_list(question))
            at = f"{question.name}{PART}{AT}"
            label = plain_text(t("Or pick a date and time"))
            yield InputBlock(block_id=at, label=label, element=DateTimePickerElement(action_id=at), optional=True)
        case InputKind.SELECT | InputKind.CHOICE:
            yield _block(question, question.name, _picking(question))
        case _:
            yield _block(question, question.name, _text(question))


def answers_of(values: Mapping[str, Mapping[str, Mapping[str, Any]]], names: Names) -> Answers:
    """Return the answers by the question's name, from `state.values`. A picked date wins over a typed one."""
    answers: dict[str, str | tuple[str, ...]] = {}
    for name, elements in sorted(values.items(), key=_place):
        question, _, part = name.partition(PART)
        action, element = next(iter(elements.items()), ("", {}))
        answer = _answer(element, names)
        before = answers.get(question)
        if action.endswith(f"{PART}{TYPED}"):
            answer = "".join(answer)
        elif part == AT:
            answer = answer or before or ""
        elif part and isinstance(before, str) and isinstance(answer, str):
            answer = "\n".join(filter(None, (before, answer)))
        answers[question] = answer
    return answers


def fields_of(blocks: Sequence[str], values: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, str]:
    """Return the field that shows each question's mistakes: its first, or the picker if the member picked a date."""
    fields: dict[str, str] = {}
    for name in blocks:
        question, _, part = name.partition(PART)
        is_picked = any(element.get("selected_date_time") for element in values.get(name, {}).values())
        if question not in fields or (part == AT and is_picked):
            fields[question] = name
    return fields


def with_another(blocks: list[Json], t: Translator) -> list[Json]:
    """Return a form's blocks with one more field for an option. The last field that a poll can have replaces the
    button."""
    add = next(place for place, block in enumerate(blocks) if block.get("block_id", "").endswith(PART + ADD))
    question = blocks[add]["block_id"].partition(PART)[0]
    number = 1 + sum(block.get("block_id", "").partition(PART)[0] == question for block in blocks[:add])
    most = int(blocks[add]["elements"][0]["value"])
    field = _option_field(question, number, "", t).to_dict()
    return [*blocks[:add], field, *blocks[add + (number >= most) :]]


def _place(entry: tuple[str, Any]) -> tuple[str, int]:
    """Return the sort key of a field, since Slack sends a question's fields in any order."""
    question, _, part = entry[0].partition(PART)
    return question, int(part) if part.isascii() and part.isdigit() else len(part)


def _answer(element: Mapping[str, Any], names: Names) -> str | tuple[str, ...]:
    if "selected_options" in element:
        return tuple(str(option["value"]) for option in element["selected_options"] or ())
    if "selected_option" in element:
        option = element["selected_option"]
        return (str(option["value"]),) if option else ()
    if moment := element.get("selected_date_time"):
        return f"{datetime.fromtimestamp(int(moment), UTC):%Y-%m-%d %H:%M} UTC"
    return decode(str(element.get("value") or ""), names)


def _block(question: Input, name: str, element: Any) -> InputBlock:
    return InputBlock(
        block_id=name,
        label=plain_text(shorten(clean(question.label), LABEL_MAX)),
        element=element,
        hint=plain_text(shorten(clean(question.hint), LABEL_MAX)) if question.hint.strip() else None,
        optional=not question.required,
    )


def _text(question: Input) -> PlainTextInputElement:
    most = min(question.longest, TEXT_MAX)
    return PlainTextInputElement(
        action_id=question.name,
        multiline=question.kind is InputKind.LINES,
        initial_value=question.value[:most] or None,
        max_length=most,
    )


def _picking(question: Input) -> Json:
    options = [fit_option(choice, LIMITS) for choice in question.options]
    if question.kind is InputKind.CHOICE:
        return buttons_of(question.name, options, several=question.several)
    label = shorten(clean(question.label), PLACEHOLDER_MAX)
    return list_of(question.name, label, options, most=question.most, type_ahead=question.type_ahead)


def _time_list(question: Input) -> Json:
    """Draw a type-ahead list with the present answer chosen."""
    label = next((each.label for each in question.options if each.value == question.value), question.value)
    chosen = [fit_option(Choice(label, question.value, chosen=True), LIMITS)] if question.value else []
    name = f"{question.name}{PART}{TYPED}"
    return list_of(name, shorten(clean(question.label), PLACEHOLDER_MAX), chosen, most=1, type_ahead=True)


def _option_fields(question: Input, t: Translator) -> Iterator[Block]:
    filled = question.value.splitlines()[: question.most]
    shown = min(max(FIELDS_SHOWN, len(filled) + 1), question.most)
    for number, words in enumerate([*filled, *[""] * (shown - len(filled))], start=1):
        yield _option_field(question.name, number, words, t, question.hint)
    if shown < question.most:
        button = ButtonElement(text=plain_text(t("Add an option")), action_id=ADD, value=str(question.most))
        yield ActionsBlock(block_id=f"{question.name}{PART}{ADD}", elements=[button])


def _option_field(question: str, number: int, words: str, t: Translator, hint: str = "") -> InputBlock:
    name = question if number == 1 else f"{question}{PART}{number}"
    return InputBlock(
        block_id=name,
        label=plain_text(t("Option {n}", n=number)),
        element=PlainTextInputElement(action_id=name, initial_value=words[:TEXT_MAX] or None, max_length=TEXT_MAX),
        hint=plain_text(shorten(clean(hint), LABEL_MAX)) if number == 1 and hint.strip() else None,
        optional=True,
    )
