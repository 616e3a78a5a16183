"""Every kind of reply as Discord messages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.discord import render
from bot.chat import Action, Button, ButtonStyle, Card, Choice, Image, Reply, Select, Tone
from tests import gallery, golden
from tests.transcripts.discord_driver import check_message, sent, walk

Replies = Mapping[str, Reply]

PICTURED = ("counter", "fact", "facts", "nothing-found", "ranked-ballot-half", "single-poll", "source", "topic")
"""The replies whose golden files are kept: one of each kind."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replies(tmp_path_factory: pytest.TempPathFactory) -> Replies:
    folder: Path = tmp_path_factory.mktemp("gallery")
    return await gallery.replies(folder)


@pytest.mark.asyncio(loop_scope="module")
async def test_gallery(replies: Replies) -> None:
    """Each reply is within what Discord takes; one of each kind is held against its golden file."""
    for name, reply in replies.items():
        drawn = [sent(view) for view in render.messages(reply) if reply.form is None]
        for components in drawn:
            check_message(components)
        if name in PICTURED:
            golden.check(f"discord/{name}.json", json.dumps(drawn, ensure_ascii=False, indent=1) + "\n")
    assert golden.leftovers("discord", {f"{name}.json" for name in PICTURED}) == set()


def test_what_there_is_nothing_to_see_of_is_still_a_message() -> None:
    """Discord refuses an empty text and an empty label."""
    blank = Card(title=" ", controls=(Button(" ", Action("a")), Select(Action("b"), " ", (Choice(" ", "x"),))))
    for card in (Card(), blank):
        (view,) = render.messages(Reply((card,)))
        check_message(sent(view))


def test_rows() -> None:
    """Five buttons a row, a select alone; the order is kept."""
    buttons = tuple(Button(str(n), Action("b", (str(n),))) for n in range(7))
    select = Select(Action("s"), "s", (Choice("a", "a"),))
    (view,) = render.messages(Reply((Card(controls=(*buttons, select, buttons[0])),)))
    rows = [component for component in walk(sent(view)) if component["type"] == 1]
    assert [len(row["components"]) for row in rows] == [5, 2, 1, 1]


def test_styles_tones_and_chosen_options() -> None:
    controls = (
        Button("Go", Action("go"), style=ButtonStyle.PRIMARY),
        Button("Stop", Action("stop"), style=ButtonStyle.DANGER, disabled=True),
        Button("Read", url="https://example.org/"),
        Select(Action("s"), "Pick", (Choice("a", "1", "first"), Choice("b", "2", chosen=True)), least=0, most=9),
    )
    (view,) = render.messages(Reply((Card(title="x", tone=Tone.BAD, controls=controls),)))
    container, _, _, go, stop, read, _, select = walk(sent(view))
    assert container["accent_color"] == render.ACCENTS[Tone.BAD]
    assert (go["style"], stop["style"], read["style"]) == (1, 4, 5)
    assert stop["disabled"]
    assert read["url"] == "https://example.org/"
    assert (select["min_values"], select["max_values"]) == (0, 2)
    assert [option["default"] for option in select["options"]] == [False, True]


def test_a_picture_is_told_in_words_until_it_is_drawn() -> None:
    (view,) = render.messages(Reply((Card(title="Result", image=Image("<svg/>", "Tea leads.")),)))
    assert "-# Tea leads." in json.dumps(sent(view))
