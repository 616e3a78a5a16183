"""The messages that show a poll, so that they can be redrawn after a restart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.chat import MessageRef, Place
from bot.store.sql import Row, Transaction
from bot.store.times import from_stored, to_stored


@dataclass(frozen=True, slots=True)
class Copy:
    """One message that shows a poll. `edited_at` is when it was last redrawn."""

    poll: str
    message: MessageRef
    posted_at: datetime
    edited_at: datetime | None = None


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


async def mark_edited(tx: Transaction, poll: str, message: MessageRef, at: datetime) -> None:
    await tx.run("mark_edited", edited_at=to_stored(at), **_key(poll, message))


async def forget_copy(tx: Transaction, poll: str, message: MessageRef) -> bool:
    """For a message that somebody deleted. False where it was forgotten before."""
    return await tx.run("drop_copy", **_key(poll, message)) == 1


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
    return Copy(row["poll"], MessageRef(place, row["message"]), from_stored(row["posted_at"]), edited)
