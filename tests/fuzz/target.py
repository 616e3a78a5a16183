"""Fuzz a parser: first with real inputs, then with hypothesis' variants, watching each for bugs and hangs.

`PARLEY_TEST_FUZZ_SECONDS` is the least time for every target (`make fuzz SECONDS=600`).
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from time import monotonic
from types import FrameType
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from bot.errors import BotError

T = TypeVar("T")

SECONDS = "PARLEY_TEST_FUZZ_SECONDS"
HUNG_AFTER = 30
"""Seconds after which an input that should take a few milliseconds has hung, even on a busy machine."""

EFFORTS = (1, pytest.param(8, marks=pytest.mark.slow))
"""Multiples of a target's usual number of inputs: one in each run, more in the slow one."""


class Bug(AssertionError):
    """An input that caused a bug or a hang."""


def fuzz(
    check: Callable[[T], object], inputs: SearchStrategy[T], seeds: Iterable[T], examples: int, *, may_log: bool = False
) -> None:
    """Check each seed, then the given number of inputs. Raises Bug with the smallest failing input, as hypothesis
    prints it.

    With `may_log`, logged errors are allowed.
    """

    def watched(value: T) -> None:
        with watching(may_log=may_log):
            check(value)

    for seed in seeds:
        watched(seed)
    rules = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.target, Phase.shrink),
    )
    ends = monotonic() + float(os.environ.get(SECONDS, "0"))
    run = rules(given(inputs)(watched))
    run()
    while monotonic() < ends:
        run()


def check_refusal(error: BotError) -> None:
    """Check that a refusal has words."""
    assert error.message.strip()


@contextmanager
def watching(*, may_log: bool = False) -> Iterator[None]:
    """Raise Bug for a logged error, and for work that takes far too long."""
    collector = LogCollector(logging.ERROR)
    root = logging.getLogger()
    others, root.handlers = root.handlers, [collector]  # a report can't carry every character that is logged here
    before = signal.signal(signal.SIGALRM, _hung)
    signal.setitimer(signal.ITIMER_REAL, HUNG_AFTER)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        root.handlers = others
    for record in () if may_log else collector.records:
        raise Bug(ascii(record.getMessage())) from (record.exc_info[1] if record.exc_info else None)


class LogCollector(logging.Handler):
    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def _hung(_number: int, _frame: FrameType | None) -> None:
    raise Bug(f"no answer within {HUNG_AFTER} seconds")


@contextmanager
def opened(world: AbstractAsyncContextManager[T]) -> Iterator[tuple[T, Callable[[Coroutine[Any, Any, Any]], Any]]]:
    """Enter a context on an event loop, and yield its value with a function that runs a coroutine there."""
    with asyncio.Runner() as runner:
        inside = runner.run(world.__aenter__())
        try:
            yield inside, runner.run
        finally:
            runner.run(world.__aexit__(None, None, None))
