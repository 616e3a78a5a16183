"""Polls that a community opens again: templates, copies and schedules. Thin: the rules are in bot/polls/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated

from bot.chat.markup import Bold, Plain, Time, bullets, paragraph, shorten, text
from bot.chat.platform import Platform
from bot.chat.vocabulary import (
    Action,
    Answers,
    Button,
    ButtonStyle,
    Card,
    Choice,
    Control,
    Form,
    Input,
    InputKind,
    Outcome,
    Reply,
    Select,
    Tone,
)
from bot.commands import poll_forms
from bot.commands.answers import answer
from bot.commands.poll_finder import PollFinder
from bot.commands.poll_menu import draft_of
from bot.commands.poll_opening import OpeningCommands
from bot.dispatch.declare import Context, Param, action, command, form
from bot.errors import NotFound, Refused, UsageError
from bot.i18n import N_, Translator
from bot.polls.previews import Previews
from bot.polls.rules import PollDraft
from bot.polls.schedules import Schedule
from bot.polls.scheduling import Schedules
from bot.polls.service import Polls
from bot.polls.templates import NAME_MAX, Template, Templates

LISTED = 25
LABEL_MAX = 100
ONCE, WEEKLY = "once", "weekly"
OPENS = Param(N_("When it opens: monday 9:00, tomorrow noon"), longest=60, complete="opening_times")
TEMPLATE = Param(N_("Which template"), longest=100, complete="complete_templates")


@dataclass(frozen=True, slots=True)
class RepeatCommands:
    """Commands, buttons and forms of templates, copies and schedules."""

    polls: Polls
    templates: Templates
    schedules: Schedules
    previews: Previews
    finder: PollFinder
    opening: OpeningCommands
    platforms: Mapping[str, Platform]

    # --- templates ---

    @command("poll templates", N_("List saved polls, and copy one"), needs_community=True)
    async def listed(
        self,
        ctx: Context,
        template: Annotated[str, TEMPLATE] = "",
    ) -> Outcome:
        if template:
            return await self._copy(ctx, await self._template(ctx, template))
        templates = await self.templates.listed(ctx.request, ctx.community)
        if not templates:
            hint = ctx.t("No templates yet. Open a poll with /poll create and press Save as a template.")
            return Outcome(Reply((Card(title=ctx.t("Templates"), body=text(hint)),)), success=False)
        lines = [(Bold(each.name), Plain(f" ({each.draft.question})")) for each in templates[:LISTED]]
        choices = tuple(Choice(shorten(each.name, LABEL_MAX), each.id) for each in templates[:LISTED])
        controls: tuple[Control, ...] = (
            Select(Action("template-copy"), ctx.t("Copy a template"), choices),
            Select(Action("template-drop"), ctx.t("Delete a template"), choices),
        )
        return Outcome(Reply((Card(title=ctx.t("Templates"), body=bullets(lines), controls=controls),)))

    @action("template-copy", posts=True)
    async def copied(self, ctx: Context, values: tuple[str, ...] = ()) -> Outcome:
        template_id = values[0] if values else ""
        return await self._copy(ctx, await self.templates.seen_by(template_id, ctx.request, ctx.community, ctx.t))

    @action("template-drop")
    async def dropped(self, ctx: Context, values: tuple[str, ...] = ()) -> Outcome:
        template_id = values[0] if values else ""
        template = await self.templates.seen_by(template_id, ctx.request, ctx.community, ctx.t)
        await self.templates.drop(template, ctx.request, ctx.community, ctx.t)
        return Outcome(Reply((Card(title=ctx.t("The template is deleted"), body=text(template.name)),)))

    @action("poll-copy", posts=True)
    async def copy_poll(self, ctx: Context, poll_id: str) -> Outcome:
        """Show a preview of the same poll."""
        poll = await self.finder.by_id(ctx, poll_id)
        return await self._preview(ctx, replace(draft_of(poll), follows="", closes=""))

    async def _copy(self, ctx: Context, template: Template) -> Outcome:
        """Show a preview of a template. Leave out a deleted role, and tell the host."""
        draft, platform = template.draft, self.platforms.get(ctx.request.actor.platform)
        workspace = ctx.request.actor.workspace
        roles = frozenset([role for role in draft.roles if platform and await platform.has_role(workspace, role)])
        outcome = await self._preview(ctx, replace(draft, roles=roles))
        if roles == draft.roles or outcome.answer is None:
            return outcome
        note = ctx.t("The role of this template is gone, so everyone may vote. Press More settings to choose another.")
        warning = Card(title=ctx.t("Check who may vote"), body=text(note), tone=Tone.CAUTION)
        return replace(outcome, answer=replace(outcome.answer, cards=(warning, *outcome.answer.cards)))

    async def _preview(self, ctx: Context, draft: PollDraft) -> Outcome:
        closes = draft.closes or poll_forms.CLOSES_DEFAULT
        again = replace(draft, closes_at=poll_forms.closes_at(ctx, closes))
        return await self.opening.show(ctx, again)

    @action("template-name", opens_form=True)
    async def ask_name(self, ctx: Context, kind: str, object_id: str) -> Outcome:
        """Ask for the name of a new template, made from a preview or a poll."""
        draft = await self._draft(ctx, kind, object_id)
        field = Input("name", ctx.t("Its name"), value=shorten(draft.question, NAME_MAX), longest=NAME_MAX)
        return Outcome(
            Reply(form=Form(Action("template-save", (kind, object_id)), ctx.t("Save as a template"), (field,)))
        )

    @form("template-save", again="ask_name")
    async def save(self, ctx: Context, kind: str, object_id: str, answers: Answers) -> Outcome:
        draft = replace(await self._draft(ctx, kind, object_id), follows="")
        name = poll_forms.cleaned(answer(answers, "name"))
        try:
            template = await self.templates.save(name, draft, ctx.request, ctx.community, ctx.t)
        except Refused as error:
            return Outcome(errors={"name": error.message})
        body = text(paragraph(Bold(template.name)), ctx.t("/poll templates lists it and copies it."))
        return Outcome(Reply((Card(title=ctx.t("The template is saved"), body=body, tone=Tone.GOOD),)))

    async def _draft(self, ctx: Context, kind: str, object_id: str) -> PollDraft:
        if kind == "poll":
            return draft_of(await self.finder.by_id(ctx, object_id))
        if kind == "draft":
            return (await self.previews.get(object_id, ctx.request, ctx.t)).draft
        raise UsageError(kind)

    async def _template(self, ctx: Context, words: str) -> Template:
        """Return the template with this id or name. Raise NotFound."""
        folded = words.casefold().strip()
        for template in await self.templates.listed(ctx.request, ctx.community):
            if folded in {template.id, template.name.casefold()}:
                return template
        raise NotFound(ctx.t("There's no such template here. /poll templates lists them."))

    # --- schedules ---

    @command(
        "poll schedule", N_("List the polls that open by themselves, or schedule a template"), needs_community=True
    )
    async def scheduled(
        self,
        ctx: Context,
        template: Annotated[str, TEMPLATE] = "",
        opens: Annotated[str, OPENS] = "",
        weekly: Annotated[bool, Param(N_("Every week: yes or no"))] = False,
    ) -> Outcome:
        if template:
            draft = (await self._template(ctx, template)).draft
            return await self._schedule(ctx, draft, opens or "", weekly=weekly)
        schedules = await self.schedules.listed(ctx.request, ctx.community)
        if not schedules:
            hint = ctx.t("Nothing is scheduled. Use /poll create and press Schedule on the preview.")
            return Outcome(Reply((Card(title=ctx.t("Scheduled polls"), body=text(hint)),)), success=False)
        lines = [self._line(ctx, schedule) for schedule in schedules[:LISTED]]
        choices = tuple(Choice(shorten(each.draft.question, LABEL_MAX), each.id) for each in schedules[:LISTED])
        more = len(schedules) - LISTED
        left_out = ctx.t.count("and {n} more", "and {n} more", more) if more > 0 else ""
        card = Card(
            title=ctx.t("Scheduled polls"),
            body=text(bullets(lines), left_out, ctx.t("The member who scheduled a poll and moderators can stop it.")),
            controls=(Select(Action("schedule-stop"), ctx.t("Stop a scheduled poll"), choices),),
        )
        return Outcome(Reply((card,)))

    def _line(self, ctx: Context, schedule: Schedule) -> tuple[Bold | Plain | Time, ...]:
        if schedule.next_at is None:
            raise AssertionError(schedule.id)
        moment = schedule.next_at
        when = Time(moment, f"{moment.astimezone(ctx.community.tz):%Y-%m-%d %H:%M %Z}")
        often = ctx.t("every week") if schedule.weekly else ctx.t("once")
        who = schedule.member_name or ctx.t("erased")
        return (Bold(schedule.draft.question), Plain(" · "), when, Plain(f" · {often} · {who}"))

    @action("schedule-stop", replaces=True)
    async def stop(self, ctx: Context, values: tuple[str, ...] = ()) -> Outcome:
        schedule_id = values[0] if values else ""
        schedule = await self.schedules.seen_by(schedule_id, ctx.request, ctx.community, ctx.t)
        await self.schedules.stop(schedule, ctx.request, ctx.community, ctx.t)
        body = text(paragraph(Bold(schedule.draft.question)), ctx.t("It won't open any more."))
        return Outcome(Reply((Card(title=ctx.t("The schedule has stopped"), body=body),)), replace=True)

    @action("draft-schedule", opens_form=True)
    async def ask_when(self, ctx: Context, preview_id: str) -> Outcome:
        await self.previews.get(preview_id, ctx.request, ctx.t)
        return Outcome(Reply(form=schedule_form(ctx.t, preview_id)))

    @form("draft-scheduled", again="ask_when", posts=True)
    async def draft_scheduled(self, ctx: Context, preview_id: str, answers: Answers) -> Outcome:
        preview = await self.previews.get(preview_id, ctx.request, ctx.t)
        weekly = WEEKLY in answers.get("repeat", ())
        try:
            outcome = await self._schedule(ctx, preview.draft, answer(answers, "opens"), weekly=weekly)
        except Refused as error:
            return Outcome(errors={"opens": error.message})
        await self.previews.drop(preview_id, ctx.request)
        return replace(outcome, replace=True)

    async def _schedule(self, ctx: Context, draft: PollDraft, opens: str, *, weekly: bool) -> Outcome:
        """Schedule a poll. Without words it opens a week from now."""
        request = ctx.request
        opens_at = poll_forms.opens_at(ctx, opens) if opens else request.now + timedelta(days=7)
        schedule = await self.schedules.add(draft, opens_at, request, ctx.community, ctx.t, weekly=weekly)
        drop = Button(ctx.t("Stop it"), Action("schedule-undo", (schedule.id,)), style=ButtonStyle.DANGER)
        card = Card(
            title=ctx.t("The poll is scheduled"),
            body=text(bullets([self._line(ctx, schedule)]), ctx.t("/poll schedule lists what opens by itself.")),
            tone=Tone.GOOD,
            controls=(drop,),
        )
        return Outcome(Reply((card,)))

    @action("schedule-undo", replaces=True)
    async def undo(self, ctx: Context, schedule_id: str) -> Outcome:
        return await self.stop(ctx, (schedule_id,))

    async def complete_templates(self, ctx: Context, query: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        letters = query.casefold()
        return [
            Choice(shorten(template.name, LABEL_MAX), template.id)
            for template in await self.templates.listed(ctx.request, ctx.community)
            if letters in template.name.casefold()
        ]

    def opening_times(self, ctx: Context, query: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return poll_forms.closing_choices(ctx, query)


def schedule_form(t: Translator, preview_id: str) -> Form:
    repeats = (Choice(t("Once"), ONCE, chosen=True), Choice(t("Every week"), WEEKLY))
    return Form(
        Action("draft-scheduled", (preview_id,)),
        t("Schedule the poll"),
        (
            Input("opens", t("When it opens"), hint=t("Monday 9:00, tomorrow noon"), longest=60),
            Input("repeat", t("How often"), InputKind.CHOICE, options=repeats),
        ),
    )
