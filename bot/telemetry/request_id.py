"""The code of the request that is being answered: on every line that is logged meanwhile, and what a person quotes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class RequestId:
    """Made when somebody first asks for it, since most requests need none."""

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
    """What is logged inside belongs to one request. Within another request's scope, it belongs to that."""
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
    """The code of the request that this belongs to; empty outside of one."""
    request_id = _current.get()
    return "" if request_id is None else str(request_id)
