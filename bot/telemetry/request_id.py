"""The code of the current request: on each of its log lines, and on the screen of a member who meets a bug."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class RequestId:
    """A code made at its first use, since most requests need none."""

    __slots__ = ("_code", "_new")

    def __init__(self, new: Callable[[], str]) -> None:
        self._new = new
        self._code = ""

    def __str__(self) -> str:
        if not self._code:
            self._code = self._new()
        return self._code


_current: ContextVar[RequestId | None] = ContextVar("request", default=None)


@contextmanager
def request_scope(new: Callable[[], str]) -> Iterator[RequestId]:
    """Mark log lines inside as one request's. An outer scope wins."""
    outer = _current.get()
    if outer is not None:
        yield outer
        return
    request_id = RequestId(new)
    token = _current.set(request_id)
    try:
        yield request_id
    finally:
        _current.reset(token)


def current_request() -> str:
    """The code of the current request; empty outside of one."""
    request_id = _current.get()
    return "" if request_id is None else str(request_id)
