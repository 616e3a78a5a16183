"""Objections in consent polls, with names and reasons, beside ballots that hold only the objection itself.

Each function is a step of a unit of work; `vote_batch.py` writes them with the ballots.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.i18n import N_, Translator
from bot.polls.counting.ballots import AGREE
from bot.polls.model import PollOption, Vote
from bot.store.sql import Transaction
from bot.store.timestamps import from_stored, to_stored

NAMES = (N_("Agree"), N_("Abstain"), N_("Object"))
REASON_MAX = 500


@dataclass(frozen=True, slots=True)
class Objection:
    """A member's objection under their name, both empty once erased. `answer` is the host's."""

    number: int
    member: str
    name: str
    reason: str
    at: datetime
    withdrawn_at: datetime | None = None
    answer: str = ""

    @property
    def stands(self) -> bool:
        return self.withdrawn_at is None


def consent_options(t: Translator, follows: str = "", head: str = "") -> tuple[PollOption, ...]:
    """Return the options of a consent poll.

    The record binds an option's words. So the first option's words name the poll whose proposal this one changes, and
    its head.
    """
    words = f"follows {follows} {head}" if follows else ""
    return tuple(PollOption(t(name), words=words if place == AGREE else "") for place, name in enumerate(NAMES))


async def write(tx: Transaction, votes: Iterable[Vote]) -> None:
    """Store the objections of votes in consent polls: a new one, or the withdrawal of an earlier one."""
    for vote in votes:
        values = {"poll": vote.poll, "member": vote.voter, "reason": vote.reason, "at": to_stored(vote.at)}
        await tx.run("withdraw_objection", **values)
        if vote.reason:
            await tx.run("put_objection", name=vote.name, **values)


async def of_poll(tx: Transaction, poll: str) -> list[Objection]:
    """Return every objection of the poll, even withdrawn ones, the oldest first."""
    return [
        Objection(
            row["number"],
            row["member"],
            row["name"],
            row["reason"],
            from_stored(row["at"]),
            None if row["withdrawn_at"] is None else from_stored(row["withdrawn_at"]),
            row["answer"],
        )
        for row in await tx.rows("objections_of", poll=poll)
    ]


async def answer(tx: Transaction, poll: str, number: int, words: str) -> bool:
    """Store the host's answer to a standing objection. Return False once it is withdrawn."""
    return await tx.run("answer_objection", poll=poll, number=number, answer=words) == 1
