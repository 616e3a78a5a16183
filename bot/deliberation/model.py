"""A discussion, its statements, and what is reported of it. Plain immutable data; times are in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.chat.vocabulary import Place
from bot.polls.model import PollState
from bot.polls.places import PollPlace, places_around

ID_PREFIX = "d-"
"""What a discussion's id begins with, and no poll's."""
QUESTION_MAX = 300
WORDS_MAX = 140
STARTERS_MIN = 5
STARTERS_MAX = 100
STATEMENTS_MAX = 300
PEOPLE_MIN = 7
"""Nothing is reported of fewer people."""
SHOWN_MIN = 5
"""No number is shown that fewer people answered."""


class Moderation(StrEnum):
    """When moderators look at members' statements."""

    BEFORE = "before"
    AFTER = "after"
    OFF = "off"


class StatementState(StrEnum):
    """`DRAFT` waits for its author, who is shown similar ones; `WAITING` for a moderator."""

    DRAFT = "draft"
    WAITING = "waiting"
    OPEN = "open"
    REJECTED = "rejected"
    MUTED = "muted"


@dataclass(frozen=True, slots=True)
class DiscussionStatement:
    """`author` is `platform:workspace:id` of the member who wrote it, until the close. Totals are never shown as such."""

    position: int
    words: str
    starter: bool
    lean: str = ""
    state: StatementState = StatementState.OPEN
    author: str = ""
    note: str = ""
    agrees: int = 0
    disagrees: int = 0
    passes: int = 0

    @property
    def answers(self) -> int:
        return self.agrees + self.disagrees + self.passes


@dataclass(frozen=True, slots=True)
class Discussion:
    """`community`, `creator`, `places` and `private` are as a poll's. `votes` counts answers given and changed."""

    id: str
    community: str
    creator: str
    creator_name: str
    question: str
    pack: str
    moderation: Moderation
    private: bool
    opened_at: datetime
    closes_at: datetime
    state: PollState = PollState.OPEN
    closed_at: datetime | None = None
    people: int = 0
    votes: int = 0
    drawn: int = 0
    result: str = ""
    result_hash: str = ""
    places: frozenset[PollPlace] = frozenset()

    def answers(self, community: str, place: Place) -> bool:
        """Whether a request that a member of this community makes in this place may see the discussion."""
        return community == self.community and (not self.private or not self.places.isdisjoint(places_around(place)))


@dataclass(frozen=True, slots=True)
class Turn:
    """What a member sees next: a statement, or None at the end; and how far they are.

    `joined` tells whether they take part only since the answer that led here.
    """

    discussion: Discussion
    statement: DiscussionStatement | None
    answered: int
    statements: int
    joined: bool = False


@dataclass(frozen=True, slots=True)
class AnswerTotal:
    """How many agreed, disagreed and passed."""

    agree: int
    disagree: int
    passed: int

    @property
    def answers(self) -> int:
        return self.agree + self.disagree + self.passed

    def share(self, *, agree: bool = True) -> float:
        """Return the percentage that agreed or disagreed."""
        return 100 * (self.agree if agree else self.disagree) / self.answers if self.answers else 0.0
