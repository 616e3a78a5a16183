"""Compute each statement's extremity, the slow part of the draw's priorities, outside members' requests."""

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
"""Growth of the answers, as a factor since the last renewal, that calls for another."""
GROWTH_MIN = 20
"""Least number of new answers for a renewal, in small discussions too."""

logger = logging.getLogger("parley.discussions")


@dataclass(slots=True)
class Extremities:
    """The latest extremities of each open discussion, in memory only: a restart computes them again."""

    database: Database
    _latest: dict[str, tuple[int, Numbers]] = field(default_factory=dict)
    """By discussion: the number of answers at the last renewal, and each statement's extremity by position."""
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def of(self, discussion: str) -> Numbers | None:
        """Return the latest extremities, by position; None before the first renewal."""
        latest = self._latest.get(discussion)
        return None if latest is None else latest[1]

    def renew(self, discussion: str, answers: int) -> None:
        """Start a renewal in the background, if enough members answered since the last one."""
        before = self._latest[discussion][0] if discussion in self._latest else 0
        if discussion in self._tasks or answers < max(before * GROWTH, before + GROWTH_MIN):
            return
        task = asyncio.create_task(self._compute(discussion, answers), context=Context())  # outside any request
        self._tasks[discussion] = task
        task.add_done_callback(lambda _: self._tasks.pop(discussion, None))

    def forget(self, discussion: str) -> None:
        """Drop the extremities of a discussion that has ended, and cancel its renewal."""
        self._latest.pop(discussion, None)
        if (task := self._tasks.get(discussion)) is not None:
            task.cancel()

    async def drain(self) -> None:
        """Wait for all renewals."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def stop(self) -> None:
        """Cancel all renewals."""
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
