"""How often one person may ask: a token bucket each, in memory, bounded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

PEOPLE_MAX = 100_000
"""How many people are remembered at once; beyond it the one who was silent longest is forgotten."""


@dataclass(slots=True)
class Limiter:
    """`burst` requests at once, then `per_minute`. A clock set back refills nothing and blocks nobody."""

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
        if len(self._buckets) > PEOPLE_MAX:
            self._buckets.popitem(last=False)
        return 0 if allowed else max(ceil((1 - tokens) * 60 / self.per_minute), 1)
