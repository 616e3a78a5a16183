"""Replies that the look-ups share: an entry in one of its views, and the reply without a match."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.chat.markup import Bold, Plain, bullets, clean, paragraph, shorten, text
from bot.chat.vocabulary import Action, Button, Card, Control, Outcome, Reply, Tone, Visibility
from bot.commands.cards import excerpt
from bot.commands.closest import closest_cards
from bot.commands.entry_choices import pick_match
from bot.commands.entry_lists import entries_of, list_controls
from bot.commands.entry_views import view_cards, view_controls
from bot.commands.parameters import pack_of_topic, packs_of_topic
from bot.dispatch.declare import Context
from bot.errors import NotFound
from bot.i18n import Translator
from bot.library.edition import Edition, Shelf
from bot.packs.model import Entry, Fact, Position, Term
from bot.packs.pack import Pack
from bot.search.answer import Certainty, Match
from bot.search.wording import name_to_define

if TYPE_CHECKING:
    from bot.search.usage import InterestCounter  # a bot for a terminal counts nothing, and loads no database

COVERED_MAX = 200
"""Characters of a topic's summary in a reply without a match."""
COUNTERARGUMENT_MAX = 200
EQUAL = 0.7
"""The difference of scores up to which two matches count as about equally likely: less than twice."""


@dataclass(frozen=True, slots=True)
class EntryReplies:
    """Builds replies. `interested`, if set, counts look-ups and lets cards ask whether they are wrong."""

    shelf: Shelf
    interested: InterestCounter | None = None

    def entry(
        self,
        ctx: Context,
        edition: Edition,
        pack_id: str,
        entry_id: str,
        view: str,
        more: tuple[Control, ...] = (),
        *,
        public: bool = False,
    ) -> Reply:
        """Show an entry in a view, with `more` controls below its own. Raise NotFound if it is gone."""
        pack = edition.library.packs.get(pack_id)
        entry = pack.entries.get(entry_id) if pack else None
        if pack is None or entry is None:
            raise NotFound(ctx.t("That entry is no longer in the topic. Try /search."))
        parts = view_cards(ctx.t, pack, entry, view)
        last = parts[-1]
        controls = (*last.controls, *view_controls(ctx.t, pack, entry, view, public=public))
        if self.interested is not None:
            self.interested.count_view(pack_id, entry_id)
            if view == "card":
                controls = (*controls, Button(ctx.t("Is this wrong?"), Action("suggest", (pack_id, entry_id))))
        return Reply((*parts[:-1], replace(last, controls=(*controls, *more))), visibility=Visibility.of(public))

    async def look_up(
        self,
        ctx: Context,
        words: str,
        kinds: tuple[type[Entry], ...],
        *,
        topic: str,
        share: bool,
        view: str = "card",
        replies: bool = False,
    ) -> Outcome:
        """Answer words with the matching card, with the closest ones, or with a reply that nothing matches.

        With `replies`, a fact comes with its strongest counterargument in one line.
        """
        edition = self.shelf.current
        pack = pack_of_topic(ctx.t, edition.library, topic)
        answer = await edition.answers.answer(clean(words), kinds, pack)
        if kinds == (Fact,) and answer.certainty is not Certainty.SURE:
            asked = clean(words)
            term = await to_thread(edition.index.namesake, name_to_define(asked) or asked, (Term,), pack)
            if term is not None:  # a member who asks for facts on "naloxone" may not know what it is
                near = answer.matches if answer.certainty is Certainty.NEAR else ()
                cards = (Match(term.pack_id, term.entry, term.score), *near)
                return Outcome(self.best(ctx, edition, cards, view, public=share))
        if answer.certainty is Certainty.NOTHING:
            return self.nothing(ctx, edition, words, kinds, topic, view)
        packs = edition.library.packs
        matches = sort_by_counterargument(packs, answer.matches) if view == "counter" else answer.matches
        if answer.certainty is Certainty.NEAR:
            nearest = Reply(closest_cards(ctx.t, packs, matches, view))
            return Outcome(with_counterargument(ctx.t, packs, matches[0], nearest) if replies else nearest)
        reply = self.best(ctx, edition, matches, view, public=share)
        return Outcome(with_counterargument(ctx.t, packs, matches[0], reply) if replies else reply)

    def best(self, ctx: Context, edition: Edition, matches: Sequence[Match], view: str, *, public: bool) -> Reply:
        """Show the first match, and list the others."""
        first, *others = matches
        more = (pick_match(ctx.t, ctx.t("Other matches"), others, view),) if others else ()
        return self.entry(ctx, edition, first.pack_id, first.entry.id, view, more, public=public)

    def nothing(
        self,
        ctx: Context,
        edition: Edition,
        words: str,
        kinds: tuple[type[Entry], ...],
        topic: str,
        view: str = "card",
    ) -> Outcome:
        """Say that nothing matches, describe the topics, and offer to browse them.

        The words are counted for the editors, except those from a private place or a direct message.
        """
        place = ctx.request.place
        if self.interested is not None and not (place.private or place.direct):
            self.interested.count_miss(words)
        packs = packs_of_topic(ctx.t, edition.library, topic)
        covered = ((Bold(pack.info.title), Plain(f": {shorten(pack.info.summary, COVERED_MAX)}")) for pack in packs)
        entries = entries_of(packs, kinds)
        card = Card(
            title=ctx.t("Nothing found for “{words}”", words=excerpt(words)),
            body=text(ctx.t("I know about:"), bullets(covered)),
            controls=list_controls(ctx.t, entries, kinds, view, packs[0].id if topic else ""),
            tone=Tone.CAUTION,
        )
        return Outcome(Reply((card,)), success=False)


def with_counterargument(t: Translator, packs: Mapping[str, Pack], match: Match, reply: Reply) -> Reply:
    """Add the strongest counterargument of a fact, in one line, to the last card of the reply that shows it."""
    arguments = packs[match.pack_id].arguments(match.entry.id, "against") if isinstance(match.entry, Fact) else ()
    if not arguments:
        return reply
    line = paragraph(Bold(t("Strongest counterargument:")), f" {shorten(arguments[0].point, COUNTERARGUMENT_MAX)}")
    *others, last = reply.cards
    return replace(reply, cards=(*others, replace(last, body=(*last.body, line))))


def sort_by_counterargument(packs: Mapping[str, Pack], matches: Sequence[Match]) -> Sequence[Match]:
    """Sort matches: of those about as likely as the best, those with a counterargument come first.

    A member who asks for counterarguments to “tariffs” means the position, not a fact that mentions them.
    """
    best = matches[0].score

    def rank(match: Match) -> tuple[bool, bool, bool]:
        is_answered = bool(packs[match.pack_id].arguments(match.entry.id, "against"))
        is_equal = match.score >= best - EQUAL
        return (not is_equal, is_equal and not is_answered, is_equal and not isinstance(match.entry, Position))

    return sorted(matches, key=rank)
