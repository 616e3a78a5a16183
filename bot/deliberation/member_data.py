"""Show, export and erase one member's data in open discussions. Closed ones hold none."""

from __future__ import annotations

from dataclasses import dataclass

from bot.chat.vocabulary import Actor
from bot.communities.model import community_id, voter_in
from bot.deliberation import repository
from bot.deliberation.service import Discussions
from bot.polls.model import PollState
from bot.store.sql import Transaction


@dataclass(frozen=True, slots=True)
class DiscussionData:
    """A member's answers and statements. All methods raise Unavailable if the database fails."""

    discussions: Discussions

    async def stored_about(self, actor: Actor) -> tuple[int, tuple[str, ...]]:
        """Return the number of open discussions that the member answered in, and their statements in open ones."""
        community = community_id(actor)
        rows = await self.discussions.database.read(lambda tx: repository.of_community(tx, community, 1000))
        answered = 0
        for row in rows:
            if row.state is PollState.OPEN:
                answered += bool(await self.discussions.mine(row, actor))
        author = voter_in(community, actor)
        own = await self.discussions.database.read(lambda tx: tx.rows("statements_by_author", author=author))
        return answered, tuple(row["words"] for row in own)

    async def export_of(self, actor: Actor) -> list[dict[str, object]]:
        """Return the member's answers and statements in open discussions, for a file."""
        community, author = community_id(actor), voter_in(community_id(actor), actor)
        rows = await self.discussions.database.read(lambda tx: repository.of_community(tx, community, 1000))
        parts: list[dict[str, object]] = []
        for row in (row for row in rows if row.state is PollState.OPEN):
            answers = [
                {"statement": each.words, "answer": vote} for each, vote in await self.discussions.mine(row, actor)
            ]
            statements = await self.discussions.database.read(lambda tx, row=row: repository.statements(tx, row.id))  # type: ignore[misc]
            own = [each.words for each in statements if each.author == author]
            if answers or own:
                parts.append({"discussion": row.id, "answers": answers, "statements": own})
        return parts

    async def erase(self, actor: Actor) -> list[str]:
        """Delete the member's answers in open discussions, their waiting statements and their name everywhere else."""
        community = community_id(actor)
        rows = await self.discussions.database.read(lambda tx: repository.of_community(tx, community, 1000))
        open_ones = [(row.id, await self.discussions.person(row, actor)) for row in rows if row.state is PollState.OPEN]
        author = voter_in(community, actor)

        async def write(tx: Transaction) -> list[str]:
            changed = [each for each, person in open_ones if await repository.withdraw(tx, each, person)]
            await tx.run("withdraw_statements_of", author=author)
            await tx.run("forget_statement_author", author=author)
            await tx.run("forget_discussion_host", community=community, person=actor.id)
            return changed

        return await self.discussions.database.write(write)
