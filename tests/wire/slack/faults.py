"""Make calls fail on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from tests.wire.slack.errors import Refused


@dataclass(slots=True, eq=False)
class Fault:
    """Affects the next `times` calls of a method. With `done`, the call is carried out and only the response is
    lost."""

    method: str
    times: int
    status: int = 200
    error: str = ""
    retry_after: int = 0
    done: bool = False
    hang_up: bool = False
    hang: bool = False
    hit: int = 0

    @property
    def refused(self) -> Refused:
        return Refused(self.error, retry_after=self.retry_after)


class Faults:
    """The faults that wait for their calls. `respond` is the method of response_urls."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self.stall_files = False
        """Whether uploads are accepted and never become ready."""
        self._losses: list[str] = []
        self.under_way = timedelta()
        """The time that a trigger takes to reach the app. It expires after 3 seconds."""

    def refuse(self, method: str, error: str, *, times: int = 1) -> Fault:
        """Let calls end with this Slack error."""
        return self._add(Fault(method, times, error=error))

    def storm(self, method: str, *, times: int = 1, retry_after: int = 1) -> Fault:
        """Let calls suddenly get a 429."""
        return self._add(Fault(method, times, 429, "ratelimited", retry_after))

    def fail(
        self, method: str, *, status: int = 503, times: int = 1, done: bool = False, hang_up: bool = False
    ) -> Fault:
        """Let calls end with a 5xx, or with a broken connection."""
        return self._add(Fault(method, times, status, done=done, hang_up=hang_up))

    def hang(self, method: str, *, times: int = 1) -> Fault:
        """Accept calls and never answer them."""
        return self._add(Fault(method, times, hang=True))

    def lose(self, kind: str) -> None:
        """Lose the next envelope of this kind on its way to the app."""
        self._losses.append(kind)

    def is_lost(self, kind: str) -> bool:
        if kind not in self._losses:
            return False
        self._losses.remove(kind)
        return True

    def take(self, method: str) -> Fault | None:
        """Return the fault of this call, if there is one."""
        for fault in self._waiting:
            if fault.times and fault.method in {method, "*"}:
                fault.times -= 1
                fault.hit += 1
                return fault
        return None

    def clear(self) -> None:
        self._waiting.clear()
        self.stall_files = False
        self.under_way = timedelta()

    def _add(self, fault: Fault) -> Fault:
        self._waiting.append(fault)
        return fault
