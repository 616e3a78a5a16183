"""Schedule polls, and open them when their time comes.

The transaction that opens a poll also advances its schedule and queues its post: so it opens once, whichever process
dies when. A late poll says that it is late.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.chat.markup import Bold, paragraph, text
from bot.chat.platform import Platform
from bot.chat.vocabulary import Actor, Card, Reply, Request, Tone
from bot.communities import repository as communities
from bot.communities.model import Community, CommunityOf, translator_for
from bot.errors import BotError, NotAllowed, NotFound, Refused, Unavailable
from bot.i18n import N_, Translator
from bot.polls import outbox as tellings
from bot.polls import schedules as rows
from bot.polls.closing_time import closing_time
from bot.polls.creator_notices import MemberNotices
from bot.polls.outbox import News, Telling
from bot.polls.pings import may_ping
from bot.polls.rules import PollDraft
from bot.polls.schedules import Schedule, opening_after
from bot.polls.service import Polls
from bot.store.database import Database
from bot.store.sql import Transaction

CLOSES_DEFAULT = "3 days"
PATIENCE = timedelta(hours=12)
"""The time for which a poll's place is tried, however late the poll opens."""
SCHEDULES_MAX = 1_000
"""Schedules of one community with an opening to come."""
OWN_MAX = 50
"""The same of one member; moderators may have more."""

logger = logging.getLogger("parley.schedules")

STOPPED_BY_MEMBER = N_("Stopped by a member.")
NO_CHANNEL = N_("Its channel is gone, or I can't write there.")
NO_ROLE = N_("The role that may vote is gone.")


class _ClaimLost(Exception):
    """Raised when another process opens the poll."""


@dataclass(slots=True)
class Schedules:
    """The schedules of every community. All methods raise Unavailable if the database fails."""

    database: Database
    polls: Polls
    platforms: Mapping[str, Platform]
    community_of: CommunityOf
    new_id: Callable[[], str]

    async def add(
        self,
        draft: PollDraft,
        opens_at: datetime,
        request: Request,
        community: Community,
        t: Translator,
        *,
        weekly: bool,
    ) -> Schedule:
        """Schedule a poll in the place of the request.

        Raise NotAllowed for a member who may not open polls, Refused for a poll that could not open or one too many.
        """
        actor = request.actor
        self.polls.check(self._at(draft, opens_at, community, t), request, community, t)
        clock = opens_at.astimezone(community.tz).replace(tzinfo=None)
        following = opening_after(clock, opens_at, community.tz, weekly=weekly)
        if following is not None:
            self._at(draft, following, community, t)
        schedule = Schedule(
            self.new_id(),
            community.id,
            actor.id,
            actor.name,
            replace(request.place, private=request.place.private or request.place.direct),
            draft,
            weekly,
            clock,
            opens_at,
            request.now,
        )

        async def write(tx: Transaction) -> None:
            await communities.hold(tx, community.id)
            here, own = await rows.counts(tx, community.id, actor.id)
            if here >= SCHEDULES_MAX:
                raise Refused(t("Stop a scheduled poll first: {n} are scheduled here, the most allowed.", n=here))
            if own >= OWN_MAX and not community.moderates(actor):
                raise Refused(t("Stop one of your scheduled polls first: you have {n}, the most allowed.", n=own))
            await rows.put(tx, schedule)

        await self.database.write(write)
        self.polls.changed()
        return schedule

    async def listed(self, request: Request, community: Community) -> Sequence[Schedule]:
        """Return the schedules that the request's place may see, the next first."""
        schedules = await self.database.read(lambda tx: rows.of_community(tx, community.id))
        return [schedule for schedule in schedules if schedule.answers(community.id, request.place)]

    async def seen_by(self, schedule_id: str, request: Request, community: Community, t: Translator) -> Schedule:
        """Return the schedule, if the place may see it; else raise NotFound, in the same words as for a missing one."""
        schedule = await self.database.read(lambda tx: rows.find(tx, schedule_id))
        if schedule is None or schedule.next_at is None or not schedule.answers(community.id, request.place):
            raise NotFound(t("There's no such scheduled poll here. /poll schedule lists them."))
        return schedule

    def may_stop(self, schedule: Schedule, actor: Actor, community: Community) -> bool:
        return actor.id == schedule.member or community.moderates(actor)

    async def stop(self, schedule: Schedule, request: Request, community: Community, t: Translator) -> None:
        """Stop a schedule. Raise NotAllowed except for its author and moderators."""
        if not self.may_stop(schedule, request.actor, community):
            raise NotAllowed(t("Only the member who scheduled a poll and moderators can stop it."))
        await self.database.write(lambda tx: rows.stop(tx, schedule.id, STOPPED_BY_MEMBER))

    @staticmethod
    def _at(draft: PollDraft, opens_at: datetime, community: Community, t: Translator) -> PollDraft:
        """Return the draft with the closing time that its words mean at the opening. Raise Refused."""
        closes_at = closing_time(draft.closes or CLOSES_DEFAULT, opens_at, community.tz, t)
        return replace(draft, closes_at=closes_at)

    # --- the chore ---

    async def next_due(self) -> datetime | None:
        return await self.database.read(rows.next_due)

    async def run_due(self, now: datetime) -> None:
        """Open every poll that is due. If one can't open, tell its host, and stop the schedule or go on."""
        for schedule in await self.database.read(lambda tx: rows.due(tx, now)):
            if schedule.place.platform in self.platforms:
                await self._open(schedule, now)

    async def _open(self, schedule: Schedule, now: datetime) -> None:
        community = await self.community_of(schedule.community, now)
        t = translator_for(community, self.platforms)
        try:
            obstacle = await self._obstacle(schedule)
            if obstacle:
                await self._stop(schedule, obstacle, now)
                return
            await self._create(schedule, community, now, t)
        except _ClaimLost:
            return
        except Unavailable:
            raise
        except BotError as error:
            logger.warning("can't open scheduled poll %s: %s", schedule.id, type(error).__name__)
            following = opening_after(schedule.clock, now, community.tz, weekly=schedule.weekly)
            if await self.database.write(lambda tx: rows.advance(tx, schedule, following)):
                await self._tell(schedule, error.message, now)

    async def _obstacle(self, schedule: Schedule) -> str:
        """Return the reason why the schedule can't go on; empty if it can."""
        platform, place = self.platforms[schedule.place.platform], schedule.place
        if not await platform.has_channel(place.workspace, place.channel):
            return NO_CHANNEL
        for role in schedule.draft.roles:
            if not await platform.has_role(place.workspace, role):
                return NO_ROLE
        return ""

    async def _create(self, schedule: Schedule, community: Community, now: datetime, t: Translator) -> None:
        place = schedule.place
        host = Actor(place.platform, place.workspace, schedule.member, schedule.member_name, joined=now)
        request = Request(host, place, now)
        draft = self._at(schedule.draft, now, community, t)
        pings = draft.ping and await may_ping(self.platforms, community, request)
        draft = replace(draft, ping=pings)
        following = opening_after(schedule.clock, now, community.tz, weekly=schedule.weekly)
        poll_id = self.polls.new_id()
        since = max(schedule.next_at or now, now - PATIENCE)

        async def claim(tx: Transaction) -> None:
            if not await rows.advance(tx, schedule, following):
                raise _ClaimLost

        async def announce(tx: Transaction) -> None:
            await tellings.put_back(tx, Telling(poll_id, News.OPENING, place, since), now)

        await self.polls.open_by_itself(draft, request, community, t, poll_id, before=claim, after=announce)

    async def _stop(self, schedule: Schedule, why: str, now: datetime) -> None:
        if await self.database.write(lambda tx: rows.stop(tx, schedule.id, why)):
            await self._tell(schedule, why, now, stopped=True)

    async def _tell(self, schedule: Schedule, why: str, now: datetime, *, stopped: bool = False) -> None:
        """Tell the host, or else the moderators, why a poll didn't open."""

        def say(t: Translator) -> Reply:
            lines = [t(why)]
            if stopped:
                lines.append(t("The schedule has stopped. Schedule the poll again where it can open."))
            body = text(paragraph(Bold(schedule.draft.question)), *map(paragraph, lines))
            return Reply((Card(title=t("A scheduled poll didn't open"), body=body, tone=Tone.CAUTION),))

        notices = MemberNotices(self.platforms, self.community_of)
        await notices.tell(
            schedule.community,
            schedule.member,
            say,
            now,
            private=schedule.place.private,
            about=f"schedule {schedule.id}",
        )
