"""The address of a poll's page outside the chat, with the token that opens a private poll's page.

The token follows from the instance key and the poll's id alone. So it outlives the poll's own secret, which its close
destroys, and a wrong one is refused before any query: response times reveal nothing about a poll.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from bot.polls.model import Poll, PollState
from bot.store.keys import Keys

_PURPOSE = "private poll page"
_TOKEN_LENGTH = 32
"""Hex digits of a token: 128 bits."""


@dataclass(frozen=True, slots=True)
class PageAddresses:
    """The addresses of pages under `base`, the operator's own; empty if the operator serves none."""

    keys: Keys
    base: str = ""

    def of(self, poll: Poll) -> str:
        """Return the address of the poll's page; empty if it has none."""
        if not self.base or poll.state is PollState.CANCELLED or not (poll.public or poll.private):
            return ""
        address = f"{self.base.rstrip('/')}/polls/{poll.id}"
        return f"{address}/{self._tokens(poll.id)[0]}" if poll.private else address

    def opens(self, poll_id: str, token: str) -> bool:
        """Whether this token opens the page of a private poll with this id. It takes as long for any token."""
        sent = token.encode()
        return any(hmac.compare_digest(sent, each.encode()) for each in self._tokens(poll_id))

    def _tokens(self, poll_id: str) -> list[str]:
        return [mac[:_TOKEN_LENGTH] for mac in self.keys.macs(_PURPOSE, poll_id.encode())]
