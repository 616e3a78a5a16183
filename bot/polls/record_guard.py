"""The record guard notices, as votes come in, that somebody changed a record outside Parley.

Each vote's transaction compares the process's memory of the poll with the database: the last head that it saw must
still be in the chain. It recomputes short records whole. A long one is recomputed right after the vote, in the
background; if it doesn't hold, the poll takes no further vote.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from contextvars import Context
from time import monotonic

from bot.aio import hold_task
from bot.errors import BotError, Unavailable
from bot.polls import audit
from bot.polls import repository as polls
from bot.polls.discrepancies import Discrepancy, RecordRule, Tampered
from bot.polls.model import PollState
from bot.polls.poll_secrets import OpenSecrets, PollSecret
from bot.store.database import Database
from bot.store.sql import Row, Transaction

LINKS_AT_ONCE = 100
"""Links that one transaction of votes recomputes, in all its polls together: two milliseconds."""
PAUSE = 10.0
"""Seconds between two checks of a long record; at least `REST` times the duration of a check."""
REST = 20
HEADS_MAX = 1_000
"""Polls whose head is remembered; beyond that all are forgotten."""

logger = logging.getLogger("parley.polls")

Head = tuple[int, str]
"""The number of links of a chain, and its head."""


class RecordGuard:
    """Compares records with this process's memory of them."""

    def __init__(
        self,
        database: Database,
        secrets: OpenSecrets,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._sleep = sleep
        self._clock = clock
        self._heads: dict[str, Head] = {}
        self._broken: dict[str, Sequence[Discrepancy]] = {}
        self._due: dict[str, bool] = {}
        """Long records under check, each with whether votes came in since."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def check(self, tx: Transaction, rows: Iterable[Row]) -> Mapping[str, Tampered]:
        """Return the polls that take no vote, because their record doesn't hold. `rows` are those of `lock_polls`."""
        stored = list(rows)
        rows_by_poll = {row["id"]: row for row in stored if row["state"] == PollState.OPEN}
        findings = {poll: self._broken[poll] for poll in rows_by_poll.keys() & self._broken.keys()}
        for poll in findings:
            self._look(poll)  # somebody may have repaired it
        for row in stored:
            if not await self._continues(tx, row):
                lost = Discrepancy(RecordRule.HEAD, "poll", "its chain has lost a head that was there")
                findings[row["id"]] = [lost]
        for poll, discrepancies in (await self._recompute(tx, rows_by_poll)).items():
            findings.setdefault(poll, discrepancies)
        for poll, discrepancies in findings.items():
            self._tell(poll, discrepancies)
        return {poll: Tampered(discrepancies) for poll, discrepancies in findings.items()}

    def remember(self, heads: Mapping[str, Head]) -> None:
        """Note the heads that a transaction has committed, and start checks of long records."""
        if len(self._heads) + len(heads) > HEADS_MAX:
            self._heads.clear()
        self._heads.update(heads)
        for poll, (links, _) in heads.items():
            if links >= LINKS_AT_ONCE:  # as for `_recompute`, which counts the opening too
                self._look(poll)

    def forget(self, poll: str) -> None:
        """Forget a poll that has ended, or whose record restarts."""
        self._heads.pop(poll, None)

    async def aclose(self) -> None:
        """Cancel running checks."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _continues(self, tx: Transaction, row: Row) -> bool:
        """Whether the poll's chain still has the last head that this process saw."""
        links, head = self._heads.get(row["id"], (0, ""))
        if row["links"] <= links:
            return row["links"] == links and row["head"] == head if head else True
        if not links:
            return True
        stored: str | None = await tx.value("hash_of_link", poll=row["id"], number=links)
        return stored == head

    async def _recompute(self, tx: Transaction, rows: Mapping[str, Row]) -> Mapping[str, Sequence[Discrepancy]]:
        if not rows or sum(row["links"] + 1 for row in rows.values()) > LINKS_AT_ONCE:
            return {}
        records = await polls.open_record_rows(tx, dict(self._keys(rows)))
        found = {each.poll.id: audit.verify(each.record()) for each in records}
        return {poll: findings for poll, findings in found.items() if findings}

    def _keys(self, rows: Mapping[str, Row]) -> Iterator[tuple[str, PollSecret]]:
        """Yield the keys of polls whose secret opens; the others take no vote anyway."""
        for poll, row in rows.items():
            with suppress(Unavailable, Tampered):
                yield poll, self._secrets.of(poll, row["wrapped"] or "", row["format"])

    def _look(self, poll: str) -> None:
        if poll in self._due:
            self._due[poll] = True
            return
        self._due[poll] = True
        hold_task(asyncio.create_task(self._look_on(poll), context=Context()), self._tasks)

    async def _look_on(self, poll: str) -> None:
        try:
            while self._due[poll]:
                self._due[poll] = False
                started = self._clock()
                await self._recompute_long(poll)
                await self._sleep(max(PAUSE, REST * (self._clock() - started)))
        finally:
            del self._due[poll]

    async def _recompute_long(self, poll: str) -> None:
        try:
            rows = await self._database.read(lambda tx: polls.record_rows(tx, poll, self._secrets), long=True)
        except BotError:
            return  # the next vote starts another check
        findings = await asyncio.to_thread(lambda: audit.verify(rows.record()))
        if rows.secret is not None and findings:
            self._broken[poll] = findings
            self._tell(poll, findings)
        else:
            self._broken.pop(poll, None)

    @staticmethod
    def _tell(poll: str, findings: Sequence[Discrepancy]) -> None:
        rules = ", ".join(sorted({finding.rule.value for finding in findings}))
        logger.error("the record of poll %s was changed outside Parley (%s): parley polls verify %s", poll, rules, poll)
