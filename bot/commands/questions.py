"""Questions in plain words: `/ask`, a mention of the bot, and a message that a member writes to it directly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from bot.chat.markup import clean, shorten, text
from bot.chat.vocabulary import Card, Choice, Outcome, Reply, Visibility
from bot.commands.cards import title_choices, topic_choices
from bot.commands.entry_replies import EntryReplies, with_counterargument
from bot.commands.parameters import SHARE, TOPIC
from bot.dispatch.declare import Context, Param, command, question
from bot.errors import NotFound, Refused
from bot.i18n import N_, Translator
from bot.library.edition import Shelf
from bot.packs.model import Argument, Entry, Event, Fact, Option, Position, Source, Term
from bot.search.answer import Certainty

ASKED: tuple[type[Entry], ...] = (Fact, Position, Argument, Option, Source, Term, Event)
"""The kinds of cards that answer questions."""
QUESTION_MAX = 600
"""Characters of a question. A longer text makes more than one point, so no single card answers it."""
TOPICS_MAX = 200


@dataclass(frozen=True, slots=True)
class Questions:
    shelf: Shelf
    replies: EntryReplies

    @command("ask", N_("Ask a question in your own words"), public_flag="share")
    async def ask(
        self,
        ctx: Context,
        question: Annotated[str, Param(N_("Your question"), rest=True, complete="titles", longest=QUESTION_MAX)],
        share: Annotated[bool, Param(SHARE)] = False,
        topic: Annotated[str, Param(TOPIC, complete="topics")] = "",
    ) -> Outcome:
        return await self._answer(ctx, question, topic, share=share)

    @question
    async def hear(self, ctx: Context, words: str) -> Outcome:
        """Answer a direct message as `/ask` does, and a mention in a channel with a sure answer or one line."""
        if ctx.request.place.direct:
            return await self._answer(ctx, words, "", share=True)
        return await self._answer_all(ctx, words)

    def titles(self, ctx: Context, line: str, args: Mapping[str, object]) -> Sequence[Choice]:
        edition, topic = self.shelf.current, str(args.get("topic") or "")
        return title_choices(ctx.t, edition, line, ASKED, topic if topic in edition.library.packs else None)

    def topics(self, _ctx: Context, line: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return topic_choices(self.shelf.current.library, line)

    async def _answer(self, ctx: Context, words: str, topic: str, *, share: bool) -> Outcome:
        if not _has_words(words):
            raise NotFound(ctx.t("That has no words to look up. Ask a question."))
        if len(words) > QUESTION_MAX:
            raise Refused(_too_long(ctx.t, words))
        outcome = await self.replies.look_up(ctx, words, ASKED, topic=topic, share=share, replies=True)
        return outcome if outcome.success else _with_help(ctx.t, outcome)

    async def _answer_all(self, ctx: Context, words: str) -> Outcome:
        edition, t = self.shelf.current, ctx.t
        if not _has_words(words):
            return _line(t("Ask me something after my name, or type /ask, and only you see the answer."))
        if len(words) > QUESTION_MAX:
            return _line(_too_long(t, words))
        answer = await edition.answers.answer(clean(words), ASKED)
        packs = edition.library.packs
        if answer.certainty is Certainty.NOTHING:
            titles = ", ".join(pack.info.title for pack in packs.values())
            topics = shorten(titles, TOPICS_MAX)
            return _line(t("I have no answer to that. I know about: {topics}.", topics=topics) + " " + _help(t))
        if answer.certainty is Certainty.NEAR:
            return _line(t("I'm not sure that I have an answer to that. /ask shows you the closest cards."))
        reply = self.replies.best(ctx, edition, answer.matches, "card", public=True)
        return Outcome(with_counterargument(t, packs, answer.matches[0], reply))


def _with_help(t: Translator, outcome: Outcome) -> Outcome:
    """Point to /help where no card answers: a member may ask about the bot itself, as in "how do I start a poll"."""
    if outcome.answer is None:
        return outcome
    *others, last = outcome.answer.cards
    body = (*last.body, *text(_help(t)))
    return replace(outcome, answer=replace(outcome.answer, cards=(*others, replace(last, body=body))))


def _help(t: Translator) -> str:
    return t("/help shows what I can do.")


def _line(sentence: str) -> Outcome:
    """Post one line in the channel, for a mention without a sure answer."""
    return Outcome(Reply((Card(body=text(sentence)),), visibility=Visibility.PUBLIC), success=False)


def _has_words(words: str) -> bool:
    return any(character.isalnum() for character in words)


def _too_long(t: Translator, words: str) -> str:
    return t(
        "That's long for a question: {n} characters. Ask in at most {most}, one thing at a time.",
        n=len(words),
        most=QUESTION_MAX,
    )
