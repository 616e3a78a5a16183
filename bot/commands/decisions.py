"""Members' actions on decisions: record, list, search, review, save. Thin: the rules are in bot/decisions/service.py."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated

from bot.chat.markup import clean, shorten, text
from bot.chat.vocabulary import Action, Answers, Attachment, Card, Choice, Outcome, Post, Reply, Tone, Visibility
from bot.commands import decision_cards, discussion_results, poll_forms, result_cards
from bot.commands.answers import answer
from bot.commands.discussion_finder import DiscussionFinder
from bot.commands.poll_finder import PollFinder
from bot.decisions import export
from bot.decisions.model import OUTCOME_MAX, Decision, DecisionState, DecisionStep
from bot.decisions.service import DecisionDraft, Decisions, ReviewAnswer
from bot.deliberation.model import ID_PREFIX, Discussion
from bot.dispatch.declare import Context, Param, action, command, form
from bot.errors import Refused
from bot.i18n import N_
from bot.polls.model import Poll
from bot.polls.service import Polls

STATE = Param(
    N_("Only these: standing, done, changed or dropped"),
    choices={state.value: label for state, label in decision_cards.STATES.items()},
)
MONTHS: Mapping[str, str] = {"this-month": N_("This month"), "last-month": N_("Last month")}


@dataclass(frozen=True, slots=True)
class DecisionCommands:
    """Commands, buttons and forms of decisions."""

    decisions: Decisions
    polls: Polls
    finder: PollFinder
    discussions: DiscussionFinder

    @command(
        "decide",
        N_("Record a decision: what, who carries it out, when to look again"),
        form_when=lambda args: not args.get("outcome"),
        needs_community=True,
    )
    async def decide(
        self,
        ctx: Context,
        outcome: Annotated[str, Param(N_("What was decided, in a sentence"), rest=True)] = "",
        owner: Annotated[str, Param(N_("Who carries it out"), longest=100)] = "",
        review: Annotated[str, Param(N_("When to look at it again: in 3 months, 2027-03-01"), longest=60)] = "",
        poll: Annotated[str, poll_forms.POLL] = "",
    ) -> Outcome:
        draft = DecisionDraft(_line(outcome), _line(owner) or ctx.request.actor.name, review)
        if not outcome:
            return Outcome(Reply(form=decision_cards.decide_form(ctx.t, draft, "")))
        subject = await self.finder.by_words(ctx, poll, _decide) if poll else None
        return await self._record(ctx, draft, subject)

    @action("poll-decide", opens_form=True)
    async def decide_on(self, ctx: Context, poll_id: str) -> Outcome:
        """Open the form for the decision of a closed poll, with its winner filled in."""
        poll = await self.finder.by_id(ctx, poll_id)
        self.decisions.check(poll, ctx.request, ctx.community, ctx.t)
        result = await self.polls.result(poll)
        sentence = _joined(poll.question, result_cards.outcome(ctx.t, poll, result))
        draft = DecisionDraft(shorten(sentence, OUTCOME_MAX), ctx.request.actor.name, links=_cards_of(poll))
        return Outcome(Reply(form=decision_cards.decide_form(ctx.t, draft, poll.id)))

    @action("discuss-decide", opens_form=True)
    async def decide_on_discussion(self, ctx: Context, discussion_id: str) -> Outcome:
        """Open the form for the decision after a closed discussion, with its common ground filled in."""
        discussion = await self.discussions.by_id(ctx, discussion_id)
        self.decisions.check(discussion, ctx.request, ctx.community, ctx.t)
        sentence = _joined(discussion.question, discussion_results.common_ground(ctx.t, discussion))
        draft = DecisionDraft(shorten(sentence, OUTCOME_MAX), ctx.request.actor.name)
        return Outcome(Reply(form=decision_cards.decide_form(ctx.t, draft, discussion.id)))

    async def decide_again(self, ctx: Context, source_id: str = "") -> Outcome:
        if source_id:
            again = self.decide_on_discussion if source_id.startswith(ID_PREFIX) else self.decide_on
            return await again(ctx, source_id)
        return Outcome(Reply(form=decision_cards.decide_form(ctx.t, DecisionDraft("", ctx.request.actor.name), "")))

    @form("decide", again="decide_again")
    async def decided(self, ctx: Context, source_id: str = "", *, answers: Answers) -> Outcome:
        source = await self._source(ctx, source_id)
        links = tuple(link for line in answer(answers, "links").splitlines() if (link := _line(line)))
        draft = DecisionDraft(
            _line(answer(answers, "outcome")), _line(answer(answers, "owner")), answer(answers, "review"), links
        )
        errors = self.decisions.mistakes(draft, ctx.request, ctx.community, ctx.t)
        return Outcome(errors=errors) if errors else await self._record(ctx, draft, source)

    async def _source(self, ctx: Context, source_id: str) -> Poll | Discussion | None:
        """Return the source of a decision, if the place may see it. Raise NotFound."""
        if source_id.startswith(ID_PREFIX):
            return await self.discussions.by_id(ctx, source_id)
        return await self.finder.by_id(ctx, source_id) if source_id else None

    async def _record(self, ctx: Context, draft: DecisionDraft, source: Poll | Discussion | None) -> Outcome:
        decision = await self.decisions.record(draft, source, ctx.request, ctx.community, ctx.t)
        card = replace(self._card(ctx, decision), title=ctx.t("The decision is recorded"), tone=Tone.GOOD)
        return Outcome(Reply((card,)))

    @command("decisions", N_("Find decisions: by words, state or month"), needs_community=True)
    async def list(
        self,
        ctx: Context,
        words: Annotated[str, Param(N_("Words of the decision or its owner"), rest=True, longest=200)] = "",
        state: Annotated[str, STATE] = "",
        month: Annotated[str, Param(N_("When it was recorded"), choices=MONTHS)] = "",
    ) -> Outcome:
        states = frozenset({DecisionState(state)}) if state else None
        decisions = await self.decisions.listed(ctx.community.id, ctx.request, words, states)
        if month:
            wanted = _month(ctx, month)
            decisions = [each for each in decisions if f"{each.at.astimezone(ctx.community.tz):%Y-%m}" == wanted]
        if not decisions:
            return Outcome(Reply((self._nothing(ctx, words or state or month),)), success=False)
        return Outcome(Reply((decision_cards.list_card(ctx.t, decisions, ctx.community.tz, " ".join(words.split())),)))

    def _nothing(self, ctx: Context, asked: str) -> Card:
        hint = (
            ctx.t("No decision matches. /decisions lists all of them.")
            if asked
            else ctx.t("No decisions yet. Use /decide, or Record the decision on a poll's result.")
        )
        return Card(title=ctx.t("Decisions"), body=text(hint))

    @action("decision-pick")
    async def pick(self, ctx: Context, values: tuple[str, ...] = ()) -> Outcome:
        return await self.show(ctx, values[0] if values else "")

    @action("decision")
    async def show(self, ctx: Context, decision_id: str) -> Outcome:
        decision = await self.decisions.seen_by(decision_id, ctx.request, ctx.community, ctx.t)
        return Outcome(Reply((self._card(ctx, decision),)))

    @action("decision-share", posts=True)
    async def share(self, ctx: Context, decision_id: str) -> Outcome:
        decision = await self.decisions.seen_by(decision_id, ctx.request, ctx.community, ctx.t)
        card = decision_cards.shared_card(ctx.t, decision, ctx.community.tz)
        note = Card(title=ctx.t("The decision is posted here"), tone=Tone.GOOD)
        return Outcome(Reply((note,)), posts=(Post(Reply((card,), visibility=Visibility.PUBLIC)),))

    @action(decision_cards.EXPORT)
    async def save(self, ctx: Context) -> Outcome:
        """Save all decisions that the place may see."""
        listed = await self.decisions.listed(ctx.community.id, ctx.request)
        decisions = await self.decisions.with_histories(listed)
        files = (
            Attachment("decisions.md", export.as_markdown(decisions, ctx.community.tz), "text/markdown"),
            Attachment("decisions.json", export.as_json(decisions), "application/json"),
        )
        note = ctx.t.count("{n} decision with its history.", "{n} decisions with their history.", len(decisions))
        return Outcome(Reply((Card(title=ctx.t("Decisions as files"), body=text(note)),), files=files))

    # --- the day of a review ---

    @action("decision-done", replaces=True)
    async def done(self, ctx: Context, decision_id: str) -> Outcome:
        return await self._answer(ctx, decision_id, ReviewAnswer(DecisionStep.DONE))

    @action("decision-change", opens_form=True)
    async def change(self, ctx: Context, decision_id: str) -> Outcome:
        return await self._ask(ctx, decision_id, "decision-changed")

    @action("decision-drop", opens_form=True)
    async def drop(self, ctx: Context, decision_id: str) -> Outcome:
        return await self._ask(ctx, decision_id, "decision-dropped")

    @action("decision-postpone", opens_form=True)
    async def postpone(self, ctx: Context, decision_id: str) -> Outcome:
        return await self._ask(ctx, decision_id, "decision-postponed")

    async def _ask(self, ctx: Context, decision_id: str, verb: str) -> Outcome:
        decision = await self.decisions.asked_of(decision_id, ctx.request, ctx.community, ctx.t)
        return Outcome(Reply(form=decision_cards.words_form(ctx.t, decision, verb)))

    @form("decision-changed", again="change")
    async def changed(self, ctx: Context, decision_id: str, answers: Answers) -> Outcome:
        words = _line(answer(answers, "words"))
        return await self._take_form(ctx, decision_id, ReviewAnswer(DecisionStep.CHANGED, words))

    @form("decision-dropped", again="drop")
    async def dropped(self, ctx: Context, decision_id: str, answers: Answers) -> Outcome:
        words = _line(answer(answers, "words"))
        return await self._take_form(ctx, decision_id, ReviewAnswer(DecisionStep.DROPPED, words))

    @form("decision-postponed", again="postpone")
    async def postponed(self, ctx: Context, decision_id: str, answers: Answers) -> Outcome:
        later = answer(answers, "words")
        return await self._take_form(ctx, decision_id, ReviewAnswer(DecisionStep.POSTPONED, review=later))

    async def _take_form(self, ctx: Context, decision_id: str, review: ReviewAnswer) -> Outcome:
        try:
            return await self._answer(ctx, decision_id, review)
        except Refused as error:
            return Outcome(errors={"words": error.message})

    async def _answer(self, ctx: Context, decision_id: str, review: ReviewAnswer) -> Outcome:
        decision = await self.decisions.asked_of(decision_id, ctx.request, ctx.community, ctx.t)
        settled = await self.decisions.answer(decision, review, ctx.request, ctx.community, ctx.t)
        return Outcome(Reply((self._card(ctx, settled),)), replace=True)

    def _card(self, ctx: Context, decision: Decision) -> Card:
        may_answer = self.decisions.may_answer(decision, ctx.request, ctx.community)
        return decision_cards.decision_card(
            ctx.t, decision, ctx.community.tz, may_answer=may_answer, may_post=not ctx.request.place.direct
        )

    async def complete_polls(self, ctx: Context, query: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return await self.finder.choices(ctx, query)


def _decide(poll: Poll) -> Action:
    return Action("poll-decide", (poll.id,))


def _joined(question: str, outcome: str) -> str:
    """Write a question and what came of it as one text; a proposal ends without a sign of its own."""
    sign = "" if unicodedata.category(question[-1:] or " ") == "Po" else ":"
    return f"{question}{sign} {outcome}" if outcome else question


def _line(words: str) -> str:
    return " ".join(clean(words).split())


def _cards_of(poll: Poll) -> tuple[str, ...]:
    return tuple(f"{poll.topic}:{option.entry}" for option in poll.options if poll.topic and option.entry)[:10]


def _month(ctx: Context, name: str) -> str:
    first = ctx.request.now.astimezone(ctx.community.tz).replace(day=1)
    return f"{first if name == 'this-month' else first - timedelta(days=1):%Y-%m}"
