"""The messages that show a discussion, for `Copies` to redraw, and the queue of places for its result."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from bot.chat.vocabulary import MessageRef, Place
from bot.deliberation import repository
from bot.deliberation.model import Discussion
from bot.errors import NotFound
from bot.i18n import N_
from bot.polls.model import PollState
from bot.polls.outbox import News, Telling
from bot.polls.posted_messages import PostedMessage, read_copy, row_key
from bot.store.sql import Transaction
from bot.store.timestamps import from_stored, to_stored

NO_DISCUSSION = N_("There's no discussion with this id.")


async def get(tx: Transaction, discussion: str) -> Discussion:
    """Return the discussion. Raises NotFound."""
    row = await repository.find(tx, discussion)
    if row is None:
        raise NotFound(NO_DISCUSSION)
    return row


async def add_copy(tx: Transaction, copy: PostedMessage) -> None:
    """Remember a message. A repeat is harmless."""
    values = row_key(copy.poll, copy.message)
    await tx.run("put_discussion_copy", thread=copy.message.place.thread, posted_at=to_stored(copy.posted_at), **values)


async def copies(tx: Transaction, poll: str) -> list[PostedMessage]:
    return [read_copy(row) for row in await tx.rows("discussion_copies_of", poll=poll)]


async def stale_copies(tx: Transaction) -> list[PostedMessage]:
    """Return the messages that show an earlier state of their discussion."""
    return [read_copy(row) for row in await tx.rows("stale_discussion_copies")]


async def copies_of_open_polls(tx: Transaction) -> list[PostedMessage]:
    """Return the messages of open discussions."""
    return [read_copy(row) for row in await tx.rows("copies_of_open_discussions")]


async def find_copy(tx: Transaction, copy: PostedMessage) -> PostedMessage | None:
    """Return the message from the database; None if it isn't there."""
    row = await tx.one("find_discussion_copy", **row_key(copy.poll, copy.message))
    return None if row is None else read_copy(row)


async def mark_shown(tx: Transaction, copy: PostedMessage, poll: Discussion, at: datetime) -> None:
    """Note that the message shows this state of the discussion since `at`."""
    values = row_key(copy.poll, copy.message)
    final = int(poll.state is not PollState.OPEN)
    await tx.run("mark_discussion_shown", edited_at=to_stored(at), shown=poll.drawn, final=final, **values)


async def lose_copy(tx: Transaction, poll: str, message: MessageRef) -> bool:
    """Set aside a message that Parley can't edit; forget it after the close. True for the first failure."""
    row = await tx.one("lose_discussion_copy", **row_key(poll, message))
    if row is None:
        await forget_copy(tx, poll, message)
    return row is not None and row["lost"] == 1


async def forget_copy(tx: Transaction, poll: str, message: MessageRef) -> None:
    """Forget a message that somebody deleted."""
    await tx.run("drop_discussion_copy", **row_key(poll, message))


async def tell_places(tx: Transaction, discussion: Discussion, now: datetime) -> None:
    """Queue the result for every place that shows the discussion; for its host if there is none."""
    if not await tx.run("tell_discussion_places", poll=discussion.id, now=to_stored(now)):
        await tell_host(tx, discussion, now)


async def tell_host(tx: Transaction, discussion: Discussion, now: datetime) -> None:
    """Queue the result for the host, once, because a place can't show it or none exists."""
    if await tx.run("claim_discussion_host", poll=discussion.id):
        platform, _, workspace = discussion.community.partition(":")
        await put_back(tx, Telling(discussion.id, News.RESULT, Place(platform, workspace, ""), now), now)


async def take(tx: Transaction, platforms: Iterable[str], now: datetime) -> Telling | None:
    """Take the longest overdue announcement on these platforms; None if none is due. No other process gets it."""
    row = await tx.one("take_discussion_telling", platforms=json.dumps(sorted(platforms)), now=to_stored(now))
    if row is None:
        return None
    place = Place(row["platform"], row["workspace"], row["channel"], row["thread"])
    return Telling(row["poll"], News.RESULT, place, from_stored(row["since"]))


async def put_back(tx: Transaction, telling: Telling, due_at: datetime) -> None:
    """Queue an announcement again, due at this time, because it certainly reached nobody."""
    place = telling.place
    await tx.run(
        "put_discussion_telling",
        poll=telling.poll,
        platform=place.platform,
        workspace=place.workspace,
        channel=place.channel,
        thread=place.thread,
        since=to_stored(telling.since),
        due_at=to_stored(due_at),
    )
