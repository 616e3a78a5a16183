"""What is stored about people and communities, and its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.chat import Actor
from bot.community import CommunityOf, community_id, voter_id, voter_in
from bot.polls.box import BallotBox
from bot.polls.model import CastEnd, Poll, State, Vote
from bot.store import communities, members
from bot.store import polls as poll_rows
from bot.store.acts import Act
from bot.store.database import Database
from bot.store.members import NamedBallot
from bot.store.suggestions import Suggestion


@dataclass(frozen=True, slots=True)
class SecretBallot:
    """A ballot of an open secret poll, found by its voter."""

    poll: str
    choice: str
    receipt: str


@dataclass(frozen=True, slots=True)
class Held:
    """Everything that is stored about one member. Ballots in closed secret polls lead to nobody, so they are not here."""

    created: tuple[str, ...]
    named: tuple[NamedBallot, ...]
    secret: tuple[SecretBallot, ...]
    acts: tuple[Act, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """As values that JSON has."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def _guest(actor: Actor) -> str:
    """The id by which the polls of other communities know this person, if it is the same there."""
    return actor.id if actor.everywhere else ""


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, datetime) else value


@dataclass(frozen=True, slots=True)
class Privacy:
    """A member's data, and a community's. Every method raises Unavailable when the database can't be used."""

    database: Database
    box: BallotBox
    community_of: CommunityOf
    new_stranger: Callable[[], str]
    """Makes the random text that stands where a voter's id stood."""

    async def held(self, actor: Actor) -> Held:
        voter = voter_id(actor)
        stored = await self.database.read(lambda tx: members.stored_about(tx, voter, _guest(actor)))
        secret = tuple(await self._open_secret(actor))
        return Held(stored.created, stored.named_ballots, secret, stored.acts, stored.suggestions)

    async def erase(self, actor: Actor, now: datetime) -> list[str]:
        """Withdraws every open ballot and forgets the rest. Returns the polls that changed; once more is harmless."""
        voter = voter_id(actor)
        withdrawn = await self.box.withdraw_everywhere(voter, now)
        withdrawn += await self._withdraw_as_guest(actor, now)
        await self.database.write(lambda tx: members.forget_member(tx, voter, self.new_stranger, _guest(actor)))
        await self.database.forget_deleted()
        return withdrawn

    async def _withdraw_as_guest(self, actor: Actor, now: datetime) -> list[str]:
        """From polls that other communities brought here, where the voter is one of theirs."""
        here = community_id(actor)
        polls = await self.database.read(lambda tx: poll_rows.of_community(tx, here))
        guest = [poll for poll in polls if poll.state is State.OPEN and poll.community != here]
        casts = [await self.box.cast(Vote(poll.id, voter_in(poll.community, actor), "", None, now)) for poll in guest]
        return [poll.id for poll, cast in zip(guest, casts, strict=True) if cast.end is CastEnd.WITHDRAWN]

    async def _open_secret(self, actor: Actor) -> list[SecretBallot]:
        polls: list[Poll] = await self.database.read(lambda tx: poll_rows.of_community(tx, community_id(actor)))
        found = []
        for poll in polls:
            standing = await self.box.standing(poll.id, voter_in(poll.community, actor)) if poll.secret else None
            if standing is not None:
                found.append(SecretBallot(poll.id, standing.choice, f"{poll.id}-{standing.code}"))
        return found

    # --- communities ---

    async def left(self, community: str, now: datetime) -> None:
        """The community removed the bot: its open polls are cancelled; the rest goes after its `keep_days`."""
        for poll in await self.database.read(lambda tx: communities.open_poll_ids(tx, community)):
            await self.box.cancel(poll, now)
        await self.database.write(lambda tx: communities.mark_left(tx, community, now))

    async def returned(self, community: str) -> None:
        """The community has the bot again, so its data stays."""
        await self.database.write(lambda tx: communities.mark_returned(tx, community))

    async def forget_the_gone(self, now: datetime) -> list[str]:
        """Deletes the communities that left longer ago than they said their data is kept. Returns their ids."""
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
        await self.database.forget_deleted()
