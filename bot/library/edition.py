"""The edition being served. A reload swaps in a whole new one at once; a running request keeps the old one."""

from __future__ import annotations

from dataclasses import dataclass

from bot.packs.pack import Library
from bot.packs.problems import Problem
from bot.search.answer import Answers
from bot.search.index import Index


@dataclass(frozen=True, slots=True)
class Edition:
    """A library and its index, which only change together.

    `version` is a hash of its source files, empty if nobody asked for it; `warnings` are the checker's.
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
