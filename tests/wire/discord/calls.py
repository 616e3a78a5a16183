"""Read a request to the REST side, and check the rules of all routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.wire.discord import errors
from tests.wire.discord.model import DIRECT, MANAGE_THREADS, Channel, Json

if TYPE_CHECKING:
    from tests.wire.discord.server import DiscordServer


PREFIX = "/api/v10"


@dataclass(frozen=True, slots=True)
class Called:
    """A call to the REST side, and its response."""

    method: str
    template: str
    path: str
    status: int
    body: Any = None


@dataclass(slots=True)
class Call:
    """A parsed request."""

    server: DiscordServer
    method: str
    template: str
    ids: dict[str, str]
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def data(self) -> Json:
        return self.body or {}

    def check(self, problems: list[str]) -> None:
        self.server.check(problems, f"{self.method} {self.template}")


Handler = Callable[[Call], Awaitable[Any]]


def validate(call: Call) -> None:
    if call.server.validator is not None:
        call.check(call.server.validator.problems(call.method, call.template, call.body))


def find_channel(call: Call, key: str = "channel_id") -> Channel:
    channel = call.server.channels.get(call.ids[key])
    if channel is None or channel.gone or (channel.parent and channel.parent.gone):
        raise errors.unknown_channel()
    if channel.between or (channel.kind != DIRECT and not channel.visible_to_bot):
        raise errors.missing_access()
    return channel


def check_unlocked(channel: Channel) -> None:
    """Refuse any change of a locked channel, archived or not: discordjs/discord.js#9216."""
    if channel.locked and not channel.bot_permissions & MANAGE_THREADS:
        raise errors.locked()
