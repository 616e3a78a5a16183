"""The actions on decisions, with their permissions. Commands turn the results into words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from bot.chat.vocabulary import Request
from bot.communities.model import Community
from bot.decisions import repository as rows
from bot.decisions.model import (
    LINK_MAX,
    LINKS_MAX,
    OUTCOME_MAX,
    OWNER_MAX,
    WORDS_MAX,
    Decision,
    DecisionState,
    DecisionStep,
    HistoryEntry,
)
from bot.deliberation.model import Discussion
from bot.errors import NotAllowed, NotFound, NotYet, Refused
from bot.i18n import Translator
from bot.polls.closing_time import local_moment, read_time
from bot.polls.model import Poll, PollState
from bot.polls.places import is_private, poll_place
from bot.store.database import Database

REVIEW_CLOCK = time(9)
"""The hour of the question on the day of a review, by the community's clock."""
REVIEW_MAX = timedelta(days=5 * 366)
_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class DecisionDraft:
    """A decision as a member types it. `owner` is a name; `review` a day in free text, empty for never."""

    outcome: str
    owner: str = ""
    review: str = ""
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewAnswer:
    """An answer to the review of a decision. `words` say what changed, or why."""

    step: DecisionStep
    words: str = ""
    review: str = ""


@dataclass(frozen=True, slots=True)
class Decisions:
    """The decisions of every community. All methods raise Unavailable if the database fails."""

    database: Database
    new_id: Callable[[], str]
    changed: Callable[[], None] = lambda: None
    """Called when a review is set or moved."""

    def mistakes(self, draft: DecisionDraft, request: Request, community: Community, t: Translator) -> dict[str, str]:
        """Check the draft. Return a message for each faulty part, by its name; empty if there are none."""
        long = t("Shorten that to {most} characters.", most=OUTCOME_MAX)
        found = {
            "outcome": t("Type what was decided, in a sentence.") if not draft.outcome else "",
            "owner": t("Shorten that to {most} characters.", most=OWNER_MAX) if len(draft.owner) > OWNER_MAX else "",
            "links": _wrong_links(draft.links, t),
            "review": "",
        }
        if len(draft.outcome) > OUTCOME_MAX:
            found["outcome"] = long
        try:
            review_moment(draft.review, request.now, community, t)
        except Refused as error:
            found["review"] = error.message
        return {part: wrong for part, wrong in found.items() if wrong}

    async def record(
        self,
        draft: DecisionDraft,
        source: Poll | Discussion | None,
        request: Request,
        community: Community,
        t: Translator,
    ) -> Decision:
        """Record a decision: of a poll, of a discussion or of its own.

        Raise NotAllowed for a member who may not, Refused for an invalid decision, NotYet while its source is open.
        """
        actor = request.actor
        self.check(source, request, community, t)
        for wrong in self.mistakes(draft, request, community, t).values():
            raise Refused(wrong)
        own = not draft.owner or draft.owner.casefold() == actor.name.casefold()
        decision = Decision(
            id=self.new_id(),
            community=community.id,
            outcome=draft.outcome,
            owner=actor.id if own else "",
            owner_name=actor.name if own else draft.owner,
            member=actor.id,
            member_name=actor.name,
            at=request.now,
            place=poll_place(request.place),
            private=is_private(request.place) or (source is not None and source.private),
            poll=source.id if isinstance(source, Poll) else "",
            discussion=source.id if isinstance(source, Discussion) else "",
            totals_hash=source.result_hash if isinstance(source, Discussion) else "",
            links=draft.links,
            review_at=review_moment(draft.review, request.now, community, t),
        )
        await self.database.write(lambda tx: rows.insert(tx, decision))
        self.changed()
        return await self._whole(decision.id, t)

    def check(self, source: Poll | Discussion | None, request: Request, community: Community, t: Translator) -> None:
        """Raise unless this member may record a decision of this poll or discussion, or one of its own."""
        actor = request.actor
        if source is None:
            if not community.may_create(actor):
                raise NotAllowed(t("Only moderators can record decisions in this community."))
            return
        poll = isinstance(source, Poll)
        if community.id != source.community or not (actor.id == source.creator or community.moderates(actor)):
            raise NotAllowed(
                t("Only the poll's host and the moderators of its community can do that.")
                if poll
                else t("Only the discussion's host and the moderators of its community can do that.")
            )
        if source.state is PollState.CANCELLED:
            raise Refused(
                t("This poll was cancelled, so it decided nothing. Use /decide for a decision of its own.")
                if poll
                else t("This discussion was cancelled, so it has no result. Use /decide for a decision of its own.")
            )
        if source.state is PollState.OPEN:
            raise NotYet(
                t("Record the decision once the poll is closed.")
                if poll
                else t("Record the decision once the discussion is closed.")
            )

    async def seen_by(self, decision_id: str, request: Request, community: Community, t: Translator) -> Decision:
        """Return a decision that this place may see. Raise NotFound, in the same words for a hidden and a missing one."""
        decision = await self.database.read(lambda tx: rows.find(tx, decision_id))
        if decision is None or not decision.answers(community.id, request.place):
            raise _no_decision(t)
        return decision

    async def asked_of(self, decision_id: str, request: Request, community: Community, t: Translator) -> Decision:
        """Return the decision to a member who may answer for it, in any place. Raises NotFound."""
        decision = await self.database.read(lambda tx: rows.find(tx, decision_id))
        if decision is None or decision.community != community.id:
            raise _no_decision(t)
        if decision.answers(community.id, request.place) or (
            request.place.direct and request.actor.id in {decision.owner, decision.member}
        ):
            return decision
        raise _no_decision(t)

    async def listed(
        self, community: str, request: Request | None, words: str = "", states: frozenset[DecisionState] | None = None
    ) -> Sequence[Decision]:
        """Return the decisions that a request's place may see, the latest first; without a request, no private one.

        `words` filter by the outcome and the owner's name.
        """
        place = request.place if request else None
        decisions = await self.database.read(lambda tx: rows.visible(tx, community, place))
        letters = words.casefold().split()
        return [
            decision
            for decision in decisions
            if (states is None or decision.state in states)
            and all(word in f"{decision.outcome} {decision.owner_name}".casefold() for word in letters)
        ]

    async def with_histories(self, decisions: Sequence[Decision]) -> Sequence[Decision]:
        return await self.database.read(lambda tx: rows.with_histories(tx, decisions))

    async def of_poll(self, poll: str) -> Sequence[Decision]:
        return await self.database.read(lambda tx: rows.of_poll(tx, poll))

    def may_answer(self, decision: Decision, request: Request, community: Community) -> bool:
        return community.id == decision.community and (
            request.actor.id in {decision.owner, decision.member} or community.moderates(request.actor)
        )

    async def answer(
        self, decision: Decision, answer: ReviewAnswer, request: Request, community: Community, t: Translator
    ) -> Decision:
        """Write the answer to a review of a standing decision.

        Raise NotAllowed for a member who may not answer, and Refused for an answer without its words or for a settled
        decision.
        """
        actor = request.actor
        if not self.may_answer(decision, request, community):
            raise NotAllowed(t("Only the decision's owner, its recorder and moderators can do that."))
        if decision.state is not DecisionState.STANDING:
            raise Refused(t("This decision is settled already. Use /decide for a new one."))
        if len(answer.words) > WORDS_MAX:
            raise Refused(t("Shorten that to {most} characters.", most=WORDS_MAX))
        if answer.step in {DecisionStep.CHANGED, DecisionStep.DROPPED} and not answer.words:
            raise Refused(t("Say what changed, or why it was dropped."))
        later = None
        words = answer.words
        if answer.step is DecisionStep.POSTPONED:
            later = review_moment(answer.review, request.now, community, t)
            if later is None:
                raise Refused(t("Type the day when to look again, such as next month."))
            words = f"{later.astimezone(community.tz):%Y-%m-%d}"
        states = {
            DecisionStep.DONE: DecisionState.DONE,
            DecisionStep.CHANGED: DecisionState.CHANGED,
            DecisionStep.DROPPED: DecisionState.DROPPED,
        }
        settled = replace(decision, state=states.get(answer.step, DecisionState.STANDING), review_at=later)
        entry = HistoryEntry(answer.step, words, actor.id, actor.name, request.now)
        if not await self.database.write(lambda tx: rows.settle(tx, settled, entry)):
            raise Refused(t("This decision is settled already. Use /decide for a new one."))
        self.changed()
        return await self._whole(decision.id, t)

    async def _whole(self, decision_id: str, t: Translator) -> Decision:
        decision = await self.database.read(lambda tx: rows.find(tx, decision_id))
        if decision is None:
            raise _no_decision(t)
        return decision


def review_moment(words: str, now: datetime, community: Community, t: Translator) -> datetime | None:
    """Return the community's morning of the typed day; None for an empty text. Raise Refused."""
    if not words.strip():
        return None
    moment = read_time(words, now, community.tz)
    if moment is None:
        raise Refused(t("I can't read “{typed}” as a day. Try in 3 months or 2027-03-01.", typed=words[:60]))
    morning = local_moment(moment.astimezone(community.tz).date(), REVIEW_CLOCK, community.tz, now)
    if morning <= now:
        raise Refused(t("Pick a later day: a review is tomorrow at the earliest."))
    if morning > now + REVIEW_MAX:
        raise Refused(t("Pick an earlier day: a review is within five years."))
    return morning


def _wrong_links(links: Sequence[str], t: Translator) -> str:
    if len(links) > LINKS_MAX:
        return t("Leave out some links: a decision has at most {most}.", most=LINKS_MAX)
    bad = next((link for link in links if not _is_link(link)), "")
    return t("“{link}” isn't an address. Begin it with https://.", link=bad[:60]) if bad else ""


def _is_link(link: str) -> bool:
    return len(link) <= LINK_MAX and (
        _LINK.fullmatch(link) is not None or re.fullmatch(r"[\w-]+:[\w-]+", link) is not None
    )


def _no_decision(t: Translator) -> NotFound:
    return NotFound(t("There's no such decision here. /decisions lists them."))
