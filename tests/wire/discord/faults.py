"""Make calls fail on purpose."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from tests.wire.discord import errors
from tests.wire.discord.errors import ApiError

Matches = Callable[[str, str], bool]
"""Tells whether a fault applies: (method, path below /api/v10) → yes or no."""


@dataclass(slots=True, eq=False)
class Fault:
    """Affects the next `times` calls that match. With `done`, the call is carried out and only the response is lost.
    With `hang_up`, the connection breaks instead."""

    matches: Matches
    error: ApiError
    times: int
    done: bool = False
    hang_up: bool = False
    after: int = 0
    """The number of matching calls that succeed first."""
    hit: int = 0


class Faults:
    """The faults that wait for their calls."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._refused: dict[tuple[str, str], float] = {}
        self.early = 0
        """The number of calls that came again before their `retry_after` had passed."""

    def fail(
        self,
        path: str,
        *,
        method: str = "",
        status: int = 500,
        times: int = 1,
        done: bool = False,
        hang_up: bool = False,
        after: int = 0,
    ) -> Fault:
        """Let calls whose path matches this regular expression end with a 5xx, or with a broken connection."""
        fault = self.refuse(path, ApiError(status, 0, "Internal Server Error"), method, times, done, hang_up)
        fault.after = after
        return fault

    def storm(self, path: str = "", *, times: int, retry_after: float = 0.02, everywhere: bool = False) -> Fault:
        """Let calls get a 429, even if the headers announced no limit."""
        return self.refuse(path, errors.too_fast(retry_after, everywhere=everywhere), times=times)

    def refuse(
        self, path: str, error: ApiError, method: str = "", times: int = 1, done: bool = False, hang_up: bool = False
    ) -> Fault:
        pattern = re.compile(path)

        def matches(called: str, where: str) -> bool:
            return method in {"", called} and bool(pattern.search(where))

        fault = Fault(matches, error, times, done, hang_up)
        self._waiting.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault of this call, if there is one."""
        self.early += monotonic() < self._refused.pop((method, path), 0.0)
        for fault in self._waiting:
            if fault.times and fault.matches(method, path):
                if fault.after:
                    fault.after -= 1
                    continue
                fault.times -= 1
                fault.hit += 1
                self._refused[method, path] = monotonic() + fault.error.body.get("retry_after", 0.0)
                return fault
        return None

    def clear(self) -> None:
        self._waiting.clear()


@dataclass(slots=True)
class Window:
    """A bucket that is refilled at the end of its window."""

    limit: int
    span: float
    remaining: int = 0
    ends: float = 0.0

    def take(self, now: float) -> bool:
        if now >= self.ends:
            self.remaining, self.ends = self.limit, now + self.span
        if self.remaining == 0:
            return False
        self.remaining -= 1
        return True


@dataclass(slots=True)
class RateLimits:
    """The number of calls that a bucket takes, and in how many real seconds. A bucket is a route with its first id.

    Discord publishes neither number; these are close to those that bots observe.
    """

    routes: dict[str, tuple[int, float]] = field(
        default_factory=lambda: {
            "POST /channels/{channel_id}/messages": (5, 5.0),
            "PATCH /channels/{channel_id}/messages/{message_id}": (5, 5.0),
            "POST /webhooks/{webhook_id}/{webhook_token}": (5, 2.0),
        }
    )
    usual: tuple[int, float] = (50, 1.0)
    old_edits: tuple[int, float] = (3, 20.0)
    """Edits of messages older than an hour that a channel takes; further ones get error 30046."""
    _windows: dict[str, Window] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def hurry(self, factor: float) -> None:
        """Make every window `factor` times shorter."""
        self.routes = {route: (limit, span / factor) for route, (limit, span) in self.routes.items()}
        self.usual = self.usual[0], self.usual[1] / factor
        self.old_edits = self.old_edits[0], self.old_edits[1] / factor

    def take(self, route: str, major: str) -> tuple[bool, dict[str, str]]:
        """Return whether the call may pass, and the headers about its bucket: D-headers."""
        window, now = self._window(f"{route}:{major}", self.routes.get(route, self.usual)), monotonic()
        passed = window.take(now)
        if not passed:
            self.refused[route] += 1
        after = max(window.ends - now, 0.001)
        return passed, {
            "X-RateLimit-Limit": str(window.limit),
            "X-RateLimit-Remaining": str(window.remaining),
            "X-RateLimit-Reset": f"{now + after:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
            "X-RateLimit-Bucket": f"{abs(hash(route)):x}"[:16],
        }

    def take_old_edit(self, channel: str) -> float:
        """Return the seconds until an old message may be edited again; 0 for now."""
        window, now = self._window(f"old:{channel}", self.old_edits), monotonic()
        return 0.0 if window.take(now) else window.ends - now

    def _window(self, key: str, size: tuple[int, float]) -> Window:
        return self._windows.setdefault(key, Window(*size))
