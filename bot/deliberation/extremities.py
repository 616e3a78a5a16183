"""How far each statement moves people: the slow part of the draw's priorities, computed beside presses and never in one."""

from __future__ import annotations

import asyncio
import logging
from contextvars import Context
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.deliberation import repository
from bot.errors import Unavailable
from bot.store.database import Database

if TYPE_CHECKING:
    from bot.deliberation.vote_matrix import Numbers

GROWTH = 1.1
"""Extremities are renewed when there are a tenth more answers than at the last time."""
GROWTH_MIN = 20
"""Answers that must have come since, however few there were."""

logger = logging.getLogger("parley.discussions")


@dataclass(slots=True)
class Extremities:
    """The latest extremities of each open discussion, in memory alone: a restart computes them anew."""

    database: Database
    _latest: dict[str, tuple[int, Numbers]] = field(default_factory=dict)
    """By discussion: after how many answers they were computed, and the extremity of each statement by position."""
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def of(self, discussion: str) -> Numbers | None:
        """Return the latest extremities, by position; None before the first time."""
        latest = self._latest.get(discussion)
        return None if latest is None else latest[1]

    def renew(self, discussion: str, answers: int) -> None:
        """Have the extremities computed on another thread, if enough answers came since the last time."""
        before = self._latest[discussion][0] if discussion in self._latest else 0
        if discussion in self._tasks or answers < max(before * GROWTH, before + GROWTH_MIN):
            return
        task = asyncio.create_task(self._compute(discussion, answers), context=Context())  # of no request
        self._tasks[discussion] = task
        task.add_done_callback(lambda _: self._tasks.pop(discussion, None))

    def forget(self, discussion: str) -> None:
        """Drop what is held of a discussion that has ended, and cancel what is under way."""
        self._latest.pop(discussion, None)
        if (task := self._tasks.get(discussion)) is not None:
            task.cancel()

    async def drain(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def stop(self) -> None:
        """Cancel what is under way."""
        for task in self._tasks.values():
            task.cancel()
        await self.drain()

    async def _compute(self, discussion: str, answers: int) -> None:
        from bot.deliberation import findings  # noqa: PLC0415 - NumPy, which a look-up never needs

        try:
            _, statements, ballots = await self.database.read(lambda tx: repository.whole(tx, discussion), long=True)
            self._latest[discussion] = answers, await asyncio.to_thread(findings.extremities, statements, ballots)
        except Unavailable as error:
            logger.warning("can't renew the priorities of discussion %s: %s", discussion, type(error).__name__)
        except Exception:
            logger.exception("bug while renewing the priorities of discussion %s", discussion)
