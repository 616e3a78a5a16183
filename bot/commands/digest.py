"""The weekly digest: open, decided and due items in a community. It omits everything from private places."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.chat.markup import Bold, Inline, Plain, Text, bullets, shorten
from bot.chat.platform import Platform
from bot.chat.vocabulary import Action, Card, Choice, Field, Place, Reply, Select, Tone, Visibility
from bot.commands import decision_cards, poll_labels, result_cards
from bot.communities import digests as rows
from bot.communities.model import Community, CommunityOf, translator_for
from bot.communities.repository import served
from bot.decisions.model import Decision, DecisionState
from bot.decisions.service import Decisions
from bot.errors import BotError, Unavailable
from bot.i18n import Translator
from bot.library.edition import Shelf
from bot.packs.overview import overview
from bot.polls.model import Poll, PollState
from bot.polls.scheduler import LATE, late_card
from bot.polls.service import Polls
from bot.search.usage import InterestCounter
from bot.store.database import Database

WEEK = timedelta(days=7)
SHOWN = 10
"""Lines of each part; the others are counted."""
TITLE_MAX = 100
TRY_AGAIN = timedelta(minutes=10)

logger = logging.getLogger("parley.digest")


@dataclass(frozen=True, slots=True)
class Digest:
    """Posts each community's digest on Monday morning. A chore of the scheduler."""

    database: Database
    platforms: Mapping[str, Platform]
    community_of: CommunityOf
    polls: Polls
    decisions: Decisions
    shelf: Shelf
    interested: InterestCounter

    async def next_due(self) -> datetime | None:
        return await self.database.read(rows.next_due)

    async def run_due(self, now: datetime) -> None:
        """Post each due digest once. Try again if a platform can't be used right now."""
        for community_id, due_at in await self.database.read(lambda tx: rows.due(tx, now)):
            platform = self.platforms.get(community_id.partition(":")[0])
            if platform is None:
                continue
            community = await self.community_of(community_id, now)
            later = rows.next_digest(community, now)
            if not await self._claim(community_id, due_at, later):
                continue
            try:
                await self._post(platform, community, now, is_late=now - due_at > LATE)
            except Unavailable:
                await self._claim(community_id, later, now + TRY_AGAIN)
            except BotError as error:
                logger.warning("can't post the digest of %s: %s", community_id, type(error).__name__)

    async def _claim(self, community: str, due_at: datetime, next_at: datetime) -> bool:
        return await self.database.write(lambda tx: rows.advance(tx, community, due_at, next_at))

    async def _post(self, platform: Platform, community: Community, now: datetime, *, is_late: bool) -> None:
        if not community.digest_channel:
            return
        t = translator_for(community, self.platforms)
        place = Place(platform.name, community.id.partition(":")[2], community.digest_channel)
        first = (late_card(t),) if is_late else ()
        await platform.post(place, Reply((*first, await self.card(t, community, now)), visibility=Visibility.PUBLIC))

    async def card(self, t: Translator, community: Community, now: datetime) -> Card:
        """Draw the digest from the present state."""
        polls = await self.polls.listed(community.id)
        decisions = await self.decisions.listed(community.id, None)
        parts = [
            (t("Open polls"), _open(polls, community)),
            (t("Results of the week"), await self._results(t, polls, now)),
            (t("Decisions to look at this week"), _due(decisions, community, now)),
            (t("Cards to check"), self._cards(now)),
            (t("Looked up and not found"), await self._misses()),
        ]
        fields = tuple(Field(name, _first(t, lines)) for name, lines in parts if lines)
        return Card(
            title=t("This week"),
            body=() if fields else bullets([t("Nothing is open, decided or due.")]),
            fields=fields,
            tone=Tone.INFO,
            controls=_controls(t, polls),
        )

    async def _results(self, t: Translator, polls: Sequence[Poll], now: datetime) -> list[Sequence[Inline]]:
        closed = [
            poll for poll in polls if poll.state is PollState.CLOSED and poll.closed_at and poll.closed_at > now - WEEK
        ]
        return [
            [Bold(poll.question), Plain(f" · {result_cards.outcome(t, poll, await self.polls.result(poll))}")]
            for poll in closed[:SHOWN]
        ]

    def _cards(self, now: datetime) -> list[Sequence[Inline]]:
        packs = overview(self.shelf.current.library, now.date()).packs
        return [[Plain(f"{card.title} ({pack.title})")] for pack in packs for card in pack.due_cards]

    async def _misses(self) -> list[Sequence[Inline]]:
        """Return searches without a match. All communities share the counts, so only a sole community sees them."""
        interest = await self.interested.read()
        if interest is None or len(await self.database.read(served)) > 1:
            return []
        words = overview(self.shelf.current.library, interest.since, interest).misses
        return [[Plain(f"{miss.what} ({miss.times})")] for miss in words]


def _open(polls: Sequence[Poll], community: Community) -> list[Sequence[Inline]]:
    return [
        [Bold(poll.question), Plain(" · "), poll_labels.when(poll, community.tz)]
        for poll in polls
        if poll.state is PollState.OPEN
    ]


def _due(decisions: Sequence[Decision], community: Community, now: datetime) -> list[Sequence[Inline]]:
    return [
        [Bold(decision.outcome), Plain(f" ({decision_cards.day(decision.review_at, community.tz)})")]
        for decision in decisions
        if decision.state is DecisionState.STANDING and decision.review_at and decision.review_at < now + WEEK
    ]


def _first(t: Translator, lines: Sequence[Sequence[Inline]]) -> Text:
    more = len(lines) - SHOWN
    left_out = [[Plain(t("and {n} more", n=more))]] if more > 0 else []
    return bullets([*map(tuple, lines[:SHOWN]), *map(tuple, left_out)])


def _controls(t: Translator, polls: Sequence[Poll]) -> tuple[Select, ...]:
    open_polls = [poll for poll in polls if poll.state is PollState.OPEN][:SHOWN]
    choices = tuple(Choice(shorten(poll.question, TITLE_MAX), poll.id) for poll in open_polls)
    return (Select(Action("poll-open"), t("Show a poll"), choices),) if choices else ()
