"""Rate limits: a token bucket for each member and one for each community, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from math import ceil

REMEMBERED_MAX = 100_000
"""Buckets to remember; beyond that, the one that was silent longest is forgotten, and starts full again."""
FORGOTTEN_AT_ONCE = 2
"""Full buckets to forget at each request: more than the one it adds, so they go faster than new ones come."""


@dataclass(slots=True)
class Limiter:
    """Allows `burst` requests at once, then `per_minute`. Setting the clock back refills nothing and blocks nobody.

    A full bucket is as good as none, so only recent askers are remembered.
    """

    burst: int = 20
    per_minute: int = 60
    _buckets: OrderedDict[Hashable, tuple[float, datetime]] = field(default_factory=OrderedDict)

    def wait(self, who: Hashable, now: datetime) -> int:
        """Take one token and return 0, or return the whole seconds to wait."""
        tokens = self._tokens(who, now)
        allowed = tokens >= 1
        self._buckets[who] = (tokens - 1 if allowed else tokens, now)
        self._buckets.move_to_end(who)
        self._forget(now)
        return 0 if allowed else max(ceil((1 - tokens) * 60 / self.per_minute), 1)

    def _tokens(self, who: Hashable, now: datetime) -> float:
        tokens, then = self._buckets.get(who, (float(self.burst), now))
        elapsed = max((now - then).total_seconds(), 0.0)
        return min(tokens + elapsed * self.per_minute / 60, float(self.burst))

    def _forget(self, now: datetime) -> None:
        """Forget full buckets. The oldest request comes first in the dictionary."""
        if len(self._buckets) > REMEMBERED_MAX:
            self._buckets.popitem(last=False)
        for oldest in tuple(islice(self._buckets, FORGOTTEN_AT_ONCE)):
            if self._tokens(oldest, now) < self.burst:
                return
            del self._buckets[oldest]

    def give_back(self, who: Hashable) -> None:
        """Return the token of a request that failed for another reason."""
        if who in self._buckets:
            tokens, then = self._buckets[who]
            self._buckets[who] = (min(tokens + 1, float(self.burst)), then)


def for_rapid_buttons() -> Limiter:
    """The limit of each member for buttons that they press as fast as they read."""
    return Limiter(burst=120, per_minute=240)


def for_communities(per_minute: int) -> Limiter:
    """The limit for a whole community: `per_minute` requests a minute, and a sixth of that at once.

    It is generous, because an announcement of a poll brings many requests at once. It keeps one community's flood from
    the others.
    """
    return Limiter(burst=max(per_minute // 6, 1), per_minute=per_minute)
