"""The stored data about one member or one community, and its erasure.

A ballot of a secret poll is stored under a keyed hash: only `BallotBox.standing` finds it, and only while the poll is
open. The box withdraws an open ballot, which keeps the chain whole; this module does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.communities import action_log
from bot.communities.action_log import LogEntry
from bot.polls.model import PollState
from bot.store.sql import Row, Transaction
from bot.store.timestamps import to_stored
from bot.suggestions import repository as suggestions
from bot.suggestions.repository import Suggestion

SUGGESTIONS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class NamedBallot:
    """A ballot in a poll whose voters knew that it is named."""

    poll: str
    choice: str
    name: str
    state: PollState


@dataclass(frozen=True, slots=True)
class Stored:
    """The database's data about a member, except their ballots in secret polls. `created` are ids of polls."""

    named_ballots: tuple[NamedBallot, ...]
    created: tuple[str, ...]
    log_entries: tuple[LogEntry, ...] = ()
    """The member's entries in the log of editors and moderators."""
    suggestions: tuple[Suggestion, ...] = ()
    hosting: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Other rows that name the member, as ids: previews, templates, schedules, decisions, reminders and objections."""


async def stored_about(tx: Transaction, voter: str, guest: str = "") -> Stored:
    """Return all rows about a member, `voter` as `platform:workspace:id`.

    `guest` is the bare id, if polls of other communities know the person by it.
    """
    community, person = split_voter(voter)
    names = {"voter": voter, "community": community, "guest": guest}
    rows = await tx.rows("named_ballots_of", **names)
    created = await tx.column("polls_created_by", community=community, person=person)
    done, suggested = await action_log.entries_of(tx, voter), await suggestions.of_member(tx, voter, SUGGESTIONS_MAX)
    member = {"community": community, "person": person}
    hosting = {
        "previews": tuple(await tx.column("previews_by", **member)),
        "templates": tuple(await tx.column("templates_by", **member)),
        "schedules": tuple(await tx.column("schedules_by", **member)),
        "decisions": tuple(await tx.column("decisions_about", **member)),
    }
    hosting["reminders"] = tuple(await tx.column("polls_watched_by", **names, **_inbox(voter)))
    hosting["objections"] = tuple(f"{row['poll']}: {row['reason']}" for row in await tx.rows("objections_by", **names))
    ballots = tuple(_named_ballot(row) for row in rows)
    return Stored(ballots, tuple(created), tuple(done), tuple(suggested), hosting)


async def forget_member(tx: Transaction, voter: str, stranger: Callable[[], str], guest: str = "") -> None:
    """Take a member out of closed polls: named ballots stay without a voter, created polls lose their creator.

    Their acts as a moderator or editor stay in the log, without them, and so do their suggestions that editors took;
    their other suggestions are deleted. `stranger` makes the random text that replaces the voter; `guest` is as above.
    Withdraw ballots in open polls first.
    """
    community, person = split_voter(voter)
    names = {"voter": voter, "community": community, "guest": guest}
    rows = await tx.rows("named_ballots_of", **names)
    await _unname(tx, rows, stranger)
    await tx.run("forget_closer", voter=voter)
    await tx.run("forget_actor", actor=voter)
    await tx.run("delete_suggestions_of", member=voter)
    await tx.run("forget_suggester", member=voter)
    await tx.run("forget_creator", community=community, person=person)
    await tx.run("forget_previews_of", member=voter)
    await tx.run("forget_schedules_of", community=community, person=person)
    await tx.run("forget_template_member", community=community, person=person)
    await tx.run("forget_watcher", **names)
    await tx.run("forget_nudges", **_inbox(voter))
    await tx.run("forget_objector", **names)
    await tx.run("forget_decision_owner", community=community, person=person)
    await tx.run("forget_decision_member", community=community, person=person)
    await tx.run("forget_decision_steps", community=community, person=person)


async def forget_community(
    tx: Transaction, community: str, reason: str, at: datetime, stranger: Callable[[], str]
) -> None:
    """Delete a community: its settings, places, messages, log, and whole polls, chains included.

    Each poll leaves a line in `erasures`: its id, its number of links, its head, the reason and the time. In polls of
    other communities, its members' ballots and objections stay without a name; withdraw open named ballots first. A
    member who voted there by an id that is the same everywhere is that community's voter, and stays one.
    """
    platform, _, workspace = community.partition(":")
    await tx.run("record_erasures", community=community, reason=reason, erased_at=to_stored(at))
    await tx.run("delete_polls_of_community", community=community)
    await tx.run("delete_discussions_of_community", community=community)
    await _unname(tx, await tx.rows("named_ballots_from", prefix=community + ":"), stranger)
    await tx.run("forget_watchers_from", prefix=community + ":")
    await tx.run("forget_nudges_from", platform=platform, workspace=workspace)
    await tx.run("forget_objectors_from", prefix=community + ":")
    await tx.run("delete_acts_of_community", community=community)
    await tx.run("delete_suggestions_from", community=community)
    await tx.run("forget_actors_from", prefix=community + ":")
    await tx.run("delete_community_places", community=community)
    await tx.run("delete_community_copies", platform=platform, workspace=workspace)
    await tx.run("delete_poll_places", platform=platform, workspace=workspace)
    await tx.run("delete_community", community=community)


async def open_named_voters(tx: Transaction, community: str) -> list[tuple[str, str]]:
    """Return (poll, voter) of the community's members with a ballot in an open named poll."""
    rows = await tx.rows("named_ballots_from", prefix=community + ":")
    return [(row["poll"], row["voter"]) for row in rows if row["state"] == PollState.OPEN]


def _inbox(voter: str) -> Mapping[str, str]:
    """Return the place of a private reminder to a member, as `watchers` queues it."""
    community, person = split_voter(voter)
    platform, _, workspace = community.partition(":")
    return {"platform": platform, "workspace": workspace, "person": person}


def split_voter(voter: str) -> tuple[str, str]:
    """Split `platform:workspace:id` into (`platform:workspace`, `id`)."""
    platform, workspace, person = voter.split(":", 2)
    return f"{platform}:{workspace}", person


async def _unname(tx: Transaction, rows: list[Row], stranger: Callable[[], str]) -> None:
    for row in rows:
        if row["state"] != PollState.OPEN:
            await tx.run("unname_ballot", poll=row["poll"], voter=row["voter"], stranger=stranger())


def _named_ballot(row: Row) -> NamedBallot:
    return NamedBallot(row["poll"], row["choice"], row["name"] or "", PollState(row["state"]))
