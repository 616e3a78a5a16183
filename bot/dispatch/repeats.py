"""The guard against repeats: an action that a platform delivers twice runs once, in whichever process gets it.

A platform sends an action again when it doubts that the first delivery arrived. The table `repeats` holds its key:

- done: a second delivery is answered with nothing more;
- held by a living process, which renews its lease: a second delivery is dropped;
- held by a worker that died, and the lease ran out: a second delivery runs, because it can be the only one. It is
  dropped if the same member has acted there in the meantime: an old press doesn't undo a newer vote.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

from bot.chat.vocabulary import Outcome, Request
from bot.errors import Unavailable
from bot.store.database import Database
from bot.store.group_writer import GroupWriter
from bot.store.sql import Transaction

LEASE = 15
"""Seconds after which an action whose worker died may be worked on again."""
MEMORY = 30 * 60
"""Seconds to remember a key: platforms stop sending again long before."""
MICROSECONDS = 1_000_000
GROUP_MAX = 1_000
"""Most actions in one transaction."""

logger = logging.getLogger("parley")


class _Claim(NamedTuple):
    """A request for an action, of this member and about this subject."""

    key: str
    scope: str


class _End(NamedTuple):
    """The end of the work on an action: it is done, or given up."""

    key: str
    done: bool


class Repeats:
    """The guard of one process. Actions that arrive during a transaction share the next one.

    It uses the database's clock, so that processes whose clocks differ agree.
    """

    def __init__(self, database: Database, lease: float = LEASE) -> None:
        self._database = database
        self._lease = lease
        self._unwritten: set[str] = set()
        """Finished keys that the database hasn't stored yet."""
        self._claims = GroupWriter[_Claim, bool](self._write_claims, most=GROUP_MAX, what="claims", logger=logger)
        self._ends = GroupWriter[_End, None](self._write_ends, most=GROUP_MAX, what="ends of actions", logger=logger)

    async def run(self, request: Request, kind: str, subject: str, work: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Do the work unless this action is done or under way, which gives an outcome marked `duplicate`.

        `kind` is the way it came in. `subject` names the thing it changes, such as a poll: a newer action of the same
        member on it overtakes one whose worker died. It is empty if nothing overtakes.

        If the database fails, let everything pass: nothing can change then anyway.
        """
        key = _key(request, kind)
        try:
            if not await self._claim(_Claim(key, _scope(request, subject))):
                logger.info("an action came twice")
                return Outcome(duplicate=True)
        except Unavailable:
            return await work()
        renewal = asyncio.create_task(self._renew(key))
        try:
            outcome = await work()
        except BaseException:  # such as a stop: another process may work on it at once
            await self._release(key)
            raise
        finally:
            renewal.cancel()
        if outcome.errors or (kind == "submit" and not outcome.success):  # a form stays open and is sent again
            await self._release(key)
        else:
            await self._finish(key)
        return outcome

    async def aclose(self) -> None:
        """Wait until every claim and every end is written."""
        await self._claims.aclose()
        await self._ends.aclose()

    async def clear(self) -> None:
        """Forget old keys. Raises Unavailable."""
        await self._database.write(lambda tx: tx.run("clear_actions", age=MEMORY * MICROSECONDS))

    async def _renew(self, key: str) -> None:
        """Renew the lease of a long action."""
        while True:
            await asyncio.sleep(self._lease / 3)
            with suppress(Unavailable):  # it tries again before the lease ends
                await self._database.write(lambda tx: tx.run("renew_action", key=key, span=self._span))

    async def _claim(self, claim: _Claim) -> bool:
        """Claim an action. Return False if it is done or under way. Raises Unavailable."""
        if claim.key in self._unwritten:
            return False
        put = asyncio.ensure_future(self._claims.put(claim))
        try:
            return await asyncio.shield(put)
        except asyncio.CancelledError:  # the claim is written all the same: another process may work on it at once
            if await put:
                await self._release(claim.key)
            raise

    async def _finish(self, key: str) -> None:
        self._unwritten.add(key)
        try:
            await self._ends.put(_End(key, done=True))
        except Unavailable:
            logger.warning("can't record that an action is done; the next action records it")

    async def _release(self, key: str) -> None:
        try:
            await self._ends.put(_End(key, done=False))
        except Unavailable:
            logger.warning("can't record that an action was given up; its lease expires")

    async def _write_claims(self, claims: Sequence[_Claim]) -> Sequence[bool | Exception]:
        """Write claims in one transaction, and let them overtake older actions. Return True for those that succeed."""
        scopes = {claim.key: claim.scope for claim in claims}
        rows = json.dumps([{"key": key, "scope": scope} for key, scope in scopes.items()])

        async def write(tx: Transaction) -> set[str]:
            claimed = set(await tx.column("claim_actions", rows=rows, span=self._span))
            newest = {scope: key for key, scope in scopes.items() if key in claimed}
            await tx.many("overtake_actions", [{"key": key, "scope": scope} for scope, key in newest.items()])
            return claimed

        try:
            claimed = await self._database.write(write)
        except Unavailable as error:
            return [error] * len(claims)
        ends = []
        for claim in claims:
            ends.append(claim.key in claimed)
            claimed.discard(claim.key)  # a second claim in this group is refused
        return ends

    async def _write_ends(self, ends: Sequence[_End]) -> Sequence[Exception | None]:
        """Write ends in one transaction, sorted like claims, so that no two processes wait for each other."""
        done = sorted(self._unwritten)
        given_up = sorted({end.key for end in ends if not end.done})

        async def write(tx: Transaction) -> None:
            await tx.many("finish_action", [{"key": key} for key in done])
            await tx.many("release_action", [{"key": key} for key in given_up])

        try:
            await self._database.write(write)
        except Unavailable as error:
            return [error] * len(ends)
        self._unwritten.difference_update(done)
        return [None] * len(ends)

    @property
    def _span(self) -> int:
        return round(self._lease * MICROSECONDS)


def _key(request: Request, kind: str) -> str:
    """A digest of the platform's own id alone. It leaves out the pressed control, which may be a vote."""
    return _digest(request.place.platform, request.place.workspace, kind, request.key)


def _scope(request: Request, subject: str) -> str:
    actor = request.actor
    return _digest(actor.platform, actor.workspace, actor.id, subject) if subject else ""


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
