"""Draw forms as Discord's modals, and answer a form with errors.

Discord closes a modal when a member sends it, and opens none from another. So a private message lists the errors and
holds the member's text; its button opens the form again, filled in from that message. Nothing is stored, and the button
works after a restart. https://discord.com/developers/docs/components/reference#label
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import discord
from discord import ui

from adapters.discord import components, render
from adapters.discord.clickable import CommandIds, link_commands
from adapters.discord.elsewhere import WHERE, where_label
from adapters.discord.interactions import text_displays
from adapters.discord.markdown import escape, escape_line
from bot.chat.fit import fit_option
from bot.chat.markup import Bold, bullets, shorten
from bot.chat.vocabulary import ACTION_MAX, Action, Answers, Button, ButtonStyle, Card, Form, Input, InputKind, Tone
from bot.errors import UsageError
from bot.i18n import N_, Translator

TITLE_MAX = 45
LABEL_MAX = 45
DESCRIPTION_MAX = 100
VALUE_MAX = 4000
OPTIONS_MAX = 25
AGAIN = "again"
"""Verb of the button that opens a form again: `v1:again:PICKS:VERB:ARG…`."""
NOT_SENT = N_("Not sent yet")
TEXT_ID = 1000
"""Component id of the first input's text; the other inputs' follow."""
TEXTS_MAX = 3000
"""Characters of the member's text that a message holds beside the errors."""
_RADIO_BUTTONS = discord.ComponentType.radio_group.value
_FENCE, _BROKEN_FENCE = "```", "`\u200b``"
_LETTERS = "abcdefghijklmnopqrstuvwxy"
"""Letters for the places of picked options, in a button's id."""

Json = Mapping[str, Any]


# --- drawing a form ---


def modal(form: Form, t: Translator) -> ui.Modal:
    """Return the form's modal. Its id is the form's action; no callback waits for it."""
    window = ui.Modal(title=shorten(form.title, TITLE_MAX), custom_id=form.action.encode(), timeout=None)
    for each in form.inputs:
        window.add_item(_label(each))
    if form.elsewhere:
        window.add_item(where_label(t))
    window.stop()
    return window


def _label(question: Input) -> ui.Label[ui.Modal]:
    """Draw the question. A label that is too long appears in full below, before the hint."""
    whole = question.label if len(question.label) > LABEL_MAX else ""
    below = " · ".join(filter(None, (whole, question.hint)))
    return ui.Label(
        text=shorten(question.label, LABEL_MAX),
        description=shorten(below, DESCRIPTION_MAX) or None,
        component=_component(question),
    )


def _component(
    question: Input,
) -> ui.RadioGroup[ui.Modal] | ui.CheckboxGroup[ui.Modal] | ui.Select[ui.Modal] | ui.TextInput[ui.Modal]:
    if question.kind is InputKind.CHOICE:
        return _check_boxes(question) if question.several else _radio_buttons(question)
    return _select(question) if question.picks else _text_input(question)


def _text_input(question: Input) -> ui.TextInput[ui.Modal]:
    longest = min(question.longest, VALUE_MAX)
    return ui.TextInput(
        custom_id=question.name,
        style=discord.TextStyle.long
        if question.kind in {InputKind.LINES, InputKind.OPTIONS}
        else discord.TextStyle.short,
        default=question.value[:longest] or None,
        required=question.required,
        max_length=longest,
    )


def _radio_buttons(question: Input) -> ui.RadioGroup[ui.Modal]:
    options = [discord.RadioGroupOption(**each) for each in _visible_options(question)]
    return ui.RadioGroup(custom_id=question.name, required=question.required, options=options)


def _check_boxes(question: Input) -> ui.CheckboxGroup[ui.Modal]:
    """Draw check boxes. Discord refuses a required group that accepts an empty choice."""
    least = question.least if question.required else 0
    return ui.CheckboxGroup(
        custom_id=question.name,
        required=least > 0,
        min_values=least,
        max_values=min(question.most, len(question.options)),
        options=[discord.CheckboxGroupOption(**each) for each in _visible_options(question)],
    )


def _visible_options(question: Input) -> Iterator[dict[str, Any]]:
    """Yield the options of radio buttons or check boxes, which have no emoji field."""
    for option in question.options:
        yield components.option(replace(fit_option(option, render.LIMITS), emoji=None))


def _select(question: Input) -> ui.Select[ui.Modal]:
    if len(question.options) > OPTIONS_MAX:
        message = f"the input {question.name!r} has {len(question.options)} options; Discord shows {OPTIONS_MAX}"
        raise ValueError(message)
    return ui.Select(
        custom_id=question.name,
        required=question.required,
        min_values=question.least if question.required else 0,
        max_values=min(question.most, len(question.options)),
        options=[
            discord.SelectOption(**components.option(fit_option(option, render.LIMITS))) for option in question.options
        ],
    )


# --- reading a form ---


def answers_of(data: Json) -> Answers:
    """Return the answers by the input's name, without the place that the form asked for."""
    filled: dict[str, str | tuple[str, ...]] = {}
    for component in _inputs(data.get("components", ())):
        name, value, values = str(component.get("custom_id", "")), component.get("value"), component.get("values")
        if name == WHERE:
            continue
        if component.get("type") == _RADIO_BUTTONS:
            values = () if value is None else (value,)
        filled[name] = str(value or "") if values is None else tuple(map(str, values))
    return filled


def channel_of(data: Json) -> str:
    """Return the channel that the member picked in a form that asks for one."""
    picked = (each.get("values") for each in _inputs(data.get("components", ())) if each.get("custom_id") == WHERE)
    return str((next(picked, None) or [""])[0])


def _inputs(components: Iterable[Json]) -> Iterator[Json]:
    for component in components:
        if "custom_id" in component:
            yield component
        inner = component.get("component")
        yield from _inputs([inner] if inner else component.get("components", ()))


# --- a form with mistakes ---


def mistakes(
    form: Form, errors: Mapping[str, str], answers: Answers, t: Translator, ids: CommandIds
) -> render.DiscordMessage:
    """Return the private answer: the errors, the member's text, and a button that opens the form again."""
    labels = {each.name: each.label for each in form.inputs}
    lines = bullets((Bold(f"{labels.get(name, name)}: "), message) for name, message in errors.items())
    button = Button(t("Try again"), _again(form, answers), style=ButtonStyle.PRIMARY)
    note = t("Here's what you wrote. Press Try again to open the form with it.")
    parts = (
        components.words(render.card_text(Card(title=t(NOT_SENT), body=link_commands(lines, ids)))),
        components.separator(),
        *(
            components.words(_quoted(label, value)) | {"id": TEXT_ID + place}
            for place, label, value in _quotable(form, answers)
        ),
        components.words(render.SMALL.format(escape_line(note))),
        components.row([components.button(button)]),
    )
    message = render.DiscordMessage()
    message.components.append(components.container(parts, Tone.CAUTION))
    return message


def _quotable(form: Form, answers: Answers) -> Iterator[tuple[int, str, str]]:
    """Yield place, label and text of each input that fits into the message, preferring short texts."""
    texts = [
        (place, each.label, value)
        for place, each in enumerate(form.inputs)
        if isinstance(value := answers.get(each.name, ""), str) and value.strip()
    ]
    room, quotable = TEXTS_MAX, []
    for place, label, value in sorted(texts, key=lambda one: len(one[2])):
        room -= render.characters(_quoted(label, value))
        if room >= 0:
            quotable.append((place, label, value))
    yield from sorted(quotable)


def _quoted(label: str, value: str) -> str:
    return f"**{escape(label)}**\n{_FENCE}\n{value.replace(_FENCE, _BROKEN_FENCE)}\n{_FENCE}"


def _again(form: Form, answers: Answers) -> Action:
    """Return the button's action: the picked options by input, and the form's own action."""
    picks = []
    for each in form.inputs:
        chosen = answers.get(each.name, ())
        marks = (_LETTERS[place] for place, option in enumerate(each.options[:OPTIONS_MAX]) if option.value in chosen)
        picks.append("".join(marks) if each.picks else "")
    again = Action(AGAIN, ("-".join(picks), form.action.verb, *form.action.args))
    fits = len(":".join(("v1", again.verb, *again.args))) <= ACTION_MAX
    return again if fits else replace(again, args=("", *again.args[1:]))


@dataclass(frozen=True, slots=True)
class FormDraft:
    """A form to open again: its action, and the answers by the input's place."""

    action: str
    picks: tuple[str, ...]
    texts: Mapping[int, str]

    def fill(self, form: Form) -> Form:
        """Return the form, filled in with these answers."""
        return replace(form, inputs=tuple(self._answered(place, each) for place, each in enumerate(form.inputs)))

    def _answered(self, place: int, question: Input) -> Input:
        if not question.picks:
            return replace(question, value=self.texts.get(place, "" if self.texts else question.value))
        picked = self.picks[place] if place < len(self.picks) else ""
        if not picked:
            return question
        marked = zip(_LETTERS, question.options, strict=False)
        return replace(question, options=tuple(replace(one, chosen=letter in picked) for letter, one in marked))


def draft_of(custom_id: str, message: discord.Message | None) -> FormDraft | None:
    """Return the form that a pressed button opens again; None for any other button."""
    try:
        action = Action.decode(custom_id)
        if action.verb != AGAIN or len(action.args) < 2:  # noqa: PLR2004 - the picks and a verb
            return None
        picks, verb, *args = action.args
        opens = Action(verb, tuple(args)).encode()
    except (UsageError, ValueError):  # for example a forged button with an impossible verb
        return None
    layout = [component.to_dict() for component in message.components] if message is not None else []
    texts = {
        text["id"] - TEXT_ID: _unquoted(text["content"])
        for text in text_displays(layout)
        if text.get("id", 0) >= TEXT_ID
    }
    return FormDraft(opens, tuple(picks.split("-")), texts)


def _unquoted(quoted: str) -> str:
    _, _, rest = quoted.partition(f"\n{_FENCE}\n")
    return rest.removesuffix(_FENCE).removesuffix("\n").replace(_BROKEN_FENCE, _FENCE)
