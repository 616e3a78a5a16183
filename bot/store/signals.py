"""Signals between the parts of Parley, in this process and in those that share the database.

A signal names the changed thing, never the change: its reader looks into the database. So a lost, repeated or late
signal does no harm, and urgent work also looks for changes now and then.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable
from enum import StrEnum

Hear = Callable[[str], None]
"""Called on the event loop with the id of the changed thing; empty if anything may have changed."""

logger = logging.getLogger("parley.store")


class Signal(StrEnum):
    POLL = "poll"
    """A poll's votes or state changed; its id."""
    DISCUSSION = "discussion"
    """A discussion has a new participant or another state; its id."""
    DEADLINE = "deadline"
    """A deadline was added or moved, or has come."""
    COMMUNITY = "community"
    """A community's settings changed; its id."""
    INSTALLATION = "installation"
    """A community installed a platform's app, or removed it; its id."""
    CONTENT = "content"
    """The content's files changed; its new version."""


class Signals:
    """The listeners of this process."""

    def __init__(self) -> None:
        self._hearers: dict[str, list[Hear]] = defaultdict(list)

    def listen(self, signal: str, hear: Hear) -> None:
        self._hearers[signal].append(hear)

    def spread(self, signal: str, about: str) -> None:
        """Call every listener here. A failing one doesn't keep the others from hearing."""
        for hear in self._hearers.get(signal, ()):
            try:
                hear(about)
            except Exception:
                logger.exception("bug in the handler of %s", signal)

    def spread_all(self) -> None:
        """Call every listener, after a moment in which signals may have been missed."""
        for signal in list(self._hearers):
            self.spread(signal, "")
