"""The interface that the core expects of a platform: its limits and an adapter's methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bot.chat.markup import Measure, plain_length
from bot.chat.vocabulary import Card, MessageRef, Place, Reply


def _one(_card: Card) -> int:
    return 1


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one message on a platform, in characters as `measure` counts them, or in things.

    `measure` counts a text; `measure_line` counts a title, a footer, a field's name or an image's alt text. Both count
    after escaping and with the marks and line ends that the platform's renderer adds. `parts` is the number of the
    platform's building blocks (Discord's components, Slack's blocks) in a message, and `count_parts` counts those of
    one card. `commands` is the prefix of a typed command, `asks_place` whether a form can ask for a place,
    `asks_scores` whether a form asks for a ballot's scores; platforms without it ask option by option.
    """

    title: int = 256
    body: int = 4000
    total: int = 6000
    cards: int = 10
    fields: int = 25
    field_name: int = 256
    field_value: int = 1024
    footer: int = 2048
    buttons: int = 25
    button_label: int = 80
    selects: int = 5
    options: int = 25
    option_label: int = 100
    option_description: int = 100
    alt: int = 1024
    measure: Measure = plain_length
    measure_line: Callable[[str], int] = len
    parts: int = 1000
    count_parts: Callable[[Card], int] = _one
    commands: str = "/"
    asks_place: bool = False
    asks_scores: bool = False


class Platform(Protocol):
    """The methods that the core calls on a running adapter.

    All raise NotFound if the place or the message is gone, NotAllowed if the bot lacks a permission, and Unavailable if
    another try may help later; each with a sentence that isn't translated yet (`N_`).
    """

    name: str
    limits: Limits

    async def post(self, place: Place, reply: Reply) -> MessageRef | None:
        """Post in a place. Return None if the platform keeps no message to edit."""

    async def edit(self, ref: MessageRef, reply: Reply) -> None:
        """Redraw a posted message."""

    async def has_channel(self, workspace: str, channel: str) -> bool:
        """Whether the workspace has a channel with this id that takes messages. The id may be any string."""

    async def has_role(self, workspace: str, role: str) -> bool:
        """Whether the workspace has a role with this id that its members can have. The id may be any string."""


@runtime_checkable
class Replies(Protocol):
    """A platform where a message can reply to an earlier one of the bot's."""

    async def reply(self, first: MessageRef, reply: Reply) -> MessageRef | None:
        """Post where a message stands, as a reply to it if it still exists. Raises what `post` raises."""


async def post_below(platform: Platform, place: Place, first: MessageRef | None, reply: Reply) -> MessageRef | None:
    """Post about an earlier message of this place, as a reply to it if the platform can.

    Raises what `Platform.post` raises.
    """
    if first is not None and isinstance(platform, Replies):
        return await platform.reply(first, reply)
    return await platform.post(place, reply)


@runtime_checkable
class NamesRoles(Protocol):
    """A platform that knows the names of its roles."""

    async def role_names(self, workspace: str) -> Mapping[str, str]:
        """Map the ids of the roles that members can have to their names. Raises what `post` raises."""


@runtime_checkable
class Pings(Protocol):
    """A platform where a message can ping the members of a role."""

    async def may_ping(self, place: Place, member: str, role: str) -> bool:
        """Whether this member and the bot may both ping the role in a place. Raises what `post` raises."""


@runtime_checkable
class ChecksRights(Protocol):
    """A platform whose admins grant the bot its permissions."""

    async def missing_rights(self, place: Place) -> Sequence[str]:
        """List the permissions that the bot lacks in a place, or without a channel in the workspace; untranslated.

        Raises what `post` raises.
        """


@runtime_checkable
class Forgets(Protocol):
    """A platform whose messages live only in the memory of each process, such as a page for trying things."""

    forgets: bool


@runtime_checkable
class Tells(Protocol):
    """A platform that can also write to one person alone."""

    async def tell(self, workspace: str, person: str, reply: Reply) -> bool:
        """Send a private message to this person. Return False if they can't be reached."""
