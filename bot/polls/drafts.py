"""Unopened polls, as JSON in a preview, template or schedule. Each function is a step of a unit of work."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.communities import repository as communities
from bot.polls.counting.ballots import Method
from bot.polls.model import PollOption, Results
from bot.polls.rules import PollDraft
from bot.store.sql import Transaction
from bot.store.timestamps import from_stored, to_stored

KEPT = timedelta(days=7)
"""The time that a preview waits for its host."""


@dataclass(frozen=True, slots=True)
class PollPreview:
    """A poll that only its host sees. `member` is `platform:workspace:id`."""

    id: str
    community: str
    member: str
    draft: PollDraft
    at: datetime


def as_json(draft: PollDraft) -> str:
    """Write a draft; `from_json` reads it."""
    return json.dumps(
        {
            "question": draft.question,
            "options": [[option.name, option.entry, option.words, option.emoji] for option in draft.options],
            "closes": draft.closes,
            "closes_at": draft.closes_at.isoformat(),
            "method": draft.method.value,
            "max_choices": draft.max_choices,
            "secret": draft.secret,
            "results": draft.results.value,
            "roles": sorted(draft.roles),
            "joined_before": draft.joined_before,
            "quorum": draft.quorum,
            "topic": draft.topic,
            "public": draft.public,
            "follows": draft.follows,
            "ping": draft.ping,
        },
    )


def from_json(text: str) -> PollDraft:
    values = json.loads(text)
    return PollDraft(
        question=values["question"],
        options=tuple(PollOption(*option) for option in values["options"]),
        closes_at=datetime.fromisoformat(values["closes_at"]),
        method=Method(values["method"]),
        max_choices=values["max_choices"],
        secret=values["secret"],
        results=Results(values["results"]),
        roles=frozenset(values["roles"]),
        joined_before=values["joined_before"],
        quorum=values["quorum"],
        topic=values["topic"],
        public=values["public"],
        closes=values["closes"],
        follows=values["follows"],
        ping=values.get("ping", False),  # missing in drafts of an earlier version
    )


async def put(tx: Transaction, preview: PollPreview) -> None:
    """Store a preview or its host's changes, and drop abandoned previews."""
    await communities.ensure(tx, preview.community)
    await tx.run("drop_old_previews", before=to_stored(preview.at - KEPT))
    await tx.run(
        "put_preview",
        id=preview.id,
        community=preview.community,
        member=preview.member,
        poll=as_json(preview.draft),
        at=to_stored(preview.at),
    )


async def find(tx: Transaction, preview: str, member: str) -> PollPreview | None:
    """Return a preview to its owner, and to nobody else."""
    row = await tx.one("find_preview", id=preview, member=member)
    if row is None:
        return None
    return PollPreview(row["id"], row["community"], row["member"], from_json(row["poll"]), from_stored(row["at"]))


async def drop(tx: Transaction, preview: str, member: str) -> bool:
    """Delete a preview. Return True to one caller alone."""
    return await tx.run("drop_preview", id=preview, member=member) == 1
