"""Members' actions on a poll: vote, look at it, check a receipt. Thin, like poll_hosting.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from bot.chat.markup import Bold, Plain, bullets, shorten, text
from bot.chat.platform import Platform
from bot.chat.vocabulary import Action, Answers, Button, Card, Choice, Outcome, Reply, Tone
from bot.commands import ballot_cards, poll_cards, poll_forms, poll_labels, score_forms
from bot.commands.poll_finder import PollFinder
from bot.commands.poll_views import PollViews
from bot.dispatch.declare import Context, Param, action, command, form
from bot.i18n import N_
from bot.polls.counting.ballots import Method
from bot.polls.model import CastEnd, Poll, PollState
from bot.polls.receipts import Receipt, written
from bot.polls.rules import must_be_open
from bot.polls.secrecy import RECEIPTS
from bot.polls.service import Polls

LABEL_MAX = 60
"""Characters of a question on a button."""


@dataclass(frozen=True, slots=True)
class PollCommands:
    """Commands and buttons of voters and readers."""

    polls: Polls
    finder: PollFinder
    views: PollViews
    platforms: Mapping[str, Platform]

    @action("vote")
    async def vote(self, ctx: Context, poll_id: str, choice: str = "", values: tuple[str, ...] = ()) -> Outcome:
        poll = await self.finder.to_vote_in(ctx, poll_id)
        return await self._cast(ctx, poll, choice or ",".join(values))

    @action("ballot", replaces=True, opens_form=True)
    async def ballot(
        self, ctx: Context, poll_id: str, draft: str | None = None, values: tuple[str, ...] = ()
    ) -> Outcome:
        """Show a ballot in progress; its state travels in the buttons, so a restart loses nothing.

        Without a draft (an empty one counts), a new ballot appears in a separate message. On a platform whose forms ask
        for scores, the form opens.
        """
        in_progress = draft is not None or bool(values)
        draft = draft or ""
        poll = await self.finder.by_id(ctx, poll_id)
        must_be_open(poll, ctx.t)
        if poll.method is Method.RANKED:
            card = ballot_cards.ranking_card(ctx.t, poll, ballot_cards.ranking(ctx.t, poll, draft, values))
        elif self._asks_scores(ctx):
            return Outcome(Reply(form=score_forms.score_form(ctx.t, poll, "0", _scores(ctx, poll, draft, values))))
        else:
            card = ballot_cards.scoring_card(ctx.t, poll, ballot_cards.scoring(ctx.t, poll, draft, values))
        return Outcome(Reply((card,)), replace=in_progress)

    @action("cast", replaces=True)
    async def cast(self, ctx: Context, poll_id: str, draft: str) -> Outcome:
        poll = await self.finder.to_vote_in(ctx, poll_id)
        if poll.method is Method.SCORE:
            draft = _score_ballot(_scores(ctx, poll, draft))
        return replace(await self._cast(ctx, poll, draft), replace=True)

    @action("scores", opens_form=True)
    async def scores(self, ctx: Context, poll_id: str, page: str, draft: str = "") -> Outcome:
        """Open one page of a ballot's scores."""
        poll = await self.finder.by_id(ctx, poll_id)
        must_be_open(poll, ctx.t)
        return Outcome(Reply(form=score_forms.score_form(ctx.t, poll, page, _scores(ctx, poll, draft))))

    @form("scored", again="scores")
    async def scored(self, ctx: Context, poll_id: str, page: str, draft: str, *, answers: Answers) -> Outcome:
        """Cast the ballot after the last page of scores, or open the next page."""
        poll = await self.finder.to_vote_in(ctx, poll_id)
        scores = score_forms.with_page(ctx.t, poll, page, _scores(ctx, poll, draft), answers)
        if score_forms.is_last(poll, page):
            return await self._cast(ctx, poll, _score_ballot(scores))
        return Outcome(Reply((score_forms.page_card(ctx.t, poll, page, scores),)))

    @action("ballot-form", replaces=True)
    async def filled(self, ctx: Context, poll_id: str, values: tuple[str, ...] = ()) -> Outcome:
        """Cast a ballot from one form."""
        poll = await self.finder.to_vote_in(ctx, poll_id)
        return replace(await self._cast(ctx, poll, ballot_cards.filled_ballot(ctx.t, poll, values)), replace=True)

    @action("withdraw", replaces=True)
    async def withdraw(self, ctx: Context, poll_id: str) -> Outcome:
        poll = await self.finder.to_vote_in(ctx, poll_id)
        return replace(await self._cast(ctx, poll, None), replace=True)

    @action("secrecy")
    async def secrecy(self, ctx: Context, poll_id: str) -> Outcome:
        return Outcome(
            Reply((poll_cards.secrecy_card(ctx.t, await self.finder.by_id(ctx, poll_id), self.polls.secrecy),))
        )

    @action("poll-details")
    async def details(self, ctx: Context, poll_id: str) -> Outcome:
        poll = await self.finder.by_id(ctx, poll_id)
        card = poll_cards.details_card(ctx.t, poll, ctx.community.tz, self.polls.secrecy, self.polls.pages.of(poll))
        return Outcome(Reply((card,)))

    @action("mine")
    async def mine(self, ctx: Context, poll_id: str) -> Outcome:
        poll = await self.finder.by_id(ctx, poll_id)
        ballot = await self.polls.own(poll, ctx.request.actor)
        if ballot is None:
            return Outcome(
                Reply((Card(title=ctx.t("Your vote"), body=ballot_cards.no_vote(ctx.t, poll, self.polls.secrecy)),))
            )
        return Outcome(
            Reply(
                (
                    ballot_cards.vote_card(
                        ctx.t,
                        poll,
                        self.polls.secrecy,
                        ctx.t("Your vote"),
                        ballot.choice,
                        written(ballot.code, ballot.head),
                    ),
                )
            )
        )

    def _asks_scores(self, ctx: Context) -> bool:
        platform = self.platforms.get(ctx.request.actor.platform)
        return platform is not None and platform.limits.asks_scores

    async def _cast(self, ctx: Context, poll: Poll, choice: str | None) -> Outcome:
        cast = await self.polls.cast(poll, ctx.request, choice, ctx.t)
        changed = () if cast.end is CastEnd.UNCHANGED else (poll.id,)
        return Outcome(Reply((ballot_cards.cast_card(ctx.t, poll, self.polls.secrecy, cast),)), refresh=changed)

    @command(
        "poll list",
        N_("List the polls of this community"),
        needs_community=True,
        also=("polls", "vote", "votes", "voting"),
    )
    async def list(
        self, ctx: Context, only_open: Annotated[bool, Param(N_("Only open polls, by their titles"))] = False
    ) -> Outcome:
        polls = await self.polls.listed(ctx.community.id, ctx.request.place, only_open=only_open)
        title = ctx.t("Open polls") if only_open else ctx.t("Polls")
        if not polls:
            none = ctx.t("No polls yet. Use /poll policy for the topic's options, or /poll create for your own.")
            hint = ctx.t("No poll is open.") if only_open else none
            return Outcome(Reply((Card(title=title, body=text(hint)),)), success=False)
        states = {
            PollState.OPEN: ctx.t("open"),
            PollState.CLOSED: ctx.t("closed"),
            PollState.CANCELLED: ctx.t("cancelled"),
        }
        lines = [
            (Bold(poll.question),)
            if only_open
            else (Bold(poll.question), Plain(f" ({states[poll.state]} · {poll_labels.footer(ctx.t, poll)})"))
            for poll in polls[:20]
        ]
        card = Card(
            title=title,
            body=bullets(lines),
            controls=tuple(
                Button(
                    ctx.t("Show “{question}”", question=shorten(poll.question, LABEL_MAX)),
                    Action("poll-show", (poll.id,)),
                )
                for poll in polls[:5]
            ),
        )
        return Outcome(Reply((card,)))

    @action("poll-show")
    async def show(self, ctx: Context, poll_id: str) -> Outcome:
        poll = await self.finder.by_id(ctx, poll_id)
        own = await self.polls.own(poll, ctx.request.actor) if poll.state is PollState.OPEN else None
        return Outcome(Reply((await self.views.card(ctx.t, poll, ctx.community, own.choice if own else ""),)))

    @action("poll-open")
    async def open(self, ctx: Context, values: tuple[str, ...] = ()) -> Outcome:
        return await self.show(ctx, values[0] if values else "")

    @command("poll receipt", N_("Check that your ballot is in the count"))
    async def receipt(
        self,
        ctx: Context,
        code: Annotated[
            str, Param(N_("The receipt's code; leave it out to see your vote"), rest=True, longest=80)
        ] = "",
        poll: Annotated[str, poll_forms.POLL] = "",
    ) -> Outcome:
        if not code:
            return await self.mine(ctx, (await self.finder.by_words(ctx, poll, _mine)).id)
        poll_id, bare = poll_forms.code_parts(code, poll)
        receipt = await self.polls.receipt(poll_id, bare)
        if receipt in {Receipt.UNKNOWN, Receipt.LACKING}:
            await self.finder.by_id(ctx, poll_id)  # a wrong code reveals no poll that this place may not see
        body = text(ctx.t(RECEIPTS[receipt]), ctx.t("This check never shows how someone voted."))
        tone = Tone.GOOD if receipt is Receipt.INCLUDED else Tone.CAUTION
        return Outcome(
            Reply((Card(title=ctx.t("Receipt"), body=body, tone=tone),)),
            success=receipt not in {Receipt.UNKNOWN, Receipt.LACKING},
        )

    async def complete_polls(self, ctx: Context, query: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return await self.finder.choices(ctx, query)


def _scores(ctx: Context, poll: Poll, draft: str, values: tuple[str, ...] = ()) -> score_forms.Scores:
    """Read the scores so far, None for options without one. Raise Refused for a forged draft."""
    scores = ballot_cards.scoring(ctx.t, poll, draft, values)
    return (*scores, *[None] * (len(poll.options) - len(scores)))


def _score_ballot(scores: score_forms.Scores) -> str:
    return ",".join("" if score is None else str(score) for score in scores)


def _mine(poll: Poll) -> Action:
    return Action("mine", (poll.id,))
