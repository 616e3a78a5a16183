"""The demonstration's single place, and the members that a person at this machine can play."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.chat.vocabulary import Actor, Place

NAME = "web"
WORKSPACE = "demo"
PLACE = Place(NAME, WORKSPACE, "main")

VISITOR = Actor(NAME, WORKSPACE, "", "")
"""The reader of a poll's page, which shows only what every demonstration member may see."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the demonstration."""

    id: str
    name: str
    moderator: bool = False


MEMBERS: Sequence[Member] = (
    Member("ada", "Ada"),
    Member("ben", "Ben"),
    Member("chen", "Chen"),
    Member("dina", "Dina"),
    Member("mo", "Mo", moderator=True),
)
