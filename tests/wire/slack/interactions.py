"""A person's action and everything that follows from it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.wire.slack.errors import Refused
from tests.wire.slack.model import Channel, Json, Message, Team, User, View
from tests.wire.slack.reading import words

TRIGGER_LIVES = timedelta(seconds=3)
URL_LIVES = timedelta(minutes=30)
URL_USES = 5


@dataclass(frozen=True, slots=True)
class Ack:
    """The app's acknowledgement, with a payload or without. `status` is 0 if there was none."""

    status: int
    payload: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.status == 200


@dataclass(slots=True, eq=False)
class Interaction:
    """An action. `messages` came through its response_url, `view` through its trigger."""

    kind: str
    team: Team
    user: User
    channel: Channel | None
    at: datetime
    trigger: str
    response_url: str
    origin: Message | None = None
    root: View | None = None
    uses: int = 0
    exchanged: bool = False
    payload: Json = field(default_factory=dict)
    ack: Ack | None = None
    messages: list[Message] = field(default_factory=list)
    view: View | None = None
    happened: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def text(self) -> str:
        return "\n".join(words(message.blocks) or message.text for message in self.messages)

    @property
    def private(self) -> bool:
        return bool(self.messages) and all(message.only_for for message in self.messages)

    def exchange(self, now: datetime) -> None:
        """Use the trigger, once and within 3 seconds: S-trigger. Raises Refused."""
        if now - self.at > TRIGGER_LIVES:
            raise Refused("expired_trigger_id")
        if self.exchanged:
            raise Refused("exchanged_trigger_id")
        self.exchanged = True

    def use_url(self, now: datetime) -> None:
        """Count a use of the response_url. Raises Refused for the sixth, and after half an hour: S-uses."""
        if now - self.at > URL_LIVES:
            raise Refused("expired_url")
        if self.uses >= URL_USES:
            raise Refused("used_url")
        self.uses += 1
