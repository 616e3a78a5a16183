"""Write members' answers in groups, and acknowledge each after the commit."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from bot.deliberation import repository
from bot.deliberation.model import DiscussionStatement, StatementState
from bot.errors import Unavailable
from bot.polls.model import NEWEST_FORMAT
from bot.polls.poll_secrets import read_secret
from bot.store.database import Database
from bot.store.group_writer import GroupWriter
from bot.store.keys import Keys
from bot.store.sql import Transaction

GROUP_MAX = 1_000
"""Most answers in one transaction. The limit bounds the wait of the first member in a huge crowd."""

logger = logging.getLogger("parley.discussions")


class NotCounted(Enum):
    """The reason that an answer changes nothing."""

    CLOSED = "closed"
    """The discussion has ended, or never existed."""
    GONE = "gone"
    """The statement isn't open for answers, or doesn't exist."""


@dataclass(frozen=True, slots=True)
class StatementAnswer:
    """A vote of 1, 0 or -1 on the statement at a position. `voter` comes from `voter_in`."""

    discussion: str
    voter: str
    position: int
    vote: int


@dataclass(frozen=True, slots=True)
class CountedAnswer:
    """A durable answer: the member's pseudonym, their earlier answers by position, and all statements."""

    person: str
    before: Mapping[int, int]
    statements: Sequence[DiscussionStatement]


class AnswerBox:
    """The only writer of answers, for all discussions."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._database = database
        self._keys = keys
        self._answers = GroupWriter[StatementAnswer, CountedAnswer | NotCounted](
            self._write_answers, most=GROUP_MAX, what="answers", logger=logger
        )

    async def put(self, answer: StatementAnswer) -> CountedAnswer | NotCounted:
        """Store an answer, and return once it is durable. A repeat is harmless. Raises Unavailable."""
        return await self._answers.put(answer)

    async def aclose(self) -> None:
        """Wait until every answer has its end."""
        await self._answers.aclose()

    async def _write_answers(
        self, answers: Sequence[StatementAnswer]
    ) -> Sequence[CountedAnswer | NotCounted | Exception]:
        try:
            return await self._database.write(lambda tx: self._settle(tx, answers))
        except Unavailable as error:
            return [Unavailable(error.message) for _ in answers]

    async def _settle(
        self, tx: Transaction, answers: Sequence[StatementAnswer]
    ) -> list[CountedAnswer | NotCounted | Exception]:
        ends: dict[int, CountedAnswer | NotCounted | Exception] = {}
        for discussion in sorted({each.discussion for each in answers}):  # sorted against deadlocks
            numbers = [number for number, each in enumerate(answers) if each.discussion == discussion]
            group = [answers[number] for number in numbers]
            try:
                ends.update(zip(numbers, await self._settle_discussion(tx, discussion, group), strict=True))
            except Unavailable as error:  # another instance key wrapped its secret; the box wrote nothing
                ends.update((number, Unavailable(error.message)) for number in numbers)
        return [ends[number] for number in range(len(answers))]

    async def _settle_discussion(
        self, tx: Transaction, discussion: str, answers: Sequence[StatementAnswer]
    ) -> list[CountedAnswer | NotCounted]:
        wrapped = await tx.value("hold_open_discussion", discussion=discussion)
        if wrapped is None:
            return [NotCounted.CLOSED for _ in answers]
        secret = read_secret(discussion, self._keys.unwrap(wrapped), NEWEST_FORMAT)
        people = [secret.pseudonym(each.voter) for each in answers]
        statements = await repository.statements(tx, discussion)
        is_open = {each.position for each in statements if each.state is StatementState.OPEN}
        stored = await repository.answers_of_people(tx, discussion, people)
        standing = dict(stored)
        changes: Counter[tuple[int, int]] = Counter()
        ends: list[CountedAnswer | NotCounted] = []
        changed = 0
        for answer, person in zip(answers, people, strict=True):
            if answer.position not in is_open:
                ends.append(NotCounted.GONE)
                continue
            before = standing.get(person, {})
            ends.append(CountedAnswer(person, before, statements))
            if before.get(answer.position) == answer.vote:
                continue
            if answer.position in before:
                changes[answer.position, before[answer.position]] -= 1
            changes[answer.position, answer.vote] += 1
            standing[person] = {**before, answer.position: answer.vote}
            changed += 1
        if changed:
            ballots = {person: votes for person, votes in standing.items() if votes is not stored.get(person)}
            await repository.put_ballots(tx, discussion, ballots)
            await repository.count_answers(tx, discussion, changes, people=len(standing) - len(stored), votes=changed)
        return ends
