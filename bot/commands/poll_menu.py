"""The host's menu on a poll, and a member's *Remind me*. Thin, like poll_hosting.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.chat.markup import Bold, Time, paragraph, text
from bot.chat.vocabulary import (
    Action,
    Answers,
    Button,
    ButtonStyle,
    Card,
    Choice,
    Control,
    Form,
    Outcome,
    Reply,
    Select,
    Tone,
)
from bot.commands import poll_forms, poll_labels
from bot.commands.poll_finder import PollFinder
from bot.commands.poll_opening import OpeningCommands
from bot.dispatch.declare import Context, action, form
from bot.errors import NotAllowed, Refused, UsageError
from bot.i18n import Translator
from bot.polls.counting.ballots import Method
from bot.polls.model import Poll, PollState
from bot.polls.rules import PollDraft, mistakes, must_be_editable
from bot.polls.service import Polls


@dataclass(frozen=True, slots=True)
class MenuCommands:
    """Buttons and forms of the poll's own message."""

    polls: Polls
    finder: PollFinder
    opening: OpeningCommands

    @action("poll-manage")
    async def manage(self, ctx: Context, poll_id: str) -> Outcome:
        poll = await self._own(ctx, poll_id)
        platform = self.opening.platforms.get(ctx.request.actor.platform)
        has_places = platform is not None and platform.limits.asks_place
        return Outcome(Reply((menu_card(ctx.t, poll, has_places=has_places),)))

    @action("poll-remind", replaces=True)
    async def remind(self, ctx: Context, poll_id: str) -> Outcome:
        poll = await self._own(ctx, poll_id)
        await self.polls.remind(poll, ctx.request.actor, ctx.community, ctx.request.now, ctx.t)
        card = Card(title=ctx.t("Members are reminded"), body=text(paragraph(Bold(poll.question))), tone=Tone.GOOD)
        return Outcome(Reply((card,)), replace=True)

    @action("poll-extend-by", replaces=True)
    async def extend(self, ctx: Context, poll_id: str, values: tuple[str, ...] = ()) -> Outcome:
        """Extend the poll by one of the ready spans, counted from the present close."""
        if not values or values[0] not in poll_forms.LATER:
            raise UsageError(poll_id)
        poll = await self._own(ctx, poll_id)
        later = poll.closes_at + poll_forms.LATER[values[0]][1]
        extended = await self.polls.extend(poll, ctx.request.actor, ctx.community, later, ctx.request.now, ctx.t)
        when = poll_labels.when(extended, ctx.community.tz)
        body = text(paragraph(Bold(extended.question)), paragraph(ctx.t("It now closes "), when, "."))
        card = Card(title=ctx.t("The poll is extended"), body=body, tone=Tone.GOOD)
        return Outcome(Reply((card,)), refresh=(poll.id,), replace=True)

    @action("poll-elsewhere", opens_form=True)
    async def elsewhere(self, ctx: Context, poll_id: str) -> Outcome:
        """Ask for the place."""
        poll = await self._own(ctx, poll_id)
        form = Form(Action("poll-placed", (poll.id,)), ctx.t("Post it elsewhere"), (), elsewhere=True)
        return Outcome(Reply(form=form))

    @action("poll-edit", opens_form=True)
    async def edit(self, ctx: Context, poll_id: str) -> Outcome:
        poll = await self._own(ctx, poll_id)
        must_be_editable(poll, ctx.t)
        pack = self.opening.topic_of(poll.topic)
        return Outcome(Reply(form=poll_forms.poll_edit_form(ctx.t, poll, draft_of(poll), pack)))

    @form("poll-edited", again="edit", complete={"options": "policy_options", "closes": "complete_closes"})
    async def edited(self, ctx: Context, poll_id: str, answers: Answers) -> Outcome:
        poll = await self._own(ctx, poll_id)
        wrong: dict[str, str] = {}
        draft = self.opening.changed(ctx, draft_of(poll), answers, wrong)
        if draft.closes == poll_forms.UNCHANGED:
            wrong.pop("closes", None)
            draft = replace(draft, closes_at=poll.closes_at)
        if errors := {**mistakes(draft, ctx.request, ctx.t), **wrong}:
            return Outcome(errors=errors)
        try:
            edited = await self.polls.edit(poll, draft, ctx.request, ctx.community, ctx.t)
        except Refused as error:
            return Outcome(errors={"question": error.message})
        body = text(paragraph(Bold(edited.question)))
        card = Card(title=ctx.t("The poll is changed"), body=body, tone=Tone.GOOD)
        return Outcome(Reply((card,)), refresh=(poll.id,))

    def complete_closes(self, ctx: Context, query: str, _poll: str) -> Sequence[Choice]:
        return [Choice(ctx.t(poll_forms.AS_IT_IS), poll_forms.UNCHANGED), *poll_forms.closing_choices(ctx, query)]

    async def policy_options(self, ctx: Context, query: str, poll_id: str) -> Sequence[Choice]:
        pack = self.opening.topic_of((await self._own(ctx, poll_id)).topic)
        return poll_forms.policy_choices(pack, query) if pack else ()

    async def _own(self, ctx: Context, poll_id: str) -> Poll:
        """Return the poll to members who run it. Raise NotAllowed for others."""
        poll = await self.finder.by_id(ctx, poll_id)
        if not self.polls.may_run(poll, ctx.request.actor, ctx.community):
            raise NotAllowed(ctx.t("Only the poll's host and the moderators of its community can do that."))
        return poll

    # --- members ---

    @action("poll-watch")
    async def watch(self, ctx: Context, poll_id: str) -> Outcome:
        """Put the member on the poll's list of reminders, or take them off it."""
        poll = await self.finder.by_id(ctx, poll_id)
        moment = await self.polls.watch(poll, ctx.request, ctx.community, ctx.t)
        if moment is None:
            card = Card(title=ctx.t("No reminder"), body=text(ctx.t("I won't remind you of this poll.")))
            return Outcome(Reply((card,)))
        when = Time(moment, f"{moment.astimezone(ctx.community.tz):%Y-%m-%d %H:%M %Z}")
        body = text(
            paragraph(Bold(poll.question)),
            paragraph(ctx.t("If you haven't voted by then, I'll write to you: "), when, "."),
            ctx.t("The list of reminders is deleted when the poll closes."),
        )
        undo = Button(ctx.t("Don't remind me"), Action("poll-watch", (poll.id,)))
        return Outcome(Reply((Card(title=ctx.t("You'll be reminded"), body=body, tone=Tone.GOOD, controls=(undo,)),)))


def menu_card(t: Translator, poll: Poll, *, has_places: bool) -> Card:
    """Draw the host's present actions on the poll. Without other places, it can only be posted again here."""
    return Card(
        title=t("Manage this poll"),
        body=text(paragraph(Bold(poll.question)), paragraph(t("Closing it can't be undone."))),
        footer=poll_labels.footer(t, poll),
        tone=Tone.INFO,
        controls=tuple(_controls(t, poll, has_places=has_places)),
    )


def _controls(t: Translator, poll: Poll, *, has_places: bool) -> Iterator[Control]:
    copy = Button(t("Save as a template"), Action("template-name", ("poll", poll.id)))
    if poll.state is not PollState.OPEN:
        yield Button(t("Results"), Action("poll-results", (poll.id,)))
        yield Button(t("Copy"), Action("poll-copy", (poll.id,)))
        yield copy
        return
    yield Button(t("Results"), Action("poll-results", (poll.id,)))
    yield Button(t("Remind members"), Action("poll-remind", (poll.id,)))
    if not poll.frozen:
        yield Button(t("Edit"), Action("poll-edit", (poll.id,)))
    if poll.method is Method.CONSENT:
        yield Button(t("Objections"), Action("poll-objections", (poll.id,)))
    if has_places:
        yield Button(t("Post elsewhere"), Action("poll-elsewhere", (poll.id,)))
    else:
        yield Button(t("Post again"), Action("poll-post", (poll.id,)))
    yield Button(t("Copy"), Action("poll-copy", (poll.id,)))
    yield copy
    yield Button(t("Close it and show the result"), Action("poll-close", (poll.id,)), style=ButtonStyle.DANGER)
    yield Button(t("Cancel the poll"), Action("poll-ask", (poll.id, "poll-cancel")))
    later = tuple(Choice(t(label), words) for words, (label, _) in poll_forms.LATER.items())
    yield Select(Action("poll-extend-by", (poll.id,)), t("Extend"), later)


def draft_of(poll: Poll) -> PollDraft:
    """Return the poll as a draft, to change or to copy."""
    return PollDraft(
        question=poll.question,
        options=poll.options,
        closes_at=poll.closes_at,
        method=poll.method,
        max_choices=poll.max_choices if poll.method is Method.APPROVAL and poll.max_choices < len(poll.options) else 0,
        secret=poll.secret,
        results=poll.results,
        roles=poll.roles,
        joined_before=poll.joined_before,
        quorum=poll.quorum,
        topic=poll.topic,
        public=poll.public,
        follows=poll.follows,
        ping=bool(poll.ping),
    )
