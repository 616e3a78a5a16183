"""The writes that end or extend a poll, each a step of a unit of work that the ballot box runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.errors import NotFound, Unavailable
from bot.polls import audit, watchers
from bot.polls import outbox as tellings
from bot.polls import posted_messages as messages
from bot.polls import repository as polls
from bot.polls.audit import Record
from bot.polls.discrepancies import Tampered
from bot.polls.model import Poll, PollState, Step
from bot.polls.outbox import News
from bot.polls.poll_secrets import OpenSecrets, PollSecret
from bot.polls.record_format import Format1, Format2, extension_commitment
from bot.polls.sealing import Sealed, seal
from bot.polls.vote_batch import checked_secret, head_values, link_values
from bot.store.sql import Row, Transaction
from bot.store.timestamps import from_stored, to_stored


async def write_extension(
    tx: Transaction, secrets: OpenSecrets, poll: str, closes_at: datetime, remind_at: datetime | None
) -> bool:
    """Postpone the close of an open poll, and add the link that says so. Return False if that isn't possible.

    Raise `Unavailable`, and `Tampered` if the poll's row isn't as Parley wrote it.
    """
    locked = await tx.rows("lock_polls", ids=json.dumps([poll]))
    if not locked or locked[0]["state"] != PollState.OPEN or locked[0]["closes_at"] >= to_stored(closes_at):
        return False
    [row] = locked
    secret, until = checked_secret(secrets, row), to_stored(closes_at)
    remind = None if remind_at is None else to_stored(remind_at)
    await tx.run("extend_poll", poll=poll, closes_at=until, remind_at=remind)
    if secret.format.number == Format2.number:
        number, commitment = row["links"] + 1, extension_commitment(poll, closes_at)
        link = link_values(secret.format, poll, number, Step.EXTEND, commitment, row["head"], closes_at=until)
        seal = secret.row_seal(poll, str(link["hash"]), number, row["ballots"], until)
        await tx.many("append_link", [link])
        await tx.many("advance_poll", [head_values(poll, str(link["hash"]), number, row["ballots"], seal)])
    await watchers.move(tx, poll, closes_at - from_stored(row["closes_at"]))
    await messages.outdate(tx, poll)
    return True


async def write_end(
    tx: Transaction,
    secrets: OpenSecrets,
    random_bytes: Callable[[int], bytes],
    poll: str,
    ending: tuple[PollState, datetime, str],
    sealed: Sealed | None,
) -> bool:
    """End an open poll for good, with the prepared ballots, or with new ones if somebody has voted since.

    `ending` is the poll's final state, the time, and the voter id of the person who ends it, or empty. Return True to
    the one caller who ended it. Raises `NotFound`, `Unavailable`, `Tampered`.
    """
    state, at, by = ending
    locked = await tx.rows("lock_polls", ids=json.dumps([poll]))
    if not locked:
        raise NotFound(polls.NO_POLL)
    [row] = locked
    if row["state"] != PollState.OPEN:
        return False
    if state is PollState.CANCELLED:
        await tx.run("drop_counts", poll=poll)
        secret = _secret_of(secrets, row)
        sealed = Sealed(Record(await polls.get(tx, poll), (), (), (), {}, secret), (), ())
    else:
        checked_secret(secrets, row)
        if sealed is None or sealed.record.poll.head != row["head"]:  # somebody has voted since
            sealed = seal(await polls.record(tx, poll, secrets), random_bytes)
    ended = _ended(sealed.record.poll, state, at, by)
    await _replace_ballots(tx, sealed, drop=ended.secret or state is PollState.CANCELLED)
    chain_key = "" if sealed.record.secret is None else sealed.record.secret.chain_key
    head = await _append_close(tx, sealed, ended)
    seal_of_end = secrets.end_seal(replace(ended, head=head, chain_key=chain_key))
    await tx.run("drop_empty_counts", poll=poll)
    await tx.run("drop_secret", poll=poll)
    await tx.run("drop_watchers", poll=poll)
    await tx.run(
        "end_poll",
        poll=poll,
        state=state.value,
        closed_at=to_stored(at),
        closed_by=by,
        ballots=len(sealed.ballots),
        chain_key=chain_key,
        row_seal="" if ended.format == Format1.number else seal_of_end,
    )
    if state is PollState.CLOSED:
        places = await tellings.tell_places(tx, poll, News.RESULT, at)
        if not places:  # every message that showed it was deleted
            await tellings.tell_creator(tx, sealed.record.poll, at)
    return True


def _secret_of(secrets: OpenSecrets, row: Row) -> PollSecret | None:
    """Return the keys of a poll that is cancelled; None if they are unavailable, since it can be cancelled anyway."""
    try:
        return secrets.of(row["id"], row["wrapped"] or "", row["format"])
    except (Unavailable, Tampered):
        return None


def _ended(poll: Poll, state: PollState, at: datetime, by: str) -> Poll:
    return replace(poll, state=state, closed_at=at, end_reason=polls.end_reason(state, by))


async def _replace_ballots(tx: Transaction, sealed: Sealed, *, drop: bool) -> None:
    poll = sealed.record.poll.id
    if drop:
        await tx.run("drop_ballots", poll=poll)
        await tx.many("put_sealed_ballot", sealed.ballots)
    else:
        await tx.many("seal_named_ballot", sealed.ballots)
    await tx.many("put_closing_commitment", [{"poll": poll, "commitment": each} for each in sealed.closing])


async def _append_close(tx: Transaction, sealed: Sealed, ended: Poll) -> str:
    """Add the closing link, and return its hash. Without its keys, a cancelled poll gets an invalid link, as its record says."""
    record_format = sealed.record.format or Format2(b"")
    commitment = record_format.close(ended.id, audit.ending_of(ended), sealed.closing, sealed.record.counts)
    number = ended.links + 1
    link = link_values(record_format, ended.id, number, Step.CLOSE, commitment, ended.head)
    await tx.many("append_link", [link])
    await tx.many("advance_poll", [head_values(ended.id, str(link["hash"]), number, ended.ballots, "")])
    return str(link["hash"])
