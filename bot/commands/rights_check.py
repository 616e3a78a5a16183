"""`/settings check`: permissions that the bot needs and lacks, in words that an admin of the platform knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.chat.markup import Block, Bold, ChannelMention, Inline, Plain, bullets, text
from bot.chat.platform import ChecksRights, Platform
from bot.chat.vocabulary import Card, Place, Tone
from bot.communities.model import Community
from bot.dispatch.declare import Context
from bot.errors import BotError
from bot.i18n import Translator
from bot.polls import posted_messages
from bot.polls import repository as poll_rows
from bot.polls.model import PollState
from bot.polls.posted_messages import PostedMessage
from bot.polls.service import Polls
from bot.store.sql import Transaction


@dataclass(frozen=True, slots=True)
class RightsCheck:
    """Asks the platform about each place in which the bot must write."""

    polls: Polls
    platforms: Mapping[str, Platform]

    async def card(self, ctx: Context) -> Card:
        """Draw the missing permissions, place by place: first in the community as a whole. Raises Unavailable."""
        platform: object = self.platforms.get(ctx.request.actor.platform)
        if not isinstance(platform, ChecksRights):
            return Card(
                title=ctx.t("Nothing is missing"), body=text(ctx.t("I need no permissions here.")), tone=Tone.GOOD
            )
        actor = ctx.request.actor
        lacking = [ctx.t(each) for each in await _missing(platform, Place(actor.platform, actor.workspace, ""))]
        lines: list[tuple[Inline, ...]] = [(Bold(each),) for each in lacking]
        copies = await self.polls.database.read(lambda tx: _visible_copies(tx, ctx))
        for place, uses in writing_places(ctx.community, copies, ctx.t).items():
            missing = [ctx.t(each) for each in await _missing(platform, place)]
            lacking += missing
            state = Bold(", ".join(missing)) if missing else Plain(ctx.t("nothing is missing"))
            lines.append((ChannelMention(place.channel, place.channel), Plain(f" ({', '.join(uses)}): "), state))
        return Card(
            title=ctx.t("Permissions are missing") if lacking else ctx.t("Nothing is missing"),
            body=text(bullets(lines), *_advice(ctx, lines, lacking)),
            tone=Tone.CAUTION if lacking else Tone.GOOD,
        )


def writing_places(
    community: Community, copies: Iterable[PostedMessage], t: Translator
) -> Mapping[Place, Sequence[str]]:
    """Return the places in a community where the bot must write, with their uses: `copies` are those of any open poll."""
    platform, _, workspace = community.id.partition(":")
    places = dict[Place, list[str]]()
    for channel, use in (
        (community.moderator_channel, t("moderators' channel")),
        (community.digest_channel, t("weekly digest")),
    ):
        if channel:
            places.setdefault(Place(platform, workspace, channel), []).append(use)
    for place in (copy.message.place for copy in copies):
        if (place.platform, place.workspace) == (platform, workspace):
            uses, use = places.setdefault(place, []), t("open polls")
            uses += [use] if use not in uses else []
    return places


async def _visible_copies(tx: Transaction, ctx: Context) -> list[PostedMessage]:
    """Return the copies of the open polls that this request may see."""
    polls = await poll_rows.visible(tx, ctx.community.id, ctx.request.place)
    copies = [await posted_messages.copies(tx, poll.id) for poll in polls if poll.state is PollState.OPEN]
    return [copy for each in copies for copy in each]


async def _missing(platform: ChecksRights, place: Place) -> Sequence[str]:
    """Ask the platform. If it can't find a place, that is the place's line."""
    try:
        return await platform.missing_rights(place)
    except BotError as error:
        return [error.message]


def _advice(ctx: Context, lines: Sequence[object], lacking: Sequence[str]) -> Sequence[Block | str]:
    if lacking:
        return (ctx.t("Ask an admin to grant these, then check again."),)
    return () if lines else (ctx.t("No channel is set, and no poll is open."),)
