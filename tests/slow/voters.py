"""Let members vote without end, until a test kills this program: `voters.py URL POLL`.

It prints one line, `member choice code`, in one write as soon as the store has answered a vote.
"""

from __future__ import annotations

import asyncio
import os
import sys

from bot.polls.ballot_box import BallotBox
from bot.store.keys import Keys
from bot.store.open import open_database
from tests.store.things import KEY, poll, vote

MEMBERS = 48


async def main(url: str, name: str) -> None:
    database = await open_database(url)
    box = BallotBox(database, Keys(KEY))
    await box.open(poll(name))
    os.write(1, b"ready\n")

    async def member(number: int) -> None:
        for turn in range(1_000_000):
            choice = str(turn % 3)
            cast = await box.cast(vote(number, choice, name))
            os.write(1, f"{number} {choice} {cast.code}\n".encode())

    await asyncio.gather(*(member(number) for number in range(MEMBERS)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
