"""Slack's refusals: `ok: false` and a name. https://docs.slack.dev/reference/methods lists them by method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.wire.slack.model import Json


class Refused(Exception):
    """A response `{"ok": false, "error": name, …}`. With `retry_after`, in seconds, it's a 429."""

    def __init__(self, name: str, *, messages: Sequence[str] = (), retry_after: int = 0) -> None:
        super().__init__(name, *messages)
        self.name = name
        self.messages = list(messages)
        self.retry_after = retry_after

    @property
    def body(self) -> Json:
        """Return the response. A refusal of blocks names the places of the faults twice, as Slack does."""
        body: Json = {"ok": False, "error": self.name}
        if self.messages:
            body["errors"] = self.messages
            body["response_metadata"] = {"messages": [f"[ERROR] {message}" for message in self.messages]}
        return body


@dataclass(frozen=True, slots=True)
class Violation:
    """A mistake that an app that knows Slack's rules wouldn't make. `error` is Slack's name for it, or `suspicious`."""

    method: str
    error: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.method}: {self.error} {self.detail}".rstrip()


SUSPICIOUS = "suspicious"
"""A mistake that Slack accepts and people suffer from."""
