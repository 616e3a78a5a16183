"""Parley draws its forms as Discord's modals within the documented limits, and reads their answers."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.discord import forms
from bot.chat.emoji import leading_emoji
from bot.chat.vocabulary import Action, Choice, Form, Input, InputKind
from bot.i18n import translator
from tests.wire.discord import body_rules
from tests.wire.discord.limits import modal_problems
from tests.wire.discord.members import sent_back

RADIO, CHECKS, SELECT = 21, 22, 3
CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"


def options(count: int, chosen: int = 0) -> tuple[Choice, ...]:
    return tuple(Choice(f"Option {n}", str(n), "x" * 200, chosen=n < chosen) for n in range(count))


def drawn(question: Input) -> dict[str, Any]:
    """The question's component, in a modal that Discord takes."""
    modal: Any = forms.modal(Form(Action("a"), "Form", (question,)), translator("en")).to_dict()
    assert body_rules.problems("POST", CALLBACK, {"type": 9, "data": modal}) == []
    assert modal_problems(modal) == []
    component: dict[str, Any] = modal["components"][0]["component"]
    return component


@pytest.mark.parametrize(
    ("count", "least", "most", "kind"),
    [(2, 1, 1, RADIO), (10, 1, 1, RADIO), (1, 0, 1, CHECKS), (2, 0, 1, CHECKS), (2, 2, 2, CHECKS), (10, 1, 10, CHECKS)],
)
def test_a_choice_stands_in_the_form_whole(count: int, least: int, most: int, kind: int) -> None:
    """A choice has radio buttons on Discord if a member picks exactly one of 2 to 10 options.

    It has check boxes if a member may pick none or several of 1 to 10 options.
    """
    question = Input("q", "Q", InputKind.CHOICE, options=options(count, chosen=1), least=least, most=most)
    component = drawn(question)
    assert component["type"] == kind
    assert [option["default"] for option in component["options"]] == [n < 1 for n in range(count)]
    if kind == CHECKS:
        assert (component["min_values"], component["max_values"]) == (least, most)
        assert component["required"] is (least > 0)


@pytest.mark.parametrize("count", [1, 25])
def test_a_list_stays_a_list(count: int) -> None:
    """A select input is a list on Discord with 1 option as with 25."""
    assert drawn(Input("q", "Q", InputKind.SELECT, options=options(count)))["type"] == SELECT


@pytest.mark.parametrize(("required", "least"), [(True, 2), (False, 0)])
def test_check_boxes_that_may_stay_empty_say_so(required: bool, least: int) -> None:
    """A member may leave an optional question's check boxes empty, but picks the least number in a required one."""
    question = Input("q", "Q", InputKind.CHOICE, required=required, options=options(3), least=2, most=3)
    component = drawn(question)
    assert (component["required"], component["min_values"]) == (required, least)


@pytest.mark.parametrize(("most", "kind"), [(1, RADIO), (2, CHECKS)])
def test_radio_buttons_and_check_boxes_have_no_emoji(most: int, kind: int) -> None:
    """Discord's radio buttons and check boxes have no field for an emoji, so its code stays in the option's label."""
    choice = Choice(":tea: Green", "0", emoji=leading_emoji(":tea: Green", "<:tea:12345678901234567>"))
    component = drawn(Input("q", "Q", InputKind.CHOICE, options=(choice, Choice("Black", "1")), most=most))
    assert component["type"] == kind
    assert [option["label"] for option in component["options"]] == [":tea: Green", "Black"]
    assert all("emoji" not in option for option in component["options"])


@pytest.mark.parametrize(
    ("question", "picked", "answer"),
    [
        (Input("q", "Q", InputKind.CHOICE, options=options(3)), ["2"], ("2",)),
        (Input("q", "Q", InputKind.CHOICE, options=options(3), required=False), [], ()),
        (Input("q", "Q", InputKind.CHOICE, options=options(3), least=0, most=3), ["0", "2"], ("0", "2")),
        (Input("q", "Q", InputKind.CHOICE, options=options(3), least=0, most=3), [], ()),
        (Input("q", "Q", InputKind.SELECT, options=options(3)), ["1"], ("1",)),
        (Input("q", "Q"), "words", "words"),
    ],
)
def test_what_is_picked_comes_back_as_picked(question: Input, picked: Any, answer: object) -> None:
    """Parley reads a choice as a tuple of the picked values, and typed words as a string.

    Discord sends one value or null for radio buttons, and several values for check boxes and lists.
    """
    sent = {"components": [{"type": 18, "component": sent_back(drawn(question), {"q": picked})}]}
    assert forms.answers_of(sent) == {"q": answer}
