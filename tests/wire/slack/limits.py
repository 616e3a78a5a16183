"""Slack's rate limits, by method, app and workspace: https://docs.slack.dev/apis/web-api/rate-limits."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil

MINUTE = 60.0
TIERS: Mapping[int, int] = {1: 1, 2: 20, 3: 50, 4: 100}
"""Calls a minute. Slack promises at least this many."""
METHODS: Mapping[str, int] = {
    "chat.update": 3,
    "chat.delete": 3,
    "chat.postEphemeral": 4,
    "views.open": 4,
    "views.update": 4,
    "views.push": 4,
    "views.publish": 4,
    "files.getUploadURLExternal": 4,
    "files.completeUploadExternal": 4,
    "files.info": 4,
    "files.delete": 3,
    "users.info": 4,
    "conversations.info": 3,
    "conversations.open": 3,
    "usergroups.list": 2,
    "usergroups.users.list": 2,
    "oauth.v2.access": 4,
}
"""Tiers by method. auth.test takes hundreds a minute; chat.postMessage is counted by channel."""
CONNECTIONS_A_MINUTE = 10
"""apps.connections.open is of tier 1, but an app may hold ten sockets, so short bursts pass."""
POSTS_AT_ONCE = 5
"""A channel takes one message a second. Slack allows «short bursts» without a number."""


@dataclass(slots=True)
class RateLimits:
    """Windows of calls. `seconds` is their clock, in seconds; `hurry` says how many times faster it runs than the real
    one, by which the app waits for Retry-After."""

    seconds: Callable[[], float]
    hurry: float = 1.0
    enabled: bool = True
    _calls: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def wait(self, method: str, team: str, channel: str) -> int:
        """Return the real seconds until the call is possible, for Retry-After; 0 if it's possible now, and then count
        it."""
        key, most, span = self._window(method, team, channel)
        if not self.enabled or not most:
            return 0
        calls, now = self._calls[key], self.seconds()
        while calls and calls[0] <= now - span:
            calls.popleft()
        if len(calls) >= most:
            return max(1, ceil((calls[0] + span - now) / self.hurry))
        calls.append(now)
        return 0

    def _window(self, method: str, team: str, channel: str) -> tuple[str, int, float]:
        if method == "chat.postMessage":
            return f"{team} {channel}", POSTS_AT_ONCE, float(POSTS_AT_ONCE)
        if method == "apps.connections.open":
            return method, CONNECTIONS_A_MINUTE, MINUTE
        return f"{team} {method}", TIERS[METHODS[method]] if method in METHODS else 0, MINUTE
