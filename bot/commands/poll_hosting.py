"""A host's actions on an open poll: post it once more, extend, close and cancel it.

Thin: the rules are in bot/polls/rules.py and bot/polls/service.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated

from bot.chat.markup import Bold, paragraph, text
from bot.chat.vocabulary import Action, Answers, Card, Choice, Outcome, Post, Reply, Tone
from bot.commands import ballot_cards, poll_cards, poll_forms, poll_labels
from bot.commands.poll_finder import PollFinder
from bot.commands.poll_views import PollViews
from bot.dispatch.declare import Context, Param, action, command, form
from bot.errors import NotAllowed, UsageError
from bot.i18n import N_
from bot.polls.model import Poll
from bot.polls.service import Polls, opens

SECONDS_DIGITS = 11


@dataclass(frozen=True, slots=True)
class HostCommands:
    """Commands, buttons and forms of a poll's host and of moderators."""

    polls: Polls
    finder: PollFinder
    views: PollViews

    async def _message(self, ctx: Context, poll: Poll) -> Post:
        return Post(await self.views.posted_message(poll, ctx.community), poll=poll.id)

    @command("poll extend", N_("Move a poll's close to later"), needs_community=True)
    async def extend(
        self,
        ctx: Context,
        closes: Annotated[
            str,
            Param(
                poll_forms.CLOSES.description,
                rest=True,
                longest=60,
                complete="closing_times",
                question=N_("Until when? Try /poll extend 2 days."),
            ),
        ],
        poll: Annotated[str, poll_forms.POLL] = "",
    ) -> Outcome:
        later = poll_forms.closes_at(ctx, closes)
        again = str(int(later.timestamp()))
        return await self._extend(
            ctx,
            await self.finder.by_words(ctx, poll, lambda each: Action("poll-extend", (each.id, again)), own=True),
            later,
        )

    @action("poll-extend")
    async def extend_to(self, ctx: Context, poll_id: str, at: str) -> Outcome:
        """Extend one of several polls; `at` is the moment that the host typed, in seconds since 1970."""
        if not (at.isascii() and at.isdigit() and len(at) <= SECONDS_DIGITS):
            raise UsageError(at)
        return await self._extend(ctx, await self.finder.by_id(ctx, poll_id), datetime.fromtimestamp(int(at), UTC))

    async def _extend(self, ctx: Context, subject: Poll, later: datetime) -> Outcome:
        extended = await self.polls.extend(subject, ctx.request.actor, ctx.community, later, ctx.request.now, ctx.t)
        when = poll_labels.when(extended, ctx.community.tz)
        body = text(paragraph(Bold(extended.question)), paragraph(ctx.t("It now closes "), when, "."))
        return Outcome(
            Reply((Card(title=ctx.t("The poll is extended"), body=body, tone=Tone.GOOD),)), refresh=(subject.id,)
        )

    @command(
        "poll post",
        N_("Post a poll again: here, in another channel or community"),
        posts=True,
        needs_community=True,
    )
    async def post(self, ctx: Context, poll: Annotated[str, poll_forms.POLL]) -> Outcome:
        poll_id = await self.finder.id_of(ctx, poll, lambda each: Action("poll-post", (each.id,)))
        subject = await self.polls.to_post(poll_id, ctx.request, ctx.community, ctx.t)
        if opens(subject, ctx.request):
            return Outcome(Reply((poll_cards.opening_card(ctx.t, subject),)))
        return await self._post(ctx, subject, ctx.t("The poll is posted here"))

    @form("poll-placed")
    async def placed(self, ctx: Context, poll_id: str, answers: Answers) -> Outcome:
        """Post the poll in the place that a form asked for, which is the request's."""
        del answers
        if not ctx.request.may_write:
            raise NotAllowed(ctx.t("You can't write in that channel, so I won't either. Pick another one."))
        if not ctx.request.may_post:
            raise NotAllowed(ctx.t("I can't write in that channel. Pick another, or ask a moderator to let me write."))
        subject = await self.polls.to_post(poll_id, ctx.request, ctx.community, ctx.t)
        if opens(subject, ctx.request):
            raise NotAllowed(
                ctx.t("This poll is private. To show it to more members, type /poll post {id} there.", id=subject.id)
            )
        return await self._post(ctx, subject, ctx.t("The poll is posted there"))

    @action("poll-post", replaces=True, posts=True)
    async def post_confirmed(self, ctx: Context, poll_id: str) -> Outcome:
        subject = await self.polls.to_post(poll_id, ctx.request, ctx.community, ctx.t)
        return replace(await self._post(ctx, subject, ctx.t("The poll is posted here")), replace=True)

    async def _post(self, ctx: Context, poll: Poll, title: str) -> Outcome:
        card = Card(title=title, body=text(ctx.t("All votes count in the same poll.")), tone=Tone.GOOD)
        return Outcome(Reply((card,)), posts=(await self._message(ctx, poll),), refresh=(poll.id,))

    @command("poll close", N_("Close a poll now and show its result"), needs_community=True)
    async def close(self, ctx: Context, poll: Annotated[str, poll_forms.POLL] = "") -> Outcome:
        return await self._ask(ctx, poll, "poll-close")

    @command("poll cancel", N_("Cancel a poll without a result"), needs_community=True)
    async def cancel(self, ctx: Context, poll: Annotated[str, poll_forms.POLL] = "") -> Outcome:
        return await self._ask(ctx, poll, "poll-cancel")

    async def _ask(self, ctx: Context, poll: str, verb: str) -> Outcome:
        subject = await self.finder.by_words(ctx, poll, lambda each: Action("poll-ask", (each.id, verb)), own=True)
        return ballot_cards.confirm(ctx.t, subject, verb)

    @action("poll-ask", replaces=True)
    async def ask(self, ctx: Context, poll_id: str, verb: str) -> Outcome:
        if verb not in {"poll-close", "poll-cancel"}:
            raise UsageError(verb)
        outcome = ballot_cards.confirm(ctx.t, await self.finder.by_id(ctx, poll_id), verb)
        return replace(outcome, replace=True)

    @action("poll-close", replaces=True)
    async def close_confirmed(self, ctx: Context, poll_id: str) -> Outcome:
        poll = await self.finder.by_id(ctx, poll_id)
        closed = await self.polls.close(poll, ctx.request.actor, ctx.community, ctx.request.now, ctx.t)
        return Outcome(Reply((await self.views.card(ctx.t, closed, ctx.community),)), refresh=(poll.id,), replace=True)

    @action("poll-cancel", replaces=True)
    async def cancel_confirmed(self, ctx: Context, poll_id: str) -> Outcome:
        poll = await self.finder.by_id(ctx, poll_id)
        await self.polls.cancel(poll, ctx.request.actor, ctx.community, ctx.request.now, ctx.t)
        card = Card(title=ctx.t("The poll is cancelled"), body=text(poll.question))
        return Outcome(Reply((card,)), refresh=(poll.id,), replace=True)

    async def complete_polls(self, ctx: Context, query: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return await self.finder.choices(ctx, query)

    def closing_times(self, ctx: Context, query: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return poll_forms.closing_choices(ctx, query)
