"""What editors look at from time to time: which review is due, how each position is argued, what members look for.

    overview(library, today, interest) -> Overview         a value: the command line prints it, a chat may draw it
    as_text(overview) -> str

What members look for are counts, without who asked; whoever keeps them gives them as an Interest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from bot.library.check import balance_of
from bot.library.model import Library
from bot.library.report import Balance, balance_table

MOST = 10
"""Entries of each list."""

Key = tuple[str, str]
"""Ids of a pack and of an entry in it."""


@dataclass(frozen=True, slots=True)
class Interest:
    """What members did, as counts since some day: cards asked for and disputed, and searches that found nothing."""

    since: date
    asked: Mapping[Key, int] = field(default_factory=dict)
    disputed: Mapping[Key, int] = field(default_factory=dict)
    not_found: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PackOverview:
    """One pack: when its review is due (negative `days` are overdue), and how its positions are argued."""

    id: str
    title: str
    due: date
    days: int
    balance: tuple[Balance, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """A card, or the words of a search, and how often."""

    times: int
    what: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Packs, the one whose review is due first being first; then what leads each count. `since` is None without any."""

    packs: tuple[PackOverview, ...]
    since: date | None = None
    asked: tuple[Counted, ...] = ()
    disputed: tuple[Counted, ...] = ()
    not_found: tuple[Counted, ...] = ()


def overview(library: Library, today: date, interest: Interest | None = None) -> Overview:
    """Everything an editor may want to act on. Cards that are gone from the library are left out of the counts."""
    packs = []
    for pack in library.packs.values():
        due = pack.info.reviewed + timedelta(days=pack.info.review_every)
        packs.append(PackOverview(pack.id, pack.info.title, due, (due - today).days, tuple(balance_of(pack))))
    packs.sort(key=lambda pack: (pack.due, pack.id))
    if interest is None:
        return Overview(tuple(packs))
    return Overview(
        tuple(packs),
        interest.since,
        _leading(_titles(library, interest.asked)),
        _leading(_titles(library, interest.disputed)),
        _leading(interest.not_found),
    )


def _titles(library: Library, counts: Mapping[Key, int]) -> dict[str, int]:
    found = ((library.find(*key), key, times) for key, times in counts.items())
    return {f"{entry.title} ({'/'.join(key)})": times for entry, key, times in found if entry is not None}


def _leading(counts: Mapping[str, int]) -> tuple[Counted, ...]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Counted(times, what) for what, times in ordered[:MOST] if times > 0)


def as_text(found: Overview) -> str:
    """The overview as lines, with a line break at its end."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Overview) -> Iterator[str]:
    for pack in found.packs:
        yield f"{pack.id}: {_review(pack)}"
        if pack.balance:
            yield from balance_table(pack.balance)
    if found.since is None:
        return
    lists = {
        "Most asked for": found.asked,
        "Most disputed": found.disputed,
        "Searched for and not found": found.not_found,
    }
    for title, counted in lists.items():
        yield ""
        yield f"{title}, since {found.since.isoformat()}:"
        yield from (f"  {one.times:>6}  {one.what}" for one in counted)
        if not counted:
            yield "  nothing"


def _review(pack: PackOverview) -> str:
    day = pack.due.isoformat()
    if pack.days < 0:
        return f"review overdue since {day} ({_days(-pack.days)})"
    return f"review due on {day} (in {_days(pack.days)})" if pack.days else "review due today"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
