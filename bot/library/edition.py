"""What is served just now. A reload puts a whole new edition in one step; a request that began keeps the old one."""

from __future__ import annotations

from dataclasses import dataclass

from bot.packs.pack import Library
from bot.packs.problems import Problem
from bot.search.answer import Answers
from bot.search.index import Index


@dataclass(frozen=True, slots=True)
class Edition:
    """A library and the index made from it: they only ever change together.

    `version` is a hash of the files that it was read from, empty where nobody asked; `warnings` are the checker's.
    """

    library: Library
    index: Index
    answers: Answers
    version: str = ""
    warnings: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, library: Library, version: str = "", warnings: tuple[Problem, ...] = ()) -> Edition:
        index = Index(library)
        return cls(library, index, Answers(index), version, warnings)


@dataclass(slots=True)
class Shelf:
    """Holds the current edition. Take `current` once per request."""

    current: Edition
