"""What editors do with suggestions: read them one by one, accept, reject, ask, publish."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from bot.chat import (
    Action,
    Answers,
    Button,
    ButtonStyle,
    Card,
    Choice,
    Field,
    Form,
    Input,
    InputKind,
    Outcome,
    Reply,
    Tone,
)
from bot.command import Context, Param, Permission, action, command, form
from bot.commands.answers import answer
from bot.commands.content import news
from bot.commands.suggest import about
from bot.content import Content, Same
from bot.errors import BotError, NotFound, Refused
from bot.exchange.drafts import publish_draft, write_draft
from bot.exchange.folders import served_folder
from bot.i18n import N_, Translator
from bot.interest import Interested
from bot.library.overview import Overview, overview
from bot.markup import Bold, Plain, Time, bullets, clean_lines, paragraph, quote, shorten, text
from bot.store.suggestions import WAITING, State, Suggestion
from bot.store.times import from_digits, to_stored
from bot.suggestions import NOTE_MAX, Suggestions, said_already

WORDS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class QueueCommands:
    content: Content
    suggestions: Suggestions
    interested: Interested
    _publishing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Drafts go into the files one after the other."""

    @command("content queue", N_("Read what members suggest, and decide"), permission=Permission.EDITOR)
    async def queue(self, ctx: Context) -> Outcome:
        return await self._show(ctx)

    @action("queue", permission=Permission.EDITOR)
    async def next(self, ctx: Context, at: str, suggestion: str) -> Outcome:
        return await self._show(ctx, at, suggestion)

    @action("queue-accept", permission=Permission.EDITOR)
    async def accept(self, ctx: Context, suggestion: str) -> Outcome:
        t, made = ctx.t, await self.suggestions.get(suggestion, ctx.t)
        file = ""
        if made.state in WAITING:
            file = await asyncio.to_thread(self._draft, made, t)
        made = await self.suggestions.decide(suggestion, State.ACCEPTED, ctx.request.actor, ctx.request.now, t)
        await self._tell(ctx, made, _accepted)
        said = t("The draft is {file}. Change it there in your own words, then publish it.", file=file)
        publish = Button(t("Publish"), Action("queue-publish", (made.id,)), style=ButtonStyle.PRIMARY)
        title = t("Accepted: {id}", id=made.id)
        return Outcome(Reply((Card(title=title, body=text(said), tone=Tone.GOOD, controls=(publish, _next(t, made))),)))

    @action("queue-reject", permission=Permission.EDITOR, opens_form=True)
    async def reject(self, ctx: Context, suggestion: str) -> Outcome:
        return Outcome(Reply(form=_note_form(ctx.t, suggestion, State.REJECTED)))

    @action("queue-ask", permission=Permission.EDITOR, opens_form=True)
    async def ask(self, ctx: Context, suggestion: str) -> Outcome:
        return Outcome(Reply(form=_note_form(ctx.t, suggestion, State.ASKED)))

    @form("queue-rejected", permission=Permission.EDITOR, again="reject")
    async def rejected(self, ctx: Context, suggestion: str, answers: Answers) -> Outcome:
        return await self._noted(ctx, suggestion, State.REJECTED, answers)

    @form("queue-asked", permission=Permission.EDITOR, again="ask")
    async def asked(self, ctx: Context, suggestion: str, answers: Answers) -> Outcome:
        return await self._noted(ctx, suggestion, State.ASKED, answers)

    @command("content publish", N_("Take an accepted suggestion's draft into the topic"), permission=Permission.EDITOR)
    async def publish(
        self, ctx: Context, suggestion: Annotated[str, Param(N_("Which one"), rest=True, complete="accepted")]
    ) -> Outcome:
        return await self._publish(ctx, suggestion.strip().lower())

    @action("queue-publish", permission=Permission.EDITOR)
    async def publish_pressed(self, ctx: Context, suggestion: str) -> Outcome:
        return await self._publish(ctx, suggestion)

    @command("content report", N_("Show what members look for, and which review is due"), permission=Permission.EDITOR)
    async def report(self, ctx: Context) -> Outcome:
        await self.interested.write(ctx.request.now)
        library, interest = self.content.shelf.current.library, await self.interested.read()
        found = await asyncio.to_thread(overview, library, ctx.request.now.date(), interest)
        return Outcome(Reply((_report_card(ctx.t, found),)))

    async def accepted(self, _ctx: Context, typed: str, _args: object) -> list[Choice]:
        found = await self.suggestions.accepted()
        return [Choice(shorten(f"{each.id}: {each.words}", 100), each.id) for each in found if typed in each.id]

    # --- what is common ---

    async def _show(self, ctx: Context, at: str = "", last: str = "") -> Outcome:
        t = ctx.t
        after = from_digits(at)
        made, waiting = await self.suggestions.next(after, last)
        if made is None:
            said = t("No suggestion waits for you.") if not waiting else t("That was the last one.")
            again = (Button(t("From the first"), Action("queue", ("0", ""))),) if waiting else ()
            return Outcome(Reply((Card(title=t("Suggestions"), body=text(said), controls=again),)))
        return Outcome(Reply((self._card(ctx, made, waiting),)))

    def _card(self, ctx: Context, made: Suggestion, waiting: int) -> Card:
        t = ctx.t
        when = Time(made.at, f"{made.at.astimezone(ctx.community.tz):%Y-%m-%d %H:%M %Z}")
        who = made.name or t("Somebody whose data was erased")
        elsewhere = "" if made.community == ctx.community.id else f" · {made.community}"
        body = text(
            paragraph(Bold(about(t, self.content.shelf, made))),
            quote(made.words),
            paragraph(Bold(t("Address: ")), made.url) if made.url else "",
            paragraph(Bold(t("You asked: ")), made.note) if made.note else "",
            paragraph(Bold(t("Answer: ")), made.answer) if made.answer else "",
            paragraph(t("By {who}, ", who=who), when, elsewhere),
        )
        buttons = [
            Button(t("Accept"), Action("queue-accept", (made.id,)), style=ButtonStyle.PRIMARY),
            Button(t("Reject"), Action("queue-reject", (made.id,)), style=ButtonStyle.DANGER),
        ]
        if made.state is State.OPEN:
            buttons.append(Button(t("Ask"), Action("queue-ask", (made.id,))))
        title = t.count("{n} suggestion waits", "{n} suggestions wait", waiting)
        return Card(title=title, body=body, footer=made.id, tone=Tone.INFO, controls=(*buttons, _next(t, made)))

    def _draft(self, made: Suggestion, t: Translator) -> str:
        """Writes the draft, in a thread; returns its place from the content's folder on."""
        file = write_draft(served_folder(self.content.source, made.pack), made, t)
        return _short(file, self.content.source)

    async def _publish(self, ctx: Context, suggestion: str) -> Outcome:
        t = ctx.t
        async with self._publishing:
            made = await self.suggestions.get(suggestion, t)
            if made.state is not State.ACCEPTED:
                raise Refused(said_already(t, made))
            folder = await asyncio.to_thread(served_folder, self.content.source, made.pack)
            try:
                file = await asyncio.to_thread(publish_draft, folder, made, ctx.request.now.date(), t)
                said = t("{id} is in {file} now.", id=made.id, file=_short(file, self.content.source))
            except NotFound:  # moved by hand, or published before the database could be told
                said = t("The draft of {id} is not there any more, so it counts as moved by hand.", id=made.id)
            made = await self.suggestions.decide(suggestion, State.PUBLISHED, ctx.request.actor, ctx.request.now, t)
        news_of_it = await self._reloaded(ctx)
        await self._tell(ctx, made, _published)
        card = Card(title=t("Published: {id}", id=made.id), body=text(said), tone=Tone.GOOD, controls=(_next(t, made),))
        return Outcome(Reply((card, *news_of_it)))

    async def _reloaded(self, ctx: Context) -> tuple[Card, ...]:
        """What came of reading the files, which are read in a moment anyway where that can't be done just now."""
        try:
            end = await self.content.reload(by=ctx.request.actor)
        except BotError as error:
            return (Card(body=text(ctx.t(error.message)), tone=Tone.CAUTION),)
        return () if isinstance(end, Same) else news(ctx.t, end).cards

    async def _noted(self, ctx: Context, suggestion: str, to: State, answers: Answers) -> Outcome:
        t, note = ctx.t, clean_lines(answer(answers, "note")).strip()
        if not note:
            return Outcome(errors={"note": t("Write something first. The member reads it.")})
        made = await self.suggestions.decide(suggestion, to, ctx.request.actor, ctx.request.now, t, note)
        told = await self._tell(ctx, made, _rejected if to is State.REJECTED else _asked)
        title = t("Rejected: {id}", id=made.id) if to is State.REJECTED else t("Asked about {id}", id=made.id)
        said = t("The member was told.") if told else t("The member can't be written to; /suggestions tells them.")
        return Outcome(Reply((Card(title=title, body=text(quote(note), said), controls=(_next(t, made),)),)))

    async def _tell(self, ctx: Context, made: Suggestion, say: Callable[[Translator, Suggestion], Reply]) -> bool:
        return await self.suggestions.tell(made, lambda t: say(t, made), ctx.request.now)


def waiting_notice(t: Translator, waiting: int) -> Reply:
    """What the editors' channel hears, now and then."""
    title = t.count("{n} suggestion waits for an editor", "{n} suggestions wait for an editor", waiting)
    return Reply((Card(title=title, body=text(t("/content queue shows them one by one.")), tone=Tone.INFO),))


def _next(t: Translator, made: Suggestion) -> Button:
    return Button(t("Next"), Action("queue", (str(to_stored(made.at)), made.id)))


def _short(file: Path, source: Path) -> str:
    return file.relative_to(source).as_posix() if file.is_relative_to(source) else file.name


def _note_form(t: Translator, suggestion: str, to: State) -> Form:
    rejecting = to is State.REJECTED
    label = t("Why not? The member reads this") if rejecting else t("Your question. The member reads this")
    verb = "queue-rejected" if rejecting else "queue-asked"
    title = t("Reject the suggestion") if rejecting else t("Ask about the suggestion")
    return Form(Action(verb, (suggestion,)), title, (Input("note", label, InputKind.LINES, longest=NOTE_MAX),))


def _accepted(t: Translator, made: Suggestion) -> Reply:
    said = t("An editor accepted what you suggested and works it into the topic. Thank you.")
    return _outcome(t("Your suggestion was accepted"), made, said)


def _rejected(t: Translator, made: Suggestion) -> Reply:
    return _outcome(t("Your suggestion was not taken"), made, t("The editor says: {why}", why=made.note))


def _published(t: Translator, made: Suggestion) -> Reply:
    said = t("What came of it is in the topic now. Look the card up again to see it.")
    return _outcome(t("Your suggestion is published"), made, said)


def _asked(t: Translator, made: Suggestion) -> Reply:
    reply = _outcome(t("A question about your suggestion"), made, t("The editor asks: {question}", question=made.note))
    button = Button(t("Answer"), Action("suggest-answer", (made.id,)), style=ButtonStyle.PRIMARY)
    return replace(reply, cards=(replace(reply.cards[0], controls=(button,)),))


def _outcome(title: str, made: Suggestion, said: str) -> Reply:
    return Reply((Card(title=title, body=text(quote(shorten(made.words, WORDS_SHOWN)), said), footer=made.id),))


def _report_card(t: Translator, found: Overview) -> Card:
    reviews = [(Bold(pack.id), Plain(f": {pack.due.isoformat()}")) for pack in found.packs]
    fields = [Field(t("Reviews due"), bullets(reviews))]
    lists = (
        (t("Most asked for"), found.asked), (t("Most disputed"), found.disputed),
        (t("Searched for and not found"), found.not_found),
    )  # fmt: skip
    fields += [
        Field(name, bullets((Bold(str(one.times)), Plain(f" {one.what}")) for one in counted))
        for name, counted in lists
        if counted
    ]
    more = t("“parley content report” has the balance of each position, too.")
    since = t("Counted since {day}.", day=found.since.isoformat()) if found.since else t("Nothing is counted yet.")
    return Card(title=t("How the content stands"), body=text(since), fields=tuple(fields), footer=more)
