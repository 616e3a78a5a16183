"""What `parley preview` draws of Discord's components and Slack's blocks: every word, and nothing that could run."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord import render as discord_render
from adapters.discord.markdown import markdown
from adapters.preview import blocks, cards, components
from adapters.preview.limits import Meter, of_reply
from adapters.slack import render as slack_render
from adapters.web.elements import Html
from bot.chat import Action, Button, Card, Choice, Image, Limits, Reply, Select
from bot.markup import Bold, Code, Italic, Link, Plain, Text, bullets, clean, paragraph, quote, text
from tests import gallery

TAG = re.compile(r"<[^>]*>")
SIGNS = "\\`*_~|<>[]()#@:-+.!&/1a \"'é"
anything = st.one_of(st.text(SIGNS), st.text()).map(clean).map(str.strip).filter(bool)


def words(drawn: Html) -> str:
    """What somebody reads, line ends and spaces aside."""
    return " ".join(html.unescape(TAG.sub(" ", drawn)).split())


def on_discord(reply: Reply) -> Html:
    """All messages of the reply, drawn."""
    made = [message.to_components() for message in discord_render.messages(reply)]
    return Html("".join(components.draw(message) for message in made))


def squeezed(said: str) -> str:
    return "".join(said.split())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replies(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Reply]:
    folder: Path = tmp_path_factory.mktemp("gallery")
    return await gallery.replies(folder)


@pytest.mark.asyncio(loop_scope="module")
async def test_every_reply_is_drawn_with_all_its_words(replies: Mapping[str, Reply]) -> None:
    """Titles, labels, options and small print of each kind of reply stand in both drawings; no kind is unknown."""
    for name, reply in replies.items():
        if reply.form is not None:
            continue
        discord = on_discord(reply)
        slack = "".join(blocks.draw(message.blocks) for message in slack_render.messages(reply))
        for drawn in (words(discord), words(Html(slack))):
            assert "component of kind" not in drawn
            assert " block)" not in drawn
            for card in reply.cards:
                assert squeezed(card.title) in squeezed(drawn), name
                assert squeezed(card.footer) in squeezed(drawn), name
                for control in card.controls:
                    assert squeezed(control.label)[:20] in squeezed(drawn), name


pieces = st.one_of(anything.map(Plain), anything.map(Bold), anything.map(Italic), anything.map(Code))


@given(st.lists(pieces, min_size=1, max_size=4))
def test_discord_shows_what_was_written(inlines: list[Plain | Bold | Italic | Code]) -> None:
    """Whatever people wrote, the drawing shows it letter by letter: marks are read back as they were made."""
    content: Text = (paragraph(*inlines),)
    expected = squeezed("".join(piece.text for piece in inlines))
    assert squeezed(html.unescape(TAG.sub("", components.markdown(markdown(content))))) == expected


@given(st.lists(pieces, min_size=1, max_size=4))
def test_slack_shows_what_was_written(inlines: list[Plain | Bold | Italic | Code]) -> None:
    """The same for Slack's pieces."""
    message = slack_render.message(Reply((Card(body=(paragraph(*inlines),)),)))
    expected = squeezed("".join(piece.text for piece in inlines))
    assert squeezed(html.unescape(TAG.sub("", blocks.draw(message.blocks)))) == expected


HOSTILE = "<img src=x onerror=alert(1)> <script>alert(1)</script> \"' [a](javascript:alert(1)) https://example.org"


def test_nothing_in_a_drawing_can_run() -> None:
    """What an editor or a member wrote is text; an address that is none of the web's is never a link."""
    card = Card(
        title=HOSTILE,
        body=text(HOSTILE, quote(HOSTILE), bullets([HOSTILE]), paragraph(Link(HOSTILE, "javascript:alert(1)"))),
        footer=HOSTILE,
        controls=(
            Button(HOSTILE[:70], url="javascript:alert(1)"),
            Select(Action("pick", ("card",)), HOSTILE[:70], (Choice(HOSTILE[:70], "a", HOSTILE[:70]),)),
        ),
    )
    discord = on_discord(Reply((card,)))
    slack = blocks.draw(slack_render.message(Reply((card,))).blocks)
    for drawn in (discord, slack):
        assert "<img" not in drawn
        assert "<script" not in drawn
        assert not re.search(r'href="(?!https?://)', drawn)


def test_formatting_is_drawn_as_formatting() -> None:
    """Bold, italics, code, quotes, lists with their numbers, links and headings look like themselves on both."""
    card = Card(
        title="Heading",
        body=text(
            paragraph(
                Bold("bold"), " ", Italic("slanted"), " ", Code("code"), " ", Link("words", "https://example.org/a_b")
            ),
            quote("said"),
            bullets(["one", "two"], numbered=True),
        ),
        footer="small print",
    )
    discord = on_discord(Reply((card,)))
    slack = blocks.draw(slack_render.message(Reply((card,))).blocks)
    for drawn in (discord, slack):
        for tag, inner in (("strong", "bold"), ("em", "slanted"), ("code", "code")):
            assert f"<{tag}>{inner}</{tag}>" in drawn
        assert '<h4 class="title" dir="auto">Heading</h4>' in drawn
        assert '<a href="https://example.org/a_b" rel="noopener noreferrer" target="_blank">words</a>' in drawn
        assert re.search(r"<blockquote[^>]*>said</blockquote>", drawn)
        assert re.search(r"<ol><li[^>]*>one</li><li[^>]*>two</li></ol>", drawn)
        assert re.search(r'<p class="small"[^>]*>small print</p>', drawn)


def test_a_picture_is_drawn_as_its_words() -> None:
    """Where a picture will stand, its alternative text stands."""
    card = Card(title="Chart", image=Image("<svg/>", "Tea has 3 votes."))
    assert "Tea has 3 votes." in on_discord(Reply((card,)))
    assert "Tea has 3 votes." in blocks.draw(slack_render.message(Reply((card,))).blocks)


def test_a_kind_that_is_not_drawn_is_named() -> None:
    """Nothing that a message holds is left out in silence."""
    assert "(video block)" in blocks.draw([{"type": "video"}])
    assert "(component of kind 99)" in components.draw([{"type": 99}])


@pytest.mark.parametrize(
    ("used", "word", "level"),
    [(0, "fits", "good"), (80, "fits", "good"), (81, "nearly full", "caution"), (100, "nearly full", "caution"), (101, "shortened", "bad")],
)  # fmt: skip
def test_a_meter_says_in_a_word_what_its_colour_says(used: int, word: str, level: str) -> None:
    """A limit may be reached; only beyond it something is shortened, and from four fifths on it is near."""
    meter = Meter("Title", used, 100)
    assert (meter.word, meter.level) == (word, level)


def test_meters_count_what_the_platform_counts() -> None:
    """A text that is too long for one card says that it will be split, a title that it will be shortened."""
    reply = Reply((Card(title="t" * 300, body=text("w" * 5000), footer="f", controls=(Button("Press", Action("x")),)),))
    meters = {meter.name: meter for meter in of_reply(reply, Limits(total=4000))}
    assert (meters["Title"].used, meters["Title"].most, meters["Title"].word) == (300, 256, "shortened")
    assert meters["Text of a card"].word == "split over two cards or more"
    assert (meters["Small print"].used, meters["Longest button"].used) == (1, 5)


def test_a_reply_that_is_split_is_counted_message_by_message() -> None:
    """Each message of a long reply has meters of its own, all within the platform's limits."""
    reply = Reply((Card(title="Long", body=text(*("word " * 300 for _ in range(8)))),))
    for shown in cards.drawn(reply):
        if shown.name in {"Discord", "Slack"}:
            own = [meter for meter in shown.meters if meter.name.startswith("Message ")]
            assert len(shown.messages) > 1
            assert len(own) == 2 * len(shown.messages)
            assert all(meter.used <= meter.most for meter in own)
