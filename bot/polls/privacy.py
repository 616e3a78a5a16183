"""Data about members and communities: show it and erase it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.chat.vocabulary import Actor
from bot.communities import repository as communities
from bot.communities.action_log import LogEntry
from bot.communities.model import CommunityOf, community_id, voter_id, voter_in
from bot.polls import erasure as members
from bot.polls import repository as poll_rows
from bot.polls.ballot_box import BallotBox
from bot.polls.erasure import NamedBallot
from bot.polls.model import CastEnd, Poll, PollState, Vote
from bot.polls.receipts import written
from bot.polls.secrecy import Secrecy
from bot.store.database import Database
from bot.suggestions.repository import Suggestion


@dataclass(frozen=True, slots=True)
class SecretBallot:
    """A ballot of an open secret poll, found by its voter."""

    poll: str
    choice: str
    receipt: str


@dataclass(frozen=True, slots=True)
class MemberData:
    """Everything stored about one member. Ballots in closed secret polls lead to nobody, so they aren't in it."""

    created: tuple[str, ...]
    named_ballots: tuple[NamedBallot, ...]
    secret_ballots: tuple[SecretBallot, ...]
    log_entries: tuple[LogEntry, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    hosting: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The member's previews, schedules, decisions and objections, by kind."""

    def as_data(self) -> dict[str, Any]:
        """Return everything as JSON values, under the keys that files from earlier releases use."""
        values = {name.removesuffix("_ballots"): _plain(value) for name, value in asdict(self).items()}
        acts = [
            {"did" if name == "deed" else name: value for name, value in entry.items()}
            for entry in values.pop("log_entries")
        ]
        return {**values, "acts": acts}


def _guest(actor: Actor) -> str:
    """Return the id by which polls of other communities know this person; empty if each community has another."""
    return actor.id if actor.everywhere else ""


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, datetime) else value


@dataclass(frozen=True, slots=True)
class Privacy:
    """A member's data, and a community's. Every method raises Unavailable if the database fails."""

    database: Database
    box: BallotBox
    community_of: CommunityOf
    new_stranger: Callable[[], str]
    """Makes the random text that replaces a voter's id."""

    @property
    def secrecy(self) -> Secrecy:
        """The promises of polls in this database."""
        return Secrecy(self.database.dialect)

    async def stored_about(self, actor: Actor) -> MemberData:
        """Return everything stored about a member."""
        voter = voter_id(actor)
        rows = await self.database.read(lambda tx: members.stored_about(tx, voter, _guest(actor)))
        secret = tuple(await self._open_secret(actor))
        return MemberData(rows.created, rows.named_ballots, secret, rows.log_entries, rows.suggestions, rows.hosting)

    async def open_votes(self, actor: Actor) -> list[str]:
        """Return the open polls with a vote of the member: erasing their data withdraws it."""
        polls: list[Poll] = await self.database.read(lambda tx: poll_rows.of_community(tx, community_id(actor)))
        still_open = [poll for poll in polls if poll.state is PollState.OPEN]
        ballots = [await self.box.standing(poll.id, voter_in(poll.community, actor)) for poll in still_open]
        return [poll.id for poll, ballot in zip(still_open, ballots, strict=True) if ballot is not None]

    async def erase(self, actor: Actor, now: datetime) -> list[str]:
        """Withdraw every open ballot and forget the rest. Return the changed polls; repeating is harmless."""
        voter = voter_id(actor)
        withdrawn = await self.box.withdraw_everywhere(voter, now)
        withdrawn += await self._withdraw_as_guest(actor, now)
        await self.database.write(lambda tx: members.forget_member(tx, voter, self.new_stranger, _guest(actor)))
        await self.box.tidy(due=True)
        return withdrawn

    async def _withdraw_as_guest(self, actor: Actor, now: datetime) -> list[str]:
        """Withdraw from polls of other communities that were posted here, where the voter counts as theirs."""
        here = community_id(actor)
        polls = await self.database.read(lambda tx: poll_rows.of_community(tx, here))
        guest = [poll for poll in polls if poll.state is PollState.OPEN and poll.community != here]
        casts = [await self.box.cast(Vote(poll.id, voter_in(poll.community, actor), "", None, now)) for poll in guest]
        return [poll.id for poll, cast in zip(guest, casts, strict=True) if cast.end is CastEnd.WITHDRAWN]

    async def _open_secret(self, actor: Actor) -> list[SecretBallot]:
        polls: list[Poll] = await self.database.read(lambda tx: poll_rows.of_community(tx, community_id(actor)))
        ballots = []
        for poll in polls:
            standing = await self.box.standing(poll.id, voter_in(poll.community, actor)) if poll.secret else None
            if standing is not None:
                receipt = f"{poll.id}-{written(standing.code, standing.head)}"
                ballots.append(SecretBallot(poll.id, standing.choice, receipt))
        return ballots

    # --- communities ---

    async def community_left(self, community: str, now: datetime) -> None:
        """Cancel the open polls of a community that removed the bot. The rest is deleted after its `keep_days`."""
        for poll in await self.database.read(lambda tx: communities.open_poll_ids(tx, community)):
            await self.box.cancel(poll, now)
        await self.database.write(lambda tx: communities.mark_left(tx, community, now))

    async def returned(self, community: str) -> None:
        """Keep the data of a community that has the bot again."""
        await self.database.write(lambda tx: communities.mark_returned(tx, community))

    async def forget_the_gone(self, now: datetime) -> list[str]:
        """Delete communities that left longer ago than their own setting keeps data. Return their ids."""
        gone = await self.database.read(lambda tx: communities.left_before(tx, now))
        over = [community for community in gone if await self._kept_long_enough(community, now)]
        for community in over:
            await self._forget(community, now)
        return over

    async def _kept_long_enough(self, community: str, now: datetime) -> bool:
        then = now - timedelta(days=(await self.community_of(community, now)).keep_days)
        return community in await self.database.read(lambda tx: communities.left_before(tx, then))

    async def _forget(self, community: str, now: datetime) -> None:
        for poll, voter in await self.database.read(lambda tx: members.open_named_voters(tx, community)):
            await self.box.cast(Vote(poll, voter, "", None, now))
        await self.database.write(lambda tx: members.forget_community(tx, community, "left", now, self.new_stranger))
        await self.box.tidy(due=True)
