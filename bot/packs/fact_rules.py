"""The checker's rules for a fact: its dates, and whether its sources bear out its reason.

check_fact(reading, pack, fact, today)      problems go into the reading
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from bot.packs.fields import day_after, first_day
from bot.packs.model import ClaimKind, Fact, Source, Verdict
from bot.packs.pack import Pack
from bot.packs.reading import PackReading

_NUMBER = re.compile(r"\d++(?:[.,]\d++)*+")
_QUOTATION = re.compile(r"[“\"«]([^“”\"«»]{1,300})[”\"»]")
_LETTERS = re.compile(r"\w+")
FEW_WORDS = 2
"""Longer texts in quotation marks count as quotations; a word or two may only be set apart."""


def check_fact(reading: PackReading, pack: Pack, fact: Fact, today: date) -> None:
    """Add the mistakes of this fact, and matters for an editor to look at."""
    _check_verdict(reading, fact)
    _warn_of_dates(reading, pack, fact, today)
    if not fact.sources and fact.verdict is not Verdict.NOT_CHECKABLE:
        message = "this fact has no source: add `sources`, or set `verdict: not-checkable`"
        reading.warn(reading.place(fact.id, "id"), "fact-without-source", message)
    elif fact.sources:
        for words in _without_source(pack, fact):
            message = f"no source of this fact bears out {words}: say in `bears` which one does, or leave it out"
            reading.warn(reading.place(fact.id, "reason"), "not-borne-out", message)


def _check_verdict(reading: PackReading, fact: Fact) -> None:
    if fact.kind is ClaimKind.JUDGEMENT and fact.verdict is not Verdict.NOT_CHECKABLE:
        message = (
            "a value judgement is neither true nor false: write `verdict: not-checkable`, and judge a claim of fact in "
            "it on a card of its own"
        )
        reading.add(reading.place(fact.id, "verdict"), "verdict-on-judgement", message)


def _warn_of_dates(reading: PackReading, pack: Pack, fact: Fact, today: date) -> None:
    if fact.as_of is not None:
        advice = "delete it" if fact.checked else "write `checked`, the day on which an editor last read the sources"
        message = f"`as_of` works for one more release: {advice}. Parley computes the card's date from the sources"
        reading.warn(reading.place(fact.id, "as_of"), "outdated-key", message)
    newest = pack.newest_source_date(fact)
    if fact.last_check is not None and newest is not None and day_after(fact.last_check) <= first_day(newest):
        key = "checked" if fact.checked else "as_of"
        message = f"the newest source is of {newest}, after the last check: read it, then set `checked` to today"
        reading.warn(reading.place(fact.id, key), "checked-before-source", message)
    if fact.recheck is not None and fact.recheck.date <= today:
        event = f" ({fact.recheck.event})" if fact.recheck.event else ""
        message = (
            f"this fact was due to be read again on {fact.recheck.date.isoformat()}{event}: read its sources, set "
            "`checked` to today, and `recheck` to a new day"
        )
        reading.warn(reading.place(fact.id, "recheck"), "recheck-due", message)


def _without_source(pack: Pack, fact: Fact) -> Iterator[str]:
    """Yield numbers and quotations of the reason that appear neither in the claim nor in its sources' texts."""
    texts = [fact.statement, fact.essay.quote, *_day_in_words(fact.last_check)]
    for use in fact.evidence:
        texts += [use.bears or "", use.at or ""]
        if isinstance(source := pack.entries.get(use.source), Source):
            texts += [source.title, source.summary, source.quote or "", source.note or "", source.date or ""]
    numbers = {_plain_number(match[0]) for text in texts for match in _NUMBER.finditer(text)}
    for match in _NUMBER.finditer(fact.reason):
        if _plain_number(match[0]) not in numbers:
            yield match[0]
    words = " ".join(_plain_words(text) for text in texts)
    for match in _QUOTATION.finditer(fact.reason):
        if match[1].count(" ") + 1 > FEW_WORDS and f" {_plain_words(match[1])} " not in f" {words} ":
            yield f"“{match[1]}”"


def _day_in_words(date: str | None) -> Iterator[str]:
    """The day of the last check, which a reason may name: by then, nobody had found something."""
    if date is not None:
        yield date.replace("-", " ")


def _plain_number(number: str) -> str:
    return number.replace(",", "").lstrip("0") or "0"


def _plain_words(text: str) -> str:
    return " ".join(_LETTERS.findall(text.casefold()))
