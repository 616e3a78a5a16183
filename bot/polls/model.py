"""A poll, its options, a vote, and the rules that go with them. Plain immutable data.

Times are in UTC. Ids are short text of our own. Nothing here knows a database or a platform.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.polls.ballots import Method

OPTIONS_MIN, OPTIONS_MAX = 2, 25
OPTION_NAME_MAX = 75
QUESTION_MAX = 300


class Results(StrEnum):
    """Who sees the totals of an open poll, and when."""

    AT_CLOSE = "at-close"
    AFTER_VOTE = "after-vote"
    LIVE = "live"


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class PollOption:
    """`entry` is the id of the policy option's card in the poll's topic, or empty."""

    name: str
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Poll:
    """A question put to a community.

    `community` is `platform:workspace` of whoever created it; `creator` the person's id there.
    `communities` are all those where it was posted: their members may vote.
    `head` is the last link of its hash chain (hex), `links` how many there are.
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
    state: State = State.OPEN
    closed_at: datetime | None = None
    communities: frozenset[str] = frozenset()
    head: str = ""
    links: int = 0
    ballots: int = 0

    @property
    def frozen(self) -> bool:
        """Question and options can't be edited once anybody has voted."""
        return self.links > 0


class Step(StrEnum):
    """What a link of the chain records."""

    CAST = "cast"
    CHANGE = "change"
    WITHDRAW = "withdraw"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a poll's hash chain. All hashes are SHA-256 in hex.

    `commitment` binds the ballot without showing it; `replaces` is the number of the link that this one makes void
    (0 for none); `receipt` is the hash of the code that the voter holds; `before` is the previous link's hash.
    """

    number: int
    step: Step
    commitment: str
    replaces: int
    receipt: str
    before: str
    hash: str


@dataclass(frozen=True, slots=True)
class Vote:
    """What a voter asks for: a ballot in canonical text (see ballots.py), or None to withdraw."""

    poll: str
    voter: str
    """`platform:workspace:id`. It never reaches the database in a secret poll, only a keyed hash of it."""
    name: str
    choice: str | None
    at: datetime


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
    """What became of a vote, once it is durable. `code` is the receipt's, empty where no ballot stands."""

    end: CastEnd
    code: str = ""
    choice: str | None = None
    links: int = 0
    ballots: int = 0
