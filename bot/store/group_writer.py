"""Write items in groups: those that arrive during one write share the next, so a crowd waits for a few transactions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

Item = TypeVar("Item")
End = TypeVar("End")

Write = Callable[[Sequence[Item]], Awaitable[Sequence[End | Exception]]]
"""Writes a group in one transaction and returns each item's end, or the error that its sender gets."""


class GroupWriter(Generic[Item, End]):
    """Hands the items that wait to `write`, at most `most` at once. `what` names them in the log."""

    def __init__(self, write: Write[Item, End], *, most: int, what: str, logger: logging.Logger) -> None:
        self._write, self._most, self._what, self._logger = write, most, what, logger
        self._waiting: list[tuple[Item, asyncio.Future[End]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._last: asyncio.Future[End] | None = None

    async def put(self, item: Item) -> End:
        """Return the item's end once its group is written. If its sender leaves meanwhile, it is written all the same.

        Raises the error that `write` returned or raised for it.
        """
        future: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        self._last = future
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_groups(), context=Context())  # outside any request
        return await future

    @property
    def waiting(self) -> int:
        """Count the items that wait for the next write."""
        return len(self._waiting)

    async def catch_up(self) -> None:
        """Wait until every item that has arrived so far has its end."""
        if self._last is not None:
            await asyncio.wait([self._last])

    async def aclose(self) -> None:
        """Wait until every item has its end."""
        while self._writing is not None:
            await self._writing

    async def _write_groups(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                ends = await self._write_group([item for item, _ in group])
                for (_, future), end in zip(group, ends, strict=True):
                    if future.done():  # the sender's request was cancelled
                        continue
                    if isinstance(end, Exception):
                        future.set_exception(end)
                    else:
                        future.set_result(end)
        finally:
            self._writing = None

    async def _write_group(self, items: Sequence[Item]) -> Sequence[End | Exception]:
        """Write all items together. If a bug breaks that, write each alone: only the culprit fails."""
        try:
            return await self._write(items)
        except Exception as error:
            if len(items) == 1:
                return [error]
            self._logger.exception("a group of %d %s failed; trying each alone", len(items), self._what)
        return [end for item in items for end in await self._write_group([item])]
