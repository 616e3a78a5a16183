"""What is still to be told, and where: one row for each place, written with whatever makes the news.

A row is taken out before its place is told, so that no place hears the same twice, whichever process dies when.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.chat import Place
from bot.polls.model import Poll
from bot.store.sql import Transaction
from bot.store.times import from_stored, to_stored


class News(StrEnum):
    RESULT = "result"
    REMINDER = "reminder"


@dataclass(frozen=True, slots=True)
class Telling:
    """A place that is to hear of a poll, since when."""

    poll: str
    news: News
    place: Place
    since: datetime

    @property
    def for_creator(self) -> bool:
        """Whether no channel is to hear of it, but whoever opened the poll."""
        return not self.place.channel


async def tell_places(tx: Transaction, poll: str, news: News, now: datetime) -> int:
    """Has every place told where the poll was posted. Returns how many those are."""
    return await tx.run("tell_places", poll=poll, news=news.value, now=to_stored(now))


async def tell_creator(tx: Transaction, poll: Poll, now: datetime) -> None:
    """Has whoever opened the poll told its result, once, because a place could not be."""
    if await tx.run("claim_creator", poll=poll.id):
        platform, _, workspace = poll.community.partition(":")
        await put_back(tx, Telling(poll.id, News.RESULT, Place(platform, workspace, ""), now), now)


async def take(tx: Transaction, platforms: Iterable[str], now: datetime) -> Telling | None:
    """What is due longest on one of these platforms; it falls to the caller, and to nobody else."""
    row = await tx.one("take_telling", platforms=json.dumps(sorted(platforms)), now=to_stored(now))
    if row is None:
        return None
    place = Place(row["platform"], row["workspace"], row["channel"], row["thread"])
    return Telling(row["poll"], News(row["news"]), place, from_stored(row["since"]))


async def put_back(tx: Transaction, telling: Telling, due_at: datetime) -> None:
    """For what was certainly not told: it is due again then."""
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
    """Drops what has been due since before then: its platform runs nowhere. Returns how many places that were."""
    return await tx.run("drop_tellings", before=to_stored(before))
