"""A result for members: the outcome, how it was counted, and the record that proves it. Thin, like polls.py."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from bot.chat.markup import Plain, bullets, text
from bot.chat.vocabulary import Action, Attachment, Card, Choice, Outcome, Reply, Visibility
from bot.commands import ballot_cards, poll_forms, result_details
from bot.commands.poll_finder import PollFinder
from bot.commands.poll_views import PollViews
from bot.dispatch.declare import Context, Param, action, command
from bot.errors import NotYet, Refused
from bot.i18n import N_, Translator
from bot.polls import audit, export
from bot.polls.counting.results import Result
from bot.polls.model import Poll, PollState, Results
from bot.polls.record_file import as_json
from bot.polls.service import Polls


@dataclass(frozen=True, slots=True)
class ResultCommands:
    """Commands and buttons of readers. In a private answer, the answer to a button replaces the message."""

    polls: Polls
    finder: PollFinder
    views: PollViews

    @command(
        "poll results",
        N_("Show a poll's results"),
        public_flag="share",
        needs_community=True,
        also=("results", "result", "poll result"),
    )
    async def results(
        self,
        ctx: Context,
        poll: Annotated[str, poll_forms.POLL] = "",
        share: Annotated[bool, Param(N_("Show the answer to everyone: yes or no"))] = False,
    ) -> Outcome:
        subject = await self.finder.by_words(ctx, poll, _results, closed=True)
        await self._check_visible(ctx, subject)
        if share and subject.state is PollState.OPEN and subject.results is not Results.LIVE:
            raise NotYet(ctx.t("You can share the results of this poll once it closes."))
        return Outcome(Reply((await self.views.result(ctx.t, subject),), visibility=Visibility.of(share)))

    @action("poll-results", replaces=True)
    async def results_of(self, ctx: Context, poll_id: str) -> Outcome:
        poll = await self.finder.by_id(ctx, poll_id)
        await self._check_visible(ctx, poll)
        return Outcome(Reply((await self.views.result(ctx.t, poll),)), replace=True)

    @action("poll-counted", replaces=True)
    async def counted(self, ctx: Context, poll_id: str) -> Outcome:
        return await self._behind(ctx, poll_id, result_details.rules_card)

    @action("poll-rounds", replaces=True)
    async def rounds(self, ctx: Context, poll_id: str) -> Outcome:
        return await self._behind(ctx, poll_id, result_details.rounds_card)

    async def _behind(self, ctx: Context, poll_id: str, draw: Callable[[Translator, Poll, Result], Card]) -> Outcome:
        poll = await self.finder.by_id(ctx, poll_id)
        await self._check_visible(ctx, poll)
        return Outcome(Reply((draw(ctx.t, poll, await self.polls.result(poll)),)), replace=True)

    @action("poll-voters", replaces=True)
    async def voters(self, ctx: Context, poll_id: str) -> Outcome:
        """Show each voter's choice in a named poll."""
        poll = await self.finder.by_id(ctx, poll_id)
        await self._check_visible(ctx, poll)
        votes = await self.polls.named_votes(poll, ctx.t)
        lines = [(Plain(f"{name}: "), Plain(ballot_cards.ballot_line(poll, choice))) for name, choice in votes]
        card = Card(
            title=ctx.t("Who voted for what"),
            body=bullets(lines) or text(ctx.t("This poll is secret, so nobody can see that.")),
            controls=(result_details.back(ctx.t, poll),),
        )
        return Outcome(Reply((card,)), replace=True)

    @action("poll-record", replaces=True)
    async def record(self, ctx: Context, poll_id: str) -> Outcome:
        """Recompute the record, say whether it holds, and how a member checks it without the bot."""
        poll = await self.finder.by_id(ctx, poll_id)
        findings = await asyncio.to_thread(audit.verify, await self.polls.record(poll))
        card = result_details.record_card(ctx.t, poll, holds=not findings, page=self.polls.pages.of(poll))
        return Outcome(Reply((card,)), replace=True)

    async def _check_visible(self, ctx: Context, poll: Poll) -> None:
        """Raise Refused if this member may not see the totals now."""
        if poll.state is PollState.CANCELLED:
            raise Refused(ctx.t("This poll was cancelled, so it has no result."))
        if not await self.polls.may_see_result(poll, ctx.request.actor):
            sentences = {
                Results.AT_CLOSE: ctx.t("You'll see the results when this poll closes."),
                Results.AFTER_VOTE: ctx.t("Vote first, then you'll see the results so far."),
            }
            raise NotYet(sentences.get(poll.results, ""))

    @command("poll export", N_("Save a closed poll's ballots and audit record as files"), needs_community=True)
    async def export(self, ctx: Context, poll: Annotated[str, poll_forms.POLL] = "") -> Outcome:
        return await self._export(ctx, await self.finder.by_words(ctx, poll, _results, closed=True))

    @action("poll-export")
    async def export_of(self, ctx: Context, poll_id: str) -> Outcome:
        return await self._export(ctx, await self.finder.by_id(ctx, poll_id))

    async def _export(self, ctx: Context, poll: Poll) -> Outcome:
        if poll.state is not PollState.CLOSED:
            raise NotYet(
                ctx.t("You can export a poll once it's closed. Before that, an export could reveal how someone voted.")
            )
        record = await self.polls.record(poll)
        files = (
            Attachment(f"poll-{poll.id}.csv", export.as_csv(record), "text/csv"),
            Attachment(f"poll-{poll.id}.json", as_json(record), "application/json"),
        )
        note = ctx.t(
            "The ballots as a table, and everything you need to check the count. No file names a voter of a secret "
            "poll."
        )
        return Outcome(
            Reply((Card(title=ctx.t("Export of “{question}”", question=poll.question), body=text(note)),), files=files)
        )

    async def complete_polls(self, ctx: Context, query: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return await self.finder.choices(ctx, query)


def _results(poll: Poll) -> Action:
    return Action("poll-results", (poll.id,))
