"""The actions on discussions, with their permissions and deadlines. Commands turn the results into words."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.chat.vocabulary import Actor, MessageRef, Request
from bot.communities.action_log import ActionLog, Deed
from bot.communities.model import Community, community_id, voter_id, voter_in
from bot.deliberation import posted_cards, repository
from bot.deliberation.answer_box import AnswerBox, NotCounted, StatementAnswer
from bot.deliberation.extremities import Extremities
from bot.deliberation.model import (
    ID_PREFIX,
    QUESTION_MAX,
    STARTERS_MAX,
    STARTERS_MIN,
    Discussion,
    DiscussionStatement,
    Moderation,
    StatementState,
    Turn,
)
from bot.deliberation.report import as_json, digest, make_report
from bot.deliberation.statement_rules import wrong_statement
from bot.errors import NotAllowed, NotFound, Refused
from bot.i18n import N_, Translator
from bot.polls.model import NEWEST_FORMAT, PollState
from bot.polls.option_names import is_blank
from bot.polls.places import is_private, poll_place
from bot.polls.poll_secrets import SECRET_BYTES, read_secret, sealed_secret
from bot.polls.posted_messages import PostedMessage
from bot.store.database import Database, Unit
from bot.store.keys import Keys
from bot.store.sql import Transaction
from bot.store.timestamps import to_stored

OPEN_MAX = 10
"""Most open discussions of one community at a time."""
CLOSED_MEANWHILE = N_("This discussion is no longer open. Your answer wasn't counted.")
VOTES: Mapping[str, int] = {"agree": 1, "pass": 0, "disagree": -1}


@dataclass(frozen=True, slots=True)
class DiscussionDraft:
    """A discussion as its host enters it. `starters` are pairs of (words, leaning)."""

    question: str
    closes_at: datetime
    starters: tuple[tuple[str, str], ...]
    pack: str = ""
    moderation: Moderation = Moderation.BEFORE


@dataclass(slots=True)
class Discussions:
    """The discussions of every community. All methods raise Unavailable if the database fails."""

    database: Database
    keys: Keys
    new_id: Callable[[], str]
    action_log: ActionLog
    random_bytes: Callable[[int], bytes]
    extremities: Extremities
    changed: Callable[[], None] = lambda: None
    """Called when a deadline is set or moved."""
    answers: AnswerBox = field(init=False)
    _ending: set[str] = field(default_factory=set)
    """Discussions that this process is closing."""
    _untidy: bool = False

    def __post_init__(self) -> None:
        self.answers = AnswerBox(self.database, self.keys)

    # --- hosts ---

    async def start(self, draft: DiscussionDraft, request: Request, community: Community, t: Translator) -> Discussion:
        """Open a discussion in the place of the request. Raises NotAllowed or Refused."""
        host, now = request.actor, request.now
        if not community.may_create(host):
            raise NotAllowed(t("Only moderators can start discussions in this community."))
        if is_blank(draft.question) or len(draft.question) > QUESTION_MAX:
            raise Refused(t("Type a question of at most {n} characters.", n=QUESTION_MAX))
        starters = draft.starters[:STARTERS_MAX]
        if len(starters) < STARTERS_MIN:
            raise Refused(
                t("Add at least {n} statements to begin with, one on each line or with | between.", n=STARTERS_MIN)
            )
        for words, _ in starters if not draft.pack else ():
            if wrong := wrong_statement(words, t):
                raise Refused(f"“{words[:60]}”: {wrong}")
        discussion = Discussion(
            id=ID_PREFIX + self.new_id(),
            community=community.id,
            creator=host.id,
            creator_name=host.name,
            question=draft.question,
            pack=draft.pack,
            moderation=draft.moderation,
            private=is_private(request.place),
            opened_at=now,
            closes_at=draft.closes_at,
            places=frozenset({poll_place(request.place)}),
        )
        statements = [
            DiscussionStatement(position, words, starter=True, lean=lean)
            for position, (words, lean) in enumerate(starters)
        ]
        wrapped = self.keys.wrap(sealed_secret(discussion.id, self.random_bytes(SECRET_BYTES)))

        async def write(tx: Transaction) -> None:
            if await repository.open_count(tx, community.id) >= OPEN_MAX:
                raise Refused(t("Close a discussion first: {n} are open here, the most allowed.", n=OPEN_MAX))
            await repository.insert(tx, discussion, statements, wrapped)

        await self.database.write(write)
        self.changed()
        return discussion

    async def extend(
        self, discussion: Discussion, request: Request, community: Community, closes_at: datetime, t: Translator
    ) -> Discussion:
        """Postpone the close. Raises NotAllowed or Refused."""
        self.check_host(discussion, request.actor, community, t)
        must_be_open(discussion, t)
        if closes_at <= discussion.closes_at:
            raise Refused(t("Pick a time after the current close. To end the discussion early, use /discuss close."))
        logged = self.logged(Deed.EXTEND, discussion, request, discussion.question)

        async def write(tx: Transaction) -> bool:
            values = {"discussion": discussion.id, "closes_at": to_stored(closes_at)}
            moved = await tx.run("extend_discussion", **values) == 1
            if moved:
                await logged(tx)
            return moved

        if not await self.database.write(write):
            raise Refused(t("This discussion is no longer open."))
        self.changed()
        return replace(discussion, closes_at=closes_at)

    async def close(self, discussion: Discussion, request: Request, community: Community, t: Translator) -> Discussion:
        """Close the discussion early. Raises NotAllowed or Refused."""
        self.check_host(discussion, request.actor, community, t)
        must_be_open(discussion, t)
        logged = self.logged(Deed.CLOSE, discussion, request, discussion.question)
        await self.end(discussion.id, request.now, by=voter_id(request.actor), also=logged)
        self.changed()
        return await self.get(discussion.id, t)

    async def cancel(self, discussion: Discussion, request: Request, community: Community, t: Translator) -> None:
        """End the discussion without a result, and delete its answers. Raises NotAllowed or Refused."""
        self.check_host(discussion, request.actor, community, t)
        must_be_open(discussion, t)
        logged = self.logged(Deed.CANCEL, discussion, request, discussion.question)
        await self.drop(discussion.id, request.now, by=voter_id(request.actor), also=logged)

    def check_host(self, discussion: Discussion, actor: Actor, community: Community, t: Translator) -> None:
        """Raise NotAllowed for a member who neither opened the discussion nor moderates its community."""
        own = community.id == discussion.community
        if not (own and (actor.id == discussion.creator or community.moderates(actor))):
            raise NotAllowed(t("Only the discussion's host and the moderators of its community can do that."))

    def logged(self, deed: Deed, discussion: Discussion, request: Request, detail: str) -> Unit[None]:
        """Return the step that logs a deed. It skips private discussions, since moderators read the log anywhere."""
        if discussion.private:
            return _nothing
        return self.action_log.entry(
            deed, request.now, by=request.actor, object_id=discussion.id, detail=detail, community=discussion.community
        )

    # --- the end ---

    async def due(self, now: datetime) -> list[str]:
        """Return the open discussions past their close, and the ones that a process began to end but didn't finish."""
        due = await self.database.read(lambda tx: tx.column("due_discussions", now=to_stored(now)))
        return [each for each in due if each not in self._ending]

    async def end(self, discussion: str, at: datetime, by: str = "", also: Unit[None] | None = None) -> bool:
        """Close a discussion for good; True for the caller who closed it.

        First, refuse new answers. Then compute the result on another thread, from a snapshot. Store it in the
        transaction that deletes all answers and the secret, which could identify people. If the process dies in
        between, the discussion stays due, and the next process continues.
        """

        async def begin(tx: Transaction) -> None:
            if await tx.run("begin_closing", discussion=discussion, closed_by=by) and also is not None:
                await also(tx)

        await self.database.write(begin)
        self._ending.add(discussion)
        try:
            while True:
                row, statements, ballots = await self.database.read(
                    lambda tx: repository.whole(tx, discussion), long=True
                )
                if row is None:
                    return False
                report = await asyncio.to_thread(make_report, statements, ballots)
                content = as_json(row, report)
                ended = await self.database.write(
                    lambda tx, row=row, content=content: _end(tx, row, content, at, by),  # type: ignore[misc]
                    long=True,
                )
                if ended is not None:
                    await self._forget(discussion)
                    return ended
        finally:
            self._ending.discard(discussion)

    async def drop(self, discussion: str, at: datetime, by: str = "", also: Unit[None] | None = None) -> bool:
        """Cancel a discussion for good: delete answers and secret, and store no result. False if it isn't open."""

        async def write(tx: Transaction) -> bool:
            dropped = await repository.end(tx, discussion, PollState.CANCELLED, at, by)
            if dropped and also is not None:
                await also(tx)
            return dropped

        dropped = await self.database.write(write)
        await self._forget(discussion)
        return dropped

    async def _forget(self, discussion: str) -> None:
        self.extremities.forget(discussion)
        self._untidy = True
        await self.tidy()

    async def tidy(self) -> None:
        """Clear the remains of deleted rows from the database's files, if that is still due.

        A reader can block this, so the scheduler tries again. At a start the ballot box does the same.
        """
        if self._untidy:
            self._untidy = not await self.database.forget_deleted()

    # --- members ---

    async def turn(self, discussion: Discussion, actor: Actor) -> Turn:
        """Return the member's next turn. The database has their progress, so they resume anywhere.

        Raises NotFound.
        """

        async def read(tx: Transaction) -> tuple[Discussion, list[DiscussionStatement], dict[int, int], str]:
            person = await self._pseudonym(tx, discussion, actor)
            answered = await repository.answers_of(tx, discussion.id, person)
            statements = await repository.statements(tx, discussion.id)
            return await posted_cards.get(tx, discussion.id), statements, answered, person

        fresh, statements, answered, person = await self.database.read(read)
        return self._turn(fresh, statements, answered, person)

    def _turn(
        self,
        discussion: Discussion,
        statements: Sequence[DiscussionStatement],
        answered: Mapping[int, int],
        person: str,
    ) -> Turn:
        position = self._next(discussion, statements, answered, person)
        shown = [each for each in statements if each.state is StatementState.OPEN]
        statement = None if position is None else next(each for each in shown if each.position == position)
        done = sum(each.position in answered for each in shown)
        return Turn(discussion, statement, done, len(shown))

    def _next(
        self, discussion: Discussion, statements: Sequence[DiscussionStatement], answered: Iterable[int], person: str
    ) -> int | None:
        from bot.deliberation import findings, statement_order  # noqa: PLC0415 - NumPy, which a look-up never needs

        starters = [each for each in statements if each.starter]
        own = random.Random(f"{discussion.id} {person}")  # the same five each time that the member comes back
        first = [
            starters[index].position
            for index in statement_order.first_statements([each.lean for each in starters], own.random)
        ]
        weights = findings.draw_weights(statements, self.extremities.of(discussion.id))
        self.extremities.renew(discussion.id, sum(each.answers for each in statements))
        closed = [each.position for each in statements if each.state is not StatementState.OPEN]
        chance = int.from_bytes(self.random_bytes(6)) / 2**48
        return statement_order.next_statement(first, list(answered), weights, chance, closed)

    async def answer(self, discussion: Discussion, actor: Actor, position: int, vote: int, t: Translator) -> Turn:
        """Store an answer durably, and return the member's next turn.

        Raises Refused, and changes nothing, if the discussion is closed or the statement is no longer in it.
        """

        counted = await self.answers.put(
            StatementAnswer(discussion.id, voter_in(discussion.community, actor), position, vote)
        )
        if counted is NotCounted.CLOSED:
            raise Refused(t(CLOSED_MEANWHILE))
        if counted is NotCounted.GONE:
            raise Refused(t("This statement is no longer in the discussion. Go on with another."))
        answered = {**counted.before, position: vote}
        turn = self._turn(discussion, counted.statements, answered, counted.person)
        return replace(turn, joined=not counted.before)

    async def mine(self, discussion: Discussion, actor: Actor) -> list[tuple[DiscussionStatement, int]]:
        """Return the member's own answers, by statement."""

        async def read(tx: Transaction) -> list[tuple[DiscussionStatement, int]]:
            answers = await repository.answers_of(tx, discussion.id, await self._pseudonym(tx, discussion, actor))
            statements = await repository.statements(tx, discussion.id)
            return [(each, answers[each.position]) for each in statements if each.position in answers]

        return await self.database.read(read)

    async def person(self, discussion: Discussion, actor: Actor) -> str:
        """Return a member's pseudonym; empty after the close. Raises Unavailable under another instance key."""
        return await self.database.read(lambda tx: self._pseudonym(tx, discussion, actor))

    async def _pseudonym(self, tx: Transaction, discussion: Discussion, actor: Actor) -> str:
        wrapped = await tx.value("discussion_secret", discussion=discussion.id)
        if wrapped is None:
            return ""
        secret = read_secret(discussion.id, self.keys.unwrap(wrapped), NEWEST_FORMAT)
        return secret.pseudonym(voter_in(discussion.community, actor))

    # --- everybody ---

    async def get(self, discussion_id: str, t: Translator) -> Discussion:
        """Return the discussion. Raises NotFound."""
        row = await self.database.read(lambda tx: repository.find(tx, discussion_id))
        if row is None:
            raise no_discussion(discussion_id, t)
        return row

    async def seen_by(self, discussion_id: str, request: Request, t: Translator) -> Discussion:
        """Return the discussion if it belongs to this community and, if private, to the place of the request.

        Raises NotFound, in the same words for a missing one, another community's and another place's.
        """
        row = await self.get(discussion_id, t)
        if not row.answers(community_id(request.actor), request.place):
            raise no_discussion(discussion_id, t)
        return row

    async def listed(self, request: Request) -> list[Discussion]:
        """Return the discussions that this request may see, open ones first, then the latest."""
        community = community_id(request.actor)
        rows = await self.database.read(lambda tx: repository.of_community(tx, community))
        return [row for row in rows if row.answers(community, request.place)]

    # --- posted messages ---

    async def posted(self, discussion: str, ref: MessageRef, now: datetime) -> None:
        """Remember a message that shows the discussion."""

        async def write(tx: Transaction) -> None:
            await repository.add_place(tx, discussion, poll_place(ref.place))
            await posted_cards.add_copy(tx, PostedMessage(discussion, ref, now))

        await self.database.write(write)

    async def unposted(self, discussion: str, now: datetime) -> None:
        """Cancel a discussion that no message shows, because its post failed."""
        if not await self.database.read(lambda tx: posted_cards.copies(tx, discussion)):
            await self.drop(discussion, now)


async def _end(tx: Transaction, row: Discussion, content: str, at: datetime, by: str) -> bool | None:
    """Store the result; None if a member erased their answers meanwhile, so that `end` must compute it again."""
    await tx.run("hold_discussion", discussion=row.id)
    fresh = await repository.find(tx, row.id)
    if fresh is None:
        return False
    if fresh.votes != row.votes:
        return None
    ended = await repository.end(tx, row.id, PollState.CLOSED, at, by, (content, digest(content)))
    if ended:
        await posted_cards.tell_places(tx, row, at)
    return ended


def must_be_open(discussion: Discussion, t: Translator) -> None:
    """Raise Refused for a discussion that has ended."""
    if discussion.state is PollState.CLOSED:
        raise Refused(t("This discussion is closed, and its result is final."))
    if discussion.state is PollState.CANCELLED:
        raise Refused(t("This discussion was cancelled."))


def no_discussion(discussion_id: str, t: Translator) -> NotFound:
    """Return the same error for a missing discussion, another community's and another place's."""
    return NotFound(t("There's no discussion “{id}” here. /discuss list shows them.", id=discussion_id[:40]))


async def _nothing(_tx: Transaction) -> None:
    """Write nothing."""
