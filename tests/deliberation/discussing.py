"""Helpers that start, read and end discussions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.chat.vocabulary import Request
from bot.deliberation import repository
from bot.deliberation.model import (
    Discussion,
    DiscussionStatement,
)
from bot.deliberation.service import DiscussionDraft
from bot.instance import Instance
from tests.polls.test_who_may import HOME, T
from tests.talk import ADA
from tests.world import NOW, Clock

WEEK = timedelta(days=7)
STARTERS = tuple((f"Statement {letter} holds", "") for letter in "abcde")
DRAFT = DiscussionDraft("Kitchen?", NOW + WEEK, STARTERS)


async def started(here: Instance, request: Request = ADA, **changes: object) -> Discussion:
    draft = replace(DRAFT, **changes)  # type: ignore[arg-type]
    return await here.discussions.start(draft, request, HOME, T)


async def statements_of(here: Instance, discussion: Discussion) -> list[DiscussionStatement]:
    return await here.database.read(lambda tx: repository.statements(tx, discussion.id))


async def current(here: Instance, discussion: Discussion) -> Discussion:
    return await here.discussions.get(discussion.id, T)


def distinct(number: int) -> str:
    return f"alpha{number} beta{number} gamma{number} delta{number}"


async def end(here: Instance, clock: Clock, *forward: timedelta) -> None:
    for span in forward:
        clock.now += span
        await here.scheduler.run_due()


async def actions_of(here: Instance) -> list[str]:
    entries, _ = await here.action_log.page("test:demo", NOW + WEEK)
    return [entry.deed for entry in entries]
