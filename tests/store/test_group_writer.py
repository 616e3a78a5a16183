"""Items that arrive during a write share the next one, and each sender gets their own item's result."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import pytest

from bot.errors import Unavailable
from bot.store.group_writer import GroupWriter

LOGGER = logging.getLogger("parley.test")


class Pen:
    """A writer that doubles numbers, group by group. A write waits for `gate`."""

    def __init__(self) -> None:
        self.groups: list[Sequence[int]] = []
        self.begun, self.gate = asyncio.Event(), asyncio.Event()
        self.gate.set()
        self.writer = GroupWriter[int, int](self.write, most=3, what="numbers", logger=LOGGER)

    async def write(self, numbers: Sequence[int]) -> Sequence[int | Exception]:
        self.groups.append(numbers)
        self.begun.set()
        await self.gate.wait()
        if 13 in numbers:
            raise ValueError("13")
        return [Unavailable("7") if number == 7 else 2 * number for number in numbers]

    async def first_waits(self, *numbers: int) -> list[asyncio.Task[int]]:
        """Put these numbers, and wait until the write of the first begins and stops at the gate."""
        self.gate.clear()
        tasks = [asyncio.create_task(self.writer.put(number)) for number in numbers]
        await self.begun.wait()
        return tasks


async def test_a_group_has_as_many_as_may_share_a_write() -> None:
    """A group holds at most as many items as may share a write: of four with a limit of three, one goes alone."""
    pen = Pen()
    assert await asyncio.gather(*(pen.writer.put(number) for number in (1, 2, 3, 4))) == [2, 4, 6, 8]
    assert pen.groups == [[1, 2, 3], [4]]
    assert await pen.writer.put(5) == 10
    assert pen.groups[2:] == [[5]]


async def test_an_error_is_its_senders_alone() -> None:
    """Only its sender gets an item's error. If an item breaks the write, the writer tries each item alone."""
    pen = Pen()
    assert [str(end) for end in await asyncio.gather(*map(pen.writer.put, (1, 7)), return_exceptions=True)] == [
        "2",
        "7",
    ]
    ends = await asyncio.gather(*map(pen.writer.put, (1, 13, 2)), return_exceptions=True)
    assert (ends[0], str(ends[1]), ends[2]) == (2, "13", 4)
    assert pen.groups[1:] == [[1, 13, 2], [1], [13], [2]]


async def test_a_bug_is_logged_once_for_its_group(caplog: pytest.LogCaptureFixture) -> None:
    """The writer logs once how many items a failed group held, and nothing for a single item, whose sender logs it."""
    pen = Pen()
    await asyncio.gather(*map(pen.writer.put, (1, 13)), return_exceptions=True)
    assert caplog.text.count("a group of 2 numbers failed; trying each alone") == 1
    caplog.clear()
    with pytest.raises(ValueError, match="13"):
        await pen.writer.put(13)
    assert caplog.text == ""


async def test_an_item_whose_sender_left_is_written(caplog: pytest.LogCaptureFixture) -> None:
    """The writer still writes an item whose sender was cancelled, and the other senders get their results."""
    pen = Pen()
    left, stays = await pen.first_waits(1, 2)
    left.cancel()
    pen.gate.set()
    assert await stays == 4
    assert pen.groups == [[1, 2]]
    assert caplog.text == ""


async def test_who_catches_up_waits_for_what_has_arrived() -> None:
    """`catch_up` and `aclose` wait for all items that have arrived. `catch_up` returns at once if there are none."""
    pen = Pen()
    await pen.writer.catch_up()
    tasks = await pen.first_waits(1, 2, 3, 4)
    up, closed = asyncio.create_task(pen.writer.catch_up()), asyncio.create_task(pen.writer.aclose())
    for _ in range(3):
        await asyncio.sleep(0)
    assert pen.writer.waiting == 1
    assert not up.done()
    assert not closed.done()
    pen.gate.set()
    await up
    assert await asyncio.gather(*tasks) == [2, 4, 6, 8]
    await closed
    assert pen.groups == [[1, 2, 3], [4]]
