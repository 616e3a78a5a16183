"""The checker's rules for one entry that is valid by itself.

check_entry(reading, pack, entry)      problems go into the reading
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Literal

from bot.packs.essay_quotes import count_words
from bot.packs.model import Argument, Entry, LinkStatus, Option, Position, Provenance, Source
from bot.packs.pack import Pack
from bot.packs.reading import PackReading

MAX_SOURCE_QUOTE_WORDS = 25


def check_entry(reading: PackReading, pack: Pack, entry: Entry) -> None:
    """Add the mistakes of this entry, and possible improvements."""
    _warn_of_hidden_characters(reading, entry)
    for rule in _RULES.get(type(entry), ()):
        rule(reading, pack, entry)


def _warn_of_hidden_characters(reading: PackReading, entry: Entry) -> None:
    for text in _strings(entry.model_dump()):
        hidden = _HIDDEN.search(text)
        if hidden:
            message = (
                f"a character that can't be seen stands in this entry (U+{ord(hidden[0]):04X}): type the text again"
            )
            reading.warn(reading.place(entry.id), "hidden-character", message)
            return


def _strings(value: object) -> Iterator[str]:
    """Yield every text of an entry, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, tuple):
        for one in value:
            yield from _strings(one)


_HIDDEN = re.compile("[\x85\u00ad\u200b\u200e\u200f\u202a-\u202e\u2028\u2029\u2060-\u2069\ufeff]")
"""Invisible line ends, soft hyphens, zero-width spaces, marks of writing direction; not joiners: letters need them."""


def _check_position(reading: PackReading, pack: Pack, position: Entry) -> None:
    sides = {side: len(pack.arguments(position.id, side)) for side in _SIDES}
    missing = [side for side, arguments in sides.items() if not arguments]
    if missing and Argument not in reading.incomplete:
        message = f"this position has no argument {' and none '.join(missing)}: write the strongest one"
        reading.warn(reading.place(position.id, "id"), "one-sided", message)


def _check_source(reading: PackReading, _pack: Pack, source: Source) -> None:
    if source.quote is not None and count_words(source.quote) > MAX_SOURCE_QUOTE_WORDS:
        message = f"`quote` has {count_words(source.quote)} words and may have {MAX_SOURCE_QUOTE_WORDS}: shorten it"
        reading.add(reading.place(source.id, "quote"), "long-quote", message)
    if source.date is None:
        message = "this source has no date: add `date`, even if only the year is known"
        reading.warn(reading.place(source.id, "id"), "source-without-date", message)
    if source.copy_ is Provenance.MIRROR and source.url is not None:
        message = "this address belongs to a mirror, so members don't see it: find the original's"
        reading.warn(reading.place(source.id, "url"), "mirror-link", message)
    for key, link in (("url", source.link), ("archive_url", source.archive_link)):
        if link is not None and link.status is LinkStatus.DEAD:
            message = f"this address was dead on {link.checked} ({link.detail or 'no answer'}): find where it is now"
            reading.warn(reading.place(source.id, key), "dead-link", message)
        elif link is not None and link.moved_to is not None:
            message = f"this address had moved on {link.checked}: read {link.moved_to}, then write that here"
            reading.warn(reading.place(source.id, key), "moved-link", message)


def _check_option(reading: PackReading, pack: Pack, option: Option) -> None:
    loaded = frozenset(_LOADED_WORDS.get(pack.info.language.partition("-")[0], "").split())
    for word in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", option.description):
        if word.casefold() in loaded:
            message = f"“{word}” takes a side in an option's description: say neutrally what would be done"
            reading.warn(reading.place(option.id, "description"), "loaded-word", message)


_SIDES: tuple[Literal["for", "against"], ...] = ("for", "against")
_LOADED_WORDS = {
    "en": (
        "alien aliens amnesty appease appeasement barbaric brave brutal catastrophic clearly common-sense commonsense "
        "corrupt coward cowardly crackdown cruel dangerous devastating disaster disastrous draconian evil extremist "
        "failed finally flood flooding foolish handout handouts harmful harsh heartless heroic horde hordes horrific "
        "humane illegals infest infestation inhumane invaders invasion irresponsible job-killing long-overdue "
        "misguided naive necessary obviously outrageous overdue pathetic radical rampant reckless regime rogue "
        "ruthless savage senseless shameful smart so-called soft spineless surrender sweeping swarm terrible thug "
        "thugs tough tyranny tyrannical unfair unjust unjustified wasteful weak wise woke"
    ),
    "es": (
        "absurdo amnistía bárbaro brutal catastrófico claramente cobarde corrupto criminal cruel desastre desastroso "
        "draconiano duro evidentemente extremista horda humanitario ilegales imprudente inhumano injusto invasión "
        "invasores irresponsable malvado mano-dura matón necesario peligroso radical régimen salvaje supuesto tiranía "
        "vergonzoso"
    ),
}
"""Language → words that praise or blame. They give editors a hint, not a judgement."""

_Rule = Callable[[PackReading, Pack, Any], None]
"""A rule for entries of one type. The table below names the type."""
_RULES: dict[type[Entry], tuple[_Rule, ...]] = {
    Position: (_check_position,),
    Source: (_check_source,),
    Option: (_check_option,),
}
