"""Let members answer statements without end, until a test kills this program: `answerers.py URL FIRST`.

It prints the discussion's id, then for each stored answer one line, `member statement vote`, in one write.
"""

from __future__ import annotations

import asyncio
import os
import sys

from bot.store.open import open_database
from tests.store.test_discussions import T, discussions_in, started
from tests.store.things import KEY, member

MEMBERS = 12


async def main(url: str, first: int) -> None:
    database = await open_database(url)
    discussions = discussions_in(database, KEY, first)
    discussion = await started(discussions)
    os.write(1, f"{discussion.id}\n".encode())

    async def answer(number: int) -> None:
        for turn in range(1_000_000):
            statement, vote = turn % 5, turn % 3 - 1
            await discussions.answer(discussion, member(number), statement, vote, T)
            os.write(1, f"{number} {statement} {vote}\n".encode())

    await asyncio.gather(*(answer(number) for number in range(MEMBERS)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
