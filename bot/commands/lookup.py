"""Look things up: facts, counterarguments, sources, terms, policy options.

A look-up answers the member alone and offers to share; `share:yes` answers in public.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from bot.chat.markup import Bold, Plain, bullets, clean, paragraph, text
from bot.chat.vocabulary import Card, Choice, Outcome, Post, Reply, Tone, Visibility
from bot.commands import cards
from bot.commands.cards import excerpt
from bot.commands.entry_choices import entry_choices, pick_match
from bot.commands.entry_lists import EVERYTHING, KINDS, PAGE, entries_of, list_controls, list_heading, page_start
from bot.commands.entry_replies import EntryReplies
from bot.commands.entry_views import ARGUABLE
from bot.commands.message_facts import MessageFacts
from bot.commands.parameters import SHARE, TOPIC, pack_of_topic, packs_of_topic
from bot.commands.questions import Questions
from bot.commands.topics import TopicCommands
from bot.commands.welcome import Welcome
from bot.dispatch.declare import Context, Param, action, command
from bot.errors import NotFound
from bot.i18n import N_
from bot.library.edition import Edition, Shelf
from bot.packs.model import Entry, Fact, Option, Position, Source, Term
from bot.search.answer import Certainty

if TYPE_CHECKING:
    from bot.polls.service import Polls
    from bot.search.usage import InterestCounter  # a bot for a terminal counts nothing, and loads no database

SEARCH_SHOWN = 10
SUGGESTIONS_MAX = 100
"""Slack's limit, the only one this small."""


def lookup_features(
    shelf: Shelf, interested: InterestCounter | None = None, polls: Polls | None = None
) -> tuple[object, ...]:
    """Collect every feature that reads the library; with `polls`, the welcome offers a poll too."""
    replies = EntryReplies(shelf, interested)
    return (
        Lookup(shelf, replies),
        Questions(shelf, replies),
        TopicCommands(shelf, replies),
        MessageFacts(shelf),
        Welcome(shelf, polls),
    )


@dataclass(frozen=True, slots=True)
class Lookup:
    """Commands that look up entries of one kind or of all, and the controls of their answers."""

    shelf: Shelf
    replies: EntryReplies

    # --- commands ---

    @command(
        "fact",
        N_("Find a fact: its verdict, the essay's words and the sources"),
        public_flag="share",
        also=("facts", "claim", "factcheck", "fact-check"),
    )
    async def fact(
        self,
        ctx: Context,
        words: Annotated[str, Param(N_("The words or topic to look up"), rest=True, complete="facts")] = "",
        share: Annotated[bool, Param(SHARE)] = False,
        topic: Annotated[str, Param(TOPIC, complete="topics")] = "",
    ) -> Outcome:
        return await self._answer(ctx, words, (Fact,), share=share, topic=topic)

    @command(
        "counter",
        N_("Find the strongest counterarguments"),
        public_flag="share",
        also=("counters", "counterargument", "counterarguments", "rebuttal"),
    )
    async def counter(
        self,
        ctx: Context,
        words: Annotated[str, Param(N_("A fact, position, option or argument"), rest=True, complete="arguables")] = "",
        share: Annotated[bool, Param(SHARE)] = False,
        topic: Annotated[str, Param(TOPIC, complete="topics")] = "",
    ) -> Outcome:
        kinds: tuple[type[Entry], ...] = ARGUABLE if words else (Position,)
        return await self._answer(ctx, words, kinds, share=share, topic=topic, view="counter")

    @command("source", N_("Find a source"), public_flag="share", also=("sources",))
    async def source(
        self,
        ctx: Context,
        words: Annotated[str, Param(N_("Title, author, publisher or subject"), rest=True, complete="sources")] = "",
        share: Annotated[bool, Param(SHARE)] = False,
        topic: Annotated[str, Param(TOPIC, complete="topics")] = "",
    ) -> Outcome:
        return await self._answer(ctx, words, (Source,), share=share, topic=topic)

    @command("define", N_("Explain a term"), public_flag="share", also=("definition", "glossary", "term"))
    async def define(
        self,
        ctx: Context,
        term: Annotated[
            str, Param(N_("The term"), rest=True, complete="terms", question=N_("Which term? Try /define fentanyl."))
        ],
        share: Annotated[bool, Param(SHARE)] = False,
        topic: Annotated[str, Param(TOPIC, complete="topics")] = "",
    ) -> Outcome:
        return await self._answer(ctx, term, (Term,), share=share, topic=topic)

    @command(
        "policy",
        N_("Show policy options with reasons for and against"),
        public_flag="share",
        also=("policies", "option", "options"),
    )
    async def policy(
        self,
        ctx: Context,
        words: Annotated[str, Param(N_("Which option"), rest=True, complete="options")] = "",
        share: Annotated[bool, Param(SHARE)] = False,
        topic: Annotated[str, Param(TOPIC, complete="topics")] = "",
    ) -> Outcome:
        return await self._answer(ctx, words, (Option,), share=share, topic=topic)

    @command("search", N_("Search everything"), public_flag="share")
    async def search(
        self,
        ctx: Context,
        words: Annotated[
            str,
            Param(
                N_("What to look for"),
                rest=True,
                complete="titles",
                question=N_("What are you looking for? Try /search tariffs."),
            ),
        ],
        share: Annotated[bool, Param(SHARE)] = False,
        topic: Annotated[str, Param(TOPIC, complete="topics")] = "",
    ) -> Outcome:
        edition = self.shelf.current
        answer = await edition.answers.answer(
            clean(words), EVERYTHING, pack_of_topic(ctx.t, edition.library, topic), SEARCH_SHOWN
        )
        if answer.certainty is Certainty.NOTHING:
            return self.replies.nothing(ctx, edition, words, EVERYTHING, topic)
        title = ctx.t("Found for “{words}”", words=excerpt(words))
        if answer.certainty is Certainty.NEAR:
            title = ctx.t("Closest matches for “{words}”; they may not answer it", words=excerpt(words))
        matches = answer.matches
        return Outcome(
            Reply(
                (
                    Card(
                        title=title,
                        body=bullets(
                            (
                                (Bold(match.entry.title), Plain(f" ({cards.describe(ctx.t, match.entry)})"))
                                for match in matches
                            ),
                            numbered=True,
                        ),
                        controls=(pick_match(ctx.t, ctx.t("Open one"), matches),),
                    ),
                ),
                visibility=Visibility.of(share),
            )
        )

    # --- controls ---

    @action("open", replaces=True)
    async def open(self, ctx: Context, pack: str, entry: str) -> Outcome:
        return Outcome(self.replies.entry(ctx, self.shelf.current, pack, entry, "card"), replace=True)

    @action("browse", replaces=True)
    async def browse(self, ctx: Context, view: str, kind: str, topic: str, start: str) -> Outcome:
        """Show another page of a list in place of the current one."""
        kinds = KINDS.get(kind, EVERYTHING)
        return replace(self._browse(ctx, self.shelf.current, kinds, topic, view, page_start(start)), replace=True)

    @action("pick", complete="pickable")
    async def pick(
        self,
        ctx: Context,
        view: str,
        _kind: str = "",
        _topic: str = "",
        _start: str = "",
        values: tuple[str, ...] = (),
    ) -> Outcome:
        pack, _, entry = (values[0] if values else "").partition(":")
        return Outcome(self.replies.entry(ctx, self.shelf.current, pack, entry, view))

    @action("view", replaces=True)
    async def view(self, ctx: Context, view: str, pack: str, entry: str) -> Outcome:
        return Outcome(self.replies.entry(ctx, self.shelf.current, pack, entry, view), replace=True)

    @action("share", posts=True)
    async def share(self, ctx: Context, view: str, pack: str, entry: str) -> Outcome:
        reply = self.replies.entry(ctx, self.shelf.current, pack, entry, view, public=True)
        by = paragraph(ctx.t("Shared by {who}", who=ctx.request.actor.name))
        first = replace(reply.cards[0], body=(*reply.cards[0].body, by))
        posted = Reply((first, *reply.cards[1:]), visibility=Visibility.PUBLIC)
        return Outcome(Reply((Card(title=ctx.t("Shared here"), tone=Tone.GOOD),)), posts=(Post(posted),))

    # --- completion ---

    def facts(self, ctx: Context, line: str, args: Mapping[str, object]) -> Sequence[Choice]:
        return self._complete(ctx, line, (Fact,), args)

    def arguables(self, ctx: Context, line: str, args: Mapping[str, object]) -> Sequence[Choice]:
        return self._complete(ctx, line, ARGUABLE, args)

    def sources(self, ctx: Context, line: str, args: Mapping[str, object]) -> Sequence[Choice]:
        return self._complete(ctx, line, (Source,), args)

    def terms(self, ctx: Context, line: str, args: Mapping[str, object]) -> Sequence[Choice]:
        return self._complete(ctx, line, (Term,), args)

    def options(self, ctx: Context, line: str, args: Mapping[str, object]) -> Sequence[Choice]:
        return self._complete(ctx, line, (Option,), args)

    def titles(self, ctx: Context, line: str, args: Mapping[str, object]) -> Sequence[Choice]:
        return self._complete(ctx, line, EVERYTHING, args)

    def pickable(
        self, ctx: Context, line: str, _view: str, kind: str = "", topic: str = "", start: str = ""
    ) -> Sequence[Choice]:
        """Suggest entries of a list by their titles and aliases; before any typing, the list's own page first."""
        edition, kinds = self.shelf.current, KINDS.get(kind, EVERYTHING)
        packs = edition.library.packs
        if start and not line.strip():
            places = [packs[topic]] if topic in packs else list(packs.values())
            return entry_choices(ctx.t, entries_of(places, kinds)[page_start(start) :][:SUGGESTIONS_MAX])
        suggestions = edition.index.complete(line, kinds=kinds, pack=topic or None, limit=SUGGESTIONS_MAX)
        return entry_choices(
            ctx.t, [(entry.pack_id, packs[entry.pack_id].entries[entry.entry_id]) for entry in suggestions]
        )

    def topics(self, _ctx: Context, line: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return cards.topic_choices(self.shelf.current.library, line)

    def _complete(
        self, ctx: Context, line: str, kinds: tuple[type[Entry], ...], args: Mapping[str, object]
    ) -> Sequence[Choice]:
        topic = str(args.get("topic") or "")
        edition = self.shelf.current
        pack = topic if topic in edition.library.packs else None
        return cards.title_choices(ctx.t, edition, line, kinds, pack)

    # --- answers ---

    async def _answer(
        self,
        ctx: Context,
        words: str,
        kinds: tuple[type[Entry], ...],
        *,
        share: bool,
        topic: str,
        view: str = "card",
    ) -> Outcome:
        edition = self.shelf.current
        if not clean(words).strip():
            return self._browse(ctx, edition, kinds, topic, view)
        return await self.replies.look_up(ctx, words, kinds, topic=topic, share=share, view=view)

    def _browse(
        self,
        ctx: Context,
        edition: Edition,
        kinds: tuple[type[Entry], ...],
        topic: str,
        view: str,
        start: int = 0,
    ) -> Outcome:
        packs = packs_of_topic(ctx.t, edition.library, topic)
        entries = entries_of(packs, kinds)
        if not entries:
            raise NotFound(ctx.t("There's nothing here yet. /search looks everywhere."))
        start = start if start < len(entries) else 0
        last = min(start + PAGE, len(entries))
        count = ctx.t.count("There's {n}.", "There are {n}.", len(entries))
        if len(entries) > PAGE:
            count = ctx.t("{first} to {last} of {n}.", first=start + 1, last=last, n=len(entries))
        heading = list_heading(ctx.t, kinds)
        card = Card(
            title=heading,
            body=text(count, ctx.t("Pick one, or add a few words to the command.")),
            controls=list_controls(
                ctx.t, entries, kinds, view, packs[0].id if topic else "", label=heading, start=start
            ),
        )
        return Outcome(Reply((card,)))
