"""The tests' drawing of Slack's blocks shows every word as written and formatting as such, and holds no script."""

from __future__ import annotations

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from adapters.http.html import Html
from adapters.slack import render as slack_render
from bot.chat.markup import Bold, Code, Italic, Link, Plain, bullets, clean, paragraph, quote, text
from bot.chat.vocabulary import Action, Button, Card, Choice, Image, Reply, Select
from tests.render import slack_blocks
from tests.render.conftest import Replies

TAG = re.compile(r"<[^>]*>")
SIGNS = "\\`*_~|<>[]()#@:-+.!&/1a \"'é"
anything = st.one_of(st.text(SIGNS), st.text()).map(clean).map(str.strip).filter(bool)


def words(drawn: Html) -> str:
    """Return the words of a drawing, separated by single spaces."""
    return " ".join(html.unescape(TAG.sub(" ", drawn)).split())


def squeezed(words: str) -> str:
    return "".join(words.split())


def test_every_reply_is_drawn_with_all_its_words(replies: Replies) -> None:
    """The drawing of each reply shows its cards' titles, labels and footers, and knows every kind of block in it."""
    for name, reply in replies.items():
        if reply.form is not None:
            continue
        drawn = words(Html("".join(slack_blocks.draw(message.blocks) for message in slack_render.messages(reply))))
        assert " block)" not in drawn
        for card in reply.cards:
            assert squeezed(card.title) in squeezed(drawn), name
            assert squeezed(card.footer) in squeezed(drawn), name
            for control in card.controls:
                assert squeezed(control.label)[:20] in squeezed(drawn), name


pieces = st.one_of(anything.map(Plain), anything.map(Bold), anything.map(Italic), anything.map(Code))


@given(st.lists(pieces, min_size=1, max_size=4))
def test_slack_shows_what_was_written(inlines: list[Plain | Bold | Italic | Code]) -> None:
    """A Slack message shows a member's words letter by letter, also in bold, in italics and as code."""
    message = slack_render.message(Reply((Card(body=(paragraph(*inlines),)),)))
    expected = squeezed("".join(piece.text for piece in inlines))
    assert squeezed(html.unescape(TAG.sub("", slack_blocks.draw(message.blocks)))) == expected


HOSTILE = "<img src=x onerror=alert(1)> <script>alert(1)</script> \"' [a](javascript:alert(1)) https://example.org"


def test_nothing_in_a_drawing_can_run() -> None:
    """Markup that an editor or a member wrote stays text, and only an http or https address becomes a link."""
    card = Card(
        title=HOSTILE,
        body=text(HOSTILE, quote(HOSTILE), bullets([HOSTILE]), paragraph(Link(HOSTILE, "javascript:alert(1)"))),
        footer=HOSTILE,
        controls=(
            Button(HOSTILE[:70], url="javascript:alert(1)"),
            Select(Action("pick", ("card",)), HOSTILE[:70], (Choice(HOSTILE[:70], "a", HOSTILE[:70]),)),
        ),
    )
    drawn = slack_blocks.draw(slack_render.message(Reply((card,))).blocks)
    assert "<img" not in drawn
    assert "<script" not in drawn
    assert not re.search(r'href="(?!https?://)', drawn)


def test_formatting_is_drawn_as_formatting() -> None:
    """The drawing has HTML elements for bold, italics, code, quotes, numbered lists, links and headings."""
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
    drawn = slack_blocks.draw(slack_render.message(Reply((card,))).blocks)
    for tag, inner in (("strong", "bold"), ("em", "slanted"), ("code", "code")):
        assert f"<{tag}>{inner}</{tag}>" in drawn
    assert '<h4 class="title" dir="auto">Heading</h4>' in drawn
    assert '<a href="https://example.org/a_b" rel="noopener noreferrer" target="_blank">words</a>' in drawn
    assert re.search(r"<blockquote[^>]*>said</blockquote>", drawn)
    assert re.search(r"<ol><li[^>]*>one</li><li[^>]*>two</li></ol>", drawn)
    assert re.search(r'<p class="small"[^>]*>small print</p>', drawn)


def test_a_picture_is_drawn_as_its_words() -> None:
    """The alternative text of a picture stands in its place."""
    card = Card(title="Chart", image=Image("<svg/>", "Tea has 3 votes."))
    assert "Tea has 3 votes." in slack_blocks.draw(slack_render.message(Reply((card,))).blocks)


def test_a_kind_that_is_not_drawn_is_named() -> None:
    """The drawing names a block of an unknown kind instead of leaving it out."""
    assert "(video block)" in slack_blocks.draw([{"type": "video"}])
