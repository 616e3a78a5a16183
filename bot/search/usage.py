"""Counts of members' interest, without their identity: cards asked for, cards disputed, searches that found nothing.

The process counts in memory and writes now and then, so that a look-up never waits for the database. A killed process
loses its counts since the last write.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from bot.packs.overview import Interest

if TYPE_CHECKING:  # look-ups in a terminal count nothing, and load no database layer
    from bot.store.database import Database
    from bot.store.sql import Transaction

VIEW, DISPUTE, MISS = "asked", "disputed", "missed"
MONTHS = 12
KINDS_MAX = 2_000
"""Different searches to count in a month, so that days of typed nonsense can't fill the disk."""
MEMORY_MAX = 5_000
MISSES_LEAST = 3
"""Times that a search must find nothing before anybody sees its words: rare words may identify a person."""
WORDS_MAX = 6
LONGEST = 60
_PRIVATE = re.compile(r"[@/\\<>{}]|://|\d{5,}")
"""Text that may identify a person: addresses, mentions, long numbers."""
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def counted_words(text: str) -> str:
    """Return a search's words in lower case, for counting; empty for a long text or one that may identify a person."""
    if _PRIVATE.search(text):
        return ""
    words = _WORD.findall(text.casefold())
    joined = " ".join(words)
    return joined if 0 < len(words) <= WORDS_MAX and len(joined) <= LONGEST else ""


@dataclass(slots=True)
class InterestCounter:
    """The counter of members' interest, one per process."""

    database: Database
    _counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def count_view(self, pack: str, entry: str) -> None:
        """Count a card that a member was shown."""
        self._count(VIEW, pack, entry)

    def count_dispute(self, pack: str, entry: str) -> None:
        """Count a member's report that something is wrong with a card."""
        self._count(DISPUTE, pack, entry)

    def count_miss(self, text: str) -> None:
        """Count a member's search that found nothing."""
        words = counted_words(text)
        if words:
            self._count(MISS, "", words)

    def _count(self, what: str, pack: str, entry: str) -> None:
        key = (what, pack, entry)
        if key in self._counts or len(self._counts) < MEMORY_MAX:
            self._counts[key] += 1

    async def write(self, now: datetime) -> None:
        """Add the counts to the database, and drop counts a year old. Raises Unavailable, and keeps the counts then."""
        if not self._counts:
            return
        counts, self._counts = self._counts, Counter()
        month = f"{now:%Y-%m}"

        async def add(tx: Transaction) -> None:
            room = KINDS_MAX - await tx.value("interest_kinds", month=month, what=MISS)
            chosen = [key for key in counts if key[0] != MISS]
            chosen += [key for key in counts if key[0] == MISS][: max(0, room)]
            values = [
                {"month": month, "what": what, "pack": pack, "entry": entry, "times": counts[what, pack, entry]}
                for what, pack, entry in chosen
            ]
            await tx.many("count_interest", values)
            await tx.run("drop_interest", before=f"{now - timedelta(days=31 * MONTHS):%Y-%m}")

        try:
            await self.database.write(add)
        except BaseException:
            self._counts += counts
            raise

    async def read(self) -> Interest | None:
        """Return all counts in the database; None if there are none. Raises Unavailable."""
        return await self.database.read(read_interest)


async def read_interest(tx: Transaction) -> Interest | None:
    rows = await tx.rows("all_interest")
    if not rows:
        return None
    since = date.fromisoformat(f"{min(row['month'] for row in rows)}-01")
    cards = {what: {(r["pack"], r["entry"]): r["times"] for r in rows if r["what"] == what} for what in (VIEW, DISPUTE)}
    misses = {row["entry"]: row["times"] for row in rows if row["what"] == MISS and row["times"] >= MISSES_LEAST}
    return Interest(since, cards[VIEW], cards[DISPUTE], misses)
