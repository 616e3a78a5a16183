"""The outbox: news to announce, one row for each place, written together with the event.

A process deletes a row before it tells the place, so that no place hears the same news twice, whichever process dies
when.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.chat.vocabulary import Place
from bot.polls.model import Poll
from bot.store.sql import Transaction
from bot.store.timestamps import from_stored, to_stored


class News(StrEnum):
    RESULT = "result"
    REMINDER = "reminder"
    OPENING = "opening"
    """A scheduled poll waits to be posted."""
    NUDGE = "nudge"
    """A member asked for a reminder: `thread` of the place is their id."""


@dataclass(frozen=True, slots=True)
class Telling:
    """News of a poll for a place, with the time since when it is due."""

    poll: str
    news: News
    place: Place
    since: datetime

    @property
    def for_creator(self) -> bool:
        """Whether it goes to the poll's host instead of a channel."""
        return self.news is News.RESULT and not self.place.channel


async def tell_places(tx: Transaction, poll: str, news: News, now: datetime) -> int:
    """Queue the news for every place where the poll was posted. Return their number."""
    return await tx.run("tell_places", poll=poll, news=news.value, now=to_stored(now))


async def tell_creator(tx: Transaction, poll: Poll, now: datetime) -> None:
    """Queue the result for the poll's host, once, because a place could not be told."""
    if await tx.run("claim_creator", poll=poll.id):
        platform, _, workspace = poll.community.partition(":")
        await put_back(tx, Telling(poll.id, News.RESULT, Place(platform, workspace, ""), now), now)


async def take(tx: Transaction, platforms: Iterable[str], now: datetime) -> Telling | None:
    """Take out the news that is longest overdue on one of these platforms. No other process gets it."""
    row = await tx.one("take_telling", platforms=json.dumps(sorted(platforms)), now=to_stored(now))
    if row is None:
        return None
    place = Place(row["platform"], row["workspace"], row["channel"], row["thread"])
    return Telling(row["poll"], News(row["news"]), place, from_stored(row["since"]))


async def put_back(tx: Transaction, telling: Telling, due_at: datetime) -> None:
    """Queue news again that certainly reached nobody, due at this time."""
    place = telling.place
    await tx.run(
        "put_telling",
        poll=telling.poll,
        news=telling.news.value,
        platform=place.platform,
        workspace=place.workspace,
        channel=place.channel,
        thread=place.thread,
        since=to_stored(telling.since),
        due_at=to_stored(due_at),
    )


async def give_up(tx: Transaction, before: datetime) -> int:
    """Drop news that has been due since before then, because its platform runs nowhere. Return the number of places."""
    return await tx.run("drop_tellings", before=to_stored(before))
