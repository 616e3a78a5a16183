"""`/discuss`: members answer statements one by one; hosts start, extend and end discussions. Thin: see bot/deliberation/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from bot.chat.markup import Bold, Plain, bullets, shorten, text
from bot.chat.vocabulary import (
    Action,
    Answers,
    Button,
    ButtonStyle,
    Card,
    Choice,
    Outcome,
    Reply,
    Tone,
    Visibility,
)
from bot.commands import cards, discussion_cards, discussion_results, poll_forms
from bot.commands.answers import answer
from bot.commands.closest import closest_cards
from bot.commands.discussion_finder import DISCUSSION, OFFERED_MAX, TITLE_SHOWN, DiscussionFinder
from bot.commands.discussion_forms import add_form
from bot.commands.poll_opening import OpeningCommands
from bot.deliberation.model import QUESTION_MAX, Discussion, StatementState
from bot.deliberation.proposals import Proposals
from bot.deliberation.report import read_report
from bot.deliberation.service import VOTES, Discussions, must_be_open
from bot.dispatch.declare import Context, Param, action, command, form
from bot.errors import NotYet, Refused, UsageError
from bot.i18n import N_
from bot.library.edition import Shelf
from bot.packs.model import Argument, Fact, Option
from bot.polls.counting.ballots import Method
from bot.polls.model import OPTION_NAME_MAX, PollOption, PollState
from bot.polls.rules import PollDraft
from bot.search.answer import Certainty

POSITION_DIGITS = 3
KNOWN = (Fact, Argument, Option)
"""Kinds of cards that inform about a statement."""


@dataclass(frozen=True, slots=True)
class DiscussionCommands:
    """Commands, buttons and forms of members."""

    discussions: Discussions
    finder: DiscussionFinder
    proposals: Proposals
    shelf: Shelf
    opening: OpeningCommands

    # --- members ---

    @command("discuss join", N_("Take part in a discussion, or go on where you were"), needs_community=True)
    async def join(self, ctx: Context, discussion: Annotated[str, DISCUSSION] = "") -> Outcome:
        return await self._turn(
            ctx, await self.finder.find(ctx, discussion, lambda each: Action("discuss-join", (each.id,)))
        )

    @action("discuss-join")
    async def join_by_button(self, ctx: Context, discussion_id: str) -> Outcome:
        return await self._turn(ctx, await self.finder.by_id(ctx, discussion_id))

    @action("discuss-on", replaces=True)
    async def go_on(self, ctx: Context, discussion_id: str) -> Outcome:
        return replace(await self._turn(ctx, await self.finder.by_id(ctx, discussion_id)), replace=True)

    async def _turn(self, ctx: Context, discussion: Discussion) -> Outcome:
        must_be_open(discussion, ctx.t)
        turn = await self.discussions.turn(discussion, ctx.request.actor)
        return Outcome(Reply((discussion_cards.turn_card(ctx.t, turn),)))

    @action("discuss-say", replaces=True, rapid=True)
    async def say(self, ctx: Context, discussion_id: str, position: str, vote: str) -> Outcome:
        discussion = await self.finder.by_id(ctx, discussion_id)
        if vote not in VOTES:
            raise UsageError(vote)
        turn = await self.discussions.answer(discussion, ctx.request.actor, position_of(position), VOTES[vote], ctx.t)
        pause = turn.statement is not None and turn.answered > 0 and turn.answered % discussion_cards.PAUSE_EVERY == 0
        card = discussion_cards.pause_card(ctx.t, turn) if pause else discussion_cards.turn_card(ctx.t, turn)
        return Outcome(Reply((card,)), refresh=(discussion.id,) if turn.joined else (), replace=True)

    @action("discuss-stop", replaces=True)
    async def stop(self, ctx: Context, discussion_id: str) -> Outcome:
        turn = await self.discussions.turn(await self.finder.by_id(ctx, discussion_id), ctx.request.actor)
        return Outcome(Reply((discussion_cards.stop_card(ctx.t, turn),)), replace=True)

    @action("discuss-mine", replaces=True)
    async def mine(self, ctx: Context, discussion_id: str) -> Outcome:
        discussion = await self.finder.by_id(ctx, discussion_id)
        must_be_open(discussion, ctx.t)
        answers = await self.discussions.mine(discussion, ctx.request.actor)
        return Outcome(Reply((discussion_cards.mine_card(ctx.t, discussion, answers),)), replace=True)

    @action("discuss-change", replaces=True)
    async def change(self, ctx: Context, discussion_id: str, values: tuple[str, ...] = ()) -> Outcome:
        discussion = await self.finder.by_id(ctx, discussion_id)
        must_be_open(discussion, ctx.t)
        wanted = position_of(values[0] if values else "")
        answers = await self.discussions.mine(discussion, ctx.request.actor)
        own = next(((each, vote) for each, vote in answers if each.position == wanted), None)
        if own is None or own[0].state is not StatementState.OPEN:
            raise Refused(ctx.t("This statement is no longer in the discussion. Go on with another."))
        turn = await self.discussions.turn(discussion, ctx.request.actor)
        return Outcome(Reply((discussion_cards.statement_card(ctx.t, turn, *own),)), replace=True)

    @action("discuss-known")
    async def known(self, ctx: Context, discussion_id: str, position: str) -> Outcome:
        """Show the topic's nearest card, or say that there is none."""
        discussion = await self.finder.by_id(ctx, discussion_id)
        statements = await self.proposals.statements(discussion)
        wanted = position_of(position)
        words = next((each.words for each in statements if each.position == wanted), "")
        edition = self.shelf.current
        result = await edition.answers.answer(words, KNOWN, discussion.pack, limit=1) if words else None
        if result is None or result.certainty is Certainty.NOTHING or not result.matches:
            nothing = text(ctx.t("The topic has nothing near this statement."))
            return Outcome(Reply((Card(title=ctx.t("What's known"), body=nothing),)), success=False)
        match = result.matches[0]
        if result.certainty is Certainty.NEAR:
            return Outcome(Reply(closest_cards(ctx.t, edition.library.packs, result.matches)))
        return Outcome(Reply((cards.card(ctx.t, edition.library.packs[match.pack_id], match.entry),)))

    @action("discuss-add", opens_form=True)
    async def add(self, ctx: Context, discussion_id: str) -> Outcome:
        return Outcome(Reply(form=add_form(ctx.t, discussion_id)))

    async def add_again(self, ctx: Context, discussion_id: str) -> Outcome:
        return Outcome(Reply(form=add_form(ctx.t, discussion_id)))

    @form("discuss-added", again="add_again")
    async def added(self, ctx: Context, discussion_id: str, answers: Answers) -> Outcome:
        discussion = await self.finder.by_id(ctx, discussion_id)
        lines = [poll_forms.cleaned(line) for line in answer(answers, "words").strip().splitlines()]
        try:
            proposal = await self.proposals.propose(discussion, ctx.request.actor, "\n".join(lines), ctx.t)
        except Refused as error:
            return Outcome(errors={"words": error.message})
        if proposal.twin is None:
            return Outcome(Reply((self._sent_card(ctx, discussion, proposal.statement.state),)))
        position = str(proposal.statement.position)
        send = Action("discuss-send", (discussion.id, position))
        card = Card(
            title=ctx.t("There's a similar statement"),
            body=text(
                bullets(((Bold(ctx.t("The one here: ")), Plain(proposal.twin.words)),)),
                bullets(((Bold(ctx.t("Yours: ")), Plain(proposal.statement.words)),)),
                ctx.t("Send yours only if people could answer it differently."),
            ),
            tone=Tone.CAUTION,
            controls=(
                Button(ctx.t("Send mine too"), send, style=ButtonStyle.PRIMARY),
                Button(ctx.t("Drop mine"), Action("discuss-drop", (discussion.id, position))),
            ),
        )
        return Outcome(Reply((card,)))

    @action("discuss-send", replaces=True)
    async def send(self, ctx: Context, discussion_id: str, position: str) -> Outcome:
        discussion = await self.finder.by_id(ctx, discussion_id)
        state = await self.proposals.send_draft(discussion, ctx.request.actor, position_of(position), ctx.t)
        return Outcome(Reply((self._sent_card(ctx, discussion, state),)), replace=True)

    @action("discuss-drop", replaces=True)
    async def drop(self, ctx: Context, discussion_id: str, position: str) -> Outcome:
        discussion = await self.finder.by_id(ctx, discussion_id)
        await self.proposals.withdraw_draft(discussion, ctx.request.actor, position_of(position))
        return replace(await self._turn(ctx, discussion), replace=True)

    def _sent_card(self, ctx: Context, discussion: Discussion, state: StatementState) -> Card:
        waiting = state is StatementState.WAITING
        note = (
            ctx.t("A moderator reads it first. Nobody learns that it's yours.")
            if waiting
            else ctx.t("Others will see it among their next statements. Nobody learns that it's yours.")
        )
        more = Button(ctx.t("Go on"), Action("discuss-on", (discussion.id,)))
        return Card(title=ctx.t("Thank you for your statement"), body=text(note), tone=Tone.GOOD, controls=(more,))

    # --- everybody ---

    @command("discuss list", N_("List the discussions of this community"), needs_community=True, also=("discussions",))
    async def list(self, ctx: Context) -> Outcome:
        discussions = (await self.discussions.listed(ctx.request))[:OFFERED_MAX]
        if not discussions:
            hint = ctx.t("No discussions yet. Use /discuss start to open one.")
            return Outcome(Reply((Card(title=ctx.t("Discussions"), body=text(hint)),)), success=False)
        states = {
            PollState.OPEN: ctx.t("open"),
            PollState.CLOSED: ctx.t("closed"),
            PollState.CANCELLED: ctx.t("cancelled"),
        }
        lines = [(Bold(each.question), Plain(f" ({states[each.state]} · {each.id})")) for each in discussions]
        buttons = [
            Button(
                shorten(each.question, TITLE_SHOWN),
                Action("discuss-join" if each.state is PollState.OPEN else "discuss-results", (each.id,)),
            )
            for each in discussions
            if each.state is not PollState.CANCELLED
        ]
        return Outcome(Reply((Card(title=ctx.t("Discussions"), body=bullets(lines), controls=tuple(buttons)),)))

    @command("discuss results", N_("Show a closed discussion's result"), public_flag="share", needs_community=True)
    async def results(
        self,
        ctx: Context,
        discussion: Annotated[str, DISCUSSION] = "",
        share: Annotated[bool, Param(N_("Show the answer to everyone: yes or no"))] = False,
    ) -> Outcome:
        do = _result_action
        subject = await self.finder.find(ctx, discussion, do, closed=True)
        return Outcome(Reply((self._result(ctx, subject),), visibility=Visibility.of(share)))

    @action("discuss-results", replaces=True)
    async def results_of(self, ctx: Context, discussion_id: str) -> Outcome:
        return Outcome(Reply((self._result(ctx, await self.finder.by_id(ctx, discussion_id)),)))

    def _result(self, ctx: Context, discussion: Discussion) -> Card:
        if discussion.state is PollState.CANCELLED:
            raise Refused(ctx.t("This discussion was cancelled, so it has no result."))
        if discussion.state is PollState.OPEN:
            raise NotYet(ctx.t("You'll see the result when this discussion closes."))
        return discussion_results.result_card(ctx.t, discussion)

    @action("discuss-export")
    async def export(self, ctx: Context, discussion_id: str) -> Outcome:
        discussion = await self.finder.by_id(ctx, discussion_id)
        self._result(ctx, discussion)
        title = ctx.t("The result of “{question}”", question=discussion.question)
        return Outcome(Reply((Card(title=title),), files=discussion_results.files(ctx.t, discussion)))

    @action("discuss-poll", posts=True)
    async def put_to_vote(self, ctx: Context, discussion_id: str) -> Outcome:
        """Show the preview of a poll whose options are the statements of common ground."""
        discussion = await self.finder.by_id(ctx, discussion_id)
        self._result(ctx, discussion)
        report = read_report(discussion.result)
        options = tuple(
            PollOption(shorten(report.statement(position).words, OPTION_NAME_MAX)) for position in report.common
        )
        question = ctx.t("Which of these should we follow? ({question})", question=discussion.question)[:QUESTION_MAX]
        closes_at = poll_forms.closes_at(ctx, poll_forms.CLOSES_DEFAULT)
        return await self.opening.show(ctx, PollDraft(question, options, closes_at, method=Method.APPROVAL))

    @action("discuss-secrecy")
    async def secrecy(self, ctx: Context, discussion_id: str) -> Outcome:
        discussion = await self.finder.by_id(ctx, discussion_id)
        dialect = self.discussions.database.dialect
        return Outcome(Reply((discussion_cards.secrecy_card(ctx.t, discussion, dialect),)))

    async def complete_discussions(self, ctx: Context, query: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return await self.finder.choices(ctx, query)


def position_of(written: str) -> int:
    """Read a statement's position from a button. Raise UsageError."""
    if not (written.isascii() and written.isdigit() and len(written) <= POSITION_DIGITS):
        raise UsageError(written)
    return int(written)


def _result_action(discussion: Discussion) -> Action:
    return Action("discuss-results", (discussion.id,))
