"""The rules of a member's statement: one idea of at most 140 characters, without links, pings or copies of another."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.deliberation.model import WORDS_MAX, DiscussionStatement
from bot.i18n import Translator
from bot.polls.option_names import MARKS_MAX, alike, has_piled_marks, is_blank

ALIKE_SHARE = 0.6
"""Least share of common words between near-duplicates."""
_LINK = re.compile(r"https?:|www\.|\b[\w-]{1,63}\.(?:com|org|net|gov|edu|io|info|me|de|uk|mx|us)\b", re.IGNORECASE)
_PING = re.compile(r"(?:^|\s)@\w|<[@#!]")
_SEVERAL = re.compile(r"[.!?;]\s+\S|\n")
"""A sentence's end with more text after it."""
_ABBREVIATION = re.compile(r"\b(?:[A-Z]\.|[a-z]\.[a-z]\.|[Mm]rs?\.|[Dd]r\.|[Ss]t\.|vs\.|etc\.)\s")
_WORD = re.compile(r"\w+")
_SMALL_WORDS = frozenset(
    (
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "in",
        "is",
        "it",
        "of",
        "on",
        "or",
        "should",
        "that",
        "the",
        "to",
        "was",
        "we",
        "with",
        "would",
    )
)


def wrong_statement(words: str, t: Translator) -> str:
    """Tell the author to fix a faulty statement; empty for a good one."""
    if is_blank(words):
        return t("Write a statement that others can agree or disagree with.")
    if len(words) > WORDS_MAX:
        return t("Shorten it to {most} characters; it has {n}.", most=WORDS_MAX, n=len(words))
    if has_piled_marks(words):
        return t("Leave some marks out: there are more than {n} on one letter.", n=MARKS_MAX)
    rules = (
        (_LINK.search(words), t("Leave the link out, and say it in your own words.")),
        (_PING.search(words), t("Leave the mention out: a statement names no member.")),
        (
            _SEVERAL.search(_ABBREVIATION.sub(" ", words)),
            t("Send one idea at a time: keep one sentence, and add the other as a statement of its own."),
        ),
    )
    return next((sentence for match, sentence in rules if match), "")


def similar(words: str, statements: Iterable[DiscussionStatement]) -> DiscussionStatement | None:
    """Return the statement most like these words, if it says nearly the same; None if none does."""
    own = _content(words)
    best: tuple[float, DiscussionStatement] | None = None
    for statement in statements:
        other = _content(statement.words)
        share = 1.0 if alike(words) == alike(statement.words) else len(own & other) / max(len(own | other), 1)
        if share >= ALIKE_SHARE and (best is None or share > best[0]):
            best = share, statement
    return best[1] if best else None


def _content(words: str) -> frozenset[str]:
    return frozenset(_WORD.findall(alike(words))) - _SMALL_WORDS
