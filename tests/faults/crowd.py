"""Run several Parley processes under load over one database, and check what must hold through every fault."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.chat.vocabulary import MessageRef, Place
from bot.polls import audit
from bot.polls import posted_messages as messages
from bot.polls.ballot_box import BallotBox
from bot.polls.model import PollState, Step
from bot.polls.posted_messages import PostedMessage
from bot.polls.receipts import receipt_hash
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.open import open_database
from tests.store.things import KEY, poll, record_of
from tests.waits import PATIENCE, until

LATER = timedelta(minutes=50)
"""Time until polls close. Messages older than an hour would be edited more rarely."""
PLACES = 3
"""Channels that each poll is posted in."""

logger = logging.getLogger("parley.tests.faults")


@dataclass
class Member:
    """A Parley process."""

    name: str
    process: Process
    acknowledged: list[tuple[str, str, str, str]] = field(default_factory=list)
    """(poll, member, choice, receipt's code), in order."""
    failed: int = 0
    lines: list[str] = field(default_factory=list)
    reading: asyncio.Task[None] | None = None

    async def read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            what, *rest = line.decode().split()
            if what == "vote" and len(rest) == 4 and line.endswith(b"\n"):
                poll_, member, choice, code = rest
                self.acknowledged.append((poll_, member, choice, code))
            elif what == "failed":
                self.failed += 1
            else:
                self.lines.append(what)

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")

    async def stop(self) -> None:
        """Stop the process properly."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert await asyncio.wait_for(self.process.wait(), PATIENCE) == 0

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()
        if self.reading is not None:
            await self.reading


class Crowd:
    """`url` is the processes' database, `folder` the place of their platform's records."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.polls: list[str] = []
        self.members: list[Member] = []

    async def open_polls(self, names: Iterable[str] = ("p1", "p2")) -> None:
        """Open secret and named polls in turn, each posted in `PLACES` channels. They close some time later."""
        now = datetime.now(UTC)
        async with self.database() as database:
            box = BallotBox(database, Keys(KEY))
            for number, name in enumerate(names):
                opened = poll(name, opened_at=now, closes_at=now + LATER, secret=number % 2 == 0)
                await box.open(opened)
                for channel in range(PLACES):
                    copy = PostedMessage(
                        name, MessageRef(Place("test", "demo", f"c{channel}"), f"{name}-{channel}"), now
                    )
                    await database.write(lambda tx, copy=copy: messages.add_copy(tx, copy))  # type: ignore[misc]
                self.polls.append(name)

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        database = await open_database(self.url, shared=True)
        try:
            yield database
        finally:
            await database.close()

    async def start_all(self, names: str) -> list[Member]:
        """Start a process for each letter."""
        return await asyncio.gather(*(self.start(name) for name in names))

    async def start(self, name: str, members: int = 24, url: str = "") -> Member:
        program = Path(__file__).with_name("member.py")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            program,
            url or self.url,
            self.folder,
            name,
            str(members),
            *self.polls,
            stdin=PIPE,
            stdout=PIPE,
            env={**os.environ, "PYTHONPATH": str(program.parents[2])},
        )
        member = Member(name, process)
        member.reading = asyncio.create_task(member.read())
        self.members.append(member)
        await self.until(lambda: "ready" in member.lines or process.returncode is not None)
        assert process.returncode is None, "the process did not start"
        return member

    async def at_the_close(self, but: Member | None = None) -> None:
        """Move the clocks past the polls' close, except for `but`, and wait until every place has the results."""
        for member in self.members:
            if member is not but and member.process.returncode is None:
                member.tell(f"clock {LATER.total_seconds()}")
        await self.until(lambda: len(self.announcements()) == PLACES * len(self.polls))

    async def until(self, true: Callable[[], bool], patience: float = PATIENCE) -> None:
        await until(true, patience)

    async def more_votes(self, number: int) -> None:
        """Wait until `number` more votes are acknowledged."""
        before = self.votes
        await self.until(lambda: self.votes >= before + number)

    @property
    def votes(self) -> int:
        return sum(len(member.acknowledged) for member in self.members)

    def announcements(self) -> Counter[str]:
        """Count the announcements by poll and channel."""
        file = self.folder / "posts"
        return Counter(file.read_text().splitlines() if file.exists() else [])

    async def stop(self) -> None:
        for member in self.members:
            if member.process.returncode is None:
                await member.stop()
            if member.reading is not None:
                await member.reading

    async def abandon(self) -> None:
        """Kill the processes at the end of a test, however it ends."""
        for member in self.members:
            if member.process.returncode is None:
                await member.kill()

    async def check(self, fault: str, *, ended: bool = True) -> None:
        """Check that no acknowledged vote is lost, each poll closed once, no place was told twice, and edits never overlap."""
        lost = 0
        async with self.database() as database:
            for name in self.polls:
                record = await record_of(database, name)
                assert audit.verify(record) == []
                assert record.poll.state is (PollState.CLOSED if ended else PollState.OPEN)
                assert sum(link.step is Step.CLOSE for link in record.links) == ended
                receipts = {link.receipt for link in record.links}
                voted = [vote for member in self.members for vote in member.acknowledged if vote[0] == name]
                lost += sum(receipt_hash(code) not in receipts for *_, code in voted)
                if not record.poll.secret:
                    lost += self._wrong(voted, {row.voter: row.choice for row in record.ballots})
        assert lost == 0
        overlaps = self.edits_at_once()
        assert not overlaps, overlaps
        announcements = self.announcements()
        assert not announcements or max(announcements.values()) == 1, announcements
        logger.info(
            "%s: %d votes acknowledged, %d refused meanwhile, %d lost; %d places told, none twice",
            fault,
            self.votes,
            sum(member.failed for member in self.members),
            lost,
            len(announcements),
        )

    def edits_at_once(self) -> list[str]:
        """Return the edits of a message that began while another living process was editing it."""
        dead = {member.name for member in self.members if member.process.returncode not in {None, 0}}
        file = self.folder / "edits"
        editing: dict[tuple[str, str], str] = {}
        overlaps = []
        for line in file.read_text().splitlines() if file.exists() else ():
            poll_, channel, name, what = line.split()
            other = editing.pop((poll_, channel), name)
            if what == "begin":
                if other != name and other not in dead:
                    overlaps.append(f"{line}, while {other}")
                editing[poll_, channel] = name
        return overlaps

    @staticmethod
    def _wrong(voted: list[tuple[str, str, str, str]], standing: dict[str, str]) -> int:
        """Count the vanished ballots of a named poll. A later vote that was stored but not answered may have changed
        one."""
        return sum(f"test:demo:{member}" not in standing for _, member, *_ in voted)

    async def all_redrawn(self) -> None:
        """Wait until every copy shows its poll's state."""
        async with self.database() as database:

            async def is_redrawn() -> bool:
                return not await database.read(messages.stale_copies)

            await until(is_redrawn)
