"""What the core asks of a platform: how much a message holds, and what an adapter does for it."""

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
    """What one message of a platform holds: numbers of characters as `measure` counts them, and of things.

    `measure` and `measure_line` count a text, and a title, a footer, a field's name or an image's alt text, after
    escaping and with the marks and line ends that the platform's renderer puts around it.
    `parts` is how many of the platform's building blocks (Discord's components, Slack's blocks) a message holds,
    and `count_parts` how many of them one card takes.
    `commands` is what a command that is typed begins with, `asks_place` whether a form can ask for a place,
    `asks_scores` whether a form asks for a ballot's scores, which elsewhere are given option by option.
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
    """What the core asks of an adapter while it runs.

    All raise NotFound where the place or the message is gone, NotAllowed where the bot lacks a permission, and
    Unavailable where trying again later may help; each with a sentence that is not translated yet (`N_`).
    """

    name: str
    limits: Limits

    async def post(self, place: Place, reply: Reply) -> MessageRef | None:
        """Say something in a place. None where the platform keeps no message to edit."""

    async def edit(self, ref: MessageRef, reply: Reply) -> None:
        """Redraw a message that was posted."""

    async def has_channel(self, workspace: str, channel: str) -> bool:
        """Whether the workspace has a channel with this id, of a kind that takes messages; the id may be anything."""

    async def has_role(self, workspace: str, role: str) -> bool:
        """Whether the workspace has a role with this id that its members can have; the id may be anything."""


@runtime_checkable
class Replies(Protocol):
    """A platform where a message can refer to an earlier one of the bot's."""

    async def reply(self, first: MessageRef, reply: Reply) -> MessageRef | None:
        """Say something in the place of a message, as a reply to it if it is still there. Raises what `post` raises."""


async def post_below(platform: Platform, place: Place, first: MessageRef | None, reply: Reply) -> MessageRef | None:
    """Say something about an earlier message of this place, and refer to it where the platform can.

    Raises what `Platform.post` raises.
    """
    if first is not None and isinstance(platform, Replies):
        return await platform.reply(first, reply)
    return await platform.post(place, reply)


@runtime_checkable
class NamesRoles(Protocol):
    """A platform that knows what its roles are called."""

    async def role_names(self, workspace: str) -> Mapping[str, str]:
        """Name the roles that members can have, by their ids. Raises what `post` raises."""


@runtime_checkable
class Pings(Protocol):
    """A platform where a message can ping the members of a role."""

    async def may_ping(self, place: Place, member: str, role: str) -> bool:
        """Whether this member and the bot may both ping the role in a place. Raises what `post` raises."""


@runtime_checkable
class ChecksRights(Protocol):
    """A platform whose admins grant the bot what it may do."""

    async def missing_rights(self, place: Place) -> Sequence[str]:
        """Name what the bot lacks in a place, or with an empty channel in the workspace as a whole, yet to be translated.

        Raises what `post` raises.
        """


@runtime_checkable
class Forgets(Protocol):
    """A platform whose messages live in the memory of each process that runs it, such as a page for trying things."""

    forgets: bool


@runtime_checkable
class Tells(Protocol):
    """A platform that can also write to one person alone."""

    async def tell(self, workspace: str, person: str, reply: Reply) -> bool:
        """Says something to this person in private. False where they can't be reached."""
