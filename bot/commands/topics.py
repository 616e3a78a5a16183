"""Whole topics: a pack's subject and how current it is, and its events in the order of their dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from bot.chat.markup import Bold, Plain, bullets, clean, text
from bot.chat.vocabulary import Action, Button, Card, Choice, Outcome, Reply, Tone, Visibility
from bot.commands.cards import correction_sentence, excerpt, title_choices, topic_choices
from bot.commands.entry_choices import pick_entry
from bot.commands.entry_replies import EntryReplies
from bot.commands.parameters import SHARE, TOPIC, packs_of_topic
from bot.dispatch.declare import Context, Param, action, command
from bot.errors import NotFound, UsageError
from bot.i18n import N_, Translator
from bot.library.edition import Shelf
from bot.packs.model import Argument, Event, Fact, Option, Position, Source, Term
from bot.packs.pack import Library, Pack
from bot.search.completion import folded_words

CORRECTIONS = "corrections"
"""The word that a member types instead of a topic to read all corrections."""
EVENTS_SHOWN = 10
PLACE_DIGITS = 6


@dataclass(frozen=True, slots=True)
class TopicCommands:
    shelf: Shelf
    replies: EntryReplies

    @command(
        "topic",
        N_("Show the topics: what they cover and how current they are"),
        public_flag="share",
        also=("topics",),
    )
    async def topic(
        self,
        ctx: Context,
        topic: Annotated[str, Param(N_("Which topic, or “corrections”"), complete="topics")] = "",
        share: Annotated[bool, Param(SHARE)] = False,
    ) -> Outcome:
        if topic.casefold() == CORRECTIONS:
            return _corrections(ctx.t, self.shelf.current.library, share=share)
        packs = packs_of_topic(ctx.t, self.shelf.current.library, topic)
        return Outcome(Reply(tuple(_topic_card(ctx.t, pack) for pack in packs), visibility=Visibility.of(share)))

    @command("timeline", N_("Show the timeline of a topic"), public_flag="share")
    async def timeline(
        self,
        ctx: Context,
        words: Annotated[str, Param(N_("What happened, or a year"), rest=True, complete="events")] = "",
        share: Annotated[bool, Param(SHARE)] = False,
        topic: Annotated[str, Param(TOPIC, complete="topics")] = "",
    ) -> Outcome:
        """Show all events, or those with all of the words; if there are none, the best answer to the words."""
        t, edition = ctx.t, self.shelf.current
        packs = packs_of_topic(t, edition.library, topic)
        if not any(any(pack.all(Event)) for pack in packs):
            raise NotFound(t("No topic here has a timeline yet."))
        terms = folded_words(clean(words))
        timelines = tuple(
            _timeline_card(t, pack, events, words)
            for pack in packs
            if (events := [event for event in pack.all(Event) if _has_words(event, terms)])
        )
        if timelines:
            return Outcome(Reply(timelines, visibility=Visibility.of(share)))
        return await self.replies.look_up(ctx, words, (Event,), topic=topic, share=share)

    @action("timeline", replaces=True)
    async def timeline_page(self, ctx: Context, pack_id: str, end: str) -> Outcome:
        """Show the events before this place of a topic's timeline."""
        pack = self.shelf.current.library.packs.get(pack_id)
        events = list(pack.all(Event)) if pack else []
        if pack is None or not events:
            raise NotFound(ctx.t("No topic here has a timeline yet."))
        if not (end.isascii() and end.isdigit() and len(end) <= PLACE_DIGITS):
            raise UsageError(end)
        return Outcome(Reply((_timeline_card(ctx.t, pack, events, "", int(end)),)), replace=True)

    def events(self, ctx: Context, line: str, args: Mapping[str, object]) -> Sequence[Choice]:
        """Suggest events while a member types."""
        return title_choices(ctx.t, self.shelf.current, line, (Event,), str(args.get("topic") or "") or None)

    def topics(self, _ctx: Context, line: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        """Suggest topics while a member types one."""
        return topic_choices(self.shelf.current.library, line)


def _corrections(t: Translator, library: Library, *, share: bool) -> Outcome:
    """A card for each topic with the corrections of its cards, the newest first."""
    correction_cards = tuple(
        card for pack in library.packs.values() if (card := _corrections_card(t, pack)) is not None
    )
    if not correction_cards:
        raise NotFound(t("These topics have no corrections yet."))
    return Outcome(Reply(correction_cards, visibility=Visibility.of(share)))


def _corrections_card(t: Translator, pack: Pack) -> Card | None:
    facts = [fact for fact in pack.all(Fact) if fact.corrections]
    if not facts:
        return None
    facts.sort(key=lambda fact: fact.corrections[0].date, reverse=True)
    lines = [
        (Bold(f"{correction.date.isoformat()}: {fact.title}"), Plain(" " + correction_sentence(t, correction)))
        for fact in facts
        for correction in fact.corrections
    ]
    control = pick_entry(t, t("Open a corrected card"), [(pack.id, fact) for fact in facts], "card")
    return Card(
        title=t("Corrections"), body=bullets(lines), footer=pack.info.title, controls=(control,), tone=Tone.INFO
    )


def _topic_card(t: Translator, pack: Pack) -> Card:
    counts = [
        t.count("{n} fact", "{n} facts", len(list(pack.all(Fact)))),
        t.count("{n} position", "{n} positions", len(list(pack.all(Position)))),
        t.count("{n} argument", "{n} arguments", len(list(pack.all(Argument)))),
        t.count("{n} source", "{n} sources", len(list(pack.all(Source)))),
        t.count("{n} policy option", "{n} policy options", len(list(pack.all(Option)))),
        t.count("{n} term", "{n} terms", len(list(pack.all(Term)))),
    ]
    essay = pack.info.essay
    origin = [essay.title or t("an essay without a title"), essay.author or t("author unknown")]
    about = [
        (Bold(t("Essay: ")), Plain(", ".join(origin) + (f", {essay.date}" if essay.date else ""))),
        (Bold(t("Contains: ")), Plain(", ".join(counts))),
        (Bold(t("Last reviewed: ")), Plain(pack.info.reviewed.isoformat())),
        (Bold(t("Editors: ")), Plain(", ".join(pack.info.editors) or t("not named"))),
        (Bold(t("Name for commands: ")), Plain(f"topic:{pack.id}")),
    ]
    return Card(
        title=pack.info.title,
        body=text(pack.info.summary, bullets(about), essay.note or ""),
        tone=Tone.INFO,
    )


def _has_words(event: Event, terms: Sequence[str]) -> bool:
    """Whether each term begins a word of the event, or of its date."""
    words = folded_words(f"{event.date} {event.event}")
    return all(any(word.startswith(term) for word in words) for term in terms)


def _timeline_card(t: Translator, pack: Pack, events: Sequence[Event], words: str, end: int | None = None) -> Card:
    """Draw events in the order of their dates. Without words, the last ten before place `end`, and a way to the others."""
    ordered = sorted(events, key=lambda event: event.date)
    end = len(ordered) if end is None else max(1, min(end, len(ordered)))
    start = 0 if words.strip() else max(0, end - EVENTS_SHOWN)
    shown = ordered[start:end]
    pages = (
        (t("Earlier"), start) if start else None,
        (t("Later"), min(end + EVENTS_SHOWN, len(ordered))) if end < len(ordered) else None,
    )
    return Card(
        title=t("Timeline: “{words}”", words=excerpt(words)) if words.strip() else t("Timeline"),
        body=bullets((Bold(event.date), Plain(f" {event.event}")) for event in shown),
        footer=pack.info.title,
        controls=(
            *(Button(page[0], Action("timeline", (pack.id, str(page[1])))) for page in pages if page),
            pick_entry(t, t("Sources of one date"), [(pack.id, event) for event in shown], "sources"),
        ),
        tone=Tone.INFO,
    )
