"""The actions on polls, with their permissions and times. Commands turn the results into words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.chat.vocabulary import Actor, MessageRef, Place, Request
from bot.communities.action_log import ActionLog, Deed
from bot.communities.model import Community, community_id, voter_id, voter_in
from bot.errors import NotAllowed, NotFound, Refused
from bot.i18n import Translator
from bot.polls import audit, watchers
from bot.polls import objections as objection_rows
from bot.polls import posted_messages as copy_rows
from bot.polls import repository as poll_rows
from bot.polls.audit import Record
from bot.polls.ballot_box import BallotBox
from bot.polls.closing_time import SHORTEST
from bot.polls.counting.ballots import Method
from bot.polls.counting.results import Result
from bot.polls.model import (
    Cast,
    CastEnd,
    Poll,
    PollState,
    Results,
    Vote,
)
from bot.polls.objections import Objection
from bot.polls.own_ballots import OwnBallot
from bot.polls.page_address import PageAddresses
from bot.polls.places import is_private, poll_place
from bot.polls.posted_messages import PostedMessage
from bot.polls.receipts import Receipt
from bot.polls.rules import PollDraft, checked_ballot, mistakes, most_choices, must_be_editable, must_be_open, tally_of
from bot.polls.secrecy import Secrecy
from bot.store.database import Database, Unit
from bot.store.sql import Transaction

KINDS_ON_LOOP = 200
"""Kinds of ballots that are counted on the event loop (some milliseconds); more are counted in a thread."""
OPEN_POLLS_MAX = 50
"""Open polls of one community at a time."""
OWN_POLLS_MAX = 10
"""Open polls of one member in it; its moderators may have more."""
COPIES_MAX = 50
"""Messages that show one poll, all of which are redrawn when it changes."""
REMEMBERED = timedelta(seconds=5)
"""The time that an open poll is cached for its voters."""
REMEMBERED_MAX = 1_000
"""Polls in the cache; beyond that it is emptied."""


@dataclass(slots=True)
class Polls:
    """The polls of every community. All methods raise Unavailable if the database fails."""

    database: Database
    box: BallotBox
    new_id: Callable[[], str]
    action_log: ActionLog
    pages: PageAddresses
    changed: Callable[[], None] = lambda: None
    """Called when a deadline is added or moved, so that the scheduler looks again."""
    _remembered: dict[str, tuple[datetime, Poll]] = field(default_factory=dict)

    @property
    def secrecy(self) -> Secrecy:
        """The promises of polls in this database."""
        return Secrecy(self.database.dialect)

    # --- hosts ---

    def check(self, draft: PollDraft, request: Request, community: Community, t: Translator) -> None:
        """Raise NotAllowed for a member who may not open polls, and Refused for a broken rule."""
        if not community.may_create(request.actor):
            raise NotAllowed(t("Only moderators can create polls in this community."))
        for wrong in mistakes(draft, request, t).values():
            raise Refused(wrong)
        if draft.closes_at < request.now + SHORTEST:
            raise Refused(t("Pick a later time: a poll stays open for at least a minute."))

    def drafted(self, draft: PollDraft, request: Request, community: Community, poll_id: str = "") -> Poll:
        """Return the poll as it would open now, in the place of the request."""
        host, now = request.actor, request.now
        remind_at = draft.closes_at - timedelta(minutes=community.reminder_minutes)
        return Poll(
            id=poll_id,
            community=community.id,
            creator=host.id,
            creator_name=host.name,
            question=draft.question,
            options=draft.options,
            method=draft.method,
            opened_at=now,
            closes_at=draft.closes_at,
            max_choices=most_choices(draft),
            secret=draft.secret,
            results=draft.results,
            roles=draft.roles,
            joined_before=draft.joined_before,
            quorum=draft.quorum,
            topic=draft.topic,
            public=draft.public,
            remind_at=remind_at if community.reminder_minutes and remind_at > now else None,
            communities=frozenset({community.id}),
            private=is_private(request.place),
            places=frozenset({poll_place(request.place)}),
            follows=draft.follows,
            ping=community.ping_role if draft.ping else "",
        )

    async def create(
        self,
        draft: PollDraft,
        request: Request,
        community: Community,
        t: Translator,
        *,
        also: Unit[None] | None = None,
    ) -> Poll:
        """Open a poll, which belongs to the place of the request. `also` is written in the same transaction.

        Raise NotAllowed for a member who may not, Refused for a broken rule or one poll too many.
        """
        self.check(draft, request, community, t)
        host = request.actor
        poll = self.drafted(draft, request, community, self.new_id())

        async def room(tx: Transaction) -> None:
            await self._check_room(tx, host, community, t)
            if also is not None:
                await also(tx)

        created = await self.box.open(poll, only_if=room)
        self.changed()
        return created

    @staticmethod
    async def _check_room(tx: Transaction, host: Actor, community: Community, t: Translator) -> None:
        here, own = await poll_rows.open_counts(tx, community.id, host.id)
        if here >= OPEN_POLLS_MAX:
            raise Refused(t("Close a poll first: {n} are open here, the most allowed.", n=here))
        if own >= OWN_POLLS_MAX and not community.moderates(host):
            raise Refused(t("Close one of your polls first: {n} are open here, the most allowed.", n=own))

    async def open_by_itself(
        self,
        draft: PollDraft,
        request: Request,
        community: Community,
        t: Translator,
        poll_id: str,
        *,
        before: Unit[None],
        after: Unit[None],
    ) -> Poll:
        """Open a scheduled poll; its host's permission was checked at that time. Raise Refused as `create` does.

        `before` and `after` are written in the same transaction.
        """
        for wrong in mistakes(draft, request, t).values():
            raise Refused(wrong)
        poll = self.drafted(draft, request, community, poll_id)

        async def room(tx: Transaction) -> None:
            await self._check_room(tx, request.actor, community, t)
            await before(tx)

        opened = await self.box.open(poll, only_if=room, also=after)
        self.changed()
        return opened

    async def edit(self, poll: Poll, draft: PollDraft, request: Request, community: Community, t: Translator) -> Poll:
        """Change a poll before its first vote. Raise NotAllowed, or Refused if it is too late or breaks a rule."""
        self.check_runs(poll, request.actor, community, t)
        self.check(draft, request, community, t)
        again = self.drafted(draft, request, community, poll.id)
        edited = replace(
            again,
            community=poll.community,
            creator=poll.creator,
            creator_name=poll.creator_name,
            opened_at=poll.opened_at,
            communities=poll.communities,
            private=poll.private,
            places=poll.places,
            format=poll.format,
        )
        if not await self.box.edit(edited):
            stored = await self.get(poll.id, t)
            must_be_open(stored, t)
            must_be_editable(stored, t)
        self._remembered.pop(poll.id, None)
        self.changed()
        return await self.get(poll.id, t)

    async def remind(self, poll: Poll, host: Actor, community: Community, now: datetime, t: Translator) -> None:
        """Remind the poll's places early. Raise NotAllowed, or Refused if they had their reminder already."""
        self.check_runs(poll, host, community, t)
        must_be_open(poll, t)
        if not await self.database.write(lambda tx: poll_rows.remind_now(tx, poll.id, now)):
            raise Refused(t("Members were reminded of this poll already, and once is enough."))
        self.changed()

    async def watch(self, poll: Poll, request: Request, community: Community, t: Translator) -> datetime | None:
        """Remind this member in private, or, if they were on the list, take them off and return None.

        Raise Refused if the poll isn't open.
        """
        must_be_open(poll, t)
        actor, now = request.actor, request.now
        member = voter_in(poll.community, actor)
        moment = watchers.remind_time(poll.closes_at, now, community.reminder_minutes)

        async def toggle(tx: Transaction) -> bool:
            if await watchers.drop(tx, poll.id, member):
                return False
            return await watchers.add(tx, poll.id, member, actor.workspace, moment)

        watches = await self.database.write(toggle)
        self.changed()
        return moment if watches else None

    async def extend(
        self, poll: Poll, host: Actor, community: Community, closes_at: datetime, now: datetime, t: Translator
    ) -> Poll:
        """Postpone the close. Raise NotAllowed, or Refused if the poll isn't open or the time is earlier."""
        self.check_runs(poll, host, community, t)
        must_be_open(poll, t)
        if closes_at <= poll.closes_at:
            raise Refused(t("Pick a time after the current close. To end the poll early, use /poll close."))
        remind_at = closes_at - timedelta(minutes=community.reminder_minutes) if community.reminder_minutes else None
        until = f"{closes_at.astimezone(community.tz):%Y-%m-%d %H:%M %Z}"
        logged = self._logged(Deed.EXTEND, poll, host, now, f"{until}: {poll.question}")
        if not await self.box.extend(poll.id, closes_at, remind_at, also=logged):
            raise Refused(t("This poll is no longer open."))
        self.changed()
        return replace(poll, closes_at=closes_at, remind_at=remind_at)

    async def close(self, poll: Poll, host: Actor, community: Community, now: datetime, t: Translator) -> Poll:
        """End the poll early. Raise NotAllowed or Refused."""
        self.check_runs(poll, host, community, t)
        must_be_open(poll, t)
        logged = self._logged(Deed.CLOSE, poll, host, now, poll.question)
        await self.box.close(poll.id, now, by=voter_id(host), also=logged)
        self.changed()
        return await self.get(poll.id, t)

    async def cancel(self, poll: Poll, host: Actor, community: Community, now: datetime, t: Translator) -> Poll:
        """End the poll without a result. Raise NotAllowed or Refused."""
        self.check_runs(poll, host, community, t)
        must_be_open(poll, t)
        logged = self._logged(Deed.CANCEL, poll, host, now, poll.question)
        await self.box.cancel(poll.id, now, by=voter_id(host), also=logged)
        return await self.get(poll.id, t)

    def _logged(self, deed: Deed, poll: Poll, host: Actor, now: datetime, detail: str) -> Unit[None]:
        """Return the step that logs the deed. Moderators read the log anywhere, so it has no details of private polls."""
        if poll.private:
            return _nothing
        return self.action_log.entry(deed, now, by=host, object_id=poll.id, detail=detail, community=poll.community)

    def may_run(self, poll: Poll, actor: Actor, community: Community) -> bool:
        """Whether this member is the poll's host, or moderates its community."""
        return community.id == poll.community and (actor.id == poll.creator or community.moderates(actor))

    def check_runs(self, poll: Poll, host: Actor, community: Community, t: Translator) -> None:
        """Raise NotAllowed for a member who doesn't run the poll."""
        if not self.may_run(poll, host, community):
            raise NotAllowed(t("Only the poll's host and the moderators of its community can do that."))

    # --- voters ---

    async def to_vote_in(self, poll_id: str, request: Request, t: Translator) -> Poll:
        """Return the poll as it was a moment ago, so that a crowd of voters costs one read. Raise NotFound.

        That is enough for a vote: valid ballots and eligible voters stay the same while a poll is open, a place added
        since is looked up, and `cast` asks the database whether the poll is open.
        """
        entry = self._remembered.get(poll_id)
        if entry and abs(request.now - entry[0]) < REMEMBERED and _sees(request, entry[1]):
            return entry[1]
        poll = await self.seen_by(poll_id, request, t)
        if len(self._remembered) >= REMEMBERED_MAX:
            self._remembered.clear()
        if poll.state is PollState.OPEN:
            self._remembered[poll_id] = (request.now, poll)
        return poll

    async def cast(self, poll: Poll, request: Request, text: str | None, t: Translator, *, reason: str = "") -> Cast:
        """Cast, change or (with None) withdraw a vote; it is durable when this returns. An objection has its `reason`.

        Raise Refused or NotAllowed, and change nothing, if the ballot is invalid, the poll isn't open, or the voter
        isn't eligible; NotFound if the place may not see the poll.
        """
        voter = request.actor
        if not _sees(request, poll):
            raise no_poll(poll.id, t)
        self._may_vote(poll, voter, t)
        must_be_open(poll, t)
        choice = None if text is None else checked_ballot(poll, text, t, reason)
        vote = Vote(poll.id, voter_in(poll.community, voter), voter.name, choice, request.now, reason)
        cast = await self.box.cast(vote)
        if cast.end in {CastEnd.CLOSED, CastEnd.CANCELLED, CastEnd.UNKNOWN}:
            self._remembered.pop(poll.id, None)
            must_be_open(await self.seen_by(poll.id, request, t), t)
            raise Refused(t("This poll is no longer open. Your vote wasn't counted."))
        if cast.end is CastEnd.NOTHING_TO_WITHDRAW:
            raise Refused(t("You haven't voted in this poll, so there's nothing to withdraw."))
        return cast

    async def own(self, poll: Poll, voter: Actor) -> OwnBallot | None:
        """Return the voter's standing ballot with its receipt; None without one, or once a secret poll has closed."""
        return await self.box.standing(poll.id, voter_in(poll.community, voter))

    async def receipt(self, poll_id: str, code: str) -> Receipt:
        """Look a receipt up by its code, for anybody anywhere, even after the close.

        UNKNOWN for a wrong code and for a poll that doesn't exist.
        """
        return await self.box.find_receipt(poll_id, code)

    def _may_vote(self, poll: Poll, voter: Actor, t: Translator) -> None:
        if poll.roles and not poll.roles & voter.roles:
            raise NotAllowed(t("This poll is for members with a role that you don't have here."))
        if poll.joined_before and (voter.joined is None or voter.joined > poll.opened_at):
            raise NotAllowed(t("This poll is for members who joined before it opened."))

    # --- everybody ---

    async def get(self, poll_id: str, t: Translator) -> Poll:
        """Return any poll, for callers that may see all of them. Raise NotFound."""
        poll = await self.database.read(lambda tx: poll_rows.find(tx, poll_id))
        if poll is None:
            raise no_poll(poll_id, t)
        return poll

    async def is_public(self, poll_id: str) -> bool:
        """Whether anybody may read the poll's page; False for a poll that doesn't exist."""
        return await self.database.read(lambda tx: poll_rows.is_public(tx, poll_id))

    async def seen_by(self, poll_id: str, request: Request, t: Translator) -> Poll:
        """Return the poll, if the actor's community has it and, for a private one, the request comes from its place.

        Every command, control and page finds polls here. Raise NotFound, in the same words for a poll that doesn't
        exist, one of another community and one of another place.
        """
        poll = await self.get(poll_id, t)
        if not _sees(request, poll):
            raise no_poll(poll_id, t)
        return poll

    async def listed(self, community: str, place: Place | None = None, *, only_open: bool = False) -> Sequence[Poll]:
        """Return the community's polls that a request in this place may see, open ones first, then the latest.

        Without a place, as on a home page, leave out private ones.
        """
        polls = await self.database.read(lambda tx: poll_rows.visible(tx, community, place))
        return [poll for poll in polls if poll.state is PollState.OPEN] if only_open else polls

    async def result(self, poll: Poll) -> Result:
        """Tally the poll. The cost depends on the number of distinct ballots, not of voters."""
        counted = await self.database.read(lambda tx: poll_rows.choice_counts(tx, poll.id))
        if len(counted) <= KINDS_ON_LOOP:
            return tally_of(poll, counted)
        return await asyncio.to_thread(tally_of, poll, counted)

    async def may_see_result(self, poll: Poll, actor: Actor) -> bool:
        """Whether this member may see the totals now."""
        if poll.state is not PollState.OPEN:
            return poll.state is PollState.CLOSED
        if poll.results is Results.AFTER_VOTE:
            return await self.own(poll, actor) is not None
        return poll.results is Results.LIVE

    async def record(self, poll: Poll) -> Record:
        """Return everything needed to check the count: see bot/polls/audit.py."""
        return await self.box.record(poll.id)

    async def objections(self, poll: Poll) -> Sequence[Objection]:
        """Return the objections of a consent poll, even withdrawn ones; none for other polls."""
        if poll.method is not Method.CONSENT:
            return ()
        return await self.database.read(lambda tx: objection_rows.of_poll(tx, poll.id))

    async def answer_objection(
        self, poll: Poll, number: int, words: str, host: Actor, community: Community, t: Translator
    ) -> None:
        """Write the host's answer beside an objection. Raise NotAllowed, and Refused once it is withdrawn."""
        self.check_runs(poll, host, community, t)
        must_be_open(poll, t)

        async def write(tx: Transaction) -> bool:
            answered = await objection_rows.answer(tx, poll.id, number, words)
            await copy_rows.outdate(tx, poll.id)
            return answered

        if not await self.database.write(write):
            raise Refused(t("This objection is withdrawn, so it needs no answer."))

    async def named_votes(self, poll: Poll, t: Translator) -> list[tuple[str, str]]:
        """Return names and ballots of a named poll, by name, “erased” last; nothing for a secret poll.

        A name appears only if the record proves it.
        """
        if poll.secret:
            return []
        votes = audit.proven_names(await self.record(poll))
        return [(name or t("erased"), choice) for name, choice in sorted(votes, key=lambda vote: (not vote[0], *vote))]

    # --- copies ---

    async def redraw(self, poll: Poll) -> None:
        """Have every message of the poll redrawn, for a change other than a vote."""
        await self.database.write(lambda tx: copy_rows.outdate(tx, poll.id))

    async def posted(self, poll_id: str, ref: MessageRef, now: datetime) -> None:
        """Remember a message that shows the poll, and let members see it and vote there."""
        community = f"{ref.place.platform}:{ref.place.workspace}"

        async def write(tx: Transaction) -> None:
            await poll_rows.add_community(tx, poll_id, community)
            await poll_rows.add_place(tx, poll_id, poll_place(ref.place))
            await copy_rows.add_copy(tx, PostedMessage(poll_id, ref, now))

        await self.database.write(write)
        self._remembered.pop(poll_id, None)

    async def unposted(self, poll_id: str, now: datetime) -> None:
        """Cancel a poll that no message shows, because its post failed, so that it uses up nobody's quota."""
        if not await self.database.read(lambda tx: copy_rows.copies(tx, poll_id)):
            await self.box.cancel(poll_id, now)

    async def to_post(self, poll_id: str, request: Request, community: Community, t: Translator) -> Poll:
        """Return the poll that the actor may post once more, in the place of the request.

        At home, members who run the poll may post it, in a place that may see it. Elsewhere only its host may, if they
        may create polls there and have the same id there. `opens` says whether it takes a private poll to a wider
        place. Raise NotFound as `seen_by` does, NotAllowed, and Refused if the poll isn't open or has too many
        messages.
        """
        poll = await self.database.read(lambda tx: poll_rows.find(tx, poll_id))
        host = request.actor
        if poll is None or not (_sees(request, poll) or _is_host(host, poll)):
            raise no_poll(poll_id, t)
        if community.id == poll.community:
            self.check_runs(poll, host, community, t)
        elif not _is_host(host, poll):
            raise NotAllowed(t("Only a poll's host can post it in another community."))
        elif not community.may_create(host):
            raise NotAllowed(t("Only moderators can create polls in this community."))
        must_be_open(poll, t)
        messages = len(await self.database.read(lambda tx: copy_rows.copies(tx, poll.id)))
        if messages >= COPIES_MAX:
            raise Refused(
                t("This poll is already in {n} messages, the most allowed. Link to one of them instead.", n=messages)
            )
        return poll


def opens(poll: Poll, request: Request) -> bool:
    """Whether a post in the place of the request shows a private poll to more members."""
    return poll.private and not _sees(request, poll)


def no_poll(poll_id: str, t: Translator) -> NotFound:
    """The one answer for a poll that doesn't exist, of another community or of another place."""
    return NotFound(t("There's no poll “{id}” here. /poll list shows the polls.", id=poll_id[:40]))


def _sees(request: Request, poll: Poll) -> bool:
    return poll.answers(community_id(request.actor), request.place)


def _is_host(actor: Actor, poll: Poll) -> bool:
    """Whether the actor opened the poll; in another community only if the platform's ids are the same there."""
    platform = poll.community.partition(":")[0]
    at_home = community_id(actor) == poll.community or (actor.everywhere and actor.platform == platform)
    return at_home and actor.id == poll.creator


async def _nothing(_tx: Transaction) -> None:
    """Write nothing."""
