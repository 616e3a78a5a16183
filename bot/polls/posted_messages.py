"""The messages that show a poll, stored so that they can be redrawn after a restart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.chat.vocabulary import MessageRef, Place
from bot.polls import repository as poll_rows
from bot.polls.model import Poll, PollState
from bot.store.sql import Row, Transaction
from bot.store.timestamps import from_stored, to_stored


@dataclass(frozen=True, slots=True)
class PostedMessage:
    """One message that shows a poll. `edited_at` is the time of its last redraw; `stale` means that it is out of date."""

    poll: str
    message: MessageRef
    posted_at: datetime
    edited_at: datetime | None = None
    stale: bool = False


async def get(tx: Transaction, poll: str) -> Poll:
    """Return the poll that a message shows. Raise NotFound."""
    return await poll_rows.get(tx, poll)


async def add_copy(tx: Transaction, copy: PostedMessage) -> None:
    """Remember a message; repeating is harmless."""
    place = copy.message.place
    await tx.run(
        "put_copy",
        poll=copy.poll,
        platform=place.platform,
        workspace=place.workspace,
        channel=place.channel,
        thread=place.thread,
        message=copy.message.id,
        posted_at=to_stored(copy.posted_at),
    )


async def add_first_copy(tx: Transaction, poll: str, ref: MessageRef, at: datetime) -> None:
    """Remember the first message of a scheduled poll; the poll has its place and community already."""
    await add_copy(tx, PostedMessage(poll, ref, at))


async def copies(tx: Transaction, poll: str) -> list[PostedMessage]:
    return [read_copy(row) for row in await tx.rows("copies_of", poll=poll)]


def first_in(place: Place, posted: Iterable[PostedMessage]) -> MessageRef | None:
    """Return the first of these messages in this place, if there is one."""
    return next((copy.message for copy in posted if copy.message.place == place), None)


async def stale_copies(tx: Transaction) -> list[PostedMessage]:
    """Return the messages that are out of date. Votes mark them so in their own transactions."""
    return [read_copy(row) for row in await tx.rows("stale_copies")]


async def copies_of_open_polls(tx: Transaction) -> list[PostedMessage]:
    return [read_copy(row) for row in await tx.rows("copies_of_open_polls")]


async def find_copy(tx: Transaction, copy: PostedMessage) -> PostedMessage | None:
    """Return the message as it is stored now."""
    row = await tx.one("find_copy", **row_key(copy.poll, copy.message))
    return None if row is None else read_copy(row)


async def mark_shown(tx: Transaction, copy: PostedMessage, poll: Poll, at: datetime) -> None:
    """Note that the message shows this state of the poll since `at`."""
    final = int(poll.state is not PollState.OPEN)
    await tx.run(
        "mark_shown", edited_at=to_stored(at), shown=poll.links, final=final, **row_key(copy.poll, copy.message)
    )


async def outdate(tx: Transaction, poll: str) -> None:
    """Have every message redrawn, for a change other than a vote."""
    await tx.run("outdate_copies", poll=poll)


async def lose_copy(tx: Transaction, poll: str, message: MessageRef) -> bool:
    """Suspend a message that the bot may not draw right now; once the poll has ended, forget it.

    Return True the first time: if the poll is open, and the last redraw worked.
    """
    row = await tx.one("lose_copy", **row_key(poll, message))
    if row is None:
        await forget_copy(tx, poll, message)
    return row is not None and row["lost"] == 1


async def forget_copy(tx: Transaction, poll: str, message: MessageRef) -> None:
    """Forget a message that somebody deleted."""
    await tx.run("drop_copy", **row_key(poll, message))


def row_key(poll: str, message: MessageRef) -> dict[str, object]:
    """Return the key of a message's row."""
    place = message.place
    return {
        "poll": poll,
        "platform": place.platform,
        "workspace": place.workspace,
        "channel": place.channel,
        "message": message.id,
    }


def read_copy(row: Row) -> PostedMessage:
    """Read a message's row."""
    place = Place(row["platform"], row["workspace"], row["channel"], row["thread"])
    edited = None if row["edited_at"] is None else from_stored(row["edited_at"])
    return PostedMessage(
        row["poll"], MessageRef(place, row["message"]), from_stored(row["posted_at"]), edited, bool(row["stale"])
    )
