"""Find the poll that a member's request means: by its id, or as the only candidate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.chat.markup import shorten
from bot.chat.vocabulary import Action, Button, Choice
from bot.commands import poll_forms
from bot.dispatch.choice_needed import ChoiceNeeded
from bot.dispatch.declare import Context
from bot.errors import NotAllowed, NotFound
from bot.polls.model import Poll
from bot.polls.service import Polls

OFFERED_MAX = 10
TITLE_SHOWN = 60


@dataclass(frozen=True, slots=True)
class PollFinder:
    """Finds polls for one request, and only those that its place may see."""

    polls: Polls

    async def by_id(self, ctx: Context, poll_id: str) -> Poll:
        """Return the poll with this id. Raise NotFound."""
        return await self.polls.seen_by(poll_id, ctx.request, ctx.t)

    async def to_vote_in(self, ctx: Context, poll_id: str) -> Poll:
        """Return the poll with this id for a vote in it. Raise NotFound."""
        return await self.polls.to_vote_in(poll_id, ctx.request, ctx.t)

    async def by_words(
        self, ctx: Context, words: str, do: Callable[[Poll], Action], *, closed: bool = False, own: bool = False
    ) -> Poll:
        """Return the poll with this id, or, if the member names none, the only candidate.

        `closed` takes the latest of all polls, `own` the open ones that this member may run. Raise NotFound, NotAllowed
        if the member may run none of them, and ChoiceNeeded if several are open, with a button for each that runs the
        action of `do`.
        """
        if words.strip():
            return await self._by_id_or_title(ctx, words, do)
        polls = await self.polls.listed(ctx.community.id, ctx.request.place, only_open=not closed)
        if own and not ctx.moderates and polls:
            polls = [poll for poll in polls if poll.creator == ctx.request.actor.id]
            if not polls:
                raise NotAllowed(ctx.t("Only the poll's host and the moderators of its community can do that."))
        if not polls:
            sentences = {
                "own": ctx.t("No poll is open here. /poll list shows the closed ones."),
                "latest": ctx.t("There's no poll here yet. Open one with /poll policy or /poll create."),
                "open": ctx.t("No poll is open here. For a closed one, enter your receipt's code: /poll receipt CODE."),
            }
            raise NotFound(sentences["own" if own else "latest" if closed else "open"])
        if len(polls) > 1 and not closed:
            raise ChoiceNeeded(ctx.t("Several polls are open. Which one do you mean?"), _buttons(polls, do))
        return polls[0]

    async def id_of(self, ctx: Context, words: str, do: Callable[[Poll], Action]) -> str:
        """Return the typed id, or that of the poll with this title. It may belong to another place."""
        try:
            return (await self._by_id_or_title(ctx, words, do)).id
        except NotFound:
            return poll_forms.first_word(words)

    async def _by_id_or_title(self, ctx: Context, words: str, do: Callable[[Poll], Action]) -> Poll:
        """Return the poll with this id, or the only one whose question has these words; a whole question goes first."""
        letters = " ".join(words.casefold().split())
        polls = await self.polls.listed(ctx.community.id, ctx.request.place)
        if not any(poll.id == poll_forms.first_word(words) for poll in polls):
            questions = [(poll, " ".join(poll.question.casefold().split())) for poll in polls]
            matches = [poll for poll, question in questions if question == letters]
            matches = matches or [poll for poll, question in questions if letters in question]
            if len(matches) == 1:
                return matches[0]
            if matches:
                raise ChoiceNeeded(ctx.t("Several polls match. Which one do you mean?"), _buttons(matches, do))
        return await self.by_id(ctx, poll_forms.first_word(words))

    async def choices(self, ctx: Context, query: str) -> Sequence[Choice]:
        """Suggest polls by their id or question."""
        letters = query.casefold()
        return [
            Choice(shorten(poll.question, 100), poll.id, poll.id)
            for poll in await self.polls.listed(ctx.community.id, ctx.request.place)
            if letters in poll.id or letters in poll.question.casefold()
        ]


def _buttons(polls: Sequence[Poll], do: Callable[[Poll], Action]) -> tuple[Button, ...]:
    return tuple(Button(shorten(poll.question, TITLE_SHOWN), do(poll)) for poll in polls[:OFFERED_MAX])
