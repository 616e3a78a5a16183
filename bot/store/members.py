"""What is stored about one member or one community, and its erasure.

A ballot of a secret poll is stored under a keyed hash: only `BallotBox.standing` finds it, and only while the poll is
open. An open ballot is withdrawn through the box, which keeps the chain whole; what is done here is the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.polls.model import State
from bot.store import acts, suggestions
from bot.store.acts import Act
from bot.store.sql import Row, Transaction
from bot.store.suggestions import Suggestion
from bot.store.times import to_stored

SUGGESTIONS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class NamedBallot:
    """A ballot in a poll that said it is named."""

    poll: str
    choice: str
    name: str
    state: State


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database holds about a member, beside their ballots in secret polls. `created` are ids of polls."""

    named_ballots: tuple[NamedBallot, ...]
    created: tuple[str, ...]
    acts: tuple[Act, ...] = ()
    """What the log of editors and moderators has of this member."""
    suggestions: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class Erased:
    """How many ballots lost their voter, and how many polls their creator (or how many polls are gone)."""

    ballots: int
    polls: int


async def stored_about(tx: Transaction, voter: str, guest: str = "") -> Stored:
    """`voter` is `platform:workspace:id`; `guest` the bare id, if polls of other communities know the person by it."""
    community, person = split_voter(voter)
    rows = await tx.rows("named_ballots_of", voter=voter, community=community, guest=guest)
    created = await tx.column("polls_created_by", community=community, person=person)
    done, suggested = await acts.of_actor(tx, voter), await suggestions.of_member(tx, voter, SUGGESTIONS_MAX)
    return Stored(tuple(_named(row) for row in rows), tuple(created), tuple(done), tuple(suggested))


async def forget_member(tx: Transaction, voter: str, stranger: Callable[[], str], guest: str = "") -> Erased:
    """Takes a member out of closed polls: named ballots stay and are nobody's, created polls have no creator.

    What they did as a moderator or editor stays in the log, without them, and so does what they suggested and editors
    took; their other suggestions are deleted.
    `stranger` makes the random text that stands where the voter stood; `guest` is as above. Ballots in open polls must be withdrawn first.
    """
    community, person = split_voter(voter)
    rows = await tx.rows("named_ballots_of", voter=voter, community=community, guest=guest)
    ballots = await _unname(tx, rows, stranger)
    await tx.run("forget_closer", voter=voter)
    await tx.run("forget_actor", actor=voter)
    await tx.run("delete_suggestions_of", member=voter)
    await tx.run("forget_suggester", member=voter)
    return Erased(ballots, await tx.run("forget_creator", community=community, person=person))


async def forget_community(
    tx: Transaction, community: str, reason: str, at: datetime, stranger: Callable[[], str]
) -> Erased:
    """Deletes a community: its settings, places, messages, its log, and polls whole, chains included.

    Each poll leaves a line in `erasures`: its id, how many links it had, its head, the reason and the time. In polls
    of other communities its members' ballots stay and are nobody's; open named ones must be withdrawn first. Who voted
    there by an id that is the same everywhere is a voter of that community, and stays one.
    """
    platform, _, workspace = community.partition(":")
    polls = await tx.run("record_erasures", community=community, reason=reason, erased_at=to_stored(at))
    await tx.run("delete_polls_of_community", community=community)
    ballots = await _unname(tx, await tx.rows("named_ballots_from", prefix=community + ":"), stranger)
    await tx.run("delete_acts_of_community", community=community)
    await tx.run("delete_suggestions_from", community=community)
    await tx.run("forget_actors_from", prefix=community + ":")
    await tx.run("delete_community_places", community=community)
    await tx.run("delete_community_copies", platform=platform, workspace=workspace)
    await tx.run("delete_community", community=community)
    return Erased(ballots, polls)


async def open_named_voters(tx: Transaction, community: str) -> list[tuple[str, str]]:
    """(poll, voter) of the community's members with a ballot in an open named poll."""
    rows = await tx.rows("named_ballots_from", prefix=community + ":")
    return [(row["poll"], row["voter"]) for row in rows if row["state"] == State.OPEN]


def split_voter(voter: str) -> tuple[str, str]:
    """`platform:workspace:id` as (`platform:workspace`, `id`)."""
    platform, workspace, person = voter.split(":", 2)
    return f"{platform}:{workspace}", person


async def _unname(tx: Transaction, rows: list[Row], stranger: Callable[[], str]) -> int:
    closed = [row for row in rows if row["state"] != State.OPEN]
    for row in closed:
        await tx.run("unname_ballot", poll=row["poll"], voter=row["voter"], stranger=stranger())
    return len(closed)


def _named(row: Row) -> NamedBallot:
    return NamedBallot(row["poll"], row["choice"], row["name"] or "", State(row["state"]))
