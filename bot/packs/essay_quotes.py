"""The essay's words in a pack: each quote must stand in its paragraph, and all together may show little of the essay."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path

from bot.i18n import amount
from bot.packs.model import Fact
from bot.packs.pack import Pack
from bot.packs.reading import PACK_FILE, PackReading, Spot
from bot.packs.report import Quotes

MAX_QUOTE_WORDS = 40
MAX_QUOTED_SHARE = 0.5
MAX_ESSAY_BYTES = 4 * 1024 * 1024


def count_words(text: str) -> int:
    """Count words as the checker does."""
    return len(text.split())


def check_quotes(reading: PackReading, pack: Pack, essay: Path | None) -> Quotes:
    facts: list[Fact] = list(pack.all(Fact))
    sizes = [count_words(fact.essay.quote) for fact in facts]
    for fact, size in zip(facts, sizes, strict=True):
        if size > MAX_QUOTE_WORDS:
            message = f"`quote` has {size} words and may have {MAX_QUOTE_WORDS}: keep the words that make the claim"
            reading.add(reading.place(fact.id, "essay", "quote"), "long-quote", message)
        if fact.essay.paragraph > pack.info.essay.paragraphs:
            message = (
                f"the essay has {amount(pack.info.essay.paragraphs, 'paragraph')}, says {PACK_FILE}: correct the number"
            )
            reading.add(reading.place(fact.id, "essay", "paragraph"), "no-such-paragraph", message)
    quotes = Quotes(len(facts), sum(sizes), max(sizes, default=0))
    text = _read_essay(reading, essay) if essay is not None else None
    return quotes if text is None else _prove(reading, pack, facts, text, quotes)


def _read_essay(reading: PackReading, essay: Path) -> str | None:
    try:
        if not essay.is_file() or essay.stat().st_size > MAX_ESSAY_BYTES:
            message = "the essay is not a text file of reasonable size: correct the path"
        else:
            return essay.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        message = "the essay is not UTF-8 text: save it with the encoding UTF-8"
    except OSError as error:
        message = f"the essay can't be read ({error.strerror}): correct the path"
    reading.add(Spot(essay, 1, 1), "unreadable-essay", message)
    return None


def paragraphs_of(text: str, expected: int) -> list[str]:
    """An essay's paragraphs: blocks between empty lines or single lines, whichever gives the expected number."""
    blocks = [" ".join(block.split("\n")).strip() for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n"))]
    lines = [line.strip() for line in text.splitlines()]
    ways = [[part for part in parts if part] for parts in (blocks, lines)]
    fitting = [way for way in ways if len(way) == expected]
    return (fitting or [way for way in ways if len(way) > 1] or ways)[0]


def _prove(reading: PackReading, pack: Pack, facts: Sequence[Fact], text: str, quotes: Quotes) -> Quotes:
    paragraphs = paragraphs_of(text, pack.info.essay.paragraphs)
    if len(paragraphs) != pack.info.essay.paragraphs:
        message = f"the essay has {amount(len(paragraphs), 'paragraph')}, not {pack.info.essay.paragraphs}: correct the number"
        reading.add(reading.info_place("essay", "paragraphs"), "paragraph-count", message)
    covered = [bytearray(len(paragraph)) for paragraph in paragraphs]
    proved = 0
    for fact in facts:
        number, quote = fact.essay.paragraph, fact.essay.quote
        at = paragraphs[number - 1].find(quote) if number <= len(paragraphs) else -1
        if at >= 0:
            covered[number - 1][at : at + len(quote)] = b"\1" * len(quote)
            proved += 1
        elif number <= len(paragraphs):
            spot = reading.place(fact.id, "essay", "quote")
            reading.add(spot, "not-in-essay", _misquoted(paragraphs, number, quote))
    letters = sum(map(len, paragraphs))
    share = sum(map(sum, covered)) / letters if letters else 0.0
    if share >= MAX_QUOTED_SHARE:
        message = f"the quotes show {share:.0%} of the essay and must stay under {MAX_QUOTED_SHARE:.0%}: shorten them"
        reading.add(reading.info_place("essay"), "too-much-quoted", message)
    essay_words = sum(count_words(paragraph) for paragraph in paragraphs)
    return Quotes(quotes.spans, quotes.words, quotes.longest, proved, essay_words, share)


def _misquoted(paragraphs: Sequence[str], number: int, quote: str) -> str:
    """The reason why a quote isn't in its paragraph, with the nearest words there."""
    elsewhere = next((n for n, paragraph in enumerate(paragraphs, 1) if quote in paragraph), None)
    if elsewhere is not None:
        return f"these words stand in paragraph {elsewhere}, not {number}: correct the number"
    there = _nearest_words(paragraphs[number - 1], quote)
    if there is None:
        return (
            f"these words are not in paragraph {number} of the essay: copy them letter by letter, or correct the number"
        )
    return f"{_first_difference(quote, there)}: copy paragraph {number} letter by letter"


def _nearest_words(paragraph: str, quote: str) -> str | None:
    """The words of a paragraph that an editor probably copied; None if nothing is similar."""
    anchor = difflib.SequenceMatcher(None, paragraph, quote, autojunk=False).find_longest_match()
    if anchor.size < min(6, len(quote)):
        return None
    start = max(0, anchor.a - anchor.b)
    end = min(len(paragraph), start + len(quote))
    start = paragraph.rfind(" ", 0, start + 1) + 1
    ending = paragraph.find(" ", end)
    there = paragraph[start : ending if ending >= 0 else len(paragraph)]
    likeness = difflib.SequenceMatcher(None, there, quote, autojunk=False).ratio()
    return there if likeness >= _ALIKE else None


_ALIKE = 0.6


def _first_difference(quote: str, there: str) -> str:
    quote_words, stands = quote.split(), there.split()
    matcher = difflib.SequenceMatcher(None, stands, quote_words, autojunk=False)
    inside = [code for code in matcher.get_opcodes() if code[0] != "equal" and code[3] < code[4]]
    for _, from_, to, start, end in inside:
        essay_words = " ".join(stands[from_:to])
        if essay_words:
            return f"the essay has “{essay_words}” where the quote has “{' '.join(quote_words[start:end])}”"
    return f"the essay has “{there}” there"
