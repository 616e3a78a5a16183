"""A whole Parley process with members who never stop voting, for tests that kill it, cut it off and set it back in
time.

    member.py URL FOLDER NAME MEMBERS POLL…

Prints `ready`, then `vote POLL MEMBER CHOICE CODE` for each answered vote in one write, and `failed` for one that could
not be counted. Each post is appended to FOLDER/posts as a line `POLL CHANNEL`; FOLDER/edits gets `POLL CHANNEL NAME
begin` and `end` for each edit. On standard input, `clock SECONDS` moves the clock, `quiet` ends the voting, and the end
of input stops the process properly.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from bot.chat.platform import Limits
from bot.chat.vocabulary import MessageRef, Place, Reply
from bot.errors import Unavailable
from bot.instance import Instance, Outside, build
from bot.library.edition import Edition, Shelf
from bot.packs.loader import load_library
from bot.polls.model import CastEnd, Vote
from bot.store.keys import Keys
from bot.store.open import open_database
from tests.store.things import COMMUNITY, KEY
from tests.world import CONTENT

MOMENT = 0.01
REST = 0.1
"""Seconds that a member waits after a vote that could not be counted."""


class Clock:
    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset


class Ledger:
    """A platform that records its actions, each of which takes a moment."""

    name = "test"
    limits = Limits()

    def __init__(self, folder: Path, name: str) -> None:
        self._name = name
        self._files = {
            what: os.open(folder / what, os.O_WRONLY | os.O_APPEND | os.O_CREAT) for what in ("posts", "edits")
        }
        self._numbers = (f"{name}-{number}" for number in count(1))

    async def post(self, place: Place, reply: Reply) -> MessageRef:
        await asyncio.sleep(MOMENT)
        self._write("posts", f"{_poll(reply)} {place.channel}")
        await asyncio.sleep(MOMENT)
        return MessageRef(place, next(self._numbers))

    async def edit(self, ref: MessageRef, reply: Reply) -> None:
        what = f"{_poll(reply)} {ref.place.channel} {self._name}"
        self._write("edits", f"{what} begin")
        try:
            await asyncio.sleep(2 * MOMENT)
        finally:
            self._write("edits", f"{what} end")

    async def has_channel(self, _workspace: str, _channel: str) -> bool:
        return True

    async def has_role(self, _workspace: str, _role: str) -> bool:
        return True

    def _write(self, file: str, line: str) -> None:
        os.write(self._files[file], line.encode() + b"\n")


def _poll(reply: Reply) -> str:
    return next(card.poll for card in reply.cards if card.poll)


async def main(url: str, folder: Path, name: str, members: int, polls: list[str]) -> None:
    clock = Clock()
    database = await open_database(url)
    outside = Outside(now=clock, new_reference=lambda: "bug")
    instance = build(Shelf(Edition.of(load_library(CONTENT))), database, Keys(KEY), outside)
    instance.platforms["test"] = Ledger(folder, name)
    await instance.start()
    os.write(1, b"ready\n")
    voting = [asyncio.create_task(vote(instance, f"{name}-{number}", polls, clock)) for number in range(members)]
    while line := await asyncio.to_thread(sys.stdin.readline):
        what, *arguments = line.split()
        if what == "clock":
            clock.offset = timedelta(seconds=float(arguments[0]))
            instance.scheduler.wake()
        if what == "quiet":
            await _end(voting)
            os.write(1, b"quiet\n")
    await _end(voting)
    await instance.stop()


async def _end(voting: list[asyncio.Task[None]]) -> None:
    for task in voting:
        task.cancel()
    await asyncio.gather(*voting, return_exceptions=True)
    voting.clear()


async def vote(instance: Instance, member: str, polls: list[str], clock: Clock) -> None:
    """Vote in changing polls, as long as any is open."""
    chance = random.Random(member)
    remaining = list(polls)
    while remaining:
        poll, choice = chance.choice(remaining), str(chance.randrange(3))
        try:
            cast = await instance.box.cast(Vote(poll, f"{COMMUNITY}:{member}", member, choice, clock()))
        except Unavailable:
            os.write(1, b"failed\n")
            await asyncio.sleep(REST)
            continue
        if cast.end in {CastEnd.CLOSED, CastEnd.CANCELLED}:
            remaining.remove(poll)
            continue
        os.write(1, f"vote {poll} {member} {choice} {cast.code}\n".encode())
        instance.copies.refresh(poll)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5:]))
