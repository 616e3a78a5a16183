"""A host's actions on a discussion: start, extend, close and cancel it. Thin: the rules are in bot/deliberation/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated

from bot.chat.markup import Bold, Code, paragraph, text
from bot.chat.platform import Platform
from bot.chat.vocabulary import (
    Action,
    Answers,
    Button,
    ButtonStyle,
    Card,
    Choice,
    Outcome,
    Post,
    Reply,
    Tone,
    Visibility,
)
from bot.commands import cards, discussion_cards, discussion_results, poll_forms
from bot.commands.answers import answer
from bot.commands.discussion_finder import DISCUSSION, DiscussionFinder
from bot.commands.discussion_forms import MODERATION, start_form, starters_of
from bot.communities.model import Community, translator_for
from bot.deliberation.model import QUESTION_MAX, Discussion, Moderation
from bot.deliberation.service import DiscussionDraft, Discussions, must_be_open
from bot.dispatch.declare import Context, Param, action, command, form
from bot.errors import Refused, UsageError
from bot.i18n import N_
from bot.library.edition import Shelf
from bot.polls.model import PollState

SECONDS_DIGITS = 11


@dataclass(frozen=True, slots=True)
class DiscussionHosting:
    """Commands, buttons and forms of hosts and moderators."""

    discussions: Discussions
    finder: DiscussionFinder
    shelf: Shelf
    platforms: Mapping[str, Platform]

    @command(
        "discuss start",
        N_("Start a discussion: find where the community agrees"),
        form_when=lambda args: not args.get("question"),
        posts=True,
        needs_community=True,
    )
    async def start(
        self,
        ctx: Context,
        question: Annotated[str, Param(N_("What it's about"), rest=True, longest=QUESTION_MAX)] = "",
        statements: Annotated[
            str, Param(N_("5 or more to begin with, with | between; or leave out for the topic's"))
        ] = "",
        closes: Annotated[str, poll_forms.CLOSES] = "7 days",
        moderation: Annotated[Moderation, MODERATION] = Moderation.BEFORE,
        topic: Annotated[str, Param(N_("Whose statements to begin with"), complete="topics")] = "",
    ) -> Outcome:
        if not question:
            return Outcome(Reply(form=start_form(ctx.t)))
        starters, pack = starters_of(ctx, self.shelf, statements, topic)
        draft = DiscussionDraft(
            poll_forms.cleaned(question), poll_forms.closes_at(ctx, closes), starters, pack, moderation
        )
        return await self._start(ctx, draft)

    async def start_form(self, ctx: Context) -> Outcome:
        return Outcome(Reply(form=start_form(ctx.t)))

    @form("discuss-started", posts=True, again="start_form")
    async def started(self, ctx: Context, answers: Answers) -> Outcome:
        wrong: dict[str, str] = {}
        closes_at = poll_forms.filled_close(ctx, answers, wrong)
        starters, pack = starters_of(ctx, self.shelf, answer(answers, "statements"), "")
        draft = DiscussionDraft(poll_forms.cleaned(answer(answers, "question")), closes_at, starters, pack)
        if wrong:
            return Outcome(errors=wrong)
        try:
            return await self._start(ctx, draft)
        except Refused as error:
            return Outcome(errors={"statements": error.message})

    async def _start(self, ctx: Context, draft: DiscussionDraft) -> Outcome:
        discussion = await self.discussions.start(draft, ctx.request, ctx.community, ctx.t)
        body = text(
            paragraph(ctx.t("Its id is "), Code(discussion.id), "."),
            ctx.t("It closes by itself. You and the moderators can use /discuss extend, close, cancel and statements."),
        )
        card = Card(title=ctx.t("The discussion is open"), body=body, tone=Tone.GOOD)
        message = await self.posted_message(discussion, ctx.community)
        return Outcome(Reply((card,)), posts=(Post(message, poll=discussion.id),))

    @command("discuss extend", N_("Move a discussion's close to later"), needs_community=True)
    async def extend(
        self,
        ctx: Context,
        closes: Annotated[
            str,
            Param(
                poll_forms.CLOSES.description,
                rest=True,
                longest=60,
                question=N_("Until when? Try /discuss extend 2 days."),
            ),
        ],
        discussion: Annotated[str, DISCUSSION] = "",
    ) -> Outcome:
        later = poll_forms.closes_at(ctx, closes)
        again = str(int(later.timestamp()))
        subject = await self.finder.find(ctx, discussion, lambda each: Action("discuss-extend", (each.id, again)))
        return await self._extend(ctx, subject, later)

    @action("discuss-extend")
    async def extend_to(self, ctx: Context, discussion_id: str, at: str) -> Outcome:
        if not (at.isascii() and at.isdigit() and len(at) <= SECONDS_DIGITS):
            raise UsageError(at)
        return await self._extend(
            ctx, await self.finder.by_id(ctx, discussion_id), datetime.fromtimestamp(int(at), UTC)
        )

    async def _extend(self, ctx: Context, subject: Discussion, later: datetime) -> Outcome:
        extended = await self.discussions.extend(subject, ctx.request, ctx.community, later, ctx.t)
        when = discussion_cards.when(extended, ctx.community.tz)
        body = text(paragraph(Bold(extended.question)), paragraph(ctx.t("It now closes "), when, "."))
        card = Card(title=ctx.t("The discussion is extended"), body=body, tone=Tone.GOOD)
        return Outcome(Reply((card,)), refresh=(subject.id,))

    @command("discuss close", N_("Close a discussion now and show its result"), needs_community=True)
    async def close(self, ctx: Context, discussion: Annotated[str, DISCUSSION] = "") -> Outcome:
        return await self._ask(ctx, discussion, "discuss-close")

    @command("discuss cancel", N_("Cancel a discussion and delete its answers"), needs_community=True)
    async def cancel(self, ctx: Context, discussion: Annotated[str, DISCUSSION] = "") -> Outcome:
        return await self._ask(ctx, discussion, "discuss-cancel")

    async def _ask(self, ctx: Context, words: str, verb: str) -> Outcome:
        subject = await self.finder.find(ctx, words, lambda each: Action("discuss-ask", (each.id, verb)))
        return self._confirm(ctx, subject, verb)

    @action("discuss-ask", replaces=True)
    async def ask(self, ctx: Context, discussion_id: str, verb: str) -> Outcome:
        if verb not in {"discuss-close", "discuss-cancel"}:
            raise UsageError(verb)
        return replace(self._confirm(ctx, await self.finder.by_id(ctx, discussion_id), verb), replace=True)

    def _confirm(self, ctx: Context, subject: Discussion, verb: str) -> Outcome:
        t = ctx.t
        self.discussions.check_host(subject, ctx.request.actor, ctx.community, t)
        must_be_open(subject, t)
        close = verb == "discuss-close"
        title = t("Close this discussion?") if close else t("Cancel this discussion?")
        what = (
            t("Everyone sees the result, and I delete all answers. It can't be opened again.")
            if close
            else t("I delete all answers, and nobody sees a result.")
        )
        label = t("Close it now") if close else t("Cancel it now")
        button = Button(label, Action(verb, (subject.id,)), style=ButtonStyle.DANGER)
        body = text(paragraph(Bold(subject.question)), what)
        return Outcome(Reply((Card(title=title, body=body, tone=Tone.CAUTION, controls=(button,)),)))

    @action("discuss-close", replaces=True)
    async def close_confirmed(self, ctx: Context, discussion_id: str) -> Outcome:
        subject = await self.finder.by_id(ctx, discussion_id)
        closed = await self.discussions.close(subject, ctx.request, ctx.community, ctx.t)
        card = discussion_results.result_card(ctx.t, closed)
        return Outcome(Reply((card,)), refresh=(subject.id,), replace=True)

    @action("discuss-cancel", replaces=True)
    async def cancel_confirmed(self, ctx: Context, discussion_id: str) -> Outcome:
        subject = await self.finder.by_id(ctx, discussion_id)
        await self.discussions.cancel(subject, ctx.request, ctx.community, ctx.t)
        card = Card(title=ctx.t("The discussion is cancelled"), body=text(subject.question))
        return Outcome(Reply((card,)), refresh=(subject.id,), replace=True)

    async def posted_message(self, discussion: Discussion, community: Community) -> Reply:
        """Draw the discussion's posted message from its present state."""
        t = translator_for(community, self.platforms)
        if discussion.state is PollState.CLOSED:
            card = discussion_results.result_card(t, discussion)
        else:
            card = discussion_cards.public_card(t, discussion, community.tz)
        return Reply((card,), visibility=Visibility.PUBLIC)

    def topics(self, _ctx: Context, query: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return cards.topic_choices(self.shelf.current.library, query)

    async def complete_discussions(self, ctx: Context, query: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return await self.finder.choices(ctx, query)

    def closing_times(self, ctx: Context, query: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return poll_forms.closing_choices(ctx, query)
