"""One interaction, from the press of a key to what the person sees.

https://discord.com/developers/docs/interactions/receiving-and-responding: a first answer within 3 seconds, and its
token is good for 15 minutes.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.wire.discord import errors
from tests.wire.discord.model import EPHEMERAL, LOADING, Channel, Json, Message, Now

if TYPE_CHECKING:
    from tests.wire.discord.members import Member

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
SHOW, DEFER, DEFER_UPDATE, UPDATE, SUGGEST, OPEN = 4, 5, 6, 7, 8, 9
ALLOWED = {
    COMMAND: {SHOW, DEFER, OPEN},
    COMPONENT: {SHOW, DEFER, DEFER_UPDATE, UPDATE, OPEN},
    AUTOCOMPLETE: {SUGGEST},
    MODAL: {SHOW, DEFER, DEFER_UPDATE, UPDATE},
}
FIRST_ANSWER = timedelta(seconds=3)
GOOD_FOR = timedelta(minutes=15)


@dataclass(slots=True, eq=False)
class Interaction:
    """What a member did, and how the bot answered."""

    id: str
    token: str
    kind: int
    member: Member
    channel: Channel
    data: Json
    created: datetime
    origin: Message | None = None
    answered: int | None = None
    """The type of the first answer."""
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    modal: Json | None = None
    choices: list[Json] | None = None
    updated: bool = False
    given_up: bool = False
    """The person was told that the interaction failed."""
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    # --- what the person sees ---

    @property
    def messages(self) -> list[Message]:
        """The answers that are there, in order."""
        first = [self.original] if self.original and not self.original.flags & LOADING else []
        return [message for message in (*first, *self.followups) if not message.deleted]

    @property
    def message(self) -> Message:
        """The last answer, or the message whose control was used where it was changed instead."""
        if self.messages:
            return self.messages[-1]
        if self.updated and self.origin:
            return self.origin
        raise AssertionError(f"{self.member.user.name} was shown nothing")

    @property
    def text(self) -> str:
        """All that was answered."""
        return "\n".join(message.text for message in self.messages) if self.messages else self.message.text

    @property
    def private(self) -> bool:
        return all(message.only_for is self.member.user for message in self.messages)

    @property
    def failed(self) -> bool:
        """The person saw Discord's own words: this interaction failed."""
        return self.given_up

    @property
    def thinking(self) -> bool:
        return bool(self.original and self.original.flags & LOADING)

    def give_up(self) -> None:
        """Discord stops waiting for a first answer and tells the person so."""
        if self.answered is None:
            self.given_up = True
            self.settled.set()

    # --- what the bot may do ---

    def answer(self, kind: int, now: Now) -> None:
        """Takes the first answer. Raises ApiError where there is none to be taken."""
        if self.given_up or now() - self.created > FIRST_ANSWER:
            self.give_up()
            raise errors.unknown_interaction()
        if self.answered is not None:
            raise errors.already_acknowledged()
        if kind not in ALLOWED[self.kind]:
            raise errors.invalid_form([f"type: {kind} does not answer an interaction of type {self.kind}"])
        self.answered = kind

    def check_open(self, now: Now) -> None:
        """For everything after the first answer."""
        if self.answered is None:
            raise errors.unknown_webhook()
        if now() - self.created > GOOD_FOR:
            raise errors.expired_token()

    def show(self, message: Message) -> None:
        """The first message completes the one that is thinking, whose visibility stays as it was announced."""
        self.followups.append(message)
        self.settled.set()

    def changed(self) -> None:
        if self.original:
            self.original.flags &= ~LOADING
        self.settled.set()

    def visibility(self, data: Json) -> Any:
        return self.member.user if int(data.get("flags") or 0) & EPHEMERAL else None  # D-private
