"""Measure the cost of a live result card as ballots grow: `python -m benchmarks.results`.

The card is read, counted and drawn from the counts of distinct ballots, so a million ballots must cost as much as a
thousand. The peer is `GROUP BY` over the ballots themselves, in the same SQLite file.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from bot.commands.poll_cards import poll_card
from bot.i18n import translator
from bot.polls import repository as rows
from bot.polls.rules import tally_of
from bot.polls.secrecy import Secrecy
from bot.store.open import open_database
from tests.world import NOW, request, running

SIZES = (1_000, 100_000, 1_000_000)
ROUNDS = 15
_CREATE = (
    '/poll create post:yes question:"Which tea?" options:"Green | Black | Oolong | White" results:live closes:"5 days"'
)


async def _poll(folder: Path) -> None:
    async with running(folder) as instance:
        await instance.bot.say(request("Ada"), _CREATE)


def _fill(file: Path, ballots: int) -> None:
    """Write ballots as after so many votes, without their links, which a card never reads."""
    with sqlite3.connect(file) as database:
        database.execute("DELETE FROM ballots")
        database.execute("DELETE FROM choice_counts")
        database.executemany(
            "INSERT INTO ballots (poll, voter, choice, link, nonce) VALUES ('p1', ?, ?, ?, ?)",
            ((f"{n:032x}", str(n % 4), n + 1, f"{n:032x}") for n in range(ballots)),
        )
        database.execute("INSERT INTO choice_counts SELECT poll, choice, count(*) FROM ballots GROUP BY poll, choice")
    database.close()


async def _card(file: Path) -> float:
    """Return the median milliseconds to read, count and draw the card."""
    database = await open_database(str(file))
    t = translator("en")
    milliseconds = []
    for _ in range(ROUNDS):
        started = perf_counter()
        poll = await database.read(lambda tx: rows.get(tx, "p1"))
        counted = await database.read(lambda tx: rows.choice_counts(tx, "p1"))
        card = poll_card(t, poll, NOW.tzinfo, Secrecy("sqlite"), tally_of(poll, counted))  # type: ignore[arg-type]
        milliseconds.append((perf_counter() - started) * 1000)
        assert card.body
    await database.close()
    return median(milliseconds)


def _grouped(file: Path) -> float:
    database = sqlite3.connect(file)
    started = perf_counter()
    database.execute("SELECT choice, count(*) FROM ballots WHERE poll = 'p1' GROUP BY choice").fetchall()
    milliseconds = (perf_counter() - started) * 1000
    database.close()
    return milliseconds


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "parley.db"
        asyncio.run(_poll(Path(folder)))
        first = 0.0
        for size in SIZES:
            _fill(file, size)
            card, grouped = asyncio.run(_card(file)), _grouped(file)
            first = first or card
            print(
                f"{size:>9,} ballots: card {card:6.2f} ms, {card / first:.2f} times that of {SIZES[0]:,}; "
                f"GROUP BY over the ballots {grouped:7.2f} ms, {grouped / card:.1f} times the card"
            )


if __name__ == "__main__":
    main()
