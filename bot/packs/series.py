"""Series of sources: reports that appear again and again, and the likely date of a newer edition.

outdated_series(pack, today) -> the newest edition of each series that probably has a newer one
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from bot.packs.fields import day_after, first_day
from bot.packs.model import Source
from bot.packs.pack import Pack


@dataclass(frozen=True, slots=True)
class LastEdition:
    """The newest edition of a series in a pack, and the date from which another one is likely."""

    series: str
    period: str
    source: str
    title: str
    since: date


def outdated_series(pack: Pack, today: date) -> Iterator[LastEdition]:
    """Yield series that probably have a newer edition, the longest overdue first.

    The step of a series is the shortest distance between its editions in the pack, or the length of its only period (a
    year, a month, a day). An edition appears after its own period has passed, so another is likely after two steps.
    """
    editions: dict[str, list[Source]] = {}
    for source in pack.all(Source):
        if source.series is not None:
            editions.setdefault(source.series, []).append(source)
    latest = [_last_edition(series, sources) for series, sources in editions.items()]
    yield from sorted((one for one in latest if one.since <= today), key=lambda one: (one.since, one.series))


def _last_edition(series: str, sources: list[Source]) -> LastEdition:
    periods = sorted({source.period or "" for source in sources}, key=first_day)
    last = next(source for source in sources if source.period == periods[-1])
    start = first_day(periods[-1])
    step = min(
        (first_day(later) - first_day(earlier) for earlier, later in pairwise(periods)),
        default=day_after(periods[-1]) - start,
    )
    return LastEdition(series, periods[-1], last.id, last.title, start + 2 * max(step, timedelta(days=1)))
