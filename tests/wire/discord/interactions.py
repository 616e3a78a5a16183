"""An interaction, from a member's action to the answer they see.

https://discord.com/developers/docs/interactions/receiving-and-responding: the first answer must come within 3 seconds,
and the token is valid for 15 minutes.
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
    """A member's action and the bot's answers."""

    id: str
    token: str
    kind: int
    member: Member
    channel: Channel
    data: Json
    created: datetime
    origin: Message | None = None
    answered: int | None = None
    """Type of the first answer."""
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    modal: Json | None = None
    choices: list[Json] | None = None
    updated: bool = False
    given_up: bool = False
    """Whether the member was told that the interaction failed."""
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    # --- the member's view ---

    @property
    def messages(self) -> list[Message]:
        """Return the existing answers, in order."""
        first = [self.original] if self.original and not self.original.flags & LOADING else []
        return [message for message in (*first, *self.followups) if not message.deleted]

    @property
    def message(self) -> Message:
        """Return the last answer, or the message with the control if the answer changed that."""
        if self.messages:
            return self.messages[-1]
        if self.updated and self.origin:
            return self.origin
        raise AssertionError(f"{self.member.user.name} was shown nothing")

    @property
    def text(self) -> str:
        """Return the words of all answers."""
        return "\n".join(message.text for message in self.messages) if self.messages else self.message.text

    @property
    def private(self) -> bool:
        return all(message.only_for is self.member.user for message in self.messages)

    @property
    def failed(self) -> bool:
        """Tell whether the member saw Discord's own notice that the interaction failed."""
        return self.given_up

    @property
    def thinking(self) -> bool:
        return bool(self.original and self.original.flags & LOADING)

    def give_up(self) -> None:
        """Stop waiting for a first answer, as Discord does, and tell the member."""
        if self.answered is None:
            self.given_up = True
            self.settled.set()

    # --- the bot's answers ---

    def answer(self, kind: int, now: Now) -> None:
        """Accept the first answer. Raises ApiError if none is possible any more."""
        if self.given_up or now() - self.created > FIRST_ANSWER:
            self.give_up()
            raise errors.unknown_interaction()
        if self.answered is not None:
            raise errors.already_acknowledged()
        if kind not in ALLOWED[self.kind]:
            raise errors.invalid_form([f"type: {kind} does not answer an interaction of type {self.kind}"])
        self.answered = kind

    def check_open(self, now: Now) -> None:
        """Check that a further answer is possible. Raises ApiError."""
        if self.answered is None:
            raise errors.unknown_webhook()
        if now() - self.created > GOOD_FOR:
            raise errors.expired_token()

    def show(self, message: Message) -> None:
        """Show a message. The first one completes the thinking one, whose visibility stays as announced."""
        self.followups.append(message)
        self.settled.set()

    def changed(self) -> None:
        if self.original:
            self.original.flags &= ~LOADING
        self.settled.set()

    def visibility(self, data: Json) -> Any:
        return self.member.user if int(data.get("flags") or 0) & EPHEMERAL else None  # D-private
