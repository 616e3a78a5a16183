"""Look up one ballot: a voter's own, or a receipt's. Each function is a step of a unit of work."""

from __future__ import annotations

from dataclasses import dataclass

from bot.polls import audit
from bot.polls import repository as polls
from bot.polls.audit import Record
from bot.polls.discrepancies import Tampered
from bot.polls.model import ChainLink, Poll, PollState
from bot.polls.poll_secrets import OpenSecrets
from bot.polls.receipts import Receipt, TypedReceipt, judge
from bot.store.sql import Transaction


@dataclass(frozen=True, slots=True)
class OwnBallot:
    """A voter's own ballot, with code and head of its receipt while they can still be computed."""

    choice: str
    code: str
    head: str = ""


async def standing(tx: Transaction, secrets: OpenSecrets, poll: str, voter: str) -> OwnBallot | None:
    """Return a voter's own ballot; None if there is none, and after the close of a secret poll.

    Raises `NotFound`, `Unavailable`, `Tampered`.
    """
    stored = await polls.get(tx, poll)
    wrapped: str | None = await tx.value("wrapped_secret", poll=poll)
    secret = None if wrapped is None else secrets.of(poll, wrapped, stored.format)
    if stored.secret and secret is None:
        return None
    key = secret.pseudonym(voter) if stored.secret and secret is not None else voter
    row = await tx.one("standing_ballot", poll=poll, voter=key)
    if row is None:
        return None
    if secret is None or row["link"] is None:
        return OwnBallot(row["choice"], "")
    return OwnBallot(row["choice"], secret.code(key, row["link"]), row["hash"] or "")


async def find_receipt(tx: Transaction, secrets: OpenSecrets, poll: str, receipt: TypedReceipt) -> Receipt:
    """Look up the ballot of a receipt. Raises `Unavailable`."""
    stored = await polls.find(tx, poll)
    if stored is None:
        return Receipt.UNKNOWN
    row = await tx.one("link_by_receipt", poll=poll, receipt=receipt.code_hash)
    link = None if row is None else polls.read_link(row)
    row = None if link is None else await tx.one("link_replacing", poll=poll, number=link.number)
    later = None if row is None else polls.read_link(row)
    has_head = bool(receipt.head) and await tx.one("link_by_head", poll=poll, head=receipt.head) is not None
    verdict = judge(receipt, link, later, has_head=has_head)
    if verdict is Receipt.INCLUDED and stored.state is PollState.CANCELLED:
        return Receipt.CANCELLED
    if verdict is Receipt.INCLUDED and link is not None and not await _stands(tx, secrets, stored, link):
        return Receipt.CONTRADICTED
    return verdict


async def _stands(tx: Transaction, secrets: OpenSecrets, poll: Poll, link: ChainLink) -> bool:
    """Whether the link is Parley's and its ballot unchanged, as far as the record can still prove it."""
    row = await tx.one("ballot_by_link", poll=poll.id, link=link.number)
    wrapped: str | None = await tx.value("wrapped_secret", poll=poll.id)
    try:
        secret = None if wrapped is None else secrets.of(poll.id, wrapped, poll.format)
    except Tampered:
        return False
    record = Record(poll, (), () if row is None else (polls.read_ballot(row),), (), {}, secret)
    return audit.stands(record, link)
