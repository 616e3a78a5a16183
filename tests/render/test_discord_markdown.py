"""Law 7 on Discord: any text that a person wrote stays text."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.markdown import escape_line, link, markdown
from adapters.discord.render import card_text
from bot.chat.markup import (
    Bold,
    ChannelMention,
    Code,
    CommandMention,
    Emoji,
    Inline,
    Italic,
    Item,
    Link,
    Paragraph,
    Plain,
    Quote,
    RoleMention,
    Time,
    bullets,
    clean,
    paragraph,
    text,
)
from bot.chat.vocabulary import Card, Field
from tests.transcripts.discord_driver import as_displayed

SIGNS = "\\`*_~|<>[]()#@:-+.!&/1a é\u200d👩"
anything = st.one_of(st.text(SIGNS), st.text()).map(clean)

HOSTILE = (
    "@everyone",
    "@here",
    "<@123456789012345678>",
    "<@!123456789012345678>",
    "<@&123456789012345678>",
    "<#123456789012345678>",
    "</fact:123456789012345678>",
    "<id:guide>",
    "<t:1700000000:R>",
    "<a:party:123456789012345678>",
    ":tada:",
    "# heading",
    "### heading",
    "-# small",
    "- item",
    "* item",
    "+ item",
    "1. item",
    "  2) item",
    "> quote",
    ">>> quote",
    "**bold** __under__ *it* _it_ ~~gone~~ ||spoiler||",
    "`code` ```block```",
    "[label](https://example.org)",
    "https://example.org/path",
    "<https://example.org>",
    "a\\",
    "\\*not\\*",
    "¯\\_(ツ)_/¯",
)


def alive(line: str) -> str:
    """Return the signs of a rendered line that Discord could read as formatting, without the escaped ones."""
    bare = re.sub(r"\\[^0-9A-Za-z\s]", "", line)
    signs = re.findall(r"[\\`*_~|<\[\]@]|:\S", bare)
    start = re.match(r"\s*(?:[-+>#]|\d+[.)])", re.sub(r"\\([^0-9A-Za-z\s])", "x", line))
    return "".join(signs) + (start[0] if start else "")


@pytest.mark.parametrize("written", HOSTILE)
def test_nothing_that_people_write_is_live(written: str) -> None:
    for rendered in (
        markdown(text(written)),
        escape_line(written),
        card_text(Card(footer=written)).removeprefix("-# "),
    ):
        assert alive(rendered) == ""
        assert as_displayed(rendered) == written


@given(anything)
def test_every_text_reads_as_it_was_written(written: str) -> None:
    rendered = markdown((Paragraph((Plain(written),)),))
    assert alive(rendered) == ""
    assert as_displayed(rendered) == written


@given(
    st.lists(st.builds(lambda kind, words: kind(words), st.sampled_from((Plain, Bold, Italic)), anything), max_size=5)
)
def test_pieces_side_by_side_read_as_they_were_written(pieces: list[Plain | Bold | Italic]) -> None:
    """Pieces side by side form no new formatting, such as a list from `1` and `. x`, or `****` from two bold words."""
    rendered = markdown((Paragraph(tuple(pieces)),))
    assert as_displayed(rendered) == "".join(piece.text for piece in pieces)
    marks = re.sub(r"\\.", "x", rendered)
    assert "****" not in marks
    assert "__" not in marks


@given(anything)
def test_code_is_code_or_plain(written: str) -> None:
    rendered = markdown((Paragraph((Code(written),)),))
    assert rendered.replace("`", "") == written or as_displayed(rendered) == written


def test_blocks() -> None:
    """Parley draws paragraphs, quotes, lists and styles in Discord's Markdown, and escapes members' words in them."""
    content = text(
        "First",
        paragraph("Second, ", Bold("bold "), Italic("italic"), ", ", Code("code")),
        Quote((Plain("> quoted"),)),
        bullets(["one", "# two"]),
        bullets(["a"], numbered=True),
        Item((Plain("1. nested"),), 2),
    )
    assert markdown(content).split("\n") == [
        "First",
        "",
        "Second, **bold** _italic_, `code`",
        "> \\> quoted",
        "- one",
        "- \\# two",
        "",
        "1. a",
        "2. 1\\. nested",
    ]


def test_times_and_roles_are_drawn_by_discord() -> None:
    when = datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert (
        markdown(text(paragraph(Time(when, "noon"), " ", RoleMention("123456789012345678", "@mods"))))
        == "<t:1795608000:f> (<t:1795608000:R>) <@&123456789012345678>"
    )
    assert markdown(text(paragraph(RoleMention("U<b", "@mods")))) == "\\@mods"
    assert markdown(text(paragraph(ChannelMention("123456789012345678", "office")))) == "<#123456789012345678>"
    assert markdown(text(paragraph(ChannelMention("#off_ice", "#off_ice")))) == "\\#off\\_ice"


ID = "123456789012345678"


@pytest.mark.parametrize(
    ("pieces", "drawn"),
    [
        ((Emoji("🍵", "<:tea:12>"), Emoji("🍵", "<a:tea:12>")), "<:tea:12><a:tea:12>"),
        ((Emoji("🍵", "<@12>"), Emoji(":tea:", ":tea:")), "🍵\\:tea:"),
        ((CommandMention("/ask", ID),), f"</ask:{ID}>"),
        ((CommandMention("/ask", "1", code=True), CommandMention("/ask")), "`/ask`/ask"),
        ((RoleMention(ID, "crew"), RoleMention(ID, "crew")), f"<@&{ID}><@&{ID}>"),
        ((Bold(" a "), Bold("b")), " **a b**"),
        ((Bold(" a "),), " **a** "),
        ((Bold(" "), Italic("")), " "),
        ((Italic("a"), Plain("b-")), "ab-"),
        ((Italic("a"), Plain(" b")), "_a_ b"),
        ((Italic("a "), Plain("b")), "_a_ b"),
        ((Italic("a"), Plain(""), Bold("b")), "_a_**b**"),
        ((Bold("a"), Plain(""), Bold("b")), "**ab**"),
        ((Italic("a"),), "_a_"),
        ((Link("", "https://a.org"), Link(" ", "https://a.org")), "<https://a.org><https://a.org>"),
        ((Plain("a\nb"), Code("c"), Code(" ")), "a b`c` "),
    ],
)
def test_each_piece_is_drawn_as_discord_has_it(pieces: tuple[Inline, ...], drawn: str) -> None:
    """Parley writes Discord's mentions and emoji as such, and sets marks only where Discord reads them."""
    assert markdown((Paragraph(pieces),)) == drawn


def test_two_kinds_of_lists_stand_apart() -> None:
    """An empty line stands between a bulleted and a numbered list, but not between a list's items or before a quote."""
    points, numbers = Item((Plain("a"),)), Item((Plain("b"),), 1)
    assert markdown((points, points, numbers, points)) == "- a\n- a\n\n1. b\n\n- a"
    assert markdown((points, Quote((Plain("q"),)), numbers)) == "- a\n> q\n1. b"


@pytest.mark.parametrize(
    ("label", "address", "drawn"),
    [
        ("Report", "https://example.org/a_b", "[Report](https://example.org/a_b)"),
        ("A_b*", "https://example.org/", "[A\\_b\\*](https://example.org/)"),
        ("Report", "https://example.org/a_(b)", "[Report](https://example.org/a_%28b%29)"),
        ("https://example.org/", "https://example.org/", "<https://example.org/>"),
        ("[2026] Report", "https://example.org/", "\\[2026\\] Report (<https://example.org/>)"),
        ("https://good.example", "https://bad.example/", "https\\://good.example (<https://bad.example/>)"),
        ("Click", "javascript:alert(1)", "Click (javascript\\:alert(1))"),
        ("Click", "https://a) @everyone", "Click (https\\://a) \\@everyone)"),
    ],
)
def test_a_link_leads_where_it_says(label: str, address: str, drawn: str) -> None:
    assert link(label, address) == drawn
    assert markdown(text(paragraph(Link(label, address)))) == drawn


def test_a_card_is_one_text() -> None:
    card = Card(
        title="# Title", body=text("Body"), fields=(Field("*Name*", text("Value")), Field("Empty", ())), footer="- foot"
    )
    assert card_text(card) == "### \\# Title\nBody\n\n**\\*Name\\***\nValue\n\n**Empty**\n\n-# \\- foot"
