"""Read a test set: members' questions, and the cards that answer them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from bot.packs.model import Argument, Entry, Event, Fact, Option, Position, Source, Term

FOLDER = Path(__file__).parent

Command = Literal["fact", "counter", "source", "define", "policy", "timeline", "ask", "message"]
Half = Literal["tune", "report", "fresh"]

FURTHER = "unanswered"
"""The style of the questions for fitting alone."""

KINDS: dict[Command, tuple[type[Entry], ...]] = {
    "fact": (Fact,),
    "counter": (Position, Argument, Option, Fact),
    "source": (Source,),
    "define": (Term,),
    "policy": (Option,),
    "timeline": (Event,),
    "ask": (Fact, Position, Argument, Option, Source, Term, Event),
    "message": (Fact, Argument),
}
"""The kinds of cards that each command answers with."""


class Question(BaseModel):
    """One entry of a test set. The head of the YAML file explains each key."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    ask: str
    command: Command
    style: str
    half: Half
    right: list[str]

    @property
    def answerable(self) -> bool:
        return bool(self.right)


def read_questions(pack: str) -> list[Question]:
    """Read the test set of one pack, in the order of its file."""
    return TypeAdapter(list[Question]).validate_python(yaml.safe_load((FOLDER / f"{pack}.yaml").read_text("utf-8")))


def read_unanswered(pack: str) -> list[Question]:
    """Read the further questions that a pack doesn't answer, for fitting alone."""
    text = (FOLDER / "unanswered.yaml").read_text("utf-8")
    lists = TypeAdapter(dict[str, dict[Command, list[str]]]).validate_python(yaml.safe_load(text))[pack]
    return [
        Question(ask=ask, command=command, style=FURTHER, half="tune", right=[])
        for command, asks in lists.items()
        for ask in asks
    ]
