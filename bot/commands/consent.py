"""Members' actions in a consent poll besides voting: object, answer an objection, change the proposal."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.chat.markup import clean
from bot.chat.vocabulary import Answers, Outcome, Reply
from bot.commands import ballot_cards, consent_cards, poll_forms
from bot.commands.answers import answer
from bot.commands.poll_finder import PollFinder
from bot.commands.poll_opening import OpeningCommands
from bot.dispatch.declare import Context, action, form
from bot.errors import NotFound, NotYet, Refused, UsageError
from bot.polls.counting.ballots import OBJECT, Method
from bot.polls.model import CastEnd, Poll, PollState
from bot.polls.objections import Objection, consent_options
from bot.polls.rules import PollDraft, must_be_open
from bot.polls.service import Polls


@dataclass(frozen=True, slots=True)
class ConsentCommands:
    """Buttons and forms of consent polls."""

    polls: Polls
    finder: PollFinder
    opening: OpeningCommands

    @action("poll-object", opens_form=True)
    async def object(self, ctx: Context, poll_id: str) -> Outcome:
        poll = await self._consent(ctx, poll_id)
        must_be_open(poll, ctx.t)
        return Outcome(Reply(form=consent_cards.objection_form(ctx.t, poll)))

    @form("poll-objected", again="object")
    async def objected(self, ctx: Context, poll_id: str, answers: Answers) -> Outcome:
        poll = await self._consent(ctx, poll_id)
        reason = _line(answer(answers, "reason"))
        try:
            cast = await self.polls.cast(poll, ctx.request, str(OBJECT), ctx.t, reason=reason)
        except Refused as error:
            return Outcome(errors={"reason": error.message})
        if cast.end is CastEnd.UNCHANGED:
            await self.polls.redraw(poll)
        card = ballot_cards.cast_card(ctx.t, poll, self.polls.secrecy, cast)
        return Outcome(Reply((card,)), refresh=(poll.id,))

    @action("poll-objections")
    async def objections(self, ctx: Context, poll_id: str) -> Outcome:
        poll = await self._consent(ctx, poll_id)
        hosts = self.polls.may_run(poll, ctx.request.actor, ctx.community)
        card = consent_cards.objections_card(ctx.t, poll, await self.polls.objections(poll), hosts=hosts)
        return Outcome(Reply((card,)))

    @action("objection-answer", opens_form=True)
    async def answer_one(self, ctx: Context, poll_id: str, number: str) -> Outcome:
        poll = await self._consent(ctx, poll_id)
        objection = await self._objection(ctx, poll, number)
        return Outcome(Reply(form=consent_cards.answer_form(ctx.t, poll, objection)))

    @form("objection-answered", again="answer_one")
    async def answered(self, ctx: Context, poll_id: str, number: str, answers: Answers) -> Outcome:
        poll = await self._consent(ctx, poll_id)
        objection = await self._objection(ctx, poll, number)
        words = _line(answer(answers, "answer"))
        await self.polls.answer_objection(poll, objection.number, words, ctx.request.actor, ctx.community, ctx.t)
        return replace(await self.objections(ctx, poll_id), refresh=(poll.id,), replace=True)

    async def _objection(self, ctx: Context, poll: Poll, number: str) -> Objection:
        objections = await self.polls.objections(poll)
        objection = next((each for each in objections if str(each.number) == number), None)
        if objection is None:
            raise NotFound(ctx.t("There's no such objection."))
        return objection

    # --- a changed proposal ---

    complete_closes = poll_forms.complete_closes

    @action("poll-follow", opens_form=True, posts=True)
    async def follow(self, ctx: Context, poll_id: str) -> Outcome:
        """Ask for the changed proposal, which becomes a separate poll."""
        poll = await self._to_follow(ctx, poll_id)
        return Outcome(Reply(form=consent_cards.proposal_form(ctx.t, poll)))

    @form("poll-followed", again="follow", posts=True, complete={"closes": "complete_closes"})
    async def followed(self, ctx: Context, poll_id: str, answers: Answers) -> Outcome:
        poll = await self._to_follow(ctx, poll_id)
        wrong: dict[str, str] = {}
        draft = PollDraft(
            question=poll_forms.cleaned(answer(answers, "question")),
            options=consent_options(ctx.t, poll.id, poll.head),
            closes_at=poll_forms.filled_close(ctx, answers, wrong),
            closes=poll_forms.cleaned(answer(answers, "closes")),
            method=Method.CONSENT,
            secret=poll.secret,
            results=poll.results,
            roles=poll.roles,
            joined_before=poll.joined_before,
            quorum=poll.quorum,
            public=poll.public,
            follows=poll.id,
        )
        return await self.opening.prepare(ctx, draft, wrong)

    async def _to_follow(self, ctx: Context, poll_id: str) -> Poll:
        poll = await self._consent(ctx, poll_id)
        self.polls.check_runs(poll, ctx.request.actor, ctx.community, ctx.t)
        if poll.state is PollState.OPEN:
            raise NotYet(ctx.t("Close this poll first: the changed proposal is a new poll."))
        return poll

    async def _consent(self, ctx: Context, poll_id: str) -> Poll:
        poll = await self.finder.by_id(ctx, poll_id)
        if poll.method is not Method.CONSENT:
            raise UsageError(poll_id)
        return poll


def _line(words: str) -> str:
    return " ".join(clean(words).split())
