"""Parley draws its forms as modals that Slack takes, and reads their answers."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack import forms, render
from adapters.slack.home import view as home_view
from bot.chat.vocabulary import Action, Button, Card, Choice, Form, Input, InputKind, Reply
from bot.commands import poll_forms
from bot.i18n import translator
from tests.transcripts.slack_driver import check_message
from tests.wire.slack import payloads

T = translator("en")


FIELDS = ("options", "options:2", "options:3", "options:4")


def no_file(_file: Any) -> bool:
    return False


def modal(form: Form, channel: str = "C1") -> dict[str, Any]:
    """Return the form's modal, and check that Slack takes it."""
    view = forms.view(form, forms.origin_of(form, channel=channel, thread="", url="https://hooks.example/1"), T)
    return payloads.view(view, no_file)


def test_what_the_bot_knows_already_is_filled_in() -> None:
    """Parley fills the question and the options that the host typed with the command into the form, as plain text."""
    view = modal(poll_forms.create_form(T, "Which <!channel> *tea*?", ["Green", "Black"]))
    inputs = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    assert inputs["question"]["initial_value"] == "Which <!channel> *tea*?"
    assert [inputs[name].get("initial_value") for name in FIELDS] == ["Green", "Black", None, None]
    assert "mrkdwn" not in json.dumps(view["blocks"])


@pytest.mark.parametrize(("channel", "asks"), [("C1", False), ("", True)])
def test_a_form_asks_for_a_channel_only_where_none_is_known(channel: str, asks: bool) -> None:
    """A form asks for a channel only if it has none, as one that a member opened from the Home tab."""
    view = modal(poll_forms.create_form(T, "", ""), channel=channel)
    kinds = [block["element"]["type"] for block in view["blocks"] if block.get("block_id") == forms.WHERE]
    assert kinds == (["conversations_select"] if asks else [])


ONE_TO_TEN = tuple(Choice(f"Option {number}", str(number), chosen=number < 2) for number in range(10))


@pytest.mark.parametrize(
    ("least", "most", "kind", "initial"),
    [
        (1, 1, "radio_buttons", "initial_option"),
        (0, 1, "checkboxes", "initial_options"),
        (1, 3, "checkboxes", "initial_options"),
    ],
)
def test_a_choice_stands_in_the_form(least: int, most: int, kind: str, initial: str) -> None:
    """A choice has radio buttons if a member picks exactly one option, else check boxes, with chosen options marked."""
    question = Input("pick", "Which", InputKind.CHOICE, options=ONE_TO_TEN, least=least, most=most)
    element = modal(Form(Action("ask"), "A form", (question,)))["blocks"][0]["element"]
    assert element["type"] == kind
    assert [option["value"] for option in element["options"]] == [str(number) for number in range(10)]
    chosen = element[initial]
    assert chosen == (element["options"][:2] if kind == "checkboxes" else element["options"][0])


@pytest.mark.parametrize(
    ("options", "least", "known", "drawable"),
    [
        (ONE_TO_TEN, 1, True, True),
        (ONE_TO_TEN[:2], 1, True, True),
        (ONE_TO_TEN[:1], 0, True, True),
        ((*ONE_TO_TEN, Choice("More", "more")), 1, True, False),
        (ONE_TO_TEN[:1], 1, True, False),
        ((), 0, True, False),
        (ONE_TO_TEN, 1, False, False),
    ],
)
def test_a_choice_has_few_options_all_of_them_known(
    options: tuple[Choice, ...], least: int, known: bool, drawable: bool
) -> None:
    """A choice has 2 to 10 options, or 1 to 10 if a member may pick none, and no type-ahead search."""
    with nullcontext() if drawable else pytest.raises(ValueError, match="a choice among"):
        Input("pick", "Which", InputKind.CHOICE, options=options, least=least, type_ahead=not known)


WORDS = st.text(min_size=0, max_size=400)


@given(WORDS, WORDS, st.integers(1, 5))
def test_whatever_is_written_makes_a_form_that_slack_takes(words: str, value: str, most: int) -> None:
    """Slack takes a form with any words in it, also empty or too long ones: Parley sends all of them as plain text."""
    choices = tuple(Choice(words, str(number), value) for number in range(5))
    picked = Input("pick", words, InputKind.SELECT, words, options=choices, most=most)
    visible = Input("see", words, InputKind.CHOICE, words, options=choices, most=most)
    line = Input("line", words, value=value, longest=300, hint=value)
    view = modal(Form(Action("ask"), words, (line, picked, visible)))
    assert "mrkdwn" not in json.dumps(view["blocks"])


def test_what_was_filled_in_comes_back() -> None:
    """Parley reads a modal's answers by the input's name: words as a string, picks as a tuple, either possibly empty.

    The channel isn't among the answers.
    """
    option = {"value": "a"}
    values = {
        "line": {"line": {"type": "plain_text_input", "value": None}},
        "one": {"one": {"type": "static_select", "selected_option": option}},
        "none": {"none": {"type": "static_select", "selected_option": None}},
        "radio": {"radio": {"type": "radio_buttons", "selected_option": option}},
        "boxes": {"boxes": {"type": "checkboxes", "selected_options": []}},
        "several": {"several": {"type": "multi_static_select", "selected_options": [option, {"value": "b"}]}},
        forms.WHERE: {forms.WHERE: {"type": "conversations_select", "selected_conversation": "C9"}},
    }
    view = {"state": {"values": values}}
    assert forms.answers(view) == {
        "line": "",
        "one": ("a",),
        "none": (),
        "radio": ("a",),
        "boxes": (),
        "several": ("a", "b"),
    }
    assert forms.channel_of(view) == "C9"
    assert forms.answers({}) == {}
    assert forms.channel_of({}) == ""


def test_the_fields_of_a_question_are_one_answer() -> None:
    """Parley joins the option fields by their numbers, and leaves out empty ones.

    A picked date, written in UTC, goes before a typed one.
    """
    words = {"10": "Ten", "2": "Two", "3": None}
    typed = {"type": "external_select", "selected_option": {"value": "friday 18:00"}}
    values: dict[str, dict[str, Any]] = {
        **{f"options:{n}": {f"options:{n}": {"type": "plain_text_input", "value": w}} for n, w in words.items()},
        "options": {"options": {"type": "plain_text_input", "value": "One"}},
        "closes": {"closes:typed": typed},
        "closes:at": {"closes:at": {"type": "datetimepicker", "selected_date_time": 1_796_000_000}},
    }
    picked = datetime.fromtimestamp(1_796_000_000, UTC)
    answers = {"options": "One\nTwo\nTen", "closes": f"{picked:%Y-%m-%d %H:%M} UTC"}
    assert forms.answers({"state": {"values": values}}) == answers
    values["closes:at"]["closes:at"] = {"type": "datetimepicker", "selected_date_time": None}
    assert forms.answers({"state": {"values": values}}) == {**answers, "closes": "friday 18:00"}


@pytest.mark.parametrize("metadata", ["", "[]", "3", "null", '{"action": 3}', "{"])
def test_metadata_of_no_form_of_ours(metadata: str) -> None:
    """Metadata that Parley didn't write decodes to a form without an action."""
    assert forms.FormOrigin.decode(metadata) == forms.FormOrigin("")


def test_metadata_comes_back() -> None:
    """Parley reads a form's metadata back as it wrote it, and ignores a field that an older version added."""
    origin = forms.FormOrigin("v1:ask", "C1", "1.1", "https://hooks.example/1")
    assert forms.FormOrigin.decode(origin.encode()) == origin
    assert forms.FormOrigin.decode(json.dumps({**json.loads(origin.encode()), "least": {"pick": 2}})) == origin


def test_a_home_tab_of_any_length() -> None:
    """A Home tab has at most 100 blocks, and the last one is an ellipsis if Parley left out cards."""
    cards = tuple(Card(title=f"Card {n}", controls=(Button("Go", Action("go", (str(n),))),)) for n in range(90))
    view = payloads.view(home_view(Reply(cards), translator("en")), no_file)
    assert len(view["blocks"]) == 100
    assert view["blocks"][-1] == render.more()[0]


def test_a_picture_says_what_it_shows() -> None:
    for alt in ("Green 2", "", "long " * 900):
        drawn = render.picture("F1", alt)
        check_message({"text": drawn.text, "blocks": drawn.blocks})
