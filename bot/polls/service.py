"""What can be done with polls, and the rules of who may and when. Commands say the results in words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.acts import Acts, Did
from bot.chat import Actor, MessageRef
from bot.community import Community, community_id, voter_id, voter_in
from bot.errors import NotAllowed, NotFound, Refused
from bot.i18n import Translator
from bot.polls.audit import Record
from bot.polls.ballots import Ballot, Fault, InvalidBallot, Method, parse_ballot
from bot.polls.box import BallotBox, Receipt, Standing
from bot.polls.methods import tally
from bot.polls.model import (
    OPTION_NAME_MAX,
    OPTIONS_MAX,
    OPTIONS_MIN,
    QUESTION_MAX,
    Cast,
    CastEnd,
    Poll,
    PollOption,
    Results,
    State,
    Vote,
)
from bot.polls.results import Result
from bot.store import messages as copy_rows
from bot.store import polls as poll_rows
from bot.store.database import Database, Unit
from bot.store.messages import Copy
from bot.store.sql import Transaction

KINDS_ON_LOOP = 200
"""Up to so many kinds of ballots are counted at once (some milliseconds); more are counted in a thread."""
OPEN_POLLS_MAX = 50
"""Open polls of one community at a time."""
OWN_POLLS_MAX = 10
"""Open polls of one member there; its moderators may have more."""
COPIES_MAX = 50
"""Messages that show one poll, all of which are redrawn when it changes."""
QUORUM_MAX = 10_000_000
"""More voters than any community has."""
REMEMBERED = timedelta(seconds=5)
"""How long an open poll is kept in memory for those who vote in it."""
REMEMBERED_MAX = 1_000
"""Polls in memory at once; beyond that all are read anew."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A poll as its host asks for it. Names are cleaned already; everything else is checked by `Polls.create`."""

    question: str
    options: tuple[PollOption, ...]
    closes_at: datetime
    method: Method = Method.SINGLE
    max_choices: int = 0
    """At most so many approvals; 0 for any number."""
    secret: bool = True
    results: Results = Results.AT_CLOSE
    roles: frozenset[str] = frozenset()
    joined_before: bool = False
    quorum: int = 0
    topic: str = ""
    public: bool = False


@dataclass(slots=True)
class Polls:
    """The polls of every community. All methods raise Unavailable when the database can't be used."""

    database: Database
    box: BallotBox
    new_id: Callable[[], str]
    acts: Acts
    changed: Callable[[], None] = lambda: None
    """Called when a deadline was set or moved, so that whoever waits for deadlines looks again."""
    _remembered: dict[str, tuple[datetime, Poll]] = field(default_factory=dict)

    # --- hosts ---

    async def create(self, draft: Draft, host: Actor, community: Community, now: datetime, t: Translator) -> Poll:
        """Opens a poll. Raises NotAllowed for who may not, Refused for what breaks a rule or is too many."""
        if not community.may_create(host):
            raise NotAllowed(t("In this community only moderators create polls."))
        for wrong in mistakes(draft, host, t).values():
            raise Refused(wrong)
        remind_at = draft.closes_at - timedelta(minutes=community.reminder_minutes)
        poll = Poll(
            id=self.new_id(),
            community=community.id,
            creator=host.id,
            question=draft.question,
            options=draft.options,
            method=draft.method,
            opened_at=now,
            closes_at=draft.closes_at,
            max_choices=_max_choices(draft),
            secret=draft.secret,
            results=draft.results,
            roles=draft.roles,
            joined_before=draft.joined_before,
            quorum=draft.quorum,
            topic=draft.topic,
            public=draft.public,
            remind_at=remind_at if community.reminder_minutes and remind_at > now else None,
            communities=frozenset({community.id}),
        )

        async def room(tx: Transaction) -> None:
            here, own = await poll_rows.open_counts(tx, community.id, host.id)
            if here >= OPEN_POLLS_MAX:
                raise Refused(t("{n} polls are open here, which is the most. Close one first.", n=here))
            if own >= OWN_POLLS_MAX and not community.moderates(host):
                raise Refused(
                    t("{n} of your polls are open here, which is the most for one member. Close one first.", n=own)
                )

        created = await self.box.open(poll, only_if=room)
        self.changed()
        return created

    async def extend(
        self, poll: Poll, host: Actor, community: Community, closes_at: datetime, now: datetime, t: Translator
    ) -> Poll:
        """Moves the close to later. Raises NotAllowed, or Refused where the poll is not open or the time is earlier."""
        self._may_run(poll, host, community, t)
        _must_be_open(poll, t)
        if closes_at <= poll.closes_at:
            raise Refused(t("The new close must be later than the present one. /poll close ends a poll early."))
        remind_at = closes_at - timedelta(minutes=community.reminder_minutes) if community.reminder_minutes else None
        until = f"{closes_at.astimezone(community.tz):%Y-%m-%d %H:%M %Z}"
        logged = self._logged(Did.EXTEND, poll, host, now, until)

        async def write(tx: Transaction) -> bool:
            extended = await poll_rows.extend(tx, poll.id, closes_at, remind_at)
            if extended:
                await logged(tx)
            return extended

        if not await self.database.write(write):
            raise Refused(t("This poll is not open any more."))
        self.changed()
        return replace(poll, closes_at=closes_at, remind_at=remind_at)

    async def close(self, poll: Poll, host: Actor, community: Community, now: datetime, t: Translator) -> Poll:
        """Ends the poll before its time. Raises NotAllowed or Refused."""
        self._may_run(poll, host, community, t)
        _must_be_open(poll, t)
        logged = self._logged(Did.CLOSE, poll, host, now, poll.question)
        await self.box.close(poll.id, now, by=voter_id(host), also=logged)
        self.changed()
        return await self.get(poll.id, t)

    async def cancel(self, poll: Poll, host: Actor, community: Community, now: datetime, t: Translator) -> Poll:
        """Ends the poll without a result. Raises NotAllowed or Refused."""
        self._may_run(poll, host, community, t)
        _must_be_open(poll, t)
        logged = self._logged(Did.CANCEL, poll, host, now, poll.question)
        await self.box.cancel(poll.id, now, by=voter_id(host), also=logged)
        return await self.get(poll.id, t)

    def _logged(self, did: Did, poll: Poll, host: Actor, now: datetime, detail: str) -> Unit[None]:
        return self.acts.entry(did, now, by=host, object_id=poll.id, detail=detail, community=poll.community)

    def _may_run(self, poll: Poll, host: Actor, community: Community, t: Translator) -> None:
        own = community.id == poll.community
        if not (own and (host.id == poll.creator or community.moderates(host))):
            raise NotAllowed(t("Only the poll's creator and the moderators of its community can do that."))

    # --- voters ---

    async def to_vote_in(self, poll_id: str, voter: Actor, now: datetime, t: Translator) -> Poll:
        """The poll as it was a moment ago, so that a crowd of voters costs one read. Raises NotFound.

        That is enough for a vote: what a ballot may say and who may cast it stays as it is while a poll is open, a
        community that was added meanwhile is looked up, and whether the poll is open `cast` is told by the database.
        """
        kept = self._remembered.get(poll_id)
        if kept and abs(now - kept[0]) < REMEMBERED and community_id(voter) in kept[1].communities:
            return kept[1]
        poll = await self.seen_by(poll_id, voter, t)
        if len(self._remembered) >= REMEMBERED_MAX:
            self._remembered.clear()
        if poll.state is State.OPEN:
            self._remembered[poll_id] = (now, poll)
        return poll

    async def cast(self, poll: Poll, voter: Actor, text: str | None, now: datetime, t: Translator) -> Cast:
        """Casts, changes or (with None) withdraws a vote; it is durable when this returns.

        Raises Refused or NotAllowed, with nothing changed, where the ballot is invalid, the poll is not open, or the
        voter is not eligible.
        """
        self._may_vote(poll, voter, t)
        _must_be_open(poll, t)
        choice = None if text is None else checked_ballot(poll, text, t)
        cast = await self.box.cast(Vote(poll.id, voter_in(poll.community, voter), voter.name, choice, now))
        if cast.end in {CastEnd.CLOSED, CastEnd.CANCELLED, CastEnd.UNKNOWN}:
            self._remembered.pop(poll.id, None)
            _must_be_open(await self.seen_by(poll.id, voter, t), t)
            raise Refused(t("This poll is not open any more. Your vote was not counted."))
        if cast.end is CastEnd.NOTHING_TO_WITHDRAW:
            raise Refused(t("You have no vote in this poll, so there is nothing to withdraw."))
        return cast

    async def own(self, poll: Poll, voter: Actor) -> Standing | None:
        """The voter's standing ballot with its receipt; None without one, or once a secret poll has closed."""
        return await self.box.standing(poll.id, voter_in(poll.community, voter))

    async def receipt(self, poll: Poll, code: str) -> Receipt:
        """What became of the ballot with this receipt. Works for whoever holds the code, also after the close."""
        return await self.box.find_receipt(poll.id, code)

    def _may_vote(self, poll: Poll, voter: Actor, t: Translator) -> None:
        if community_id(voter) not in poll.communities:
            raise NotAllowed(t("This poll belongs to another community."))
        if poll.roles and not poll.roles & voter.roles:
            raise NotAllowed(t("This poll is for members with a certain role, which you do not have here."))
        if poll.joined_before and (voter.joined is None or voter.joined > poll.opened_at):
            raise NotAllowed(t("This poll is for those who had joined before it opened."))

    # --- everybody ---

    async def get(self, poll_id: str, t: Translator) -> Poll:
        """Raises NotFound."""
        found = await self.database.read(lambda tx: poll_rows.find(tx, poll_id))
        if found is None:
            raise NotFound(t("There is no poll “{id}”. /poll list shows those there are.", id=poll_id[:40]))
        return found

    async def seen_by(self, poll_id: str, actor: Actor, t: Translator) -> Poll:
        """The poll, if it was posted in the actor's community. Raises NotFound otherwise, as if it did not exist."""
        poll = await self.get(poll_id, t)
        if community_id(actor) not in poll.communities:
            raise NotFound(t("That poll belongs to another community."))
        return poll

    async def listed(self, community: str, *, only_open: bool = False) -> Sequence[Poll]:
        """The community's polls, open ones first, then the latest."""
        polls = await self.database.read(lambda tx: poll_rows.of_community(tx, community))
        return [poll for poll in polls if poll.state is State.OPEN] if only_open else polls

    async def result(self, poll: Poll) -> Result:
        """The tally. Its cost depends on how many different ballots there are, not on how many were cast."""
        counted = await self.database.read(lambda tx: poll_rows.choice_counts(tx, poll.id))
        if len(counted) <= KINDS_ON_LOOP:
            return tally_of(poll, counted)
        return await asyncio.to_thread(tally_of, poll, counted)

    async def may_see_result(self, poll: Poll, actor: Actor) -> bool:
        """Whether the totals may be shown to this person now."""
        if poll.state is not State.OPEN:
            return poll.state is State.CLOSED
        if poll.results is Results.AFTER_VOTE:
            return await self.own(poll, actor) is not None
        return poll.results is Results.LIVE

    async def record(self, poll: Poll) -> Record:
        """Everything that it takes to check the count: see bot/polls/audit.py."""
        return await self.database.read(lambda tx: poll_rows.record(tx, poll.id))

    async def named_votes(self, poll: Poll) -> list[tuple[str, str]]:
        """Who voted for what in a named poll: names and ballots, by name. Nothing for a secret poll."""
        if poll.secret:
            return []
        rows = await self.database.read(lambda tx: poll_rows.ballots(tx, poll.id))
        return sorted((row.name or row.voter, row.choice) for row in rows)

    # --- copies ---

    async def posted(self, poll_id: str, ref: MessageRef, now: datetime) -> None:
        """Remembers a message that shows the poll, and that members of that community may vote."""
        community = f"{ref.place.platform}:{ref.place.workspace}"

        async def write(tx: Transaction) -> None:
            await poll_rows.add_community(tx, poll_id, community)
            await copy_rows.add_copy(tx, Copy(poll_id, ref, now))

        await self.database.write(write)

    async def unposted(self, poll_id: str, now: datetime) -> None:
        """A copy could not be posted. A poll of which nobody can see one is cancelled, so it stands in nobody's way."""
        if not await self.database.read(lambda tx: copy_rows.copies(tx, poll_id)):
            await self.box.cancel(poll_id, now)

    async def must_post(self, poll: Poll, host: Actor, community: Community, t: Translator) -> None:
        """Who may post one more copy here: at home those who run the poll, elsewhere its creator, who may create polls
        there and whose id is the same there; where it isn't, a poll stays at home.

        Raises NotAllowed, or Refused where the poll is not open or stands in too many messages.
        """
        _must_be_open(poll, t)
        self._may_post(poll, host, community, t)
        shown = len(await self.database.read(lambda tx: copy_rows.copies(tx, poll.id)))
        if shown >= COPIES_MAX:
            raise Refused(t("This poll stands in {n} messages, which is the most.", n=shown))

    def _may_post(self, poll: Poll, host: Actor, community: Community, t: Translator) -> None:
        if community.id == poll.community:
            self._may_run(poll, host, community, t)
            return
        if not host.everywhere:
            raise NotAllowed(t("On this platform a poll stays in the community where it was opened."))
        same_person = poll.creator == host.id and poll.community.partition(":")[0] == host.platform
        if not same_person:
            raise NotAllowed(t("Only its creator can post a poll in another community."))
        if not community.may_create(host):
            raise NotAllowed(t("In this community only moderators create polls."))


def tally_of(poll: Poll, counted: Mapping[Ballot, int]) -> Result:
    return tally(
        poll.method,
        tuple(option.name for option in poll.options),
        counted,
        quorum=poll.quorum or None,
        max_choices=poll.max_choices if poll.method is Method.APPROVAL else None,
    )


def checked_ballot(poll: Poll, text: str, t: Translator) -> str:
    """The ballot in canonical text. Raises Refused with the rule that it breaks, in the voter's language."""
    most = poll.max_choices if poll.method is Method.APPROVAL else None
    try:
        return parse_ballot(poll.method, text, len(poll.options), most)
    except InvalidBallot as error:
        raise Refused(_fault(error, poll, t)) from None


def _fault(error: InvalidBallot, poll: Poll, t: Translator) -> str:
    words = {
        Fault.EMPTY: t("The ballot is empty. Choose at least one option."),
        Fault.UNKNOWN_OPTION: t("That option is not part of this poll. Use the poll's own buttons."),
        Fault.OPTION_TWICE: t("An option is on the ballot twice."),
        Fault.RANK_TWICE: t("A rank is given twice. Each rank is for one option."),
        Fault.TOO_MANY: t("Too many options: this poll takes at most {n}.", n=poll.max_choices),
        Fault.BAD_SCORE: t("A score is a whole number from 0 to 5."),
    }
    return words.get(error.fault) or t("That is no valid ballot for this poll. Use the poll's own buttons.")


def mistakes(draft: Draft, host: Actor, t: Translator) -> dict[str, str]:
    """What is wrong with each part of the draft, in words, by the part's name; empty where a poll can be made of it."""
    names = [option.name for option in draft.options]
    found = {
        "question": _wrong_question(draft.question, t),
        "options": _wrong_options(names, t),
        "joined_before": t("Here it is not known when members joined, so a poll can't ask for that.")
        if draft.joined_before and host.joined is None
        else "",
        "max_choices": _wrong_max_choices(draft, t),
        "quorum": "" if 0 <= draft.quorum <= QUORUM_MAX else t("A quorum is a number of ballots, such as 20."),
    }
    return {part: wrong for part, wrong in found.items() if wrong}


def _wrong_max_choices(draft: Draft, t: Translator) -> str:
    if not 0 <= draft.max_choices <= len(draft.options):
        return t("A voter can choose at most as many options as there are: {n}.", n=len(draft.options))
    if draft.max_choices and draft.method is not Method.APPROVAL:
        return t("Only with approval can a voter choose several options: add method:approval, or leave out most.")
    return ""


def _wrong_question(question: str, t: Translator) -> str:
    if not question:
        return t("A poll needs a question.")
    if len(question) > QUESTION_MAX:
        return t("The question has {n} characters; {most} are the most.", n=len(question), most=QUESTION_MAX)
    return ""


def _wrong_options(names: Sequence[str], t: Translator) -> str:
    if not OPTIONS_MIN <= len(names) <= OPTIONS_MAX:
        return t("A poll has {least} to {most} options, not {n}.", least=OPTIONS_MIN, most=OPTIONS_MAX, n=len(names))
    if not all(names):
        return t("An option is empty. Give each a name.")
    if long := next((name for name in names if len(name) > OPTION_NAME_MAX), None):
        return t(
            "An option's name has at most {most} characters: “{name}” is too long.",
            most=OPTION_NAME_MAX,
            name=f"{long[:40]}…",
        )
    folded = [name.casefold() for name in names]
    if twice := next((name for name in names if folded.count(name.casefold()) > 1), None):
        return t("“{name}” is there twice. Each option needs its own name.", name=twice)
    return ""


def _max_choices(draft: Draft) -> int:
    if draft.method is Method.APPROVAL:
        return draft.max_choices or len(draft.options)
    return 1 if draft.method is Method.SINGLE else len(draft.options)


def _must_be_open(poll: Poll, t: Translator) -> None:
    if poll.state is State.CLOSED:
        raise Refused(t("This poll is closed. A closed poll stays closed; its result is final."))
    if poll.state is State.CANCELLED:
        raise Refused(t("This poll was cancelled."))
