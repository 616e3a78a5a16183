"""Members' suggestions for the content: accept them, let an editor decide, and answer the member.

Nothing that a member typed is published without an editor.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.chat.platform import Platform, Tells
from bot.chat.vocabulary import Actor, Reply
from bot.communities.action_log import ActionLog, Deed
from bot.communities.editors import Editors
from bot.communities.model import Community, CommunityOf, translator_for, voter_id
from bot.errors import BotError, NotFound, Refused
from bot.i18n import Translator
from bot.store import key_value as kept
from bot.store.database import Database
from bot.store.sql import Transaction
from bot.store.timestamps import from_stored, to_stored
from bot.suggestions import repository as rows
from bot.suggestions.repository import WAITING, Kind, Suggestion, SuggestionState

WORDS_MAX = 2000
URL_MAX = 500
NOTE_MAX = 1000
NAME_MAX = 100
MEMBER_MAX = 5
"""Suggestions of one member that may wait for an editor at the same time."""
COMMUNITY_MAX = 200
LISTED = 10
QUIET = timedelta(minutes=10)
"""The pause between two notices to editors about waiting suggestions."""
LAST_NOTICE = "suggestions-told"
"""The name of the database's record of the last notice."""

_DEEDS: Mapping[SuggestionState, Deed] = {
    SuggestionState.ACCEPTED: Deed.ACCEPT,
    SuggestionState.REJECTED: Deed.REJECT,
    SuggestionState.NEEDS_ANSWER: Deed.ASK,
    SuggestionState.PUBLISHED: Deed.PUBLISH,
}
_FROM: Mapping[SuggestionState, frozenset[SuggestionState]] = {
    SuggestionState.ACCEPTED: WAITING,
    SuggestionState.REJECTED: WAITING,
    SuggestionState.NEEDS_ANSWER: frozenset((SuggestionState.OPEN,)),
    SuggestionState.PUBLISHED: frozenset((SuggestionState.ACCEPTED,)),
}
"""State → the states that it can follow."""

logger = logging.getLogger("parley.suggestions")


@dataclass(frozen=True, slots=True)
class Idea:
    """A member's proposal. `entry` is empty if it is about the topic as a whole."""

    kind: Kind
    pack: str
    entry: str
    words: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Takes and decides suggestions. Every method raises Unavailable if the database fails.

    `waiting_notice` makes the notice to editors from the number of waiting suggestions.
    """

    database: Database
    action_log: ActionLog
    editors: Editors
    community_of: CommunityOf
    platforms: Mapping[str, Platform]
    new_id: Callable[[], str]
    waiting_notice: Callable[[Translator, int], Reply]

    async def make(self, idea: Idea, actor: Actor, community: Community, now: datetime, t: Translator) -> Suggestion:
        """Store a suggestion, and tell the editors unless they had a notice a moment ago.

        Raise Refused if the member, or the community, has too many waiting.
        """
        suggestion = Suggestion(
            self.new_id(), community.id, voter_id(actor), actor.name[:NAME_MAX], now,
            idea.kind, idea.pack, idea.entry, idea.words, idea.url,
        )  # fmt: skip

        async def write(tx: Transaction) -> tuple[int, int, int]:
            own, here = await rows.waiting_of(tx, suggestion.member, community.id)
            if own >= MEMBER_MAX or here >= COMMUNITY_MAX:
                return own, here, 0
            await rows.add(tx, suggestion)
            return own, here, await rows.waiting(tx) if await _may_tell(tx, now) else 0

        own, here, waiting = await self.database.write(write)
        if own >= MEMBER_MAX:
            raise Refused(t("Wait for the editors first: {n} of your suggestions are still open.", n=own))
        if here >= COMMUNITY_MAX:
            raise Refused(t("The editors have too many suggestions to review. Try again in a few days."))
        if waiting:
            await self.editors.tell(lambda words: self.waiting_notice(words, waiting), now)
        return suggestion

    async def next(self, after: datetime, last: str = "") -> tuple[Suggestion | None, int]:
        """Return the oldest waiting suggestion after this one, and the number of all that wait."""

        async def read(tx: Transaction) -> tuple[Suggestion | None, int]:
            return await rows.after(tx, after, last), await rows.waiting(tx)

        return await self.database.read(read)

    async def get(self, suggestion: str, t: Translator) -> Suggestion:
        """Return the suggestion. Raise NotFound."""
        row = await self.database.read(lambda tx: rows.find(tx, suggestion))
        if row is None:
            raise NotFound(
                t("There's no suggestion “{id}”. /content queue shows the ones waiting.", id=suggestion[:40])
            )
        return row

    async def mine(self, actor: Actor) -> list[Suggestion]:
        """Return the member's latest suggestions, the newest first."""
        return await self.database.read(lambda tx: rows.of_member(tx, voter_id(actor), LISTED))

    async def accepted(self) -> list[Suggestion]:
        """Return the accepted suggestions, which are drafts, the oldest first."""
        return await self.database.read(lambda tx: rows.in_state(tx, SuggestionState.ACCEPTED, LISTED))

    async def decide(
        self, suggestion: str, to: SuggestionState, editor: Actor, now: datetime, t: Translator, note: str = ""
    ) -> Suggestion:
        """Move a suggestion to a state, once, and log it. Raise NotFound, or Refused if another editor was faster."""
        log = self.action_log.entry(_DEEDS[to], now, by=editor, object_id=suggestion, detail=note)

        async def write(tx: Transaction) -> bool:
            moved = await rows.move(tx, suggestion, _FROM[to], to, note[:NOTE_MAX], editor.name[:NAME_MAX], now)
            if moved:
                await log(tx)
            return moved

        moved = await self.database.write(write)
        decision = await self.get(suggestion, t)
        if not moved:
            raise Refused(already_decided(t, decision))
        return decision

    async def answer(self, suggestion: str, actor: Actor, words: str, t: Translator) -> Suggestion:
        """Store a member's answer to an editor. Raise NotFound for another member's suggestion, Refused when too late."""
        row = await self.get(suggestion, t)
        if row.member != voter_id(actor):
            raise NotFound(t("That suggestion isn't yours. /suggestions lists your own."))
        if not await self.database.write(lambda tx: rows.put_answer(tx, suggestion, words[:WORDS_MAX])):
            raise Refused(t("The editors no longer need an answer to that."))
        return row

    async def tell(self, suggestion: Suggestion, say: Callable[[Translator], Reply], now: datetime) -> bool:
        """Write to the author of a suggestion, in their community's language. Return False if they can't be reached."""
        platform, workspace, person = (*suggestion.member.split(":", 2), "", "")[:3]
        messenger: object = self.platforms.get(platform)
        if not isinstance(messenger, Tells):
            return False
        community = await self.community_of(suggestion.community, now)
        try:
            return await messenger.tell(workspace, person, say(translator_for(community, self.platforms)))
        except BotError as error:
            logger.warning("can't tell the author of suggestion %s: %s", suggestion.id, type(error).__name__)
        except Exception:
            logger.exception("bug while telling the author of suggestion %s", suggestion.id)
        return False


def already_decided(t: Translator, suggestion: Suggestion) -> str:
    """Tell the slower of two editors who decided first."""
    by = suggestion.decided_by
    match suggestion.state:
        case SuggestionState.ACCEPTED:
            return t("{who} has already accepted it. /content publish adds it to the topic.", who=by)
        case SuggestionState.REJECTED:
            return t("{who} has already rejected it.", who=by)
        case SuggestionState.PUBLISHED:
            return t("{who} has already published it.", who=by)
        case SuggestionState.NEEDS_ANSWER:
            return t("{who} has already asked the member about it.", who=by)
    return t("Accept it first, with /content queue.")


async def _may_tell(tx: Transaction, now: datetime) -> bool:
    """Claim a notice to the editors. Return False if they had one a moment ago."""
    last_notice = await kept.get(tx, LAST_NOTICE)
    if last_notice.isdecimal() and now - from_stored(int(last_notice)) < QUIET:
        return False
    await kept.put(tx, LAST_NOTICE, str(to_stored(now)))
    return True
