"""How a parser is shaken: real inputs first, then what hypothesis makes of them, each watched for bugs and hangs.

`PARLEY_TEST_FUZZ_SECONDS` keeps every target going for at least so long (`make fuzz SECONDS=600`).
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
"""Seconds after which an input that takes a few milliseconds has hung, however busy the machine is."""

EFFORTS = (1, pytest.param(8, marks=pytest.mark.slow))
"""How many times a target's usual number of inputs: once in each run, more in the slow one."""


class Bug(AssertionError):
    """An input that was answered with a bug, or not at all."""


def fuzz(
    check: Callable[[T], object], inputs: SearchStrategy[T], seeds: Iterable[T], examples: int, *, may_log: bool = False
) -> None:
    """Checks each seed, then so many inputs. Raises Bug, with the smallest input that was found, in hypothesis' words.

    `may_log`: what is logged as an error is none here.
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
    """A refusal has words."""
    assert error.message.strip()


@contextmanager
def watching(*, may_log: bool = False) -> Iterator[None]:
    """Raises Bug for whatever is logged as an error in here, and for what takes far too long."""
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
    """Something that lives on an event loop, and how to run a coroutine there."""
    with asyncio.Runner() as runner:
        inside = runner.run(world.__aenter__())
        try:
            yield inside, runner.run
        finally:
            runner.run(world.__aexit__(None, None, None))
