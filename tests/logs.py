"""What is logged, line by line, as a container's log has it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

from bot.telemetry.logs import formatter

Lines = Callable[[], list[dict[str, Any]]]


@contextmanager
def logs(*secrets: str) -> Iterator[Lines]:
    """What is logged from now on, as a container's log would have it."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter(secrets, for_people=False))
    root, parley = logging.getLogger(), logging.getLogger("parley")
    level = parley.level
    root.addHandler(handler)
    parley.setLevel(logging.DEBUG)
    try:
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    finally:
        root.removeHandler(handler)
        parley.setLevel(level)


def requests_of(lines: Lines, *beginnings: str) -> set[str]:
    """The codes of the requests whose lines begin so; each beginning is there."""
    matches = [line for line in lines() if line["event"].startswith(beginnings)]
    assert all(any(line["event"].startswith(one) for line in matches) for one in beginnings), matches
    return {line.get("request", "") for line in matches}
