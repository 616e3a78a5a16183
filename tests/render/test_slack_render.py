"""Parley draws every kind of reply as messages that Slack takes. Any text that a person wrote stays text (law 7)."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from adapters.slack import forms, render
from adapters.slack.decoding import unescape
from adapters.slack.texts import escape
from bot.chat.markup import Bold, Code, Italic, Item, Link, Plain, Quote, Time, bullets, clean, paragraph, text
from bot.chat.vocabulary import Action, Button, ButtonStyle, Card, Choice, Field, Form, Image, Reply, Select
from bot.i18n import translator
from tests import gallery, golden
from tests.render.conftest import Replies
from tests.transcripts.slack_driver import check_message, controls, words
from tests.wire.slack import payloads
from tests.wire.slack.blocks import no_file

HOSTILE = (
    "<!channel> <!here> <!everyone>",
    "<@U123> <#C123> <!subteam^S1>",
    "<https://evil.example|good>",
    "https://example.org",
    "&lt;!channel&gt; &amp;amp;",
    "*bold* _it_ ~gone~ `code` ```block``` > quote",
    ":tada:",
    "@channel @here",
)


def test_gallery(replies: Replies) -> None:
    """Each reply keeps Slack's limits, and each in `LOOKED_AT` equals the golden file that a person looked at.

    `slack_sdk`'s models read each block and write it back unchanged, and the local Slack suspects none of them.
    """
    for name, reply in replies.items():
        drawn = _form(reply.form) if reply.form else _messages(reply)
        if name in gallery.LOOKED_AT:
            golden.check(f"slack/{name}.json", json.dumps(drawn, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    assert golden.leftovers("slack", {f"{name}.json" for name in gallery.LOOKED_AT}) == set()


def _messages(reply: Reply) -> list[dict[str, Any]]:
    drawn_messages: list[dict[str, Any]] = [
        {"text": message.text, "blocks": message.blocks} for message in render.messages(reply)
    ]
    for message in drawn_messages:
        check_message(message)
        payloads.message(message, no_file)
        assert [block.to_dict() for block in Block.parse_all(message["blocks"])] == message["blocks"]
        assert list(payloads.suspicions(message, public=True)) == []
    return drawn_messages


def _form(form: Form) -> dict[str, Any]:
    origin = forms.origin_of(form, channel="C1", thread="", url="https://hooks.example/1")
    return payloads.view(forms.view(form, origin, translator("en")), no_file)


def drawn(card: Card) -> render.SlackMessage:
    (message,) = render.messages(Reply((card,)))
    check_message({"text": message.text, "blocks": message.blocks})
    return message


def live(message: str) -> list[str]:
    """Return the signs of a text that Slack would read as a mention, a link or an entity."""
    return re.findall(r"[<>]|&(?!amp;|lt;|gt;)", message)


@pytest.mark.parametrize("written", HOSTILE)
def test_nothing_that_people_write_is_live(written: str) -> None:
    """A member's words stand unchanged in blocks in which Slack reads no markup, and escaped in the message's text."""
    controlled = (Button(written, Action("a")), Select(Action("b"), written, (Choice(written, "x", written),)))
    message = drawn(Card(title=written, body=text(written), fields=(Field(written, text(written)),), footer=written))
    assert live(message.text) == []
    assert unescape(message.text).split("\n") == [written] * 5
    assert words(message.blocks).split("\n") == [written] * 5
    kinds = {part["type"] for part in _objects(message.blocks) if "type" in part}
    assert kinds == {"header", "plain_text", "rich_text", "rich_text_section", "text", "context"}
    assert all(part["emoji"] is False for part in _objects(drawn(Card(controls=controlled)).blocks) if "emoji" in part)


def _objects(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [part for item in value for part in _objects(item)]
    if isinstance(value, dict):
        return [value, *(part for item in value.values() for part in _objects(item))]
    return []


@given(st.one_of(st.text("<>&;ampltg!@# "), st.text()).map(clean))
def test_every_text_reads_as_it_was_written(written: str) -> None:
    assert unescape(escape(written)) == written
    assert live(escape(written)) == []
    message = drawn(Card(title="t", body=text(paragraph(Plain(written), Bold(written)))))
    assert live(message.text) == []
    if written.strip():
        assert words(message.blocks).split("\n", 1)[1] == written * 2


def test_blocks_of_a_text() -> None:
    """Slack gets a text as one rich text: paragraphs with styles, links and dates, quotes, and lists that count on.

    An address that isn't a web address is text.
    """
    when = Time(datetime(2026, 11, 25, 12, tzinfo=UTC), "noon")
    content = text(
        "First",
        paragraph("Second ", Bold("b"), Italic("i"), Code("c"), Link("l", "https://example.org/"), when),
        Quote((Plain("q"),)),
        bullets(["x", "y"]),
        Item((Plain("third"),), 3),
        Item((Plain("fourth"),), 4),
        Item((Plain("tenth"),), 10),
        paragraph(Link("bad", "javascript:alert(1)")),
    )
    (rich,) = drawn(Card(body=content)).blocks
    section, quoted, bulleted, counted, tenth, last = rich["elements"]
    assert [piece["type"] for piece in section["elements"]] == [*["text"] * 6, "link", "date"]
    assert section["elements"][1]["text"] == "\n\n"
    assert [piece.get("style") for piece in section["elements"][3:6]] == [
        {"bold": True},
        {"italic": True},
        {"code": True},
    ]
    assert section["elements"][7] == {
        "type": "date",
        "timestamp": 1795608000,
        "format": "{date_long_pretty} {time}",
        "fallback": "noon",
    }
    assert quoted["type"] == "rich_text_quote"
    assert (bulleted["style"], len(bulleted["elements"])) == ("bullet", 2)
    assert (counted["style"], counted["offset"], len(counted["elements"])) == ("ordered", 2, 2)
    assert tenth["offset"] == 9
    assert last["elements"][0]["text"] == "bad (javascript:alert(1))"


def test_controls() -> None:
    """Slack gets buttons with their styles, and selects with the chosen options and the most that a member can pick."""
    given_controls = (
        Button("Go", Action("go"), style=ButtonStyle.PRIMARY),
        Button("Stop", Action("stop"), style=ButtonStyle.DANGER),
        Button("Read", url="https://example.org/"),
        Select(Action("one"), "One", (Choice("a", "1", "first"), Choice("b", "2", chosen=True))),
        Select(Action("some"), "Some", (Choice("a", "1", chosen=True), Choice("b", "2", chosen=True)), most=2),
    )
    blocks = drawn(Card(controls=given_controls)).blocks
    assert [block["type"] for block in blocks] == ["actions", "actions", "section"]
    go, stop, read, one, some = controls(blocks)
    assert (go["style"], stop["style"]) == ("primary", "danger")
    assert (read["action_id"], read["url"]) == ("link#0", "https://example.org/")
    assert one["initial_option"]["value"] == "2"
    assert some["max_selected_items"] == 2
    assert [option["value"] for option in some["initial_options"]] == ["1", "2"]


def test_a_title_that_leads_somewhere_is_a_link() -> None:
    (rich,) = drawn(Card(title="Report", url="https://example.org/")).blocks
    assert rich["elements"][0]["elements"] == [
        {"type": "link", "url": "https://example.org/", "text": "Report", "style": {"bold": True}}
    ]


def test_cards_are_parted_and_pictures_told_in_words() -> None:
    """A divider separates cards, and a picture's alternative text stands below the card's own text.

    Slack gets the picture later or never.
    """
    (message,) = render.messages(Reply((Card(title="One"), Card(title="Two", image=Image("<svg/>", "Tea leads.")))))
    assert [block["type"] for block in message.blocks] == ["header", "divider", "header", "context"]
    assert "Tea leads." in message.text
    result_card = Card(title="Two", body=text("Green 2, Black 1"), image=Image("<svg/>", "Tea leads."))
    assert drawn(result_card).text == "Two\nGreen 2, Black 1\nTea leads."
    assert [block["type"] for block in drawn(result_card).blocks] == ["header", "rich_text", "context"]


def test_what_there_is_nothing_to_see_of_is_still_a_message() -> None:
    blank = Card(title=" ", controls=(Button(" ", Action("a")), Select(Action("b"), " ", (Choice(" ", "x"),))))
    drawn(Card())
    drawn(blank)
