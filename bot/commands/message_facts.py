"""*Find facts* on a message: the fact or argument that answers it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.chat.markup import clean_lines
from bot.chat.vocabulary import Card, Outcome, Reply
from bot.commands.closest import brief_card, closest_cards, other_buttons
from bot.dispatch.declare import TEXT_MAX, Context, shortcut
from bot.errors import NotFound
from bot.i18n import N_
from bot.library.edition import Shelf
from bot.packs.model import Argument, Fact
from bot.search.answer import Certainty

MATCHES_MAX = 3


@dataclass(frozen=True, slots=True)
class MessageFacts:
    shelf: Shelf

    @shortcut("find-facts", N_("Find facts"))
    async def find_facts(self, ctx: Context, message: str) -> Outcome:
        """Answer a message with a fact or an argument and a button to share it, and offer the next two."""
        if not any(character.isalnum() for character in message):
            raise NotFound(ctx.t("This message has no words to look up."))
        edition = self.shelf.current
        answer = await edition.answers.answer(clean_lines(message[:TEXT_MAX]), (Fact, Argument), limit=MATCHES_MAX)
        packs = edition.library.packs
        if answer.certainty is Certainty.NOTHING:
            raise NotFound(ctx.t("I found no fact or argument about this message. /search looks everywhere."))
        if answer.certainty is Certainty.NEAR:
            briefs = closest_cards(ctx.t, packs, answer.matches)
        else:
            first, *others = answer.matches
            brief = brief_card(ctx.t, packs[first.pack_id], first.entry)
            briefs = (replace(brief, controls=(*brief.controls, *other_buttons(others))),)
        note = ctx.t("Only you see this, and I didn't store the message.")
        if not ctx.request.away:
            note += " " + ctx.t("Press Share to post an answer.")
        return Outcome(Reply((*briefs, Card(footer=note))))
