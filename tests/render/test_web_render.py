"""Parley sends a reply to the chat page as data, with all its words and no live markup."""

from __future__ import annotations

import json
import re
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.html import safe_url
from adapters.web.render import LIMITS, card_data, form_data, reply_cards, text_data
from bot.chat.markup import Code, Link, Plain, paragraph, text
from bot.chat.vocabulary import Action, Card, Image, Reply, Select
from tests.browser.showcase import COLOURS, FORM, SVG, everything


def test_every_piece_of_a_card_is_carried() -> None:
    """The data for the page holds all of a card's text, fields and controls."""
    data = card_data(everything())
    assert (data["title"], data["url"], data["tone"]) == (
        "Everything <i>at once</i>",
        "https://example.org/card",
        "good",
    )
    assert [block["kind"] for block in data["body"]] == ["paragraph"] * 3 + ["quote"] + ["item"] * 4
    assert [block.get("number") for block in data["body"][4:]] == [None, None, 1, 2]
    assert [piece["kind"] for piece in data["body"][0]["inlines"]] == ["plain", "bold", "italic", "code"]
    assert data["body"][2]["inlines"][0]["at"] == "2026-11-25T12:00:00+00:00"
    assert [field["name"] for field in data["fields"]] == ["For", "Against"]
    assert data["footer"] == "Below the line"
    assert [control["kind"] for control in data["controls"]] == ["button"] * 4 + ["select"] * 2
    assert data["controls"][0]["action"] == "v1:count:1"
    assert [data["controls"][5][key] for key in ("least", "most")] == [2, 3]
    assert json.loads(json.dumps(data)) == data


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//example.org",
        "http://",
        "",
        "http://[",
        None,
    ],
)
def test_only_web_addresses_become_links(url: str | None) -> None:
    """The page links only to http and https addresses with a host."""
    assert safe_url(url) is None


def test_a_link_that_may_not_be_followed_is_shown_as_text() -> None:
    """A link to any other address becomes plain text, with the label and the address."""
    assert text_data(text(paragraph(Link("a trap", "javascript:alert(1)"))))[0]["inlines"] == [
        {"kind": "plain", "text": "a trap (javascript:alert(1))"}
    ]


def test_a_picture_travels_as_an_image_address() -> None:
    """The page gets an SVG picture only as the address of an `<img>`, where it can't run scripts."""
    image = card_data(Card(image=Image(SVG, "A teal bar")))["image"]
    kind, _, encoded = image["src"].partition(",")
    assert kind == "data:image/svg+xml;base64"
    drawn = b64decode(encoded).decode()
    assert re.sub("<style>.*?</style>", "", drawn, flags=re.DOTALL) == SVG
    assert "prefers-color-scheme:dark" in drawn
    assert "font/woff2;base64" in drawn
    assert image["alt"] == "A teal bar"


def test_a_form_carries_its_questions() -> None:
    """The data of a form holds its action, and each question's name, kind, label, hint, options and limits."""
    data = form_data(FORM)
    assert data["action"] == "v1:survey"
    assert [(field["name"], field["kind"], field["required"]) for field in data["inputs"]] == [
        ("name", "line", True),
        ("about", "lines", False),
        ("colour", "select", True),
        ("colours", "select", True),
        ("shade", "choice", True),
    ]
    for field, question in zip(data["inputs"], FORM.inputs, strict=True):
        for key in ("label", "hint", "longest", "least", "most"):
            assert field[key] == getattr(question, key)
        assert [option["label"] for option in field["options"]] == [option.label for option in question.options]
        assert [option["value"] for option in field["options"]] == [option.value for option in question.options]


def test_one_reply_is_one_message_however_long() -> None:
    """Parley splits a long reply into several cards of one message, and loses no words."""
    cards = reply_cards(Reply((Card(title="Long", body=text("word " * 20_000)),)))
    assert len(cards) > 1
    assert "".join(piece["text"] for card in cards for block in card["body"] for piece in block["inlines"]) == (
        "word " * 20_000
    )


def test_a_long_list_stays_one_list() -> None:
    """The page shows a select of 100 options whole."""
    options = tuple(COLOURS[0].__class__(f"Entry {n}", f"e{n}") for n in range(100))
    cards = reply_cards(Reply((Card(controls=(Select(Action("pick"), "Entries", options),)),)))
    assert [len(control["options"]) for card in cards for control in card["controls"]] == [100]
    assert LIMITS.options >= 100


@given(st.text(max_size=200))
def test_words_arrive_as_they_were_written(written: str) -> None:
    """The page gets words unescaped, since it only makes text nodes of them."""
    data = text_data((paragraph(Plain(written), Code(written)),)) if written else []
    assert [piece["text"] for block in data for piece in block["inlines"]] == [
        piece.text for piece in paragraph(Plain(written), Code(written)).inlines if written
    ]
