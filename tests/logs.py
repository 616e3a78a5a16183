"""Capture log lines as a container's log would show them."""

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
    """Yield a function that returns the lines logged since."""
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
    """Return the request codes of the lines that begin so. Fails if a beginning is missing."""
    matches = [line for line in lines() if line["event"].startswith(beginnings)]
    assert all(any(line["event"].startswith(one) for line in matches) for one in beginnings), matches
    return {line.get("request", "") for line in matches}
