"""Members' statements: proposals, drafts with a near-duplicate, and moderators' decisions."""

from __future__ import annotations

from dataclasses import dataclass

from bot.chat.vocabulary import Actor, Request
from bot.communities.action_log import Deed
from bot.communities.model import voter_in
from bot.deliberation import repository
from bot.deliberation.model import STATEMENTS_MAX, Discussion, DiscussionStatement, Moderation, StatementState
from bot.deliberation.service import Discussions
from bot.deliberation.statement_rules import similar, wrong_statement
from bot.errors import NotFound, Refused
from bot.i18n import Translator
from bot.store.sql import Transaction

OWN_STATEMENTS_MAX = 5
"""Most statements of one member in one discussion, without rejected ones."""


@dataclass(frozen=True, slots=True)
class StatementProposal:
    """A member's stored statement. If a `twin` says nearly the same, the author decides whether to send it."""

    statement: DiscussionStatement
    twin: DiscussionStatement | None = None


@dataclass(frozen=True, slots=True)
class Proposals:
    """Members' and moderators' actions on statements. All methods raise Unavailable if the database fails."""

    discussions: Discussions

    async def propose(self, discussion: Discussion, actor: Actor, words: str, t: Translator) -> StatementProposal:
        """Store a member's statement, as a draft if another says nearly the same. Raises Refused."""
        if wrong := wrong_statement(words, t):
            raise Refused(wrong)
        author = voter_in(discussion.community, actor)

        async def write(tx: Transaction) -> StatementProposal:
            if not await tx.run("hold_unclosing_discussion", discussion=discussion.id):
                raise Refused(t("This discussion is closed."))
            statements = await repository.statements(tx, discussion.id)
            own = [each for each in statements if each.author == author]
            if len([each for each in own if each.state is not StatementState.REJECTED]) >= OWN_STATEMENTS_MAX:
                raise Refused(t("You have added {n} statements, the most for one member.", n=OWN_STATEMENTS_MAX))
            if len(statements) >= STATEMENTS_MAX or len(own) >= 2 * OWN_STATEMENTS_MAX:
                raise Refused(t("This discussion can't take another statement."))
            visible = [each for each in statements if each.state is StatementState.OPEN or each in own]
            twin = similar(words, visible)
            state = StatementState.DRAFT if twin else _first_state(discussion)
            position = max(each.position for each in statements) + 1
            statement = DiscussionStatement(position, words, starter=False, state=state, author=author)
            await repository.add_statements(tx, discussion.id, [statement])
            return StatementProposal(statement, twin)

        return await self.discussions.database.write(write)

    async def send_draft(self, discussion: Discussion, actor: Actor, position: int, t: Translator) -> StatementState:
        """Send the member's draft, despite its near-duplicate. Raises NotFound for another's or a sent one."""
        author, to = voter_in(discussion.community, actor), _first_state(discussion)

        async def write(tx: Transaction) -> bool:
            statements = await repository.statements(tx, discussion.id)
            own = any(each.position == position and each.author == author for each in statements)
            return own and await repository.move_statement(tx, discussion.id, position, [StatementState.DRAFT], to)

        if not await self.discussions.database.write(write):
            raise NotFound(t("That statement isn't yours, or it's sent already."))
        return to

    async def withdraw_draft(self, discussion: Discussion, actor: Actor, position: int) -> None:
        """Delete the words of the member's own draft or waiting statement. A repeat is harmless."""
        author = voter_in(discussion.community, actor)
        await self.discussions.database.write(
            lambda tx: tx.run("drop_draft", discussion=discussion.id, position=position, author=author)
        )

    async def statements(self, discussion: Discussion) -> list[DiscussionStatement]:
        """Return all statements, waiting ones included, for moderators."""
        return await self.discussions.database.read(lambda tx: repository.statements(tx, discussion.id))

    async def decide(
        self,
        discussion: Discussion,
        position: int,
        to: StatementState,
        request: Request,
        t: Translator,
        note: str = "",
    ) -> DiscussionStatement:
        """Accept, reject, mute or unmute a statement, and log it. Raises Refused if another moderator was faster."""
        before = {
            StatementState.OPEN: (StatementState.WAITING, StatementState.MUTED),
            StatementState.REJECTED: (StatementState.WAITING,),
            StatementState.MUTED: (StatementState.OPEN,),
        }[to]
        deed = Deed.ACCEPT if to is StatementState.OPEN else Deed.REJECT
        statements = await self.statements(discussion)
        statement = next((each for each in statements if each.position == position), None)
        if statement is None:
            raise NotFound(t("There's no such statement in this discussion."))
        detail = f"{statement.words} – {note}" if note else statement.words
        logged = self.discussions.logged(deed, discussion, request, detail)

        async def write(tx: Transaction) -> bool:
            moved = await repository.move_statement(tx, discussion.id, position, before, to, note)
            if moved:
                await logged(tx)
            return moved

        if not await self.discussions.database.write(write):
            raise Refused(t("Another moderator has already decided about this statement."))
        return statement


def _first_state(discussion: Discussion) -> StatementState:
    return StatementState.WAITING if discussion.moderation is Moderation.BEFORE else StatementState.OPEN
