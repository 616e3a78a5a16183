"""A discussion, its statements and its totals. Plain immutable data; times are in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.chat.vocabulary import Place
from bot.polls.model import PollState
from bot.polls.places import PollPlace, places_around

ID_PREFIX = "d-"
"""The beginning of each discussion's id, and of no poll's."""
QUESTION_MAX = 300
WORDS_MAX = 140
STARTERS_MIN = 5
STARTERS_MAX = 100
STATEMENTS_MAX = 300
PEOPLE_MIN = 7
"""Least number of people for a report."""
SHOWN_MIN = 5
"""Least number of people behind any number that members see."""


class Moderation(StrEnum):
    """The time at which moderators review members' statements."""

    BEFORE = "before"
    AFTER = "after"
    OFF = "off"


class StatementState(StrEnum):
    """The state of a statement. `DRAFT` waits for its author, who sees a similar one; `WAITING` for a moderator."""

    DRAFT = "draft"
    WAITING = "waiting"
    OPEN = "open"
    REJECTED = "rejected"
    MUTED = "muted"


@dataclass(frozen=True, slots=True)
class DiscussionStatement:
    """A statement with its totals, which members never see directly.

    `author` is the `platform:workspace:id` of the member who wrote it, until the close.
    """

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
    """A discussion. `community`, `creator`, `places` and `private` are as in a poll.

    `votes` counts members' answers and changes of answers.
    """

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
        """Whether a member of this community may see the discussion from this place."""
        return community == self.community and (not self.private or not self.places.isdisjoint(places_around(place)))


@dataclass(frozen=True, slots=True)
class Turn:
    """A member's next statement, None at the end, and their progress.

    `joined` says whether the answer before this turn was their first.
    """

    discussion: Discussion
    statement: DiscussionStatement | None
    answered: int
    statements: int
    joined: bool = False


@dataclass(frozen=True, slots=True)
class AnswerTotal:
    """The numbers of people who agreed, disagreed and passed."""

    agree: int
    disagree: int
    passed: int

    @property
    def answers(self) -> int:
        return self.agree + self.disagree + self.passed

    def share(self, *, agree: bool = True) -> float:
        """Return the percentage of people who agreed or disagreed; 0 without answers."""
        return 100 * (self.agree if agree else self.disagree) / self.answers if self.answers else 0.0
