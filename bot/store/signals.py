"""What one part of Parley tells the others, in this process and in those that share the database.

A signal says that something changed, never what: its reader looks into the database. So one that is lost, said
twice or heard late does no harm, and what must not wait for one is looked for now and then all the same.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable
from enum import StrEnum

Hear = Callable[[str], None]
"""Called on the event loop with what changed; with nothing, where anything may have changed."""

logger = logging.getLogger("parley.store")


class Signal(StrEnum):
    POLL = "poll"
    """A poll's votes or state changed; its id."""
    DISCUSSION = "discussion"
    """A discussion has a new participant or another state; its id."""
    DEADLINE = "deadline"
    """Something falls due at another time, or now."""
    COMMUNITY = "community"
    """A community's settings changed; its id."""
    INSTALLATION = "installation"
    """A community installed a platform's app, or removed it; its id."""
    CONTENT = "content"
    """The content's files changed; its new version."""


class Signals:
    """Who hears what in this process."""

    def __init__(self) -> None:
        self._hearers: dict[str, list[Hear]] = defaultdict(list)

    def listen(self, signal: str, hear: Hear) -> None:
        self._hearers[signal].append(hear)

    def spread(self, signal: str, about: str) -> None:
        """Tells everybody here. A hearer that fails keeps nobody else from hearing."""
        for hear in self._hearers.get(signal, ()):
            try:
                hear(about)
            except Exception:
                logger.exception("bug in the handler of %s", signal)

    def spread_all(self) -> None:
        """For the moment after which signals may have been missed."""
        for signal in list(self._hearers):
            self.spread(signal, "")
