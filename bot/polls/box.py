"""The ballot box: votes in groups, receipts, the close. The only place that writes ballots and links.

All votes that arrive while one transaction is being written are the next one. Each is answered after the commit.
See bot/polls/audit.py for what the chain holds, and docs/decisions for why.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from time import perf_counter

from bot.errors import NotFound, Unavailable
from bot.i18n import N_
from bot.meter import Meter
from bot.polls import audit
from bot.polls.audit import NONCE_BYTES, SECRET_BYTES, Record
from bot.polls.ballots import LONGEST_TEXT
from bot.polls.model import Cast, CastEnd, Poll, State, Step, Vote
from bot.polls.sealing import Sealed, seal
from bot.store import members, polls, tellings
from bot.store.database import Database, Unit
from bot.store.keys import Keys
from bot.store.sql import Row, Transaction
from bot.store.tellings import News
from bot.store.times import to_stored

RandomBytes = Callable[[int], bytes]
"""A number of bytes → so many that nobody can guess."""

GROUP_MAX = 5_000
"""Votes in one transaction. It bounds how long the first of a huge crowd waits."""
SECRETS_KEPT = 1_000
"""Unwrapped secrets of open polls in memory."""

NOT_COUNTED = N_(
    "The database can't be written just now, so your vote was not counted. "
    "Please vote again in a moment; a vote that arrives twice counts once."
)
SECRET_LOST = N_(
    "This poll's secret is missing from the database, so it can't take votes. Whoever runs the bot must look."
)

logger = logging.getLogger("parley.polls")


class Receipt(StrEnum):
    """What a receipt's code says of its ballot."""

    INCLUDED = "included"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Standing:
    """A voter's own ballot, and the receipt's code while it can still be made."""

    choice: str
    code: str


class BallotBox:
    """Takes votes and closes polls. `random_bytes` makes secrets, nonces and the names of closed ballots."""

    def __init__(
        self,
        database: Database,
        keys: Keys,
        *,
        random_bytes: RandomBytes = secrets.token_bytes,
        meter: Meter | None = None,
    ) -> None:
        self._database = database
        self._meter = meter or Meter()
        self._random_bytes = random_bytes
        self._secrets = _Secrets(keys)
        self._waiting: list[tuple[Vote, asyncio.Future[Cast]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._untidy = True
        self._last: asyncio.Future[Cast] | None = None

    async def open(self, poll: Poll, *, only_if: Unit[None] | None = None) -> Poll:
        """Stores a new poll under a fresh secret, and returns it with the head that its chain starts from.

        `only_if` runs first, in the same transaction; where it raises, nothing is stored. Raises `Unavailable`.
        """
        opened = replace(poll, communities=poll.communities | {poll.community}, head=audit.genesis(poll))
        wrapped = self._secrets.keys.wrap(self._random_bytes(SECRET_BYTES))

        async def write(tx: Transaction) -> None:
            if only_if is not None:
                await only_if(tx)
            await polls.insert(tx, opened, wrapped)

        await self._database.write(write)
        return opened

    async def cast(self, vote: Vote) -> Cast:
        """Takes a vote, a change or a withdrawal, and answers when it is durable. The same vote again is harmless.

        `vote.choice` is a ballot that `parse_ballot` returned for this poll. Raises `Unavailable` when the vote was
        not counted, and ValueError for a choice or a voter that no parser or platform returns.
        """
        if not (vote.poll.isascii() and vote.poll.isprintable()):
            return Cast(CastEnd.UNKNOWN)
        _check_text(vote)
        answer: asyncio.Future[Cast] = asyncio.get_running_loop().create_future()
        self._waiting.append((vote, answer))
        self._last = answer
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_groups(), context=Context())
        return await answer

    async def standing(self, poll: str, voter: str) -> Standing | None:
        """A voter's own ballot; None where there is none, and after the close of a secret poll, when nobody knows.

        Raises `NotFound`, `Unavailable`.
        """
        return await self._database.read(lambda tx: self._standing(tx, poll, voter))

    async def find_receipt(self, poll: str, code: str) -> Receipt:
        """What became of the ballot with this receipt, at any time, whoever asks. Raises `Unavailable`."""
        return await self._database.read(lambda tx: _find_receipt(tx, poll, audit.typed_code(code)))

    async def close(self, poll: str, at: datetime, by: str = "", *, also: Unit[None] | None = None) -> bool:
        """Closes an open poll for good; True for the one who did it. `by` is the person's voter id, empty: the deadline.

        `also` is written in the same transaction by the one who did it.

        The votes that came before are counted. The chain is verified, the ballots of a secret poll lose their voters
        and links, the closing link binds all of them, and the poll's secret is destroyed: in one transaction. What it
        writes is worked out before, and once more inside where somebody voted meanwhile.

        Raises `NotFound`, `Unavailable`, and `Tampered` when the record doesn't hold: such a poll can only be cancelled.
        """
        return await self._end(poll, State.CLOSED, at, by, also)

    async def cancel(self, poll: str, at: datetime, by: str = "", *, also: Unit[None] | None = None) -> bool:
        """Cancels an open poll for good; True for the one who did it. Its ballots are deleted, its chain stays.

        Raises `NotFound`, `Unavailable`.
        """
        return await self._end(poll, State.CANCELLED, at, by, also)

    async def withdraw_everywhere(self, voter: str, at: datetime) -> list[str]:
        """Withdraws a voter's ballots from all open polls; returns the ids of those that had one.

        Raises `Unavailable`; once more is harmless.
        """
        open_polls = await self._database.read(lambda tx: tx.column("open_poll_ids"))
        casts = await asyncio.gather(*(self.cast(Vote(poll, voter, "", None, at)) for poll in open_polls))
        pairs = zip(open_polls, casts, strict=True)
        return [poll for poll, cast in pairs if cast.end is CastEnd.WITHDRAWN]

    async def forget_member(self, voter: str, at: datetime) -> members.Erased:
        """Erases what can be found of a member: open ballots are withdrawn, closed named ones become nobody's.

        A ballot in a closed secret poll can't be found by anybody, so it stays. Raises `Unavailable`; once more is
        harmless.
        """
        withdrawn = await self.withdraw_everywhere(voter, at)
        erased = await self._database.write(lambda tx: members.forget_member(tx, voter, self._stranger))
        await self._database.forget_deleted()
        return replace(erased, ballots=erased.ballots + len(withdrawn))

    async def forget_community(self, community: str, reason: str, at: datetime) -> members.Erased:
        """Deletes a community with its polls and chains, and takes its members out of other communities' polls.

        Each deleted poll leaves a line in `erasures`, with `reason`. Raises `Unavailable`; once more is harmless.
        """
        open_named = await self._database.read(lambda tx: members.open_named_voters(tx, community))
        await asyncio.gather(*(self.cast(Vote(poll, voter, "", None, at)) for poll, voter in open_named))
        erased = await self._database.write(
            lambda tx: members.forget_community(tx, community, reason, at, self._stranger)
        )
        await self._database.forget_deleted()
        return erased

    @property
    def waiting(self) -> int:
        """How many votes wait for the next commit."""
        return len(self._waiting)

    async def aclose(self) -> None:
        """Waits until every vote that was taken is answered."""
        while self._writing is not None:
            await self._writing

    def _stranger(self) -> str:
        return self._random_bytes(NONCE_BYTES).hex()

    async def _write_groups(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:GROUP_MAX], self._waiting[GROUP_MAX:]
                started = perf_counter()
                answers = await self._write_group([vote for vote, _ in group])
                seconds = perf_counter() - started
                for (_, future), answer in zip(group, answers, strict=True):
                    _resolve(future, answer)
                ends = Counter(answer.end.value if isinstance(answer, Cast) else "failed" for answer in answers)
                self._meter.wrote_votes(ends, seconds)
        finally:
            self._writing = None

    async def _write_group(self, votes: Sequence[Vote]) -> Sequence[Cast | Exception]:
        """One transaction for all. Where a bug breaks it, each vote gets its own, so that only the culprit fails."""
        try:
            return await self._database.write(lambda tx: self._settle(tx, votes))
        except Unavailable:
            return [Unavailable(NOT_COUNTED) for _ in votes]
        except Exception as error:
            if len(votes) == 1:
                return [error]
            logger.exception("a group of %d votes failed; each is tried alone", len(votes))
        return [answer for vote in votes for answer in await self._write_group([vote])]

    async def _settle(self, tx: Transaction, votes: Sequence[Vote]) -> list[Cast | Exception]:
        ids = json.dumps(list({vote.poll for vote in votes}))
        group = _Group(self._secrets, await tx.rows("lock_polls", ids=ids))
        keyed = [group.key(vote) for vote in votes]
        wanted = json.dumps([key for key in dict.fromkeys(keyed) if isinstance(key, tuple)])
        group.know(await tx.rows("standing_ballots", keys=wanted))
        nonces = self._random_bytes(NONCE_BYTES * len(votes)).hex()
        width = 2 * NONCE_BYTES
        answers = [
            group.take(vote, key, nonces[place * width : (place + 1) * width]) if isinstance(key, tuple) else key
            for place, (vote, key) in enumerate(zip(votes, keyed, strict=True))
        ]
        await group.write(tx)
        return answers

    async def _standing(self, tx: Transaction, poll: str, voter: str) -> Standing | None:
        found = await polls.get(tx, poll)
        wrapped: str | None = await tx.value("wrapped_secret", poll=poll)
        secret = None if wrapped is None else self._secrets.of(poll, wrapped)
        if found.secret and secret is None:
            return None
        key = audit.voter_key(secret, voter) if found.secret and secret is not None else voter
        row = await tx.one("standing_ballot", poll=poll, voter=key)
        if row is None:
            return None
        code = "" if secret is None or row["link"] is None else audit.receipt_code(secret, key, row["link"])
        return Standing(row["choice"], code)

    async def _end(self, poll: str, state: State, at: datetime, by: str, also: Unit[None] | None) -> bool:
        if self._last is not None:  # who voted before is counted before
            await asyncio.wait([self._last])
        sealed = await self._sealed(poll) if state is State.CLOSED else None

        async def end(tx: Transaction) -> bool:
            ended = await self._write_end(tx, poll, state, at, by, sealed)
            if ended and also is not None:
                await also(tx)
            return ended

        ended = await self._database.write(end, long=True)
        self._secrets.forget(poll)
        if ended:
            self._untidy = True
            await self.tidy()
        return ended

    async def tidy(self) -> None:
        """Clears what deleted secrets and ballots left behind in the database's files, if that is still to be done.

        A reader can be in its way, and a process can die before it: so it is due at every start, and tried again.
        """
        if self._untidy:
            self._untidy = not await self._database.forget_deleted()

    async def _sealed(self, poll: str) -> Sealed | None:
        """Most of what a close has to work out, while nobody waits for it. None where the poll isn't open."""
        record = await self._database.read(lambda tx: polls.record(tx, poll), long=True)
        if record.poll.state is not State.OPEN:
            return None
        return await asyncio.to_thread(seal, record, self._random_bytes)

    async def _write_end(
        self, tx: Transaction, poll: str, state: State, at: datetime, by: str, sealed: Sealed | None
    ) -> bool:
        locked = await tx.rows("lock_polls", ids=json.dumps([poll]))
        if not locked:
            raise NotFound(polls.NO_POLL)
        if locked[0]["state"] != State.OPEN:
            return False
        if state is State.CANCELLED:
            await tx.run("drop_counts", poll=poll)
            sealed = Sealed(Record(await polls.get(tx, poll), (), (), (), {}), (), ())
        elif sealed is None or sealed.record.poll.head != locked[0]["head"]:  # somebody voted meanwhile
            sealed = seal(await polls.record(tx, poll), self._random_bytes)
        await _replace_ballots(tx, sealed, drop=sealed.record.poll.secret or state is State.CANCELLED)
        await _append_close(tx, sealed, state)
        await tx.run("drop_empty_counts", poll=poll)
        await tx.run("drop_secret", poll=poll)
        turnout = len(sealed.ballots)
        await tx.run("end_poll", poll=poll, state=state.value, closed_at=to_stored(at), closed_by=by, ballots=turnout)
        if state is State.CLOSED:
            places = await tellings.tell_places(tx, poll, News.RESULT, at)
            if not places:  # each message that showed it was deleted
                await tellings.tell_creator(tx, sealed.record.poll, at)
        return True


class _Secrets:
    """The secrets of open polls, unwrapped once."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self._known: dict[str, tuple[str, bytes]] = {}

    def of(self, poll: str, wrapped: str) -> bytes:
        """Raises `Unavailable` when another key wrapped it."""
        known = self._known.get(poll)
        if known is not None and known[0] == wrapped:
            return known[1]
        secret = self.keys.unwrap(wrapped)
        if len(self._known) >= SECRETS_KEPT:
            self._known.clear()
        self._known[poll] = (wrapped, secret)
        return secret

    def forget(self, poll: str) -> None:
        self._known.pop(poll, None)


@dataclass(slots=True)
class _Tally:
    """One poll while a group of votes is counted into it."""

    id: str
    state: State
    closes_at: int
    named: bool
    secret: bytes | None
    head: str
    links: int
    ballots: int
    changes: Counter[str] = field(default_factory=Counter)


class _Group:
    """What a group of votes does to its polls, worked out in memory and then written, one statement a table."""

    def __init__(self, unwrapped: _Secrets, rows: Iterable[Row]) -> None:
        self._unwrapped = unwrapped
        self._tallies: dict[str, _Tally | Unavailable] = {row["id"]: self._tally(row) for row in rows}
        self._stored: dict[tuple[str, str], tuple[str, int]] = {}
        self._standing: dict[tuple[str, str], tuple[str, int]] = {}
        self._touched: dict[tuple[str, str], dict[str, object] | None] = {}
        self._links: list[dict[str, object]] = []

    def _tally(self, row: Row) -> _Tally | Unavailable:
        state, wrapped = State(row["state"]), row["wrapped"]
        secret = None
        if state is State.OPEN:
            if wrapped is None:
                return Unavailable(SECRET_LOST)
            try:
                secret = self._unwrapped.of(row["id"], wrapped)
            except Unavailable as error:
                return error
        named = not row["secret"]
        numbers = (row["head"], row["links"], row["ballots"])
        return _Tally(row["id"], state, row["closes_at"], named, secret, *numbers)

    def key(self, vote: Vote) -> tuple[str, str] | Cast | Exception:
        """The ballot's key for a vote that the poll takes; the answer for one that it doesn't."""
        tally = self._tallies.get(vote.poll)
        if tally is None:
            return Cast(CastEnd.UNKNOWN)
        if isinstance(tally, Unavailable):
            return Unavailable(tally.message)
        if tally.state is State.CANCELLED:
            return Cast(CastEnd.CANCELLED, links=tally.links, ballots=tally.ballots)
        if tally.secret is None or tally.closes_at <= to_stored(vote.at):
            return Cast(CastEnd.CLOSED, links=tally.links, ballots=tally.ballots)
        return vote.poll, vote.voter if tally.named else audit.voter_key(tally.secret, vote.voter)

    def know(self, rows: Iterable[Row]) -> None:
        """Takes in the ballots that stand before the group."""
        self._stored = {(row["poll"], row["voter"]): (row["choice"], row["link"]) for row in rows}
        self._standing = dict(self._stored)

    def take(self, vote: Vote, key: tuple[str, str], nonce: str) -> Cast | Exception:
        tally = self._tallies[vote.poll]
        if isinstance(tally, Unavailable) or tally.secret is None:  # `key` answered these
            raise AssertionError(tally)
        stands = self._standing.get(key)
        if vote.choice is None:
            return self._withdraw(tally, key, stands)
        if stands is not None and stands[0] == vote.choice:
            code = audit.receipt_code(tally.secret, key[1], stands[1])
            return Cast(CastEnd.UNCHANGED, code, vote.choice, tally.links, tally.ballots)
        code = audit.receipt_code(tally.secret, key[1], tally.links + 1)
        commitment = audit.ballot_commitment(nonce, tally.id, key[1], vote.choice)
        step, replaces = (Step.CAST, 0) if stands is None else (Step.CHANGE, stands[1])
        self._append(tally, step, commitment, replaces, audit.receipt_hash(code))
        self._count(tally, stands, vote.choice)
        self._standing[key] = (vote.choice, tally.links)
        name = _plain(vote.name) if tally.named else None
        self._touched[key] = {
            "poll": tally.id, "voter": key[1], "choice": vote.choice, "name": name, "link": tally.links, "nonce": nonce
        }  # fmt: skip
        end = CastEnd.CAST if stands is None else CastEnd.CHANGED
        return Cast(end, code, vote.choice, tally.links, tally.ballots)

    def _withdraw(self, tally: _Tally, key: tuple[str, str], stands: tuple[str, int] | None) -> Cast:
        if stands is None:
            return Cast(CastEnd.NOTHING_TO_WITHDRAW, links=tally.links, ballots=tally.ballots)
        self._append(tally, Step.WITHDRAW, "", stands[1], "")
        self._count(tally, stands, None)
        del self._standing[key]
        self._touched[key] = None
        return Cast(CastEnd.WITHDRAWN, links=tally.links, ballots=tally.ballots)

    def _append(self, tally: _Tally, step: Step, commitment: str, replaces: int, receipt: str) -> None:
        tally.links += 1
        link = _link_values(tally.id, tally.links, step, commitment, replaces, receipt, tally.head)
        tally.head = str(link["hash"])
        self._links.append(link)

    @staticmethod
    def _count(tally: _Tally, stood: tuple[str, int] | None, choice: str | None) -> None:
        if stood is not None:
            tally.changes[stood[0]] -= 1
            tally.ballots -= 1
        if choice is not None:
            tally.changes[choice] += 1
            tally.ballots += 1

    async def write(self, tx: Transaction) -> None:
        if not self._links:
            return
        written = {link["poll"] for link in self._links}
        tallies = [each for each in self._tallies.values() if isinstance(each, _Tally) and each.id in written]
        dropped = [key for key, row in self._touched.items() if row is None and key in self._stored]
        counts = [(tally.id, *item) for tally in tallies for item in tally.changes.items()]
        await tx.together(
            {
                "append_link": self._links,
                "put_ballot": [row for row in self._touched.values() if row is not None],
                "drop_ballot": [{"poll": poll, "voter": voter} for poll, voter in dropped],
                "count_more": [_count_values(*count) for count in counts if count[2] > 0],
                "count_fewer": [_count_values(*count) for count in counts if count[2] < 0],
                "advance_poll": [_head_values(each.id, each.head, each.links, each.ballots) for each in tallies],
            }
        )


async def _replace_ballots(tx: Transaction, sealed: Sealed, *, drop: bool) -> None:
    poll = sealed.record.poll.id
    if drop:
        await tx.run("drop_ballots", poll=poll)
        await tx.many("put_sealed_ballot", sealed.ballots)
    else:
        await tx.many("seal_named_ballot", sealed.ballots)
    await tx.many("put_closing_commitment", [{"poll": poll, "commitment": each} for each in sealed.closing])


async def _append_close(tx: Transaction, sealed: Sealed, state: State) -> None:
    poll = sealed.record.poll
    commitment = audit.close_commitment(poll.id, state, sealed.closing, sealed.record.counts)
    link = _link_values(poll.id, poll.links + 1, Step.CLOSE, commitment, 0, "", poll.head)
    await tx.many("append_link", [link])
    await tx.many("advance_poll", [_head_values(poll.id, str(link["hash"]), poll.links + 1, poll.ballots)])


def _link_values(
    poll: str, number: int, step: Step, commitment: str, replaces: int, receipt: str, before: str
) -> dict[str, object]:
    return {
        "poll": poll,
        "number": number,
        "step": step.value,
        "commitment": commitment,
        "replaces": replaces,
        "receipt": receipt,
        "before": before,
        "hash": audit.link_hash(poll, number, step.value, commitment, replaces, receipt, before),
    }


def _head_values(poll: str, head: str, links: int, ballots: int) -> Mapping[str, object]:
    return {"poll": poll, "head": head, "links": links, "ballots": ballots}


def _count_values(poll: str, choice: str, change: int) -> Mapping[str, object]:
    return {"poll": poll, "choice": choice, "change": change}


async def _find_receipt(tx: Transaction, poll: str, code: str) -> Receipt:
    link = await tx.one("link_by_receipt", poll=poll, receipt=audit.receipt_hash(code)) if code else None
    if link is None:
        return Receipt.UNKNOWN
    later = await tx.one("link_replacing", poll=poll, number=link["number"])
    if later is None:
        return Receipt.INCLUDED
    return Receipt.WITHDRAWN if later["step"] == Step.WITHDRAW else Receipt.REPLACED


def _check_text(vote: Vote) -> None:
    """Refuses what would break the statement that a vote shares with its neighbours."""
    choice = vote.choice
    if choice is not None and not (0 < len(choice) <= LONGEST_TEXT and choice.isascii() and choice.isprintable()):
        raise ValueError(f"not a canonical ballot: {choice[:40]!r}")
    if not (vote.voter and vote.voter.isprintable()):
        raise ValueError("a voter is platform:workspace:id in printable text")
    to_stored(vote.at)


def _plain(name: str) -> str:
    """A display name that every database takes: no NUL, no half of a surrogate pair."""
    return name.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _resolve(future: asyncio.Future[Cast], answer: Cast | Exception) -> None:
    if future.done():  # the voter's request was cancelled meanwhile; the vote counts all the same
        return
    if isinstance(answer, Cast):
        future.set_result(answer)
    else:
        future.set_exception(answer)
