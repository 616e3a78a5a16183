"""A second process that closes polls: `closer.py URL POLL…`. Says `ready`, waits for a line, prints who closed."""

from __future__ import annotations

import asyncio
import json
import sys

from bot.polls.box import BallotBox
from bot.store.database import open_database
from bot.store.keys import Keys
from tests.store.things import AFTER, KEY


async def main(url: str, names: list[str]) -> None:
    database = await open_database(url, shared=True)
    box = BallotBox(database, Keys(KEY))
    print("ready", flush=True)  # noqa: T201
    await asyncio.to_thread(sys.stdin.readline)
    closed = [await box.close(name, AFTER) for name in names]
    await database.close()
    print(json.dumps(closed))  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
