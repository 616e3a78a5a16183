"""A decision and its history. Plain immutable data; times are in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.chat.vocabulary import Place
from bot.polls.places import PollPlace, places_around

OUTCOME_MAX = 500
WORDS_MAX = 500
OWNER_MAX = 100
LINKS_MAX = 10
LINK_MAX = 512


class DecisionState(StrEnum):
    """The state of a decision."""

    STANDING = "standing"
    DONE = "done"
    CHANGED = "changed"
    DROPPED = "dropped"


class DecisionStep(StrEnum):
    """A step in a decision's history."""

    RECORDED = "recorded"
    DONE = "done"
    CHANGED = "changed"
    POSTPONED = "postponed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One step, and the member who took it: `member` is an id in the community, empty like the name once erased.

    `words` say what changed, why it was dropped, or until when it was put off.
    """

    step: DecisionStep
    words: str
    member: str
    member_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """A community's decision.

    `owner` is the id of the member who carries it out, empty for a mere name. `poll` is the id of the poll that
    decided, `discussion` that of a discussion with the SHA-256 of its result in `totals_hash`; or empty. `links` are
    addresses, and cards as `pack:entry`. A `private` decision is visible only in its place. `ask_at` is the time to ask
    about it, None once that is done.
    """

    id: str
    community: str
    outcome: str
    owner: str
    owner_name: str
    member: str
    member_name: str
    at: datetime
    place: PollPlace
    private: bool
    poll: str = ""
    discussion: str = ""
    totals_hash: str = ""
    links: tuple[str, ...] = ()
    state: DecisionState = DecisionState.STANDING
    review_at: datetime | None = None
    ask_at: datetime | None = None
    history: tuple[HistoryEntry, ...] = ()

    def answers(self, community: str, place: Place) -> bool:
        """Whether a member of this community may see the decision from this place."""
        return community == self.community and (not self.private or self.place in places_around(place))
