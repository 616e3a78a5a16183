"""Moderators' actions on a discussion's statements: read waiting ones, accept, reject with a reason, mute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from bot.chat.markup import Bold, paragraph, quote, text
from bot.chat.platform import Platform, Tells
from bot.chat.vocabulary import Action, Answers, Button, ButtonStyle, Card, Choice, Outcome, Reply, Select, Tone
from bot.commands import poll_forms
from bot.commands.answers import answer
from bot.commands.deliberation import position_of
from bot.commands.discussion_finder import DISCUSSION, DiscussionFinder
from bot.commands.discussion_forms import NOTE_MAX, reject_form
from bot.communities.model import translator_for
from bot.deliberation.model import Discussion, DiscussionStatement, StatementState
from bot.deliberation.proposals import Proposals
from bot.dispatch.declare import Context, Permission, action, command, form
from bot.errors import BotError
from bot.i18n import N_, Translator

MUTABLE_SHOWN = 25


@dataclass(frozen=True, slots=True)
class StatementQueue:
    """Commands, buttons and forms of moderators."""

    finder: DiscussionFinder
    proposals: Proposals
    platforms: Mapping[str, Platform]

    @command(
        "discuss statements",
        N_("Review members' statements"),
        permission=Permission.MODERATOR,
        needs_community=True,
    )
    async def queue(self, ctx: Context, discussion: Annotated[str, DISCUSSION] = "") -> Outcome:
        subject = await self.finder.find(ctx, discussion, lambda each: Action("discuss-queue", (each.id,)))
        return await self._show(ctx, subject)

    async def complete_discussions(self, ctx: Context, query: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return await self.finder.choices(ctx, query)

    @action("discuss-queue", permission=Permission.MODERATOR, replaces=True)
    async def queue_of(self, ctx: Context, discussion_id: str) -> Outcome:
        return await self._show(ctx, await self.finder.by_id(ctx, discussion_id), replace=True)

    async def _show(self, ctx: Context, discussion: Discussion, *, replace: bool = False) -> Outcome:
        t = ctx.t
        statements = await self.proposals.statements(discussion)
        waiting = [each for each in statements if each.state is StatementState.WAITING]
        if waiting:
            return Outcome(Reply((_waiting_card(t, discussion, waiting[0], len(waiting)),)), replace=replace)
        nothing = text(paragraph(Bold(discussion.question)), t("No statement is waiting for a moderator."))
        select = _mute_select(t, discussion, statements)
        controls = (select,) if select else ()
        return Outcome(Reply((Card(title=t("Statements"), body=nothing, controls=controls),)), replace=replace)

    @action("discuss-accept", permission=Permission.MODERATOR, replaces=True)
    async def accept(self, ctx: Context, discussion_id: str, position: str) -> Outcome:
        discussion = await self.finder.by_id(ctx, discussion_id)
        await self.proposals.decide(discussion, position_of(position), StatementState.OPEN, ctx.request, ctx.t)
        return await self._show(ctx, discussion, replace=True)

    @action("discuss-mute", permission=Permission.MODERATOR, replaces=True)
    async def mute(self, ctx: Context, discussion_id: str, values: tuple[str, ...] = ()) -> Outcome:
        discussion = await self.finder.by_id(ctx, discussion_id)
        position = position_of(values[0] if values else "")
        await self.proposals.decide(discussion, position, StatementState.MUTED, ctx.request, ctx.t)
        note = ctx.t("It leaves the draw and the groups. Answers to it stay.")
        card = Card(title=ctx.t("The statement is muted"), body=text(note), tone=Tone.GOOD)
        return Outcome(Reply((card,)), replace=True)

    @action("discuss-reject", permission=Permission.MODERATOR, opens_form=True)
    async def reject(self, ctx: Context, discussion_id: str, position: str) -> Outcome:
        return Outcome(Reply(form=reject_form(ctx.t, discussion_id, position)))

    async def reject_again(self, ctx: Context, discussion_id: str, position: str) -> Outcome:
        return Outcome(Reply(form=reject_form(ctx.t, discussion_id, position)))

    @form("discuss-rejected", permission=Permission.MODERATOR, again="reject_again")
    async def rejected(self, ctx: Context, discussion_id: str, position: str, answers: Answers) -> Outcome:
        note = poll_forms.cleaned(answer(answers, "note"))[:NOTE_MAX]
        if not note:
            return Outcome(errors={"note": ctx.t("Write why, so that its author knows.")})
        discussion = await self.finder.by_id(ctx, discussion_id)
        statement = await self.proposals.decide(
            discussion, position_of(position), StatementState.REJECTED, ctx.request, ctx.t, note
        )
        reached = await self._tell(ctx, discussion, statement, note)
        notice = ctx.t("I told its author why.") if reached else ctx.t("I can't reach its author.")
        card = Card(title=ctx.t("The statement is rejected"), body=text(notice), tone=Tone.GOOD)
        return Outcome(Reply((card,)))

    async def _tell(self, ctx: Context, discussion: Discussion, statement: DiscussionStatement, note: str) -> bool:
        """Write to the author in private. Return False if they can't be reached."""
        platform, workspace, person = (*statement.author.split(":", 2), "", "")[:3]
        messenger: object = self.platforms.get(platform)
        if not isinstance(messenger, Tells):
            return False
        t = translator_for(ctx.community, self.platforms)
        body = text(
            paragraph(Bold(discussion.question)),
            quote(statement.words),
            t("{who} says why: {note}", who=ctx.request.actor.name, note=note),
        )
        try:
            return await messenger.tell(
                workspace, person, Reply((Card(title=t("Your statement isn't shown"), body=body),))
            )
        except BotError:
            return False


def _waiting_card(t: Translator, discussion: Discussion, statement: DiscussionStatement, waiting: int) -> Card:
    where = (discussion.id, str(statement.position))
    return Card(
        title=t.count("{n} statement is waiting", "{n} statements are waiting", waiting),
        body=text(paragraph(Bold(discussion.question)), quote(statement.words)),
        controls=(
            Button(t("Accept"), Action("discuss-accept", where), style=ButtonStyle.PRIMARY),
            Button(t("Reject…"), Action("discuss-reject", where), style=ButtonStyle.DANGER),
        ),
    )


def _mute_select(t: Translator, discussion: Discussion, statements: Sequence[DiscussionStatement]) -> Select | None:
    """List statements to mute, members' first."""
    shown = sorted((each for each in statements if each.state is StatementState.OPEN), key=lambda each: each.starter)
    choices = tuple(Choice(each.words[:100], str(each.position)) for each in shown[:MUTABLE_SHOWN])
    return Select(Action("discuss-mute", (discussion.id,)), t("Mute a statement"), choices) if choices else None
