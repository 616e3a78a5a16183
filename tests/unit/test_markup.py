"""Cleaning, shortening and splitting of texts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.markup import (
    ELLIPSIS,
    Block,
    Bold,
    Code,
    Inline,
    Italic,
    Item,
    Link,
    Paragraph,
    Plain,
    Quote,
    Text,
    Time,
    bullets,
    clean,
    clean_lines,
    coded,
    linkable,
    paragraph,
    plain,
    plain_length,
    quote,
    shorten,
    shorten_by,
    shorten_words,
    split,
    text,
)

words = st.text(max_size=300)
styled = st.builds(
    lambda kind, children: kind(children), st.sampled_from((Plain, Bold, Italic, Code)), words.map(clean)
)
blocks = st.builds(
    lambda kind, children: kind(tuple(children)),
    st.sampled_from((Paragraph, Quote, Item)),
    st.lists(styled, max_size=4),
)


def joined(texts: Iterable[Text]) -> str:
    return "".join(piece.text for content in texts for block in content for piece in block.inlines)


# --- cleaning ---


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("tea", "tea"),
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("right\u202eleft\u2066", "rightleft"),
        ("one\ttwo\nthree\u2028four", "one two three four"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("می\u200cخواهم 👩\u200d🌾", "می\u200cخواهم 👩\u200d🌾"),
        ("half \ud83d pair", "half  pair"),
    ],
)
def test_clean_takes_away_what_cannot_be_seen(written: str, expected: str) -> None:
    """Cleaning removes control and direction characters, invisible spaces and lone surrogates, and turns a tab or a
    line end into a space. The joiners within words and emoji stay."""
    assert clean(written) == expected


@given(words)
def test_clean_is_done_once_and_leaves_one_line(written: str) -> None:
    """Cleaned text is one line, and cleaning it again changes nothing."""
    assert clean(clean(written)) == clean(written)
    assert len(clean(written).splitlines()) <= 1


def test_clean_lines_keeps_line_ends() -> None:
    """Cleaning of several lines cleans each, and keeps it a line of its own."""
    assert clean_lines("a\u202eb\r\nc\x07") == "ab\nc"


# --- making ---


def test_what_people_write_is_cleaned_where_a_text_is_made() -> None:
    """A text cleans its words when it is made, leaves out empty ones, and numbers a numbered list from 1."""
    assert paragraph("a\nb", "", Bold("c\u202e")) == Paragraph((Plain("a b"), Bold("c")))
    assert quote("x") == Quote((Plain("x"),))
    assert text("one", "", paragraph("two"), bullets(["three"])) == (
        Paragraph((Plain("one"),)),
        Paragraph((Plain("two"),)),
        Item((Plain("three"),)),
    )
    assert [item.number for item in bullets(["a", "b"], numbered=True) if isinstance(item, Item)] == [1, 2]


def test_plain_text_needs_no_formatting() -> None:
    """Plain text shows quotes, lists and times without formatting, and a link's address after its label unless they
    are the same."""
    content = text(
        paragraph("Read ", Link("this", "https://example.org"), " by ", Time(datetime(2026, 1, 1, tzinfo=UTC), "noon")),
        quote("so it is"),
        bullets(["a"]),
        bullets(["b", "c"], numbered=True),
        paragraph(Link("https://example.org", "https://example.org")),
    )
    assert plain(content).splitlines() == [
        "Read this (https://example.org) by noon",
        "> so it is",
        "• a",
        "1. b",
        "2. c",
        "https://example.org",
    ]


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("https://example.org/a_(b)?c=d#e", True),
        ("http://example.org", True),
        ("javascript:alert(1)", False),
        ("https://a b", False),
        ("https://a>b", False),
        ("https://a|b", False),
        ("https://a\u202eb", False),
        ("ftp://example.org", False),
        ("", False),
    ],
)
def test_only_web_addresses_become_links(address: str, may: bool) -> None:
    """Only an http or https address without blanks, signs that end a link, or invisible characters may become a
    link."""
    assert linkable(address) is may


# --- shortening ---


@given(words, st.integers(0, 40))
def test_shorten_never_exceeds_and_shows_that_it_cut(written: str, most: int) -> None:
    """Shortened text has at most so many characters, and ends with “…” if something was cut and there is any room."""
    short = shorten(written, most)
    assert len(short) <= most
    if len(written) <= most:
        assert short == written
    elif most:
        assert short.endswith(ELLIPSIS)
        assert written.startswith(short.removesuffix(ELLIPSIS))


@given(words, st.integers(0, 40))
def test_a_sentence_is_cut_between_words(written: str, most: int) -> None:
    """A shortened sentence keeps to its limit and ends between words, unless its later half has no blank."""
    short = shorten_words(written, most)
    assert len(short) <= most
    if len(written) > most > 0:
        expected = short.removesuffix(ELLIPSIS)
        assert short.endswith(ELLIPSIS)
        assert written.startswith(expected)
        assert written[len(expected)] in " ,;:–" or " " not in written[most // 2 + 1 : most]


@pytest.mark.parametrize(
    ("written", "pieces"),
    [
        ("`kind` can't be 'claim'", (Code("kind"), Plain(" can't be 'claim'"))),
        ("write `a` or `b`", (Plain("write "), Code("a"), Plain(" or "), Code("b"))),
        ("one ` alone", (Plain("one ` alone"),)),
        ("`a` and one `", (Code("a"), Plain(" and one `"))),
        ("", ()),
    ],
)
def test_words_between_backticks_are_code(written: str, pieces: tuple[Inline, ...]) -> None:
    """Words between two backticks are code. A backtick without a partner stays as it is."""
    assert coded(written) == pieces


@given(words, st.integers(0, 60))
def test_shorten_by_counts_as_it_is_told(written: str, most: int) -> None:
    """Text can be shortened by a platform's own count: the result measures at most the limit and begins as the text
    does."""

    def doubled(each: str) -> int:
        return 2 * len(each)

    short = shorten_by(written, most, doubled)
    assert doubled(short) <= most
    assert short == written or written.startswith(short.removesuffix(ELLIPSIS))


@pytest.mark.parametrize(
    "whole",
    ["e\u0301", "👩\u200d🌾", "👍\U0001f3fd", "☎\ufe0f"],
    ids=["accent", "joined emoji", "skin tone", "variation"],
)
def test_a_cut_never_parts_a_character_from_its_pieces(whole: str) -> None:
    """Neither shortening nor splitting parts a letter from its accent, or an emoji from its pieces."""
    for most in range(3, 12):
        expected = shorten(f"ab{whole * 3}", most).removesuffix(ELLIPSIS).removeprefix("ab")
        assert expected == whole * (len(expected) // len(whole))
    for piece in split((paragraph(whole * 4),), len(whole) + 1):
        assert joined([piece]) == whole


# --- splitting ---


@given(st.lists(blocks, max_size=6).map(tuple), st.integers(12, 200))
def test_split_keeps_every_character_and_never_exceeds(content: tuple[Block, ...], most: int) -> None:
    """The pieces of a split text hold every character in order, and each has at most so many."""
    pieces = split(content, most)
    assert all(plain_length(piece) <= most for piece in pieces)
    assert joined(pieces) == joined([content])


@given(st.lists(blocks, max_size=4).map(tuple))
def test_what_fits_is_left_as_it_is(content: tuple[Block, ...]) -> None:
    """A text that fits is one piece and unchanged. An empty text has no pieces."""
    assert split(content, plain_length(content) + 1) == ([content] if content else [])


def test_split_cuts_between_blocks_before_it_cuts_inside_one() -> None:
    """A text is split between blocks if a block still fits whole into a piece."""
    content = text("a" * 6, "b" * 6, "c" * 6)
    assert split(content, 14) == [content[:2], content[2:]]


def test_split_cuts_at_a_space_where_one_is_near() -> None:
    """A block that is too long is split at a space rather than within a word."""
    first, second = split(text("some words here"), 12)
    assert (plain(first), plain(second)) == ("some words ", "here")


def test_a_piece_keeps_its_kind_and_its_styles() -> None:
    """The pieces of a quote are quotes, and bold words stay bold."""
    content: Text = (Quote((Bold("b" * 10), Plain("p" * 10))),)
    parts = split(content, 12)
    assert all(isinstance(block, Quote) for part in parts for block in part)
    kinds: list[type[Inline]] = [type(piece) for part in parts for block in part for piece in block.inlines]
    assert kinds == [Bold, Plain]


def test_a_link_is_never_cut() -> None:
    """A link that doesn't fit beside other words moves whole to the next part.

    A link that is longer than a part gets a shorter label, and stands as its label alone if not even one letter fits
    beside its address.
    """
    link = Link("label", "https://example.org")
    first, second = split((paragraph("before it ", link),), 30)
    assert second == (Paragraph((link,)),)
    assert plain(first) == "before it "
    long = Link("label " * 5, "https://example.org")
    ((expected,),) = split((paragraph(long),), 30)
    assert isinstance(expected.inlines[0], Link)
    assert expected.inlines[0].url == long.url
    assert expected.inlines[0].text.endswith(ELLIPSIS)
    ((alone,),) = split((paragraph(Link("label", "https://example.org/" + "x" * 40)),), 30)
    assert alone.inlines == (Plain("label"),)


def test_no_room_for_a_single_character_is_a_bug() -> None:
    """Splitting a text into pieces of no characters raises ValueError."""
    with pytest.raises(ValueError, match="no room"):
        split(text("a"), 0)
