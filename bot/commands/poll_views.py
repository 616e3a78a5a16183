"""Messages about a poll that Parley posts by itself, and the cards that several commands share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.charts import chart
from bot.chat.platform import Platform
from bot.chat.vocabulary import Card, Reply, Visibility
from bot.commands import poll_cards, result_cards
from bot.communities.model import Community, translator_for
from bot.i18n import Translator
from bot.polls.model import Poll, PollState, Results
from bot.polls.service import Polls


@dataclass(frozen=True, slots=True)
class PollViews:
    """Draws polls in their present state."""

    polls: Polls
    platforms: Mapping[str, Platform]

    async def posted_message(self, poll: Poll, community: Community) -> Reply:
        """Draw the poll's posted message from its present state, in the community's language and zone."""
        card = await self.card(translator_for(community, self.platforms), poll, community)
        return Reply((card,), visibility=Visibility.PUBLIC)

    async def opening_message(self, poll: Poll, community: Community) -> Reply:
        """Draw the first message of a poll, the only one that pings the poll's role."""
        card = await self.card(translator_for(community, self.platforms), poll, community, pings=True)
        return Reply((card,), visibility=Visibility.PUBLIC)

    async def card(
        self, t: Translator, poll: Poll, community: Community, own: str = "", *, pings: bool = False
    ) -> Card:
        """Draw the poll. `own` is the ballot of the one member who sees the card, to start from."""
        if community.id != poll.community:  # the role belongs to another community
            poll = replace(poll, ping="")
        if poll.state is PollState.CLOSED:
            return poll_cards.closed_card(t, poll, await self.polls.result(poll), await self.polls.objections(poll))
        live = poll.state is PollState.OPEN and poll.results is Results.LIVE
        return poll_cards.poll_card(
            t,
            poll,
            community.tz,
            self.polls.secrecy,
            await self.polls.result(poll) if live else None,
            own,
            await self.polls.objections(poll),
            pings=pings,
        )

    async def announcement(self, poll: Poll, community: Community) -> Reply:
        """Draw the announcement of a closed poll."""
        t = translator_for(community, self.platforms)
        card = await self.result(t, poll)
        titled = replace(card, title=t("Closed: {question}", question=poll.question))
        return Reply((titled,), visibility=Visibility.PUBLIC)

    async def reminder(self, poll: Poll, community: Community) -> Reply:
        """Draw the reminder before a poll closes."""
        t = translator_for(community, self.platforms)
        cast = (await self.polls.result(poll)).cast if poll.results is Results.LIVE else None
        return Reply((poll_cards.reminder_card(t, poll, community.tz, cast),), visibility=Visibility.PUBLIC)

    async def result(self, t: Translator, poll: Poll) -> Card:
        """Draw the result with its chart."""
        result = await self.polls.result(poll)
        image = chart(result, result.options, title=poll.question, t=t, final=poll.state is PollState.CLOSED)
        return result_cards.result_card(t, poll, result, image, await self.polls.objections(poll))
