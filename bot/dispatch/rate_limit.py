"""How often may be asked: a token bucket for each member and one for each community, in memory, bounded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

REMEMBERED_MAX = 100_000
"""How many buckets are remembered at once; beyond it the one that was silent longest is forgotten, and full again."""
FORGOTTEN_AT_ONCE = 2
"""More than the one that a request adds, so those that are full again go faster than new ones come."""


@dataclass(slots=True)
class Limiter:
    """`burst` requests at once, then `per_minute`. A clock set back refills nothing and blocks nobody.

    A bucket that is full again is as good as none, so it remembers those alone who asked of late.
    """

    burst: int = 20
    per_minute: int = 60
    _buckets: OrderedDict[Hashable, tuple[float, datetime]] = field(default_factory=OrderedDict)

    def wait(self, who: Hashable, now: datetime) -> int:
        """Takes one token and returns 0, or returns how many whole seconds to wait."""
        tokens, then = self._buckets.pop(who, (float(self.burst), now))
        elapsed = max((now - then).total_seconds(), 0.0)
        tokens = min(tokens + elapsed * self.per_minute / 60, float(self.burst))
        allowed = tokens >= 1
        self._buckets[who] = (tokens - 1 if allowed else tokens, now)
        self._forget(now)
        return 0 if allowed else max(ceil((1 - tokens) * 60 / self.per_minute), 1)

    def _forget(self, now: datetime) -> None:
        """The buckets stand in the order of their last request."""
        if len(self._buckets) > REMEMBERED_MAX:
            self._buckets.popitem(last=False)
        for _ in range(FORGOTTEN_AT_ONCE):
            oldest = next(iter(self._buckets))
            tokens, then = self._buckets[oldest]
            if tokens + (now - then).total_seconds() * self.per_minute / 60 <= self.burst:
                return
            del self._buckets[oldest]

    def give_back(self, who: Hashable) -> None:
        """Puts back the token of a request that was not answered for another reason."""
        if who in self._buckets:
            tokens, then = self._buckets[who]
            self._buckets[who] = (min(tokens + 1, float(self.burst)), then)


def for_communities(per_minute: int) -> Limiter:
    """What all members of one community have together: so many requests a minute, and a sixth of that at once.

    A poll that is announced to many brings many at once, so it is generous: it keeps one community's flood from
    being everybody's.
    """
    return Limiter(burst=max(per_minute // 6, 1), per_minute=per_minute)
