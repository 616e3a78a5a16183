"""The first screen: the topic's question, the origin of the facts, questions to press, and a poll."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.authoring.sentences import sentences
from bot.chat.markup import shorten_words, text
from bot.chat.vocabulary import Action, Button, ButtonStyle, Card, Outcome, Reply, Tone
from bot.dispatch.declare import Context, action
from bot.errors import NotFound
from bot.i18n import Translator
from bot.library.edition import Shelf
from bot.packs.model import Entry, Fact, Option, Position, Verdict
from bot.packs.pack import Pack

if TYPE_CHECKING:
    from bot.polls.service import Polls  # a bot for a terminal has no polls, and loads no database

NAME_MAX = 56
"""Characters of an entry's title in a question."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """Welcomes a member who hasn't done anything yet."""

    shelf: Shelf
    polls: Polls | None = None

    @action("welcome")
    async def welcome(self, ctx: Context) -> Outcome:
        packs = self.shelf.current.library.packs
        pack = packs.get(ctx.community.topic) or next(iter(packs.values()), None)
        if pack is None:
            raise NotFound(ctx.t("No topic has been installed yet."))
        card = Card(
            title=pack.info.title,
            body=text(_first_sentence(pack.info.summary), _origin(ctx.t, pack)),
            controls=(*_questions(ctx.t, pack), *await self._poll(ctx, pack)),
            tone=Tone.INFO,
        )
        return Outcome(Reply((card,)))

    async def _poll(self, ctx: Context, pack: Pack) -> tuple[Button, ...]:
        """Offer the newest open poll to vote in, or else the form of a new one."""
        if self.polls is None:
            return ()
        polls = await self.polls.listed(ctx.community.id, ctx.request.place, only_open=True)
        if polls:
            label = ctx.t("Vote: {question}", question=shorten_words(polls[0].question, NAME_MAX))
            return (Button(label, Action("poll-show", (polls[0].id,)), style=ButtonStyle.PRIMARY),)
        if not any(pack.all(Option)):
            return ()
        return (Button(ctx.t("Open a poll on the policy options"), Action("poll-new"), style=ButtonStyle.PRIMARY),)


def _first_sentence(words: str) -> str:
    return next((sentence.text for sentence in sentences(words)), "")


def _origin(t: Translator, pack: Pack) -> str:
    """Introduce the essay."""
    essay = pack.info.essay
    if essay.title and essay.author:
        about = t("The claims come from “{title}” by {author}.", title=essay.title, author=essay.author)
    elif essay.title:
        about = t("The claims come from “{title}”.", title=essay.title)
    else:
        about = t("The claims come from one essay. {note}", note=_first_sentence(essay.note or "")).strip()
    return about + " " + t("Each has a verdict and its sources.")


def _questions(t: Translator, pack: Pack) -> Iterator[Button]:
    """Yield a question about a claim, one about a counterargument and one about an option, if the pack has them."""
    facts = [fact for fact in pack.all(Fact) if fact.verdict is not Verdict.NOT_CHECKABLE]
    if fact := _shortest_first(facts):
        name = shorten_words(fact.title.rstrip("."), NAME_MAX)
        yield Button(t("Is this true: {claim}?", claim=name), Action("open", (pack.id, fact.id)))
    answered = [entry for kind in (Position, Option) for entry in pack.all(kind) if pack.arguments(entry.id, "against")]
    if entry := _shortest_first(answered):
        name = shorten_words(entry.title.rstrip("."), NAME_MAX)
        yield Button(t("What speaks against “{name}”?", name=name), Action("view", ("counter", pack.id, entry.id)))
    if option := next(iter(pack.all(Option)), None):
        name = shorten_words(option.title.rstrip("."), NAME_MAX)
        yield Button(t("What would “{name}” mean?", name=name), Action("open", (pack.id, option.id)))


def _shortest_first(entries: list[Fact] | list[Position | Option]) -> Entry | None:
    """Return the first entry whose whole title fits a button, or else the first."""
    return next((entry for entry in entries if len(entry.title) <= NAME_MAX), entries[0] if entries else None)
