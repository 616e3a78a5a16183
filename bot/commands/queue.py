"""Editors' actions on suggestions: read them one by one, accept, reject, ask, publish."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from bot.authoring.draft_fields import open_fields, put_fields
from bot.authoring.drafts import publish_draft, write_draft
from bot.authoring.pack_paths import served_folder
from bot.chat.markup import Bold, Plain, Time, bullets, clean_lines, paragraph, quote, shorten, text
from bot.chat.vocabulary import (
    Action,
    Answers,
    Button,
    ButtonStyle,
    Card,
    Choice,
    Control,
    Field,
    Form,
    Input,
    InputKind,
    Outcome,
    Reply,
    Tone,
)
from bot.commands.answers import answer
from bot.commands.content import reload_now
from bot.commands.draft_forms import draft_form, empty_inputs, form_values, mistakes_by_input, preview_cards
from bot.commands.entry_choices import pick_entry
from bot.commands.suggest import about
from bot.dispatch.declare import Context, Param, Permission, action, command, form
from bot.errors import NotFound, Refused
from bot.i18n import N_, Translator
from bot.library.reload import Content
from bot.packs.overview import Overview, overview
from bot.packs.pack import Library
from bot.search.usage import InterestCounter
from bot.store.timestamps import from_digits, to_stored
from bot.suggestions.repository import WAITING, Suggestion, SuggestionState
from bot.suggestions.service import NOTE_MAX, Suggestions, already_decided

WORDS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class QueueCommands:
    content: Content
    suggestions: Suggestions
    interested: InterestCounter
    _publishing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Lets one draft be published at a time."""

    @command("content queue", N_("Review what members suggest"), permission=Permission.EDITOR)
    async def queue(self, ctx: Context) -> Outcome:
        return await self._show(ctx)

    @action("queue", permission=Permission.EDITOR)
    async def next(self, ctx: Context, at: str, suggestion: str) -> Outcome:
        return await self._show(ctx, at, suggestion)

    @action("queue-accept", permission=Permission.EDITOR)
    async def accept(self, ctx: Context, suggestion_id: str) -> Outcome:
        t, suggestion = ctx.t, await self.suggestions.get(suggestion_id, ctx.t)
        file = ""
        if suggestion.state in WAITING:
            file = await asyncio.to_thread(self._draft, suggestion, t)
        suggestion = await self.suggestions.decide(
            suggestion_id, SuggestionState.ACCEPTED, ctx.request.actor, ctx.request.now, t
        )
        await self._tell(ctx, suggestion, _acceptance_notice)
        sentence = t("The draft is {file}. Change it here or there in your own words, then publish it.", file=file)
        title = t("Accepted: {id}", id=suggestion.id)
        card = Card(title=title, body=text(sentence), tone=Tone.GOOD, controls=_draft_buttons(t, suggestion))
        return Outcome(Reply((card,)))

    @action("queue-reject", permission=Permission.EDITOR, opens_form=True)
    async def reject(self, ctx: Context, suggestion: str) -> Outcome:
        return Outcome(Reply(form=_note_form(ctx.t, suggestion, SuggestionState.REJECTED)))

    @action("queue-ask", permission=Permission.EDITOR, opens_form=True)
    async def ask(self, ctx: Context, suggestion: str) -> Outcome:
        return Outcome(Reply(form=_note_form(ctx.t, suggestion, SuggestionState.NEEDS_ANSWER)))

    @form("queue-rejected", permission=Permission.EDITOR, again="reject")
    async def submit_rejection(self, ctx: Context, suggestion: str, answers: Answers) -> Outcome:
        return await self._decide_with_note(ctx, suggestion, SuggestionState.REJECTED, answers)

    @form("queue-asked", permission=Permission.EDITOR, again="ask")
    async def submit_question(self, ctx: Context, suggestion: str, answers: Answers) -> Outcome:
        return await self._decide_with_note(ctx, suggestion, SuggestionState.NEEDS_ANSWER, answers)

    @command(
        "content edit",
        N_("Change an accepted suggestion's draft in a form"),
        permission=Permission.EDITOR,
        form_when=lambda _args: True,
    )
    async def edit(
        self, ctx: Context, suggestion: Annotated[str, Param(N_("Which one"), rest=True, complete="accepted_drafts")]
    ) -> Outcome:
        return await self.edit_pressed(ctx, suggestion.strip().lower())

    @action("queue-edit", permission=Permission.EDITOR, opens_form=True)
    async def edit_pressed(self, ctx: Context, suggestion: str) -> Outcome:
        async with self._publishing:
            draft, folder = await self._open_accepted(ctx, suggestion)
            texts = await asyncio.to_thread(open_fields, folder, draft, ctx.t)
        return Outcome(Reply(form=draft_form(ctx.t, draft, texts)))

    @form("queue-edited", permission=Permission.EDITOR, again="edit_pressed")
    async def submit_edit(self, ctx: Context, suggestion: str, answers: Answers) -> Outcome:
        t = ctx.t
        async with self._publishing:
            draft, folder = await self._open_accepted(ctx, suggestion)

            texts = await asyncio.to_thread(open_fields, folder, draft, t)
            values = form_values(texts, answers)
            empty = empty_inputs(t, values)
            if empty:
                return Outcome(errors=empty)
            revision = await asyncio.to_thread(put_fields, folder, draft, values, ctx.request.now.date(), t)
        errors = mistakes_by_input(t, texts, revision.trial)
        if errors:
            return Outcome(errors=errors)
        *first, last = preview_cards(t, revision)
        return Outcome(Reply((*first, replace(last, controls=_draft_buttons(t, draft)))))

    @command("content publish", N_("Publish the draft of an accepted suggestion"), permission=Permission.EDITOR)
    async def publish(
        self,
        ctx: Context,
        suggestion: Annotated[
            str,
            Param(
                N_("Which one"),
                rest=True,
                complete="accepted_drafts",
                question=N_("Which suggestion? /content queue shows the ones waiting."),
            ),
        ],
    ) -> Outcome:
        return await self._publish(ctx, suggestion.strip().lower())

    @action("queue-publish", permission=Permission.EDITOR)
    async def publish_pressed(self, ctx: Context, suggestion: str) -> Outcome:
        return await self._publish(ctx, suggestion)

    @command("content report", N_("Show what members look for and which reviews are due"), permission=Permission.EDITOR)
    async def report(self, ctx: Context) -> Outcome:
        await self.interested.write(ctx.request.now)
        library, interest = self.content.shelf.current.library, await self.interested.read()
        contents = await asyncio.to_thread(overview, library, ctx.request.now.date(), interest)
        return Outcome(Reply((_report_card(ctx.t, library, contents),)))

    async def accepted_drafts(self, _ctx: Context, prefix: str, _args: object) -> list[Choice]:
        suggestions = await self.suggestions.accepted()
        return [Choice(shorten(f"{each.id}: {each.words}", 100), each.id) for each in suggestions if prefix in each.id]

    # --- what is common ---

    async def _show(self, ctx: Context, at: str = "", last: str = "") -> Outcome:
        t = ctx.t
        after = from_digits(at)
        suggestion, waiting = await self.suggestions.next(after, last)
        if suggestion is None:
            sentence = t("No suggestions are waiting.") if not waiting else t("That was the last one.")
            again = (Button(t("Start over"), Action("queue", ("0", ""))),) if waiting else ()
            return Outcome(Reply((Card(title=t("Suggestions"), body=text(sentence), controls=again),)))
        return Outcome(Reply((self._card(ctx, suggestion, waiting),)))

    def _card(self, ctx: Context, suggestion: Suggestion, waiting: int) -> Card:
        t = ctx.t
        when = Time(suggestion.at, f"{suggestion.at.astimezone(ctx.community.tz):%Y-%m-%d %H:%M %Z}")
        who = suggestion.name or t("A member who has erased their data")
        elsewhere = "" if suggestion.community == ctx.community.id else f" · {suggestion.community}"
        body = text(
            paragraph(Bold(about(t, self.content.shelf, suggestion))),
            quote(suggestion.words),
            paragraph(Bold(t("Address: ")), suggestion.url) if suggestion.url else "",
            paragraph(Bold(t("You asked: ")), suggestion.note) if suggestion.note else "",
            paragraph(Bold(t("Answer: ")), suggestion.answer) if suggestion.answer else "",
            paragraph(t("By {who}, ", who=who), when, elsewhere),
        )
        buttons = [
            Button(t("Accept"), Action("queue-accept", (suggestion.id,)), style=ButtonStyle.PRIMARY),
            Button(t("Reject"), Action("queue-reject", (suggestion.id,)), style=ButtonStyle.DANGER),
        ]
        if suggestion.state is SuggestionState.OPEN:
            buttons.append(Button(t("Ask"), Action("queue-ask", (suggestion.id,))))
        title = t.count("{n} suggestion is waiting", "{n} suggestions are waiting", waiting)
        return Card(
            title=title, body=body, footer=suggestion.id, tone=Tone.INFO, controls=(*buttons, _next(t, suggestion))
        )

    def _draft(self, suggestion: Suggestion, t: Translator) -> str:
        """Write the draft, in a thread; return its path relative to the content's folder."""
        file = write_draft(served_folder(self.content.source, suggestion.pack), suggestion, t)
        return _short(file, self.content.source)

    async def _publish(self, ctx: Context, suggestion_id: str) -> Outcome:
        t = ctx.t
        async with self._publishing:
            suggestion, folder = await self._open_accepted(ctx, suggestion_id)
            try:
                file = await asyncio.to_thread(publish_draft, folder, suggestion, ctx.request.now.date(), t)
                sentence = t("I added it to {file}.", file=_short(file, self.content.source))
            except NotFound:  # moved by hand, or published before the database could record it
                sentence = t("The draft is gone, so I count it as moved by hand.")
            suggestion = await self.suggestions.decide(
                suggestion_id, SuggestionState.PUBLISHED, ctx.request.actor, ctx.request.now, t
            )
        news_of_it = await reload_now(ctx, self.content)
        await self._tell(ctx, suggestion, _publication_notice)
        card = Card(
            title=t("Published: {id}", id=suggestion.id),
            body=text(sentence),
            tone=Tone.GOOD,
            controls=(_next(t, suggestion),),
        )
        return Outcome(Reply((card, *news_of_it)))

    async def _open_accepted(self, ctx: Context, suggestion_id: str) -> tuple[Suggestion, Path]:
        """Return an accepted suggestion, and its pack's folder. Raise NotFound, and Refused in any other state."""
        suggestion = await self.suggestions.get(suggestion_id, ctx.t)
        if suggestion.state is not SuggestionState.ACCEPTED:
            raise Refused(already_decided(ctx.t, suggestion))
        return suggestion, await asyncio.to_thread(served_folder, self.content.source, suggestion.pack)

    async def _decide_with_note(
        self, ctx: Context, suggestion_id: str, to: SuggestionState, answers: Answers
    ) -> Outcome:
        t, note = ctx.t, clean_lines(answer(answers, "note")).strip()
        if not note:
            return Outcome(errors={"note": t("Write something first. The member reads it.")})
        suggestion = await self.suggestions.decide(suggestion_id, to, ctx.request.actor, ctx.request.now, t, note)
        reached = await self._tell(
            ctx, suggestion, _rejection_notice if to is SuggestionState.REJECTED else _question_notice
        )
        title = (
            t("Rejected: {id}", id=suggestion.id)
            if to is SuggestionState.REJECTED
            else t("Asked about {id}", id=suggestion.id)
        )
        sentence = (
            t("I've told the member.") if reached else t("I can't message the member; /suggestions shows it to them.")
        )
        return Outcome(Reply((Card(title=title, body=text(quote(note), sentence), controls=(_next(t, suggestion),)),)))

    async def _tell(self, ctx: Context, suggestion: Suggestion, say: Callable[[Translator, Suggestion], Reply]) -> bool:
        return await self.suggestions.tell(suggestion, lambda t: say(t, suggestion), ctx.request.now)


def waiting_notice(t: Translator, waiting: int) -> Reply:
    """The occasional notice to the editors' channel."""
    title = t.count("{n} suggestion is waiting for an editor", "{n} suggestions are waiting for an editor", waiting)
    return Reply((Card(title=title, body=text(t("/content queue shows them one by one.")), tone=Tone.INFO),))


def _draft_buttons(t: Translator, suggestion: Suggestion) -> tuple[Button, ...]:
    """An editor's buttons for a draft."""
    return (
        Button(t("Edit"), Action("queue-edit", (suggestion.id,))),
        Button(t("Publish"), Action("queue-publish", (suggestion.id,)), style=ButtonStyle.PRIMARY),
        _next(t, suggestion),
    )


def _next(t: Translator, suggestion: Suggestion) -> Button:
    return Button(t("Next"), Action("queue", (str(to_stored(suggestion.at)), suggestion.id)))


def _short(file: Path, source: Path) -> str:
    return file.relative_to(source).as_posix() if file.is_relative_to(source) else file.name


def _note_form(t: Translator, suggestion: str, to: SuggestionState) -> Form:
    rejecting = to is SuggestionState.REJECTED
    label = t("Why not? The member reads this") if rejecting else t("Your question. The member reads this")
    verb = "queue-rejected" if rejecting else "queue-asked"
    title = t("Reject the suggestion") if rejecting else t("Ask about the suggestion")
    return Form(Action(verb, (suggestion,)), title, (Input("note", label, InputKind.LINES, longest=NOTE_MAX),))


def _editor(t: Translator, suggestion: Suggestion) -> str:
    """Name the editor who decided, for the member."""
    return suggestion.decided_by or t("An editor")


def _acceptance_notice(t: Translator, suggestion: Suggestion) -> Reply:
    sentence = t("{who} accepted your suggestion and is adding it. Thank you.", who=_editor(t, suggestion))
    return _decision_notice(t("Your suggestion was accepted"), suggestion, sentence)


def _rejection_notice(t: Translator, suggestion: Suggestion) -> Reply:
    return _decision_notice(
        t("Your suggestion was rejected"),
        suggestion,
        t("{who} says why: {note}", who=_editor(t, suggestion), note=suggestion.note),
    )


def _publication_notice(t: Translator, suggestion: Suggestion) -> Reply:
    sentence = t("{who} added it to the topic. Look up the card to see it.", who=_editor(t, suggestion))
    return _decision_notice(t("Your suggestion was published"), suggestion, sentence)


def _question_notice(t: Translator, suggestion: Suggestion) -> Reply:
    reply = _decision_notice(
        t("A question about your suggestion"),
        suggestion,
        t("{who} asks: {question}", who=_editor(t, suggestion), question=suggestion.note),
    )
    button = Button(t("Answer"), Action("suggest-answer", (suggestion.id,)), style=ButtonStyle.PRIMARY)
    return replace(reply, cards=(replace(reply.cards[0], controls=(button,)),))


def _decision_notice(title: str, suggestion: Suggestion, sentence: str) -> Reply:
    return Reply(
        (Card(title=title, body=text(quote(shorten(suggestion.words, WORDS_SHOWN)), sentence), footer=suggestion.id),)
    )


def _report_card(t: Translator, library: Library, contents: Overview) -> Card:
    reviews = [(Bold(pack.id), Plain(f": {pack.due.isoformat()}")) for pack in contents.packs]
    fields = [Field(t("Reviews due"), bullets(reviews))]
    lists = (
        (t("Most asked for"), contents.views), (t("Most disputed"), contents.disputes),
        (t("Searched for and not found"), contents.misses),
    )  # fmt: skip
    fields += [
        Field(name, bullets((Bold(str(one.times)), Plain(f" {one.what}")) for one in counted))
        for name, counted in lists
        if counted
    ]
    more = t("“parley content report” also shows the balance of each position.")
    controls: list[Control] = [Button(t("What members didn't find"), Action("misses"))] if contents.misses else []
    keys = dict.fromkeys(each.key for each in (*contents.views, *contents.disputes) if each.key is not None)
    listed = [(pack, entry) for pack, name in keys if (entry := library.find(pack, name)) is not None]
    if listed:
        controls.append(pick_entry(t, t("Open one"), listed))
    since = t("Counted since {day}.", day=contents.since.isoformat()) if contents.since else t("No counts yet.")
    return Card(
        title=t("Content report"), body=text(since), fields=tuple(fields), footer=more, controls=tuple(controls)
    )
