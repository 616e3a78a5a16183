"""The ballot box: votes in groups, receipts, the close. It alone writes ballots and links.

Votes that arrive during a transaction form the next one. Each is answered after the commit. See bot/polls/audit.py for
the content of the chain, and docs/decisions for the reasons.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from time import monotonic, perf_counter

from bot.aio import wait_for_event
from bot.errors import Unavailable
from bot.i18n import N_
from bot.polls import own_ballots, poll_edit, poll_end
from bot.polls import repository as polls
from bot.polls.audit import NONCE_BYTES, Record
from bot.polls.counting.ballots import LONGEST_TEXT
from bot.polls.model import NEWEST_FORMAT, Cast, CastEnd, Poll, PollState, Vote
from bot.polls.own_ballots import OwnBallot
from bot.polls.poll_secrets import SECRET_BYTES, OpenSecrets, read_secret, sealed_secret
from bot.polls.receipts import Receipt, typed_receipt
from bot.polls.record_guard import Head, RecordGuard
from bot.polls.sealing import Sealed, seal
from bot.polls.vote_batch import VoteBatch
from bot.store.database import BUSY_SECONDS, Database, Unit
from bot.store.group_writer import GroupWriter
from bot.store.keys import Keys
from bot.store.sql import Transaction
from bot.store.timestamps import to_stored
from bot.telemetry.meter import Meter

RandomBytes = Callable[[int], bytes]
"""A number of bytes → that many bytes that nobody can guess."""

GROUP_MAX = 5_000
"""Votes in one transaction. The limit bounds the wait of the first in a huge crowd."""

VOTE_SECONDS = BUSY_SECONDS
"""Seconds that a vote waits for the database from its arrival: while it is locked, votes don't queue up behind it."""
HURRY_FROM = 0.5
"""Seconds of a vote's wait after which its group gets less than the database's own limit."""
CHECK_SECONDS = 2.0
"""Seconds that a vote waits for the check of the database at a start before it is refused."""

NOT_CHECKED = N_("I'm still checking the database, so nothing has changed. Try again in a minute.")
DAMAGED = N_("The database is damaged, so nothing has changed. Ask the operator to restore it.")
NOT_COUNTED = N_(
    "I couldn't save your vote, so it isn't counted. Vote again in a moment; a vote that arrives twice counts once."
)

logger = logging.getLogger("parley.polls")


class BoxState(StrEnum):
    """Whether the box takes votes."""

    OPEN = "ok"
    CHECKING = "checking"
    DAMAGED = "damaged"


_REFUSALS = {BoxState.CHECKING: NOT_CHECKED, BoxState.DAMAGED: DAMAGED}


class BallotBox:
    """Takes votes and closes polls. `random_bytes` makes secrets, nonces and the names of closed ballots.

    `clock` counts the seconds that votes wait.
    """

    def __init__(
        self,
        database: Database,
        keys: Keys,
        *,
        random_bytes: RandomBytes = secrets.token_bytes,
        clock: Callable[[], float] = monotonic,
        meter: Meter | None = None,
    ) -> None:
        self._database = database
        self._meter = meter or Meter()
        self._random_bytes = random_bytes
        self._clock = clock
        self._state = BoxState.OPEN
        self._checked = asyncio.Event()
        self._checked.set()
        self._secrets = OpenSecrets(keys)
        self._guard = RecordGuard(database, self._secrets)
        self._votes = GroupWriter[tuple[Vote, float], Cast](
            self._write_votes, most=GROUP_MAX, what="votes", logger=logger
        )
        self._untidy = True

    @property
    def state(self) -> BoxState:
        return self._state

    @state.setter
    def state(self, state: BoxState) -> None:
        """Pause every poll unless the state is OPEN: no vote, no opening, no end."""
        self._state = state
        if state is BoxState.CHECKING:
            self._checked.clear()
        else:
            self._checked.set()

    async def _must_be_open(self) -> None:
        """Wait a moment for a running check. Raise `Unavailable` if the box stays paused."""
        if self._state is not BoxState.OPEN:
            await wait_for_event(self._checked, CHECK_SECONDS)
        if self._state is not BoxState.OPEN:
            raise Unavailable(_REFUSALS[self._state])

    async def open(self, poll: Poll, *, only_if: Unit[None] | None = None, also: Unit[None] | None = None) -> Poll:
        """Store a new poll under a fresh secret, and return it with its chain's first head.

        `only_if` runs first, in the same transaction, and `also` last; if one raises, nothing is stored. Raises
        `Unavailable`.
        """
        await self._must_be_open()
        stored = sealed_secret(poll.id, self._random_bytes(SECRET_BYTES))
        secret = read_secret(poll.id, stored, NEWEST_FORMAT)
        head = secret.format.opening(poll)
        opened = replace(
            poll,
            communities=poll.communities | {poll.community},
            head=head,
            format=NEWEST_FORMAT,
            first_closes_at=poll.closes_at,
            row_seal=secret.row_seal(poll.id, head, 0, 0, to_stored(poll.closes_at)),
        )
        wrapped = self._secrets.keys.wrap(stored)

        async def write(tx: Transaction) -> None:
            if only_if is not None:
                await only_if(tx)
            await polls.insert(tx, opened, wrapped)
            if also is not None:
                await also(tx)

        await self._database.write(write)
        return opened

    async def edit(self, poll: Poll) -> bool:
        """Store the host's changes to an open poll. Return False once anybody has voted. Raises `Unavailable`."""
        await self._must_be_open()
        edited = await self._database.write(lambda tx: poll_edit.write_edit(tx, self._secrets, poll))
        self._guard.forget(poll.id)
        return edited

    async def cast(self, vote: Vote) -> Cast:
        """Take a vote, a change or a withdrawal, and answer once it is durable. Repeating a vote is harmless.

        `vote.choice` is a ballot that `parse_ballot` returned for this poll. Raise `Unavailable` if the vote was not
        counted, and ValueError for a choice or a voter that no parser or platform returns.
        """
        if not (vote.poll.isascii() and vote.poll.isprintable()):
            return Cast(CastEnd.UNKNOWN)
        _check_text(vote)
        await self._must_be_open()
        return await self._votes.put((vote, self._clock()))

    async def standing(self, poll: str, voter: str) -> OwnBallot | None:
        """Return a voter's own ballot; None if there is none, and after the close of a secret poll.

        Raises `NotFound`, `Unavailable`.
        """
        return await self._database.read(lambda tx: own_ballots.standing(tx, self._secrets, poll, voter))

    async def find_receipt(self, poll: str, text: str) -> Receipt:
        """Look up a ballot by its receipt (without the poll's id), for anybody at any time. Raises `Unavailable`."""
        receipt = typed_receipt(text)
        if receipt is None:
            return Receipt.UNKNOWN
        return await self._database.read(lambda tx: own_ballots.find_receipt(tx, self._secrets, poll, receipt))

    async def record(self, poll: str) -> Record:
        """Read everything needed to check the count. Raises `NotFound`, `Unavailable`."""
        rows = await self._database.read(lambda tx: polls.record_rows(tx, poll, self._secrets), long=True)
        return await asyncio.to_thread(rows.record)

    async def extend(
        self, poll: str, closes_at: datetime, remind_at: datetime | None, *, also: Unit[None] | None = None
    ) -> bool:
        """Postpone the close of an open poll. Return False if it isn't open or the time isn't later.

        The extension is a link of the chain (not under format 1). `also` is written in the same transaction. Raise
        `Unavailable`, and `Tampered` if the poll's row isn't as Parley wrote it.
        """
        await self._must_be_open()

        async def write(tx: Transaction) -> bool:
            extended = await poll_end.write_extension(tx, self._secrets, poll, closes_at, remind_at)
            if extended and also is not None:
                await also(tx)
            return extended

        return await self._database.write(write)

    async def close(self, poll: str, at: datetime, by: str = "", *, also: Unit[None] | None = None) -> bool:
        """Close an open poll for good; True to the one caller who did. `by` is a voter id, empty for the deadline.

        Earlier votes are counted. One transaction verifies the chain, separates a secret poll's ballots from voters and
        links, binds all ballots by the closing link and destroys the poll's secret; that caller's `also` is written in
        it. The ballots are computed before it, and again inside it if somebody voted in between. Raise `NotFound`,
        `Unavailable`, and `Tampered` if the record doesn't hold: such a poll can only be cancelled.
        """
        return await self._end(poll, PollState.CLOSED, at, by, also)

    async def cancel(self, poll: str, at: datetime, by: str = "", *, also: Unit[None] | None = None) -> bool:
        """Cancel an open poll for good; True to the one caller who did. Its ballots are deleted, its chain stays.

        Raises `NotFound`, `Unavailable`.
        """
        return await self._end(poll, PollState.CANCELLED, at, by, also)

    async def withdraw_everywhere(self, voter: str, at: datetime) -> list[str]:
        """Withdraw a voter's ballots from all open polls, and return the ids of those that had one.

        Raise `Unavailable`; another try is harmless.
        """
        open_polls = await self._database.read(lambda tx: tx.column("open_poll_ids"))
        casts = await asyncio.gather(*(self.cast(Vote(poll, voter, "", None, at)) for poll in open_polls))
        pairs = zip(open_polls, casts, strict=True)
        return [poll for poll, cast in pairs if cast.end is CastEnd.WITHDRAWN]

    @property
    def waiting(self) -> int:
        """Count the votes that wait for the next commit."""
        return self._votes.waiting

    async def aclose(self) -> None:
        """Wait until every accepted vote is answered."""
        await self._votes.aclose()
        await self._guard.aclose()

    async def _write_votes(self, arrivals: Sequence[tuple[Vote, float]]) -> Sequence[Cast | Exception]:
        """Write all votes in one transaction. `arrivals` have each vote with the second of its arrival."""
        started = perf_counter()
        votes = [vote for vote, _ in arrivals]
        write = self._database.write
        patience = VOTE_SECONDS - max(self._clock() - arrival for _, arrival in arrivals)
        if patience < VOTE_SECONDS - HURRY_FROM:
            write = partial(write, patience=patience)
        try:
            answers, heads = await write(lambda tx: self._settle(tx, votes))
            self._guard.remember(heads)
        except Unavailable:
            answers = [Unavailable(NOT_COUNTED) for _ in votes]
        except Exception as error:
            if len(votes) > 1:
                raise  # the writer tries each alone
            answers = [error]
        ends = Counter(answer.end.value if isinstance(answer, Cast) else "failed" for answer in answers)
        self._meter.wrote_votes(ends, perf_counter() - started)
        return answers

    async def _settle(
        self, tx: Transaction, votes: Sequence[Vote]
    ) -> tuple[list[Cast | Exception], Mapping[str, Head]]:
        ids = json.dumps(list({vote.poll for vote in votes}))
        rows = await tx.rows("lock_polls", ids=ids)
        group = VoteBatch(self._secrets, rows)
        for poll, tampered in (await self._guard.check(tx, rows)).items():
            group.refuse(poll, tampered)
        keyed = [group.key(vote) for vote in votes]
        ballot_keys = json.dumps([key for key in dict.fromkeys(keyed) if isinstance(key, tuple)])
        group.know(await tx.rows("standing_ballots", keys=ballot_keys))
        chance = self._random_bytes(2 * NONCE_BYTES * len(votes)).hex()
        width = 2 * NONCE_BYTES  # letters of a nonce or a salt
        answers = [
            group.take(vote, key, chance[place : place + width], chance[place + width : place + 2 * width])
            if isinstance(key, tuple)
            else key
            for place, vote, key in zip(range(0, len(chance), 2 * width), votes, keyed, strict=True)
        ]
        await group.write(tx)
        return answers, group.heads()

    async def _end(self, poll: str, state: PollState, at: datetime, by: str, also: Unit[None] | None) -> bool:
        await self._must_be_open()
        await self._votes.catch_up()  # earlier voters are counted first
        sealed = await self._sealed(poll) if state is PollState.CLOSED else None

        async def end(tx: Transaction) -> bool:
            if state is PollState.CLOSED:
                await self._must_continue(tx, poll)
            ended = await poll_end.write_end(tx, self._secrets, self._random_bytes, poll, (state, at, by), sealed)
            if ended and also is not None:
                await also(tx)
            return ended

        ended = await self._database.write(end, long=True)
        self._secrets.forget(poll)
        self._guard.forget(poll)
        if ended:
            self._untidy = True
            await self.tidy()
        return ended

    async def _must_continue(self, tx: Transaction, poll: str) -> None:
        """Raise `Tampered` if the guard finds that the poll was changed outside Parley."""
        tampered = await self._guard.check(tx, await tx.rows("lock_polls", ids=json.dumps([poll])))
        if poll in tampered:
            raise tampered[poll]

    async def tidy(self, *, due: bool = False) -> None:
        """Clear the remains of deleted secrets and ballots from the database's files, if that is still due.

        A reader can block it, and a process can die before it: so it is due at every start, and the scheduler tries
        again. `due` says that something else was deleted, as in an erasure.
        """
        if self._untidy or due:
            self._untidy = not await self._database.forget_deleted()

    async def _sealed(self, poll: str) -> Sealed | None:
        """Compute most of a close before its lock, while nobody waits for it. Return None if the poll isn't open."""
        rows = await self._database.read(lambda tx: polls.record_rows(tx, poll, self._secrets), long=True)
        if rows.poll.state is not PollState.OPEN:
            return None
        return await asyncio.to_thread(lambda: seal(rows.record(), self._random_bytes))


def _check_text(vote: Vote) -> None:
    """Refuse a vote that would break the statement that it shares with others."""
    choice = vote.choice
    if choice is not None and not (0 < len(choice) <= LONGEST_TEXT and choice.isascii() and choice.isprintable()):
        raise ValueError("not a canonical ballot")
    if not (vote.voter and vote.voter.isprintable()):
        raise ValueError("a voter is platform:workspace:id in printable text")
    to_stored(vote.at)
