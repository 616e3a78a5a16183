"""Find the discussion that a member's request means: by its id, or as the only candidate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.chat.markup import shorten
from bot.chat.vocabulary import Action, Button, Choice
from bot.commands import poll_forms
from bot.deliberation.model import Discussion
from bot.deliberation.service import Discussions
from bot.dispatch.choice_needed import ChoiceNeeded
from bot.dispatch.declare import Context, Param
from bot.errors import NotFound
from bot.i18n import N_
from bot.polls.model import PollState

DISCUSSION = Param(N_("Which discussion"), complete="complete_discussions", longest=60)
TITLE_SHOWN = 60
OFFERED_MAX = 10


@dataclass(frozen=True, slots=True)
class DiscussionFinder:
    """Finds discussions for one request, and only those that its place may see."""

    discussions: Discussions

    async def by_id(self, ctx: Context, discussion_id: str) -> Discussion:
        return await self.discussions.seen_by(discussion_id, ctx.request, ctx.t)

    async def find(
        self, ctx: Context, words: str, do: Callable[[Discussion], Action], *, closed: bool = False
    ) -> Discussion:
        """Return the discussion with this id, or the only candidate. Raise NotFound, ChoiceNeeded."""
        if discussion_id := poll_forms.first_word(words):
            return await self.by_id(ctx, discussion_id)
        wanted = PollState.CLOSED if closed else PollState.OPEN
        candidates = [each for each in await self.discussions.listed(ctx.request) if each.state is wanted]
        if not candidates:
            raise NotFound(
                ctx.t("No discussion has closed here yet.") if closed else ctx.t("No discussion is open here.")
            )
        if len(candidates) > 1 and not closed:
            buttons = tuple(Button(shorten(each.question, TITLE_SHOWN), do(each)) for each in candidates[:OFFERED_MAX])
            raise ChoiceNeeded(ctx.t("Several discussions are open. Which one do you mean?"), buttons)
        return candidates[0]

    async def choices(self, ctx: Context, query: str) -> Sequence[Choice]:
        """Suggest discussions by their id or question."""
        letters = query.casefold()
        return [
            Choice(shorten(each.question, 100), each.id, each.id)
            for each in await self.discussions.listed(ctx.request)
            if letters in each.id or letters in each.question.casefold()
        ]
