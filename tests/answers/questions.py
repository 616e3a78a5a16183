"""Read a test set: members' questions, and the cards that answer them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from bot.packs.model import Argument, Entry, Event, Fact, Option, Position, Source, Term

FOLDER = Path(__file__).parent

Command = Literal["fact", "counter", "source", "define", "policy", "timeline", "ask", "message"]
Half = Literal["tune", "report", "fresh"]

FURTHER = "further"
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


class _Answered(BaseModel):
    """One entry of `answered.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    ask: str
    right: list[str] = Field(min_length=1)


def read_questions(pack: str) -> list[Question]:
    """Read the test set of one pack, in the order of its file."""
    return TypeAdapter(list[Question]).validate_python(_read(pack))


def read_further(pack: str) -> list[Question]:
    """Read the further questions about a pack, for fitting alone: those that it answers, and those that it doesn't."""
    answered = TypeAdapter(dict[str, dict[Command, list[_Answered]]]).validate_python(_read("answered"))[pack]
    unanswered = TypeAdapter(dict[str, dict[Command, list[str]]]).validate_python(_read("unanswered"))[pack]
    return [
        *(_further(command, one.ask, one.right) for command, asks in answered.items() for one in asks),
        *(_further(command, ask, []) for command, asks in unanswered.items() for ask in asks),
    ]


def _further(command: Command, ask: str, right: list[str]) -> Question:
    return Question(ask=ask, command=command, style=FURTHER, half="tune", right=right)


def _read(name: str) -> Any:
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))
