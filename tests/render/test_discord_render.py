"""Parley draws every kind of reply as messages that Discord takes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from discord.components import _component_factory

from adapters.discord import render
from adapters.discord.components import ACCENTS
from adapters.discord.forms import modal
from bot.chat.markup import Emoji, bullets, text
from bot.chat.vocabulary import Action, Attachment, Button, ButtonStyle, Card, Choice, Image, Reply, Select, Tone
from bot.i18n import translator
from tests import gallery, golden
from tests.render.conftest import Replies
from tests.transcripts.discord_driver import check_message, components_of, walk


def test_gallery(replies: Replies) -> None:
    """Each reply keeps Discord's limits, and each in `LOOKED_AT` equals the golden file that a person looked at."""
    for name, reply in replies.items():
        drawn: Any = [components_of(view) for view in render.messages(reply)]
        for components in drawn:
            check_message(components)
        if reply.form is not None:
            drawn = modal(reply.form, translator("en")).to_dict()
        if name in gallery.LOOKED_AT:
            golden.check(f"discord/{name}.json", json.dumps(drawn, ensure_ascii=False, indent=1) + "\n")
    assert golden.leftovers("discord", {f"{name}.json" for name in gallery.LOOKED_AT}) == set()


def test_the_library_reads_what_is_drawn(replies: Replies) -> None:
    """discord.py reads every component that Parley writes as plain JSON, with all its fields."""
    for name, reply in replies.items():
        for drawn in render.messages(reply):
            for component in components_of(drawn):
                read: Any = _component_factory(component)  # type: ignore[arg-type]  # as JSON it comes
                assert says(read, component), name


def says(read: Any, drawn: Any) -> bool:
    """Tell whether the component that the library read holds every drawn field."""
    fields = read.to_dict() if hasattr(read, "to_dict") else read
    if isinstance(drawn, dict):
        return all(key in fields and says(fields[key], value) for key, value in drawn.items())
    if isinstance(drawn, list):
        return len(fields) == len(drawn) and all(map(says, fields, drawn))
    return bool(fields == drawn)


def test_what_there_is_nothing_to_see_of_is_still_a_message() -> None:
    """Parley draws an empty or blank card as a message that Discord takes: Discord refuses an empty text or label."""
    blank = Card(title=" ", controls=(Button(" ", Action("a")), Select(Action("b"), " ", (Choice(" ", "x"),))))
    for card in (Card(), blank):
        (view,) = render.messages(Reply((card,)))
        check_message(components_of(view))


def test_rows() -> None:
    """A row holds up to five buttons or one select, and Parley keeps the order of the controls."""
    buttons = tuple(Button(str(n), Action("b", (str(n),))) for n in range(7))
    select = Select(Action("s"), "s", (Choice("a", "a"),))
    (view,) = render.messages(Reply((Card(controls=(*buttons, select, buttons[0])),)))
    rows = [component for component in walk(components_of(view)) if component["type"] == 1]
    assert [len(row["components"]) for row in rows] == [5, 2, 1, 1]


def test_styles_tones_and_chosen_options() -> None:
    controls = (
        Button("Go", Action("go"), style=ButtonStyle.PRIMARY),
        Button("Stop", Action("stop"), style=ButtonStyle.DANGER, disabled=True),
        Button("Read", url="https://example.org/"),
        Select(Action("s"), "Pick", (Choice("a", "1", "first"), Choice("b", "2", chosen=True)), least=0, most=9),
    )
    (view,) = render.messages(Reply((Card(title="x", tone=Tone.BAD, controls=controls),)))
    container, _, _, go, stop, read, _, select = walk(components_of(view))
    assert container["accent_color"] == ACCENTS[Tone.BAD]
    assert (go["style"], stop["style"], read["style"]) == (1, 4, 5)
    assert stop["disabled"]
    assert read["url"] == "https://example.org/"
    assert (select["min_values"], select["max_values"]) == (0, 2)
    assert [option["default"] for option in select["options"]] == [False, True]


def test_a_picture_stands_in_a_gallery_with_its_alt_text() -> None:
    """A card's picture stands between its title and its footer, with its alternative text as the description."""
    (view,) = render.messages(Reply((Card(title="Result", image=Image("<svg/>", "Tea leads."), footer="Poll p1"),)))
    title, gallery_, footer = components_of(view)[0]["components"]
    assert title["content"] == "### Result"
    assert gallery_["items"] == [{"media": {"url": "attachment://chart-1.png"}, "description": "Tea leads."}]
    assert footer["content"] == "-# Poll p1"
    assert [picture.name for picture in view.pictures] == ["chart-1.png"]


def lined(names: list[str], **more: Any) -> Card:
    lines = bullets(names, numbered=True)
    buttons = (
        Button(name, Action("vote", (str(n),)), line=line)
        for n, (name, line) in enumerate(zip(names, lines, strict=True))
    )
    return Card(
        title="Which?",
        body=text("Choose.", lines, "Terms."),
        controls=(*buttons, Button("My vote", Action("mine"))),
        **more,
    )


def test_lines_have_their_buttons_beside_them() -> None:
    """Each of up to eight lines stands beside its button, and not in the card's text as well."""
    (view,) = render.messages(Reply((lined([f"Tea {n}" for n in range(8)], footer="Poll p1"),)))
    check_message(components_of(view))
    kinds = [component["type"] for component in components_of(view)[0]["components"]]
    assert kinds == [10, 14, *[9] * 8, 14, 10, 1]
    texts = [component["content"] for component in walk(components_of(view)) if component["type"] == 10]
    assert texts[1:-1] == [f"**Tea {n}**" for n in range(8)]
    assert texts[-1] == "Terms.\n\n-# Poll p1"


def test_a_long_name_is_whole_beside_its_button() -> None:
    name = "A very long name of an option that no button has room for"
    (view,) = render.messages(Reply((lined([name, "B"]),)))
    section = next(component for component in walk(components_of(view)) if component["type"] == 9)
    assert section["components"][0]["content"] == f"**{name}**"
    assert len(section["accessory"]["label"]) <= render.LINE_LABEL_MAX


@pytest.mark.parametrize("count", [9, 25])
def test_more_lines_than_that_have_rows_of_buttons(count: int) -> None:
    """With nine lines or more, the buttons stand in rows below the text, and Discord accepts the message."""
    for view in render.messages(Reply((lined([f"Tea {n}" for n in range(count)]),))):
        check_message(components_of(view))
        assert 9 not in {component["type"] for component in walk(components_of(view))}


def test_hostile_names_stay_text_beside_their_buttons() -> None:
    """Parley escapes Markdown and mentions in an option's name, and removes direction marks and invisible signs."""
    (view,) = render.messages(Reply((lined(["**@everyone** <@1>", "# x \u202etea\u200b"]),)))
    first, second = (c["components"][0]["content"] for c in walk(components_of(view)) if c["type"] == 9)
    assert first == r"**\*\*\@everyone\*\* \<\@1>**"
    assert second == "**# x tea**"


def test_files_are_shown_below_the_cards() -> None:
    """Parley names each file in a component below the cards, since Discord hides an attachment that none names."""
    files = (Attachment("my data.csv", "a,b", "text/csv"),)
    (view,) = render.messages(Reply((Card(title="Export"),), files=files))
    assert components_of(view)[-1] == {"type": 13, "file": {"url": "attachment://my_data.csv"}}


MARK = "<:parley_supported_0a1b2c:1234567890123456789>"


def test_a_sign_is_drawn_as_the_applications_emoji() -> None:
    """A title's sign gives way to the emoji that marks it; the title's words stay text. Without a mark, the sign is
    text."""
    card = Card(title="✔ Supported_ *by* all", sign=Emoji("✔"))
    plain, marked = (render.card_text(each) for each in (card, replace(card, sign=Emoji("✔", MARK))))
    assert plain == r"### ✔ Supported\_ \*by\* all"
    assert marked == rf"### {MARK} Supported\_ \*by\* all"


@pytest.mark.parametrize("beyond", range(-60, 61, 4))
def test_a_message_has_room_for_its_signs(beyond: int) -> None:
    """The emoji of signs count against the 4,000 characters of a message. What no longer fits goes into another message,
    and nothing is lost."""
    words = ["x" * 1_150 + str(number) for number in range(2)] + ["y" * (1_500 + beyond)]
    cards = tuple(Card(title="✔ Supported", body=text(each), sign=Emoji("✔", MARK)) for each in words)
    drawn = [components_of(view) for view in render.messages(Reply(cards))]
    for message in drawn:
        check_message(message)
    together = "\n".join(each["content"] for message in drawn for each in walk(message) if "content" in each)
    assert all(each in together for each in words)
    assert together.count(MARK) == len(cards)
