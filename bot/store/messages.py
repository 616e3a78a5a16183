"""The messages that show a poll, so that they can be redrawn after a restart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.chat import MessageRef, Place
from bot.polls.model import Poll, State
from bot.store.sql import Row, Transaction
from bot.store.times import from_stored, to_stored


@dataclass(frozen=True, slots=True)
class Copy:
    """One message that shows a poll. `edited_at` is when it was last redrawn; `stale`: it shows less than there is."""

    poll: str
    message: MessageRef
    posted_at: datetime
    edited_at: datetime | None = None
    stale: bool = False


async def add_copy(tx: Transaction, copy: Copy) -> None:
    """Remembers a message; once more is harmless."""
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


async def copies(tx: Transaction, poll: str) -> list[Copy]:
    return [_copy(row) for row in await tx.rows("copies_of", poll=poll)]


async def stale_copies(tx: Transaction) -> list[Copy]:
    """Copies that show less than there is to show. The votes themselves make them so."""
    return [_copy(row) for row in await tx.rows("stale_copies")]


async def copies_of_open_polls(tx: Transaction) -> list[Copy]:
    return [_copy(row) for row in await tx.rows("copies_of_open_polls")]


async def find_copy(tx: Transaction, copy: Copy) -> Copy | None:
    """The copy as it is stored now."""
    row = await tx.one("find_copy", **_key(copy.poll, copy.message))
    return None if row is None else _copy(row)


async def mark_shown(tx: Transaction, copy: Copy, poll: Poll, at: datetime) -> None:
    """The message shows the poll as it is given here, since `at`."""
    final = int(poll.state is not State.OPEN)
    await tx.run("mark_shown", edited_at=to_stored(at), shown=poll.links, final=final, **_key(copy.poll, copy.message))


async def outdate(tx: Transaction, poll: str) -> None:
    """Something changed that is no vote, so every copy is to be drawn anew."""
    await tx.run("outdate_copies", poll=poll)


async def lose_copy(tx: Transaction, poll: str, message: MessageRef) -> bool:
    """The bot may not draw the message just now, so it rests; once the poll has ended, it is forgotten.

    True where that is news: the poll is open, and the last time the message could be drawn.
    """
    row = await tx.one("lose_copy", **_key(poll, message))
    if row is None:
        await forget_copy(tx, poll, message)
    return row is not None and row["lost"] == 1


async def forget_copy(tx: Transaction, poll: str, message: MessageRef) -> None:
    """For a message that somebody deleted."""
    await tx.run("drop_copy", **_key(poll, message))


def _key(poll: str, message: MessageRef) -> dict[str, object]:
    place = message.place
    return {
        "poll": poll,
        "platform": place.platform,
        "workspace": place.workspace,
        "channel": place.channel,
        "message": message.id,
    }


def _copy(row: Row) -> Copy:
    place = Place(row["platform"], row["workspace"], row["channel"], row["thread"])
    edited = None if row["edited_at"] is None else from_stored(row["edited_at"])
    return Copy(
        row["poll"], MessageRef(place, row["message"]), from_stored(row["posted_at"]), edited, bool(row["stale"])
    )
