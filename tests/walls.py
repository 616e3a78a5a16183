"""A fake platform that also sends direct messages and fails on demand, and a fixture of an instance with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.chat.vocabulary import MessageRef, Place, Reply
from bot.errors import Unavailable
from bot.instance import Instance
from tests.world import Clock, Wall, running


class TellingWall(Wall):
    """A wall that also sends direct messages.

    `tell` raises `error` if there is one, and reaches nobody who is in `away`; `asked` lists each attempt. While the
    wall is `down`, it posts nothing. Otherwise, each next post raises the next error of `failures`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.private: list[tuple[str, Reply]] = []
        self.away: set[str] = set()
        self.error: Exception | None = None
        self.asked: list[str] = []
        self.down = False
        self.failures: list[Exception] = []

    async def tell(self, _workspace: str, person: str, reply: Reply) -> bool:
        self.asked.append(person)
        if self.error is not None:
            raise self.error
        if person in self.away:
            return False
        self.private.append((person, reply))
        return True

    async def post(self, place: Place, reply: Reply) -> MessageRef:
        if self.down:
            raise Unavailable("down")
        if self.failures:
            raise self.failures.pop(0)
        return await super().post(place, reply)


def wall_of(here: Instance) -> TellingWall:
    wall = here.platforms["test"]
    assert isinstance(wall, TellingWall)
    return wall


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def here(tmp_path: Path, clock: Clock) -> AsyncIterator[Instance]:
    """Run a whole instance whose platform is a `TellingWall`."""
    async with running(tmp_path, clock=clock) as instance:
        instance.platforms["test"] = TellingWall()
        yield instance
