"""A poll, its options, a vote, and their rules. Plain immutable data.

Times are in UTC. Ids are short text of our own. This module knows no database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.chat.vocabulary import Place
from bot.polls.counting.ballots import Method
from bot.polls.places import PollPlace, places_around

OPTIONS_MIN, OPTIONS_MAX = 2, 25
OPTION_NAME_MAX = 75
QUESTION_MAX = 300
NEWEST_FORMAT = 2
"""The format of new polls' records."""


class Results(StrEnum):
    """The time when members may see the totals of an open poll."""

    AT_CLOSE = "at-close"
    AFTER_VOTE = "after-vote"
    LIVE = "live"


class PollState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class EndReason(StrEnum):
    """The reason for the end of a poll."""

    DEADLINE = "deadline"
    HOST = "host"  # its host or a moderator
    PARLEY = "parley"  # its post failed, or its community removed the bot


@dataclass(frozen=True, slots=True)
class PollOption:
    """An option. `entry` is the id of its card in the poll's topic, `words` the card's text when the poll opened.

    Both are empty for an option without a card. `emoji` is the platform's notation for its own emoji at the beginning
    of the name; empty if there is none.
    """

    name: str
    entry: str = ""
    words: str = ""
    emoji: str = ""


@dataclass(frozen=True, slots=True)
class Poll:
    """A question put to a community.

    `community` is `platform:workspace` of the place where the host opened it; `creator` is the host's id there.
    `communities` are all those where it was posted: their members may vote. `places` are those where it was opened and
    posted; a `private` poll answers only requests made in one of them. `head` is the last link of its hash chain (hex),
    `links` their number. `format` is that of its record; `first_closes_at` is the close at the opening, None if it
    never moved or under format 1; `chain_key` (hex) is published once it has ended; `row_seal` proves its row while it
    is open.
    """

    id: str
    community: str
    creator: str
    question: str
    options: tuple[PollOption, ...]
    method: Method
    opened_at: datetime
    closes_at: datetime
    max_choices: int = 1
    secret: bool = True
    results: Results = Results.AT_CLOSE
    roles: frozenset[str] = frozenset()
    joined_before: bool = False
    quorum: int = 0
    topic: str = ""
    public: bool = False
    remind_at: datetime | None = None
    state: PollState = PollState.OPEN
    closed_at: datetime | None = None
    communities: frozenset[str] = frozenset()
    private: bool = False
    places: frozenset[PollPlace] = frozenset()
    head: str = ""
    links: int = 0
    ballots: int = 0
    format: int = NEWEST_FORMAT
    first_closes_at: datetime | None = None
    end_reason: EndReason | None = None
    chain_key: str = ""
    row_seal: str = ""
    creator_name: str = ""
    """The host's name where the poll was opened; empty once erased."""
    follows: str = ""
    """The id of the poll whose proposal this one changes."""
    ping: str = ""
    """The role to ping when the poll opens: an id in its community; empty for nobody."""

    @property
    def frozen(self) -> bool:
        """Whether the poll is closed to edits, because a member has voted or the close was moved."""
        return self.links > 0

    def answers(self, community: str, place: Place) -> bool:
        """Whether a member of this community may see the poll from this place."""
        return community in self.communities and (not self.private or not self.places.isdisjoint(places_around(place)))


class Step(StrEnum):
    """The act that a link of the chain records."""

    CAST = "cast"
    CHANGE = "change"
    WITHDRAW = "withdraw"
    EXTEND = "extend"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One link of a poll's hash chain. All hashes are SHA-256 in hex.

    `commitment` binds the ballot without showing it; `replaces` is the number of the link that this one makes void (0
    for none); `receipt` is the hash of the voter's code; `before` is the previous link's hash; `closes_at` is the new
    close, for an extension.
    """

    number: int
    step: Step
    commitment: str
    replaces: int
    receipt: str
    before: str
    hash: str
    closes_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Vote:
    """A voter's request: a ballot in canonical text (see ballots.py), or None to withdraw."""

    poll: str
    voter: str
    """`platform:workspace:id`. In a secret poll, the database gets only a keyed hash of it."""
    name: str
    choice: str | None
    at: datetime
    reason: str = ""
    """The voter's reason to object, in a consent poll."""


class CastEnd(StrEnum):
    CAST = "cast"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    WITHDRAWN = "withdrawn"
    NOTHING_TO_WITHDRAW = "nothing-to-withdraw"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cast:
    """A durable vote. `code` is its receipt's, `head` the chain's right after; both are empty if no ballot stands."""

    end: CastEnd
    code: str = ""
    choice: str | None = None
    links: int = 0
    ballots: int = 0
    head: str = ""
