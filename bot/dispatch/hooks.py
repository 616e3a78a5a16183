"""Hooks that run after an outcome, beyond the answer itself: the copies of polls are kept up to date through them."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.chat.vocabulary import MessageRef


class Hooks(Protocol):
    """Hooks that run after an outcome, beyond the answer itself."""

    async def posted(self, poll: str, ref: MessageRef, now: datetime) -> None:
        """A copy of a poll was posted."""

    async def unposted(self, poll: str, now: datetime) -> None:
        """A copy of a poll could not be posted."""

    async def refresh(self, poll: str) -> None:
        """A poll's copies are out of date."""


class NoHooks:
    """Hooks for a bot without polls."""

    async def posted(self, poll: str, ref: MessageRef, now: datetime) -> None: ...

    async def unposted(self, poll: str, now: datetime) -> None: ...

    async def refresh(self, poll: str) -> None: ...
