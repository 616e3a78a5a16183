"""An option's emoji stands in the button's emoji field or in its label, never in both."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.discord import components, render
from adapters.discord.decoding import decode, emoji_names, emoji_readings
from adapters.slack import render as slack
from adapters.slack.decoding import emoji_in
from bot.chat.emoji import emoji_inlines, leading_emoji
from bot.chat.markup import Emoji, Paragraph, Plain, paragraph, plain, text
from bot.chat.vocabulary import Action, Button, Card, Choice, Reply, Select

TEA, CUP = "<:tea:12345678901234567>", "<a:cup:22345678901234567>"


def labelled(name: str, mark: str = "") -> dict[str, Any]:
    """Return the label and the emoji that Discord gets for a button of this name."""
    drawn = components.button(Button(name, Action("vote"), emoji=leading_emoji(name, mark)))
    return {key: drawn[key] for key in ("label", "emoji") if key in drawn}


@pytest.mark.parametrize(
    ("name", "mark", "label", "emoji"),
    [
        ("🍕 Pizza", "", "Pizza", {"name": "🍕"}),
        ("🍕", "", None, {"name": "🍕"}),
        ("👩🏽‍🚀 Fly", "", "Fly", {"name": "👩🏽‍🚀"}),
        ("❤️ Love", "", "Love", {"name": "❤️"}),
        ("🇩🇪 Germany", "", "Germany", {"name": "🇩🇪"}),
        ("1️⃣ First", "", "First", {"name": "1️⃣"}),
        ("🍕🍕 Two", "", "🍕 Two", {"name": "🍕"}),
        (":tea: Green", TEA, "Green", {"name": "tea", "id": "12345678901234567"}),
        (":cup:", CUP, None, {"name": "cup", "id": "22345678901234567"}),
        (":tea~1: Green", TEA, "Green", {"name": "tea", "id": "12345678901234567"}),
    ],
)
def test_discord_gets_the_emoji_in_its_field(name: str, mark: str, label: str | None, emoji: dict[str, Any]) -> None:
    assert labelled(name, mark) == {"emoji": emoji} | ({"label": label} if label else {})


@pytest.mark.parametrize(
    "name",
    ["10:30: lunch", ":tea: Green", "Green :tea:", "Green 🍵", "★ Best", "© Parley", "1 more", "❤ Love", ":", "::"],
)
def test_what_is_no_emoji_stays_in_the_label(name: str) -> None:
    """A code of no known emoji stays in the label, and so do an emoji after a word, text symbols and digits."""
    assert labelled(name) == {"label": name}


def test_a_mark_of_another_platform_is_no_emoji_of_discord_s() -> None:
    assert labelled(":coffee: Now", ":coffee:") == {"label": ":coffee: Now"}


def test_a_list_s_option_always_has_words() -> None:
    """Discord requires a label in a list: an option that is only a custom emoji has its name as label.

    An option that is only a Unicode emoji has the emoji as label, and no emoji field.
    """
    for name, mark, expected in (
        ("🍕 Pizza", "", {"label": "Pizza", "emoji": {"name": "🍕"}}),
        ("🍕", "", {"label": "🍕"}),
        (":tea:", TEA, {"label": "tea", "emoji": {"name": "tea", "id": "12345678901234567"}}),
    ):
        drawn = components.option(Choice(name, "0", emoji=leading_emoji(name, mark)))
        assert {key: drawn[key] for key in ("label", "emoji") if key in drawn} == expected


def test_slack_keeps_the_code_in_the_label() -> None:
    """Slack draws emoji codes in a label if the option begins with an emoji, and otherwise shows them as text."""
    controls = (
        Button(":coffee: Now", Action("vote", ("0",)), emoji=leading_emoji(":coffee: Now", ":coffee:")),
        Button("10:30: lunch", Action("vote", ("1",)), emoji=leading_emoji("10:30: lunch")),
        Select(Action("vote"), "Pick", (Choice(":coffee:", "0", emoji=Emoji(":coffee:", ":coffee:")),)),
    )
    body = text(paragraph_of(":coffee: Now", ":coffee:"))
    blocks = slack.messages(Reply((Card(body=body, controls=controls),)))[0].blocks
    drawn = str(blocks)
    assert "{'type': 'plain_text', 'text': ':coffee: Now', 'emoji': True}" in drawn
    assert "{'type': 'plain_text', 'text': '10:30: lunch', 'emoji': False}" in drawn
    assert "{'type': 'plain_text', 'text': ':coffee:', 'emoji': True}" in drawn
    assert "{'type': 'emoji', 'name': 'coffee'}" in drawn


def paragraph_of(name: str, mark: str) -> Paragraph:
    return paragraph(*emoji_inlines(name, mark))


def test_texts_show_a_custom_emoji_on_its_platform_alone() -> None:
    """Discord draws its custom emoji in a text. Slack and plain text show the emoji's name."""
    body = text(paragraph_of(":tea: Green", TEA))
    (view,) = render.messages(Reply((Card(body=body),)))
    assert f"{TEA} Green" in str(view.to_components())
    assert plain(body) == ":tea: Green"
    assert ":tea:" in str(slack.messages(Reply((Card(body=body),)))[0].blocks)
    assert emoji_inlines("🍕 Pizza", "") == (Plain("🍕 Pizza"),)


def test_custom_emoji_of_one_name_stay_apart() -> None:
    """Parley numbers different custom emoji of one name, as Discord's client does: `:tea:`, `:tea~1:`, `:tea~2:`."""
    typed = "<:tea:1> Green | <:tea:2> Black | <a:tea:3> | <:tea:1>"
    readings = emoji_readings([typed])
    assert readings == {"<:tea:1>": ":tea:", "<:tea:2>": ":tea~1:", "<a:tea:3>": ":tea~2:"}
    assert decode(typed, emoji_names(readings)) == ":tea: Green | :tea~1: Black | :tea~2: | :tea:"


def test_slack_s_codes_are_read_from_what_was_typed() -> None:
    """Parley reads Slack's emoji codes from a command's text and a form's answers, not from the rest of the request."""
    state = {"values": {"a": {"options": {"value": ":tea: Green\n10:30: lunch"}}}}
    assert emoji_in({"view": {"state": state, "title": ":no:"}, "message": ":no:"}) == {
        ":tea:": ":tea:",
        ":30:": ":30:",
    }
    assert emoji_in({"text": "poll create :coffee:"}) == {":coffee:": ":coffee:"}
    assert emoji_in({}) == {}
