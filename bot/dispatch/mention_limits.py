"""Limits on answers to mentions: three a minute in a channel, and one private answer a minute for each member.

Counted in the memory of each process. A conversation with the bot alone has no limit beyond each member's own.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from bot.chat.vocabulary import Outcome, Request, Visibility
from bot.communities.model import voter_id
from bot.errors import TooFast
from bot.i18n import Translator

IN_CHANNEL = 3
TO_MEMBER = 1
SPAN = timedelta(minutes=1)
REMEMBERED_MAX = 10_000
"""Channels or members to remember; beyond that, the one that was silent longest is forgotten."""


@dataclass(slots=True)
class SlidingWindow:
    """Lets through a limited number within any `span`. Setting the clock back blocks nobody."""

    most: int
    span: timedelta = SPAN
    _passed: OrderedDict[Hashable, deque[datetime]] = field(default_factory=OrderedDict)

    def wait(self, who: Hashable, now: datetime) -> int:
        """Count one and return 0, or return the whole seconds to wait."""
        times = self._passed.pop(who, deque())
        while times and not now - self.span < times[0] <= now:
            times.popleft()
        self._passed[who] = times
        if len(self._passed) > REMEMBERED_MAX:
            self._passed.popitem(last=False)
        if len(times) < self.most:
            times.append(now)
            return 0
        return max(ceil((times[0] + self.span - now).total_seconds()), 1)


@dataclass(slots=True)
class MentionLimits:
    """The limits of one process."""

    channels: SlidingWindow = field(default_factory=lambda: SlidingWindow(IN_CHANNEL))
    members: SlidingWindow = field(default_factory=lambda: SlidingWindow(TO_MEMBER))

    def check(self, request: Request, t: Translator) -> None:
        """Raise TooFast if the channel, threads included, has had its answers for this minute."""
        place = request.place
        wait = 0 if place.direct else self.channels.wait((place.platform, place.workspace, place.channel), request.now)
        if wait:
            raise TooFast(
                t.count(
                    "I answer three mentions a minute in a channel. Mention me again in {n} second, or type /ask.",
                    "I answer three mentions a minute in a channel. Mention me again in {n} seconds, or type /ask.",
                    wait,
                )
            )

    def quieted(self, request: Request, outcome: Outcome) -> Outcome:
        """Drop the private answer to a mention if the member has had one within the last minute."""
        answer = outcome.answer
        if request.place.direct or answer is None or answer.visibility is Visibility.PUBLIC:
            return outcome
        return Outcome(success=False) if self.members.wait(voter_id(request.actor), request.now) else outcome
