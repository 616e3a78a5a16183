"""What members suggest for the content: taken in, decided by an editor, told to whoever suggested it.

Nothing that a member typed is published without an editor.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.acts import Acts, Did
from bot.chat import Actor, Platform, Reply, Tells
from bot.community import Community, CommunityOf, translator_for, voter_id
from bot.editors import Editors
from bot.errors import BotError, NotFound, Refused
from bot.i18n import Translator
from bot.store import kept
from bot.store import suggestions as rows
from bot.store.database import Database
from bot.store.sql import Transaction
from bot.store.suggestions import WAITING, Kind, State, Suggestion
from bot.store.times import from_stored, to_stored

WORDS_MAX = 2000
URL_MAX = 500
NOTE_MAX = 1000
NAME_MAX = 100
MEMBER_MAX = 5
"""Suggestions of one member that wait for an editor at the same time."""
COMMUNITY_MAX = 200
LISTED = 10
QUIET = timedelta(minutes=10)
"""How long editors hear of no further suggestion once they were told that some wait."""
TOLD = "suggestions-told"
"""The name under which the database keeps when that was."""

_DID: Mapping[State, Did] = {
    State.ACCEPTED: Did.ACCEPT,
    State.REJECTED: Did.REJECT,
    State.ASKED: Did.ASK,
    State.PUBLISHED: Did.PUBLISH,
}
_FROM: Mapping[State, frozenset[State]] = {
    State.ACCEPTED: WAITING,
    State.REJECTED: WAITING,
    State.ASKED: frozenset((State.OPEN,)),
    State.PUBLISHED: frozenset((State.ACCEPTED,)),
}
"""What a suggestion can have been before."""

logger = logging.getLogger("parley.suggestions")


@dataclass(frozen=True, slots=True)
class Idea:
    """What a member typed. `entry` is empty for what is about the topic as a whole."""

    kind: Kind
    pack: str
    entry: str
    words: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Every method raises Unavailable when the database can't be used.

    `waiting_notice` makes what editors are told, from how many suggestions wait.
    """

    database: Database
    acts: Acts
    editors: Editors
    community_of: CommunityOf
    platforms: Mapping[str, Platform]
    new_id: Callable[[], str]
    waiting_notice: Callable[[Translator, int], Reply]

    async def make(self, idea: Idea, actor: Actor, community: Community, now: datetime, t: Translator) -> Suggestion:
        """Takes a suggestion in, and tells the editors if they were not told just now.

        Raises Refused where the member, or the community, has too many that wait.
        """
        made = Suggestion(
            self.new_id(), community.id, voter_id(actor), actor.name[:NAME_MAX], now,
            idea.kind, idea.pack, idea.entry, idea.words, idea.url,
        )  # fmt: skip

        async def write(tx: Transaction) -> tuple[int, int, int]:
            own, here = await rows.waiting_of(tx, made.member, community.id)
            if own >= MEMBER_MAX or here >= COMMUNITY_MAX:
                return own, here, 0
            await rows.add(tx, made)
            return own, here, await rows.waiting(tx) if await _may_tell(tx, now) else 0

        own, here, waiting = await self.database.write(write)
        if own >= MEMBER_MAX:
            raise Refused(
                t("{n} of your suggestions still wait for an editor. Suggest more once they are decided.", n=own)
            )
        if here >= COMMUNITY_MAX:
            raise Refused(t("Too many suggestions wait for the editors just now. Please try again in some days."))
        if waiting:
            await self.editors.tell(lambda words: self.waiting_notice(words, waiting), now)
        return made

    async def next(self, after: datetime, last: str = "") -> tuple[Suggestion | None, int]:
        """The oldest that waits for an editor, after this one, and how many wait in all."""

        async def read(tx: Transaction) -> tuple[Suggestion | None, int]:
            return await rows.after(tx, after, last), await rows.waiting(tx)

        return await self.database.read(read)

    async def get(self, suggestion: str, t: Translator) -> Suggestion:
        """Raises NotFound."""
        found = await self.database.read(lambda tx: rows.find(tx, suggestion))
        if found is None:
            raise NotFound(
                t("There is no suggestion “{id}”. /content queue shows those that wait.", id=suggestion[:40])
            )
        return found

    async def mine(self, actor: Actor) -> list[Suggestion]:
        """The member's latest, the newest first."""
        return await self.database.read(lambda tx: rows.of_member(tx, voter_id(actor), LISTED))

    async def accepted(self) -> list[Suggestion]:
        """Those that are drafts, the oldest first."""
        return await self.database.read(lambda tx: rows.in_state(tx, State.ACCEPTED, LISTED))

    async def decide(
        self, suggestion: str, to: State, editor: Actor, now: datetime, t: Translator, note: str = ""
    ) -> Suggestion:
        """Moves a suggestion on, once, and logs it. Raises NotFound, and Refused where somebody else was faster."""
        log = self.acts.entry(_DID[to], now, by=editor, object_id=suggestion, detail=note)

        async def write(tx: Transaction) -> bool:
            moved = await rows.move(tx, suggestion, _FROM[to], to, note[:NOTE_MAX], editor.name[:NAME_MAX], now)
            if moved:
                await log(tx)
            return moved

        moved = await self.database.write(write)
        made = await self.get(suggestion, t)
        if not moved:
            raise Refused(said_already(t, made))
        return made

    async def answer(self, suggestion: str, actor: Actor, words: str, t: Translator) -> Suggestion:
        """What the member says to an editor's question. Raises NotFound for one of somebody else, Refused if too late."""
        found = await self.get(suggestion, t)
        if found.member != voter_id(actor):
            raise NotFound(t("That suggestion is not yours."))
        if not await self.database.write(lambda tx: rows.put_answer(tx, suggestion, words[:WORDS_MAX])):
            raise Refused(t("Nobody is waiting for an answer to that any more."))
        return found

    async def tell(self, made: Suggestion, say: Callable[[Translator], Reply], now: datetime) -> bool:
        """Writes to whoever suggested it, in their community's language. False where they can't be reached."""
        platform, workspace, person = (*made.member.split(":", 2), "", "")[:3]
        messenger: object = self.platforms.get(platform)
        if not isinstance(messenger, Tells):
            return False
        community = await self.community_of(made.community, now)
        try:
            return await messenger.tell(workspace, person, say(translator_for(community, self.platforms)))
        except BotError as error:
            logger.warning("who made the suggestion %s could not be told: %s", made.id, type(error).__name__)
        except Exception:
            logger.exception("bug while whoever made the suggestion %s was told", made.id)
        return False


def said_already(t: Translator, made: Suggestion) -> str:
    """For an editor who comes second."""
    by = made.decided_by
    match made.state:
        case State.ACCEPTED:
            return t("{who} has accepted it already. /content publish takes it into the topic.", who=by)
        case State.REJECTED:
            return t("{who} has rejected it already.", who=by)
        case State.PUBLISHED:
            return t("{who} has published it already.", who=by)
        case State.ASKED:
            return t("{who} has asked the member about it already.", who=by)
    return t("It has to be accepted first: see /content queue.")


async def _may_tell(tx: Transaction, now: datetime) -> bool:
    """Whether editors have heard of no suggestion for a while; they are told now then."""
    told = await kept.get(tx, TOLD)
    if told.isdecimal() and now - from_stored(int(told)) < QUIET:
        return False
    await kept.put(tx, TOLD, str(to_stored(now)))
    return True
