"""Forms as Discord's modals, and what becomes of a form with mistakes.

Discord closes a modal when it is sent and opens none from another. So a form with mistakes is answered by a private
message that tells each mistake and holds what was typed; its button opens the form again, filled in from that very
message. Nothing is kept in memory or in the database, and the button works after a restart.
https://discord.com/developers/docs/components/reference#label
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import discord
from discord import ui

from adapters.discord import render
from adapters.discord.interactions import text_displays
from adapters.discord.markdown import escape, escape_line
from bot.chat import ACTION_MAX, Action, Answers, Button, ButtonStyle, Card, Form, Input, InputKind, Tone
from bot.errors import UsageError
from bot.i18n import Translator
from bot.markup import Bold, Plain, bullets, shorten

TITLE_MAX = 45
LABEL_MAX = 45
DESCRIPTION_MAX = 100
VALUE_MAX = 4000
OPTIONS_MAX = 25
AGAIN = "again"
"""The verb of the button that opens a form again: `v1:again:PICKS:VERB:ARG…`."""
KEPT = 1000
"""The id of the component that holds what was typed into the first input; those of the others follow."""
KEPT_MAX = 3000
"""Characters of typed text that a message holds beside its mistakes."""
_FENCE, _BROKEN_FENCE = "```", "`\u200b``"
_LETTERS = "abcdefghijklmnopqrstuvwxy"
"""Places of picked options, in a button's id."""

Json = Mapping[str, Any]


# --- a form is shown ---


def modal(form: Form) -> ui.Modal:
    """The form's window. Its id is the form's action; no callback waits for it."""
    window = ui.Modal(title=shorten(form.title, TITLE_MAX), custom_id=form.action.encode(), timeout=None)
    for each in form.inputs:
        window.add_item(_label(each))
    window.stop()
    return window


def _label(given: Input) -> ui.Label[ui.Modal]:
    return ui.Label(
        text=shorten(given.label, LABEL_MAX),
        description=shorten(given.hint, DESCRIPTION_MAX) or None,
        component=_select(given) if given.kind is InputKind.SELECT else _text_input(given),
    )


def _text_input(given: Input) -> ui.TextInput[ui.Modal]:
    longest = min(given.longest, VALUE_MAX)
    return ui.TextInput(
        custom_id=given.name,
        style=discord.TextStyle.long if given.kind is InputKind.LINES else discord.TextStyle.short,
        default=given.value[:longest] or None,
        required=given.required,
        max_length=longest,
    )


def _select(given: Input) -> ui.Select[ui.Modal]:
    if len(given.options) > OPTIONS_MAX:
        message = f"the input {given.name!r} has {len(given.options)} options; Discord shows {OPTIONS_MAX}"
        raise ValueError(message)
    return ui.Select(
        custom_id=given.name,
        required=given.required,
        min_values=given.least if given.required else 0,
        max_values=min(given.most, len(given.options)),
        options=[discord.SelectOption(**render.option(option)) for option in given.options],
    )


# --- a form is sent ---


def answers_of(data: Json) -> Answers:
    """What was filled in, by the input's name."""
    filled: dict[str, str | tuple[str, ...]] = {}
    for component in _inputs(data.get("components", ())):
        name = str(component.get("custom_id", ""))
        values = component.get("values")
        filled[name] = str(component.get("value", "")) if values is None else tuple(map(str, values))
    return filled


def _inputs(components: Iterable[Json]) -> Iterator[Json]:
    for component in components:
        if "custom_id" in component:
            yield component
        inner = component.get("component")
        yield from _inputs([inner] if inner else component.get("components", ()))


# --- a form with mistakes ---


def mistakes(form: Form, errors: Mapping[str, str], answers: Answers, t: Translator) -> render.Message:
    """The private answer: each mistake, what was typed, and the button that opens the form again with it."""
    labels = {each.name: each.label for each in form.inputs}
    lines = bullets((Bold(f"{labels.get(name, name)}: "), Plain(message)) for name, message in errors.items())
    button = Button(t("Try again"), _again(form, answers), style=ButtonStyle.PRIMARY)
    note = t("This is what you wrote. Try again opens the form with it.")
    told = (
        render.words(render.card_text(Card(title=t("That did not work yet"), body=lines))),
        render.separator(),
        *(render.words(_quoted(label, value)) | {"id": KEPT + place} for place, label, value in _kept(form, answers)),
        render.words(render.SMALL.format(escape_line(note))),
        render.row([render.button(button)]),
    )
    message = render.Message()
    message.components.append(render.container(told, Tone.CAUTION))
    return message


def _kept(form: Form, answers: Answers) -> Iterator[tuple[int, str, str]]:
    """Place, label and text of what was typed, as far as a message has room; the shortest come first."""
    typed = [
        (place, each.label, value)
        for place, each in enumerate(form.inputs)
        if isinstance(value := answers.get(each.name, ""), str) and value.strip()
    ]
    left, kept = KEPT_MAX, []
    for place, label, value in sorted(typed, key=lambda one: len(one[2])):
        left -= render.characters(_quoted(label, value))
        if left >= 0:
            kept.append((place, label, value))
    yield from sorted(kept)


def _quoted(label: str, value: str) -> str:
    return f"**{escape(label)}**\n{_FENCE}\n{value.replace(_FENCE, _BROKEN_FENCE)}\n{_FENCE}"


def _again(form: Form, answers: Answers) -> Action:
    """The button's action: which options were picked, input by input, and the form's own action."""
    picks = []
    for each in form.inputs:
        chosen = answers.get(each.name, ())
        marks = (_LETTERS[place] for place, option in enumerate(each.options[:OPTIONS_MAX]) if option.value in chosen)
        picks.append("".join(marks) if each.kind is InputKind.SELECT else "")
    again = Action(AGAIN, ("-".join(picks), form.action.verb, *form.action.args))
    fits = len(":".join(("v1", again.verb, *again.args))) <= ACTION_MAX
    return again if fits else replace(again, args=("", *again.args[1:]))


@dataclass(frozen=True, slots=True)
class Draft:
    """A form that is to be opened again: its action, and what was filled in by the place of the input."""

    action: str
    picks: tuple[str, ...]
    texts: Mapping[int, str]

    def fill(self, form: Form) -> Form:
        """The form with what was filled in."""
        return replace(form, inputs=tuple(self._filled(place, each) for place, each in enumerate(form.inputs)))

    def _filled(self, place: int, given: Input) -> Input:
        if given.kind is not InputKind.SELECT:
            return replace(given, value=self.texts.get(place, "" if self.texts else given.value))
        picked = self.picks[place] if place < len(self.picks) else ""
        if not picked:
            return given
        marked = zip(_LETTERS, given.options, strict=False)
        return replace(given, options=tuple(replace(one, chosen=letter in picked) for letter, one in marked))


def draft_of(custom_id: str, message: Json | None) -> Draft | None:
    """What a pressed button wants to be opened again; None for any other button."""
    try:
        action = Action.decode(custom_id)
        if action.verb != AGAIN or len(action.args) < 2:  # noqa: PLR2004 - the picks and a verb
            return None
        picks, verb, *args = action.args
        opens = Action(verb, tuple(args)).encode()
    except (UsageError, ValueError):  # such as a verb that is none, in a button that was never drawn
        return None
    texts = {
        shown["id"] - KEPT: _unquoted(shown["content"])
        for shown in text_displays(message["components"] if message else ())
        if shown.get("id", 0) >= KEPT
    }
    return Draft(opens, tuple(picks.split("-")), texts)


def _unquoted(shown: str) -> str:
    _, _, rest = shown.partition(f"\n{_FENCE}\n")
    return rest.removesuffix(_FENCE).removesuffix("\n").replace(_BROKEN_FENCE, _FENCE)
