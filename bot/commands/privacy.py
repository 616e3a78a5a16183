"""Members' requests about their own data: see it, save it, erase it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from bot.chat.markup import Bold, bullets, paragraph, text
from bot.chat.vocabulary import Action, Attachment, Button, ButtonStyle, Card, Outcome, Reply, Tone
from bot.deliberation.member_data import DiscussionData
from bot.dispatch.declare import Context, action, command
from bot.i18n import N_
from bot.polls.privacy import Privacy
from bot.suggestions.repository import SuggestionState


@dataclass(frozen=True, slots=True)
class PrivacyCommands:
    """`/privacy`: the data stored about the member who asks, as a file, and a way to erase it."""

    privacy: Privacy
    discussions: DiscussionData

    @command("privacy show", N_("Show the data I store about you"), also=("privacy",))
    async def show(self, ctx: Context) -> Outcome:
        data = await self.privacy.stored_about(ctx.request.actor)
        t = ctx.t
        lines = [
            t.count("{n} poll that you opened", "{n} polls that you opened", len(data.created)),
            t.count("{n} ballot in named polls", "{n} ballots in named polls", len(data.named_ballots)),
            t.count(
                "{n} ballot in open secret polls",
                "{n} ballots in open secret polls",
                len(data.secret_ballots),
            ),
        ]
        if data.log_entries:
            log = t.count(
                "{n} line with your name in the log of moderators and editors",
                "{n} lines with your name in the log of moderators and editors",
                len(data.log_entries),
            )
            lines.append(log)
        if data.suggestions:
            lines.append(t.count("{n} suggestion", "{n} suggestions", len(data.suggestions)))
        answers, statements = await self.discussions.stored_about(ctx.request.actor)
        if answers:
            lines.append(
                t.count("your answers in {n} open discussion", "your answers in {n} open discussions", answers)
            )
        if statements:
            lines.append(
                t.count("{n} statement in open discussions", "{n} statements in open discussions", len(statements))
            )
        kinds = {
            "previews": t("Previews of polls: {n}", n=len(data.hosting.get("previews", ()))),
            "templates": t("Templates: {n}", n=len(data.hosting.get("templates", ()))),
            "schedules": t("Scheduled polls: {n}", n=len(data.hosting.get("schedules", ()))),
            "decisions": t("Decisions that name you: {n}", n=len(data.hosting.get("decisions", ()))),
            "reminders": t("Reminders you asked for: {n}", n=len(data.hosting.get("reminders", ()))),
            "objections": t("Objections: {n}", n=len(data.hosting.get("objections", ()))),
        }
        lines += [line for kind, line in kinds.items() if data.hosting.get(kind)]
        read = t(
            "I read commands, messages that mention me, your direct messages to me, and messages on which someone "
            "uses Find facts. I answer them and store none of them."
        )
        more = " ".join((self.privacy.secrecy.own_data(t), t("I count look-ups, never who asked."), read))
        erase = Button(t("Erase my data"), Action("privacy-ask"), style=ButtonStyle.DANGER)
        return Outcome(
            Reply((Card(title=t("The data I store about you"), body=text(bullets(lines), more), controls=(erase,)),))
        )

    @command("privacy export", N_("Save the data I store about you as a file"))
    async def export(self, ctx: Context) -> Outcome:
        data = await self.privacy.stored_about(ctx.request.actor)
        discussions = await self.discussions.export_of(ctx.request.actor)
        content = json.dumps({**data.as_data(), "discussions": discussions}, ensure_ascii=False, indent=2) + "\n"
        file = Attachment("my-data.json", content, "application/json")
        return Outcome(Reply((Card(title=ctx.t("The data I store about you")),), files=(file,)))

    @command("privacy erase", N_("Erase the data I store about you"))
    async def erase(self, ctx: Context) -> Outcome:
        return Outcome(Reply((await self._question(ctx),)))

    @action("privacy-ask")
    async def ask(self, ctx: Context) -> Outcome:
        return Outcome(Reply((await self._question(ctx),)))

    async def _question(self, ctx: Context) -> Card:
        """Say what is erased and what stays, above the button that erases it."""
        t, actor = ctx.t, ctx.request.actor
        votes = len(await self.privacy.open_votes(actor))
        suggestions = (await self.privacy.stored_about(actor)).suggestions
        pending = sum(
            suggestion.state not in {SuggestionState.ACCEPTED, SuggestionState.PUBLISHED} for suggestion in suggestions
        )
        counted = {
            t.count("your vote in {n} open poll", "your votes in {n} open polls", votes): votes,
            t.count(
                "{n} suggestion that no editor has accepted", "{n} suggestions that no editor has accepted", pending
            ): pending,
        }
        goes = [
            *(line for line, number in counted.items() if number),
            t("your answers in open discussions, and statements that no moderator has accepted"),
            t("your name in closed named polls, on polls that you opened and in the log; the entries themselves stay"),
            t("your previews, scheduled polls and reminders, and your name on templates, decisions and objections"),
        ]
        explanation = text(
            paragraph(Bold(t("I'll erase this for good:"))),
            bullets(goes),
            t("Your ballots in closed polls stay in the count.") + " " + self.privacy.secrecy.erasure(t),
            t("Suggestions that an editor has accepted stay, without your name."),
        )
        button = Button(t("Erase now"), Action("privacy-erase"), style=ButtonStyle.DANGER)
        return Card(
            title=t("Erase the data I store about you?"), body=explanation, tone=Tone.CAUTION, controls=(button,)
        )

    @action("privacy-erase", replaces=True)
    async def erase_confirmed(self, ctx: Context) -> Outcome:
        changed = await self.discussions.erase(ctx.request.actor)
        withdrawn = await self.privacy.erase(ctx.request.actor, ctx.request.now)
        t = ctx.t
        sentence = t.count(
            "I withdrew your vote from {n} open poll.",
            "I withdrew your votes from {n} open polls.",
            len(withdrawn),
        )
        card = Card(title=t("Your data is erased"), body=text(sentence if withdrawn else ""), tone=Tone.GOOD)
        return Outcome(Reply((card,)), refresh=(*withdrawn, *changed), replace=True)
