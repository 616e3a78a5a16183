"""The exact places at which texts are shortened and split, and the characters that cleaning removes."""

from __future__ import annotations

import pytest

from bot.chat.markup import (
    ELLIPSIS,
    Bold,
    Code,
    CommandMention,
    Item,
    Link,
    Paragraph,
    Plain,
    Quote,
    RoleMention,
    Text,
    clean,
    clean_lines,
    coded,
    linkable,
    paragraph,
    plain,
    quote,
    shorten,
    shorten_by,
    shorten_words,
    split,
    text,
)
from bot.i18n import Sentence


@pytest.mark.parametrize(
    ("written", "most", "shortened"),
    [
        ("12345", 6, "12345"),
        ("12345", 5, "12345"),
        ("12345", 4, "123…"),
        ("12345", 1, "…"),
        ("12345", 0, ""),
        ("12345", -1, ""),
        ("12 45", 4, "12…"),
        ("", 0, ""),
        ("ae\u0301io", 4, "ae\u0301…"),
        ("ae\u0301io", 3, "a…"),
        ("👍🏽abc", 2, "👍…"),
        ("x👍🏽abc", 3, "x…"),
        ("👩\u200d🔬abc", 4, "👩\u200d🔬…"),
        ("x👍🏻abc", 3, "x…"),
        ("x👍🏿abc", 3, "x…"),
        ("x👍\U0001f3faabc", 3, "x👍…"),
        ("x👍\U0001f400abc", 3, "x👍…"),
        ("x👩\u200d🔬abc", 4, "x…"),
        ("x👩\u200d🔬abc", 3, "x…"),
    ],
)
def test_words_are_shortened_to_whole_characters(written: str, most: int, shortened: str) -> None:
    """A shortened text keeps to its limit, mark included, and never parts a letter from its accent or an emoji from
    its pieces."""
    assert shorten(written, most) == shortened
    assert shorten_by(written, most, len) == shortened


def test_a_chain_of_marks_is_cut_after_all() -> None:
    """A cut moves back up to 15 places to keep a character whole; a longer chain of marks is cut inside."""
    marks = "\u0301" * 30
    assert shorten(f"xxxxxa{marks}", 21) == f"xxxxx{ELLIPSIS}"
    assert shorten(f"xxxxa{marks}", 21) == f"xxxxa{marks[:15]}{ELLIPSIS}"


@pytest.mark.parametrize(
    ("written", "most", "shortened"),
    [
        ("tea and milk", 12, "tea and milk"),
        ("tea and milk", 11, "tea and…"),
        ("tea, and milk", 8, "tea, an…"),
        ("tea milk, and", 10, "tea milk…"),
        ("a verylongword", 10, "a verylon…"),
        ("12345 789", 8, "12345…"),
        ("1234 6789", 8, "1234 67…"),
    ],
)
def test_a_sentence_is_cut_between_words_where_that_keeps_half(written: str, most: int, shortened: str) -> None:
    """A sentence is cut between words, without a comma before the cut, if that keeps more than half of its limit."""
    assert shorten_words(written, most) == shortened


@pytest.mark.parametrize(
    ("character", "shown"),
    [
        ("\t", " "),
        ("\n", " "),
        ("\r", " "),
        ("\u2028", " "),
        ("\u2029", " "),
        ("\x00", ""),
        ("\x1b", ""),
        ("\x7f", ""),
        ("\u202e", ""),
        ("\u2066", ""),
        ("\u200b", ""),
        ("\ufeff", ""),
        ("\u00ad", ""),
        ("\ud800", ""),
        ("\u200c", "\u200c"),
        ("\u200d", "\u200d"),
        ("\u00a0", "\u00a0"),
        ("é", "é"),
        ("<", "<"),
    ],
)
def test_what_cannot_be_seen_is_taken_away(character: str, shown: str) -> None:
    """Cleaning turns line ends and tabs into blanks and removes invisible characters, but keeps the joiners that
    words and emoji need."""
    assert clean(f"a{character}b") == f"a{shown}b"
    for made in (paragraph(f"a{character}b"), paragraph(Bold(f"a{character}b")), quote(Code(f"a{character}b"))):
        assert made.inlines[0].text == f"a{shown}b"


@pytest.mark.parametrize(
    ("written", "commands", "inlines"),
    [
        ("/a /b", ((0, 2), (3, 5)), (CommandMention("/a"), Plain(" "), CommandMention("/b"))),
        ("Try /a.", ((4, 6),), (Plain("Try "), CommandMention("/a"), Plain("."))),
        ("/a/b", ((0, 2), (2, 4)), (CommandMention("/a"), CommandMention("/b"))),
        ("Try it.", (), (Plain("Try it."),)),
    ],
)
def test_each_command_in_a_sentence_is_a_mention(
    written: str, commands: tuple[tuple[int, int], ...], inlines: tuple[Plain | CommandMention, ...]
) -> None:
    """Each command in a sentence becomes a mention; the words around it stay, and no piece is empty."""
    assert paragraph(Sentence(written, commands)).inlines == inlines


def test_lines_stay_lines() -> None:
    """`clean_lines` cleans each line and keeps the line ends."""
    assert clean_lines("a\tb\nc\u202ed") == "a b\ncd"


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("https://example.org/", True),
        ("http://example.org/a_(b)", True),
        ("https://", False),
        ("ftp://example.org/", False),
        ("javascript:alert(1)", False),
        (" https://example.org/", False),
        ("https://example.org/ x", False),
        ("https://example.org/<x>", False),
        ("https://example.org/|x", False),
        ('https://example.org/"x', False),
        ("https://example.org/\u202ex", False),
        ("https://example.org/\n", False),
        ("HTTPS://example.org/", False),
    ],
)
def test_what_may_be_a_link(address: str, may: bool) -> None:
    """A link needs an `http` or `https` address without a blank, an angle bracket, a bar, a quotation mark or an
    invisible character."""
    assert linkable(address) is may


@pytest.mark.parametrize(
    ("written", "pieces"),
    [
        ("plain", (Plain("plain"),)),
        ("a `b` c", (Plain("a "), Code("b"), Plain(" c"))),
        ("`b`", (Code("b"),)),
        ("a ` c", (Plain("a ` c"),)),
        ("a `b` ` c", (Plain("a "), Code("b"), Plain(" ` c"))),
        ("", ()),
    ],
)
def test_a_pair_of_backticks_makes_code(written: str, pieces: tuple[Plain | Code, ...]) -> None:
    """Words between two backticks are code; a single backtick stays as it is."""
    assert coded(written) == pieces


def words(pieces: list[Text]) -> list[str]:
    return [plain(piece) for piece in pieces]


def test_a_text_is_split_between_blocks_first() -> None:
    """A text is split between blocks; blocks that fit together, with the line end between them, stay together."""
    content = text("aaaa", "bbbb", "cccc")
    assert words(split(content, 14)) == ["aaaa\nbbbb\ncccc"]
    assert words(split(content, 13)) == ["aaaa\nbbbb", "cccc"]
    assert words(split(content, 9)) == ["aaaa\nbbbb", "cccc"]
    assert words(split(content, 8)) == ["aaaa", "bbbb", "cccc"]
    assert words(split(content, 4)) == ["aaaa", "bbbb", "cccc"]
    assert split((), 5) == []


def test_the_rest_of_a_long_block_stands_with_the_next() -> None:
    """The rest of a long block shares a part with the next block if both fit."""
    assert words(split(text("aaaaaa", "b"), 4)) == ["aaaa", "aa\nb"]
    assert words(split(text("aaaaaa", "bb"), 4)) == ["aaaa", "aa", "bb"]


@pytest.mark.parametrize(
    ("written", "most", "pieces"),
    [
        ("aaaa bbbb", 9, ["aaaa bbbb"]),
        ("aaaa bbbb", 8, ["aaaa bbb", "b"]),
        ("aaaaa bbb", 8, ["aaaaa ", "bbb"]),
        ("aaaa bbbb", 5, ["aaaa ", "bbbb"]),
        ("aa bbbbbbbbbb", 8, ["aa bbbbb", "bbbbb"]),
        ("aaaaa bbbbbbb", 8, ["aaaaa ", "bbbbbbb"]),
        ("aaaa bbbbbbbb", 8, ["aaaa bbb", "bbbbb"]),
        (" bbbbbbbb", 5, [" bbbb", "bbbb"]),
    ],
)
def test_a_block_is_split_at_a_blank_in_its_later_half(written: str, most: int, pieces: list[str]) -> None:
    """A long block is split after the last blank in the later half of what fits, or else where the part is full."""
    assert words(split(text(written), most)) == pieces


def test_a_piece_keeps_its_block_and_its_number() -> None:
    """Each part of a quote is a quote, and each part of an item carries its number."""
    parts = split((Quote((Bold("b" * 10),)),), 7)
    assert [type(block) for part in parts for block in part] == [Quote, Quote]
    assert all(isinstance(piece, Bold) for part in parts for block in part for piece in block.inlines)
    numbered = split((Item((Plain("b" * 10),), 3),), 8)
    assert [block.number for part in numbered for block in part if isinstance(block, Item)] == [3, 3]


ADDRESS = "https://example.org/"


@pytest.mark.parametrize("piece", [Link("source", ADDRESS), RoleMention("1", "the board of the tea")])
def test_what_leads_somewhere_is_never_cut(piece: Link | RoleMention) -> None:
    """A link or a role mention moves whole to the next part instead of being cut."""
    block = Paragraph((Plain("aaaa "), piece, Plain(" bbbb")))
    parts = split((block,), len(plain((Paragraph((piece,)),))))
    assert sum(piece in block.inlines for part in parts for block in part) == 1
    assert "".join(words(parts)) == plain((block,))


def test_a_link_that_fits_nowhere_loses_letters_of_its_label() -> None:
    """A link that is longer than the limit gets a shorter label; if no letter fits beside its address, the label
    stands as text."""
    link = Link("a long label of a source", ADDRESS)
    whole = len(plain((Paragraph((link,)),)))
    ((kept,),) = split((Paragraph((link,)),), whole - 1)
    assert kept.inlines == (Link("a long label of a sour…", ADDRESS),)
    ((plain_words,),) = split((Paragraph((link,)),), 10)
    assert plain_words.inlines == (Plain("a long la…"),)


def test_a_limit_without_room_is_a_bug() -> None:
    """A limit without room for one letter raises an error; a quote needs three characters, since its mark takes two."""
    assert words(split((Quote((Plain("ab"),)),), 3)) == ["> a", "> b"]
    with pytest.raises(ValueError, match="leaves no room"):
        split((Quote((Plain("ab"),)),), 2)
