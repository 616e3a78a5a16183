"""Close polls in a second process: `closer.py URL POLL…`.

It prints `ready`, waits for a line, and prints as JSON which of the polls it closed.
"""

from __future__ import annotations

import asyncio
import json
import sys

from bot.polls.ballot_box import BallotBox
from bot.store.keys import Keys
from bot.store.open import open_database
from tests.store.things import AFTER, KEY


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main(url: str, names: list[str]) -> None:
    database = await open_database(url, shared=True)
    box = BallotBox(database, Keys(KEY))
    say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    closed = [await box.close(name, AFTER) for name in names]
    await database.close()
    say(json.dumps(closed))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
