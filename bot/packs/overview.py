"""An overview for editors: due reviews, the balance of each position's arguments, members' look-ups.

    overview(library, today, interest) -> Overview         a value: the command line prints it, a chat may draw it
    as_text(overview) -> str

Members' look-ups are counts, without names; the caller passes them as an Interest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from bot.packs.check import balance_of
from bot.packs.model import Fact
from bot.packs.pack import Library, Pack
from bot.packs.report import Balance, balance_table
from bot.packs.series import LastEdition, outdated_series

MOST = 10
"""Entries of each list."""

Key = tuple[str, str]
"""Ids of a pack and of an entry in it."""


@dataclass(frozen=True, slots=True)
class Interest:
    """Members' actions, as counts since some day: cards asked for and disputed, and searches without a match."""

    since: date
    views: Mapping[Key, int] = field(default_factory=dict)
    disputes: Mapping[Key, int] = field(default_factory=dict)
    misses: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DueCard:
    """A fact that is due to be read again, and the event behind the date."""

    id: str
    title: str
    since: date
    event: str = ""


@dataclass(frozen=True, slots=True)
class PackOverview:
    """One pack: its due facts, its review date (negative `days` are overdue), and the balance of its positions."""

    id: str
    title: str
    due: date
    days: int
    balance: tuple[Balance, ...]
    due_cards: tuple[DueCard, ...] = ()
    """Facts whose recheck is due, the longest overdue first."""
    series: tuple[LastEdition, ...] = ()
    """Sources that probably have a newer edition."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A card, or the words of a search, with its count. `key` has the card's ids."""

    times: int
    what: str
    key: Key | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Overview:
    """Packs, the earliest review first; then the highest counts of each kind. `since` is None without counts."""

    packs: tuple[PackOverview, ...]
    since: date | None = None
    views: tuple[Counted, ...] = ()
    disputes: tuple[Counted, ...] = ()
    misses: tuple[Counted, ...] = ()


def overview(library: Library, today: date, interest: Interest | None = None) -> Overview:
    """Everything that an editor may want to act on. Counts leave out cards that are gone from the library."""
    packs = []
    for pack in library.packs.values():
        due = pack.info.reviewed + timedelta(days=pack.info.review_every)
        packs.append(
            PackOverview(
                pack.id,
                pack.info.title,
                due,
                (due - today).days,
                tuple(balance_of(pack)),
                tuple(_due_cards(pack, today)),
                tuple(outdated_series(pack, today)),
            )
        )
    packs.sort(key=lambda pack: (pack.due, pack.id))
    if interest is None:
        return Overview(tuple(packs))
    return Overview(
        tuple(packs),
        interest.since,
        _leading(_cards(library, interest.views)),
        _leading(_cards(library, interest.disputes)),
        _leading(Counted(times, words) for words, times in interest.misses.items()),
    )


def _due_cards(pack: Pack, today: date) -> list[DueCard]:
    """Facts of a pack whose recheck is due, the longest overdue first."""
    due = [
        DueCard(fact.id, fact.title, fact.recheck.date, fact.recheck.event or "")
        for fact in pack.all(Fact)
        if fact.recheck is not None and fact.recheck.date <= today
    ]
    return sorted(due, key=lambda card: (card.since, card.id))


def _cards(library: Library, counts: Mapping[Key, int]) -> Iterator[Counted]:
    cards = ((library.find(*key), key, times) for key, times in counts.items())
    return (Counted(times, f"{entry.title} ({'/'.join(key)})", key) for entry, key, times in cards if entry is not None)


def _leading(counted: Iterable[Counted]) -> tuple[Counted, ...]:
    ordered = sorted(counted, key=lambda each: (-each.times, each.what))
    return tuple(each for each in ordered[:MOST] if each.times > 0)


def as_text(whole: Overview) -> str:
    """The overview as lines, with a line break at its end."""
    return "\n".join(_lines(whole)) + "\n"


def _lines(whole: Overview) -> Iterator[str]:
    for pack in whole.packs:
        yield from (f"{pack.id}/{card.id}: {_due(card)}: {card.title}" for card in pack.due_cards)
    if any(pack.due_cards for pack in whole.packs):
        yield ""
    for pack in whole.packs:
        yield f"{pack.id}: {_review(pack)}"
        yield from (
            f"  {one.series}: a newer edition than {one.period} is likely since {one.since.isoformat()} ({one.source})"
            for one in pack.series
        )
        if pack.balance:
            yield from balance_table(pack.balance)
    if whole.since is None:
        return
    lists = {
        "Most asked for": whole.views,
        "Most disputed": whole.disputes,
        "Searched for and not found": whole.misses,
    }
    for title, counted in lists.items():
        yield ""
        yield f"{title}, since {whole.since.isoformat()}:"
        yield from (f"  {one.times:>6}  {one.what}" for one in counted)
        if not counted:
            yield "  nothing"


def _due(card: DueCard) -> str:
    event = f" ({card.event})" if card.event else ""
    return f"due to be read again since {card.since.isoformat()}{event}"


def _review(pack: PackOverview) -> str:
    day = pack.due.isoformat()
    if pack.days < 0:
        return f"review overdue since {day} ({_days(-pack.days)})"
    return f"review due on {day} (in {_days(pack.days)})" if pack.days else "review due today"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
